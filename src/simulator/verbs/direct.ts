import { DAY } from '../calendar.ts';
import type { Metadata } from '../json.ts';
import { chargeObject, type ChargeSpec } from '../objects/charge.ts';
import { paymentIntentObject, type PaymentIntentSpec } from '../objects/payment-intent.ts';
import type { SimulatedCustomer, SimulatedPayment } from '../state.ts';
import type { World } from '../world.ts';
import { announceIntent, paymentOf, planTaking, take, type Taken } from './money.ts';
import { refund } from './refunds.ts';

/** A payment made without Checkout and without an invoice. Amounts in minor units. */
export interface DirectArguments {
  amount: number;
  currency?: string | undefined;
  customer?: SimulatedCustomer | null | undefined;
  /** Accounts v2 identity, instead of or beside the customer. */
  customerAccount?: string | undefined;
  email?: string | null | undefined;
  metadata?: Metadata | undefined;
  /** L2/L3 data on the intent, minor units. */
  amountDetails?: PaymentIntentSpec['amountDetails'];
  applicationFee?: number | undefined;
  transferDestination?: string | undefined;
  presentment?: { amount: number; currency: string } | undefined;
}

function plan(given: DirectArguments) {
  return {
    ...given,
    currency: given.currency ?? 'usd',
    customer: given.customer?.id ?? null,
    email: given.email ?? given.customer?.email ?? null,
  };
}

/** A card payment by a payment intent (scenario 15). */
export function paymentIntent(world: World, given: DirectArguments): SimulatedPayment {
  world.beginCall();
  return paymentOf(null, [take(world, plan(given))]);
}

/**
 * Authorise now, capture a day later (scenario 15). `captured` less than `amount` releases the rest; 0 lets the
 * authorisation expire, which Stripe shows as a refund of reason `expired_uncaptured_charge`.
 * `releaseShownAsRefund` counts the released rest in `amount_refunded`, as some flows do; with `releaseTold` it is
 * a refund object with events of its own.
 */
export function manualCapture(
  world: World,
  given: DirectArguments & {
    captured: number;
    releaseShownAsRefund?: boolean | undefined;
    releaseTold?: boolean | undefined;
  },
): SimulatedPayment {
  world.beginCall();
  const planned = planTaking(world, plan(given));
  planned.intent.captureMethod = 'manual';
  announceIntent(world, planned);
  world.time += 1;
  const held: ChargeSpec = {
    ...planned.charge,
    status: 'succeeded',
    captured: false,
    created: world.time,
  };
  const waiting: PaymentIntentSpec = {
    ...planned.intent,
    status: 'requires_capture',
    amountCapturable: given.amount,
    latestCharge: held.id,
  };
  world.tell('charge.succeeded', chargeObject, held);
  world.tell('payment_intent.amount_capturable_updated', paymentIntentObject, waiting);
  return given.captured > 0
    ? capture(world, given, { charge: held, intent: waiting })
    : expire(world, { charge: held, intent: waiting });
}

function capture(
  world: World,
  given: {
    captured: number;
    amount: number;
    releaseShownAsRefund?: boolean | undefined;
    releaseTold?: boolean | undefined;
  },
  { charge, intent }: Taken,
): SimulatedPayment {
  world.time += DAY;
  world.beginCall();
  const rest = given.amount - given.captured;
  const released = given.releaseShownAsRefund && !given.releaseTold ? rest : 0;
  const captured: ChargeSpec = {
    ...charge,
    captured: true,
    amountCaptured: given.captured,
    amountRefunded: released,
    released,
  };
  const done: PaymentIntentSpec = {
    ...intent,
    status: 'succeeded',
    amountCapturable: 0,
    amountReceived: given.captured,
  };
  world.tell('charge.captured', chargeObject, captured, {
    amount_captured: 0,
    captured: false,
  });
  world.tell('payment_intent.succeeded', paymentIntentObject, done);
  if (!given.releaseTold || rest === 0) return paymentOf(null, [{ charge: captured, intent: done }]);
  const payment = paymentOf(null, [{ charge: { ...captured, released: rest }, intent: done }]);
  refund(world, payment, { amount: rest, reason: 'expired_uncaptured_charge' });
  return payment;
}

function expire(world: World, { charge, intent }: Taken): SimulatedPayment {
  world.time += 7 * DAY;
  world.beginAutomatic();
  world.tell('charge.expired', chargeObject, charge);
  const canceled: PaymentIntentSpec = {
    ...intent,
    status: 'canceled',
    amountCapturable: 0,
    canceledAt: world.time,
  };
  world.tell('payment_intent.canceled', paymentIntentObject, canceled);
  const nothing = { ...paymentOf(null, [{ charge, intent: canceled }]), amount: 0 };
  refund(world, nothing, { amount: charge.amount, reason: 'expired_uncaptured_charge' });
  return nothing;
}

/** A charge of the legacy Charges API, without a payment intent: `charge.succeeded`. */
export function legacyCharge(world: World, given: DirectArguments): SimulatedPayment {
  world.beginCall();
  const { charge, intent } = planTaking(world, plan(given));
  const made: ChargeSpec = { ...charge, paymentIntent: null, status: 'succeeded', captured: true };
  world.tell('charge.succeeded', chargeObject, made);
  return paymentOf(null, [{ charge: made, intent }]);
}

/** The payment a Connect transfer makes on the connected account: looks like a charge, is no sale. */
export function transferPayment(world: World, given: DirectArguments): SimulatedPayment {
  world.beginAutomatic();
  const { charge, intent } = planTaking(world, plan(given));
  const made: ChargeSpec = {
    ...charge,
    id: world.ids.next('py'),
    paymentIntent: null,
    sourceTransfer: world.ids.next('tr'),
  };
  world.tell('charge.succeeded', chargeObject, made);
  return paymentOf(null, [{ charge: made, intent }]);
}
