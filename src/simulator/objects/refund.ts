import { type Family, hasAddedFields } from '../family.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';

/** A refund. Amounts in minor units, times in unix seconds. */
export interface RefundSpec {
  id: string;
  amount: number;
  currency: string;
  charge: string;
  paymentIntent: string | null;
  created: number;
  status?: 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled' | undefined;
  reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer' | 'expired_uncaptured_charge' | null | undefined;
  metadata?: Metadata | undefined;
  /** The bank's reference, available some time after the refund. */
  reference?: string | null | undefined;
  balanceTransaction?: string | null | undefined;
  customer?: string | null | undefined;
}

/** A Refund. It never names an invoice, and has no `livemode`. */
export function refundObject(family: Family, spec: RefundSpec): StripeObject {
  const status = spec.status ?? 'succeeded';
  const failed = status === 'failed';
  const recent: JsonObject = {
    customer: spec.customer ?? null,
    customer_account: null,
    payment_method: null,
    ...(status === 'pending' ? { pending_reason: 'processing' } : {}),
  };
  return {
    id: spec.id,
    object: 'refund',
    amount: spec.amount,
    balance_transaction: spec.balanceTransaction ?? null,
    charge: spec.charge,
    created: spec.created,
    currency: spec.currency,
    destination_details: destination(spec),
    ...(failed
      ? {
          failure_balance_transaction: spec.balanceTransaction ?? null,
          failure_reason: 'expired_or_canceled_card',
        }
      : {}),
    metadata: spec.metadata ?? {},
    payment_intent: spec.paymentIntent,
    reason: spec.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
    ...(hasAddedFields(family) ? recent : {}),
  };
}

function destination(spec: RefundSpec): Json {
  const known = spec.reference ? { reference: spec.reference } : {};
  return {
    card: {
      ...known,
      reference_status: spec.reference ? 'available' : 'pending',
      reference_type: 'acquirer_reference_number',
      type: 'refund',
    },
    type: 'card',
  };
}
