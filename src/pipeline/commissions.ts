/** Commissions, transfers and balances of a batch: the difference between where money should stand and where it stands. */
import type { PostedCommission } from '../core/codec.ts';
import type { Commission } from '../core/decide.ts';
import type { Ruling } from '../core/facts.ts';
import { applied, EMPTY_STANDING, movements, type Standing } from '../core/ledger.ts';
import { isNothing, payoutIn, shownOf, type Sold } from '../core/shown.ts';
import { digestOf, iso, push, type Draft, type Gains } from './sheet.ts';

/** What commissions follow from besides the decision: their sale (null: there is none) and what was said of them. */
export type Beside = { readonly sold: Sold | null; readonly rulings: readonly Ruling[] };

export function draftCommissions(
  draft: Draft,
  before: readonly PostedCommission[],
  wanted: readonly Commission[],
  { sold, rulings }: Beside,
): PostedCommission[] {
  const conversionId = sold?.conversionId;
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
  const taken = before.filter((other) => !kept.has(other));
  const shown = shownOf(
    sold,
    wanted,
    taken.filter((other) => other.conversionId === conversionId),
  );
  const after = taken.map((other) => withdrawCommission(draft, other, other === shown ? sold : null));
  if (sold === null) return after;
  const drafted = (own: PostedCommission | undefined, one: Commission): PostedCommission =>
    draftCommission(draft, own, one, { sold, rulings, isShown: one === shown });
  for (const [own, one] of kept) after.push(drafted(own, one));
  for (const one of fresh) after.push(drafted(undefined, one));
  return after;
}

/** No digest of a row that stands: those have no space in them. */
const WITHDRAWN = 'void ';

/** Whether a commission was taken back; its row is kept. */
export const isWithdrawn = ({ digest }: Pick<PostedCommission, 'digest'>): boolean =>
  digest.startsWith(WITHDRAWN) || digest === 'void';

/**
 * Nobody is credited with this any more (late attribution to another, united payments): back to zero, row kept. `sold`: its
 * sale, where it shows nothing else; null: it does.
 */
function withdrawCommission(draft: Draft, known: PostedCommission, sold: Sold | null): PostedCommission {
  const shown = sold === null ? [null, null] : [iso(sold.at), sold.status];
  const digest = sold === null ? 'void' : WITHDRAWN + shown.join(' ');
  if (known.digest === digest) return known;
  transfer(draft, known, EMPTY_STANDING, 'withdrawn');
  push(draft.rows, 'commissions_void', [draft.scope.workspace, known.id, ...shown, iso(draft.scope.now)]);
  return { ...known, digest, standing: EMPTY_STANDING };
}

type Drafted = Beside & { readonly sold: Sold; readonly isShown: boolean };

/** What lists show of it: columns of its row. */
function shownColumns(wanted: Commission, { sold, rulings, isShown }: Drafted): (string | null)[] {
  const payout = payoutIn(rulings, wanted, sold.at);
  return [
    isShown || !isNothing(wanted) ? iso(sold.at) : null,
    isShown ? sold.status : null,
    ...(payout ? [iso(payout.at), iso(payout.processedAt), String(payout.amount)] : [null, null, null]),
  ];
}

function draftCommission(
  draft: Draft,
  own: PostedCommission | undefined,
  wanted: Commission,
  drafted: Drafted,
): PostedCommission {
  const { workspace, livemode, now } = draft.scope;
  const { conversionId } = drafted.sold;
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
    ...shownColumns(wanted, drafted),
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
