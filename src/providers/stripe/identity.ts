/** Names: keys of objects, references to them, and who buys. */
import type { CustomerFact, OptOut, Touch } from '../../core/facts.ts';
import type { Reference } from './schema-parts.ts';
import { textIn } from './touches.ts';

/**
 * The one place where a Stripe id becomes a key of ours. Ids are unique per account only (stripe.md 4.5): the account is
 * added where all facts pass, in core/scope.ts.
 */
export function key(id: string): string {
  return `stripe:${id}`;
}

/** Kinds of objects that are money, as money keys spell them (DESIGN.md section 2). */
export type MoneyKind = 'invoice' | 'pi' | 'ch' | 'cs';

/** The key of an object that is money. Its kind comes from where the id stood, never from its prefix (trap 62). */
export function moneyKey(kind: MoneyKind, id: string): string {
  return key(`${kind}:${id}`);
}

/** The money key of a refund's payment, by the refund's own key: `stripe:re_1` → `stripe:re:re_1`. */
export function refundKey(refund: string): string {
  return refund.replace(':', ':re:');
}

/** The id of a reference, be it an id or an expanded object (stripe.md 0.1); null when there is none. */
export function idOf(reference: Reference): string | null {
  return (typeof reference === 'string' ? reference : reference?.id) || null;
}

/** Money keys of the references that are there, in order, each once. */
export function moneyKeys(...references: readonly (readonly [MoneyKind, Reference])[]): string[] {
  const keys: string[] = [];
  for (const [kind, reference] of references) {
    const id = idOf(reference);
    if (id !== null && !keys.includes(moneyKey(kind, id))) keys.push(moneyKey(kind, id));
  }
  return keys;
}

/** The parts of an object that say who buys. */
export type Signs = {
  readonly customer?: Reference;
  readonly customer_account?: Reference;
  readonly email?: string | null | undefined;
  /** Every metadata the object carries: an app user id may stand in any of them. */
  readonly metadata: readonly unknown[];
};

/** Who buys, and as what else they are known. */
export type Identity = { readonly party: string | null; readonly links: readonly string[] };

/** Metadata keys in which merchants keep their own user id (apis.md 5.5). */
const USER_KEYS = ['userId', 'user_id', 'affitor_customer_key', 'customer_key', 'hokoCustomerExternalId'];

/** Longest address that mail can carry (RFC 5321). */
const LONGEST_EMAIL = 320;

function emailNode(email: string | null | undefined): string | null {
  const address = email?.trim().toLowerCase() ?? '';
  return address.includes('@') && address.length <= LONGEST_EMAIL ? `email:${address}` : null;
}

/**
 * The party is the customer, else the Accounts v2 customer, else the e-mail (cases.md 55, 56); everything else the
 * object knows about it becomes links. A customer and an account on one object are the same buyer.
 */
export function identityOf(signs: Signs): Identity {
  const nodes: string[] = [];
  for (const id of [idOf(signs.customer), idOf(signs.customer_account)]) if (id !== null) nodes.push(key(id));
  const email = emailNode(signs.email);
  if (email !== null) nodes.push(email);
  const [party = null, ...links] = nodes;
  if (party === null) return { party, links };
  for (const metadata of signs.metadata) {
    for (const name of USER_KEYS) {
      const user = textIn(metadata, name);
      if (user !== null && !links.includes(`user:${user}`)) links.push(`user:${user}`);
    }
  }
  return { party, links };
}

/** What an object says about its buyer; nothing when it names none or knows nothing more than the name. */
export function customerFacts(
  identity: Identity,
  touches: readonly Touch[],
  optOuts: readonly OptOut[] = [],
): CustomerFact[] {
  const { party, links } = identity;
  if (party === null || links.length + touches.length + optOuts.length === 0) return [];
  return [{ kind: 'customer', key: party, links, touches, ...(optOuts.length > 0 ? { optOuts } : {}) }];
}
