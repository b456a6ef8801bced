import type { Json, StripeObject } from '../json.ts';

/** A dispute. Amounts in minor units, times in unix seconds. */
export interface DisputeSpec {
  id: string;
  amount: number;
  currency: string;
  charge: string;
  paymentIntent: string | null;
  created: number;
  status: string;
  reason?: string | undefined;
  /** Ids of the money movements: none for an inquiry, one when withdrawn, two when given back. */
  balanceTransactions?: readonly string[] | undefined;
  /** What came back; default the amount. */
  reinstated?: number | undefined;
  livemode?: boolean | undefined;
}

/** A Dispute; the same shape in all families. */
export function disputeObject(spec: DisputeSpec): StripeObject {
  const moves: Json[] = (spec.balanceTransactions ?? []).map((id, index) => {
    const amount = index === 0 ? -spec.amount : (spec.reinstated ?? spec.amount);
    const fee = index === 0 ? 1500 : 0;
    return {
      id,
      object: 'balance_transaction',
      amount,
      currency: spec.currency,
      fee,
      net: amount - fee,
      type: 'adjustment',
    };
  });
  return {
    id: spec.id,
    object: 'dispute',
    amount: spec.amount,
    balance_transaction: null,
    balance_transactions: moves,
    charge: spec.charge,
    created: spec.created,
    currency: spec.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: spec.created + 7 * 86_400,
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: spec.status.startsWith('warning_'),
    livemode: spec.livemode ?? true,
    metadata: {},
    payment_intent: spec.paymentIntent,
    reason: spec.reason ?? 'fraudulent',
    status: spec.status,
  };
}
