import { DAY } from '../calendar.ts';
import type { Metadata } from '../json.ts';
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
}

/** Starts a subscription (scenarios 4, 5 and 6 of reference/stripe.md section 2). */
export function subscribe(world: World, given: SubscribeArguments): SimulatedSubscription {
  world.beginCall();
  const sub = draftSubscription(world, given);
  const checkout = (given.via ?? 'checkout') === 'checkout';
  const lines = [...(given.extraLines ?? []), ...itemLines(sub, sub.period, sub.trial !== undefined)];
  // Checkout moves credit by balance transactions of its own, so its first invoice starts at 0
  const paysFirst = checkout && world.family === 'basil' && !sub.trial;
  const spec = invoiceFor(world, sub, 'subscription_create', lines, paysFirst ? 0 : undefined);
  const later = paysFirst && invoiceTotals(spec).amountDue > 0;
  const payment = later
    ? startAfterPayment(world, sub, spec, given)
    : startBeforePayment(world, sub, spec, checkout ? given : null);
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
  const whom = { customer: given.customer.id, subscription: id, currency: first.price.currency };
  return {
    id,
    customer: given.customer,
    currency: first.price.currency,
    created: world.time,
    metadata: given.subscriptionMetadata ?? {},
    tax: given.tax,
    session: (given.via ?? 'checkout') === 'checkout' ? world.ids.session(world.livemode) : null,
    anchorDay,
    status: trial ? 'trialing' : 'incomplete',
    items,
    period: trial ?? { start: world.time, end: periodEnd(first.price, world.time, anchorDay) },
    trial,
    coupon: given.coupon,
    discount: given.coupon ? discountOf(world, given.coupon, whom) : undefined,
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
    }),
  );
  world.time += 2;
  sub.status = 'active';
  world.tell('customer.subscription.created', subscriptionObject, subscriptionNow(world, sub));
  const paid = paidInvoice(world, issueInvoice(world, { ...spec, created: world.time }), taken);
  sub.latestInvoice = paid;
  announcePaid(world, paid);
  completeSession(world, sub, paid, given);
  world.time += 1;
  announceInvoicePayment(world, paid, taken);
  return paymentOf(paid, [taken]);
}

/** Old Checkout, the API, and everything that costs nothing at first. */
function startBeforePayment(
  world: World,
  sub: SimulatedSubscription,
  spec: InvoiceSpec,
  session: SubscribeArguments | null,
): SimulatedPayment {
  const { due } = invoiceAmounts(world.family, spec);
  if (due === 0 && !sub.trial) sub.status = 'active';
  world.tell('customer.subscription.created', subscriptionObject, subscriptionNow(world, sub));
  const open = issueInvoice(world, spec);
  applyBalance(world, sub, open);
  const payment = settleInvoice(world, open, {
    beforePaid: () => {
      if (sub.status !== 'incomplete') return;
      sub.status = 'active';
      world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), {
        status: 'incomplete',
      });
    },
  });
  sub.latestInvoice = payment.invoice;
  if (session && payment.invoice) completeSession(world, sub, payment.invoice, session);
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
): void {
  const totals = invoiceTotals(invoice);
  const promotion = sub.discount
    ? [{ coupon: sub.discount.coupon, promotionCode: sub.discount.promotionCode ?? null }]
    : [];
  const { due } = invoiceAmounts(world.family, invoice);
  world.tell('checkout.session.completed', checkoutSessionObject, {
    id: sub.session ?? world.ids.session(world.livemode),
    mode: 'subscription',
    created: sub.created - 60,
    currency: sub.currency,
    amountSubtotal: totals.subtotal,
    amountTotal: totals.total,
    amountTax: totals.exclusiveTax + totals.inclusiveTax,
    amountDiscount: totals.discount,
    paymentStatus: due > 0 ? 'paid' : 'no_payment_required',
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
