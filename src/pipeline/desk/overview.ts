/** What an affiliate sees of their own, read at one moment. */
import type { CreativeView } from '../../core/creative-desk.ts';
import { isPage } from '../../core/destinations.ts';
import { compareIncentives } from '../../core/incentives.ts';
import { referralLink, type Holder, type Overview, type PortalDesk, type Wanted } from '../../core/portal-desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import type { Moment } from '../../core/time.ts';
import type { AffiliateView, IncentiveView } from '../../core/views.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { listCoupons } from '../../store/coupons.ts';
import { listCreatives } from '../../store/creatives.ts';
import { isTooSlow } from '../../store/database.ts';
import { listEarnings, referralPage } from '../../store/earnings.ts';
import { listIncentives } from '../../store/incentives.ts';
import { balancesNow } from '../../store/ledger.ts';
import { listPayoutsOf } from '../../store/payouts.ts';
import { findProgram } from '../../store/program-setup.ts';
import { sumsOf } from '../../store/sums.ts';
import { inSnapshot } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { createGate } from '../gate.ts';
import { noAffiliate } from './affiliates.ts';

/**
 * A token is in the hands of somebody whom nobody answers for, and counting what sold best takes a while. Whatever they
 * ask for, most connections of a process stay free for money.
 */
const ROOM = { atOnce: 2, waitMs: 5_000, waiting: { all: 100, ofOne: 10 } };
const STATEMENT_MS = 5_000;

const BUSY = refuse('database_away', 'Too many look at their numbers at the moment. Try again in a few seconds.');
const SLOW = refuse('database_away', 'Your numbers take too long at the moment. Try again in a few seconds.');

/** Each desk lets in so many at a time, and a process has one desk. */
export function overviews({ database, now }: Clockwork): PortalDesk['overview'] {
  const gate = createGate(ROOM);
  return async (holder, wanted) => {
    const { caller, affiliateId } = holder;
    const { workspace } = caller;
    try {
      const seen = await gate(`${workspace} ${affiliateId}`, () =>
        inSnapshot(database, workspace, (tx) => overview(tx, holder, wanted, now()), STATEMENT_MS),
      );
      return seen === 'busy' ? BUSY : seen;
    } catch (error) {
      if (isTooSlow(error)) return SLOW;
      throw error;
    }
  };
}

const MOST_COUPONS = 50;
const MOST_CREATIVES = 50;
const MOST_INCENTIVES = 10_000;

async function overview(
  tx: Tx,
  { caller, affiliateId }: Holder,
  wanted: Wanted,
  now: Moment,
): Promise<Overview | Refusal> {
  const { workspace, livemode } = caller;
  const affiliate = await findAffiliate(tx, workspace, affiliateId);
  const program = affiliate && (await findProgram(tx, workspace, affiliate.programId));
  if (!affiliate || !program) return noAffiliate(affiliateId);
  const page = await referralPage(tx, workspace, affiliateId);
  const coupons = await listCoupons(tx, workspace, { affiliateId, limit: MOST_COUPONS, offset: 0, uncounted: true });
  return {
    affiliate,
    program,
    website: page.website !== null && isPage(page.website) ? page.website : null,
    link: referralLink(page, affiliate.trackingId),
    coupons: coupons.rows,
    balances: await balancesNow(tx, workspace, livemode, affiliateId),
    creatives: wanted.creatives ? await newestCreatives(tx, workspace, program.id, wanted.creatives.content) : [],
    sums: await sumsOf(tx, caller, program.currency, affiliateId),
    earnings: await listEarnings(tx, caller, affiliateId, wanted.earnings),
    payouts: wanted.payouts && (await listPayoutsOf(tx, caller, affiliateId, wanted.payouts)),
    incentives: wanted.incentives ? payingNow(await allIncentives(tx, workspace), affiliate, now) : [],
  };
}

async function newestCreatives(
  tx: Tx,
  workspace: string,
  program: string,
  contentUpTo: number,
): Promise<readonly CreativeView[]> {
  const newest = { category: null, limit: MOST_CREATIVES, offset: 0, uncounted: true };
  const { rows } = await listCreatives(tx, workspace, { program, contentUpTo, ...newest });
  return rows;
}

async function allIncentives(tx: Tx, workspace: string): Promise<readonly IncentiveView[]> {
  const { rows } = await listIncentives(tx, workspace, { limit: MOST_INCENTIVES, offset: 0, uncounted: true });
  return rows;
}

/** In the order in which they are asked whether they pay, those that may for a sale of this moment. */
function payingNow(
  all: readonly IncentiveView[],
  { id, groupId, programId }: AffiliateView,
  now: Moment,
): IncentiveView[] {
  const theirs = all.filter(
    ({ programId: of, terms }) =>
      of === programId &&
      (terms.affiliateId === null || terms.affiliateId === id) &&
      (terms.groupId === null || terms.groupId === groupId) &&
      (terms.effectiveFrom === null || terms.effectiveFrom <= now) &&
      (terms.effectiveUntil === null || now < terms.effectiveUntil),
  );
  const ranked = ({ createdAt: born, ...view }: IncentiveView) => ({ ...view, since: 0, until: null, born });
  return theirs.toSorted((a, b) => compareIncentives(ranked(a), ranked(b)));
}
