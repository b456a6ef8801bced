import { DAY } from '../calendar.ts';
import { chargeObject, type ChargeSpec } from '../objects/charge.ts';
import { refundObject, type RefundSpec } from '../objects/refund.ts';
import type { Metadata, JsonObject } from '../json.ts';
import type { SimulatedPayment, SimulatedRefund } from '../state.ts';
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
}

function said(world: World, kind: 'charge' | 'refund'): boolean {
  return world.refundEvents === 'both' || world.refundEvents === `${kind}-only`;
}

function emitRefund(
  world: World,
  type: 'created' | 'updated' | 'failed',
  spec: RefundSpec,
  previous?: JsonObject,
): void {
  world.keep(refundObject, spec);
  if (type === 'updated' && said(world, 'charge')) world.tell('charge.refund.updated', refundObject, spec, previous);
  if (said(world, 'refund')) world.tell(`refund.${type}`, refundObject, spec, previous);
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
  const made: SimulatedRefund = { id: spec.id, payment, spec };
  payment.refunds = [...payment.refunds, spec];
  const after: ChargeSpec = { ...charge, amountRefunded: before + amount };
  replaceCharge(world, payment, after);
  emitRefund(world, 'created', spec);
  if (said(world, 'charge'))
    world.tell('charge.refunded', chargeObject, chargeNow(world, payment, after), {
      amount_refunded: before,
      refunded: false,
    });
  if (!given.pending && given.reason !== 'expired_uncaptured_charge') settleRefund(world, made);
  return made;
}

/** The bank's reference appears, and with it a pending refund succeeds. */
export function settleRefund(world: World, refunded: SimulatedRefund): void {
  world.time += 5;
  world.beginAutomatic();
  const was = refunded.spec.status ?? 'succeeded';
  remember(refunded, { status: 'succeeded', reference: world.ids.next('arn').slice(4, 27) });
  emitRefund(
    world,
    'updated',
    refunded.spec,
    was === 'pending' ? { status: 'pending' } : { destination_details: { card: { reference_status: 'pending' } } },
  );
}

/** A refund bounces some days later (scenario 21); the charge's `amount_refunded` goes back down. */
export function failRefund(
  world: World,
  refunded: SimulatedRefund,
  { canceled = false }: { canceled?: boolean } = {},
): void {
  world.time += 3 * DAY;
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
  emitRefund(world, 'updated', refunded.spec, { status: was });
  if (!canceled) emitRefund(world, 'failed', refunded.spec);
}

/** A mere edit of a refund's metadata: `refund.updated` that must not count as a second refund. */
export function editRefund(world: World, refunded: SimulatedRefund, metadata: Metadata): void {
  world.beginCall();
  const previous = { metadata: refunded.spec.metadata ?? {} };
  remember(refunded, { metadata });
  emitRefund(world, 'updated', refunded.spec, previous);
}
