/** Terms of incentives, short to write: everything that is not said is the default. */
import type { Terms } from '../../src/core/incentives.ts';
import { percentage } from '../../src/core/money.ts';

const ANY: Terms = {
  name: 'everything',
  type: 'percentage',
  ratio: percentage('30'),
  amount: null,
  currency: 'usd',
  priceIds: [],
  productIds: [],
  interval: null,
  isSubscription: null,
  applyTo: 'all',
  maxPayments: null,
  maxMonths: null,
  maxAmount: null,
  approvalType: 'automatic',
  manualAbove: null,
  holdPeriodDays: null,
  groupId: null,
  affiliateId: null,
  priority: 0,
  effectiveFrom: null,
  effectiveUntil: null,
};

/** Terms with the given percentage, e.g. `terms('20', { interval: 'yearly' })`. */
export function terms(percent: string, more: Partial<Terms> = {}): Terms {
  return { ...ANY, ratio: percentage(percent), ...more };
}

/** A fixed commission in minor units. */
export function fixed(amount: bigint, more: Partial<Terms> = {}): Terms {
  return { ...ANY, type: 'fixed', ratio: null, amount, ...more };
}
