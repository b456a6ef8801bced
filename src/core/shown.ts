/**
 * What lists show of a commission besides its money: whether its sale shows it, and what was paid out of it. It stands on
 * the commission's row, so that a list need not look into every sale and payment. Amounts in minor units of its currency.
 */
import type { Commission } from './commission.ts';
import type { Ruling } from './facts.ts';
import type { Moment } from './time.ts';

/** The sale of a payment as it stands. */
export type Sold = {
  readonly conversionId: string;
  readonly status: string;
  readonly currency: string;
  readonly at: Moment;
  /** Whom it credits; null: nobody. */
  readonly affiliateId: string | null;
};

type Named = Pick<Commission, 'affiliateId' | 'currency'>;

/** A declined commission of nothing, as it stands too when it was taken back. */
export const isNothing = ({ status, earned }: Pick<Commission, 'status' | 'earned'>): boolean =>
  status === 'declined' && earned === 0n;

/** One of nothing in another currency than the sale's is one that another took the place of. */
const isReplaced = (one: Commission, sold: Sold): boolean => one.currency !== sold.currency && isNothing(one);

/**
 * The one commission that a sale shows: of whom it credits, and among theirs what it earns before what an earlier payout
 * left behind or what was taken back. `wanted` in the order of the decision; `taken`: what was taken back of this sale.
 */
export function shownOf<Taken extends Named>(
  sold: Sold | null,
  wanted: readonly Commission[],
  taken: readonly Taken[],
): Commission | Taken | null {
  if (sold === null || sold.affiliateId === null) return null;
  const own = (one: Named): boolean => one.affiliateId === sold.affiliateId;
  const earned = wanted.find((one) => own(one) && !isReplaced(one, sold));
  return earned ?? taken.find((one) => own(one) && one.currency === sold.currency) ?? null;
}

/** A payout made by hand. */
export type PaidOutAs = {
  /** When it was first said to be on its way or paid; for a sale that was told as paid, when the money moved. */
  readonly at: Moment;
  /** When it was said to be what it is. */
  readonly processedAt: Moment;
  /** What was paid; while it is on its way, what is. */
  readonly amount: bigint;
};

const PAYS = new Set<string | null>(['processing_payout', 'paid']);

/** Words that say that nothing was paid: what was said before them is over. */
const TAKES_BACK = new Set<string | null>(['ready_for_payment', 'pending', 'pending_manual_approval']);

/** null: it is not on its way, and nothing of it is paid. `soldAt`: when its sale was paid. */
export function payoutIn(rulings: readonly Ruling[], one: Commission, soldAt: Moment): PaidOutAs | null {
  const { status, standing } = one;
  if (!PAYS.has(status) && standing.paid === 0n) return null;
  const words = rulings.slice(rulings.findLastIndex((word) => TAKES_BACK.has(word.status)) + 1);
  const said = words.filter((word) => PAYS.has(word.status));
  const at = firstOf(said) ?? soldAt;
  if (status === 'processing_payout') return { at, processedAt: at, amount: amountOnItsWay(words, one) };
  const processedAt = firstOf(said.filter((word) => word.status === 'paid')) ?? soldAt;
  return { at, processedAt, amount: standing.paid };
}

const firstOf = (words: readonly Ruling[]): Moment | null =>
  words.length === 0 ? null : Math.min(...words.map(({ stamp }) => stamp.at));

function amountOnItsWay(words: readonly Ruling[], { affiliateId, currency, earned, reversed }: Commission): bigint {
  const begun = words.find(({ status }) => status === 'processing_payout');
  const own = begun?.amounts?.filter((paid) => paid.affiliateId === affiliateId && paid.currency === currency) ?? [];
  return own.length === 0 ? earned - reversed : own.reduce((sum, { amount }) => sum + amount, 0n);
}
