/** What takes money back, or threatens to: refunds, disputes, fraud warnings, credit notes (reference/stripe.md 1.7 to 1.9). */
import type { Stamp } from './stamp.ts';
import type { Moment } from './time.ts';

export type RefundStatus = 'pending' | 'succeeded' | 'failed';

export type Refund = {
  readonly key: string;
  readonly stamp: Stamp;
  readonly amount: bigint;
  readonly currency: string;
  readonly status: RefundStatus;
  readonly at: Moment;
  /** The charge it belongs to, so that charge totals and refund objects are not added up twice. */
  readonly charge: string | null;
  readonly proof: Stamp;
  readonly source: string;
  readonly externalId: string | null;
  /** What went back of the sale in all, also by refunds that others tell of: it counts as far as it is more than those. */
  readonly total?: true;
  /** Told without an amount: everything that was left beside what these keys had told by then; it is none of those. */
  readonly beside?: readonly string[];
  /** An object of the provider's that a caller named too. */
  readonly named?: true;
  /** When the provider first showed that it failed. */
  readonly failedAt?: Moment;
};

/**
 * `inquiry`: asked, no money moved. `open`: disputed, not decided. `dropped`: an inquiry that came to nothing. `won`: the
 * money stays or came back. `lost`: it is gone.
 */
export type DisputeStatus = 'inquiry' | 'open' | 'dropped' | 'won' | 'lost';

/** A buyer's bank asks for money back (chargeback, bank-debit return). */
export type Dispute = {
  readonly key: string;
  readonly stamp: Stamp;
  readonly amount: bigint;
  readonly currency: string;
  readonly status: DisputeStatus;
  readonly reason: string | null;
  readonly at: Moment;
  readonly charge: string | null;
  readonly proof: Stamp;
  readonly source: string;
};

/** A sign of fraud before any money is asked back; holds the commission until it expires or is cleared. */
export type Warning = {
  readonly key: string;
  readonly stamp: Stamp;
  readonly at: Moment;
  readonly charge: string | null;
  readonly proof: Stamp;
};

/** A credit note: takes back part of a bill, by refunds, to the buyer's balance, or outside (stripe.md 1.9). */
export type Note = {
  readonly key: string;
  readonly stamp: Stamp;
  readonly status: 'issued' | 'void';
  readonly currency: string;
  /** Refunds it is paid by; the refund objects themselves count, this says which lines they belong to. */
  readonly refunds: readonly { readonly key: string; readonly amount: bigint }[];
  /** Returned outside the provider: no refund will ever tell. */
  readonly outside: bigint;
  /** Credited to the buyer's balance: no cash moved. */
  readonly balance: bigint;
  /**
   * What it takes back of which line of the bill: `amount` with tax, relative to each other, `net` without any, to be
   * compared with the line's own. null: of no line in particular.
   */
  readonly lines: readonly { readonly line: string | null; readonly amount: bigint; readonly net: bigint }[];
  readonly at: Moment;
  readonly proof: Stamp;
  readonly source: string;
};

export type RefundFact = { readonly kind: 'refund'; readonly keys: readonly string[]; readonly refund: Refund };
export type DisputeFact = { readonly kind: 'dispute'; readonly keys: readonly string[]; readonly dispute: Dispute };
export type WarningFact = { readonly kind: 'warning'; readonly keys: readonly string[]; readonly warning: Warning };
export type NoteFact = { readonly kind: 'note'; readonly keys: readonly string[]; readonly note: Note };

export type LossFact = RefundFact | DisputeFact | WarningFact | NoteFact;
