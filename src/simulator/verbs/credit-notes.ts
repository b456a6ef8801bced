import type { Metadata } from '../json.ts';
import {
  type CreditNoteLineSpec,
  creditNoteLineTotal,
  creditNoteObject,
  type CreditNoteSpec,
} from '../objects/credit-note.ts';
import { invoiceObject, type InvoiceSpec } from '../objects/invoice.ts';
import { lineId } from '../objects/line.ts';
import type {
  RefundTelling,
  SimulatedCreditNote,
  SimulatedCustomer,
  SimulatedPayment,
  SimulatedRefund,
} from '../state.ts';
import type { World } from '../world.ts';
import { updateCustomer } from './catalog.ts';
import { announceRefund, startRefund } from './refunds.ts';

/** Where the money of a credit note goes, minor units each; the parts sum to the note. */
export interface CreditNoteParts {
  /** Back to the buyer by a refund. */
  refund?: number | undefined;
  /** Onto the customer's credit balance. */
  balance?: number | undefined;
  /** Returned outside Stripe. */
  outOfBand?: number | undefined;
  /** Off what is still unpaid. */
  prePayment?: number | undefined;
}

/** What a credit note does; amounts in minor units. */
export interface CreditNoteArguments {
  /** With tax; default the sum of parts, or of lines. */
  amount?: number | undefined;
  /** `refund` pays back, `balance` credits the customer, `out_of_band` was returned elsewhere, `pre_payment` lowers an open invoice. */
  as?: 'refund' | 'balance' | 'out_of_band' | 'pre_payment' | undefined;
  /** Several ways in one note, instead of `as`. */
  parts?: CreditNoteParts | undefined;
  invoiceLine?: string | undefined;
  /** Instead of `invoiceLine`: several lines, with taxes. `line` names the invoice's line by its place from 0. */
  lines?: readonly (CreditNoteLineSpec & { line?: number | undefined })[] | undefined;
  /** Whose credit balance moves, with a `customer.updated`; without one nobody hears of the balance. */
  customer?: SimulatedCustomer | undefined;
  /** Which charge the refund gives back; default the first. */
  charge?: number | undefined;
  /** A refund that was made before, instead of a new one. */
  refund?: SimulatedRefund | undefined;
  /** Which events the note's refund has of its own. */
  refundTold?: RefundTelling | undefined;
  /** The note is heard before its refund. */
  noteFirst?: boolean | undefined;
  metadata?: Metadata | undefined;
  reason?: 'duplicate' | 'fraudulent' | 'order_change' | 'product_unsatisfactory' | undefined;
}

function partsOf(given: CreditNoteArguments, amount: number): Required<{ [Way in keyof CreditNoteParts]: number }> {
  const none = { refund: 0, balance: 0, outOfBand: 0, prePayment: 0 };
  if (given.parts) {
    const { refund = 0, balance = 0, outOfBand = 0, prePayment = 0 } = given.parts;
    return { refund, balance, outOfBand, prePayment };
  }
  const way = ({ out_of_band: 'outOfBand', pre_payment: 'prePayment', refund: 'refund', balance: 'balance' } as const)[
    given.as ?? 'refund'
  ];
  return { ...none, [way]: amount };
}

function amountOf(given: CreditNoteArguments): number {
  const listed = given.lines?.reduce((sum, line) => sum + creditNoteLineTotal(line), 0);
  const parted = given.parts && Object.values(given.parts).reduce((sum: number, part) => sum + (part ?? 0), 0);
  const amount = given.amount ?? listed ?? parted ?? given.refund?.spec.amount;
  if (amount === undefined) throw new RangeError('creditNote: give an amount, lines or parts');
  if ((listed ?? amount) !== amount || (parted ?? amount) !== amount) {
    throw new RangeError(`creditNote: lines (${listed}) and parts (${parted}) must come to ${amount}`);
  }
  return amount;
}

/**
 * Issues a credit note (scenario 22): `credit_note.created`, the events of its refund before it (or after it, with
 * `noteFirst`), and a `customer.updated` when it credits a customer's balance.
 */
export function creditNote(world: World, payment: SimulatedPayment, given: CreditNoteArguments): SimulatedCreditNote {
  const { invoice } = payment;
  if (!invoice) throw new RangeError('creditNote: this payment has no invoice');
  const amount = amountOf(given);
  const parts = partsOf(given, amount);
  if (world.family === 'old' && parts.prePayment > 0 && parts.prePayment < amount) {
    throw new RangeError('creditNote: old versions know no mixed notes');
  }
  const fresh =
    parts.refund > 0 && !given.refund
      ? startRefund(world, payment, { amount: parts.refund, charge: given.charge, told: given.refundTold })
      : null;
  const returned = given.refund ?? fresh;
  if (fresh && !given.noteFirst) announceRefund(world, fresh);
  if (!fresh) world.beginCall();
  const spec = noteSpec(world, payment, given, { invoice, amount, parts, returned });
  countNote(world, payment, parts.prePayment, amount - parts.prePayment);
  world.tell('credit_note.created', creditNoteObject, spec);
  if (fresh && given.noteFirst) announceRefund(world, fresh);
  const credited = given.customer && parts.balance > 0 ? { customer: given.customer, amount: parts.balance } : null;
  if (credited) updateCustomer(world, credited.customer, { balance: credited.customer.balance - credited.amount });
  return { id: spec.id, payment, refund: returned, credited, spec };
}

function noteSpec(
  world: World,
  payment: SimulatedPayment,
  given: CreditNoteArguments,
  note: {
    invoice: InvoiceSpec;
    amount: number;
    parts: ReturnType<typeof partsOf>;
    returned: SimulatedRefund | null;
  },
): CreditNoteSpec {
  const { invoice, amount, parts, returned } = note;
  const lines = given.lines?.map(({ line, ...rest }) => {
    const named = line === undefined ? undefined : invoice.lines[line];
    return named && line !== undefined ? { ...rest, invoiceLine: lineId(invoice.id, line, named) } : rest;
  });
  return {
    id: world.ids.next('cn'),
    invoice: invoice.id,
    customer: payment.customer,
    amount,
    currency: payment.currency,
    created: world.time,
    prePaymentAmount: parts.prePayment,
    refund: returned ? { id: returned.id, amount: parts.refund } : undefined,
    customerBalanceTransaction: parts.balance > 0 ? world.ids.next('cbtxn') : null,
    outOfBandAmount: parts.outOfBand > 0 ? parts.outOfBand : undefined,
    invoiceLine: given.invoiceLine,
    lines,
    metadata: given.metadata,
    reason: given.reason,
    livemode: world.livemode,
  };
}

/** The invoice counts its notes; no event of its own tells. */
function countNote(world: World, payment: SimulatedPayment, prePayment: number, postPayment: number): void {
  if (!payment.invoice) return;
  payment.invoice = {
    ...payment.invoice,
    prePaymentCreditNotes: (payment.invoice.prePaymentCreditNotes ?? 0) + prePayment,
    postPaymentCreditNotes: (payment.invoice.postPaymentCreditNotes ?? 0) + postPayment,
  };
  world.keep(invoiceObject, payment.invoice);
}

/** Takes a credit note back: `credit_note.voided`. The refund, if it made one, is gone all the same. */
export function voidCreditNote(world: World, note: SimulatedCreditNote): void {
  world.beginCall();
  note.spec = { ...note.spec, voidedAt: world.time };
  const prePayment = note.spec.prePaymentAmount ?? 0;
  countNote(world, note.payment, -prePayment, prePayment - note.spec.amount);
  world.tell('credit_note.voided', creditNoteObject, note.spec, {
    status: 'issued',
    voided_at: null,
  });
  const { credited } = note;
  if (credited) updateCustomer(world, credited.customer, { balance: credited.customer.balance + credited.amount });
}
