/** The fields of an incentive as they are sent (DESIGN.md section 6). */
import { z } from 'zod';
import type { INTERVAL_NAMES } from '../../core/facts.ts';
import { amount, currency, idList, oneOf, optionalId, optionalMoment, text } from '../../surfaces/index.ts';
import { objectOf } from './described.ts';

const INTERVALS = [
  'daily',
  'weekly',
  'monthly',
  'quarterly',
  'half_yearly',
  'yearly',
] as const satisfies (keyof typeof INTERVAL_NAMES)[];

/** A whole number; null: no limit. */
function count(least: number, most: number): z.ZodType<number | null> {
  const error = `must be a whole number from ${least} to ${most}, or null`;
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, error)
    .meta({ type: 'integer', minimum: least, maximum: most })
    .nullish()
    .transform((value) => value ?? null);
}

export const FIELDS = {
  name: text(100).meta({ examples: ['30 % of every month'] }),
  type: z.enum(['percentage', 'fixed'], { error: 'must be percentage or fixed' }),
  amount: amount.meta({
    description: 'percentage: above 0, at most 100, up to 4 decimals. fixed: major units of currency.',
    examples: [30],
  }),
  currency: currency.nullish().describe('Of fixed amounts. Default: that of the workspace.'),
  price_ids: idList.describe('Only these prices; empty: any.'),
  product_ids: idList.describe('Only these products; empty: any.'),
  interval: oneOf(INTERVALS).describe('Only subscriptions of this interval.'),
  is_subscription: z
    .boolean({ error: 'must be true, false or null' })
    .nullish()
    .transform((flag) => flag ?? null)
    .describe('Only subscriptions, or only what is none.'),
  apply_to: oneOf(['all', 'first', 'recurring']).describe('Which payments of a customer. Default: all.'),
  max_payments: count(1, 1_000_000).describe('For so many payments of a customer.'),
  max_months: count(1, 1_200).describe('For so many months from the first payment.'),
  max_amount: amount.nullish().describe('Up to this much for a customer, in major units.'),
  approval_type: oneOf(['automatic', 'manual']).describe('Default: automatic.'),
  manual_above: z
    .number({ error: 'must be a number in major units, or null' })
    .min(0, 'must be 0 or more')
    .nullish()
    .describe('A larger commission waits for an approval.'),
  hold_period_days: count(0, 3_650).describe('Days between earned and payable. Default: those of the program.'),
  program_id: optionalId.describe('Default: the default program.'),
  group_id: optionalId.describe('Only affiliates of this group.'),
  affiliate_id: optionalId.describe('Only this affiliate.'),
  priority: count(-1_000_000, 1_000_000).describe('Higher wins among equals. Default: 0.'),
  per: oneOf(['sale', 'unit']).describe('fixed: once a sale, or for every unit. Default: sale.'),
  may_exceed_base: z
    .boolean({ error: 'must be true or false' })
    .nullish()
    .transform((flag) => flag ?? false)
    .describe('fixed: may be more than what it is paid for.'),
  refund_policy: oneOf(['proportional', 'when_full']).describe('fixed: how it goes back. Default: proportional.'),
  parent_amount: z
    .number({ error: 'must be a percentage, or null' })
    .nullish()
    .describe('Percent of the same base for whoever recruited the affiliate.'),
  effective_from: optionalMoment.describe('When the money moved, at the earliest.'),
  effective_until: optionalMoment.describe('When the money moved, before then.'),
};

export const incentiveBody = objectOf(FIELDS);
