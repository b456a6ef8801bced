/** What came in and what became of it; replay has an event decided again. */
import { z } from 'zod';
import type { InboxView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { answered, dataAnswer, done, isoOrNull, listRoute, oneOf, pageFields, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

const STATES = ['parked', 'failed', 'ignored', 'done', 'pending'] as const;
const listQuery = z.object({ ...pageFields, state: oneOf(STATES) });

const eventAnswer = z
  .object({
    id: z.string().describe('source:event key; URL-encoded in a path.'),
    source: z.string().meta({ examples: ['stripe', 'affonso'] }),
    external_event_id: z.string(),
    type: z.string().meta({ examples: ['invoice.paid'] }),
    state: z.string().meta({ examples: [...STATES] }),
    reason: z.string().nullable(),
    hint: z.string().nullable().describe('The reason in words, and what to do.'),
    subject: z.string().nullable(),
    attempts: z.int(),
    occurred_at: answered.moment,
    received_at: answered.moment,
    next_try_at: answered.moment.nullable(),
  })
  .meta({ id: 'InboxEvent' });

function eventShape(view: InboxView): z.infer<typeof eventAnswer> {
  return {
    id: view.id,
    source: view.source,
    external_event_id: view.externalEventId,
    type: view.type,
    state: view.state,
    reason: view.reason,
    hint: view.hint,
    subject: view.subject,
    attempts: view.attempts,
    occurred_at: toIso(view.occurredAt),
    received_at: toIso(view.receivedAt),
    next_try_at: isoOrNull(view.nextTryAt),
  };
}

const list = listRoute({
  path: '/v1/inbox',
  summary: 'What came in and what became of it, newest first.',
  scope: 'read:inbox',
  query: listQuery,
  row: eventAnswer,
  shape: eventShape,
  read: ({ caller, query, paging }, desk) => desk.inbox(caller, { ...paging, state: query.state }),
});

/** The id is `source:event key`, URL-encoded. */
const replay = route({
  method: 'POST',
  path: '/v1/inbox/:id/replay',
  summary: 'Has an event decided again; its id is source:event key, URL-encoded.',
  answers: { 200: dataAnswer(eventAnswer) },
  scope: 'write:inbox',
  async run({ caller, params }, desk) {
    const event = await desk.replay(caller, params['id'] ?? '');
    return isRefusal(event) ? event : done(eventShape(event));
  },
});

export const inboxRoutes: readonly Route[] = [list, replay];
