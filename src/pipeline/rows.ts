/** From decisions to rows: the difference between what should stand and what stands, nothing else. */
import { createHash, hash } from 'node:crypto';
import type { Book } from '../core/book.ts';
import { writePayment, writePosted, type Posted, type PostedCommission, type PostedRow } from '../core/codec.ts';
import type { Commission, Conversion, Decision } from '../core/decide.ts';
import { applied, EMPTY_STANDING, movements, type Standing } from '../core/ledger.ts';
import { explanationOf } from '../core/explain.ts';
import type { Values } from '../store/post.ts';
import type { TableName } from '../store/columns.ts';
import { postedOf, type Session } from './session.ts';

export type Scope = { readonly workspace: string; readonly livemode: boolean; readonly now: number };
export type Ids = { readonly newId: (prefix: string) => string };
export type Rows = { -readonly [T in TableName]?: Values[] };

/** Balances move by sums: key `affiliate\ncurrency` → how much each account gained. */
type Gains = Map<string, { affiliateId: string; currency: string; gain: Standing }>;

export type Draft = { readonly scope: Scope; readonly ids: Ids; readonly rows: Rows; readonly gains: Gains };

export function newDraft(scope: Scope, ids: Ids): Draft {
  return { scope, ids, rows: {}, gains: new Map() };
}

export function push(rows: Rows, table: TableName, values: Values): void {
  (rows[table] ??= []).push(values);
}

const iso = (moment: number): string => new Date(moment).toISOString();
/** Short content hash, to see that a row did not change; the one-shot form is twice as fast where Node has it (20.12). */
const digestOf = (text: string): string =>
  (typeof hash === 'function' ? hash('sha1', text, 'base64') : createHash('sha1').update(text).digest('base64')).slice(
    0,
    16,
  );

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
  const commissions = draftCommissions(draft, before.commissions, decision.commission, posted.sale?.id ?? null);
  return draftState(draft, session, paymentId, { ...posted, commissions }, decision);
}

function draftState(draft: Draft, session: Session, paymentId: string, posted: Posted, decision: Decision): boolean {
  const { book, before, versions } = session;
  const state = book.payments.get(paymentId);
  if (!state) return false;
  const stateText = writePayment(state);
  const postedText = writePosted(posted);
  const old = before.get(paymentId);
  if (old && old.state === stateText && old.posted === postedText) return false;
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
    decision.parked,
    decision.wakeAt === null ? null : iso(decision.wakeAt),
    state.touches.map((touch) => touch.token),
    prices,
    decision.awaitsPrices.length === 0 ? null : decision.awaitsPrices,
    null,
    stateText,
    postedText,
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

/** The node a payment belongs to, whether or not it is a sale yet. */
export function partyOf(book: Book, paymentId: string): string | null {
  const claims = Object.values(book.payments.get(paymentId)?.claims ?? {});
  const parties = claims.flatMap((claim) => (claim.party === null ? [] : [claim.party])).toSorted();
  return parties.find((party) => !party.startsWith('email:')) ?? parties[0] ?? null;
}

function pricesOf(book: Book, paymentId: string): string[] {
  const claims = Object.values(book.payments.get(paymentId)?.claims ?? {});
  return [
    ...new Set(
      claims.flatMap((claim) => claim.lines.flatMap((line) => line.prices.map((id) => `${claim.source}:${id}`))),
    ),
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
    if (refund.kind !== 'refund') continue;
    refunds[refund.moneyKey] = draftConversion(
      draft,
      paymentId,
      before.refunds[refund.moneyKey] ?? null,
      refund,
      referral,
      null,
    );
  }
  for (const [key, row] of Object.entries(before.refunds)) refunds[key] ??= voidConversion(draft, row, paymentId);
  return refunds;
}

type Credited = { id: string; affiliateId: string; programId: string } | null;

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

function draftCommissions(
  draft: Draft,
  before: readonly PostedCommission[],
  wanted: Commission | null,
  conversionId: string | null,
): PostedCommission[] {
  const after: PostedCommission[] = [];
  const own = before.find(
    (one) =>
      one.conversionId === conversionId && one.affiliateId === wanted?.affiliateId && one.currency === wanted.currency,
  );
  for (const other of before) if (other !== own) after.push(withdrawCommission(draft, other));
  if (wanted && conversionId !== null) after.push(draftCommission(draft, own, wanted, conversionId));
  return after;
}

/** Nobody is credited with this any more (late attribution to another, united payments): back to zero, row kept. */
function withdrawCommission(draft: Draft, known: PostedCommission): PostedCommission {
  if (known.digest === 'void') return known;
  transfer(draft, known, EMPTY_STANDING, 'withdrawn');
  push(draft.rows, 'commissions_void', [draft.scope.workspace, known.id, iso(draft.scope.now)]);
  return { ...known, digest: 'void', standing: EMPTY_STANDING };
}

function draftCommission(
  draft: Draft,
  own: PostedCommission | undefined,
  wanted: Commission,
  conversionId: string,
): PostedCommission {
  const { workspace, livemode, now } = draft.scope;
  const { affiliateId, currency } = wanted;
  const id = own?.id ?? draft.ids.newId('earn');
  const content = [
    wanted.referralId,
    wanted.programId,
    wanted.status,
    currency,
    String(wanted.base),
    String(wanted.earned),
    String(wanted.reversed),
    wanted.incentiveId,
    wanted.incentiveVersion,
    wanted.holdDays,
    iso(wanted.availableAt),
    wanted.releasedAt === null ? null : iso(wanted.releasedAt),
  ];
  const parts = JSON.stringify(wanted.parts, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const digest = digestOf(JSON.stringify([content, parts]));
  const known = own ?? { id, digest: '', conversionId, affiliateId, currency, standing: EMPTY_STANDING };
  if (known.digest === digest) return known;
  const stamp = iso(now);
  push(draft.rows, 'commissions', [
    workspace,
    id,
    livemode,
    conversionId,
    affiliateId,
    ...content,
    stamp,
    stamp,
    parts,
  ]);
  transfer(draft, known, wanted.standing, reasonOf(known, wanted));
  return { ...known, digest, standing: wanted.standing };
}

function reasonOf(known: PostedCommission, wanted: Commission): string {
  if (known.digest === '') return wanted.reversed > 0n ? 'earned_reduced' : 'earned';
  const sum = (stand: Standing): bigint => stand.review + stand.pending + stand.payable + stand.paid;
  const change = sum(wanted.standing) - sum(known.standing);
  if (change < 0n) return 'reversed';
  return change > 0n ? 'restored' : 'moved';
}

/** Posts the difference; what the movements promise is checked before they are believed. */
function transfer(draft: Draft, known: PostedCommission, want: Standing, reason: string): void {
  const moves = movements(known.standing, want);
  const reached = applied(known.standing, moves);
  if (
    reached.review !== want.review ||
    reached.pending !== want.pending ||
    reached.payable !== want.payable ||
    reached.paid !== want.paid
  )
    throw new Error(`movements of commission ${known.id} do not add up`);
  const { workspace, livemode, now } = draft.scope;
  for (const { debit, credit, amount } of moves) {
    const id = draft.ids.newId('tr');
    push(draft.rows, 'transfers', [
      workspace,
      id,
      livemode,
      known.id,
      known.affiliateId,
      debit,
      credit,
      String(amount),
      known.currency,
      reason,
      iso(now),
    ]);
  }
  gain(draft.gains, known, want);
}

function gain(gains: Gains, { affiliateId, currency, standing: had }: PostedCommission, want: Standing): void {
  const key = `${affiliateId}\n${currency}`;
  const { gain: sum } = gains.get(key) ?? { gain: EMPTY_STANDING };
  gains.set(key, {
    affiliateId,
    currency,
    gain: {
      review: sum.review + want.review - had.review,
      pending: sum.pending + want.pending - had.pending,
      payable: sum.payable + want.payable - had.payable,
      paid: sum.paid + want.paid - had.paid,
    },
  });
}

/**
 * Balance rows: sums that only grow may create a row, the others move one that must exist. Zero sums are left out, so
 * that a batch whose parts cancel does not touch the row.
 */
export function draftBalances(draft: Draft): void {
  const { workspace, livemode } = draft.scope;
  for (const { affiliateId, currency, gain: sum } of draft.gains.values()) {
    const amounts = [sum.review, sum.pending, sum.payable, sum.paid];
    if (amounts.every((amount) => amount === 0n)) continue;
    const table = amounts.some((amount) => amount < 0n) ? 'balances_move' : 'balances_add';
    push(draft.rows, table, [workspace, affiliateId, currency, livemode, ...amounts.map(String)]);
  }
}
