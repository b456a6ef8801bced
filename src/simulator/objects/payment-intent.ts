import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, Metadata, StripeObject } from '../json.ts';

/** A payment intent. Amounts in minor units, times in unix seconds. */
export interface PaymentIntentSpec {
  id: string;
  amount: number;
  currency: string;
  created: number;
  status:
    | 'requires_payment_method'
    | 'requires_confirmation'
    | 'requires_action'
    | 'processing'
    | 'requires_capture'
    | 'canceled'
    | 'succeeded';
  /** Default: the amount once succeeded. */
  amountReceived?: number | undefined;
  amountCapturable?: number | undefined;
  customer?: string | null | undefined;
  /** Accounts v2 identity; new versions only. */
  customerAccount?: string | null | undefined;
  email?: string | null | undefined;
  latestCharge?: string | null | undefined;
  metadata?: Metadata | undefined;
  /** Shown by old versions only. */
  invoice?: string | null | undefined;
  captureMethod?: 'automatic' | 'automatic_async' | 'manual' | undefined;
  method?: 'card' | 'sepa_debit' | undefined;
  livemode?: boolean | undefined;
  /** Optional L2/L3 data, minor units. */
  amountDetails?: { tax?: number | undefined; shipping?: number | undefined } | undefined;
  applicationFee?: number | null | undefined;
  transferDestination?: string | null | undefined;
  canceledAt?: number | null | undefined;
}

/** A PaymentIntent. `invoice` stands in old versions (null when there is none) and nowhere else. */
export function paymentIntentObject(family: Family, spec: PaymentIntentSpec): StripeObject {
  const succeeded = spec.status === 'succeeded';
  const waiting = spec.status === 'requires_payment_method' && !spec.latestCharge;
  return {
    id: spec.id,
    object: 'payment_intent',
    amount: spec.amount,
    amount_capturable: spec.amountCapturable ?? 0,
    amount_details: amountDetails(spec),
    amount_received: spec.amountReceived ?? (succeeded ? spec.amount : 0),
    application: null,
    application_fee_amount: spec.applicationFee ?? null,
    automatic_payment_methods: null,
    canceled_at: spec.canceledAt ?? null,
    cancellation_reason: spec.status === 'canceled' ? 'automatic' : null,
    capture_method: spec.captureMethod ?? 'automatic',
    client_secret: `${spec.id}_secret_${derivedId('s', spec.id, 'secret').slice(3)}`,
    confirmation_method: 'automatic',
    created: spec.created,
    currency: spec.currency,
    customer: spec.customer ?? null,
    ...(spec.customerAccount && hasAddedFields(family) ? { customer_account: spec.customerAccount } : {}),
    description: null,
    ...(hasRemovedFields(family) ? { invoice: spec.invoice ?? null } : {}),
    last_payment_error: spec.status === 'requires_payment_method' && spec.latestCharge ? declined(spec) : null,
    latest_charge: spec.latestCharge ?? null,
    livemode: spec.livemode ?? true,
    metadata: spec.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: waiting ? null : derivedId('pm', spec.customer ?? spec.id, 'card'),
    payment_method_configuration_details: null,
    payment_method_options: {
      card: {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic',
      },
    },
    payment_method_types: [spec.method ?? 'card'],
    processing: null,
    receipt_email: spec.email ?? null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: spec.status,
    transfer_data: spec.transferDestination ? { destination: spec.transferDestination } : null,
    transfer_group: null,
  };
}

function amountDetails(spec: PaymentIntentSpec): Json {
  return {
    ...(spec.amountDetails?.shipping === undefined ? {} : { shipping: { amount: spec.amountDetails.shipping } }),
    ...(spec.amountDetails?.tax === undefined ? {} : { tax: { total_tax_amount: spec.amountDetails.tax } }),
    tip: {},
  };
}

function declined(spec: PaymentIntentSpec): Json {
  return {
    charge: spec.latestCharge ?? null,
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
    type: 'card_error',
  };
}
