import { DAY } from '../calendar.ts';
import { creditNoteObject, type CreditNoteSpec } from '../objects/credit-note.ts';
import { invoiceObject } from '../objects/invoice.ts';
import { disputeObject, type DisputeSpec } from '../objects/dispute.ts';
import type { SimulatedCreditNote, SimulatedDispute, SimulatedPayment } from '../state.ts';
import { plain } from '../shelf.ts';
import type { World } from '../world.ts';
import { refund } from './refunds.ts';

/** Opens a dispute (scenarios 23 and 24): an inquiry moves no money, a real one withdraws it at once. Minor units. */
export function dispute(
  world: World,
  payment: SimulatedPayment,
  { amount, inquiry = false, charge: index = 0 }: { amount?: number; inquiry?: boolean; charge?: number } = {},
): SimulatedDispute {
  const charge = payment.charges[index];
  if (!charge) throw new RangeError('dispute: no money moved on Stripe');
  world.beginAutomatic();
  const spec: DisputeSpec = {
    id: world.ids.next('du'),
    amount: amount ?? charge.amountCaptured ?? charge.amount,
    currency: charge.currency,
    charge: charge.id,
    paymentIntent: charge.paymentIntent,
    created: world.time,
    status: inquiry ? 'warning_needs_response' : 'needs_response',
    livemode: world.livemode,
  };
  const opened: SimulatedDispute = { id: spec.id, payment, spec };
  world.tell('charge.dispute.created', plain(disputeObject), spec);
  if (!inquiry) withdraw(world, opened);
  return opened;
}

function withdraw(world: World, opened: SimulatedDispute): void {
  opened.spec = {
    ...opened.spec,
    status: 'needs_response',
    balanceTransactions: [world.ids.next('txn')],
  };
  world.tell('charge.dispute.funds_withdrawn', plain(disputeObject), opened.spec, {
    balance_transactions: [],
  });
}

/** An inquiry becomes a dispute: `charge.dispute.updated`, `charge.dispute.funds_withdrawn`. */
export function escalateDispute(world: World, opened: SimulatedDispute): void {
  world.beginAutomatic();
  opened.spec = { ...opened.spec, status: 'needs_response' };
  world.tell('charge.dispute.updated', plain(disputeObject), opened.spec, {
    status: 'warning_needs_response',
  });
  withdraw(world, opened);
}

/** Decides a dispute thirty days later: `won` gives the money back, `lost` keeps it, `warning_closed` ends an inquiry. */
export function closeDispute(world: World, opened: SimulatedDispute, outcome: 'won' | 'lost' | 'warning_closed'): void {
  world.time += 30 * DAY;
  world.beginAutomatic();
  const was = opened.spec.status;
  if (outcome === 'lost') {
    world.tell(
      'charge.dispute.updated',
      plain(disputeObject),
      { ...opened.spec, status: 'under_review' },
      { status: was },
    );
  }
  opened.spec = { ...opened.spec, status: outcome };
  world.tell('charge.dispute.closed', plain(disputeObject), opened.spec, { status: was });
  const moves = opened.spec.balanceTransactions ?? [];
  if (outcome !== 'won' || moves.length === 0) return;
  opened.spec = { ...opened.spec, balanceTransactions: [...moves, world.ids.next('txn')] };
  world.tell('charge.dispute.funds_reinstated', plain(disputeObject), opened.spec, {
    balance_transactions: moves,
  });
}

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
