/** What decisions are made by, each with the rules version from which it held. */
import type { Incentive } from './incentives.ts';
import type { Ratio } from './money.ts';
import type { Moment } from './time.ts';

export type Settings = {
  /** Minutes a payment intent that may belong to an invoice waits before it counts as a one-time sale. */
  readonly deferMinutes: number;
  /** The program's hold in days when the incentive has none of its own; null: none. */
  readonly holdPeriodDays: number | null;
  /** Out-of-band money is trusted without an approval. */
  readonly trustOutOfBand: boolean;
  /** Out-of-band money earns nothing at all. */
  readonly excludeOutOfBand: boolean;
  /** An invoice that was paid in part and given up sells what came in (cases.md 37). */
  readonly sellUncollectible: boolean;
  /** A credit note to the balance takes back at once, and what is later paid from the balance earns (cases.md 97). */
  readonly accrual: boolean;
  /** Which counts when a coupon and a click name different affiliates (cases.md 76). */
  readonly precedence: 'coupon' | 'click';
  /** An open dispute of a commission that was paid out counts against the partner at once (cases.md 105). */
  readonly provisionalDisputes: boolean;
  /** Days a fraud warning holds a commission when nothing follows (cases.md 111). */
  readonly warningDays: number;
  /** Every payment of a referral is decided by the rules of its first (cases.md 69). */
  readonly lockRates: boolean;
  /** Whose payments "first", "N payments" and "N months" count (cases.md 46). */
  readonly limitsPer: 'customer' | 'subscription';
  /** Proration-only invoices use up one of "N payments" (cases.md 34). */
  readonly countProrations: boolean;
  /** The base leaves out the platform's fee on charges made for other accounts (cases.md 64). */
  readonly netOfPlatformFee: boolean;
  /** Commissions are converted to this currency at the rate of the payment's day; null: they stay in the sale's (cases.md 61). */
  readonly currency: string | null;
  /** Groups that are reached by sales, lowest first (cases.md 74, 102); empty: groups are given by hand. */
  readonly tiers: readonly Tier[];
  /** Percent of an affiliate's sales that may be refunded or disputed before they are held; null: any (cases.md 113). */
  readonly lossThreshold: number | null;
  /** How many days of sales are looked at for it. */
  readonly lossDays: number;
  /** With fewer sales than this nobody is held. */
  readonly lossMinimumSales: number;
  /** Whether a sign-up that a browser tells counts at once, or only when a backend or a payment bears it out. */
  readonly leadAuth: 'optional' | 'server_required';
  /** How many e-mails, and how many of a merchant's ids of customers, sign-ups without a key may bind to one click. */
  readonly keylessBuyers: number;
  /** A caller's invoice id names their sale: told again, it is the same one. Only for dialects whose sales have no id of their own. */
  readonly uniqueInvoiceIds: boolean;
  /** Who buys with the e-mail of the affiliate: earns like everybody, waits for an approval, earns nothing (cases.md 77). */
  readonly selfReferrals: 'off' | 'detect' | 'block';
};

/** A group that an affiliate is in while their standing sales reach it; both limits, where both are given. */
export type Tier = {
  readonly groupId: string;
  readonly minSales: number | null;
  /** Minor units of the program's currency, as decimal text: settings are kept as JSON. */
  readonly minAmount: string | null;
  /** Sales of how many days count; null: all. */
  readonly days: number | null;
};

export const DEFAULT_SETTINGS: Settings = {
  deferMinutes: 10,
  holdPeriodDays: null,
  trustOutOfBand: false,
  excludeOutOfBand: false,
  sellUncollectible: false,
  accrual: false,
  precedence: 'coupon',
  provisionalDisputes: false,
  warningDays: 14,
  lockRates: false,
  limitsPer: 'customer',
  countProrations: false,
  netOfPlatformFee: false,
  currency: null,
  tiers: [],
  lossThreshold: null,
  lossDays: 90,
  lossMinimumSales: 10,
  leadAuth: 'optional',
  keylessBuyers: 3,
  uniqueInvoiceIds: false,
  selfReferrals: 'detect',
};

/** A coupon or promotion code given to an affiliate; valid for payments that became known at rules versions in [since, until). */
export type CouponBinding = {
  readonly id: string;
  readonly affiliateId: string;
  readonly programId: string;
  readonly since: number;
  readonly until: number | null;
  /** Keys of the promotion code and of the coupon (`promotionKey`, `couponKey`), as far as they were told. */
  readonly tokens: readonly string[];
  /** What buyers type, in lower case. */
  readonly code: string | null;
};

/** One exchange rate: 1 major unit of `from` is `ratio` major units of `to`, on a UTC day. Never changed once given. */
export type ExchangeRate = {
  readonly from: string;
  readonly to: string;
  readonly day: Moment;
  readonly ratio: Ratio;
  readonly source: string;
  readonly since: number;
};

export type Rules = {
  readonly version: number;
  /** Settings with the rules version from which they held, oldest first. */
  readonly settings: readonly { readonly since: number; readonly settings: Settings }[];
  /** Sorted by the published order. */
  readonly incentives: readonly Incentive[];
  /** Some rule looks across payments of one referral. */
  readonly lookAcross: boolean;
  readonly coupons: readonly CouponBinding[];
  readonly rates: readonly ExchangeRate[];
  /** Affiliates that earn without a referral of their own: through a coupon, or because they recruited another. */
  readonly partners: ReadonlyMap<string, AffiliateView>;
};

/** The settings that held at a rules version. */
export function settingsAt(rules: Rules, version: number): Settings {
  return rules.settings.findLast((entry) => entry.since <= version)?.settings ?? DEFAULT_SETTINGS;
}

/** An affiliate with what held at each rules version, newest last. */
export type AffiliateView = {
  readonly id: string;
  readonly history: readonly {
    readonly since: number;
    readonly groupId: string | null;
    readonly status: string;
    /** Their own e-mail, in lower case: whoever buys with it buys for themselves (cases.md 77). */
    readonly email?: string | null;
    /** Who recruited them and earns with them. */
    readonly parentId?: string | null;
    /** Their commissions wait for an approval: too much of what they brought was taken back (cases.md 113). */
    readonly held?: boolean;
  }[];
};

/** What held for the affiliate at a rules version; before its first entry the first one counts. */
export function affiliateAt(
  view: AffiliateView | undefined,
  rules: number,
): AffiliateView['history'][number] | undefined {
  return view?.history.findLast((entry) => entry.since <= rules) ?? view?.history[0];
}
