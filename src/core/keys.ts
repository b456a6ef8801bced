/**
 * Keys: one spelling for every outside object. A money key is `source:kind:id`; parties and prices are `source:id`.
 * The kind comes from the object that was read, never from the look of its id (stripe.md, trap 62), except where a
 * caller hands us a bare Stripe id.
 */
export type MoneyKind = 'invoice' | 'pi' | 'ch' | 'cs' | 'sale';

export function moneyKey(source: string, kind: MoneyKind, id: string): string {
  return `${source}:${kind}:${id}`;
}

export function objectKey(source: string, id: string): string {
  return `${source}:${id}`;
}

const STRIPE_MONEY: readonly (readonly [string, MoneyKind])[] = [
  ['in_', 'invoice'],
  ['pi_', 'pi'],
  ['ch_', 'ch'],
  ['py_', 'ch'],
  ['cs_', 'cs'],
];

/** The money key of a bare Stripe id that a caller used as its own; null: it is not one. */
export function stripeMoneyKey(id: string): string | null {
  const found = STRIPE_MONEY.find(([prefix]) => id.startsWith(prefix) && id.length > prefix.length);
  return found ? moneyKey('stripe', found[1], id) : null;
}

/** The key of a refund that a caller tells of: a Stripe refund id names the very refund the webhook will tell of. */
export function refundKey(source: string, id: string): string {
  return namesStripesRefund(id) ? objectKey('stripe', id) : `${source}:refund:${id}`;
}

export function namesStripesRefund(id: string): boolean {
  return id.startsWith('re_');
}

/** A refund by a caller's own id, in whatever scope; an object of the provider's has no such part. */
export function isCallersRefundKey(key: string): boolean {
  return /^[^:]+:refund:/.test(key);
}

/** The key under which a sale waits for the event that a caller named it by, before that event has come. */
export function eventKey(source: string, id: string): string {
  return `${source}:evt:${id}`;
}

/** The price a line's price id names: its provider's own; what a caller reports can only be a provider's, Stripe's. */
export function priceKey(claim: { readonly kind: string; readonly source: string }, id: string): string {
  return objectKey(claim.kind === 'report' ? 'stripe' : claim.source, id);
}

/** The node of a billing customer id; a Stripe id is the Stripe customer itself (apis.md 6.4). */
export function customerKey(id: string): string {
  return id.startsWith('cus_') ? objectKey('stripe', id) : `id:${id}`;
}

export function userKey(id: string): string {
  return `user:${id}`;
}

/** E-mails are compared without case and surrounding space. */
export function emailKey(email: string): string {
  return `email:${email.trim().toLowerCase()}`;
}

/**
 * The id an event is shown by. Ours may say more: `acct_2/evt_1` is of another account, `answer:in_1:…` is an answer we
 * asked for and is shown as the object it speaks of.
 */
export function publicEventId(event: string): string {
  const bare = event.slice(event.lastIndexOf('/') + 1);
  return bare.startsWith('answer:') ? (bare.split(':')[1] ?? bare) : bare;
}

/** Keys of the catalogue by which a coupon may be carried; an affiliate's code is kept as it is typed, in lower case. */
export function promotionKey(source: string, id: string): string {
  return `${source}:promo:${id}`;
}

export function couponKey(source: string, id: string): string {
  return `${source}:coupon:${id}`;
}

/** Does a touch's token name a coupon instead of a referral? */
export function isCouponToken(token: string): boolean {
  const kind = token.split(':')[1];
  return kind === 'promo' || kind === 'coupon';
}

/** `stripe@acct_2` → `stripe`: the source as it is shown, whichever of its accounts it was. */
export function sourceName(source: string): string {
  return source.split('@')[0] ?? source;
}

/**
 * The inbox key of a call, `sale:<the caller's own id>`. The inbox has one key space for both worlds, the caller's ids
 * have two: the test world's carry a mark that no live key can begin with.
 */
export function entryKey(kind: string, livemode: boolean, id: string): string {
  return livemode ? `${kind}:${id}` : `test:${kind}:${id}`;
}
