/**
 * Merging facts into the present state of a payment, a customer, a price.
 *
 * Every function here is commutative, associative and idempotent, so the state is a function of the set of facts and
 * not of their order: newest stamp wins per object, proofs keep the earliest, sets only grow. Tested as a property.
 */
import type {
  Claim,
  EventRef,
  LossFact,
  OptOut,
  PaymentFact,
  PriceFact,
  PromotionFact,
  Refund,
  Ruling,
  Stamp,
  Touch,
} from './facts.ts';
import { compareStamps, compareText, PROVISIONAL, UNPROVEN } from './facts.ts';
import { uniteOptOuts } from './opt-out-sights.ts';
import { EMPTY_PAYMENT, EMPTY_PRICE } from './state.ts';
import type { Clock, CustomerState, PaymentState, PriceState, Trace } from './state.ts';

export { EMPTY_CUSTOMER, EMPTY_PAYMENT, EMPTY_PRICE } from './state.ts';
export type { Clock, CustomerState, PaymentState, PriceState } from './state.ts';

/** Sets that only grow are cut to their smallest members, which keeps the merge order-free and the row bounded. */
const MOST_TOUCHES = 20;
const MOST_LINKS = 50;
const MOST_TRACES = 200;

/** The smaller of two values of which either may be missing. */
function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function latest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
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

const doubtOf = ({ rank }: Touch): number => (rank === PROVISIONAL ? 2 : Number(rank === UNPROVEN));

/** What is less certain comes last, so that no number of them cuts off what is not. */
function compareTouches(a: Touch, b: Touch): number {
  return (
    doubtOf(a) - doubtOf(b) ||
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

/**
 * The newer sight of one object; its proof is the earlier of both, whichever is newer, and its lines are the best told,
 * so that a payload that cuts them off never hides lines that were told in full.
 */
export function mergeClaims(a: Claim | undefined, b: Claim): Claim {
  if (!a) return b;
  const newer = compareStamps(a.stamp, b.stamp) >= 0 ? a : b;
  const proof = earlierStamp(a.proof, b.proof);
  const best = compareLines(a, b) >= 0 ? a : b;
  if (best === newer) return { ...newer, proof };
  const { net, lines, linesIncomplete, detail, flags } = best;
  return { ...newer, proof, net, lines, linesIncomplete, detail, flags, linesStamp: best.linesStamp ?? best.stamp };
}

function compareLines(a: Claim, b: Claim): number {
  return a.detail - b.detail || compareStamps(a.linesStamp ?? a.stamp, b.linesStamp ?? b.stamp);
}

function mergeRefunds(a: Refund | undefined, b: Refund): Refund {
  if (!a) return b;
  // A caller knows of a provider's object at most what it was when they told of it.
  const told = Number(a.externalId === null) - Number(b.externalId === null);
  const newer = (told || compareStamps(a.stamp, b.stamp)) >= 0 ? a : b;
  const proof = compareStamps(a.proof, b.proof) <= 0 ? a.proof : b.proof;
  // Either sight may know the charge; a name once known is not forgotten, and of several the same one stays.
  const [charge = null] = [a.charge, b.charge].filter((name) => name !== null).toSorted(compareText);
  const failedAt = earliest(a.failedAt ?? null, b.failedAt ?? null);
  return {
    ...newer,
    proof,
    charge,
    ...((a.named ?? b.named) ? { named: true } : undefined),
    ...(failedAt === null ? undefined : { failedAt }),
  };
}

/** The newer sight; the earliest proof. For objects that show themselves whole each time. */
function mergeSights<T extends { readonly stamp: Stamp; readonly proof: Stamp }>(a: T | undefined, b: T): T {
  if (!a) return b;
  const newer = compareStamps(a.stamp, b.stamp) >= 0 ? a : b;
  return { ...newer, proof: compareStamps(a.proof, b.proof) <= 0 ? a.proof : b.proof };
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
  const claims = mergeRecords(a.claims, b.claims, mergeClaims);
  return {
    keys: unite(a.keys, b.keys),
    claims,
    refunds: mergeRecords(a.refunds, b.refunds, mergeRefunds),
    disputes: mergeRecords(a.disputes, b.disputes, mergeSights),
    warnings: mergeRecords(a.warnings, b.warnings, mergeSights),
    notes: mergeRecords(a.notes, b.notes, mergeSights),
    outside: mergeRecords(a.outside, b.outside, (x, y) => (x !== undefined && x > y ? x : y)),
    rulings: uniteRulings(a.rulings, b.rulings),
    formerParties: formerParties(claims, a, b),
    touches: uniteTouches(a.touches, b.touches),
    optOut:
      a.optOut !== null && b.optOut !== null && compareText(a.optOut, b.optOut) > 0 ? b.optOut : (a.optOut ?? b.optOut),
    trail: uniteTrails(a.trail, b.trail),
    rules: earliest(a.rules, b.rules),
    clock: mergeClocks(a.clock, b.clock),
  };
}

function formerParties(claims: PaymentState['claims'], a: PaymentState, b: PaymentState): readonly string[] {
  const named = Object.values(claims).map(({ party }) => party);
  const all = [...Object.values(a.claims), ...Object.values(b.claims)].flatMap(({ party }) => party ?? []);
  const former = [...a.formerParties, ...b.formerParties, ...all].filter((party) => !named.includes(party));
  return unite([], former, MOST_LINKS);
}

export function mergeClocks(a: Clock, b: Clock): Clock {
  return {
    matured: earliest(a.matured, b.matured),
    released: latest(a.released, b.released),
    known: earliest(a.known, b.known),
  };
}

/** Paid, or given up after a part was paid: from then on it may be a sale (cases.md 37). */
function showsMoney({ status, paid }: Claim): boolean {
  return status === 'paid' || (status === 'uncollectible' && paid > 0n);
}

/** What one payment fact of one event says, as a state of its own, ready to be merged. */
export function paymentOf(fact: PaymentFact, event: EventRef): PaymentState {
  return {
    ...EMPTY_PAYMENT,
    keys: unite([], fact.keys),
    claims: fact.claim ? { [fact.claim.key]: fact.claim } : {},
    touches: uniteTouches([], fact.touches),
    optOut: fact.optOut,
    outside: fact.outside ? { [fact.outside.key]: fact.outside.amount } : {},
    trail: [traceOf(event)],
    rules: fact.claim && showsMoney(fact.claim) ? event.rules : null,
    clock: { ...EMPTY_PAYMENT.clock, known: event.received },
  };
}

export function lossOf(fact: LossFact, event: EventRef): PaymentState {
  const heard: PaymentState = {
    ...EMPTY_PAYMENT,
    keys: unite([], fact.keys),
    trail: [traceOf(event)],
    clock: { ...EMPTY_PAYMENT.clock, known: event.received },
  };
  switch (fact.kind) {
    case 'refund':
      return { ...heard, refunds: { [fact.refund.key]: firstSight(fact.refund) } };
    case 'dispute':
      return { ...heard, disputes: { [fact.dispute.key]: fact.dispute } };
    case 'warning':
      return { ...heard, warnings: { [fact.warning.key]: fact.warning } };
    case 'note':
      return { ...heard, notes: { [fact.note.key]: fact.note } };
  }
}

function firstSight(refund: Refund): Refund {
  return refund.status === 'failed' ? { ...refund, failedAt: refund.stamp.at } : refund;
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
    ...optOutsOf(uniteOptOuts(a.optOuts ?? [], b.optOuts ?? [])),
  };
}

/** Rare, so the row does not carry an empty list. */
const optOutsOf = (optOuts: readonly OptOut[]): Pick<CustomerState, 'optOuts'> =>
  optOuts.length > 0 ? { optOuts } : {};

/** A price's recurrence is immutable at Stripe, so the first sight is as good as any, and later ones change nothing. */
export function mergePrices(a: PriceState, fact: PriceFact): PriceState {
  if (a.stamp && compareStamps(a.stamp, fact.stamp) <= 0) return a;
  return { stamp: fact.stamp, product: fact.product, interval: fact.interval };
}

/** A code can be given to another coupon: the newest sight counts. */
export function mergePromotions(a: PriceState, fact: PromotionFact): PriceState {
  if (a.stamp && compareStamps(a.stamp, fact.stamp) >= 0) return a;
  return { ...EMPTY_PRICE, stamp: fact.stamp, code: fact.code?.toLowerCase() ?? null, coupon: fact.coupon };
}
