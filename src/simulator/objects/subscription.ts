import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';
import { discountObject, type DiscountSpec } from './discount.ts';
import { planObject, priceObject, type PriceSpec } from './price.ts';

/** A subscription. Times in unix seconds. */
export interface SubscriptionSpec {
  id: string;
  customer: string;
  currency: string;
  created: number;
  status: 'incomplete' | 'incomplete_expired' | 'trialing' | 'active' | 'past_due' | 'canceled' | 'unpaid' | 'paused';
  items: readonly { price: PriceSpec; quantity: number }[];
  period: { start: number; end: number };
  metadata?: Metadata | undefined;
  discount?: DiscountSpec | undefined;
  trial?: { start: number; end: number } | undefined;
  latestInvoice?: string | null | undefined;
  cancelAtPeriodEnd?: boolean | undefined;
  canceledAt?: number | null | undefined;
  endedAt?: number | null | undefined;
  cancellationReason?: string | null | undefined;
  livemode?: boolean | undefined;
}

/** A Subscription; old versions keep period and discount at the top, basil keeps the period on the items. */
export function subscriptionObject(family: Family, spec: SubscriptionSpec): StripeObject {
  return {
    id: spec.id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: spec.period.start,
    ...(hasAddedFields(family) ? { billing_mode: { flexible: null, type: 'classic' } } : {}),
    cancel_at: spec.cancelAtPeriodEnd ? spec.period.end : null,
    cancel_at_period_end: spec.cancelAtPeriodEnd ?? false,
    canceled_at: spec.canceledAt ?? null,
    cancellation_details: {
      comment: null,
      feedback: null,
      reason: spec.cancellationReason ?? null,
    },
    collection_method: 'charge_automatically',
    created: spec.created,
    currency: spec.currency,
    ...(hasRemovedFields(family) ? oldFields(spec) : {}),
    customer: spec.customer,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: spec.discount ? [spec.discount.id] : [],
    ended_at: spec.endedAt ?? null,
    items: itemsList(family, spec),
    latest_invoice: spec.latestInvoice ?? null,
    livemode: spec.livemode ?? true,
    metadata: spec.metadata ?? {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: spec.created,
    status: spec.status,
    test_clock: null,
    transfer_data: null,
    trial_end: spec.trial?.end ?? null,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
    trial_start: spec.trial?.start ?? null,
  };
}

function oldFields(spec: SubscriptionSpec): JsonObject {
  const only = spec.items.length === 1 ? spec.items[0] : undefined;
  return {
    current_period_end: spec.period.end,
    current_period_start: spec.period.start,
    discount: spec.discount ? discountObject('old', spec.discount) : null,
    plan: only ? planObject(only.price) : null,
    quantity: only?.quantity ?? null,
  };
}

function itemsList(family: Family, spec: SubscriptionSpec): Json {
  const data = spec.items.map(({ price, quantity }) => ({
    id: derivedId('si', spec.id, price.id),
    object: 'subscription_item',
    created: spec.created,
    ...(hasAddedFields(family) ? { current_period_end: spec.period.end, current_period_start: spec.period.start } : {}),
    discounts: [],
    metadata: {},
    ...(hasRemovedFields(family) ? { plan: planObject(price) } : {}),
    price: priceObject(price),
    quantity,
    subscription: spec.id,
    tax_rates: [],
  }));
  return {
    object: 'list',
    data,
    has_more: false,
    total_count: data.length,
    url: `/v1/subscription_items?subscription=${spec.id}`,
  };
}
