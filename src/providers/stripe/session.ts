/** Checkout sessions: sales where no invoice exists, else only who bought and who sent them (stripe.md 1.10, trap 2). */
import type { Claim, ClaimStatus, EventRef, Fact, Line, Touch, Translation } from '../../core/facts.ts';
import { claimOf, wholeLine } from './claim.ts';
import { customerFacts, idOf, type Identity, identityOf, key, moneyKey, moneyKeys } from './identity.ts';
import { ignore } from './ignored.ts';
import { couponTouches } from './coupon.ts';
import { optedOutBy } from './opt-out.ts';
import { reconciled } from './lines.ts';
import { priceFacts, priceInterval, priceOf } from './price.ts';
import { read, stampOf } from './read.ts';
import { Session, type SessionLineObject, type SessionObject } from './schema.ts';
import { RANK, touchesOf } from './touches.ts';

const STATUS_RANK: Readonly<Record<ClaimStatus, number>> = {
  open: 0,
  failed: 5,
  paid: 10,
  void: 0,
  uncollectible: 0,
};

/** The event type first: a payment that failed later is not paid, whatever the snapshot says (trap 61). */
function statusOf(session: SessionObject, type: string): ClaimStatus {
  if (type === 'checkout.session.async_payment_failed') return 'failed';
  return session.payment_status === 'paid' ? 'paid' : 'open';
}

/** Total less tax and shipping, in minor units (stripe.md 6.3). */
function netOf(session: SessionObject, total: bigint): bigint {
  const { amount_tax: tax, amount_shipping: shipping } = session.total_details ?? {};
  return total - BigInt(tax ?? 0) - BigInt(shipping ?? 0);
}

/** What was bought, as an answer lists it: net of its own tax, with its price. */
function boughtLine(line: SessionLineObject): Line {
  const product = idOf(line.price?.product);
  return {
    ...wholeLine(line.id, BigInt(line.amount_total) - BigInt(line.amount_tax ?? 0)),
    prices: line.price ? [line.price.id] : [],
    products: product === null ? [] : [product],
    interval: line.price ? priceInterval(line.price) : null,
    recurring: line.price?.recurring != null,
    quantity: line.quantity ?? 1,
  };
}

/** Webhooks show no lines: then the whole is one line without a price. */
function linesOf(session: SessionObject, net: bigint): Pick<Claim, 'lines' | 'flags' | 'detail'> {
  const bought = session.line_items?.data ?? [];
  const detail = session.line_items ? 2 : 1;
  if (bought.length === 0) return { lines: [wholeLine(session.id, net)], flags: [], detail };
  const { lines, flags } = reconciled(bought.map(boughtLine), net, []);
  return { lines, flags, detail };
}

function orderClaim(session: SessionObject, party: string | null, ref: EventRef): Claim {
  const { amount_total: amount, currency } = session;
  if (amount == null) throw new Error(`${ref.type}: data.object.amount_total: missing`);
  if (!currency) throw new Error(`${ref.type}: data.object.currency: missing`);
  const status = statusOf(session, ref.type);
  const total = BigInt(amount);
  const net = netOf(session, total);
  return claimOf({
    kind: 'order',
    key: moneyKey('cs', session.id),
    stamp: stampOf(ref, STATUS_RANK[status]),
    status,
    currency: currency.toLowerCase(),
    total,
    paid: status === 'paid' ? total : 0n,
    net,
    ...linesOf(session, net),
    standalone: true,
    party,
    optOut: optedOutBy({ checkout_session: session.metadata }),
  });
}

function paymentFacts(session: SessionObject, identity: Identity, touches: readonly Touch[], ref: EventRef): Fact[] {
  if (idOf(session.invoice) !== null) {
    const optOut = optedOutBy({ checkout_session: session.metadata });
    const keys = moneyKeys(['invoice', session.invoice], ['cs', session.id], ['pi', session.payment_intent]);
    return [{ kind: 'payment', keys, claim: null, touches, optOut }];
  }
  // A subscription's money is on invoices that the session does not name (yet); nothing due is no money (trap 53).
  if (session.mode === 'subscription' || idOf(session.subscription) !== null) return [];
  if (session.payment_status === 'no_payment_required') return [];
  const keys = moneyKeys(['pi', session.payment_intent], ['cs', session.id]);
  return [
    {
      kind: 'payment',
      keys,
      claim: orderClaim(session, identity.party, ref),
      touches,
      optOut: null,
    },
  ];
}

/** `checkout.session.completed`, `.async_payment_succeeded`, `.async_payment_failed`. Unpaid is open, never a sale. */
export function translateSession(object: unknown, ref: EventRef): Translation {
  const session = read(Session, object, ref);
  if (session.mode === 'setup') return ignore('setup_session');
  const { customer, customer_account, metadata } = session;
  const email = session.customer_details?.email ?? session.customer_email;
  const identity = identityOf({ customer, customer_account, email, metadata: [metadata] });
  const subscription = idOf(session.subscription);
  const carriers = [
    { rank: RANK.session, metadata },
    { rank: RANK.clientReference, token: session.client_reference_id },
  ];
  const of = subscription === null ? null : key(subscription);
  const coupons = couponTouches(session.discounts ?? [], ref.at, RANK.session, of);
  const touches = [...touchesOf(carriers, ref.at, of), ...coupons];
  const prices = priceFacts(session.line_items?.data.map(priceOf) ?? [], ref);
  const facts = [...paymentFacts(session, identity, touches, ref), ...customerFacts(identity, touches), ...prices];
  if (facts.length > 0) return { facts };
  return ignore(session.payment_status === 'no_payment_required' ? 'no_payment_required' : 'session_without_party');
}
