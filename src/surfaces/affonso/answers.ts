/** Schemas of what this dialect answers, for the reference and its test. */
import { z } from 'zod';

/** The schema of `done`. */
export function dataAnswer(data: z.ZodType): z.ZodType {
  return z.object({ success: z.literal(true), data });
}

/** The schema of `deleted`. */
export const deletedAnswer = z.object({ success: z.literal(true), message: z.string() });

const pagination = z.object({
  page: z.int(),
  limit: z.int(),
  total: z.int(),
  total_pages: z.int(),
  has_next_page: z.boolean(),
  has_prev_page: z.boolean(),
});

/** The schema of `listed`. */
export function listAnswer(row: z.ZodType): z.ZodType {
  return z.object({ success: z.literal(true), data: z.array(row), pagination });
}

/** Schemas of what many answers have. */
export const answered = {
  id: z.string(),
  major: z.number().describe('Major units.'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .meta({ examples: ['USD'] }),
  moment: z.iso.datetime(),
  /** Any JSON object. */
  object: z.record(z.string(), z.unknown()),
};

export const conversionAnswer = z.object({
  id: answered.id,
  referral_id: answered.id.nullable(),
  affiliate_id: answered.id.nullable(),
  program_id: answered.id,
  sale_amount: answered.major,
  sale_amount_currency: answered.currency,
  commission_amount: answered.major,
  commission_currency: answered.currency,
  status: z.string(),
  sales_status: z.string(),
  hold_period_days: z.int().nullable(),
  payment_intent_id: z.string().nullable(),
  invoice_id: z.string().nullable(),
  earning_id: answered.id.nullable(),
  earning_type: z.literal('direct_commission'),
  external_event_id: z.string(),
  calculation_mode: z.literal('auto'),
  matched_incentive_id: answered.id.nullable(),
  created_at: answered.moment,
  updated_at: answered.moment,
});
