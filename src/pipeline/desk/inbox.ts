/** The inbox at the desk: what came in and what became of it, and how to have it decided again. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import type { InboxView } from '../../core/views.ts';
import { bareEventId } from '../../core/scope.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { findEvent, listInbox, replay, type InboxRow } from '../../store/inbox.ts';
import type { Clockwork } from '../clockwork.ts';
import type { Translators } from '../translate.ts';
import { hintOf } from './hints.ts';

export function inboxDesk(work: Clockwork, translators: Translators): Pick<OfficeDesk, 'inbox' | 'replay'> {
  return {
    inbox: async ({ workspace, livemode }, { state, limit, offset }) => {
      const { rows, total } = await listInbox(work.database.of(workspace), workspace, {
        state,
        livemode,
        limit,
        offset,
      });
      return { rows: rows.map(viewOf), total };
    },
    replay: (caller, id) => again(work, translators, caller, id),
  };
}

function viewOf(row: InboxRow): InboxView {
  return {
    id: `${row.source}:${row.event_key}`,
    source: row.source,
    externalEventId: row.scope === '' ? row.event_key : bareEventId(row.event_key),
    type: row.type,
    state: row.state,
    reason: row.reason,
    hint: hintOf(row),
    subject: row.subject,
    occurredAt: row.occurred_at.getTime(),
    receivedAt: row.received_at.getTime(),
    attempts: row.attempts,
    nextTryAt: row.state === 'pending' ? (row.run_at?.getTime() ?? null) : null,
  };
}

/** Makes the event pending; a worker translates it anew and decides it, whatever it had come to before. */
async function again(
  work: Clockwork,
  translators: Translators,
  caller: Caller,
  id: string,
): Promise<InboxView | Refusal> {
  const known = await read(work, caller, id);
  if (isRefusal(known)) return known;
  if (!translators.has(known.source))
    return refuse('invalid_input', `Nothing here translates events of "${known.source}".`);
  const { source } = known;
  if (!(await replay(work.database.of(caller.workspace), caller.workspace, source, keyIn(id), work.now())))
    return refuse(
      'invalid_input',
      `The body of "${id}" is not stored any more, so it cannot be replayed; resend it from its source.`,
    );
  return read(work, caller, id);
}

const keyIn = (id: string): string => id.slice(id.indexOf(':') + 1);

/** `source:event key`; the event key may hold colons of its own. */
async function read(work: Clockwork, { workspace, livemode }: Caller, id: string): Promise<InboxView | Refusal> {
  const colon = id.indexOf(':');
  const row = colon < 1 ? null : await findEvent(work.database.of(workspace), workspace, id.slice(0, colon), keyIn(id));
  if (row?.livemode !== livemode) return refuse('not_found', `There is no event "${id}"; ids look like stripe:evt_1.`);
  return viewOf(row);
}
