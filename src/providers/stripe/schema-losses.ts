/** Shapes of what takes money back: refunds, disputes, fraud warnings, credit notes (stripe.md 1.7 to 1.9). */
import { z } from 'zod';
import { Amount, Cash, Id, Ref, Seconds, Taxes } from './schema-parts.ts';

export const Refund = z.object({
  id: Id,
  amount: Cash,
  currency: z.string().min(1),
  status: z.string().nullish(),
  reason: z.string().nullish(),
  created: Seconds,
  charge: Ref,
  payment_intent: Ref,
});

export type RefundObject = z.infer<typeof Refund>;

export const Dispute = z.object({
  id: Id,
  amount: Cash,
  currency: z.string().min(1),
  status: z.string(),
  reason: z.string().nullish(),
  created: Seconds,
  charge: Ref,
  payment_intent: Ref,
  balance_transactions: z.array(z.unknown()).nullish(),
});

export type DisputeObject = z.infer<typeof Dispute>;

export const FraudWarning = z.object({ id: Id, created: Seconds, charge: Ref, payment_intent: Ref });

const CreditNoteLine = z.object({
  amount: Amount,
  discount_amount: Amount.nullish(),
  invoice_line_item: Ref,
  taxes: Taxes,
  tax_amounts: Taxes,
});

export type CreditNoteLineObject = z.infer<typeof CreditNoteLine>;

export const CreditNote = z.object({
  id: Id,
  status: z.string(),
  type: z.string().nullish(),
  currency: z.string().min(1),
  amount: Cash,
  total: Cash.nullish(),
  post_payment_amount: Cash.nullish(),
  out_of_band_amount: Cash.nullish(),
  customer_balance_transaction: Ref,
  created: Seconds,
  invoice: z.union([Id, z.object({ id: Id })]),
  lines: z.object({ data: z.array(CreditNoteLine) }).nullish(),
  // basil family
  refunds: z.array(z.object({ amount_refunded: Cash, refund: Ref })).nullish(),
  // old
  refund: Ref,
});

export type CreditNoteObject = z.infer<typeof CreditNote>;
