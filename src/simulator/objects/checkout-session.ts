import { type Family, hasAddedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';
import { priceObject, type PriceSpec } from './price.ts';

/** One thing bought in a session; minor units. */
export interface SessionLineItem {
  description?: string | undefined;
  /** Null for inline price data: Stripe then makes a price of its own. */
  price: PriceSpec | null;
  quantity: number;
  amountSubtotal: number;
  amountDiscount: number;
  amountTax: number;
  amountTotal: number;
}

/** A Checkout Session. Amounts in minor units, times in unix seconds. */
export interface CheckoutSessionSpec {
  id: string;
  mode: 'payment' | 'subscription' | 'setup';
  created: number;
  currency: string | null;
  amountSubtotal?: number | null | undefined;
  amountTotal?: number | null | undefined;
  amountTax?: number | undefined;
  amountDiscount?: number | undefined;
  amountShipping?: number | undefined;
  status?: 'open' | 'complete' | 'expired' | undefined;
  paymentStatus: 'paid' | 'unpaid' | 'no_payment_required';
  /** Null for a guest. */
  customer?: string | null | undefined;
  customerAccount?: string | null | undefined;
  email?: string | null | undefined;
  clientReferenceId?: string | null | undefined;
  metadata?: Metadata | undefined;
  invoice?: string | null | undefined;
  invoiceCreation?: boolean | undefined;
  paymentIntent?: string | null | undefined;
  setupIntent?: string | null | undefined;
  subscription?: string | null | undefined;
  paymentLink?: string | null | undefined;
  discounts?: readonly { coupon: string | null; promotionCode: string | null }[] | undefined;
  /** What the buyer saw (adaptive pricing), as new versions tell it. */
  presentment?: { amount: number; currency: string } | undefined;
  /** The merchant's side of adaptive pricing, as old versions told it: the session is in the buyer's currency. */
  conversion?: { sourceCurrency: string; amountSubtotal: number; amountTotal: number; fxRate: string } | undefined;
  /** Answered by the API only. */
  lineItems?: readonly SessionLineItem[] | undefined;
  withLineItems?: boolean | undefined;
  livemode?: boolean | undefined;
}

/** A Checkout Session as in `checkout.session.*`; its line items are never part of a webhook. */
export function checkoutSessionObject(family: Family, spec: CheckoutSessionSpec): StripeObject {
  const total = spec.amountTotal ?? null;
  const status = spec.status ?? 'complete';
  return {
    id: spec.id,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: (spec.discounts ?? []).length > 0,
    amount_subtotal: spec.amountSubtotal ?? total,
    amount_total: total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: 'https://riverbend.example/pricing',
    client_reference_id: spec.clientReferenceId ?? null,
    client_secret: null,
    consent: null,
    created: spec.created,
    currency: spec.currency,
    ...(family === 'basil' ? {} : { currency_conversion: conversion(spec) }),
    custom_fields: [],
    ...buyerFields(spec),
    discounts: (spec.discounts ?? []).map((d) => ({
      coupon: d.coupon,
      promotion_code: d.promotionCode,
    })),
    expires_at: spec.created + 86_400,
    invoice: spec.invoice ?? null,
    invoice_creation:
      spec.mode === 'payment' ? { enabled: spec.invoiceCreation ?? false, invoice_data: { metadata: {} } } : null,
    ...(spec.withLineItems ? { line_items: lineItems(spec) } : {}),
    livemode: spec.livemode ?? true,
    locale: null,
    metadata: spec.metadata ?? {},
    mode: spec.mode,
    payment_intent: spec.paymentIntent ?? null,
    payment_link: spec.paymentLink ?? null,
    payment_method_collection: spec.mode === 'payment' ? 'if_required' : 'always',
    payment_method_types: ['card'],
    payment_status: spec.paymentStatus,
    phone_number_collection: { enabled: false },
    ...(spec.presentment && hasAddedFields(family)
      ? {
          presentment_details: {
            presentment_amount: spec.presentment.amount,
            presentment_currency: spec.presentment.currency,
          },
        }
      : {}),
    recovered_from: null,
    setup_intent: spec.setupIntent ?? null,
    shipping_cost: null,
    shipping_options: [],
    status,
    submit_type: null,
    subscription: spec.subscription ?? null,
    success_url: 'https://riverbend.example/welcome?session_id={CHECKOUT_SESSION_ID}',
    total_details: totalDetails(spec),
    ui_mode: 'hosted',
    url: status === 'open' ? `https://checkout.stripe.com/c/pay/${spec.id}` : null,
  };
}

function conversion({ conversion: given }: CheckoutSessionSpec): Json {
  if (!given) return null;
  return {
    amount_subtotal: given.amountSubtotal,
    amount_total: given.amountTotal,
    fx_rate: given.fxRate,
    source_currency: given.sourceCurrency,
  };
}

function buyerFields(spec: CheckoutSessionSpec): JsonObject {
  return {
    customer: spec.customer ?? null,
    ...(spec.customerAccount === undefined ? {} : { customer_account: spec.customerAccount }),
    customer_creation: spec.mode === 'payment' ? 'if_required' : null,
    customer_details: {
      address: null,
      email: spec.email ?? null,
      name: null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
    customer_email: spec.customer ? null : (spec.email ?? null),
  };
}

function totalDetails(spec: CheckoutSessionSpec): Json {
  if (spec.amountTotal === null || spec.amountTotal === undefined) return null;
  return {
    amount_discount: spec.amountDiscount ?? 0,
    amount_shipping: spec.amountShipping ?? 0,
    amount_tax: spec.amountTax ?? 0,
  };
}

function lineItems(spec: CheckoutSessionSpec): JsonObject {
  const data = (spec.lineItems ?? []).map((item, index) => ({
    id: derivedId('li', spec.id, index),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: item.amountDiscount,
    amount_subtotal: item.amountSubtotal,
    amount_tax: item.amountTax,
    amount_total: item.amountTotal,
    currency: spec.currency,
    description: item.description ?? 'Riverbend',
    metadata: {},
    price: priceObject(item.price ?? inlinePrice(spec, item, index)),
    quantity: item.quantity,
  }));
  return { object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${spec.id}/line_items` };
}

function inlinePrice(spec: CheckoutSessionSpec, item: SessionLineItem, index: number): PriceSpec {
  return {
    id: derivedId('price', spec.id, index),
    product: derivedId('prod', spec.id, index),
    currency: spec.currency ?? 'usd',
    amount: Math.round(item.amountSubtotal / item.quantity),
    interval: null,
    intervalCount: 1,
    created: spec.created,
    livemode: spec.livemode,
    active: false,
  };
}
