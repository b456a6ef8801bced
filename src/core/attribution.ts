/**
 * Who is credited for a payment. Published order (DESIGN.md, apis.md 5.5):
 * 1. a coupon on the payment's own objects or on its subscription (unless the program puts clicks first);
 * 2. a referral named by the payment's own objects, by carrier rank, then earliest;
 * 3. the buyer's earliest referral for this subscription, then the buyer's earliest referral at all;
 * 4. the same for the nodes the buyer is linked to: app user id, then e-mail (a sign-up's);
 * 5. a coupon, where clicks come first; a coupon the buyer used before.
 * A token that resolves to nothing is passed over, and said so in the explanation.
 */
import type { Sale } from './collect.ts';
import { bindingOf, couponReferralId } from './coupons.ts';
import type { Touch } from './facts.ts';
import { compareText, PROVISIONAL, UNPROVEN } from './facts.ts';
import { isCouponToken, sourceName } from './keys.ts';
import type { Rules, Settings } from './rules.ts';
import type { CustomerState, PaymentState, PriceState } from './state.ts';
import type { Moment } from './time.ts';

/** What attribution needs to know of a referral. */
export type Referral = {
  readonly id: string;
  /** null: it came through a link of nobody; it decides like any other, and nobody earns. */
  readonly affiliateId: string | null;
  readonly programId: string;
  readonly rejected: boolean;
};

export type Attribution = {
  /** Keys of promotion codes that nothing is known of yet. */
  readonly awaits?: readonly string[];
} & (
  | { readonly referral: Referral; readonly via: string; readonly token: string; readonly coupon?: string }
  | {
      readonly referral: null;
      readonly reason: 'unattributed' | 'referral_rejected';
      readonly unknown: readonly string[];
    }
);

export type Nodes = {
  customer(key: string): CustomerState | undefined;
  /** What a token led to when the money moved. */
  referral(token: string, paidAt: Moment): Referral | undefined;
};

/** Everything a credit may rest on. */
export type CreditWorld = Nodes & { readonly rules: Rules; price(key: string): PriceState | undefined };

function byRank(a: Touch, b: Touch): number {
  return a.rank - b.rank || a.at - b.at || compareText(a.token, b.token);
}

function byTime(a: Touch, b: Touch): number {
  return a.at - b.at || a.rank - b.rank || compareText(a.token, b.token);
}

/** A user id is chosen by the merchant and exact; an e-mail is the weakest link and comes last. */
function linkOrder(links: readonly string[]): readonly string[] {
  return links.length < 2 ? links : links.toSorted((a, b) => linkRank(a) - linkRank(b) || compareText(a, b));
}

const linkRank = (key: string): number => (key.startsWith('email:') ? 1 : 0);

/** What is said of a buyer within a day of a payment counts as said with it: events come late, and forms are filled in after. */
const GRACE_MS = 86_400_000;

type Place = { readonly via: string; readonly touch: Touch };

/** What attribution needs to know of a sale. */
type Bought = Pick<Sale, 'party' | 'subscription' | 'paidAt' | 'moneyKey'>;

/** Every place a credit may come from, in the published order. */
function placesOf(state: PaymentState, sale: Bought, nodes: Nodes): Place[] {
  const { party, subscription } = sale;
  const places: Place[] = state.touches.toSorted(byRank).map((touch) => ({ via: 'payment', touch }));
  if (party === null) return places;
  return [...places, ...inTime(buyerPlaces(party, subscription, nodes), sale.paidAt)];
}

/**
 * Who the buyer was credited to when the money moved comes before who was named later: that counts for what nobody was
 * credited with, and for payments from then on (cases.md 78). What was said without a key counts for payments from then
 * on only, and where nobody had been named with one by then. Last is who was named provisionally.
 */
function inTime(places: readonly Place[], paidAt: Moment): readonly Place[] {
  if (places.every((place) => orderOf(place, paidAt) === 0)) return places;
  const counting = places.filter((place) => place.touch.rank < UNPROVEN || !isLate(place, paidAt));
  return counting.toSorted((a, b) => orderOf(a, paidAt) - orderOf(b, paidAt));
}

function orderOf(place: Place, paidAt: Moment): number {
  if (place.touch.rank === PROVISIONAL) return 3;
  return isLate(place, paidAt) ? 2 : Number(place.touch.rank === UNPROVEN);
}

const isLate = ({ touch }: Place, paidAt: Moment): boolean => touch.at > paidAt + GRACE_MS;

function buyerPlaces(party: string, subscription: string | null, nodes: Nodes): Place[] {
  const places: Place[] = [];
  const own = nodes.customer(party);
  for (const key of [party, ...linkOrder(own?.links ?? [])]) {
    const touches = ((key === party ? own : nodes.customer(key))?.touches ?? []).toSorted(byTime);
    const kind = key === party ? 'customer' : sourceName(key.split(':')[0] ?? 'customer');
    for (const touch of touches.filter((one) => subscription !== null && one.subscription === subscription))
      places.push({ via: `${kind}_subscription`, touch });
    for (const touch of touches) places.push({ via: kind, touch });
  }
  return places;
}

/**
 * Coupons on the payment or its subscription, and those the buyer used before for something else. A coupon speaks from
 * when it is used on: one that is put on a subscription later takes nothing from who was credited before.
 */
function couponsOf(places: readonly Place[], sale: Bought): { near: Place[]; far: Place[] } {
  const coupons = places.filter(({ touch }) => isCouponToken(touch.token));
  if (coupons.length === 0) return { near: coupons, far: coupons };
  const near = coupons.filter(
    (one) => one.via === 'payment' || (one.via.endsWith('_subscription') && !isLate(one, sale.paidAt)),
  );
  const far = coupons.filter((one) => !near.includes(one) && !isLate(one, sale.paidAt));
  return { near, far };
}

/** The first place that leads to a referral decides; a rejected referral (fraud) stops there and credits nobody. */
export function attribute(state: PaymentState, sale: Bought, world: CreditWorld, settings: Settings): Attribution {
  const places = placesOf(state, sale, world);
  const { near, far } = couponsOf(places, sale);
  const others = places.filter(({ touch }) => !isCouponToken(touch.token));
  const ordered = settings.precedence === 'coupon' ? [...near, ...others, ...far] : [...others, ...near, ...far];
  const unknown: string[] = [];
  const awaits: string[] = [];
  for (const { via, touch } of ordered) {
    const credited = creditOf(touch, state, sale, world, others, awaits);
    if (!credited) {
      if (!unknown.includes(touch.token)) unknown.push(touch.token);
      continue;
    }
    const { referral, coupon } = credited;
    if (referral.rejected) return awaiting({ referral: null, reason: 'referral_rejected', unknown }, awaits);
    const found = { referral, via: coupon ? 'coupon' : via, token: touch.token };
    return awaiting(coupon ? { ...found, coupon } : found, awaits);
  }
  return awaiting({ referral: null, reason: 'unattributed', unknown }, awaits);
}

const awaiting = (found: Attribution, awaits: readonly string[]): Attribution =>
  awaits.length > 0 ? { ...found, awaits } : found;

/** What one touch leads to. A coupon leads to the referral its affiliate already has with this buyer, else to a new one. */
function creditOf(
  touch: Touch,
  state: PaymentState,
  sale: Bought,
  world: CreditWorld,
  others: readonly Place[],
  awaits: string[],
): { referral: Referral; coupon?: string } | null {
  if (!isCouponToken(touch.token)) {
    const referral = world.referral(touch.token, sale.paidAt);
    return referral ? { referral } : null;
  }
  const { binding, unheard } = bindingOf(world.rules, touch.token, state.rules ?? world.rules.version, world.price);
  if (unheard) awaits.push(touch.token);
  if (!binding) return null;
  const { affiliateId, programId } = binding;
  for (const { touch: other } of others) {
    const known = world.referral(other.token, sale.paidAt);
    if (known && known.affiliateId === affiliateId && known.programId === programId)
      return { referral: known, coupon: binding.id };
  }
  const id = couponReferralId(binding, sale.party ?? sale.moneyKey);
  const rejected = world.referral(id, sale.paidAt)?.rejected ?? false;
  return { referral: { id, affiliateId, programId, rejected }, coupon: binding.id };
}
