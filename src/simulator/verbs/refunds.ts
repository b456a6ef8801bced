import { DAY } from '../calendar.ts';
import { chargeObject, type ChargeSpec } from '../objects/charge.ts';
import { refundObject, type RefundSpec } from '../objects/refund.ts';
import type { Metadata, JsonObject } from '../json.ts';
import type { RefundTelling, SimulatedPayment, SimulatedRefund } from '../state.ts';
import type { World } from '../world.ts';

/** How money goes back. */
export interface RefundArguments {
  /** Minor units; default: all that is left on the charge. */
  amount?: number | undefined;
  /** Born pending; settle or fail it later. */
  pending?: boolean | undefined;
  reason?: RefundSpec['reason'];
  metadata?: Metadata | undefined;
  /** Which charge of a payment in parts; default the first. */
  charge?: number | undefined;
  /** Which of its events are sent, now and later; default what the account's endpoint hears. */
  told?: RefundTelling | undefined;
}

function said(world: World, refund: SimulatedRefund, kind: 'charge' | 'refund'): boolean {
  const told = refund.told ?? world.refundEvents;
  return told === 'both' || told === `${kind}-only`;
}

function emitRefund(
  world: World,
  type: 'created' | 'updated' | 'failed',
  refund: SimulatedRefund,
  previous?: JsonObject,
): void {
  const { spec } = refund;
  world.keep(refundObject, spec);
  if (type === 'updated' && said(world, refund, 'charge')) {
    world.tell('charge.refund.updated', refundObject, spec, previous);
  }
  if (said(world, refund, 'refund')) world.tell(`refund.${type}`, refundObject, spec, previous);
}

function chargeNow(world: World, payment: SimulatedPayment, charge: ChargeSpec): ChargeSpec {
  const mine = payment.refunds.filter((refund) => refund.charge === charge.id);
  return world.embedRefunds ? { ...charge, embeddedRefunds: mine.toReversed() } : charge;
}

/** The charge as it is from now on; an event may follow. */
export function replaceCharge(world: World, payment: SimulatedPayment, charge: ChargeSpec): void {
  world.keep(chargeObject, charge);
  payment.charges = payment.charges.map((known) => (known.id === charge.id ? charge : known));
}

function remember(refund: SimulatedRefund, change: Partial<RefundSpec>): void {
  refund.spec = { ...refund.spec, ...change };
  refund.payment.refunds = refund.payment.refunds.map((known) => (known.id === refund.id ? refund.spec : known));
}

/**
 * Gives money back (scenarios 18 to 20): `refund.created`, `charge.refunded` and, once the bank's reference is
 * known, `refund.updated` with its twin `charge.refund.updated`. A pending one stops before the reference.
 */
export function refund(world: World, payment: SimulatedPayment, given: RefundArguments = {}): SimulatedRefund {
  const made = startRefund(world, payment, given);
  announceRefund(world, made);
  return made;
}

/** Makes a refund of which nobody has heard yet: say so with `announceRefund`. */
export function startRefund(world: World, payment: SimulatedPayment, given: RefundArguments): SimulatedRefund {
  const charge = payment.charges[given.charge ?? 0];
  if (!charge) throw new RangeError('refund: no money moved on Stripe');
  if (given.reason !== 'expired_uncaptured_charge') world.beginCall();
  const before = charge.amountRefunded ?? 0;
  const left = (charge.amountCaptured ?? charge.amount) + (charge.released ?? 0) - before;
  const amount = given.amount ?? left;
  const spec: RefundSpec = {
    id: world.ids.next(charge.id.startsWith('py_') ? 'pyr' : 're'),
    amount,
    currency: charge.currency,
    charge: charge.id,
    paymentIntent: charge.paymentIntent,
    created: world.time,
    status: given.pending ? 'pending' : 'succeeded',
    reason: given.reason ?? null,
    metadata: given.metadata,
    balanceTransaction: world.ids.next('txn'),
    customer: charge.customer ?? null,
  };
  payment.refunds = [...payment.refunds, spec];
  replaceCharge(world, payment, { ...charge, amountRefunded: before + amount });
  return { id: spec.id, payment, spec, told: given.told };
}

/** Tells of a refund that was made a moment ago. */
export function announceRefund(world: World, made: SimulatedRefund): void {
  const { payment, spec } = made;
  const charge = payment.charges.find(({ id }) => id === spec.charge);
  emitRefund(world, 'created', made);
  if (charge && said(world, made, 'charge')) {
    world.tell('charge.refunded', chargeObject, chargeNow(world, payment, charge), {
      amount_refunded: (charge.amountRefunded ?? 0) - spec.amount,
      refunded: false,
    });
  }
  if (spec.status !== 'pending' && spec.reason !== 'expired_uncaptured_charge') settleRefund(world, made);
}

/** The bank's reference appears, after some days if so told, and with it a pending refund succeeds. */
export function settleRefund(
  world: World,
  refunded: SimulatedRefund,
  { afterDays = 0 }: { afterDays?: number } = {},
): void {
  world.time += 5 + Math.round(afterDays * DAY);
  world.beginAutomatic();
  const was = refunded.spec.status ?? 'succeeded';
  remember(refunded, { status: 'succeeded', reference: world.ids.next('arn').slice(4, 27) });
  emitRefund(
    world,
    'updated',
    refunded,
    was === 'pending' ? { status: 'pending' } : { destination_details: { card: { reference_status: 'pending' } } },
  );
}

/** A refund bounces some days later (scenario 21); the charge's `amount_refunded` goes back down. */
export function failRefund(
  world: World,
  refunded: SimulatedRefund,
  { canceled = false, afterDays = 3 }: { canceled?: boolean; afterDays?: number } = {},
): void {
  world.time += Math.round(afterDays * DAY);
  world.beginAutomatic();
  const was = refunded.spec.status ?? 'succeeded';
  if (was === 'failed' || was === 'canceled') throw new RangeError('failRefund: it has failed already');
  remember(refunded, { status: canceled ? 'canceled' : 'failed' });
  const charge = refunded.payment.charges.find(({ id }) => id === refunded.spec.charge);
  if (charge)
    replaceCharge(world, refunded.payment, {
      ...charge,
      amountRefunded: (charge.amountRefunded ?? 0) - refunded.spec.amount,
    });
  emitRefund(world, 'updated', refunded, { status: was });
  if (!canceled) emitRefund(world, 'failed', refunded);
}

/** A mere edit of a refund's metadata: `refund.updated` that must not count as a second refund. */
export function editRefund(world: World, refunded: SimulatedRefund, metadata: Metadata): void {
  world.beginCall();
  const previous = { metadata: refunded.spec.metadata ?? {} };
  remember(refunded, { metadata });
  emitRefund(world, 'updated', refunded, previous);
}
