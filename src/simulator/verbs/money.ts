import { derivedId } from '../ids.ts';
import type { Metadata } from '../json.ts';
import { chargeObject, type ChargeSpec } from '../objects/charge.ts';
import { invoiceAmounts, invoiceObject, type InvoiceSpec } from '../objects/invoice.ts';
import { invoicePaymentObject } from '../objects/invoice-payment.ts';
import { paymentIntentObject, type PaymentIntentSpec } from '../objects/payment-intent.ts';
import type { SimulatedPayment } from '../state.ts';
import { plain } from '../shelf.ts';
import type { World } from '../world.ts';

/** What to take from whom. */
export interface Taking {
  amount: number;
  currency: string;
  customer: string | null;
  customerAccount?: string | null | undefined;
  email: string | null;
  metadata?: Metadata | undefined;
  invoice?: string | null | undefined;
  applicationFee?: number | undefined;
  transferDestination?: string | undefined;
  presentment?: { amount: number; currency: string } | undefined;
  amountDetails?: PaymentIntentSpec['amountDetails'];
  method?: 'card' | 'sepa_debit' | undefined;
}

/** A charge and the payment intent that made it. */
export interface Taken {
  intent: PaymentIntentSpec;
  charge: ChargeSpec;
}

/** Gives a payment its ids without saying anything yet. */
export function planTaking(world: World, taking: Taking): Taken {
  const base = { ...taking, created: world.time, livemode: world.livemode };
  const intent: PaymentIntentSpec = {
    ...base,
    id: world.ids.next('pi'),
    status: 'requires_payment_method',
  };
  const prefix = taking.method === 'sepa_debit' ? 'py' : 'ch';
  const charge: ChargeSpec = { ...base, id: world.ids.next(prefix), paymentIntent: intent.id };
  return { intent, charge };
}

/** `payment_intent.created`. */
export function announceIntent(world: World, { intent }: Taken): void {
  world.tell('payment_intent.created', paymentIntentObject, intent);
}

/** `charge.succeeded`, `payment_intent.succeeded`. */
export function announceMoney(world: World, taken: Taken): Taken {
  const intent: PaymentIntentSpec = {
    ...taken.intent,
    status: 'succeeded',
    latestCharge: taken.charge.id,
  };
  const charge: ChargeSpec = {
    ...taken.charge,
    status: 'succeeded',
    captured: true,
    created: world.time,
  };
  world.tell('charge.succeeded', chargeObject, charge);
  world.tell('payment_intent.succeeded', paymentIntentObject, intent);
  return { intent, charge };
}

/** The whole card payment: intent, charge, success. */
export function take(world: World, taking: Taking): Taken {
  const planned = planTaking(world, taking);
  announceIntent(world, planned);
  world.time += 1;
  return announceMoney(world, planned);
}

/** `invoice.created` (draft), `invoice.finalized` (open). */
export function issueInvoice(world: World, spec: InvoiceSpec, draftSeconds = 0): InvoiceSpec {
  world.tell('invoice.created', invoiceObject, { ...spec, status: 'draft' });
  world.time += draftSeconds;
  const open: InvoiceSpec = { ...spec, status: 'open', finalizedAt: world.time };
  world.tell('invoice.finalized', invoiceObject, open);
  return open;
}

/** The invoice as paid now, by these charges. */
export function paidInvoice(world: World, open: InvoiceSpec, taken: Taken | null): InvoiceSpec {
  return {
    ...open,
    status: 'paid',
    paidAt: world.time,
    paymentIntent: taken?.intent.id ?? null,
    charge: taken?.charge.id ?? null,
  };
}

/** `invoice.updated` (basil, when it was open), `invoice.paid`, `invoice.payment_succeeded` (not when paid off Stripe). */
export function announcePaid(world: World, paid: InvoiceSpec): void {
  const due = invoiceAmounts(world.family, paid).due;
  const changed = { amount_paid: 0, amount_remaining: due, attempted: false, status: 'open' };
  if (paid.paidOutOfBand || (world.family === 'basil' && due > 0))
    world.tell('invoice.updated', invoiceObject, paid, changed);
  world.tell('invoice.paid', invoiceObject, paid);
  if (!paid.paidOutOfBand) world.tell('invoice.payment_succeeded', invoiceObject, paid);
}

/** `invoice_payment.paid` (basil): Stripe says it by itself, after the invoice. Older endpoints hear nothing of it. */
export function announceInvoicePayment(world: World, invoice: InvoiceSpec, taken: Taken | null, amount?: number): void {
  if (taken === null) return;
  const { intent, charge } = taken;
  tellInvoicePayment(world, invoice, { amountPaid: amount ?? charge.amount, paymentIntent: intent.id });
}

/** Money outside Stripe as a payment record (basil since 2025-10-29): `invoice_payment.paid` without a charge. */
export function announcePaymentRecord(world: World, invoice: InvoiceSpec, amountPaid: number): void {
  tellInvoicePayment(world, invoice, { amountPaid, paymentRecord: world.ids.next('pr') });
}

function tellInvoicePayment(
  world: World,
  invoice: InvoiceSpec,
  by: { amountPaid: number; paymentIntent?: string; paymentRecord?: string },
): void {
  const spec = {
    ...by,
    invoice: invoice.id,
    currency: invoice.currency,
    created: invoice.finalizedAt ?? invoice.created,
    paidAt: world.time,
    livemode: world.livemode,
  };
  if (world.family !== 'basil') {
    const id = derivedId('inpay', invoice.id, by.paymentIntent ?? by.paymentRecord ?? '');
    world.keep(plain(invoicePaymentObject), { ...spec, id });
    return;
  }
  world.beginAutomatic();
  world.tell('invoice_payment.paid', plain(invoicePaymentObject), { ...spec, id: world.ids.next('inpay') });
}

/** What surrounds the collection of an invoice. */
export interface Settling {
  /** Happens between the money and the paid invoice. */
  beforePaid?: (() => void) | undefined;
  /** Metadata of the payment intent and its charge. */
  paymentMetadata?: Metadata | undefined;
  /** Money outside Stripe is told as a payment record, too. */
  paymentRecord?: boolean | undefined;
}

/** Collects an open invoice: charge when something is due, then the invoice's own events. */
export function settleInvoice(world: World, open: InvoiceSpec, settling: Settling = {}): SimulatedPayment {
  const due = open.amountPaid ?? invoiceAmounts(world.family, { ...open, status: 'paid', paidOutOfBand: false }).due;
  const charged = due > 0 && !open.paidOutOfBand;
  const taken = charged
    ? take(world, {
        amount: due,
        currency: open.currency,
        customer: open.customer ?? null,
        email: open.customerEmail ?? null,
        invoice: open.id,
        metadata: settling.paymentMetadata,
        applicationFee: open.applicationFee ?? undefined,
        transferDestination: open.transferDestination ?? undefined,
      })
    : null;
  world.time += 1;
  const paid = paidInvoice(world, open, taken);
  settling.beforePaid?.();
  announcePaid(world, paid);
  announceInvoicePayment(world, paid, taken);
  if (open.paidOutOfBand && settling.paymentRecord) announcePaymentRecord(world, paid, due);
  return paymentOf(paid, taken === null ? [] : [taken]);
}

/** The record of a payment, for later verbs. */
export function paymentOf(
  invoice: InvoiceSpec | null,
  taken: readonly Taken[],
  session: string | null = null,
): SimulatedPayment {
  const charges = taken.map(({ charge }) => charge);
  return {
    invoice,
    session,
    paymentIntent: charges[0]?.paymentIntent ?? null,
    charge: charges[0]?.id ?? null,
    charges,
    refunds: [],
    customer: invoice?.customer ?? charges[0]?.customer ?? null,
    amount: charges.reduce((sum, charge) => sum + (charge.amountCaptured ?? charge.amount), 0),
    currency: invoice?.currency ?? charges[0]?.currency ?? 'usd',
  };
}
