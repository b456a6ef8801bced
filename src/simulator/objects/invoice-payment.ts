import type { JsonObject, StripeObject } from '../json.ts';

/** One payment towards one invoice (basil family). Amounts in minor units, times in unix seconds. */
export interface InvoicePaymentSpec {
  id: string;
  invoice: string;
  amountPaid: number;
  amountRequested?: number | undefined;
  currency: string;
  created: number;
  paidAt?: number | null | undefined;
  paymentIntent?: string | null | undefined;
  /** Only for a charge without a payment intent. */
  charge?: string | null | undefined;
  paymentRecord?: string | null | undefined;
  isDefault?: boolean | undefined;
  livemode?: boolean | undefined;
}

/** An InvoicePayment: on basil the only word on which payment intent belongs to which invoice. */
export function invoicePaymentObject(spec: InvoicePaymentSpec): StripeObject {
  return {
    id: spec.id,
    object: 'invoice_payment',
    amount_paid: spec.amountPaid,
    amount_requested: spec.amountRequested ?? spec.amountPaid,
    created: spec.created,
    currency: spec.currency,
    invoice: spec.invoice,
    is_default: spec.isDefault ?? true,
    livemode: spec.livemode ?? true,
    payment: payment(spec),
    status: 'paid',
    status_transitions: { canceled_at: null, paid_at: spec.paidAt ?? spec.created },
  };
}

function payment(spec: InvoicePaymentSpec): JsonObject {
  if (spec.paymentIntent) return { payment_intent: spec.paymentIntent, type: 'payment_intent' };
  if (spec.charge) return { charge: spec.charge, type: 'charge' };
  return { payment_record: spec.paymentRecord ?? null, type: 'payment_record' };
}
