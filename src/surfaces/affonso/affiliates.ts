/** Affiliates (apis.md 2.2). */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal } from '../../core/refusals.ts';
import type { AffiliateView } from '../../core/views.ts';
import type { Route } from '../surface.ts';
import { expandField } from './expand.ts';
import { given } from './given.ts';
import { moment, momentUntil, optionalId, optionalText, pageFields, pagingOf } from './inputs.ts';
import { sortField } from './listing.ts';
import { onboardingAnswer, onboardingShape } from './onboarding-responses.ts';
import { affiliateAnswer, affiliateChanges, affiliateShape, detailsOf, newAffiliate, statusField } from './partners.ts';
import { route } from '../route.ts';
import { dataAnswer, deleted, deletedAnswer, done, listAnswer, listed } from './shapes.ts';

const EXPANDED = 'onboardingResponses';

const showQuery = z.object({ expand: expandField.describe(`What to show more of: ${EXPANDED}.`) });

const expandedAnswer = affiliateAnswer.extend({
  [EXPANDED]: onboardingAnswer.nullable().optional().describe(`With expand=${EXPANDED}; null: there is no form.`),
});

/** How affiliates are shown, with what was asked for beside them; it is read for all of them in one go. */
async function shapeWith(
  desk: Desk,
  caller: Caller,
  wanted: readonly string[],
  affiliates: readonly AffiliateView[],
): Promise<(view: AffiliateView) => Record<string, unknown>> {
  if (!wanted.includes(EXPANDED)) return affiliateShape;
  const all = await desk.onboardings(
    caller,
    affiliates.map(({ id }) => id),
  );
  return (view) => {
    const own = all?.get(view.id);
    return { ...affiliateShape(view), [EXPANDED]: own ? onboardingShape(own) : null };
  };
}

const listQuery = z.object({
  ...showQuery.shape,
  ...pageFields,
  partnership_status: statusField,
  status: statusField.describe('The same as partnership_status.'),
  search: optionalText(255).describe('Part of a name, an e-mail or a tracking_id.'),
  group_id: optionalId,
  program_id: optionalId,
  sort: sortField({ createdAt: 'created', created_at: 'created', name: 'name', email: 'email' }),
  dateFrom: moment.optional().describe('From when they were made.'),
  dateTo: momentUntil.optional().describe('Until when, a date alone with its whole day.'),
});

const create = route<z.infer<typeof newAffiliate>>({
  method: 'POST',
  path: '/v1/affiliates',
  summary: 'Creates an affiliate.',
  answers: { 201: dataAnswer(affiliateAnswer) },
  scope: 'write:affiliates',
  body: newAffiliate,
  async run({ caller, body }, desk) {
    const { name, email, metadata } = body;
    const optional = given({
      programId: body.program_id,
      groupId: body.group_id,
      parentId: body.parent_id,
      trackingId: body.tracking_id,
      externalUserId: body.external_user_id,
      status: body.partnership_status ?? body.status,
    });
    const made = await desk.createAffiliate(caller, {
      name,
      email,
      metadata,
      details: detailsOf(body),
      ...optional,
    });
    return isRefusal(made) ? made : done(affiliateShape(made), 201);
  },
});

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/affiliates',
  summary: 'Affiliates, newest first.',
  answers: { 200: listAnswer(expandedAnswer) },
  scope: 'read:affiliates',
  query: listQuery,
  async run({ caller, query }, desk) {
    const found = await desk.affiliates(caller, {
      ...pagingOf(query),
      status: query.partnership_status ?? query.status,
      search: query.search,
      groupId: query.group_id,
      programId: query.program_id,
      from: query.dateFrom ?? null,
      to: query.dateTo ?? null,
      sort: query.sort,
    });
    return listed(found, query, await shapeWith(desk, caller, query.expand, found.rows));
  },
});

const show = route<unknown, z.infer<typeof showQuery>>({
  method: 'GET',
  path: '/v1/affiliates/:id',
  summary: 'One affiliate.',
  answers: { 200: dataAnswer(expandedAnswer) },
  scope: 'read:affiliates',
  query: showQuery,
  async run({ caller, params, query }, desk) {
    const found = await desk.affiliate(caller, params['id'] ?? '');
    if (isRefusal(found)) return found;
    const shape = await shapeWith(desk, caller, query.expand, [found]);
    return done(shape(found));
  },
});

const change = route<z.infer<typeof affiliateChanges>>({
  method: 'PUT',
  path: '/v1/affiliates/:id',
  summary: 'Changes what is sent; the rest stays.',
  answers: { 200: dataAnswer(affiliateAnswer) },
  scope: 'write:affiliates',
  body: affiliateChanges,
  async run({ caller, params, body }, desk) {
    const changes = given({
      name: body.name,
      email: body.email,
      trackingId: body.tracking_id,
      externalUserId: body.external_user_id,
      status: body.partnership_status ?? body.status,
      metadata: body.metadata,
      details: detailsOf(body),
    });
    const group = body.group_id === undefined ? {} : { groupId: body.group_id };
    const parent = body.parent_id === undefined ? {} : { parentId: body.parent_id };
    const changed = await desk.updateAffiliate(caller, params['id'] ?? '', {
      ...changes,
      ...group,
      ...parent,
    });
    return isRefusal(changed) ? changed : done(affiliateShape(changed));
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/affiliates/:id',
  summary: 'Deletes an affiliate; the ledger stays.',
  answers: { 200: deletedAnswer },
  scope: 'delete:affiliates',
  async run({ caller, params }, desk) {
    const gone = await desk.deleteAffiliate(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The affiliate was deleted; its ledger stays.');
  },
});

export const affiliateRoutes: readonly Route[] = [create, list, show, change, remove];
