/** What a person has to look at, with what to do. */
import { z } from 'zod';
import type { AlertView } from '../../core/account-desk.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { answered, dataAnswer, done, isoOrNull, listRoute, oneOf, pageFields, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

const listQuery = z.object({ ...pageFields, state: oneOf(['open', 'resolved']) });

const alertAnswer = z
  .object({
    id: answered.id,
    kind: z.string().meta({ examples: ['api_key_refused', 'webhooks_missing'] }),
    subject: z.string(),
    message: z.string().describe('What happened and what to do.'),
    state: z.enum(['open', 'resolved']),
    times: z.int().describe('How often it happened.'),
    first_at: answered.moment,
    last_at: answered.moment,
    resolved_at: answered.moment.nullable(),
  })
  .meta({ id: 'Alert' });

function alertShape(view: AlertView): z.infer<typeof alertAnswer> {
  return {
    id: view.id,
    kind: view.kind,
    subject: view.subject,
    message: view.message,
    state: view.resolvedAt === null ? 'open' : 'resolved',
    times: view.times,
    first_at: toIso(view.firstAt),
    last_at: toIso(view.lastAt),
    resolved_at: isoOrNull(view.resolvedAt),
  };
}

const list = listRoute({
  path: '/v1/alerts',
  summary: 'What a person has to look at, with what to do.',
  scope: 'read:alerts',
  query: listQuery,
  row: alertAnswer,
  shape: alertShape,
  read: ({ caller, query, paging }, desk) => desk.alerts(caller, { ...paging, state: query.state }),
});

const resolve = route({
  method: 'POST',
  path: '/v1/alerts/:id/resolve',
  summary: 'Resolves an alert.',
  answers: { 200: dataAnswer(alertAnswer) },
  scope: 'write:alerts',
  async run({ caller, params }, desk) {
    const found = await desk.resolveAlert(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(alertShape(found));
  },
});

export const alertRoutes: readonly Route[] = [list, resolve];
