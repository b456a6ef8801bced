/**
 * How this dialect shows things: `{success, data}`, snake_case, major units as JSON numbers, currencies in upper case,
 * moments as ISO 8601 with milliseconds (apis.md 2.1 and 2.2).
 */
import { z } from 'zod';
import type { ConversionView, Page, ReferralView } from '../../core/views.ts';
import { moneyKey, sourceName } from '../../core/keys.ts';
import { toMajor } from '../../core/money.ts';
import { toIso, type Moment } from '../../core/time.ts';
import type { Reply } from '../surface.ts';
import { COMMISSION_STATUSES, SALES_STATUSES } from './statuses.ts';

export function done(data: unknown, status = 200): Reply {
  return { status, body: { success: true, data } };
}

export function deleted(message: string): Reply {
  return { status: 200, body: { success: true, message } };
}

/** An offset list; `page` counts from 1. */
export function listed<T>(
  found: Page<T>,
  { page, limit }: { page: number; limit: number },
  show: (row: T) => unknown,
): Reply {
  const pages = Math.ceil(found.total / limit);
  const pagination = {
    page,
    limit,
    total: found.total,
    total_pages: pages,
    has_next_page: page < pages,
    has_prev_page: page > 1,
  };
  return { status: 200, body: { success: true, data: found.rows.map(show), pagination } };
}

/** The schema of `done`. */
export function dataAnswer(data: z.ZodType): z.ZodType {
  return z.object({ success: z.literal(true), data });
}

/** The schema of `deleted`. */
export const deletedAnswer = z.object({ success: z.literal(true), message: z.string() });

const pagination = z
  .object({
    page: z.int(),
    limit: z.int(),
    total: z.int(),
    total_pages: z.int(),
    has_next_page: z.boolean(),
    has_prev_page: z.boolean(),
  })
  .meta({ id: 'Pagination' });

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

/** 2970 minor units of usd → 29.7. The text is exact; the number is the double nearest to it. */
export function major(amount: bigint, currency: string): number {
  return Number(toMajor(amount, currency));
}

export const upper = (currency: string): string => currency.toUpperCase();

export function isoOrNull(moment: Moment | null): string | null {
  return moment === null ? null : toIso(moment);
}

/** The id behind the first key of this kind, of whichever account: `stripe:pi:pi_1` → `pi_1`. */
function idOfKey(keys: readonly string[], kind: string): string | null {
  for (const key of keys) {
    const [source = '', own, ...id] = key.split(':');
    if (sourceName(source) === 'stripe' && own === kind) return id.join(':');
  }
  return null;
}

const OWN_SALE = moneyKey('affonso', 'sale', '');

/** The id under which a sale was told in this dialect, also where Stripe tells of its payment as well; null: it was not. */
function toldAs({ kind, keys }: ConversionView): string | null {
  const own = kind === 'sale' ? keys.find((key) => key.startsWith(OWN_SALE)) : undefined;
  return own?.slice(OWN_SALE.length) ?? null;
}

const conversionFields = {
  id: answered.id,
  referral_id: answered.id.nullable(),
  affiliate_id: answered.id.nullable().describe('Who is credited; null: nobody.'),
  program_id: answered.id,
  sale_amount: answered.major.describe('Major units; what is left after refunds.'),
  sale_amount_currency: answered.currency,
  commission_amount: answered.major.describe('Major units; what is left after refunds.'),
  commission_currency: answered.currency,
  status: z.enum(COMMISSION_STATUSES).describe('Of the commission; pending with 0 where there is none yet.'),
  sales_status: z.string().meta({ description: 'Of the sale.', examples: [...SALES_STATUSES] }),
  hold_period_days: z.int().nullable(),
  payment_intent_id: z.string().nullable(),
  invoice_id: z.string().nullable(),
  earning_id: answered.id.nullable().describe('Of the commission.'),
  earning_type: z.literal('direct_commission'),
  created_at: answered.moment.describe('When the money moved.'),
  updated_at: answered.moment,
};

const toldFields = {
  external_event_id: z.string(),
  calculation_mode: z.literal('auto'),
  matched_incentive_id: answered.id.nullable(),
};

export const conversionAnswer = z.object({ ...conversionFields, ...toldFields }).meta({ id: 'Conversion' });

/**
 * The 20 keys of a conversion, in the documented order. `sale_amount` and `commission_amount` are what is left after
 * refunds. A sale without a commission says `pending` with 0: one may still come, with a late referral. `told`: the id
 * in the call that is answered; a payment may have been told under several.
 */
export function conversionShape(view: ConversionView, told = toldAs(view)): z.infer<typeof conversionAnswer> {
  const { commission } = view;
  const currency = commission?.currency ?? view.currency;
  return {
    id: view.id,
    referral_id: view.referralId,
    affiliate_id: view.affiliateId,
    program_id: view.programId,
    sale_amount: major(view.amount - view.refunded, view.currency),
    sale_amount_currency: upper(view.currency),
    commission_amount: commission ? major(commission.earned - commission.reversed, currency) : 0,
    commission_currency: upper(currency),
    status: commission?.status ?? 'pending',
    sales_status: view.status,
    hold_period_days: commission?.holdDays ?? null,
    payment_intent_id: idOfKey(view.keys, 'pi'),
    invoice_id: idOfKey(view.keys, 'invoice'),
    earning_id: commission?.id ?? null,
    earning_type: 'direct_commission',
    external_event_id: told ?? view.externalEventId,
    calculation_mode: 'auto',
    matched_incentive_id: commission?.incentiveId ?? null,
    created_at: toIso(view.occurredAt),
    updated_at: toIso(view.updatedAt),
  };
}

export const listedConversionAnswer = z
  .object({
    ...conversionFields,
    ...toldFields,
    kind: z.enum(['sale', 'refund', 'dispute']),
    source: z.string().meta({ examples: ['stripe', 'affonso'] }),
    reason: z.string().nullable().describe('Why it earned nothing, or why money went back.'),
  })
  .meta({ id: 'ListedConversion' });

/** A conversion as we list it: the documented keys, then what the document has no word for. */
export function listedConversion(view: ConversionView): z.infer<typeof listedConversionAnswer> {
  return { ...conversionShape(view), kind: view.kind, source: view.source, reason: view.reason };
}

export const commissionAnswer = z.object(conversionFields).meta({ id: 'Commission' });

/** A conversion without the three keys that only `/v1/conversions` shows. */
export function commissionShape(view: ConversionView): z.infer<typeof commissionAnswer> {
  const {
    external_event_id: _event,
    calculation_mode: _mode,
    matched_incentive_id: _incentive,
    ...shape
  } = conversionShape(view);
  return shape;
}

export const referralAnswer = z
  .object({
    id: answered.id,
    affiliate_id: answered.id,
    program_id: answered.id,
    email: z.string().nullable(),
    customer_id: z.string().nullable(),
    external_user_id: z.string().nullable(),
    subscription_id: z.string().nullable(),
    status: z.enum(['click', 'lead', 'trialing', 'customer', 'active', 'canceled', 'rejected']),
    name: z.string().nullable(),
    metadata: answered.object,
    created_at: answered.moment,
    converted_at: answered.moment.nullable(),
  })
  .meta({ id: 'Referral' });

export function referralShape(view: ReferralView): z.infer<typeof referralAnswer> {
  return {
    id: view.id,
    affiliate_id: view.affiliateId,
    program_id: view.programId,
    email: view.email,
    customer_id: view.customerId,
    external_user_id: view.externalUserId,
    subscription_id: view.subscriptionId,
    status: view.status,
    name: view.name,
    metadata: view.metadata,
    created_at: toIso(view.createdAt),
    converted_at: isoOrNull(view.convertedAt),
  };
}
