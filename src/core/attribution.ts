/**
 * Who is credited for a payment. Published order (DESIGN.md, apis.md 5.5):
 * 1. a referral named by the payment's own objects, by carrier rank, then earliest;
 * 2. the buyer's earliest referral for this subscription, then the buyer's earliest referral at all;
 * 3. the same for the nodes the buyer is linked to: app user id, then e-mail (a sign-up's).
 * A token that resolves to nothing is passed over, and said so in the explanation.
 */
import type { Touch } from './facts.ts';
import { compareText } from './facts.ts';
import type { CustomerState, PaymentState } from './merge.ts';

/** What attribution needs to know of a referral. */
export type Referral = {
  readonly id: string;
  readonly affiliateId: string;
  readonly programId: string;
  readonly rejected: boolean;
};

export type Attribution =
  | { readonly referral: Referral; readonly via: string; readonly token: string }
  | {
      readonly referral: null;
      readonly reason: 'unattributed' | 'referral_rejected';
      readonly unknown: readonly string[];
    };

export type Nodes = { customer(key: string): CustomerState | undefined; referral(token: string): Referral | undefined };

function byRank(a: Touch, b: Touch): number {
  return a.rank - b.rank || a.at - b.at || compareText(a.token, b.token);
}

function byTime(a: Touch, b: Touch): number {
  return a.at - b.at || a.rank - b.rank || compareText(a.token, b.token);
}

/** A user id is chosen by the merchant and exact; an e-mail is the weakest link and comes last. */
function linkOrder(links: readonly string[]): string[] {
  const rank = (key: string): number => (key.startsWith('email:') ? 1 : 0);
  return links.toSorted((a, b) => rank(a) - rank(b) || compareText(a, b));
}

/** Every place a credit may come from, in the published order. */
function* places(
  state: PaymentState,
  party: string | null,
  subscription: string | null,
  nodes: Nodes,
): Generator<{ via: string; touch: Touch }> {
  for (const touch of state.touches.toSorted(byRank)) yield { via: 'payment', touch };
  if (party === null) return;
  const own = nodes.customer(party);
  const linked = linkOrder(own?.links ?? []);
  for (const key of [party, ...linked]) {
    const touches = (nodes.customer(key)?.touches ?? []).toSorted(byTime);
    const kind = key === party ? 'customer' : (key.split(':')[0] ?? 'customer');
    for (const touch of touches.filter((one) => subscription !== null && one.subscription === subscription))
      yield { via: `${kind}_subscription`, touch };
    for (const touch of touches) yield { via: kind, touch };
  }
}

/** The first place whose token names a referral decides; a rejected referral (fraud) stops there and credits nobody. */
export function attribute(
  state: PaymentState,
  party: string | null,
  subscription: string | null,
  nodes: Nodes,
): Attribution {
  const unknown: string[] = [];
  for (const { via, touch } of places(state, party, subscription, nodes)) {
    const referral = nodes.referral(touch.token);
    if (!referral) {
      if (!unknown.includes(touch.token)) unknown.push(touch.token);
      continue;
    }
    if (referral.rejected) return { referral: null, reason: 'referral_rejected', unknown };
    return { referral, via, token: touch.token };
  }
  return { referral: null, reason: 'unattributed', unknown };
}
