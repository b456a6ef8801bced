/** A visit as a page tells it, through a link or not, with the visitor's consent or without. */
import type { Caller } from './desk.ts';
import type { CouponView } from './views.ts';

export type PageVisit = {
  readonly programId: string;
  /** Tracking id of an affiliate, or the code of a link; null: the page was not reached through one. */
  readonly code: string | null;
  /** The click of a visit that was told without consent, and may be told in full now. */
  readonly clickId: string | null;
  /** Without it nothing of `details` is kept. */
  readonly consents: boolean;
  /** sub1…sub5, referrer, userAgent, utm…, click ids of advertisers: kept as given. */
  readonly details: Readonly<Record<string, string>>;
};

export type PixelDesk = {
  /**
   * `clickId` null: nobody is credited with the visit, because no approved affiliate of the program has the code. A
   * caller of the test world makes a click that the live world does not know.
   */
  visitPage(
    caller: Caller,
    visit: PageVisit,
  ): Promise<{ readonly clickId: string | null; readonly coupons: readonly CouponView[] }>;
};
