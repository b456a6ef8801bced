/** Commissions, transfers and balances of a batch: the difference between where money should stand and where it stands. */
import type { PostedCommission } from '../core/codec.ts';
import type { Commission } from '../core/decide.ts';
import { applied, EMPTY_STANDING, movements, type Standing } from '../core/ledger.ts';
import { digestOf, iso, push, type Draft, type Gains } from './sheet.ts';

export function draftCommissions(
  draft: Draft,
  before: readonly PostedCommission[],
  wanted: readonly Commission[],
  conversionId: string | null,
): PostedCommission[] {
  const kept = new Map<PostedCommission, Commission>();
  const fresh: Commission[] = [];
  for (const one of wanted) {
    const own = before.find(
      (other) =>
        other.conversionId === conversionId && other.affiliateId === one.affiliateId && other.currency === one.currency,
    );
    if (own) kept.set(own, one);
    else fresh.push(one);
  }
  const after = before.filter((other) => !kept.has(other)).map((other) => withdrawCommission(draft, other));
  if (conversionId === null) return after;
  for (const [own, one] of kept) after.push(draftCommission(draft, own, one, conversionId));
  for (const one of fresh) after.push(draftCommission(draft, undefined, one, conversionId));
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
  // Written out, because a replacer is called for every value there is.
  const parts = JSON.stringify(
    wanted.parts.map((part) => ({ ...part, base: String(part.base), commission: String(part.commission) })),
  );
  const digest = digestOf(JSON.stringify([content, parts]));
  const known = own ?? { id, digest: '', conversionId, affiliateId, currency, standing: EMPTY_STANDING };
  if (known.digest === digest) {
    // The same row, though an open dispute may ask for more or less of it by now.
    transfer(draft, known, wanted.standing, reasonOf(known, wanted));
    return { ...known, standing: wanted.standing };
  }
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
 * Balance rows: the first commission of an affiliate in a currency creates the row, which may begin below zero (a refund
 * that was heard before its paid-out sale). Zero sums are left out, so that a batch whose parts cancel does not touch it.
 */
export function draftBalances(draft: Draft): void {
  const { workspace, livemode } = draft.scope;
  for (const { affiliateId, currency, gain: sum } of draft.gains.values()) {
    const amounts = [sum.review, sum.pending, sum.payable, sum.paid];
    if (amounts.every((amount) => amount === 0n)) continue;
    // Only `payable` may begin below zero; a row refuses the others even where they would be added to what is there.
    const known = [sum.review, sum.pending, sum.paid].some((amount) => amount < 0n);
    push(draft.rows, known ? 'balances_move' : 'balances_add', [
      workspace,
      affiliateId,
      currency,
      livemode,
      ...amounts.map(String),
    ]);
  }
}
