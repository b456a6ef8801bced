/**
 * Facts: what events say, in our words. Providers and surfaces only ever speak these; the rules never see a vendor's shape.
 *
 * Vocabulary. A *claim* is what one outside object says about one payment: a bill (an invoice), an order (a checkout),
 * an intent or a charge (a cash leg), a report (an API sale). All claims that are the same money share one payment.
 * A *party* is who buys: a customer id, an app user id or an e-mail, each a node that touches can be bound to.
 */
import type { Stamp } from './stamp.ts';
import type { DisputeFact, NoteFact, RefundFact, WarningFact } from './losses.ts';
import type { Moment } from './time.ts';

export type * from './losses.ts';
export type { Stamp } from './stamp.ts';
export { compareStamps, compareText } from './stamp.ts';

/** `day:7`, `month:1`, `month:12`: weeks are 7 days, a year is 12 months (cases.md 45). */
export type Interval = string;

/** One line of a bill, after discounts, credit grants and inclusive tax; may be negative (proration credits). */
export type Line = {
  readonly id: string;
  readonly net: bigint;
  readonly prices: readonly string[];
  readonly products: readonly string[];
  /** Known from the payload itself; null when it has to come from the price cache. */
  readonly interval: Interval | null;
  /** Length of the service period, for the last declared fallback; null for prorations and one-offs. */
  readonly period: Interval | null;
  readonly recurring: boolean;
  readonly proration: boolean;
  readonly quantity: number;
};

/** Kinds in the order of authority: when several speak of one payment, the first kind present is believed. */
export type ClaimKind = 'bill' | 'order' | 'intent' | 'charge' | 'report';

export type ClaimStatus = 'open' | 'paid' | 'failed' | 'void' | 'uncollectible';

export type Claim = {
  readonly kind: ClaimKind;
  readonly key: string;
  readonly stamp: Stamp;
  readonly status: ClaimStatus;
  readonly currency: string;
  /** What was asked for, with tax and shipping, before credit balance. */
  readonly total: bigint;
  /** Cash collected, with tax and shipping. */
  readonly paid: bigint;
  /** `total` without tax and shipping: what may earn when all of it is cash. */
  readonly net: bigint;
  /** Cumulative refunds as this object counts them itself; null when it does not count. */
  readonly refunded: bigint | null;
  /** When the money moved, as the object says it; null: the earliest event that showed it paid. */
  readonly paidAt: Moment | null;
  /** The earliest event that showed this object paid; kept by minimum, whatever arrives later. */
  readonly proof: Stamp | null;
  readonly lines: readonly Line[];
  /** Lines were cut off in the payload: the totals are right, matching per line is not complete (cases.md 19). */
  readonly linesIncomplete: boolean;
  /** How well `lines` are known: 0 cut off, 1 as a payload tells them, 2 asked for and told in full. The best are kept. */
  readonly detail: 0 | 1 | 2;
  /** The sight that told the lines, when it is not the newest; null: `stamp`. */
  readonly linesStamp: Stamp | null;
  /** Lines had to be scaled to the stated total (stripe.md 6.3), tax was unknown (cases.md 29), a discount has no name. */
  readonly flags: readonly string[];
  /** true: certainly no bill behind it. false: a bill may still turn up. */
  readonly standalone: boolean;
  readonly party: string | null;
  readonly subscription: string | null;
  readonly trial: boolean;
  /** Caller's own words on an API sale: commission status and sale status overrides. */
  readonly commissionStatus: string | null;
  readonly saleStatus: string | null;
  readonly outOfBand: boolean;
  /** What the platform keeps of it as its fee, on a charge made for another account; null: nothing said (cases.md 64). */
  readonly platformFee: bigint | null;
  /** What of the object asked to leave the payment out: `invoice`, `charge`, …; null: nothing does (cases.md 65). */
  readonly optOut: string | null;
  /** Part of a bill's total that was paid from the buyer's balance; null: nothing said. */
  readonly fromBalance: bigint | null;
  readonly source: string;
  readonly externalId: string | null;
};

/** Something that may earn attribution: a referral (or click) id, or a coupon's key, carried by an object. Lower rank wins. */
export type Touch = {
  readonly token: string;
  readonly rank: number;
  readonly at: Moment;
  /** The subscription it was carried for; null: the customer as a whole. */
  readonly subscription: string | null;
};

/**
 * The rank of what somebody without a key said, and was believed: it counts for payments from then on only. Anybody can
 * say anybody's e-mail, and must not be paid for what was bought before. Whoever was named with a key comes before it.
 */
export const UNPROVEN = 8;

/** The rank of what a browser said of itself where only a backend is believed: it counts when nobody else is named. */
export const PROVISIONAL = 9;

/** An operator's or caller's word on one payment's commission: approve, decline, … Newest wins, of each field by itself. */
export type Ruling = {
  readonly stamp: Stamp;
  /** null: it only says what the commission is, not how it stands. */
  readonly status: string | null;
  /** `paid`: what was paid out to whom; who is missing got what stood at that moment. */
  readonly amounts?: readonly PaidOut[];
  /** What the sale earns whoever is credited, in place of what incentives say, before anything goes back. */
  readonly ordered?: { readonly amount: bigint; readonly currency: string };
  /** Days from the payment, in place of what incentives and the program say. */
  readonly holdDays?: number;
};

/** What was paid out to one affiliate for one payment. */
export type PaidOut = {
  readonly affiliateId: string;
  readonly referralId: string;
  readonly programId: string;
  readonly currency: string;
  readonly amount: bigint;
};

/** One sight of a wish to be left out, on a buyer or on one of their subscriptions. */
export type OptOut = {
  readonly of: string;
  readonly carrier: string;
  readonly at: Moment;
  readonly on: boolean;
  readonly event: string;
};

export type PaymentFact = {
  readonly kind: 'payment';
  /** First the object's own key, then every other key it names as the same money. */
  readonly keys: readonly string[];
  readonly claim: Claim | null;
  readonly touches: readonly Touch[];
  /** What asked to leave this payment out without a claim of its own (a checkout with an invoice); null: nothing did. */
  readonly optOut: string | null;
  /** Part of it was recorded as paid outside the provider: one payment record and its amount. */
  readonly outside?: { readonly key: string; readonly amount: bigint };
};

export type RulingFact = { readonly kind: 'ruling'; readonly keys: readonly string[]; readonly ruling: Ruling };

/** Says who a party is: its e-mail, other nodes it is known as, touches bound to it. */
export type CustomerFact = {
  readonly kind: 'customer';
  readonly key: string;
  readonly links: readonly string[];
  readonly touches: readonly Touch[];
  readonly optOuts?: readonly OptOut[];
};

export type PriceFact = {
  readonly kind: 'price';
  readonly key: string;
  readonly stamp: Stamp;
  readonly product: string | null;
  /** null: a one-time price. */
  readonly interval: Interval | null;
};

/** What buyers type and which coupon it stands for: leads from a provider's id to the code an affiliate was given. */
export type PromotionFact = {
  readonly kind: 'promotion';
  readonly key: string;
  readonly stamp: Stamp;
  /** As typed; compared without case. */
  readonly code: string | null;
  /** Key of the coupon. */
  readonly coupon: string | null;
};

export type Fact =
  | PaymentFact
  | RefundFact
  | DisputeFact
  | WarningFact
  | NoteFact
  | RulingFact
  | CustomerFact
  | PriceFact
  | PromotionFact;

/** An event of the inbox on its way through the pipeline. */
export type EventRef = {
  readonly source: string;
  /** The source's own id for it: `external_event_id`. */
  readonly id: string;
  readonly type: string;
  readonly at: Moment;
  readonly livemode: boolean;
  /** Version of the workspace's rules when the event became known (DESIGN.md section 6). */
  readonly rules: number;
  /** When we received it; a deferral's deadline counts from here. */
  readonly received: Moment;
};

/** What translation makes of one stored event: facts, or nothing with the reason. */
export type Translation = { readonly facts: readonly Fact[] } | { readonly ignored: string };

const UNIT_DAYS: Record<string, number> = { day: 1, week: 7 };
const UNIT_MONTHS: Record<string, number> = { month: 1, quarter: 3, year: 12 };

/** Canonical interval of a unit and a count; null for a unit nobody knows. 12 months = 1 year, 1 week = 7 days. */
export function intervalOf(unit: string, count: number): Interval | null {
  if (!Number.isInteger(count) || count < 1) return null;
  const days = UNIT_DAYS[unit];
  if (days !== undefined) return `day:${days * count}`;
  const months = UNIT_MONTHS[unit];
  return months === undefined ? null : `month:${months * count}`;
}

/** Names used by incentives and by the dialects for an interval. */
export const INTERVAL_NAMES: Readonly<Record<string, Interval>> = {
  daily: 'day:1',
  weekly: 'day:7',
  monthly: 'month:1',
  quarterly: 'month:3',
  half_yearly: 'month:6',
  yearly: 'month:12',
};
