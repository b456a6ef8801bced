import type { StripeObject } from '../json.ts';

/** A card network's warning that a payment may be fraud. `created` in unix seconds. */
export interface FraudWarningSpec {
  id: string;
  charge: string;
  paymentIntent: string | null;
  created: number;
  /** `misc` unless the issuer says more. */
  fraudType?: string | undefined;
  /** False once the charge was refunded or disputed: nothing is left to do. */
  actionable?: boolean | undefined;
  livemode?: boolean | undefined;
}

/** An EarlyFraudWarning; the same shape in all families. */
export function fraudWarningObject(spec: FraudWarningSpec): StripeObject {
  return {
    id: spec.id,
    object: 'radar.early_fraud_warning',
    actionable: spec.actionable ?? true,
    charge: spec.charge,
    created: spec.created,
    fraud_type: spec.fraudType ?? 'misc',
    livemode: spec.livemode ?? true,
    payment_intent: spec.paymentIntent,
  };
}
