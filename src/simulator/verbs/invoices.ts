import { invoiceAmounts, invoiceObject, type InvoiceSpec } from '../objects/invoice.ts';
import type { SimulatedCustomer, SimulatedPayment, SimulatedSubscription } from '../state.ts';
import type { World } from '../world.ts';
import {
  announceInvoicePayment,
  announceMoney,
  announcePaid,
  issueInvoice,
  paidInvoice,
  paymentOf,
  planTaking,
  settleInvoice,
  type Taken,
} from './money.ts';

/** An invoice of any description; see InvoiceSpec for the fields. */
export interface InvoiceArguments extends Partial<
  Omit<InvoiceSpec, 'customer' | 'subscription' | 'lines' | 'id' | 'created' | 'status'>
> {
  lines: InvoiceSpec['lines'];
  customer?: SimulatedCustomer | null | undefined;
  subscription?: SimulatedSubscription | null | undefined;
  /** What becomes of it; default `paid`. */
  outcome?: 'paid' | 'open' | 'void' | 'uncollectible' | undefined;
}

function draft(world: World, { customer, subscription, outcome: _, ...rest }: InvoiceArguments): InvoiceSpec {
  return {
    ...rest,
    id: world.ids.next('in'),
    created: world.time,
    currency: rest.currency ?? subscription?.currency ?? 'usd',
    customer: customer?.id ?? subscription?.customer.id ?? null,
    customerEmail: rest.customerEmail ?? customer?.email ?? subscription?.customer.email ?? null,
    subscription: subscription?.id ?? null,
    subscriptionMetadata: rest.subscriptionMetadata ?? subscription?.metadata,
    livemode: world.livemode,
  };
}

/** One invoice of the merchant's own making (scenarios 12 to 14 and 26): issued, then paid, left open or given up. */
export function invoice(world: World, given: InvoiceArguments): SimulatedPayment {
  world.beginCall();
  const open = issueInvoice(world, draft(world, given));
  world.time += 60;
  const outcome = given.outcome ?? 'paid';
  if (outcome === 'paid') return settleInvoice(world, open);
  const rest = paymentOf(open, []);
  return outcome === 'open' ? rest : closeInvoice(world, rest, outcome);
}

/** Gives an unpaid invoice up: `invoice.voided` or `invoice.marked_uncollectible`. */
export function closeInvoice(
  world: World,
  unpaid: SimulatedPayment,
  outcome: 'void' | 'uncollectible',
): SimulatedPayment {
  if (!unpaid.invoice) throw new RangeError('closeInvoice: this payment has no invoice');
  world.beginCall();
  const closed: InvoiceSpec = { ...unpaid.invoice, status: outcome, paidAt: world.time };
  world.tell(outcome === 'void' ? 'invoice.voided' : 'invoice.marked_uncollectible', invoiceObject, closed);
  return { ...unpaid, invoice: closed };
}

/** Pays an invoice that was left open, or even given up as uncollectible. */
export function payInvoice(world: World, unpaid: SimulatedPayment): SimulatedPayment {
  if (!unpaid.invoice) throw new RangeError('payInvoice: this payment has no invoice');
  world.beginCall();
  return settleInvoice(world, unpaid.invoice);
}

/**
 * An invoice paid by several charges (scenario 28, basil only). Parts in minor units. When they do not cover it
 * the invoice stays open, or is given up with `outcome: 'uncollectible'`; a surplus becomes `invoice.overpaid`.
 */
export function payInvoiceInParts(
  world: World,
  { parts, ...given }: InvoiceArguments & { parts: readonly number[] },
): SimulatedPayment {
  if (world.family !== 'basil') throw new RangeError('payInvoiceInParts: only the basil family knows partial payments');
  world.beginCall();
  const open = issueInvoice(world, draft(world, given));
  const { due } = invoiceAmounts(world.family, open);
  const taken: Taken[] = [];
  let paidSoFar = 0;
  for (const part of parts) {
    world.time += 600;
    paidSoFar += part;
    taken.push(payPart(world, { ...open, amountPaid: paidSoFar }, part));
  }
  const now: InvoiceSpec = { ...open, amountPaid: paidSoFar };
  if (paidSoFar < due) {
    const partly = paymentOf(now, taken);
    return given.outcome === 'uncollectible' ? closeInvoice(world, partly, 'uncollectible') : partly;
  }
  const paid: InvoiceSpec = { ...now, status: 'paid', paidAt: world.time };
  world.tell('invoice.paid', invoiceObject, paid);
  world.tell('invoice.payment_succeeded', invoiceObject, paid);
  if (paidSoFar > due) world.tell('invoice.overpaid', invoiceObject, paid);
  return paymentOf(paid, taken);
}

function payPart(world: World, invoiceNow: InvoiceSpec, part: number): Taken {
  world.beginCall();
  const { currency, customer = null, customerEmail = null } = invoiceNow;
  const taken = announceMoney(
    world,
    planTaking(world, {
      amount: part,
      currency,
      customer,
      email: customerEmail,
      invoice: invoiceNow.id,
    }),
  );
  announceInvoicePayment(world, invoiceNow, taken);
  const { due } = invoiceAmounts(world.family, invoiceNow);
  const complete = (invoiceNow.amountPaid ?? 0) >= due;
  const shown: InvoiceSpec = complete ? { ...invoiceNow, status: 'paid', paidAt: world.time } : invoiceNow;
  world.tell('invoice.updated', invoiceObject, shown, {
    amount_paid: (invoiceNow.amountPaid ?? 0) - part,
  });
  return taken;
}

/** An invoice for money that a session or intent took earlier, or that came some other way: only the invoice's events. */
export function invoicePaidBy(world: World, given: InvoiceArguments, by: SimulatedPayment): SimulatedPayment {
  const charge = by.charges[0];
  if (!charge || !by.paymentIntent) throw new RangeError('invoicePaidBy: the payment has no payment intent');
  world.beginCall();
  const open = issueInvoice(world, draft(world, given));
  const intent = { ...charge, id: by.paymentIntent, status: 'succeeded' as const };
  const taken: Taken = { charge: { ...charge, invoice: open.id }, intent };
  const paid = paidInvoice(world, open, taken);
  announcePaid(world, paid);
  announceInvoicePayment(world, paid, taken);
  return { ...paymentOf(paid, [taken]), refunds: by.refunds };
}
