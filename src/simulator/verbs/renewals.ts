import { DAY, HOUR } from '../calendar.ts';
import type { Metadata } from '../json.ts';
import { chargeObject } from '../objects/charge.ts';
import { type InvoiceSpec, invoiceAmounts, invoiceObject } from '../objects/invoice.ts';
import { paymentIntentObject } from '../objects/payment-intent.ts';
import type { SimulatedPayment, SimulatedSubscription } from '../state.ts';
import { subscriptionObject } from '../objects/subscription.ts';
import type { World } from '../world.ts';
import {
  announceInvoicePayment,
  announceIntent,
  announceMoney,
  announcePaid,
  issueInvoice,
  paidInvoice,
  paymentOf,
  planTaking,
  settleInvoice,
} from './money.ts';
import {
  announceUpcoming,
  applyBalance,
  invoiceFor,
  itemLines,
  periodEnd,
  subscriptionNow,
  waitUntil,
} from './subscriptions.ts';

/** What a merchant attaches to the invoice of a period. */
export interface TurnArguments {
  invoiceMetadata?: Metadata | undefined;
  /** Metadata of its payment intent and charge. */
  paymentMetadata?: Metadata | undefined;
}

/** Turns the period: `customer.subscription.updated`, then the draft and, an hour later, the open invoice. */
function openCycle(world: World, sub: SimulatedSubscription, metadata?: Metadata): InvoiceSpec {
  waitUntil(world, sub.period.end);
  world.beginAutomatic();
  const first = sub.items[0];
  if (!first) throw new RangeError('renew: the subscription has no items');
  const before = {
    latest_invoice: sub.latestInvoice?.id ?? null,
    ...(sub.status === 'trialing' ? { status: 'trialing' } : {}),
  };
  sub.period = {
    start: sub.period.end,
    end: periodEnd(first.price, sub.period.end, sub.anchorDay),
  };
  sub.status = 'active';
  const lines = [...sub.pendingLines, ...itemLines(sub, sub.period)];
  sub.pendingLines = [];
  const spec = { ...invoiceFor(world, sub, 'subscription_cycle', lines), metadata };
  world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), before);
  const open = issueInvoice(world, spec, HOUR);
  applyBalance(world, sub, open);
  return open;
}

function closeCycle(sub: SimulatedSubscription, payment: SimulatedPayment): SimulatedPayment {
  sub.latestInvoice = payment.invoice;
  sub.payments.push(payment);
  if (sub.coupon?.duration === 'once') sub.discount = undefined;
  return payment;
}

/** The next period is billed and paid (scenario 7). Moves the clock to the period's end unless it is past it. */
export function renew(world: World, sub: SimulatedSubscription, given: TurnArguments = {}): SimulatedPayment {
  announceUpcoming(world, sub, (spec) => invoiceObject(world.family, spec));
  return closeCycle(sub, settleInvoice(world, openCycle(world, sub, given.invoiceMetadata), given));
}

/** A trial ends and the first money comes (scenario 6): its invoice is a `subscription_cycle`. */
export function trialEnd(world: World, sub: SimulatedSubscription, given: TurnArguments = {}): SimulatedPayment {
  if (!sub.trial) throw new RangeError('trialEnd: the subscription has no trial');
  waitUntil(world, sub.trial.end - 3 * DAY);
  world.beginAutomatic();
  world.tell('customer.subscription.trial_will_end', subscriptionObject, subscriptionNow(world, sub));
  return closeCycle(sub, settleInvoice(world, openCycle(world, sub, given.invoiceMetadata), given));
}

/**
 * Dunning: the renewal fails `attempts` times, days apart, and is then paid; with `recovers: false` the
 * subscription is cancelled, the invoice given up, and the payment has no money.
 */
export function failThenPay(
  world: World,
  sub: SimulatedSubscription,
  attempts = 3,
  { recovers = true }: { recovers?: boolean } = {},
): SimulatedPayment {
  const open = openCycle(world, sub);
  const { due } = invoiceAmounts(world.family, open);
  if (due === 0) return closeCycle(sub, settleInvoice(world, open));
  const planned = planTaking(world, {
    amount: due,
    currency: open.currency,
    customer: sub.customer.id,
    email: sub.customer.email,
    invoice: open.id,
  });
  announceIntent(world, planned);
  let failing: InvoiceSpec = { ...open, paymentIntent: planned.intent.id };
  for (let attempt = 1; attempt <= attempts; attempt++) {
    failing = failOnce(world, sub, { ...failing, attempts: attempt }, planned);
    world.time += (1 + attempt * 2) * DAY;
  }
  if (!recovers) return giveUp(world, sub, failing);
  const taken = announceMoney(world, {
    ...planned,
    charge: { ...planned.charge, id: world.ids.next('ch') },
  });
  world.time += 1;
  sub.status = 'active';
  world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), { status: 'past_due' });
  const paid = { ...paidInvoice(world, failing, taken), attempts: attempts + 1 };
  announcePaid(world, paid);
  announceInvoicePayment(world, paid, taken);
  return closeCycle(sub, paymentOf(paid, [taken]));
}

function failOnce(
  world: World,
  sub: SimulatedSubscription,
  open: InvoiceSpec,
  planned: ReturnType<typeof planTaking>,
): InvoiceSpec {
  const charge = {
    ...planned.charge,
    id: world.ids.next('ch'),
    created: world.time,
    status: 'failed' as const,
    captured: false,
  };
  const failing = { ...open, charge: charge.id };
  world.tell('charge.failed', chargeObject, charge);
  world.tell('payment_intent.payment_failed', paymentIntentObject, { ...planned.intent, latestCharge: charge.id });
  world.tell('invoice.updated', invoiceObject, failing, {
    attempt_count: (failing.attempts ?? 1) - 1,
  });
  world.tell('invoice.payment_failed', invoiceObject, failing);
  if (sub.status === 'past_due') return failing;
  sub.status = 'past_due';
  world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), { status: 'active' });
  return failing;
}

function giveUp(world: World, sub: SimulatedSubscription, failing: InvoiceSpec): SimulatedPayment {
  const lost: InvoiceSpec = { ...failing, status: 'uncollectible', paidAt: world.time };
  world.tell('invoice.marked_uncollectible', invoiceObject, lost);
  cancel(world, sub, { reason: 'payment_failed' });
  sub.latestInvoice = lost;
  return paymentOf(lost, []);
}

/** Ends a subscription (scenario 27): at once, or with `atPeriodEnd` after a notice and the rest of the period. */
export function cancel(
  world: World,
  sub: SimulatedSubscription,
  { atPeriodEnd = false, reason = 'cancellation_requested' }: { atPeriodEnd?: boolean; reason?: string } = {},
): void {
  if (reason === 'cancellation_requested') world.beginCall();
  if (atPeriodEnd) {
    world.tell(
      'customer.subscription.updated',
      subscriptionObject,
      subscriptionNow(world, sub, { cancelAtPeriodEnd: true, reason }),
      {
        cancel_at_period_end: false,
      },
    );
    waitUntil(world, sub.period.end);
    world.beginAutomatic();
  }
  sub.status = 'canceled';
  world.tell(
    'customer.subscription.deleted',
    subscriptionObject,
    subscriptionNow(world, sub, { endedAt: world.time, cancelAtPeriodEnd: atPeriodEnd, reason }),
  );
}
