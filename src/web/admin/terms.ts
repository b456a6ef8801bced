/** An incentive as it is sent and shown (DESIGN.md section 6): major units outside, exact minor units and ratios inside. */
import { z } from 'zod';
import type { IncentiveView } from '../../core/views.ts';
import type { Terms } from '../../core/incentives.ts';
import { decimalsOf, fromMajor, percentage, type Ratio } from '../../core/money.ts';
import { refuse, type FieldProblem, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { answered, isoOrNull, major, upper } from '../../surfaces/index.ts';
import { FIELDS } from './terms-fields.ts';

type Values = { [K in keyof typeof FIELDS]: z.output<(typeof FIELDS)[K]> };

export type SentIncentive = { readonly programId: string | null; readonly terms: Terms };

/** Reads a whole incentive; every problem of every field is told at once. `home`: the currency when none is named. */
export function readIncentive(body: Readonly<Record<string, unknown>>, home: string): SentIncentive | Refusal {
  const problems: FieldProblem[] = [];
  const sent = readEach(body, problems);
  const rate = rateOf(sent, home, problems);
  const own = sent.currency ?? home;
  const maxAmount = minor(sent.max_amount, own, 'max_amount', problems);
  const manualAbove = minor(sent.manual_above, own, 'manual_above', problems);
  const parentRatio = parentRatioOf(sent, problems);
  problems.push(...ofFixedOnly(sent));
  if (sent.effective_from != null && sent.effective_until != null && sent.effective_from >= sent.effective_until)
    problems.push({ field: 'effective_until', message: 'must be after effective_from' });
  if (problems.length > 0) return misfit(problems);
  // Without problems every field was read.
  const all = sent as Values;
  return {
    programId: all.program_id,
    terms: { ...termsOf(all), ...rate, parentRatio, currency: own, maxAmount, manualAbove },
  };
}

/** Field by field, so that one that does not fit hides no other. */
function readEach(body: Readonly<Record<string, unknown>>, problems: FieldProblem[]): Partial<Values> {
  const sent: Record<string, unknown> = {};
  for (const [field, schema] of Object.entries(FIELDS)) {
    const read = schema.safeParse(body[field]);
    if (read.success) sent[field] = read.data;
    else
      for (const { path, message } of read.error.issues)
        problems.push({ field: [field, ...path].map(String).join('.'), message });
  }
  return sent;
}

const SHARE = 'must be above 0 and at most 100 percent, with at most 4 decimals';

/** What is paid: an exact share, or a sum. Says nothing when amount or type do not fit by themselves. */
function rateOf(
  sent: Partial<Values>,
  home: string,
  problems: FieldProblem[],
): { ratio: Ratio | null; amount: bigint | null } {
  if (sent.amount === undefined || sent.type === undefined) return { ratio: null, amount: null };
  if (sent.type === 'fixed')
    return { ratio: null, amount: minor(sent.amount, sent.currency ?? home, 'amount', problems) };
  const ratio = percentage(String(sent.amount));
  if (ratio === null) problems.push({ field: 'amount', message: SHARE });
  return { ratio, amount: null };
}

/** What the recruiting partner gets of the same base; null: nothing. */
function parentRatioOf({ parent_amount: share }: Partial<Values>, problems: FieldProblem[]): Ratio | null {
  if (share == null) return null;
  const ratio = percentage(String(share));
  if (ratio === null) problems.push({ field: 'parent_amount', message: SHARE });
  return ratio;
}

/** A share of the base cannot exceed it, knows no units, and goes back in its share by its nature. */
function ofFixedOnly(sent: Partial<Values>): FieldProblem[] {
  if (sent.type !== 'percentage') return [];
  const message = 'is only for type fixed';
  return [
    ...(sent.per === 'unit' ? [{ field: 'per', message }] : []),
    ...(sent.may_exceed_base === true ? [{ field: 'may_exceed_base', message }] : []),
    ...(sent.refund_policy === 'when_full' ? [{ field: 'refund_policy', message }] : []),
  ];
}

const TOO_MUCH = { not_a_number: 'must be a number', too_large: 'is too large' } as const;

function minor(value: number | null | undefined, code: string, field: string, problems: FieldProblem[]): bigint | null {
  if (value == null) return null;
  const read = fromMajor(String(value), code);
  if (typeof read === 'bigint') return read;
  const message =
    read === 'too_precise' ? `has more decimals than ${upper(code)} (${decimalsOf(code)})` : TOO_MUCH[read];
  problems.push({ field, message });
  return null;
}

function misfit(problems: readonly FieldProblem[]): Refusal {
  const [first] = problems;
  const field = first?.field.split('.')[0] ?? 'body';
  return refuse('invalid_input', `${first?.field} ${first?.message}`, { field, details: problems });
}

function termsOf(
  sent: Values,
): Omit<Terms, 'ratio' | 'parentRatio' | 'amount' | 'currency' | 'maxAmount' | 'manualAbove'> {
  return {
    name: sent.name,
    type: sent.type,
    per: sent.per ?? 'sale',
    mayExceedBase: sent.may_exceed_base,
    refundOnlyWhole: sent.refund_policy === 'when_full',
    priceIds: sent.price_ids,
    productIds: sent.product_ids,
    interval: sent.interval,
    isSubscription: sent.is_subscription,
    applyTo: sent.apply_to ?? 'all',
    maxPayments: sent.max_payments,
    maxMonths: sent.max_months,
    approvalType: sent.approval_type ?? 'automatic',
    holdPeriodDays: sent.hold_period_days,
    groupId: sent.group_id,
    affiliateId: sent.affiliate_id,
    priority: sent.priority ?? 0,
    effectiveFrom: sent.effective_from,
    effectiveUntil: sent.effective_until,
  };
}

/** 333300/1000000 → 33.33 percent. */
function percentOf({ num, den }: Ratio): number {
  const parts = (num * 1_000_000n) / den;
  return Number(`${parts / 10_000n}.${String(parts % 10_000n).padStart(4, '0')}`);
}

export const incentiveAnswer = z
  .object({
    id: answered.id,
    version: z.int(),
    name: z.string(),
    type: z.enum(['percentage', 'fixed']),
    amount: z.number().nullable().describe('Percent, or major units of currency.'),
    currency: answered.currency,
    per: z.enum(['sale', 'unit']),
    may_exceed_base: z.boolean(),
    refund_policy: z.enum(['proportional', 'when_full']),
    parent_amount: z.number().nullable(),
    price_ids: z.array(z.string()),
    product_ids: z.array(z.string()),
    interval: z.string().nullable(),
    is_subscription: z.boolean().nullable(),
    apply_to: z.enum(['all', 'first', 'recurring']),
    max_payments: z.int().nullable(),
    max_months: z.int().nullable(),
    max_amount: z.number().nullable(),
    approval_type: z.enum(['automatic', 'manual']),
    manual_above: z.number().nullable(),
    hold_period_days: z.int().nullable(),
    program_id: answered.id,
    group_id: answered.id.nullable(),
    affiliate_id: answered.id.nullable(),
    priority: z.int(),
    effective_from: answered.moment.nullable(),
    effective_until: answered.moment.nullable(),
    ended: z.boolean(),
    created_at: answered.moment,
  })
  .meta({ id: 'Incentive' });

export function incentiveShape({
  id,
  version,
  programId,
  terms,
  createdAt,
  ended,
}: IncentiveView): z.infer<typeof incentiveAnswer> {
  const money = (value: bigint | null): number | null => (value === null ? null : major(value, terms.currency));
  return {
    id,
    version,
    name: terms.name,
    type: terms.type,
    amount: terms.ratio ? percentOf(terms.ratio) : money(terms.amount),
    currency: upper(terms.currency),
    per: terms.per ?? 'sale',
    may_exceed_base: terms.mayExceedBase ?? false,
    refund_policy: terms.refundOnlyWhole === true ? 'when_full' : 'proportional',
    parent_amount: terms.parentRatio ? percentOf(terms.parentRatio) : null,
    price_ids: [...terms.priceIds],
    product_ids: [...terms.productIds],
    interval: terms.interval,
    is_subscription: terms.isSubscription,
    apply_to: terms.applyTo,
    max_payments: terms.maxPayments,
    max_months: terms.maxMonths,
    max_amount: money(terms.maxAmount),
    approval_type: terms.approvalType,
    manual_above: money(terms.manualAbove),
    hold_period_days: terms.holdPeriodDays,
    program_id: programId,
    group_id: terms.groupId,
    affiliate_id: terms.affiliateId,
    priority: terms.priority,
    effective_from: isoOrNull(terms.effectiveFrom),
    effective_until: isoOrNull(terms.effectiveUntil),
    ended,
    created_at: toIso(createdAt),
  };
}
