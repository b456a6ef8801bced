/** Coupons given to affiliates (apis.md 2.2): whoever uses one was sent by them, with or without a click. */
import { z } from 'zod';
import type { CouponView } from '../../core/views.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { Route } from '../surface.ts';
import { given } from './given.ts';
import {
  amount,
  currency,
  idList,
  invalid,
  minorOf,
  oneOf,
  optionalId,
  optionalText,
  pageFields,
  text,
} from './inputs.ts';
import { listRoute, sortField } from './listing.ts';
import { route } from '../route.ts';
import { answered, dataAnswer, deleted, deletedAnswer, done, upper } from './shapes.ts';

const PROVIDERS = ['stripe', 'dodo', 'polar', 'creem', 'paddle'] as const;
const DISCOUNT_TYPES = ['percentage', 'fixed'] as const;
const DURATIONS = ['forever', 'once', 'repeating'] as const;
const MONTHS = 'must be a whole number from 1 to 1200';

/** Only affiliate and code decide anything; the discount itself is the provider's and is kept to be shown. */
const newCoupon = z.object({
  affiliate_id: text(255).meta({ examples: ['aff_…'] }),
  program_id: optionalId,
  code: text(500)
    .transform((code) => code.trim())
    .meta({ description: 'As buyers type it, in any case.', examples: ['JANE20'] }),
  discount_type: oneOf(DISCOUNT_TYPES),
  discount_value: amount.nullish(),
  duration: oneOf(DURATIONS),
  duration_in_months: z
    .number({ error: MONTHS })
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= 1_200, MONTHS)
    .nullish(),
  currency: currency.nullish(),
  product_ids: idList,
  provider: oneOf(PROVIDERS).describe('Default: stripe.'),
  provider_coupon_id: optionalId,
  provider_promo_code_id: optionalId,
});

type CouponBody = z.infer<typeof newCoupon>;

/** What fields say together; null: they fit. */
function misfit(body: CouponBody): Refusal | null {
  const { discount_type: type, discount_value: value, duration, duration_in_months: months } = body;
  if (type !== null && value == null) return invalid('discount_value', 'is needed with discount_type');
  if (type === null && value != null) return invalid('discount_type', 'is needed with discount_value');
  if (type === 'percentage' && (value ?? 0) > 100) return invalid('discount_value', 'must be at most 100 percent');
  if (duration === 'repeating' && months == null)
    return invalid('duration_in_months', 'is needed when duration is repeating');
  if (duration !== 'repeating' && months != null)
    return invalid('duration_in_months', 'is only for a repeating duration');
  if (type !== 'fixed' || value == null) return null;
  if (body.currency == null) return invalid('currency', 'is needed with a fixed discount');
  const minor = minorOf(value, body.currency, 'discount_value');
  return isRefusal(minor) ? minor : null;
}

function detailsOf(body: CouponBody): Record<string, unknown> {
  const { discount_type, discount_value, duration, duration_in_months, product_ids } = body;
  return given({
    discount_type,
    discount_value,
    duration,
    duration_in_months,
    currency: body.currency == null ? null : upper(body.currency),
    product_ids: product_ids.length === 0 ? null : product_ids,
  });
}

const couponAnswer = z
  .object({
    id: answered.id,
    affiliate_id: answered.id,
    program_id: answered.id,
    code: z.string(),
    discount_type: z.enum(DISCOUNT_TYPES).nullable(),
    discount_value: z.number().nullable(),
    duration: z.enum(DURATIONS).nullable(),
    duration_in_months: z.int().nullable(),
    currency: answered.currency.nullable(),
    product_ids: z.array(z.string()),
    provider: z.enum(PROVIDERS),
    provider_coupon_id: z.string().nullable(),
    provider_promo_code_id: z.string().nullable(),
    created_at: answered.moment,
    updated_at: answered.moment.describe('As created_at: a coupon is ended, never changed.'),
  })
  .meta({ id: 'Coupon' });

function couponShape(view: CouponView): Record<string, unknown> {
  const { details } = view;
  return {
    id: view.id,
    affiliate_id: view.affiliateId,
    program_id: view.programId,
    code: view.code,
    discount_type: details['discount_type'] ?? null,
    discount_value: details['discount_value'] ?? null,
    duration: details['duration'] ?? null,
    duration_in_months: details['duration_in_months'] ?? null,
    currency: details['currency'] ?? null,
    product_ids: details['product_ids'] ?? [],
    provider: view.provider,
    provider_coupon_id: view.providerCouponId,
    provider_promo_code_id: view.providerPromoCodeId,
    created_at: toIso(view.createdAt),
    updated_at: toIso(view.createdAt),
  };
}

const create = route<CouponBody>({
  method: 'POST',
  path: '/v1/coupons',
  summary: 'Gives a coupon or promotion code to an affiliate.',
  answers: { 201: dataAnswer(couponAnswer) },
  scope: 'write:coupons',
  body: newCoupon,
  async run({ caller, body }, desk) {
    const unfit = misfit(body);
    if (unfit) return unfit;
    const made = await desk.createCoupon(caller, {
      programId: body.program_id,
      affiliateId: body.affiliate_id,
      code: body.code,
      provider: body.provider ?? 'stripe',
      providerCouponId: body.provider_coupon_id,
      providerPromoCodeId: body.provider_promo_code_id,
      details: detailsOf(body),
    });
    return isRefusal(made) ? made : done(couponShape(made), 201);
  },
});

const listQuery = z.object({
  ...pageFields,
  affiliate_id: optionalId,
  program_id: optionalId,
  search: optionalText(255).describe('Part of a code.'),
  sort: sortField({ createdAt: 'created', created_at: 'created', code: 'code' }),
});

const list = listRoute({
  path: '/v1/coupons',
  summary: 'Coupons in force, newest first.',
  scope: 'read:coupons',
  query: listQuery,
  row: couponAnswer,
  shape: couponShape,
  read: ({ caller, query: { affiliate_id: affiliateId, program_id: programId, search, sort }, paging }, desk) =>
    desk.coupons(caller, { ...paging, affiliateId, programId, search, sort }),
});

const show = route({
  method: 'GET',
  path: '/v1/coupons/:id',
  summary: 'One coupon in force.',
  answers: { 200: dataAnswer(couponAnswer) },
  scope: 'read:coupons',
  async run({ caller, params }, desk) {
    const found = await desk.coupon(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(couponShape(found));
  },
});

/** Payments that are known already stay with the affiliate. */
const end = route({
  method: 'DELETE',
  path: '/v1/coupons/:id',
  summary: 'Ends a coupon; sales it brought stay with its affiliate.',
  answers: { 200: deletedAnswer },
  scope: 'delete:coupons',
  async run({ caller, params }, desk) {
    const gone = await desk.endCoupon(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The coupon has ended; sales it brought stay with its affiliate.');
  },
});

export const couponRoutes: readonly Route[] = [create, list, show, end];
