/**
 * Merged state as JSON and back. Amounts travel as decimal text, never as JSON numbers, so that no reader of the column
 * can turn them into floats.
 */
import type { Claim, Line, Refund } from './facts.ts';
import { EMPTY_STANDING, type Standing } from './ledger.ts';
import type { CustomerState, PaymentState, PriceState } from './merge.ts';

type Written<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] extends bigint | null ? string | null : T[K] };
type WrittenClaim = Omit<Written<Claim>, 'lines'> & { lines: Written<Line>[] };
type WrittenState = Omit<PaymentState, 'claims' | 'refunds'> & {
  claims: Record<string, WrittenClaim>;
  refunds: Record<string, Written<Refund>>;
};

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
    lines: claim.lines.map((line) => ({ ...line, net: BigInt(line.net) })),
  };
}

export function writePayment(state: PaymentState): string {
  const written: WrittenState = {
    ...state,
    claims: mapValues(state.claims, writeClaim),
    refunds: mapValues(state.refunds, (refund) => ({ ...refund, amount: String(refund.amount) })),
  };
  return JSON.stringify(written);
}

/** Reads what `writePayment` wrote; the column has no other writer. */
export function readPayment(text: string): PaymentState {
  const written = JSON.parse(text) as WrittenState;
  return {
    ...written,
    claims: mapValues(written.claims, readClaim),
    refunds: mapValues(written.refunds, (refund) => ({ ...refund, amount: BigInt(refund.amount) })),
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
