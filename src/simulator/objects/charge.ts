import { type Family, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';
import { refundObject, type RefundSpec } from './refund.ts';

/** A charge. Amounts in minor units, times in unix seconds. */
export interface ChargeSpec {
  id: string;
  amount: number;
  currency: string;
  created: number;
  paymentIntent: string | null;
  customer?: string | null | undefined;
  email?: string | null | undefined;
  metadata?: Metadata | undefined;
  /** Shown by old versions only. */
  invoice?: string | null | undefined;
  captured?: boolean | undefined;
  /** Default: the amount when captured. */
  amountCaptured?: number | undefined;
  /** Cumulative, with pending refunds and with `released`. */
  amountRefunded?: number | undefined;
  /** The uncaptured rest that some flows show inside `amount_refunded`. */
  released?: number | undefined;
  status?: 'succeeded' | 'pending' | 'failed' | undefined;
  disputed?: boolean | undefined;
  method?: 'card' | 'sepa_debit' | undefined;
  /** Known only after asynchronous capture settled. */
  balanceTransaction?: string | null | undefined;
  livemode?: boolean | undefined;
  applicationFee?: number | null | undefined;
  transferDestination?: string | null | undefined;
  /** Set on the payment a Connect transfer creates: such a charge is never a sale. */
  sourceTransfer?: string | null | undefined;
  presentment?: { amount: number; currency: string } | undefined;
  /** Embeds `refunds.data` (newest first), as versions before 2022-11-15 did. */
  embeddedRefunds?: readonly RefundSpec[] | undefined;
}

/** A Charge. No family but the old ones names the invoice. */
export function chargeObject(family: Family, spec: ChargeSpec): StripeObject {
  const status = spec.status ?? 'succeeded';
  const captured = spec.captured ?? status === 'succeeded';
  const refunded = spec.amountRefunded ?? 0;
  const kept = spec.amountCaptured ?? (captured ? spec.amount : 0);
  return {
    id: spec.id,
    object: 'charge',
    amount: spec.amount,
    amount_captured: kept,
    amount_refunded: refunded,
    application: null,
    application_fee: null,
    application_fee_amount: spec.applicationFee ?? null,
    balance_transaction: spec.balanceTransaction ?? null,
    billing_details: {
      address: null,
      email: spec.email ?? null,
      name: null,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: 'RIVERBEND',
    captured,
    created: spec.created,
    currency: spec.currency,
    customer: spec.customer ?? null,
    description: null,
    destination: spec.transferDestination ?? null,
    dispute: null,
    disputed: spec.disputed ?? false,
    failure_balance_transaction: null,
    failure_code: status === 'failed' ? 'card_declined' : null,
    failure_message: status === 'failed' ? 'Your card was declined.' : null,
    fraud_details: {},
    ...(hasRemovedFields(family) ? { invoice: spec.invoice ?? null } : {}),
    livemode: spec.livemode ?? true,
    metadata: spec.metadata ?? {},
    on_behalf_of: null,
    order: null,
    outcome: outcome(status),
    paid: status === 'succeeded',
    payment_intent: spec.paymentIntent,
    payment_method: derivedId('pm', spec.customer ?? spec.id, 'card'),
    payment_method_details: methodDetails(spec),
    ...presentment(spec),
    receipt_email: spec.email ?? null,
    receipt_number: null,
    receipt_url: `https://pay.stripe.com/receipts/invoices/${spec.id}?s=ap`,
    refunded: refunded > 0 && refunded - (spec.released ?? 0) >= kept,
    ...embedded(family, spec),
    review: null,
    shipping: null,
    source: null,
    source_transfer: spec.sourceTransfer ?? null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: spec.transferDestination ? { amount: null, destination: spec.transferDestination } : null,
    transfer_group: null,
  };
}

function outcome(status: string): JsonObject {
  const failed = status === 'failed';
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: failed ? 'declined_by_network' : 'approved_by_network',
    reason: failed ? 'generic_decline' : null,
    risk_level: 'normal',
    risk_score: 12,
    seller_message: failed ? 'The bank did not return any further details with this decline.' : 'Payment complete.',
    type: failed ? 'issuer_declined' : 'authorized',
  };
}

function methodDetails(spec: ChargeSpec): JsonObject {
  if (spec.method === 'sepa_debit') {
    return {
      sepa_debit: {
        bank_code: '37040044',
        branch_code: '',
        country: 'DE',
        fingerprint: null,
        last4: '3000',
        mandate: null,
      },
      type: 'sepa_debit',
    };
  }
  return {
    card: {
      amount_authorized: spec.amount,
      brand: 'visa',
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      exp_month: 12,
      exp_year: 2034,
      funding: 'credit',
      last4: '4242',
      network: 'visa',
      three_d_secure: null,
      wallet: null,
    },
    type: 'card',
  };
}

function presentment(spec: ChargeSpec): JsonObject {
  if (!spec.presentment) return {};
  return {
    presentment_details: {
      presentment_amount: spec.presentment.amount,
      presentment_currency: spec.presentment.currency,
    },
  };
}

function embedded(family: Family, spec: ChargeSpec): JsonObject {
  if (!spec.embeddedRefunds || !hasRemovedFields(family)) return {};
  const data: Json[] = spec.embeddedRefunds.map((refund) => refundObject(family, refund));
  return {
    refunds: {
      object: 'list',
      data,
      has_more: false,
      total_count: data.length,
      url: `/v1/charges/${spec.id}/refunds`,
    },
  };
}
