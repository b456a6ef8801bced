/** The present state of a payment, of a buyer's node and of a price: what merging makes of the facts. */
import type { Claim, Dispute, Interval, Note, OptOut, Refund, Ruling, Stamp, Touch, Warning } from './facts.ts';
import type { Moment } from './time.ts';

/** One event that spoke of this money, for the trail. */
export type Trace = { readonly source: string; readonly id: string; readonly type: string; readonly at: Moment };

/** All that is known of one payment: the same money under every key that names it. */
export type PaymentState = {
  readonly keys: readonly string[];
  readonly claims: Readonly<Record<string, Claim>>;
  readonly refunds: Readonly<Record<string, Refund>>;
  readonly disputes: Readonly<Record<string, Dispute>>;
  readonly warnings: Readonly<Record<string, Warning>>;
  readonly notes: Readonly<Record<string, Note>>;
  /** Amounts recorded as paid outside the provider, by record. */
  readonly outside: Readonly<Record<string, bigint>>;
  readonly rulings: readonly Ruling[];
  /** Buyers that an object named once and names no more: what links two names must not depend on which was heard first. */
  readonly formerParties: readonly string[];
  readonly touches: readonly Touch[];
  readonly optOut: string | null;
  readonly trail: readonly Trace[];
  /** The smallest rules version among the events that showed money: what was known when it became known. */
  readonly rules: number | null;
  /** Decisions of the clock, kept because no event can tell them again. */
  readonly clock: Clock;
};

/**
 * `matured`: the deferral's deadline passed without a bill. `released`: the last time the clock found the hold over; a
 * hold that was prolonged after that is not over. `known`: first heard of. null: not yet.
 */
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
  readonly optOuts?: readonly OptOut[];
};

/** What the provider's catalogue says of a price or of a promotion code. */
export type PriceState = {
  readonly stamp: Stamp | null;
  readonly product: string | null;
  readonly interval: Interval | null;
  /** Of a promotion code only: what buyers type, in lower case, and the coupon's key. */
  readonly code?: string | null;
  readonly coupon?: string | null;
};

export const EMPTY_PAYMENT: PaymentState = {
  keys: [],
  claims: {},
  refunds: {},
  disputes: {},
  warnings: {},
  notes: {},
  outside: {},
  rulings: [],
  formerParties: [],
  touches: [],
  optOut: null,
  trail: [],
  rules: null,
  clock: { matured: null, released: null, known: null },
};

export const EMPTY_CUSTOMER: CustomerState = { links: [], members: [], touches: [] };
export const EMPTY_PRICE: PriceState = { stamp: null, product: null, interval: null };
