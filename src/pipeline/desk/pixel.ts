/**
 * Visits that a page tells. Without consent a click says whose link was followed and when, and nothing of who did; with
 * it the same click may be told in full. Its row is journal enough: it moves no money and is never decided.
 */
import type { Caller } from '../../core/desk.ts';
import type { PageVisit, PixelDesk } from '../../core/pixel-desk.ts';
import { completeClick, insertClick } from '../../store/clicks.ts';
import { listCoupons } from '../../store/coupons.ts';
import { findLinked } from '../../store/links.ts';
import type { Clockwork } from '../clockwork.ts';

export function pixelDesk(work: Clockwork): PixelDesk {
  return {
    async visitPage(caller, visit) {
      const click = (await known(work, caller, visit)) ?? (await visited(work, caller, visit));
      return click ? { clickId: click.id, coupons: await couponsOf(work, caller, click) } : NOBODY;
    },
  };
}

const NOBODY = { clickId: null, coupons: [] };

type Click = { readonly id: string; readonly affiliateId: string };

/** The click that the page has of this visit; null: it has none. */
async function known(work: Clockwork, { workspace, livemode }: Caller, visit: PageVisit): Promise<Click | null> {
  const { clickId, programId, consents, details } = visit;
  if (clickId === null) return null;
  const kept = { programId, testOnly: !livemode, details: consents ? details : {} };
  return completeClick(work.database.of(workspace), workspace, clickId, kept);
}

async function visited(work: Clockwork, { workspace, livemode }: Caller, visit: PageVisit): Promise<Click | null> {
  const tx = work.database.of(workspace);
  const linked = visit.code === null ? null : await findLinked(tx, workspace, visit.code);
  if (linked?.status !== 'approved' || linked.programId !== visit.programId) return null;
  const { affiliateId, programId, linkId } = linked;
  const { id } = await insertClick(tx, workspace, {
    id: work.newId('ref'),
    affiliateId,
    programId,
    linkId,
    at: work.now(),
    details: visit.consents ? visit.details : {},
    visitorId: null,
    fingerprint: null,
    // What is only a test is no visit to count.
    followed: livemode,
    testOnly: !livemode,
  });
  return { id, affiliateId };
}

const MOST_COUPONS = 50;

async function couponsOf(work: Clockwork, { workspace }: Caller, { affiliateId }: Click) {
  const filter = { affiliateId, limit: MOST_COUPONS, offset: 0 };
  return (await listCoupons(work.database.of(workspace), workspace, filter)).rows;
}
