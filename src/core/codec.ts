/**
 * Merged state as JSON and back. Amounts travel as decimal text, never as JSON numbers, so that no reader of the column
 * can turn them into floats.
 */
import type { Claim, Dispute, Line, Note, PaidOut, Refund, Ruling } from './facts.ts';
import { EMPTY_STANDING, type Standing } from './ledger.ts';
import { EMPTY_PAYMENT, type CustomerState, type PaymentState, type PriceState } from './state.ts';

type Written<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] extends bigint | null ? string | null : T[K] };
type WrittenClaim = Omit<Written<Claim>, 'lines'> & { lines: Written<Line>[] };
type WrittenNote = Omit<Written<Note>, 'refunds' | 'lines'> & {
  refunds: { key: string; amount: string }[];
  lines: { line: string | null; amount: string; net?: string }[];
};
type WrittenRuling = Omit<Ruling, 'amounts' | 'ordered'> & {
  amounts?: Written<PaidOut>[];
  ordered?: { amount: string; currency: string };
};
type WrittenState = Omit<PaymentState, 'claims' | 'refunds' | 'disputes' | 'notes' | 'outside' | 'rulings'> & {
  claims: Record<string, WrittenClaim>;
  refunds: Record<string, Written<Refund>>;
  disputes: Record<string, Written<Dispute>>;
  notes: Record<string, WrittenNote>;
  outside: Record<string, string>;
  rulings: WrittenRuling[];
};
type Rare = 'formerParties' | 'disputes' | 'warnings' | 'notes' | 'outside';
type Stored = Omit<WrittenState, Rare> & Partial<Pick<WrittenState, Rare>>;

/** What stands because of a payment: ids of the rows, digests to see a change, standing per commission. */
export type Posted = {
  readonly sale: PostedRow | null;
  readonly refunds: Readonly<Record<string, PostedRow>>;
  readonly commissions: readonly PostedCommission[];
  /** The referral credited and the reason for waiting, as they stand in the row. */
  readonly referralId: string | null;
  readonly parked: string | null;
};
export type PostedRow = { readonly id: string; readonly digest: string };
export type PostedCommission = PostedRow & {
  readonly conversionId: string;
  readonly affiliateId: string;
  readonly currency: string;
  readonly standing: Standing;
};
type WrittenPosted = Omit<Posted, 'commissions'> & {
  commissions: (Omit<PostedCommission, 'standing'> & { standing: Written<Standing> })[];
};

export const NOTHING_POSTED: Posted = { sale: null, refunds: {}, commissions: [], referralId: null, parked: null };

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  const out: Record<string, B> = {};
  for (const key of Object.keys(record)) out[key] = change(record[key] as A);
  return out;
}

function writeClaim(claim: Claim): WrittenClaim {
  return {
    ...claim,
    total: String(claim.total),
    paid: String(claim.paid),
    net: String(claim.net),
    refunded: claim.refunded === null ? null : String(claim.refunded),
    platformFee: claim.platformFee === null ? null : String(claim.platformFee),
    fromBalance: claim.fromBalance === null ? null : String(claim.fromBalance),
    lines: claim.lines.map((line) => ({ ...line, net: String(line.net) })),
  };
}

function readClaim(claim: WrittenClaim): Claim {
  return {
    ...claim,
    total: BigInt(claim.total),
    paid: BigInt(claim.paid),
    net: BigInt(claim.net),
    refunded: claim.refunded === null ? null : BigInt(claim.refunded),
    platformFee: claim.platformFee == null ? null : BigInt(claim.platformFee),
    fromBalance: claim.fromBalance == null ? null : BigInt(claim.fromBalance),
    optOut: claim.optOut ?? null,
    detail: claim.detail ?? (claim.linesIncomplete ? 0 : 1),
    linesStamp: claim.linesStamp ?? null,
    lines: claim.lines.map((line) => ({ ...line, net: BigInt(line.net) })),
  };
}

function writeNote(note: Note): WrittenNote {
  return {
    ...note,
    outside: String(note.outside),
    balance: String(note.balance),
    refunds: note.refunds.map(text),
    lines: note.lines.map((one) => ({ ...text(one), net: String(one.net) })),
  };
}

function readNote(note: WrittenNote): Note {
  return {
    ...note,
    outside: BigInt(note.outside),
    balance: BigInt(note.balance),
    refunds: note.refunds.map((one) => ({ ...one, amount: BigInt(one.amount) })),
    lines: note.lines.map((one) => ({ ...one, amount: BigInt(one.amount), net: BigInt(one.net ?? one.amount) })),
  };
}

function writeRuling({ amounts, ordered, ...ruling }: Ruling): WrittenRuling {
  return {
    ...ruling,
    ...(amounts ? { amounts: amounts.map(text) } : NONE),
    ...(ordered ? { ordered: text(ordered) } : NONE),
  };
}

function readRuling({ amounts, ordered, ...ruling }: WrittenRuling): Ruling {
  return {
    ...ruling,
    ...(amounts ? { amounts: amounts.map((one) => ({ ...one, amount: BigInt(one.amount) })) } : NONE),
    ...(ordered ? { ordered: { ...ordered, amount: BigInt(ordered.amount) } } : NONE),
  };
}

const text = <T extends { readonly amount: bigint }>(one: T): Omit<T, 'amount'> & { amount: string } => ({
  ...one,
  amount: String(one.amount),
});

/** In the order in which the fields of a state stand, so that equal states are equal text. */
export function writePayment(state: PaymentState): string {
  const written: Stored = {
    keys: state.keys,
    claims: mapValues(state.claims, writeClaim),
    refunds: mapValues(state.refunds, text),
    ...rareOf(state),
    rulings: state.rulings.map(writeRuling),
    ...(state.formerParties.length > 0 ? { formerParties: state.formerParties } : NONE),
    touches: state.touches,
    optOut: state.optOut,
    trail: state.trail,
    rules: state.rules,
    clock: state.clock,
  };
  return JSON.stringify(written);
}

const NONE = {};

const has = (record: object): boolean => {
  for (const _ in record) return true;
  return false;
};

/** What most payments do not have is not written; reading puts it back. */
function rareOf({ disputes, warnings, notes, outside }: PaymentState): Partial<Pick<WrittenState, Rare>> {
  if (!has(disputes) && !has(warnings) && !has(notes) && !has(outside)) return NONE;
  return {
    ...(has(disputes) ? { disputes: mapValues(disputes, text) } : NONE),
    ...(has(warnings) ? { warnings } : NONE),
    ...(has(notes) ? { notes: mapValues(notes, writeNote) } : NONE),
    ...(has(outside) ? { outside: mapValues(outside, String) } : NONE),
  };
}

/** Reads what `writePayment` wrote, now or before a field existed; the column has no other writer. */
export function readPayment(stored: string): PaymentState {
  const written = JSON.parse(stored) as Stored;
  return {
    ...EMPTY_PAYMENT,
    ...written,
    claims: mapValues(written.claims, readClaim),
    refunds: mapValues(written.refunds, (refund) => ({ ...refund, amount: BigInt(refund.amount) })),
    disputes: mapValues(written.disputes ?? {}, (one) => ({ ...one, amount: BigInt(one.amount) })),
    warnings: written.warnings ?? {},
    notes: mapValues(written.notes ?? {}, readNote),
    outside: mapValues(written.outside ?? {}, BigInt),
    rulings: written.rulings.map(readRuling),
  };
}

export function writePosted(posted: Posted): string {
  const written: WrittenPosted = {
    ...posted,
    commissions: posted.commissions.map((one) => ({
      ...one,
      standing: {
        review: String(one.standing.review),
        pending: String(one.standing.pending),
        payable: String(one.standing.payable),
        paid: String(one.standing.paid),
      },
    })),
  };
  return JSON.stringify(written);
}

export function readPosted(text: string): Posted {
  const written = JSON.parse(text) as WrittenPosted;
  return {
    ...written,
    commissions: written.commissions.map((one) => ({
      ...one,
      standing: {
        ...EMPTY_STANDING,
        review: BigInt(one.standing.review),
        pending: BigInt(one.standing.pending),
        payable: BigInt(one.standing.payable),
        paid: BigInt(one.standing.paid),
      },
    })),
  };
}

export function readCustomer(text: string): CustomerState {
  return JSON.parse(text) as CustomerState;
}

export function readPrice(text: string): PriceState {
  return JSON.parse(text) as PriceState;
}
