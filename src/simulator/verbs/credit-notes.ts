import { creditNoteObject, type CreditNoteSpec } from '../objects/credit-note.ts';
import { invoiceObject } from '../objects/invoice.ts';
import type { SimulatedCreditNote, SimulatedPayment } from '../state.ts';
import type { World } from '../world.ts';
import { refund } from './refunds.ts';

/** What a credit note does; amount in minor units. */
export interface CreditNoteArguments {
  amount: number;
  /** `refund` pays back, `balance` credits the customer, `out_of_band` was returned elsewhere, `pre_payment` lowers an open invoice. */
  as: 'refund' | 'balance' | 'out_of_band' | 'pre_payment';
  invoiceLine?: string | undefined;
}

/** Issues a credit note (scenario 22): `credit_note.created` and, as a refund, the refund's own events. */
export function creditNote(world: World, payment: SimulatedPayment, given: CreditNoteArguments): SimulatedCreditNote {
  if (!payment.invoice) throw new RangeError('creditNote: this payment has no invoice');
  const returned = given.as === 'refund' ? refund(world, payment, { amount: given.amount }) : null;
  if (!returned) world.beginCall();
  const spec: CreditNoteSpec = {
    id: world.ids.next('cn'),
    invoice: payment.invoice.id,
    customer: payment.customer,
    amount: given.amount,
    currency: payment.currency,
    created: world.time,
    prePayment: given.as === 'pre_payment',
    refund: returned ? { id: returned.id, amount: given.amount } : undefined,
    customerBalanceTransaction: given.as === 'balance' ? world.ids.next('cbtxn') : null,
    outOfBandAmount: given.as === 'out_of_band' ? given.amount : undefined,
    invoiceLine: given.invoiceLine,
    livemode: world.livemode,
  };
  const counter = given.as === 'pre_payment' ? 'prePaymentCreditNotes' : 'postPaymentCreditNotes';
  payment.invoice = {
    ...payment.invoice,
    [counter]: (payment.invoice[counter] ?? 0) + given.amount,
  };
  world.keep(invoiceObject, payment.invoice);
  world.tell('credit_note.created', creditNoteObject, spec);
  return { id: spec.id, payment, refund: returned, spec };
}

/** Takes a credit note back: `credit_note.voided`. */
export function voidCreditNote(world: World, note: SimulatedCreditNote): void {
  world.beginCall();
  note.spec = { ...note.spec, voidedAt: world.time };
  world.tell('credit_note.voided', creditNoteObject, note.spec, {
    status: 'issued',
    voided_at: null,
  });
}
