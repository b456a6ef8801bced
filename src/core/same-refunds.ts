/** A caller's refund and the provider's own word on it: the same money, told twice (apis.md 6.5). */
import type { Refund } from './losses.ts';
import { compareText } from './stamp.ts';

/** `stripe:re_1`, also of a further account: an object of the provider's; a caller's own is `affonso:refund:…`. */
const isCallers = ({ key }: Refund): boolean => key.includes(':refund:');

/** The provider told of it itself; named by a caller, it is a refund beside those the caller names otherwise. */
const isProviders = (refund: Refund): boolean => !isCallers(refund) && refund.externalId === null;

const inTime = (a: Refund, b: Refund): number => a.at - b.at || compareText(a.key, b.key);

/** One that failed is no word on what a caller tells after it: that went back by other means. */
function isSame(told: Refund, own: Refund): boolean {
  if (told.amount !== own.amount || told.currency !== own.currency) return false;
  return own.status !== 'failed' || told.at <= own.stamp.at;
}

/**
 * Refunds without those callers' which the provider tells of as well. Nothing but its amount says that two are one, so
 * each of the provider's is the same as at most one of a caller's of just that amount, the earliest first. What a caller
 * wants to have counted beside them is told with another amount, or by the `re_` id of its own.
 */
export function withoutToldTwice(refunds: readonly Refund[]): readonly Refund[] {
  const told = refunds.filter((refund) => isCallers(refund) && !refund.total && !refund.rest);
  const own = refunds.filter(isProviders);
  if (told.length === 0 || own.length === 0) return refunds;
  const free = own.toSorted(inTime);
  const twice = new Set<Refund>();
  for (const one of told.toSorted(inTime)) {
    const index = free.findIndex((other) => isSame(one, other));
    if (index === -1) continue;
    free.splice(index, 1);
    twice.add(one);
  }
  return refunds.filter((refund) => !twice.has(refund));
}

/** Whether the provider told that all of it went back, and nobody else of anything: `cash` is what the sale brought. */
export function isRefundedByProvider(refunds: readonly Refund[], cash: bigint): boolean {
  const stood = refunds.filter(({ status }) => status !== 'failed');
  return stood.every(isProviders) && stood.reduce((sum, { amount }) => sum + amount, 0n) >= cash;
}
