/**
 * What an affiliate sees of their own, without a key: a pass says whose numbers may be seen, in which world and for how
 * long. Amounts in minor units, moments in milliseconds UTC.
 */
import type { CreativeView } from './creative-desk.ts';
import type { Caller, Paging } from './desk.ts';
import { isPage } from './destinations.ts';
import type { CommissionStatus } from './ledger.ts';
import type { PayoutView } from './payout-desk.ts';
import type { ProgramSetup } from './program-desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { AffiliateView, BalanceView, CouponView, Cursor, IncentiveView } from './views.ts';
import type { AffiliateSums } from './visits.ts';

/**
 * `embed`: shown in a page of the company's, as often as it lasts. `portal`: opens the portal once. `session`: the portal
 * as long as it is open.
 */
export type PassPurpose = 'embed' | 'portal' | 'session';

/** The token is told once and kept nowhere. */
export type Pass = { readonly token: string; readonly expiresAt: Moment };

/** Whoever showed a pass: the caller is keyless, in the pass's workspace and world. */
export type Holder = { readonly caller: Caller; readonly affiliateId: string };

/** Somebody of the company's who is shown their numbers; what is null was not told. */
export type Joining = {
  /** null: the default program. */
  readonly programId: string | null;
  /** Who it is, by their id or by their e-mail; both have to say the same. */
  readonly affiliateId: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly image: string | null;
  readonly groupId: string | null;
  readonly externalUserId: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
};

/** What one commission earned, or the share of a recruiter: then `referralId` is null, for the sale is not theirs. */
export type EarningView = {
  readonly id: string;
  readonly conversionId: string;
  readonly referralId: string | null;
  readonly status: CommissionStatus;
  readonly currency: string;
  readonly earned: bigint;
  readonly reversed: bigint;
  /** When its hold ends. */
  readonly availableAt: Moment;
  /** What is left of the sale. */
  readonly saleAmount: bigint;
  readonly saleCurrency: string;
  readonly occurredAt: Moment;
};

/** Where links lead and by which parameter they name the affiliate; null: nobody said so. */
export type ReferralPage = { readonly website: string | null; readonly parameter: string | null };

/** Which parts of what may be long; null: none of it. */
export type Wanted = {
  readonly earnings: Paging;
  readonly payouts: Paging | null;
  readonly incentives: boolean;
  /** `content`: how many characters of each, from its beginning. */
  readonly creatives: { readonly content: number } | null;
};

/** Everything that an affiliate sees, as it stood at one moment. */
export type Overview = {
  readonly affiliate: AffiliateView;
  readonly program: ProgramSetup;
  readonly website: string | null;
  /** null: the program has no website that a link could lead to. */
  readonly link: string | null;
  /** The newest first. */
  readonly coupons: readonly CouponView[];
  readonly balances: readonly BalanceView[];
  /** In the workspace's currency, which is the program's. */
  readonly sums: AffiliateSums;
  /** Of the affiliate's program, the newest first, with as much of their content as was wanted; of none of it null. */
  readonly creatives: readonly CreativeView[];
  readonly earnings: Cursor<EarningView>;
  /** null: nobody asked for them. */
  readonly payouts: Cursor<PayoutView> | null;
  /** Those in force now that may pay the affiliate, in the order in which they are asked. Empty: nobody asked for them. */
  readonly incentives: readonly IncentiveView[];
};

type Answer<T> = Promise<T | Refusal>;

export type PortalDesk = {
  /**
   * Finds whoever it is in the program, or makes them. Their status follows the program's access mode: approved when it is
   * public, pending when it is private; when it is for invited people nobody is made, which is refused. What is told of
   * somebody known replaces what is kept, but for name and group.
   */
  join(caller: Caller, joining: Joining): Answer<AffiliateView>;
  /** For the portal the affiliate must be approved. */
  givePass(caller: Caller, affiliateId: string, purpose: 'embed' | 'portal'): Answer<Pass>;
  /** Refused with `unknown_token` or `expired_token`; a session ends when its affiliate may not see the portal any more. */
  holderOf(token: string, purpose: 'embed' | 'session'): Answer<Holder>;
  /** Whom a pass would open the portal for, without using it. */
  bearerOf(token: string): Answer<Holder>;
  /** A session for a pass. One for the portal can be used once; that of an embedded page lasts as long as its pass. */
  openPortal(token: string): Answer<Pass>;
  /** What is no session stays as it is. */
  closePortal(token: string): Promise<void>;
  /** Their referral link; null: the program has no website that it could lead to. */
  linkOf(caller: Caller, affiliate: Pick<AffiliateView, 'id' | 'trackingId'>): Promise<string | null>;
  /** Refused with `database_away` while too many look, or when it takes too long. */
  overview(holder: Holder, wanted: Wanted): Answer<Overview>;
};

/** Who applied may look; who was turned away or is out of the program may not. */
export const mayLook = (status: AffiliateView['status']): boolean => status === 'approved' || status === 'pending';

export const DEFAULT_PARAMETER = 'ref';

/** `https://acme.com` → `https://acme.com?ref=jane`: what is there stays as it is written, the fragment last. */
export function referralLink({ website, parameter }: ReferralPage, trackingId: string): string | null {
  if (website === null || !isPage(website)) return null;
  const [page = '', ...fragment] = website.split('#');
  const joint = page.includes('?') ? (/[?&]$/.test(page) ? '' : '&') : '?';
  const named = `${encodeURIComponent(parameter ?? DEFAULT_PARAMETER)}=${encodeURIComponent(trackingId)}`;
  return [`${page}${joint}${named}`, ...fragment].join('#');
}
