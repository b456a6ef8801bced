/**
 * Stripe's shapes, only the fields we use, built once. Rules of stripe.md 0.1: read by presence, never by version, so
 * every version-dependent field is nullish; enums are open strings; unknown keys are not looked at; a reference is an
 * id or an expanded object; ids have no shape (a price may be called `small-monthly`). `*_decimal` fields are text at
 * run time and are not used at all.
 */
import { z } from 'zod';
import { Refund } from './schema-losses.ts';
import { Amount, Cash, DateTime, Id, Metadata, Ref, Seconds, Taxes, Price, Plan, PriceRef } from './schema-parts.ts';

/** An event id becomes part of a unique key: never empty, and at most what Stripe promises (stripe.md 0.1). */
const EventId = z.string().min(1).max(255);

export const SnapshotEnvelope = z.object({
  id: EventId,
  object: z.literal('event'),
  type: z.string().min(1),
  created: Seconds,
  livemode: z.boolean(),
  account: Id.nullish(),
});

export const ThinEnvelope = z.object({
  id: EventId,
  object: z.literal('v2.core.event'),
  type: z.string().min(1),
  created: DateTime,
  livemode: z.boolean(),
});

const LineOrigin = z.object({ subscription: Ref, proration: z.boolean().nullish() }).nullish();

/** A discount as an object or, where it is not expanded, its bare id. Old: the whole coupon; clover: its id under `source`. */
export const Discount = z.object({
  id: Id.nullish(),
  coupon: Ref,
  source: z.object({ coupon: Ref }).nullish(),
  promotion_code: Ref,
  customer: Ref,
  customer_account: Ref,
  subscription: Ref,
  invoice: Ref,
  checkout_session: Ref,
});

export type DiscountObject = z.infer<typeof Discount>;

const Discounts = z.array(z.union([Id, Discount])).nullish();

export const InvoiceLine = z.object({
  id: Id,
  amount: Amount,
  quantity: z.number().nullish(),
  period: z.object({ start: z.int(), end: z.int() }).nullish(),
  discount_amounts: z.array(z.object({ amount: Amount })).nullish(),
  discounts: Discounts,
  pretax_credit_amounts: z.array(z.object({ amount: Amount, type: z.string() })).nullish(),
  // basil family
  parent: z
    .object({
      type: z.string(),
      subscription_item_details: LineOrigin,
      invoice_item_details: LineOrigin,
    })
    .nullish(),
  pricing: z.object({ price_details: z.object({ price: PriceRef, product: Ref }).nullish() }).nullish(),
  taxes: Taxes,
  // old
  type: z.string().nullish(),
  subscription: Ref,
  proration: z.boolean().nullish(),
  price: Price.nullish(),
  plan: Plan.nullish(),
  tax_amounts: Taxes,
});

export type InvoiceLineObject = z.infer<typeof InvoiceLine>;

const SubscriptionDetails = z.object({ subscription: Ref, metadata: Metadata }).nullish();

export const InvoicePayment = z.object({
  id: Id,
  amount_paid: Cash.nullish(),
  invoice: z.union([Id, z.object({ id: Id })]),
  payment: z.object({ type: z.string(), payment_intent: Ref, charge: Ref }),
  status: z.string().nullish(),
});

export type InvoicePaymentObject = z.infer<typeof InvoicePayment>;

/** What an answer lists: everything there is (the asker pages it). */
export const InvoicePayments = z.object({ data: z.array(InvoicePayment) });

export const Invoice = z.object({
  id: Id,
  status: z.string().nullish(),
  currency: z.string().min(1),
  total: Amount,
  subtotal: Amount.nullish(),
  amount_paid: Cash.nullish(),
  amount_due: Cash.nullish(),
  total_excluding_tax: Amount.nullish(),
  shipping_cost: z
    .object({
      amount_subtotal: Amount,
      amount_tax: Amount.nullish(),
      amount_total: Amount.nullish(),
    })
    .nullish(),
  amount_shipping: Amount.nullish(),
  pre_payment_credit_notes_amount: Cash.nullish(),
  discounts: Discounts,
  lines: z.object({ data: z.array(InvoiceLine), has_more: z.boolean().nullish() }),
  customer: Ref,
  customer_account: Ref,
  customer_email: z.string().nullish(),
  metadata: Metadata,
  status_transitions: z.object({ paid_at: Seconds.nullish() }).nullish(),
  // basil family
  parent: z.object({ subscription_details: SubscriptionDetails }).nullish(),
  total_taxes: Taxes,
  amount_paid_off_stripe: Cash.nullish(),
  /** Answers only. */
  payments: InvoicePayments.nullish(),
  // old
  discount: Discount.nullish(),
  paid: z.boolean().nullish(),
  paid_out_of_band: z.boolean().nullish(),
  subscription: Ref,
  subscription_details: SubscriptionDetails,
  charge: Ref,
  payment_intent: Ref,
  tax: Amount.nullish(),
  total_tax_amounts: Taxes,
});

export type InvoiceObject = z.infer<typeof Invoice>;

export const PaymentIntent = z.object({
  id: Id,
  status: z.string(),
  currency: z.string().min(1),
  amount: Cash,
  amount_received: Cash,
  amount_details: z
    .object({
      tax: z.object({ total_tax_amount: Amount.nullish() }).nullish(),
      shipping: z.object({ amount: Amount.nullish() }).nullish(),
    })
    .nullish(),
  customer: Ref,
  customer_account: Ref,
  receipt_email: z.string().nullish(),
  metadata: Metadata,
  latest_charge: Ref,
  invoice: Ref,
  charges: z.object({ data: z.array(z.object({ id: Id })) }).nullish(),
});

export type PaymentIntentObject = z.infer<typeof PaymentIntent>;

export const Charge = z.object({
  id: Id,
  status: z.string(),
  paid: z.boolean(),
  captured: z.boolean(),
  currency: z.string().min(1),
  amount: Cash,
  amount_captured: Cash.nullish(),
  amount_refunded: Cash,
  created: Seconds,
  customer: Ref,
  customer_account: Ref,
  billing_details: z.object({ email: z.string().nullish() }).nullish(),
  receipt_email: z.string().nullish(),
  metadata: Metadata,
  payment_intent: Ref,
  source_transfer: Ref,
  application_fee_amount: Cash.nullish(),
  invoice: Ref,
  refunds: z.object({ data: z.array(Refund) }).nullish(),
});

export type ChargeObject = z.infer<typeof Charge>;

const SessionLine = z.object({
  id: Id,
  amount_total: Amount,
  amount_tax: Amount.nullish(),
  quantity: z.number().nullish(),
  price: Price.nullish(),
});

export type SessionLineObject = z.infer<typeof SessionLine>;

export const Session = z.object({
  id: Id,
  mode: z.string(),
  payment_status: z.string(),
  currency: z.string().nullish(),
  amount_total: Cash.nullish(),
  total_details: z.object({ amount_tax: Amount.nullish(), amount_shipping: Amount.nullish() }).nullish(),
  client_reference_id: z.string().nullish(),
  metadata: Metadata,
  customer: Ref,
  customer_account: Ref,
  customer_details: z.object({ email: z.string().nullish() }).nullish(),
  customer_email: z.string().nullish(),
  invoice: Ref,
  payment_intent: Ref,
  subscription: Ref,
  discounts: z.array(z.object({ coupon: Ref, promotion_code: Ref })).nullish(),
  /** Answers only. */
  line_items: z.object({ data: z.array(SessionLine), has_more: z.boolean().nullish() }).nullish(),
});

export type SessionObject = z.infer<typeof Session>;

export const Customer = z.object({
  id: Id,
  discount: Discount.nullish(),
  customer_account: Ref,
  email: z.string().nullish(),
  metadata: Metadata,
});

export const Subscription = z.object({
  id: Id,
  discount: Discount.nullish(),
  discounts: Discounts,
  customer: Ref,
  customer_account: Ref,
  metadata: Metadata,
  items: z.object({ data: z.array(z.object({ price: Price.nullish(), plan: Plan.nullish() })) }).nullish(),
});

export const PromotionCode = z.object({
  id: Id,
  code: z.string().nullish(),
  // clover
  promotion: z.object({ coupon: Ref }).nullish(),
  // old
  coupon: Ref,
});
