/** What came in and what became of it; replay has an event decided again. */
import { z } from 'zod';
import type { InboxView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { done, isoOrNull, listed, oneOf, pageFields, pagingOf, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

const listQuery = z.object({
  ...pageFields,
  state: oneOf(['parked', 'failed', 'ignored', 'done', 'pending']),
});

function eventShape(view: InboxView): Record<string, unknown> {
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

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/inbox',
  scope: 'read:inbox',
  query: listQuery,
  async run({ caller, query }, desk) {
    return listed(await desk.inbox(caller, { ...pagingOf(query), state: query.state }), query, eventShape);
  },
});

/** The id is `source:event key`, URL-encoded. */
const replay = route({
  method: 'POST',
  path: '/v1/inbox/:id/replay',
  scope: 'write:inbox',
  async run({ caller, params }, desk) {
    const event = await desk.replay(caller, params['id'] ?? '');
    return isRefusal(event) ? event : done(eventShape(event));
  },
});

export const inboxRoutes: readonly Route[] = [list, replay];
