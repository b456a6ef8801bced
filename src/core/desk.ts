/**
 * The desk: everything a surface can ask for, in our words. Surfaces translate their dialect to these calls and the
 * answers back; the pipeline implements them. Amounts are minor units, moments milliseconds UTC, ids public text ids.
 */
import type { AccountDesk } from './account-desk.ts';
import type { BuyerDesk } from './buyers.ts';
import type { CatalogueDesk } from './catalogue-desk.ts';
import type { CustomerDesk } from './customer-desk.ts';
import type { EventDesk } from './event-desk.ts';
import type { FigureDesk } from './figures.ts';
import type { Terms } from './incentives.ts';
import type { KeyDesk } from './key-desk.ts';
import type { CommissionStatus } from './ledger.ts';
import type { Ordered } from './ordered.ts';
import type { PayoutDesk } from './payout-desk.ts';
import type { PixelDesk } from './pixel-desk.ts';
import type { PortalDesk } from './portal-desk.ts';
import type { ProgramDesk } from './program-desk.ts';
import type { Refusal } from './refusals.ts';
import type { Settings } from './rules.ts';
import type { Moment } from './time.ts';
import type { SigningDesk } from './signing-desk.ts';
import type { TrialDesk } from './trials.ts';
import type { LinkDesk, VisitDesk } from './visits.ts';
import type {
  AffiliateFilter,
  ConversionView,
  CouponFilter,
  Page,
  Cursor,
  AffiliateView,
  CouponView,
  RateView,
  ReferralView,
  IncentiveView,
  TransferView,
  BalanceView,
  TraceView,
  InboxView,
} from './views.ts';

/** Who calls: the key decides workspace and world. */
export type Caller = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly keyId: string;
  readonly scopes: readonly string[];
  /** Whose key it is when an affiliate holds it; null or absent: the workspace's own. */
  readonly affiliateId?: string | null;
  /** No key was sent, and none was needed: `keyId` names where the call came from. */
  readonly keyless?: true;
};

export type SaleRequest = {
  readonly dialect: string;
  /** The caller's idempotency key; may be a Stripe id (in_, pi_, ch_, cs_, evt_): then it is the same payment. */
  readonly externalEventId: string;
  readonly referralId: string | null;
  readonly clickId: string | null;
  readonly customerId: string | null;
  readonly externalUserId: string | null;
  /** Only a caller without a key named its click: this sale is credited to it, the buyer's other ones are not. */
  readonly unproven?: true;
  /** The buyer's, where the dialect tells it with a sale. */
  readonly email?: string | null;
  readonly amount: bigint;
  /** Lower case. */
  readonly currency: string;
  readonly priceIds: readonly string[];
  readonly productIds: readonly string[];
  /** A name of `INTERVAL_NAMES`; null: none given. */
  readonly interval: string | null;
  readonly isSubscription: boolean;
  readonly commissionStatus: CommissionStatus | null;
  readonly saleStatus: string | null;
  /** What it earns whoever is credited, in place of what incentives say. A repeated id is then refused, not answered. */
  readonly ordered?: Ordered | null;
  /** Days of the hold, in place of what incentives and the program say. */
  readonly holdDays?: number | null;
  readonly occurredAt: Moment | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The request's body as it came, for the journal and the hash of a conflict. */
  readonly body: string;
};

/** A sale as a caller tells it; without an id of the caller's it is a sale of its own each time. */
export type NewSale = Omit<SaleRequest, 'externalEventId'> & {
  readonly externalEventId: string | null;
  /** A repeated id with other money is answered with what stands; absent: refused with `different_money`. */
  readonly firstWins?: true;
  /** Its click is who was meant, whoever its buyer was credited to before; absent: identifiers must agree. */
  readonly clickDecides?: true;
};

/** What an operator says of a commission; what is null or absent stays as it is. */
export type RulingRequest = {
  readonly status?: CommissionStatus | null;
  /** What the sale earns before anything goes back; refused once part of the sale went back. */
  readonly ordered?: Ordered | null;
  /** From the payment on. */
  readonly holdDays?: number | null;
};

export type RefundRequest = {
  readonly dialect: string;
  readonly conversionId: string;
  /** null: everything that is left. */
  readonly amount: bigint | null;
  readonly currency: string | null;
  readonly reason: string | null;
  readonly externalEventId: string | null;
  readonly refundedAt: Moment | null;
  readonly body: string;
  /** true: the only refund there is of this sale, also when a provider tells of it; refused after any other. */
  readonly total?: true;
};

export type ClickRequest = {
  readonly trackingId: string;
  readonly programId: string | null;
  readonly createdAt: Moment | null;
  /** sub1…sub5, referrer, ip, userAgent, utm…, gclid, fbclid, msclkid, ttclid: kept as given. */
  readonly details: Readonly<Record<string, string>>;
};

export type SignupRequest = {
  readonly dialect: string;
  readonly clickId: string;
  readonly email: string | null;
  readonly externalUserId: string | null;
  readonly name: string | null;
  /** The caller's own id of it: repeated, it is the same sign-up, whatever else is said. Absent: who signed up says it. */
  readonly externalEventId?: string | null;
  /** true: a trial of the caller's, which must not turn the click into a lead. */
  readonly leavesClick?: boolean;
  /** true: said without a key, so it counts for payments from now on only. */
  readonly unproven?: boolean;
  readonly body: string;
};

type Answer<T> = Promise<T | Refusal>;

type Changes<T> = { readonly [K in keyof T]?: T[K] };

/** `uncounted`: the total is not asked for, and says only how many there are at least. */
export type Paging = { readonly limit: number; readonly offset: number; readonly uncounted?: boolean };

/** Money and tracking. */
export type MoneyDesk = {
  sell(caller: Caller, request: NewSale): Answer<{ readonly conversion: ConversionView; readonly replayed: boolean }>;
  refund(
    caller: Caller,
    request: RefundRequest,
  ): Answer<{ readonly conversion: ConversionView; readonly replayed: boolean }>;
  click(caller: Caller, request: ClickRequest): Answer<ReferralView & { readonly trackingId: string }>;
  signUp(
    caller: Caller,
    request: SignupRequest,
  ): Answer<{ readonly referral: ReferralView; readonly replayed: boolean }>;
};

/** Everything that is read, set up or ruled. */
export type OfficeDesk = {
  /**
   * The caller in the workspace of the program they name, by id or number; a caller with a key stays in their own
   * workspace and is refused what is not in it.
   */
  atProgram(caller: Caller, program: string): Answer<Caller>;
  /** The numbers under which dialects with integer ids show a program, a conversion and its commission. */
  programNumber(caller: Caller, programId: string): Answer<number>;
  saleNumbers(
    caller: Caller,
    conversionId: string,
  ): Answer<{ readonly conversion: number; readonly commission: number | null }>;
  /** The workspace's own currency, lower case: what an amount without a currency is in. */
  currency(caller: Caller): Promise<string>;
  /** Affiliates and referrals by id, to show beside what names them; deleted affiliates too, unknown ids are left out. */
  named(
    caller: Caller,
    ids: { readonly affiliates: readonly string[]; readonly referrals: readonly string[] },
  ): Promise<{ readonly affiliates: readonly AffiliateView[]; readonly referrals: readonly ReferralView[] }>;
  conversion(caller: Caller, id: string): Answer<ConversionView>;
  /** The sale that a caller of this dialect told under their own id, else the payment of Stripe that the id names. */
  saleTold(caller: Caller, dialect: string, externalEventId: string): Answer<ConversionView>;
  /** Sales and refunds; `externalEventId` finds the conversion by any event id on its trail. */
  conversions(
    caller: Caller,
    filter: Paging & {
      readonly externalEventId: string | null;
      readonly kind: string | null;
      /** Those credited to this affiliate, or with `anybody` to some affiliate; absent: all. */
      readonly creditedTo?: string;
    },
  ): Promise<Page<ConversionView>>;
  /** Sales that have a commission. */
  commissions(
    caller: Caller,
    filter: Paging & {
      readonly status: string | null;
      readonly saleStatus: string | null;
      readonly referralId: string | null;
      readonly affiliateId: string | null;
      readonly from: Moment | null;
      readonly to: Moment | null;
      readonly newestFirst: boolean;
    },
  ): Promise<Page<ConversionView>>;
  /** An operator's ruling on a commission; goes through the inbox and is decided like everything else. */
  rule(caller: Caller, conversionId: string, ruling: RulingRequest, body: string): Answer<ConversionView>;
  createAffiliate(
    caller: Caller,
    input: Pick<AffiliateView, 'name' | 'email'> & Changes<AffiliateView>,
  ): Answer<AffiliateView>;
  affiliate(caller: Caller, id: string): Answer<AffiliateView>;
  affiliates(caller: Caller, filter: Paging & AffiliateFilter): Promise<Page<AffiliateView>>;
  updateAffiliate(caller: Caller, id: string, changes: Changes<AffiliateView>): Answer<AffiliateView>;
  deleteAffiliate(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
  createReferral(
    caller: Caller,
    input: Pick<ReferralView, 'affiliateId' | 'email'> &
      Changes<ReferralView> & { readonly clickId: string | null; readonly body: string },
  ): Answer<ReferralView>;
  referral(
    caller: Caller,
    id: string,
  ): Answer<
    ReferralView & {
      readonly stats: {
        readonly revenue: bigint;
        readonly commission: bigint;
        readonly orders: number;
        readonly lastOrderAt: Moment | null;
        readonly currency: string;
      };
    }
  >;
  referrals(
    caller: Caller,
    filter: {
      readonly limit: number;
      readonly startingAfter: string | null;
      readonly endingBefore: string | null;
      readonly affiliateId: string | null;
      readonly externalUserId: string | null;
      readonly status: string | null;
      readonly from: Moment | null;
      readonly to: Moment | null;
      readonly newestFirst: boolean;
    },
  ): Promise<Cursor<ReferralView>>;
  updateReferral(caller: Caller, id: string, changes: Changes<ReferralView>, body: string): Answer<ReferralView>;
  deleteReferral(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
  /** Lifts the hold that a loss watch put on them; what they earn from now on waits no more. */
  clearHold(caller: Caller, id: string): Answer<AffiliateView>;
  createCoupon(
    caller: Caller,
    input: Omit<CouponView, 'id' | 'programId' | 'createdAt'> & { readonly programId: string | null },
  ): Answer<CouponView>;
  /** Those in force. */
  coupon(caller: Caller, id: string): Answer<CouponView>;
  coupons(caller: Caller, filter: Paging & CouponFilter): Promise<Page<CouponView>>;
  endCoupon(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
  /** The same rate again is fine, another one for a known day is refused. */
  addRate(
    caller: Caller,
    rate: Omit<RateView, 'createdAt'>,
  ): Answer<{ readonly rate: RateView; readonly known: boolean }>;
  rates(
    caller: Caller,
    filter: Paging & { readonly from: string | null; readonly to: string | null },
  ): Promise<Page<RateView>>;
  settings(caller: Caller): Promise<Settings>;
  /** Hold from now on; payments known before keep what held for them. */
  changeSettings(caller: Caller, changes: Partial<Settings>): Promise<Settings>;
  createIncentive(caller: Caller, programId: string | null, terms: Terms): Answer<IncentiveView>;
  incentive(caller: Caller, id: string): Answer<IncentiveView>;
  incentives(caller: Caller, filter: Paging): Promise<Page<IncentiveView>>;
  replaceIncentive(caller: Caller, id: string, terms: Terms): Answer<IncentiveView>;
  endIncentive(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
  /** Balances per currency; `at`: from the ledger as of that moment, null: now. */
  balance(caller: Caller, affiliateId: string, at: Moment | null): Answer<readonly BalanceView[]>;
  ledger(caller: Caller, affiliateId: string, filter: Paging): Answer<Page<TransferView>>;
  trace(caller: Caller, id: string): Answer<TraceView>;
  inbox(caller: Caller, filter: Paging & { readonly state: string | null }): Promise<Page<InboxView>>;
  replay(caller: Caller, id: string): Answer<InboxView>;
};

export type Desk = MoneyDesk &
  OfficeDesk &
  AccountDesk &
  KeyDesk &
  VisitDesk &
  LinkDesk &
  CatalogueDesk &
  CustomerDesk &
  BuyerDesk &
  TrialDesk &
  FigureDesk &
  EventDesk &
  PayoutDesk &
  PixelDesk &
  PortalDesk &
  ProgramDesk &
  SigningDesk;
