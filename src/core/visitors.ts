/**
 * Tokens that name a visitor, not a referral: the `sa_visitor_id` of a Stripe object, or a `client_reference_id`, is an id
 * that a site's own cookie keeps over several clicks (apis.md 1.4). Which of them is credited is the same as where a
 * visitor is named by a call (docs/compatibility.md, Clicks and visitors).
 */
import type { Referral } from './attribution.ts';
import { compareText } from './facts.ts';
import { DAY_MS, type Moment } from './time.ts';

/** One click of a visitor. */
export type VisitorClick = {
  readonly referral: Referral;
  readonly at: Moment;
  /** Since something came of it, a lead or a sale: from then on it counts for ever. null: nothing did. */
  readonly lastingSince: Moment | null;
  /** For how long it counts otherwise. */
  readonly windowDays: number;
};

/** The same as it is read, before its referral is at hand: whose click it is, and the id of its referral. */
export type LoadedClick = Omit<VisitorClick, 'referral'> & { readonly visitor: string; readonly id: string };

/** Stripe's seconds have no fractions, and its clock is not ours. */
const SKEW_MS = 60_000;

/**
 * Of the clicks before the money moved, the first that something had come of by then, else the last one within its
 * window: who clicks after buying bought without anybody's help.
 */
export function visitAt(token: string, visits: readonly VisitorClick[], paidAt: Moment): Referral | undefined {
  // Of one moment, what carries the visitor's own id is the later: the one before it was moved aside (store/followers.ts).
  const isOwn = ({ referral }: VisitorClick): number => Number(referral.id === token);
  const until = paidAt + SKEW_MS;
  const before = visits
    .filter(({ at }) => at <= until)
    .toSorted((a, b) => a.at - b.at || isOwn(a) - isOwn(b) || compareText(a.referral.id, b.referral.id));
  const counting = before.filter(({ at, windowDays }) => at > paidAt - windowDays * DAY_MS);
  const lasting = before.find(({ lastingSince }) => lastingSince !== null && lastingSince <= until);
  return (lasting ?? counting.at(-1))?.referral;
}

/**
 * What a token leads to: the referral of that id, unless the id is a visitor's and a later click, through somebody else's
 * link, came before the money moved; else the visitor's click.
 */
export function referralNamed(
  token: string,
  exact: Referral | undefined,
  visits: readonly VisitorClick[],
  paidAt: Moment,
): Referral | undefined {
  if (exact && !visits.some(({ referral }) => referral.id === token)) return exact;
  const visit = visitAt(token, visits, paidAt);
  return exact && (!visit || visit.affiliateId === exact.affiliateId) ? exact : visit;
}
