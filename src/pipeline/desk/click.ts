/** A visit through an affiliate's link. Its row is journal enough: it moves no money and is never decided. */
import type { MoneyDesk } from '../../core/desk.ts';
import { refuse } from '../../core/refusals.ts';
import { DAY_MS } from '../../core/time.ts';
import { insertClick } from '../../store/clicks.ts';
import { findLinked } from '../../store/links.ts';
import type { Clockwork } from '../clockwork.ts';

export function click(work: Clockwork): MoneyDesk['click'] {
  return async ({ workspace }, request) => {
    const now = work.now();
    if (request.createdAt !== null && request.createdAt > now + DAY_MS)
      return refuse('invalid_input', 'createdAt lies in the future', { field: 'createdAt' });
    const linked = await findLinked(work.database.of(workspace), workspace, request.trackingId);
    if (!linked || (request.programId !== null && request.programId !== linked.programId))
      return refuse('not_found', `No affiliate has the tracking id "${request.trackingId}" in this program.`, {
        field: 'trackingId',
      });
    if (linked.status !== 'approved')
      return refuse(
        'affiliate_not_approved',
        `The affiliate of "${request.trackingId}" is ${linked.status}, not approved.`,
        {
          field: 'trackingId',
        },
      );
    const { affiliateId, programId, linkId } = linked;
    const made = {
      id: work.newId('ref'),
      affiliateId,
      programId,
      at: request.createdAt ?? now,
      details: request.details,
      linkId,
      visitorId: null,
      fingerprint: null,
      followed: true,
    };
    return {
      ...(await insertClick(work.database.of(workspace), workspace, made)),
      trackingId: request.trackingId,
    };
  };
}
