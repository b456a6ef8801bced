/** From decisions to rows: the difference between what should stand and what stands, nothing else. */
import type { Book } from '../core/book.ts';
import { writeBefore, writeSummary } from '../core/earlier.ts';
import { writePayment, writePosted, type Posted, type PostedRow } from '../core/codec.ts';
import type { Conversion, Decision } from '../core/decide.ts';
import { partyOfPayment } from '../core/collect.ts';
import { priceKey } from '../core/keys.ts';
import type { Sold } from '../core/shown.ts';
import { explanationOf } from '../core/explain.ts';
import { draftCommissions } from './commissions.ts';
import { digestOf, iso, push, type Draft } from './sheet.ts';
import { postedOf, type Session } from './session.ts';

/**
 * Drafts all rows of one payment: its conversions, commissions, transfers and the payment itself. Returns the new
 * `posted`; writes nothing when neither the state nor the decision changed.
 */
export function draftPayment(draft: Draft, session: Session, paymentId: string, decision: Decision): boolean {
  const state = session.book.payments.get(paymentId);
  if (!state) return false;
  const before = postedOf(session, paymentId);
  const sale = decision.conversions.find((one) => one.kind === 'sale') ?? null;
  const posted: Posted = {
    sale: draftSale(draft, paymentId, before, decision, sale),
    refunds: draftRefunds(draft, paymentId, before, decision),
    commissions: [],
    referralId: decision.attribution?.referral?.id ?? null,
    parked: decision.parked,
  };
  const sold = sale && posted.sale ? soldAs(posted.sale, sale, decision) : null;
  const { rulings } = state;
  const commissions = draftCommissions(draft, before.commissions, decision.commissions, { sold, rulings });
  return draftState(draft, session, paymentId, { ...posted, commissions }, decision);
}

function soldAs({ id: conversionId }: PostedRow, sale: Conversion, { attribution }: Decision): Sold {
  const { status, currency, occurredAt: at } = sale;
  return { conversionId, status, currency, at, affiliateId: attribution?.referral?.affiliateId ?? null };
}

function draftState(draft: Draft, session: Session, paymentId: string, posted: Posted, decision: Decision): boolean {
  const { book, before: stood, versions } = session;
  const state = book.payments.get(paymentId);
  if (!state) return false;
  const stateText = writePayment(state);
  const postedText = writePosted(posted);
  const old = stood.get(paymentId);
  const before = decision.before && decision.summary ? writeBefore(decision.before) : null;
  if (old && old.state === stateText && old.posted === postedText && old.earlier === before) return false;
  draft.posted.set(paymentId, posted);
  const { sale } = decision;
  const prices = sale ? pricesOf(book, paymentId) : [];
  push(draft.rows, 'payments', [
    draft.scope.workspace,
    paymentId,
    draft.scope.livemode,
    (versions.payments.get(paymentId) ?? 0) + 1,
    partyOf(book, paymentId),
    posted.referralId,
    sale ? iso(sale.paidAt) : null,
    programOf(decision),
    decision.parked,
    decision.wakeAt === null ? null : iso(decision.wakeAt),
    state.touches.map((touch) => touch.token),
    prices,
    decision.awaits.length === 0 ? null : decision.awaits,
    null,
    stateText,
    postedText,
    ...summaryColumns(decision),
    before,
  ]);
  for (const key of state.keys) {
    const owner = session.keyRows.get(key);
    if (owner === paymentId) continue;
    push(draft.rows, owner === undefined ? 'payment_keys' : 'payment_keys_moved', [
      draft.scope.workspace,
      draft.scope.livemode,
      key,
      paymentId,
    ]);
  }
  return true;
}

const STANDS_NOT = new Set(['open', 'trialing', 'failed']);

/** In which program's figures its sale counts; null: it credits nobody, or does not stand. */
function programOf({ conversions, attribution }: Decision): string | null {
  const sale = conversions.find(({ kind }) => kind === 'sale');
  const referral = attribution?.referral;
  return sale && !STANDS_NOT.has(sale.status) && referral?.affiliateId ? referral.programId : null;
}

/** What later payments of the referral see of it: how it counts, when that last changed, and the rest. */
function summaryColumns({ summary }: Decision): [number | null, string | null, string | null] {
  if (!summary) return [null, null, null];
  const lostAt = summary.losses.reduce((last, { at }) => Math.max(last, at), 0);
  const counts = summary.refundedAt !== null ? 0 : summary.prorationOnly ? 1 : 2;
  return [counts, lostAt === 0 ? null : iso(lostAt), writeSummary(summary)];
}

/** The node a payment belongs to, whether or not it is a sale yet. */
export function partyOf(book: Book, paymentId: string): string | null {
  const state = book.payments.get(paymentId);
  return state ? partyOfPayment(state) : null;
}

function pricesOf(book: Book, paymentId: string): string[] {
  const claims = Object.values(book.payments.get(paymentId)?.claims ?? {});
  return [
    ...new Set(claims.flatMap((claim) => claim.lines.flatMap((line) => line.prices.map((id) => priceKey(claim, id))))),
  ];
}

function draftSale(
  draft: Draft,
  paymentId: string,
  before: Posted,
  decision: Decision,
  sale: Conversion | null,
): PostedRow | null {
  if (sale) {
    const explanation = JSON.stringify(explanationOf(decision));
    const referral = decision.attribution?.referral ?? null;
    return draftConversion(draft, paymentId, before.sale, sale, referral, explanation);
  }
  return before.sale ? voidConversion(draft, before.sale, paymentId) : null;
}

function draftRefunds(draft: Draft, paymentId: string, before: Posted, decision: Decision): Record<string, PostedRow> {
  const referral = decision.attribution?.referral ?? null;
  const refunds: Record<string, PostedRow> = {};
  for (const refund of decision.conversions) {
    if (refund.kind === 'sale') continue;
    // Of each kind by itself: nothing but their ids says that a refund and a dispute are two.
    const name = refund.kind === 'refund' ? refund.moneyKey : `${refund.kind} ${refund.moneyKey}`;
    refunds[name] = draftConversion(draft, paymentId, before.refunds[name] ?? null, refund, referral, null);
  }
  for (const [key, row] of Object.entries(before.refunds)) refunds[key] ??= voidConversion(draft, row, paymentId);
  return refunds;
}

type Credited = { id: string; affiliateId: string | null; programId: string } | null;

function draftConversion(
  draft: Draft,
  paymentId: string,
  known: PostedRow | null,
  conversion: Conversion,
  referral: Credited,
  explanation: string | null,
): PostedRow {
  const { workspace, livemode, now } = draft.scope;
  const id = known?.id ?? draft.ids.newId('com');
  const content = [
    conversion.moneyKey,
    conversion.source,
    conversion.externalEventId,
    conversion.status,
    conversion.reason,
    referral?.id ?? null,
    referral?.affiliateId ?? null,
    referral?.programId ?? null,
    conversion.currency,
    String(conversion.amount),
    String(conversion.refunded),
    String(conversion.base),
    iso(conversion.occurredAt),
  ];
  const digest = digestOf(JSON.stringify([paymentId, content, explanation]));
  if (known?.digest === digest) return known;
  const stamp = iso(now);
  push(draft.rows, 'conversions', [
    workspace,
    id,
    livemode,
    conversion.kind,
    paymentId,
    ...content,
    stamp,
    stamp,
    explanation,
  ]);
  return { id, digest };
}

/** A conversion that turned out not to be one of its own: kept, named void, shown in no list. */
function voidConversion(draft: Draft, known: PostedRow, paymentId: string): PostedRow {
  if (known.digest === 'void') return known;
  push(draft.rows, 'conversions_void', [draft.scope.workspace, known.id, paymentId, iso(draft.scope.now)]);
  return { id: known.id, digest: 'void' };
}
