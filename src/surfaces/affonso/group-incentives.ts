/** Incentives as this dialect shows them with a group (apis.md 2.2). They are set up at `/v1/program/incentives`. */
import { z } from 'zod';
import { compareText } from '../../core/facts.ts';
import type { Terms } from '../../core/incentives.ts';
import { specificity } from '../../core/incentives.ts';
import type { IncentiveView } from '../../core/views.ts';
import { answered, major } from './shapes.ts';

/** Percent with up to 4 decimals, or major units. */
export function amountOf({ ratio, amount, currency }: Terms): number {
  if (ratio === null) return amount === null ? 0 : major(amount, currency);
  const parts = (ratio.num * 1_000_000n) / ratio.den;
  return Number(`${parts / 10_000n}.${String(parts % 10_000n).padStart(4, '0')}`);
}

type Length = {
  readonly length: 'customer_lifetime' | 'time_limited' | 'payment_limited';
  /** Months, or payments. */
  readonly value: number | null;
};

export function lengthOf({ maxMonths, maxPayments, applyTo }: Terms): Length {
  if (applyTo === 'first') return { length: 'payment_limited', value: 1 };
  if (maxPayments !== null) return { length: 'payment_limited', value: maxPayments };
  if (maxMonths !== null) return { length: 'time_limited', value: maxMonths };
  return { length: 'customer_lifetime', value: null };
}

export const incentiveAnswer = z.object({
  id: answered.id,
  incentive_id: answered.id,
  name: z.string(),
  type: z.literal('commission'),
  incentive_type: z.literal('commission'),
  amount: z.number().describe('Percent, or major units.'),
  is_percentage: z.boolean(),
  incentive_length: z.enum(['customer_lifetime', 'time_limited', 'payment_limited']),
  length_value: z.int().nullable().describe('Months, or payments.'),
  approval_type: z.enum(['automatic', 'hold_period', 'manual']),
  hold_period_days: z.int().nullable(),
  variable_commission: z.literal(false),
  variable_config: z.null(),
  apply_to: z.enum(['all_plans', 'specific_plans']),
  product_ids: z.array(z.string()),
});

function approvalOf({ approvalType, holdPeriodDays }: Terms): 'automatic' | 'hold_period' | 'manual' {
  if (approvalType === 'manual') return 'manual';
  return holdPeriodDays === null || holdPeriodDays === 0 ? 'automatic' : 'hold_period';
}

export function incentiveShape({ id, terms }: IncentiveView): z.infer<typeof incentiveAnswer> {
  const { length, value } = lengthOf(terms);
  return {
    id,
    incentive_id: id,
    name: terms.name,
    type: 'commission',
    incentive_type: 'commission',
    amount: amountOf(terms),
    is_percentage: terms.type === 'percentage',
    incentive_length: length,
    length_value: value,
    approval_type: approvalOf(terms),
    hold_period_days: terms.holdPeriodDays,
    variable_commission: false,
    variable_config: null,
    apply_to: terms.priceIds.length === 0 && terms.productIds.length === 0 ? 'all_plans' : 'specific_plans',
    product_ids: [...terms.productIds],
  };
}

/** Incentives that may pay whoever is in the group: its own, then the program's, each in the order in which they match. */
export function incentivesOf(all: readonly IncentiveView[], programId: string, groupId: string): IncentiveView[] {
  const mine = all.filter(
    ({ programId: of, terms }) =>
      of === programId && terms.affiliateId === null && (terms.groupId === null || terms.groupId === groupId),
  );
  const rank = ({ terms }: IncentiveView): number => (terms.groupId === null ? 1 : 0);
  return mine.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      specificity(a.terms) - specificity(b.terms) ||
      b.terms.priority - a.terms.priority ||
      a.createdAt - b.createdAt ||
      compareText(a.id, b.id),
  );
}
