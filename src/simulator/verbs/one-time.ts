import { DAY } from '../calendar.ts';
import type { Metadata } from '../json.ts';
import { chargeObject, type ChargeSpec } from '../objects/charge.ts';
import { checkoutSessionObject } from '../objects/checkout-session.ts';
import type { InvoiceSpec } from '../objects/invoice.ts';
import { paymentIntentObject } from '../objects/payment-intent.ts';
import { taxOf } from '../shares.ts';
import type { SimulatedCustomer, SimulatedPayment, SimulatedPrice, TaxTerms } from '../state.ts';
import type { World } from '../world.ts';
import {
  announceIntent,
  announceInvoicePayment,
  announceMoney,
  announcePaid,
  issueInvoice,
  paidInvoice,
  paymentOf,
  planTaking,
  type Taken,
} from './money.ts';

/** A one-time purchase through Checkout. Amounts in minor units. */
export interface CheckoutPaymentArguments {
  /** Null or absent for a guest. */
  customer?: SimulatedCustomer | null | undefined;
  email?: string | null | undefined;
  /** Gross of tax when the tax is inclusive, net of it otherwise; shipping comes on top. */
  amount: number;
  currency?: string | undefined;
  invoiceCreation?: boolean | undefined;
  metadata?: Metadata | undefined;
  /** Metadata of the payment intent and its charge; the session's is not copied there. */
  paymentMetadata?: Metadata | undefined;
  clientReferenceId?: string | undefined;
  paymentLink?: string | undefined;
  /** A bank debit that settles, or bounces, four days later. */
  asyncMethod?: 'succeeds' | 'fails' | undefined;
  tax?: TaxTerms | undefined;
  shipping?: number | undefined;
  /** Shown on the invoice's line when there is an invoice. */
  price?: SimulatedPrice | undefined;
  discounts?: readonly { coupon: string | null; promotionCode: string | null }[] | undefined;
  applicationFee?: number | undefined;
  transferDestination?: string | undefined;
  presentment?: { amount: number; currency: string } | undefined;
}

interface Purchase {
  given: CheckoutPaymentArguments;
  taken: Taken;
  session: string;
  invoice: InvoiceSpec | null;
  total: number;
  tax: number;
}

/** A Checkout payment (scenarios 1, 2, 3 and 16). A bounced one returns amount 0 and no charge. */
export function checkoutPayment(world: World, given: CheckoutPaymentArguments): SimulatedPayment {
  world.beginCall();
  const purchase = planPurchase(world, given);
  announceIntent(world, purchase.taken);
  world.time += 30;
  if (given.asyncMethod) return settleLater(world, purchase, given.asyncMethod === 'succeeds');
  const taken = announceMoney(world, purchase.taken);
  announceSession(world, 'checkout.session.completed', purchase, 'paid');
  return finish(world, purchase, taken);
}

function planPurchase(world: World, given: CheckoutPaymentArguments): Purchase {
  const tax = given.tax ? taxOf(given.amount, given.tax.percent, given.tax.inclusive) : 0;
  const total = given.amount + (given.tax && !given.tax.inclusive ? tax : 0) + (given.shipping ?? 0);
  const email = given.email ?? given.customer?.email ?? null;
  const { applicationFee, transferDestination, presentment } = given;
  const taken = planTaking(world, {
    amount: total,
    currency: given.currency ?? 'usd',
    customer: given.customer?.id ?? null,
    email,
    metadata: given.paymentMetadata,
    method: given.asyncMethod ? 'sepa_debit' : 'card',
    applicationFee,
    transferDestination,
    presentment,
  });
  const purchase: Purchase = {
    given,
    taken,
    session: world.ids.session(world.livemode),
    invoice: null,
    total,
    tax,
  };
  return given.invoiceCreation ? { ...purchase, invoice: receiptInvoice(world, purchase, email) } : purchase;
}

function receiptInvoice(world: World, { given, tax }: Purchase, email: string | null): InvoiceSpec {
  return {
    id: world.ids.next('in'),
    created: world.time,
    currency: given.currency ?? 'usd',
    customer: given.customer?.id ?? null,
    customerEmail: email,
    billingReason: 'manual',
    livemode: world.livemode,
    metadata: {},
    lines: [
      {
        amount: given.amount,
        description: 'One-time purchase',
        price: given.price ?? null,
        kind: 'invoiceitem',
        taxes: given.tax ? [{ amount: tax, inclusive: given.tax.inclusive }] : [],
      },
    ],
    ...(given.shipping ? { shippingCost: { amountSubtotal: given.shipping } } : {}),
  };
}

/** Invoice of the receipt kind, made after the money, and the late `charge.updated`. */
function finish(world: World, purchase: Purchase, taken: Taken): SimulatedPayment {
  let paid: InvoiceSpec | null = null;
  if (purchase.invoice) {
    const open = issueInvoice(world, { ...purchase.invoice, created: world.time });
    paid = paidInvoice(world, open, taken);
    announcePaid(world, paid);
    announceInvoicePayment(world, paid, taken);
  }
  world.time += 3;
  world.beginAutomatic();
  const settled: ChargeSpec = {
    ...taken.charge,
    invoice: paid?.id ?? null,
    balanceTransaction: world.ids.next('txn'),
  };
  world.tell('charge.updated', chargeObject, settled, { balance_transaction: null });
  return paymentOf(paid, [{ ...taken, charge: settled }], purchase.session);
}

function announceSession(
  world: World,
  type: string,
  { given, taken, session, invoice, total, tax }: Purchase,
  paymentStatus: 'paid' | 'unpaid',
): void {
  world.tell(type, checkoutSessionObject, {
    id: session,
    mode: 'payment',
    created: taken.charge.created - 60,
    currency: given.currency ?? 'usd',
    amountSubtotal: given.amount,
    amountTotal: total,
    amountTax: tax,
    amountShipping: given.shipping,
    paymentStatus,
    customer: given.customer?.id ?? null,
    email: given.email ?? given.customer?.email,
    clientReferenceId: given.clientReferenceId,
    metadata: given.metadata,
    invoice: paymentStatus === 'paid' ? (invoice?.id ?? null) : null,
    invoiceCreation: given.invoiceCreation,
    paymentIntent: taken.intent.id,
    paymentLink: given.paymentLink,
    discounts: given.discounts,
    lineItems: [
      {
        description: 'One-time purchase',
        price: given.price ?? null,
        quantity: 1,
        amountSubtotal: given.amount,
        amountDiscount: 0,
        amountTax: tax,
        amountTotal: total - (given.shipping ?? 0),
      },
    ],
    livemode: world.livemode,
  });
}

function settleLater(world: World, purchase: Purchase, succeeds: boolean): SimulatedPayment {
  const pending: Taken = {
    charge: { ...purchase.taken.charge, status: 'pending', created: world.time },
    intent: {
      ...purchase.taken.intent,
      status: 'processing',
      latestCharge: purchase.taken.charge.id,
    },
  };
  world.tell('charge.pending', chargeObject, pending.charge);
  world.tell('payment_intent.processing', paymentIntentObject, pending.intent);
  announceSession(world, 'checkout.session.completed', purchase, 'unpaid');
  world.time += 4 * DAY;
  world.beginAutomatic();
  if (succeeds) {
    const taken = announceMoney(world, pending);
    announceSession(world, 'checkout.session.async_payment_succeeded', purchase, 'paid');
    return finish(world, purchase, taken);
  }
  world.tell('charge.failed', chargeObject, { ...pending.charge, status: 'failed' });
  world.tell('payment_intent.payment_failed', paymentIntentObject, {
    ...pending.intent,
    status: 'requires_payment_method',
  });
  announceSession(world, 'checkout.session.async_payment_failed', purchase, 'unpaid');
  return {
    ...paymentOf(null, [], purchase.session),
    paymentIntent: pending.intent.id,
    customer: pending.charge.customer ?? null,
  };
}

/** A session that only stores a card (mode `setup`): never money. Returns the session's id. */
export function setupSession(
  world: World,
  given: {
    customer?: SimulatedCustomer | null;
    clientReferenceId?: string;
    metadata?: Metadata;
  } = {},
): string {
  world.beginCall();
  const id = world.ids.session(world.livemode);
  const spec = {
    id,
    mode: 'setup' as const,
    created: world.time,
    currency: null,
    paymentStatus: 'no_payment_required' as const,
    customer: given.customer?.id ?? null,
    email: given.customer?.email ?? null,
    clientReferenceId: given.clientReferenceId,
    metadata: given.metadata,
    setupIntent: world.ids.next('seti'),
    livemode: world.livemode,
  };
  world.tell('checkout.session.completed', checkoutSessionObject, spec);
  return id;
}
