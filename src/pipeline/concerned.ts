/**
 * Loads what else has to be known, and decided again, because of what a batch changed: payments whose credit, price or
 * exchange rate became known, referrals that coupons lead to, and for rules that look across payments the sums of the
 * earlier ones and the later ones that see something else now. Usually there is nothing and nothing is asked.
 */
import type { Decision } from '../core/decide.ts';
import { changedFrom, foundationKey } from '../core/earlier.ts';
import { isRateKey } from '../core/exchange.ts';
import { compareText } from '../core/stamp.ts';
import { settingsAt, type Rules } from '../core/rules.ts';
import type { Moment } from '../core/time.ts';
import { loadFoundations, paymentsFrom, type Founded, type FoundationAsk } from '../store/foundations.ts';
import { load, NOTHING_WANTED, type Wanted } from '../store/load.ts';
import type { Tx } from '../store/tx.ts';
import type { Batch } from './batch.ts';
import { changed, decisionsOf, fill, postedOf, type Session } from './session.ts';

type Asked = {
  readonly parties: Set<string>;
  readonly prices: Set<string>;
  readonly coupons: Set<string>;
  /** Pairs of currencies whose rate is awaited. */
  readonly rates: Set<string>;
  /** Foundations that were asked for, each with how many payments were at hand then. */
  readonly foundations: Set<string>;
  /** Referrals with later payments that are not at hand, as far as is known. */
  readonly later: Set<string>;
};

/** Returns how many times the database was asked. */
export async function loadConcerned(tx: Tx, batch: Batch, session: Session, rules: Rules): Promise<number> {
  const asked: Asked = {
    parties: new Set(),
    prices: new Set(),
    coupons: new Set(),
    rates: new Set(),
    foundations: new Set(),
    later: new Set(),
  };
  for (let round = 0; ; round += 1) {
    const wanted = concerned(session, rules, asked);
    if (wanted) {
      const version = await take(tx, batch, session, wanted);
      // A rate may be among the newer rules: its row, read only now, would not tell that the waiting never saw it.
      if (wanted.prices.length > 0 && version > rules.version) throw rulesMoved();
    } else if (!rules.lookAcross || !(await lookAcross(tx, batch, session, rules, asked))) return round;
  }
}

/**
 * Whatever else comes to hand: what was read of earlier payments that were not at hand says nothing any more. Returns the
 * rules version that holds by now.
 */
async function take(tx: Tx, batch: Batch, session: Session, wanted: Wanted): Promise<number> {
  const loaded = await load(tx, batch.workspace, batch.livemode, batch.source, wanted);
  fill(session, loaded);
  session.book.foundations.clear();
  changed(session);
  return loaded.rulesVersion;
}

/** Told like any other meeting of two writers, so that the batch begins again. */
function rulesMoved(): Error {
  return Object.assign(new Error('the rules changed while a batch was read'), { code: '40001' });
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
  const pairs = fresh(ratesAwaited(session, rules), asked.rates);
  const all = [paymentsOfParties, paymentsAwaiting, members, tokens, pairs];
  if (all.every((keys) => keys.length === 0)) return null;
  return {
    ...NOTHING_WANTED,
    customers: members,
    prices: pairs,
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
  const decisions = [...decisionsOf(session, rules).values()];
  const ids = decisions.flatMap(({ attribution }) => attribution?.referral?.id ?? []);
  return ids.filter((id) => !session.book.referrals.has(id));
}

/**
 * Pairs of currencies that payments wait for: their rows, where the waiting and the rate meet, are named by no fact. Also
 * what is decided may wait for one that would change it.
 */
function ratesAwaited(session: Session, rules: Rules): string[] {
  if (rules.settings.every(({ settings }) => settings.currency === null)) return [];
  const decisions = [...decisionsOf(session, rules).values()];
  return decisions.flatMap(({ awaits }) => awaits).filter(isRateKey);
}

/** Reads the next thing that rules across payments need; false: everything is at hand. */
async function lookAcross(tx: Tx, batch: Batch, session: Session, rules: Rules, asked: Asked): Promise<boolean> {
  const decisions = decisionsOf(session, rules);
  // Those that turned out to be another's money are at hand too: the other stands for them.
  const atHand = [...new Set([...session.book.payments.keys(), ...session.versions.payments.keys()])];
  const asks = foundationAsks(session, rules, decisions, asked);
  if (asks.length > 0) {
    const unknown = await lay(tx, batch, session, asks, atHand, asked);
    if (unknown.size > 0) await bring(tx, batch, session, unknown, atHand);
    return true;
  }
  const from = changedReferrals(session, decisions, asked);
  return from.size > 0 && bring(tx, batch, session, from, atHand);
}

/** Reads foundations into the book; returns the referrals of which nothing can be said without reading all of them. */
async function lay(
  tx: Tx,
  batch: Batch,
  session: Session,
  asks: readonly FoundationAsk[],
  atHand: readonly string[],
  asked: Asked,
): Promise<Map<string, Moment>> {
  const unknown = new Map<string, Moment>();
  const set = (ask: FoundationAsk, { foundation, hasLater }: Founded): void => {
    if (hasLater) asked.later.add(ask.referralId);
    if (foundation === 'unknown') return void unknown.set(ask.referralId, BEGINNING);
    session.book.foundations.set(foundationKey(ask.paymentId, ask.referralId), foundation);
    changed(session);
  };
  const groups = [...groupsOf(asks).values()];
  const firsts = groups.flatMap(([first]) => first ?? []);
  const founded = await loadFoundations(tx, batch, firsts, atHand);
  const apart: FoundationAsk[] = [];
  for (const [index, group] of groups.entries()) {
    const found = founded[index];
    const [first, ...rest] = group;
    if (!found || !first) continue;
    set(first, found);
    // Everything after the first is at hand: what it rests on, the others rest on as well.
    if (!found.hasLater) for (const ask of rest) set(ask, found);
    else apart.push(...rest);
  }
  if (apart.length > 0) {
    const own = await loadFoundations(tx, batch, apart, atHand);
    for (const [index, ask] of apart.entries()) if (own[index]) set(ask, own[index]);
  }
  return unknown;
}

/** Asks about the same payments, the earliest first. */
function groupsOf(asks: readonly FoundationAsk[]): Map<string, FoundationAsk[]> {
  const groups = new Map<string, FoundationAsk[]>();
  const inOrder = asks.toSorted((a, b) => a.paidAt - b.paidAt || compareText(a.moneyKey, b.moneyKey));
  for (const ask of inOrder) {
    const name = `${ask.referralId}\n${ask.subscription}`;
    const group = groups.get(name);
    if (group) group.push(ask);
    else groups.set(name, [ask]);
  }
  return groups;
}

/** Before any payment, and still a moment that PostgreSQL knows. */
const BEGINNING: Moment = 0;

/** Brings payments of referrals from a moment on to hand; false: they are there already. */
async function bring(
  tx: Tx,
  batch: Batch,
  session: Session,
  from: ReadonlyMap<string, Moment>,
  atHand: readonly string[],
): Promise<boolean> {
  const paymentIds = await paymentsFrom(tx, batch, from, atHand);
  if (paymentIds.length === 0) return false;
  await take(tx, batch, session, { ...NOTHING_WANTED, paymentIds });
  return true;
}

/** Sales at hand whose earlier payments were not read yet since the payments at hand became more. */
function foundationAsks(
  session: Session,
  rules: Rules,
  decisions: ReadonlyMap<string, Decision>,
  asked: Asked,
): FoundationAsk[] {
  const asks: FoundationAsk[] = [];
  for (const [paymentId, { attribution, sale }] of decisions) {
    const referralId = attribution?.referral?.id;
    if (!sale || referralId === undefined) continue;
    const key = foundationKey(paymentId, referralId);
    const name = `${session.book.payments.size}\n${key}`;
    if (session.book.foundations.has(key) || asked.foundations.has(name)) continue;
    asked.foundations.add(name);
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
  for (const [id, { attribution, sale, summary }] of decisions) {
    const now = attribution?.referral?.id ?? null;
    const before = postedOf(session, id).referralId;
    const was = session.summaries.get(id) ?? null;
    const moment = now === before ? changedFrom(was, summary) : (summary?.paidAt ?? null);
    // Its money moved later than was believed: those between the two moments were not asked about.
    const moved = moment !== null && sale !== null && moment < sale.paidAt;
    if (moved || asked.later.has(now ?? '')) note(now, moment);
    if (now !== before) note(before, was?.paidAt ?? null);
  }
  for (const [loser] of session.touched.united)
    note(postedOf(session, loser).referralId, session.summaries.get(loser)?.paidAt ?? null);
  return from;
}
