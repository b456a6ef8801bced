/** Payment intents: cash legs, and sales of their own where no invoice stands behind them (stripe.md 1.6, scenario 15). */
import type { EventRef, Translation } from '../../core/facts.ts';
import { claimOf, wholeLine } from './claim.ts';
import { customerFacts, identityOf, moneyKey, moneyKeys } from './identity.ts';
import { optedOutBy } from './opt-out.ts';
import { read, stampOf } from './read.ts';
import { PaymentIntent, type PaymentIntentObject } from './schema.ts';
import { RANK, touchesOf } from './touches.ts';

/** Ascending with finality; statuses that only wait count as 0. */
const STATUS_RANK: Readonly<Record<string, number>> = {
  processing: 5,
  requires_capture: 10,
  canceled: 20,
  succeeded: 30,
};

/** What was received, less tax and shipping where the merchant gave that detail; never below zero (stripe.md 6.3). */
function netOf(intent: PaymentIntentObject): bigint {
  const tax = BigInt(intent.amount_details?.tax?.total_tax_amount ?? 0);
  const shipping = BigInt(intent.amount_details?.shipping?.amount ?? 0);
  const net = BigInt(intent.amount_received) - tax - shipping;
  return net < 0n ? 0n : net;
}

/** Every object that is this money: its charges (very old shapes list them) and, on old shapes, its invoice. */
function keysOf(intent: PaymentIntentObject): string[] {
  const charges = intent.charges?.data.map((charge) => ['ch', charge] as const) ?? [];
  return moneyKeys(['pi', intent.id], ['ch', intent.latest_charge], ...charges, ['invoice', intent.invoice]);
}

/** `payment_intent.succeeded`. On basil it does not know its invoice: `standalone` false, so that it waits (trap 5). */
export function translateIntent(object: unknown, ref: EventRef): Translation {
  const intent = read(PaymentIntent, object, ref);
  const { customer, customer_account, receipt_email: email, metadata } = intent;
  const identity = identityOf({ customer, customer_account, email, metadata: [metadata] });
  const touches = touchesOf([{ rank: RANK.intent, metadata }], ref.at, null);
  const net = netOf(intent);
  const claim = claimOf({
    kind: 'intent',
    key: moneyKey('pi', intent.id),
    stamp: stampOf(ref, STATUS_RANK[intent.status] ?? 0),
    status: intent.status === 'succeeded' ? 'paid' : 'open',
    currency: intent.currency.toLowerCase(),
    total: BigInt(intent.amount),
    paid: BigInt(intent.amount_received),
    net,
    lines: [wholeLine(intent.id, net)],
    // Null and absent differ: null is an old shape that knows of no invoice, absent is basil, which never knows.
    standalone: intent.invoice === null,
    party: identity.party,
    optOut: optedOutBy({ payment_intent: metadata }),
  });
  return {
    facts: [
      { kind: 'payment', keys: keysOf(intent), claim, touches, optOut: null },
      ...customerFacts(identity, touches),
    ],
  };
}
