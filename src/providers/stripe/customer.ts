/** Customers and subscriptions: no money, but who somebody is, who sent them and how prices recur. */
import type { EventRef, Fact, Translation } from '../../core/facts.ts';
import { customerFacts, identityOf, key } from './identity.ts';
import { ignore } from './ignored.ts';
import { couponTouches } from './coupon.ts';
import { optOutSights } from './opt-out.ts';
import { priceFacts, priceOf } from './price.ts';
import { read } from './read.ts';
import { Customer, Subscription } from './schema.ts';
import { RANK, touchesOf } from './touches.ts';

function factsOr(code: Parameters<typeof ignore>[0], facts: readonly Fact[]): Translation {
  return facts.length > 0 ? { facts } : ignore(code);
}

/** `customer.created|updated|deleted`. A deleted customer stays who they were: later sales need it (cases.md 57). */
export function translateCustomer(object: unknown, ref: EventRef, previous?: unknown): Translation {
  const { id, customer_account, email, metadata, discount } = read(Customer, object, ref);
  const identity = identityOf({ customer: id, customer_account, email, metadata: [metadata] });
  const coupons = couponTouches([discount], ref.at, RANK.customer, null);
  const touches = [...touchesOf([{ rank: RANK.customer, metadata }], ref.at, null), ...coupons];
  const optOuts = optOutSights('customer', key(id), metadata, previous, ref);
  return factsOr('nothing_new', customerFacts(identity, touches, optOuts));
}

/** `customer.subscription.*`: its touches count for it before they count for the customer; its items carry whole prices. */
export function translateSubscription(object: unknown, ref: EventRef, previous?: unknown): Translation {
  const subscription = read(Subscription, object, ref);
  const { customer, customer_account, metadata } = subscription;
  const identity = identityOf({ customer, customer_account, metadata: [metadata] });
  const of = key(subscription.id);
  const discounts = [subscription.discount, ...(subscription.discounts ?? [])];
  const coupons = couponTouches(discounts, ref.at, RANK.subscription, of);
  const touches = [...touchesOf([{ rank: RANK.subscription, metadata }], ref.at, of), ...coupons];
  const optOuts = optOutSights('subscription', of, metadata, previous, ref);
  const prices = priceFacts((subscription.items?.data ?? []).map(priceOf), ref);
  return factsOr('nothing_new', [...customerFacts(identity, touches, optOuts), ...prices]);
}
