import { DAY } from '../calendar.ts';
import type { Metadata } from '../json.ts';
import { discountObject } from '../objects/discount.ts';
import { endDebit, startDebit } from './debit.ts';
import { checkoutSessionObject, type SessionLineItem } from '../objects/checkout-session.ts';
import { type InvoiceSpec, invoiceAmounts } from '../objects/invoice.ts';
import type { InvoiceLineSpec } from '../objects/line.ts';
import { invoiceTotals } from '../objects/totals.ts';
import type {
  CouponTerms,
  SimulatedCustomer,
  SimulatedPayment,
  SimulatedPrice,
  SimulatedSubscription,
  TaxTerms,
} from '../state.ts';
import { subscriptionObject } from '../objects/subscription.ts';
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
} from './money.ts';
import { applyBalance, invoiceFor, itemLines, periodEnd, subscriptionNow } from './subscriptions.ts';
import { discountOf } from './terms.ts';

/** How a subscription starts. */
export interface SubscribeArguments {
  customer: SimulatedCustomer;
  price?: SimulatedPrice | undefined;
  items?: readonly { price: SimulatedPrice; quantity?: number | undefined }[] | undefined;
  quantity?: number | undefined;
  /** Default `checkout`. */
  via?: 'checkout' | 'api' | undefined;
  clientReferenceId?: string | undefined;
  sessionMetadata?: Metadata | undefined;
  subscriptionMetadata?: Metadata | undefined;
  /** Set when the session came from a Payment Link. */
  paymentLink?: string | undefined;
  trialDays?: number | undefined;
  coupon?: CouponTerms | undefined;
  tax?: TaxTerms | undefined;
  /** Added to the first invoice only, for example a setup fee. */
  extraLines?: readonly InvoiceLineSpec[] | undefined;
  /** The first invoice's own metadata. */
  invoiceMetadata?: Metadata | undefined;
  /** Metadata of the first payment intent and its charge. */
  paymentMetadata?: Metadata | undefined;
  /** `customer.discount.created` tells of the coupon. */
  discountTold?: boolean | undefined;
  /** A bank debit that settles, or bounces, four days after the session. */
  asyncMethod?: 'succeeds' | 'fails' | undefined;
}

/** Starts a subscription (scenarios 4, 5 and 6 of reference/stripe.md section 2). */
export function subscribe(world: World, given: SubscribeArguments): SimulatedSubscription {
  world.beginCall();
  const sub = draftSubscription(world, given);
  const checkout = (given.via ?? 'checkout') === 'checkout';
  const lines = [...(given.extraLines ?? []), ...itemLines(sub, sub.period, sub.trial !== undefined)];
  // Checkout moves credit by balance transactions of its own, so its first invoice starts at 0
  const paysFirst = checkout && world.family === 'basil' && !sub.trial;
  const spec = {
    ...invoiceFor(world, sub, 'subscription_create', lines, paysFirst ? 0 : undefined),
    metadata: given.invoiceMetadata,
  };
  const later = paysFirst && !given.asyncMethod && invoiceTotals(spec).amountDue > 0;
  const payment = later ? startAfterPayment(world, sub, spec, given) : startBeforePayment(world, sub, spec, given);
  sub.firstPayment = { ...payment, session: sub.session };
  sub.payments.push(sub.firstPayment);
  if (given.coupon?.duration === 'once' && !sub.trial) sub.discount = undefined;
  return sub;
}

function draftSubscription(world: World, given: SubscribeArguments): SimulatedSubscription {
  const listed = given.items ?? (given.price ? [{ price: given.price, quantity: given.quantity }] : []);
  const items = listed.map(({ price, quantity }) => ({ price, quantity: quantity ?? 1 }));
  const first = items[0];
  if (!first) throw new RangeError('subscribe: give a price or items');
  const id = world.ids.next('sub');
  const anchorDay = new Date((world.time + (given.trialDays ?? 0) * DAY) * 1000).getUTCDate();
  const trial = given.trialDays ? { start: world.time, end: world.time + given.trialDays * DAY } : undefined;
  const session = (given.via ?? 'checkout') === 'checkout' ? world.ids.session(world.livemode) : null;
  const whom = { customer: given.customer.id, subscription: id, currency: first.price.currency };
  return {
    id,
    customer: given.customer,
    currency: first.price.currency,
    created: world.time,
    metadata: given.subscriptionMetadata ?? {},
    tax: given.tax,
    session,
    anchorDay,
    status: trial ? 'trialing' : 'incomplete',
    items,
    period: trial ?? { start: world.time, end: periodEnd(first.price, world.time, anchorDay) },
    trial,
    coupon: given.coupon,
    discount: given.coupon ? discountOf(world, given.coupon, { ...whom, session: session ?? undefined }) : undefined,
    pendingLines: [],
    latestInvoice: null,
    firstPayment: paymentOf(null, []),
    payments: [],
  };
}

/** basil Checkout: the money moves before subscription and invoice exist. */
function startAfterPayment(
  world: World,
  sub: SimulatedSubscription,
  spec: InvoiceSpec,
  given: SubscribeArguments,
): SimulatedPayment {
  const { due } = invoiceAmounts(world.family, spec);
  const taken = announceMoney(
    world,
    planTaking(world, {
      amount: due,
      currency: sub.currency,
      customer: sub.customer.id,
      email: sub.customer.email,
      metadata: given.paymentMetadata,
    }),
  );
  world.time += 2;
  sub.status = 'active';
  announceSubscription(world, sub, given);
  const paid = paidInvoice(world, issueInvoice(world, { ...spec, created: world.time }), taken);
  sub.latestInvoice = paid;
  announcePaid(world, paid);
  completeSession(world, sub, paid, given);
  world.time += 1;
  announceInvoicePayment(world, paid, taken);
  return paymentOf(paid, [taken]);
}

function announceSubscription(world: World, sub: SimulatedSubscription, given: SubscribeArguments): void {
  world.tell('customer.subscription.created', subscriptionObject, subscriptionNow(world, sub));
  if (sub.discount && given.discountTold) world.tell('customer.discount.created', discountObject, sub.discount);
}

/** Old Checkout, the API, and everything that costs nothing at first. */
function startBeforePayment(
  world: World,
  sub: SimulatedSubscription,
  spec: InvoiceSpec,
  given: SubscribeArguments,
): SimulatedPayment {
  const { due } = invoiceAmounts(world.family, spec);
  if ((due === 0 || given.asyncMethod) && !sub.trial) sub.status = 'active';
  announceSubscription(world, sub, given);
  const open = issueInvoice(world, spec);
  applyBalance(world, sub, open);
  if (given.asyncMethod && due > 0) return startByDebit(world, sub, open, given);
  const payment = settleInvoice(world, open, {
    paymentMetadata: given.paymentMetadata,
    beforePaid: () => {
      if (sub.status !== 'incomplete') return;
      sub.status = 'active';
      world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), {
        status: 'incomplete',
      });
    },
  });
  sub.latestInvoice = payment.invoice;
  if (sub.session && payment.invoice) completeSession(world, sub, payment.invoice, given);
  return payment;
}

/** A bank debit: the subscription runs already, the session says `unpaid` until the bank has answered. */
function startByDebit(
  world: World,
  sub: SimulatedSubscription,
  open: InvoiceSpec,
  given: SubscribeArguments,
): SimulatedPayment {
  const pending = startDebit(world, open, given.paymentMetadata);
  if (sub.session) completeSession(world, sub, open, given, 'unpaid');
  world.time += 4 * DAY;
  world.beginAutomatic();
  const succeeds = given.asyncMethod === 'succeeds';
  const payment = endDebit(world, open, pending, succeeds);
  sub.latestInvoice = payment.invoice;
  if (sub.session && payment.invoice) {
    completeSession(world, sub, payment.invoice, given, succeeds ? 'async_payment_succeeded' : 'async_payment_failed');
  }
  return payment;
}

function sessionItem(line: InvoiceLineSpec): SessionLineItem {
  const amountDiscount = (line.discountAmounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
  const taxes = line.taxes ?? [];
  const onTop = taxes.reduce((sum, tax) => sum + (tax.inclusive ? 0 : tax.amount), 0);
  return {
    description: line.description,
    price: line.price ?? null,
    quantity: line.quantity ?? 1,
    amountSubtotal: line.amount,
    amountDiscount,
    amountTax: taxes.reduce((sum, tax) => sum + tax.amount, 0),
    amountTotal: line.amount - amountDiscount + onTop,
  };
}

function completeSession(
  world: World,
  sub: SimulatedSubscription,
  invoice: InvoiceSpec,
  given: SubscribeArguments,
  delayed?: 'unpaid' | 'async_payment_succeeded' | 'async_payment_failed',
): void {
  const totals = invoiceTotals(invoice);
  const promotion = sub.discount
    ? [{ coupon: sub.discount.coupon, promotionCode: sub.discount.promotionCode ?? null }]
    : [];
  const { due } = invoiceAmounts(world.family, invoice);
  const unpaid = delayed === 'unpaid' || delayed === 'async_payment_failed';
  const type = delayed === undefined || delayed === 'unpaid' ? 'completed' : delayed;
  world.tell(`checkout.session.${type}`, checkoutSessionObject, {
    id: sub.session ?? world.ids.session(world.livemode),
    mode: 'subscription',
    created: sub.created - 60,
    currency: sub.currency,
    amountSubtotal: totals.subtotal,
    amountTotal: totals.total,
    amountTax: totals.exclusiveTax + totals.inclusiveTax,
    amountDiscount: totals.discount,
    paymentStatus: unpaid ? 'unpaid' : due > 0 ? 'paid' : 'no_payment_required',
    customer: sub.customer.id,
    email: sub.customer.email,
    clientReferenceId: given.clientReferenceId,
    metadata: given.sessionMetadata,
    invoice: invoice.id,
    subscription: sub.id,
    paymentLink: given.paymentLink,
    discounts: promotion,
    lineItems: invoice.lines.map(sessionItem),
    livemode: world.livemode,
  });
}
