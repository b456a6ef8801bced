import type { Metadata } from '../json.ts';
import { invoiceAmounts, invoiceObject, type InvoiceSpec } from '../objects/invoice.ts';
import type { SimulatedPayment } from '../state.ts';
import type { World } from '../world.ts';
import { announceInvoicePayment, announceMoney, announcePaymentRecord, planTaking, type Taken } from './money.ts';

/** One payment towards an invoice. */
export interface PartArguments {
  /** Outside Stripe: a payment record instead of a charge. */
  outOfBand?: boolean | undefined;
  paymentMetadata?: Metadata | undefined;
}

/**
 * Pays a part of an open (or given up) invoice (scenario 28, basil only), minor units. The part that completes it
 * brings `invoice.paid`, and `invoice.payment_succeeded` when it came by Stripe; a surplus `invoice.overpaid`.
 * Returns the payment so far.
 */
export function payPart(
  world: World,
  partly: SimulatedPayment,
  amount: number,
  given: PartArguments = {},
): SimulatedPayment {
  if (world.family !== 'basil') throw new RangeError('payPart: only the basil family knows partial payments');
  if (!partly.invoice) throw new RangeError('payPart: this payment has no invoice');
  const before = partly.invoice.amountPaid ?? 0;
  const now: InvoiceSpec = { ...partly.invoice, amountPaid: before + amount, paidInParts: true };
  world.beginCall();
  const taken = given.outOfBand ? null : takePart(world, now, amount, given.paymentMetadata);
  if (!taken) announcePaymentRecord(world, now, amount);
  const { due } = invoiceAmounts(world.family, now);
  const complete = before + amount >= due;
  const shown: InvoiceSpec = complete ? { ...now, status: 'paid', paidAt: world.time } : now;
  world.tell('invoice.updated', invoiceObject, shown, { amount_paid: before });
  if (complete) {
    world.tell('invoice.paid', invoiceObject, shown);
    if (taken) world.tell('invoice.payment_succeeded', invoiceObject, shown);
    if (before + amount > due) world.tell('invoice.overpaid', invoiceObject, shown);
  }
  return grown(partly, shown, taken);
}

function takePart(world: World, invoice: InvoiceSpec, amount: number, metadata: Metadata | undefined): Taken {
  const { currency, customer = null, customerEmail = null } = invoice;
  const whom = { currency, customer, email: customerEmail, metadata, invoice: invoice.id };
  const taken = announceMoney(world, planTaking(world, { amount, ...whom }));
  announceInvoicePayment(world, invoice, taken);
  return taken;
}

function grown(partly: SimulatedPayment, invoice: InvoiceSpec, taken: Taken | null): SimulatedPayment {
  const charges = taken ? [...partly.charges, taken.charge] : partly.charges;
  return {
    ...partly,
    invoice,
    charges,
    charge: charges[0]?.id ?? null,
    paymentIntent: charges[0]?.paymentIntent ?? null,
    amount: partly.amount + (taken?.charge.amount ?? 0),
  };
}
