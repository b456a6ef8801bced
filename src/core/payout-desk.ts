/**
 * Payouts as they are read. Nothing is sent by a rail: each is one commission that somebody ruled to be on its way or
 * paid. Amounts in minor units, moments in milliseconds UTC.
 */
import type { Caller, Paging } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { Page } from './views.ts';

export type PayoutStatus = 'processing' | 'completed';

export type PayoutView = {
  readonly id: string;
  readonly number: number;
  readonly status: PayoutStatus;
  readonly affiliateId: string;
  readonly affiliateName: string;
  /** '' where none is known. */
  readonly affiliateEmail: string;
  readonly amount: bigint;
  readonly currency: string;
  /** When it was first said to be on its way or paid, and when it was said to be what it is. */
  readonly createdAt: Moment;
  readonly processedAt: Moment;
  readonly updatedAt: Moment;
  /** What it pays for. */
  readonly commission: {
    readonly id: string;
    readonly conversionId: string;
    /** What is left of both after refunds. */
    readonly saleAmount: bigint;
    readonly saleCurrency: string;
    readonly amount: bigint;
    readonly occurredAt: Moment;
  };
};

export type PayoutFilter = Paging & {
  readonly status: PayoutStatus | null;
  readonly affiliateId: string | null;
  /** When it was created; both ends included. */
  readonly from: Moment | null;
  readonly to: Moment | null;
  readonly sort: { readonly by: 'created' | 'processed' | 'updated' | 'amount'; readonly descending: boolean };
};

export type PayoutDesk = {
  payouts(caller: Caller, filter: PayoutFilter): Promise<Page<PayoutView>>;
  payout(caller: Caller, id: string): Promise<PayoutView | Refusal>;
};
