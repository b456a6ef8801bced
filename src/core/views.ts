/** What the desk answers with: rows as every dialect shows them. Amounts in minor units, moments in milliseconds UTC. */
import type { Explanation } from './explain.ts';
import type { Terms } from './incentives.ts';
import type { CommissionStatus, Standing } from './ledger.ts';
import type { Ratio } from './money.ts';
import type { Moment } from './time.ts';

/** A sale conversion with its commission, as every dialect shows it. */
export type ConversionView = {
  readonly id: string;
  readonly kind: 'sale' | 'refund' | 'dispute';
  readonly livemode: boolean;
  readonly source: string;
  readonly externalEventId: string;
  readonly moneyKey: string;
  /** Every money key of its payment: `stripe:invoice:in_…`, `stripe:pi:pi_…`, … */
  readonly keys: readonly string[];
  readonly referralId: string | null;
  readonly affiliateId: string | null;
  readonly programId: string;
  readonly currency: string;
  readonly amount: bigint;
  readonly refunded: bigint;
  readonly base: bigint;
  /** Sale: open, complete, trialing, failed, refunded, partial_refunded. Refund: pending, succeeded, failed. Dispute: inquiry, open, dropped, won, lost. */
  readonly status: string;
  readonly reason: string | null;
  readonly occurredAt: Moment;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
  readonly commission: CommissionView | null;
};

export type CommissionView = {
  readonly id: string;
  readonly status: CommissionStatus;
  readonly currency: string;
  readonly earned: bigint;
  readonly reversed: bigint;
  readonly incentiveId: string | null;
  readonly incentiveVersion: number | null;
  readonly holdDays: number | null;
  readonly availableAt: Moment;
};

export type Page<T> = { readonly rows: readonly T[]; readonly total: number };

export type Cursor<T> = { readonly rows: readonly T[]; readonly hasMore: boolean };

export type AffiliateView = {
  readonly id: string;
  readonly programId: string;
  readonly groupId: string | null;
  readonly name: string;
  readonly email: string;
  readonly trackingId: string;
  readonly status: 'pending' | 'approved' | 'rejected' | 'paused' | 'banned';
  readonly externalUserId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /**
   * company_name, country_code, payout_method, payout_details; onboarding_completed, as somebody said; onboarding_marked,
   * as the form says.
   */
  readonly details: Readonly<Record<string, unknown>>;
  readonly createdAt: Moment;
  /** Who recruited them and earns with them. */
  readonly parentId: string | null;
  /** Why their commissions wait for an approval; null: they do not. */
  readonly heldReason: string | null;
};

/** Which affiliates a list shows, and in which order; what is left out or null asks for nothing. */
export type AffiliateFilter = {
  readonly status: string | null;
  /** Part of a name, an e-mail or a tracking id, without case. */
  readonly search: string | null;
  readonly groupId?: string | null;
  readonly programId?: string | null;
  /** When they were made; both ends included. */
  readonly from?: Moment | null;
  readonly to?: Moment | null;
  /** Default: the newest first. */
  readonly sort?: { readonly by: 'created' | 'name' | 'email'; readonly descending: boolean };
};

/** The same for coupons in force. */
export type CouponFilter = {
  readonly affiliateId: string | null;
  readonly programId?: string | null;
  /** Part of a code, without case. */
  readonly search?: string | null;
  readonly sort?: { readonly by: 'created' | 'code'; readonly descending: boolean };
};

/** A coupon or promotion code given to an affiliate. */
export type CouponView = {
  readonly id: string;
  readonly programId: string;
  readonly affiliateId: string;
  /** As it is typed; compared without case. */
  readonly code: string;
  readonly provider: string;
  readonly providerCouponId: string | null;
  readonly providerPromoCodeId: string | null;
  /** discount_type, discount_value, duration, duration_in_months, currency, product_ids: shown, decides nothing. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly createdAt: Moment;
};

/** 1 major unit of `from` is `ratio` major units of `to`, on a day (midnight UTC). */
export type RateView = {
  readonly from: string;
  readonly to: string;
  readonly day: Moment;
  readonly ratio: Ratio;
  readonly source: string;
  readonly createdAt: Moment;
};

export type ReferralView = {
  readonly id: string;
  /** '': it came through a link of nobody; such ones are in no list. */
  readonly affiliateId: string;
  readonly programId: string;
  readonly status: 'click' | 'lead' | 'trialing' | 'customer' | 'active' | 'canceled' | 'rejected';
  readonly email: string | null;
  readonly name: string | null;
  readonly customerId: string | null;
  readonly externalUserId: string | null;
  readonly subscriptionId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: Moment;
  readonly convertedAt: Moment | null;
  /** It began with a visit that was a test: the live world does not know it. */
  readonly testOnly?: true;
  /** Which of its names were only said without a key; absent: none. */
  readonly unproven?: readonly ('email' | 'externalUserId')[];
};

export type IncentiveView = {
  readonly id: string;
  readonly version: number;
  readonly programId: string;
  readonly terms: Terms;
  readonly createdAt: Moment;
  readonly ended: boolean;
};

export type TransferView = {
  readonly id: string;
  readonly commissionId: string;
  readonly conversionId: string;
  readonly debit: string;
  readonly credit: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly reason: string;
  readonly at: Moment;
};

export type BalanceView = { readonly currency: string; readonly standing: Standing };

export type TraceView = {
  readonly asked: string;
  readonly kind: string;
  readonly state: string;
  readonly summary: readonly string[];
  readonly keys: readonly string[];
  readonly events: readonly {
    readonly source: string;
    readonly id: string;
    readonly type: string;
    readonly at: Moment;
  }[];
  readonly conversions: readonly ConversionView[];
  readonly explanation: Explanation | null;
  readonly transfers: readonly TransferView[];
};

export type InboxView = {
  readonly id: string;
  readonly source: string;
  readonly externalEventId: string;
  readonly type: string;
  readonly state: string;
  readonly reason: string | null;
  /** The reason in words and what to do. */
  readonly hint: string | null;
  readonly subject: string | null;
  readonly occurredAt: Moment;
  readonly receivedAt: Moment;
  readonly attempts: number;
  readonly nextTryAt: Moment | null;
};
