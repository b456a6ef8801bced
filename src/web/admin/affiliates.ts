/** What the native dialect has no word for at an affiliate: lifting a hold. */
import { isRefusal } from '../../core/refusals.ts';
import { affiliateAnswer, affiliateShape, dataAnswer, done, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

/** What they earned while they were held still waits; what becomes known from now on does not. */
const clearHold = route({
  method: 'POST',
  path: '/v1/affiliates/:id/clear_hold',
  summary: 'Lifts the hold of an affiliate; what becomes known from now on waits no more.',
  answers: { 200: dataAnswer(affiliateAnswer) },
  scope: 'write:affiliates',
  async run({ caller, params }, desk) {
    const cleared = await desk.clearHold(caller, params['id'] ?? '');
    return isRefusal(cleared) ? cleared : done(affiliateShape(cleared));
  },
});

export const affiliateRoutes: readonly Route[] = [clearHold];
