import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import type { JsonObject, Metadata, StripeObject } from '../json.ts';

/** A coupon and the discount it gave to one customer or subscription. */
export interface DiscountSpec {
  /** `di_…` */
  id: string;
  coupon: string;
  percentOff?: number | undefined;
  /** Minor units. */
  amountOff?: number | undefined;
  currency?: string | undefined;
  /** The only product the coupon applies to. */
  product?: string | undefined;
  /** `promo_…` */
  promotionCode?: string | undefined;
  customer?: string | null | undefined;
  subscription?: string | null | undefined;
  /** The Checkout Session in which it was given. */
  session?: string | undefined;
  /** The only invoice it is for. */
  invoice?: string | undefined;
  /** Unix seconds. */
  start: number;
  end?: number | undefined;
  livemode?: boolean | undefined;
}

/** A full Coupon object. */
export function couponObject(spec: DiscountSpec): StripeObject {
  return {
    id: spec.coupon,
    object: 'coupon',
    amount_off: spec.amountOff ?? null,
    created: spec.start,
    currency: spec.amountOff === undefined ? null : (spec.currency ?? null),
    duration: 'forever',
    duration_in_months: null,
    livemode: spec.livemode ?? true,
    max_redemptions: null,
    metadata: {},
    name: spec.coupon,
    percent_off: spec.percentOff ?? null,
    redeem_by: null,
    times_redeemed: 1,
    valid: true,
  };
}

/** A Discount: the whole coupon in old versions, only its id under `source` since clover. */
export function discountObject(family: Family, spec: DiscountSpec): StripeObject {
  const source: JsonObject = { source: { coupon: spec.coupon, type: 'coupon' } };
  return {
    id: spec.id,
    object: 'discount',
    checkout_session: spec.session ?? null,
    ...(hasRemovedFields(family) ? { coupon: couponObject(spec) } : {}),
    customer: spec.customer ?? null,
    end: spec.end ?? null,
    invoice: spec.invoice ?? null,
    invoice_item: null,
    promotion_code: spec.promotionCode ?? null,
    ...(hasAddedFields(family) ? source : {}),
    start: spec.start,
    subscription: spec.subscription ?? null,
    subscription_item: null,
  };
}

/** What a promotion code is: the word buyers type, bound to a coupon. */
export interface PromotionCodeSpec {
  id: string;
  code: string;
  discount: DiscountSpec;
  created: number;
  livemode?: boolean | undefined;
  active?: boolean | undefined;
  metadata?: Metadata | undefined;
}

/** A PromotionCode: `coupon` in old versions, `promotion` since clover. */
export function promotionCodeObject(family: Family, spec: PromotionCodeSpec): StripeObject {
  return {
    id: spec.id,
    object: 'promotion_code',
    active: spec.active ?? true,
    code: spec.code,
    ...(hasRemovedFields(family) ? { coupon: couponObject(spec.discount) } : {}),
    created: spec.created,
    customer: null,
    expires_at: null,
    livemode: spec.livemode ?? true,
    max_redemptions: null,
    metadata: spec.metadata ?? {},
    ...(hasAddedFields(family) ? { promotion: { coupon: spec.discount.coupon, type: 'coupon' } } : {}),
    restrictions: {
      first_time_transaction: false,
      minimum_amount: null,
      minimum_amount_currency: null,
    },
    times_redeemed: 0,
  };
}
