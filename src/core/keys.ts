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
