/** How much of a payment went back, is asked back, and when (reference/stripe.md 3 and 6.4, cases.md 81 to 112). */
import { publicEventId } from './keys.ts';
import type { Dispute, Note, Refund } from './losses.ts';
import type { Sale } from './collect.ts';
import { divideRounded, split } from './money.ts';
import { broughtBy, wasReturned } from './returned.ts';
import { isCallers, sortedOut, type ToldTwice } from './same-refunds.ts';
import { compareText } from './stamp.ts';
import type { PaymentState } from './state.ts';
import type { Moment } from './time.ts';

/** One refund or dispute as it counts: its own object, or what only a counter or a credit note tells of. */
export type Counted = {
  readonly kind: 'refund' | 'dispute';
  readonly key: string;
  readonly amount: bigint;
  readonly at: Moment;
  readonly status: string;
  /** `gone`: taken back. `held`: asked back, not decided. `kept`: it came to nothing. */
  readonly effect: 'gone' | 'held' | 'kept';
  readonly charge: string | null;
  readonly source: string;
  readonly externalEventId: string;
  /** What it takes from which line of the bill, with tax and without; empty: from all in proportion. */
  readonly lines: readonly { readonly line: string; readonly amount: bigint; readonly net: bigint }[];
  /** The callers' own ids of the same money. */
  readonly alsoToldAs?: readonly string[];
};

export type Gone = { readonly gone: bigint; readonly held: bigint };

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/**
 * Everything once, in time order, of a sale of so much cash; `accrual`: what a credit note puts on the buyer's balance is
 * taken back at once (cases.md 97).
 */
export function countedOf(
  state: PaymentState,
  { currency, cash, paidAt }: Pick<Sale, 'currency' | 'cash' | 'paidAt'>,
  accrual: boolean,
): Counted[] {
  const notes = Object.values(state.notes)
    .filter((note) => note.status === 'issued')
    .toSorted((a, b) => compareText(a.key, b.key));
  const onlyCharge = soleChargeOf(state);
  const all = Object.values(state.refunds);
  const objects = [...all.filter((refund) => !isCallers(refund)), ...refundsToldByNotes(state, notes)];
  const told = all.filter((refund) => isCallers(refund) && !refund.total);
  const parts = Object.values(state.notes).flatMap((note) => countNote(note, accrual));
  const { left, twice } = sortedOut(told, objects, () => [
    ...parts,
    // A sole charge's counter needs no comparison: whatever callers tell is a part of it.
    ...(onlyCharge === null ? remaindersOf(state, objects, null) : []),
  ]);
  const refunds = [...objects, ...left];
  const counted = [
    ...refunds.map((refund) => countRefund(refund, notes, onlyCharge)),
    ...remaindersOf(state, refunds, onlyCharge),
    ...parts,
    ...returnsOf(state, cash, paidAt),
    ...Object.values(state.disputes).map((dispute) => countDispute(dispute, currency, cash, onlyCharge, state)),
  ];
  const beyond = beyondOthers(
    all.filter(({ total }) => total),
    counted,
  );
  const each = [...withOtherNames(counted, twice), ...beyond.map((refund) => countRefund(refund, [], onlyCharge))];
  return namedApart(each.toSorted(inTime));
}

const inTime = (a: Counted, b: Counted): number =>
  a.at - b.at ||
  compareText(a.key, b.key) ||
  compareText(a.kind, b.kind) ||
  compareText(a.externalEventId, b.externalEventId);

/** Objects of different kinds have different ids, but for those of damaged events: each has to have a name of its own. */
function namedApart(counted: Counted[]): Counted[] {
  const names = new Map<string, number>();
  return counted.map((one) => {
    const name = `${one.kind} ${one.key}`;
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return count === 1 ? one : { ...one, key: `${one.key}~${count}` };
  });
}

function withOtherNames(counted: readonly Counted[], twice: readonly ToldTwice[]): readonly Counted[] {
  if (twice.length === 0) return counted;
  return counted.map((one) => {
    const also = twice.filter(({ provider }) => provider.some(({ key }) => key === one.key));
    return also.length === 0 ? one : { ...one, alsoToldAs: also.map(({ caller }) => caller.externalId ?? caller.key) };
  });
}

/** A total is the same money as the refunds that others tell of, in either order: what it names beyond them is left. */
function beyondOthers(totals: readonly Refund[], counted: readonly Counted[]): Refund[] {
  const [largest] = totals.toSorted((a, b) => Number(b.amount - a.amount) || compareText(a.key, b.key));
  const refunded = counted.filter(({ kind, effect }) => kind === 'refund' && effect === 'gone');
  const rest = (largest?.amount ?? 0n) - sum(refunded.map(({ amount }) => amount));
  return largest && rest > 0n ? [{ ...largest, amount: rest }] : [];
}

/** A refund told by a caller names no charge; where only one brought money, it can be no other's. */
function soleChargeOf(state: PaymentState): string | null {
  const charges = Object.values(state.claims).filter((claim) => claim.kind === 'charge' && claim.proof !== null);
  return charges.length === 1 ? (charges[0]?.key ?? null) : null;
}

/**
 * Credit notes may tell of a refund whose own events never come, several of one and the same, each of its part; as soon
 * as the refund itself is known, that counts.
 */
function refundsToldByNotes(state: PaymentState, notes: readonly Note[]): Refund[] {
  const told = new Map<string, Refund>();
  for (const note of notes)
    for (const { key, amount } of note.refunds) {
      if (state.refunds[key] || amount <= 0n) continue;
      const before = told.get(key);
      told.set(key, before ? { ...before, amount: before.amount + amount } : toldBy(note, key, amount));
    }
  return [...told.values()];
}

function toldBy({ stamp, currency, at, proof, source }: Note, key: string, amount: bigint): Refund {
  return { key, amount, stamp, currency, status: 'succeeded', at, charge: null, proof, source, externalId: null };
}

function countRefund(refund: Refund, notes: readonly Note[], onlyCharge: string | null): Counted {
  const parts = notes.flatMap((note) =>
    note.refunds.filter(({ key }) => key === refund.key).map(({ amount }) => ({ note, amount })),
  );
  const [only] = parts;
  return {
    kind: 'refund',
    key: refund.key,
    amount: refund.amount,
    at: refund.at,
    status: refund.status,
    effect: refund.status === 'failed' ? 'kept' : 'gone',
    charge: refund.charge ?? onlyCharge,
    source: refund.source,
    externalEventId: refund.externalId ?? publicEventId(refund.proof.event),
    lines:
      parts.length === 1 && only
        ? sharedOut(refund.amount, only.note)
        : parts.flatMap(({ note, amount }) => sharedOut(amount, note)),
  };
}

/** An amount over the lines of its note; the part that belongs to no line in particular is left out. */
function sharedOut(amount: bigint, { lines }: Note): Counted['lines'] {
  const weights = lines.map((one) => (one.amount > 0n ? one.amount : 0n));
  if (sum(weights) === 0n) return [];
  const parts = split(amount, weights);
  return lines.flatMap(({ line, amount: told, net }, index) => {
    const part = parts[index] ?? 0n;
    return line === null || part === 0n ? [] : [{ line, amount: part, net: divideRounded(net * part, told) }];
  });
}

/**
 * A charge counts cumulatively, refund objects count one by one; what the charge shows beyond its objects is one
 * remainder under the charge's key, superseded when the objects arrive (stripe.md 3). A counter that was read before a
 * refund failed still contains that refund, so failures after the reading are taken off it.
 */
function remaindersOf(state: PaymentState, refunds: readonly Refund[], onlyCharge: string | null): Counted[] {
  return Object.values(state.claims).flatMap((claim) => {
    if (claim.kind !== 'charge' || claim.refunded === null || claim.refunded === 0n) return [];
    const own = refunds.filter((refund) => (refund.charge ?? onlyCharge) === claim.key);
    const active = sum(own.filter((refund) => refund.status !== 'failed').map((refund) => refund.amount));
    const failedLater = own.filter(
      (refund) => refund.status === 'failed' && refund.at <= claim.stamp.at && refund.stamp.at >= claim.stamp.at,
    );
    const rest = claim.refunded - sum(failedLater.map((refund) => refund.amount)) - active;
    if (rest <= 0n) return [];
    const told = { at: claim.stamp.at, source: claim.source, externalEventId: publicEventId(claim.stamp.event) };
    return [refundLike(`${claim.key}:refunded`, rest, { ...told, charge: claim.key })];
  });
}

type Like = Pick<Counted, 'at' | 'source' | 'externalEventId'> & Partial<Counted>;

function refundLike(key: string, amount: bigint, told: Like): Counted {
  return { kind: 'refund', key, amount, status: 'succeeded', effect: 'gone', charge: null, lines: [], ...told };
}

/** The parts of a credit note that no refund tells of: returned outside, and on accrual what went to the balance. */
function countNote(note: Note, accrual: boolean): Counted[] {
  const void_ = note.status === 'void';
  const told: Like = {
    at: note.at,
    source: note.source,
    externalEventId: publicEventId(note.proof.event),
    status: void_ ? 'failed' : 'succeeded',
    effect: void_ ? 'kept' : 'gone',
  };
  const part = (key: string, amount: bigint): Counted[] =>
    amount > 0n ? [refundLike(key, amount, { ...told, lines: sharedOut(amount, note) })] : [];
  return [...part(note.key, note.outside), ...(accrual ? part(`${note.key}:balance`, note.balance) : [])];
}

/**
 * Bank debits that came back weeks after they were paid: the charge failed after all (cases.md 112). As far as other
 * charges cover the cash it was paid again, and nothing is gone; and what had come back before the sale was paid is no
 * part of its cash: it was paid by other means (outside the provider, by a charge that was never told).
 */
function returnsOf(state: PaymentState, cash: bigint, paidAt: Moment): Counted[] {
  const charges = Object.values(state.claims).filter(({ kind }) => kind === 'charge');
  const covered = sum(charges.filter(({ status }) => status === 'paid').map(({ paid }) => paid));
  let missing = cash - covered;
  return charges
    .filter((claim) => wasReturned(claim) && claim.stamp.at >= paidAt)
    .toSorted((a, b) => a.stamp.at - b.stamp.at || compareText(a.key, b.key))
    .flatMap((claim) => {
      const { key, stamp, source } = claim;
      const amount = missing < broughtBy(claim) ? missing : broughtBy(claim);
      if (amount <= 0n) return [];
      missing -= amount;
      const told = { at: stamp.at, source, externalEventId: publicEventId(stamp.event), charge: key };
      return [refundLike(`${key}:returned`, amount, told)];
    });
}

const EFFECTS = { inquiry: 'kept', dropped: 'kept', won: 'kept', open: 'held', lost: 'gone' } as const;

/** A dispute in another currency than the sale's is of the whole charge, or of all cash: its number cannot be compared. */
function countDispute(
  dispute: Dispute,
  currency: string,
  cash: bigint,
  onlyCharge: string | null,
  state: PaymentState,
): Counted {
  const charge = dispute.charge ?? onlyCharge;
  const claim = charge === null ? undefined : state.claims[charge];
  const whole = claim ? broughtBy(claim) : cash;
  return {
    kind: 'dispute',
    key: dispute.key,
    amount: dispute.currency === currency ? dispute.amount : whole,
    at: dispute.at,
    status: dispute.status,
    effect: EFFECTS[dispute.status],
    charge,
    source: dispute.source,
    externalEventId: publicEventId(dispute.proof.event),
    lines: [],
  };
}

/** Refunds and disputes of one charge never take more than it brought, all together never more than `cash` (cases.md 109, 110). */
function clamped(state: PaymentState, counted: readonly Counted[], cash: bigint): bigint {
  const byCharge = new Map<string, bigint>();
  for (const { charge, amount } of counted) {
    const name = charge ?? '';
    byCharge.set(name, (byCharge.get(name) ?? 0n) + amount);
  }
  let total = 0n;
  for (const [charge, amount] of byCharge) {
    const claim = state.claims[charge];
    const most = claim && (claim.status === 'paid' || wasReturned(claim)) ? broughtBy(claim) : amount;
    total += most < amount ? most : amount;
  }
  return total > cash ? cash : total;
}

/** What is gone, and what of the rest is held by open disputes. */
export function goneOf(state: PaymentState, counted: readonly Counted[], cash: bigint): Gone {
  const gone = clamped(
    state,
    counted.filter(({ effect }) => effect === 'gone'),
    cash,
  );
  const both = clamped(
    state,
    counted.filter(({ effect }) => effect !== 'kept'),
    cash,
  );
  return { gone, held: both - gone };
}
