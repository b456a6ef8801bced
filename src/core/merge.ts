/**
 * Merging facts into the present state of a payment, a customer, a price.
 *
 * Every function here is commutative, associative and idempotent, so the state is a function of the set of facts and
 * not of their order: newest stamp wins per object, proofs keep the earliest, sets only grow. Tested as a property.
 */
import type { Claim, EventRef, Interval, PaymentFact, PriceFact, Refund, Ruling, Stamp, Touch } from './facts.ts';
import { compareStamps, compareText } from './facts.ts';
import type { Moment } from './time.ts';

/** One event that spoke of this money, for the trail. */
export type Trace = { readonly source: string; readonly id: string; readonly type: string; readonly at: Moment };

/** All that is known of one payment: the same money under every key that names it. */
export type PaymentState = {
  readonly keys: readonly string[];
  readonly claims: Readonly<Record<string, Claim>>;
  readonly refunds: Readonly<Record<string, Refund>>;
  readonly rulings: readonly Ruling[];
  readonly touches: readonly Touch[];
  readonly optOut: string | null;
  readonly trail: readonly Trace[];
  /** The smallest rules version among the events that showed money: what was known when it became known. */
  readonly rules: number | null;
  /** Decisions of the clock, kept because no event can tell them again. */
  readonly clock: Clock;
};

/** `matured`: the deferral's deadline passed without a bill. `released`: the hold ended. `known`: first heard of. null: not yet. */
export type Clock = {
  readonly matured: Moment | null;
  readonly released: Moment | null;
  readonly known: Moment | null;
};

/** A node of who buys: other names of the same party, and the touches bound to it. */
export type CustomerState = {
  /** Nodes this one is also known as (e-mail, app user id). */
  readonly links: readonly string[];
  /** Nodes that name this one as a link: a touch bound here earns for them too. */
  readonly members: readonly string[];
  readonly touches: readonly Touch[];
};

export type PriceState = {
  readonly stamp: Stamp | null;
  readonly product: string | null;
  readonly interval: Interval | null;
};

/** Sets that only grow are cut to their smallest members, which keeps the merge order-free and the row bounded. */
const MOST_TOUCHES = 20;
const MOST_LINKS = 50;
const MOST_TRACES = 200;

export const EMPTY_PAYMENT: PaymentState = {
  keys: [],
  claims: {},
  refunds: {},
  rulings: [],
  touches: [],
  optOut: null,
  trail: [],
  rules: null,
  clock: { matured: null, released: null, known: null },
};

export const EMPTY_CUSTOMER: CustomerState = { links: [], members: [], touches: [] };
export const EMPTY_PRICE: PriceState = { stamp: null, product: null, interval: null };

/** The smaller of two values of which either may be missing. */
function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function earlierStamp(a: Stamp | null, b: Stamp | null): Stamp | null {
  if (a === null || b === null) return a ?? b;
  return compareStamps(a, b) <= 0 ? a : b;
}

/** Keeps both sets' members once each, in code-unit order, at most `most`. Returns `a` itself when nothing is new. */
export function unite(a: readonly string[], b: readonly string[], most = Number.MAX_SAFE_INTEGER): readonly string[] {
  if (b.every((member) => a.includes(member))) return a;
  return [...new Set([...a, ...b])].toSorted(compareText).slice(0, most);
}

function compareTouches(a: Touch, b: Touch): number {
  return (
    a.at - b.at ||
    a.rank - b.rank ||
    compareText(a.token, b.token) ||
    compareText(a.subscription ?? '', b.subscription ?? '')
  );
}

/**
 * The earliest sight of each (token, subscription, rank). Time order, so that cutting keeps what came first: a customer
 * once credited stays credited (apis.md 6.6, Affonso: "the referral once a lead is fixed").
 */
export function uniteTouches(a: readonly Touch[], b: readonly Touch[]): readonly Touch[] {
  if (b.length === 0) return a;
  const known = new Map<string, Touch>();
  for (const touch of [...a, ...b]) {
    const name = `${touch.token}\n${touch.subscription ?? ''}\n${touch.rank}`;
    const other = known.get(name);
    if (!other || compareTouches(touch, other) < 0) known.set(name, touch);
  }
  return [...known.values()].toSorted(compareTouches).slice(0, MOST_TOUCHES);
}

/** The newer sight of one object; its proof is the earlier of both, whichever is newer. */
export function mergeClaims(a: Claim | undefined, b: Claim): Claim {
  if (!a) return b;
  const newer = compareStamps(a.stamp, b.stamp) >= 0 ? a : b;
  return { ...newer, proof: earlierStamp(a.proof, b.proof) };
}

function mergeRefunds(a: Refund | undefined, b: Refund): Refund {
  if (!a) return b;
  const newer = compareStamps(a.stamp, b.stamp) >= 0 ? a : b;
  const proof = compareStamps(a.proof, b.proof) <= 0 ? a.proof : b.proof;
  // Either sight may know the charge; a name once known is not forgotten.
  return { ...newer, proof, charge: newer.charge ?? a.charge ?? b.charge };
}

function uniteRulings(a: readonly Ruling[], b: readonly Ruling[]): readonly Ruling[] {
  const known = new Map([...a, ...b].map((ruling) => [ruling.stamp.event, ruling]));
  return [...known.values()].toSorted((x, y) => compareStamps(x.stamp, y.stamp));
}

function uniteTrails(a: readonly Trace[], b: readonly Trace[]): readonly Trace[] {
  const known = new Map([...a, ...b].map((trace) => [`${trace.source}\n${trace.id}`, trace]));
  return [...known.values()]
    .toSorted((x, y) => x.at - y.at || compareText(x.source, y.source) || compareText(x.id, y.id))
    .slice(0, MOST_TRACES);
}

function mergeRecords<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  merge: (a: T | undefined, b: T) => T,
): Readonly<Record<string, T>> {
  const merged: Record<string, T> = { ...a };
  for (const [key, value] of Object.entries(b)) merged[key] = merge(merged[key], value);
  return merged;
}

/** Two states of the same money as one. */
export function mergePayments(a: PaymentState, b: PaymentState): PaymentState {
  return {
    keys: unite(a.keys, b.keys),
    claims: mergeRecords(a.claims, b.claims, mergeClaims),
    refunds: mergeRecords(a.refunds, b.refunds, mergeRefunds),
    rulings: uniteRulings(a.rulings, b.rulings),
    touches: uniteTouches(a.touches, b.touches),
    optOut:
      a.optOut !== null && b.optOut !== null && compareText(a.optOut, b.optOut) > 0 ? b.optOut : (a.optOut ?? b.optOut),
    trail: uniteTrails(a.trail, b.trail),
    rules: earliest(a.rules, b.rules),
    clock: mergeClocks(a.clock, b.clock),
  };
}

export function mergeClocks(a: Clock, b: Clock): Clock {
  return {
    matured: earliest(a.matured, b.matured),
    released: earliest(a.released, b.released),
    known: earliest(a.known, b.known),
  };
}

/** What one payment fact of one event says, as a state of its own, ready to be merged. */
export function paymentOf(fact: PaymentFact, event: EventRef): PaymentState {
  return {
    ...EMPTY_PAYMENT,
    keys: unite([], fact.keys),
    claims: fact.claim ? { [fact.claim.key]: fact.claim } : {},
    touches: uniteTouches([], fact.touches),
    optOut: fact.optOut,
    trail: [traceOf(event)],
    rules: fact.claim?.status === 'paid' ? event.rules : null,
    clock: { ...EMPTY_PAYMENT.clock, known: event.received },
  };
}

export function refundOf(refund: Refund, keys: readonly string[], event: EventRef): PaymentState {
  return {
    ...EMPTY_PAYMENT,
    keys: unite([], keys),
    refunds: { [refund.key]: refund },
    trail: [traceOf(event)],
    clock: { ...EMPTY_PAYMENT.clock, known: event.received },
  };
}

export function rulingOf(ruling: Ruling, keys: readonly string[], event: EventRef): PaymentState {
  return { ...EMPTY_PAYMENT, keys: unite([], keys), rulings: [ruling], trail: [traceOf(event)] };
}

function traceOf(event: EventRef): Trace {
  return { source: event.source, id: event.id, type: event.type, at: event.at };
}

export function mergeCustomers(a: CustomerState, b: CustomerState): CustomerState {
  return {
    links: unite(a.links, b.links, MOST_LINKS),
    // Not cut: whoever is left out would miss a late credit. One name with thousands of buyers is not a buyer's name.
    members: unite(a.members, b.members),
    touches: uniteTouches(a.touches, b.touches),
  };
}

/** A price's recurrence is immutable at Stripe, so the first sight is as good as any, and later ones change nothing. */
export function mergePrices(a: PriceState, fact: PriceFact): PriceState {
  if (a.stamp && compareStamps(a.stamp, fact.stamp) <= 0) return a;
  return { stamp: fact.stamp, product: fact.product, interval: fact.interval };
}
