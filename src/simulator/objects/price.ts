import type { Interval } from '../calendar.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';

/** What a price is; `interval: null` means one-time. */
export interface PriceSpec {
  id: string;
  product: string;
  /** Lowercase ISO code. */
  currency: string;
  /** Minor units per unit of quantity. */
  amount: number;
  interval: Interval | null;
  intervalCount: number;
  /** Unix seconds. */
  created?: number | undefined;
  livemode?: boolean | undefined;
  metadata?: Metadata | undefined;
  active?: boolean | undefined;
}

/** A full Price object; its shape is the same in all families. */
export function priceObject(spec: PriceSpec): StripeObject {
  return {
    id: spec.id,
    object: 'price',
    active: spec.active ?? true,
    billing_scheme: 'per_unit',
    created: spec.created ?? 0,
    currency: spec.currency,
    custom_unit_amount: null,
    livemode: spec.livemode ?? true,
    lookup_key: null,
    metadata: spec.metadata ?? {},
    nickname: null,
    product: spec.product,
    recurring: recurring(spec),
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: spec.interval === null ? 'one_time' : 'recurring',
    unit_amount: spec.amount,
    unit_amount_decimal: String(spec.amount),
  };
}

function recurring(spec: PriceSpec): Json {
  if (spec.interval === null) return null;
  return {
    interval: spec.interval,
    interval_count: spec.intervalCount,
    meter: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}

/** The legacy Plan twin of a recurring price; null for a one-time price. */
export function planObject(spec: PriceSpec): JsonObject | null {
  if (spec.interval === null) return null;
  return {
    id: spec.id,
    object: 'plan',
    active: spec.active ?? true,
    amount: spec.amount,
    amount_decimal: String(spec.amount),
    billing_scheme: 'per_unit',
    created: spec.created ?? 0,
    currency: spec.currency,
    interval: spec.interval,
    interval_count: spec.intervalCount,
    livemode: spec.livemode ?? true,
    metadata: spec.metadata ?? {},
    meter: null,
    nickname: null,
    product: spec.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}
