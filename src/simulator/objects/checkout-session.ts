import type { Family } from '../family.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';

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
    ...(family === 'basil' ? {} : { currency_conversion: null }),
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
