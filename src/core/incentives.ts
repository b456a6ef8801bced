/**
 * Which incentive pays for a line. Order, published and tested (DESIGN.md section 6): the affiliate's own before the
 * group's before the program's; then price+interval, price, product+interval, product, interval, everything; then higher
 * priority; then older. Every candidate that was passed over is kept with its reason.
 */
import type { Interval } from './facts.ts';
import { compareText, INTERVAL_NAMES } from './facts.ts';
import type { Ratio } from './money.ts';
import { addMonths, type Moment } from './time.ts';

export type Terms = {
  readonly name: string;
  readonly type: 'percentage' | 'fixed';
  /** percentage: the exact share. fixed: null. */
  readonly ratio: Ratio | null;
  /** fixed: minor units of `currency`. percentage: null. */
  readonly amount: bigint | null;
  readonly currency: string;
  /** fixed: once a sale, or for every unit of a line's quantity (cases.md 42). */
  readonly per?: 'sale' | 'unit';
  /** fixed: it may be more than the base it is paid for (cases.md 79). */
  readonly mayExceedBase?: boolean;
  /** fixed: goes back only when the whole sale does (cases.md 92). */
  readonly refundOnlyWhole?: boolean;
  /** What the partner who recruited the affiliate gets of the same base, on top (cases.md 101). */
  readonly parentRatio?: Ratio | null;
  readonly priceIds: readonly string[];
  readonly productIds: readonly string[];
  readonly interval: string | null;
  readonly isSubscription: boolean | null;
  readonly applyTo: 'all' | 'first' | 'recurring';
  readonly maxPayments: number | null;
  readonly maxMonths: number | null;
  /** Minor units of `currency`; only sums commissions of that currency. */
  readonly maxAmount: bigint | null;
  readonly approvalType: 'automatic' | 'manual';
  readonly manualAbove: bigint | null;
  readonly holdPeriodDays: number | null;
  readonly groupId: string | null;
  readonly affiliateId: string | null;
  readonly priority: number;
  readonly effectiveFrom: Moment | null;
  readonly effectiveUntil: Moment | null;
};

/** One version of an incentive; valid for payments that became known at rules versions in [since, until). */
export type Incentive = {
  readonly id: string;
  readonly version: number;
  readonly programId: string;
  readonly since: number;
  readonly until: number | null;
  /** `since` of its first version: what "older" means. */
  readonly born: number;
  readonly terms: Terms;
};

/** What is asked of an incentive: one line (or several of the same price) of one payment. */
export type Ask = {
  readonly programId: string;
  readonly affiliateId: string;
  readonly groupId: string | null;
  readonly rules: number;
  readonly paidAt: Moment;
  readonly currency: string;
  readonly prices: readonly string[];
  readonly products: readonly string[];
  readonly interval: Interval | null;
  readonly isSubscription: boolean;
  /** Counted payments of the same referral before this one. */
  readonly earlier: Earlier;
};

/** Summary of the payments of the same referral that lie before this one, as they stood when it was made. */
export type Earlier = {
  /** Payments that earned a base, whatever their kind; decides "first". */
  readonly payments: number;
  /** The same without proration-only invoices; decides "N payments" (cases.md 34). */
  readonly fullPayments: number;
  readonly firstPaidAt: Moment | null;
  /** Version of the rules the first of them was decided by. */
  readonly firstRules: number | null;
  /** Commission left standing per `capKey`, minor units. */
  readonly earned: Readonly<Record<string, bigint>>;
};

/** Caps sum commissions of one incentive in one currency. */
export function capKey(incentive: string, currency: string): string {
  return `${incentive}\n${currency}`;
}

export const NO_EARLIER: Earlier = { payments: 0, fullPayments: 0, firstPaidAt: null, firstRules: null, earned: {} };

export type Rejected = { readonly id: string; readonly version: number; readonly reason: string };
export type Match = { readonly incentive: Incentive | null; readonly rejected: readonly Rejected[] };

function scopeRank(terms: Terms): number {
  if (terms.affiliateId !== null) return 0;
  return terms.groupId !== null ? 1 : 2;
}

/** price+interval 0, price 1, product+interval 2, product 3, interval 4, everything 5. */
export function specificity(terms: Terms): number {
  const timed = terms.interval === null ? 1 : 0;
  if (terms.priceIds.length > 0) return timed;
  if (terms.productIds.length > 0) return 2 + timed;
  return 4 + timed;
}

/** The published order; total, so that a decision never depends on how rows were read. */
export function compareIncentives(a: Incentive, b: Incentive): number {
  return (
    scopeRank(a.terms) - scopeRank(b.terms) ||
    specificity(a.terms) - specificity(b.terms) ||
    b.terms.priority - a.terms.priority ||
    a.born - b.born ||
    compareText(a.id, b.id)
  );
}

const meets = (wanted: readonly string[], has: readonly string[]): boolean =>
  wanted.length === 0 || wanted.some((id) => has.includes(id));

/** Why this version does not pay for the ask; null: it does. Scope and validity are checked before. */
function refusalOf({ id, terms }: Incentive, ask: Ask): string | null {
  if (terms.effectiveFrom !== null && ask.paidAt < terms.effectiveFrom) return 'not_yet_effective';
  if (terms.effectiveUntil !== null && ask.paidAt >= terms.effectiveUntil) return 'no_longer_effective';
  if (!meets(terms.priceIds, ask.prices)) return 'other_price';
  if (!meets(terms.productIds, ask.products)) return 'other_product';
  if (terms.interval !== null && INTERVAL_NAMES[terms.interval] !== ask.interval)
    return ask.interval === null ? 'interval_unknown' : 'other_interval';
  if (terms.isSubscription !== null && terms.isSubscription !== ask.isSubscription)
    return terms.isSubscription ? 'not_a_subscription' : 'is_a_subscription';
  if (terms.type === 'fixed' && terms.currency !== ask.currency) return 'other_currency';
  return limitOf(id, terms, ask);
}

function limitOf(id: string, terms: Terms, ask: Ask): string | null {
  const { earlier } = ask;
  if (terms.applyTo === 'first' && earlier.payments > 0) return 'not_the_first_payment';
  if (terms.applyTo === 'recurring' && earlier.payments === 0) return 'is_the_first_payment';
  if (terms.maxPayments !== null && earlier.fullPayments >= terms.maxPayments) return 'payments_used_up';
  // Calendar months from the first payment, end exclusive, UTC, clamped to the month's end (cases.md 71).
  const first = earlier.firstPaidAt ?? ask.paidAt;
  if (terms.maxMonths !== null && ask.paidAt >= addMonths(first, terms.maxMonths)) return 'months_used_up';
  const used = earlier.earned[capKey(id, ask.currency)] ?? 0n;
  if (terms.maxAmount !== null && ask.currency === terms.currency && used >= terms.maxAmount) return 'amount_used_up';
  return null;
}

/** In scope: this program, valid when the payment became known, and nobody else's own or another group's rule. */
export function inScope(incentive: Incentive, ask: Ask): boolean {
  const { terms } = incentive;
  return (
    incentive.programId === ask.programId &&
    incentive.since <= ask.rules &&
    (incentive.until === null || ask.rules < incentive.until) &&
    (terms.affiliateId === null || terms.affiliateId === ask.affiliateId) &&
    (terms.groupId === null || terms.groupId === ask.groupId)
  );
}

/** The incentive that pays, with every other candidate and why it does not: it does not fit, or it is outranked. */
export function matchIncentive(incentives: readonly Incentive[], ask: Ask): Match {
  const rejected: Rejected[] = [];
  let winner: Incentive | null = null;
  for (const incentive of incentives.filter((one) => inScope(one, ask)).toSorted(compareIncentives)) {
    const reason = refusalOf(incentive, ask) ?? (winner === null ? null : 'outranked');
    if (reason === null) winner = incentive;
    else rejected.push({ id: incentive.id, version: incentive.version, reason });
  }
  return { incentive: winner, rejected };
}

/** Does any rule look across the payments of one referral? Then a late payment may change the later ones. */
export function looksAcross(terms: Terms): boolean {
  return terms.applyTo !== 'all' || terms.maxPayments !== null || terms.maxMonths !== null || terms.maxAmount !== null;
}
