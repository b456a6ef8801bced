/**
 * Loads what else has to be known, and decided again, because of what a batch changed: payments whose credit, price or
 * exchange rate became known, referrals that coupons lead to, and for rules that look across payments the sums of the
 * earlier ones and the later ones that see something else now. Usually there is nothing and nothing is asked.
 */
import { settle } from '../core/book.ts';
import type { Decision } from '../core/decide.ts';
import { changedFrom, foundationKey } from '../core/earlier.ts';
import { settingsAt, type Rules } from '../core/rules.ts';
import type { Moment } from '../core/time.ts';
import { loadFoundations, paymentsFrom, type FoundationAsk } from '../store/foundations.ts';
import { load, NOTHING_WANTED, type Wanted } from '../store/load.ts';
import type { Tx } from '../store/tx.ts';
import type { Batch } from './batch.ts';
import { fill, postedOf, type Session } from './session.ts';

type Asked = {
  readonly parties: Set<string>;
  readonly prices: Set<string>;
  readonly coupons: Set<string>;
  /** Foundations that were read, each with how many payments were at hand then. */
  readonly foundations: Map<string, number>;
  /** Referrals with later payments that are not at hand, as far as is known. */
  readonly later: Set<string>;
};

/** Returns how many times the database was asked. */
export async function loadConcerned(tx: Tx, batch: Batch, session: Session, rules: Rules): Promise<number> {
  const asked: Asked = {
    parties: new Set(),
    prices: new Set(),
    coupons: new Set(),
    foundations: new Map(),
    later: new Set(),
  };
  for (let round = 0; ; round += 1) {
    const wanted = concerned(session, rules, asked);
    if (wanted) fill(session, await load(tx, batch.workspace, batch.livemode, batch.source, wanted));
    else if (!rules.lookAcross || !(await lookAcross(tx, batch, session, rules, asked))) return round;
  }
}

function concerned(session: Session, rules: Rules, asked: Asked): Wanted | null {
  const { touched, versions } = session;
  // A node without a row had no payments: a payment creates its party's node.
  const paymentsOfParties = fresh(touched.parties, asked.parties).filter((key) => versions.customers.has(key));
  const unread = [...touched.parties].filter((key) => !versions.customers.has(key) && !session.book.customers.has(key));
  const paymentsAwaiting = fresh(touched.prices, asked.prices).filter((key) => versions.prices.has(key));
  const tokens = rules.coupons.length > 0 ? fresh(couponReferrals(session, rules), asked.coupons) : [];
  const members = unread.filter((key) => !asked.parties.has(`read ${key}`));
  for (const key of members) asked.parties.add(`read ${key}`);
  const all = [paymentsOfParties, paymentsAwaiting, members, tokens];
  if (all.every((keys) => keys.length === 0)) return null;
  return {
    ...NOTHING_WANTED,
    customers: members,
    paymentsOfParties: [...paymentsOfParties, ...members],
    paymentsAwaiting,
    tokens,
  };
}

function fresh(all: Iterable<string>, asked: Set<string>): string[] {
  const next = [...all].filter((key) => !asked.has(key));
  for (const key of next) asked.add(key);
  return next;
}

/** Referrals that coupons lead to and that are not in the book: they may have a row all the same. */
function couponReferrals(session: Session, rules: Rules): string[] {
  const decisions = [...settle(session.book, rules, session.book.payments.keys()).values()];
  const ids = decisions.flatMap(({ attribution }) => attribution?.referral?.id ?? []);
  return ids.filter((id) => !session.book.referrals.has(id));
}

/** Reads the next thing that rules across payments need; false: everything is at hand. */
async function lookAcross(tx: Tx, batch: Batch, session: Session, rules: Rules, asked: Asked): Promise<boolean> {
  const decisions = settle(session.book, rules, session.book.payments.keys());
  const atHand = [...session.book.payments.keys()];
  const asks = foundationAsks(session, rules, decisions, asked, atHand.length);
  if (asks.length > 0) {
    const capped = rules.incentives.some(({ terms }) => terms.maxAmount !== null);
    const founded = await loadFoundations(tx, batch, asks, atHand, capped);
    for (const [index, { paymentId, referralId }] of asks.entries()) {
      const foundation = founded[index];
      if (!foundation) continue;
      session.book.foundations.set(foundationKey(paymentId, referralId), foundation);
      if (foundation.hasLater) asked.later.add(referralId);
    }
    return true;
  }
  const from = changedReferrals(session, decisions, asked);
  if (from.size === 0) return false;
  const later = await paymentsFrom(tx, batch, from, atHand);
  if (later.length === 0) return false;
  fill(
    session,
    await load(tx, batch.workspace, batch.livemode, batch.source, { ...NOTHING_WANTED, paymentIds: later }),
  );
  return true;
}

/** Sales at hand whose earlier payments were not read yet, or were read when fewer payments were at hand. */
function foundationAsks(
  session: Session,
  rules: Rules,
  decisions: ReadonlyMap<string, Decision>,
  asked: Asked,
  atHand: number,
): FoundationAsk[] {
  const asks: FoundationAsk[] = [];
  for (const [paymentId, { attribution, sale }] of decisions) {
    const referralId = attribution?.referral?.id;
    if (!sale || referralId === undefined) continue;
    const key = foundationKey(paymentId, referralId);
    if (asked.foundations.get(key) === atHand) continue;
    asked.foundations.set(key, atHand);
    const known = session.book.payments.get(paymentId)?.rules ?? rules.version;
    const perSubscription = settingsAt(rules, known).limitsPer === 'subscription';
    const subscription = perSubscription ? (sale.subscription ?? '') : null;
    asks.push({ paymentId, referralId, paidAt: sale.paidAt, moneyKey: sale.moneyKey, subscription });
  }
  return asks;
}

/** Referrals whose later payments see something else now, from which moment on. */
function changedReferrals(
  session: Session,
  decisions: ReadonlyMap<string, Decision>,
  asked: Asked,
): Map<string, Moment> {
  const from = new Map<string, Moment>();
  const note = (referralId: string | null | undefined, moment: Moment | null): void => {
    if (!referralId || moment === null) return;
    from.set(referralId, Math.min(from.get(referralId) ?? moment, moment));
  };
  for (const [id, { attribution, summary }] of decisions) {
    const now = attribution?.referral?.id ?? null;
    const before = postedOf(session, id).referralId;
    const was = session.summaries.get(id) ?? null;
    if (now === before) note(now, asked.later.has(now ?? '') ? changedFrom(was, summary) : null);
    else {
      note(before, was?.paidAt ?? null);
      note(now, asked.later.has(now ?? '') ? (summary?.paidAt ?? null) : null);
    }
  }
  for (const [loser] of session.touched.united)
    note(postedOf(session, loser).referralId, session.summaries.get(loser)?.paidAt ?? null);
  return from;
}
