/** The inbox as a queue and as a list. Each function is one statement. */
import { conditionsOf, selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

export type PendingEvent = {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly rules: number;
  /** Milliseconds UTC. */
  readonly at: number;
  readonly received: number;
  readonly attempts: number;
  readonly scope: string;
  readonly body: string | null;
};

type PendingRow = {
  source: string;
  event_key: string;
  type: string;
  livemode: boolean;
  rules: bigint;
  occurred_at: Date;
  received_at: Date;
  attempts: number;
  scope: string;
  body: string | null;
};

/** An event that outlived its leases this often ends its worker, and is failed where it can be seen. */
const MOST_ATTEMPTS = 12;

/** Seconds a worker may keep an event before another takes it. */
export const LEASE_SECONDS = 30;

/**
 * Takes up to `limit` due events of one workspace, the workspace whose oldest one waits longest, and leases them.
 * Counts the attempt at once, so that an event that kills its worker still reaches the end of its tries.
 */
export async function claim(
  tx: Tx,
  now: number,
  limit: number,
): Promise<{ workspace: string; events: PendingEvent[] } | null> {
  const moment = new Date(now).toISOString();
  const { rows } = await tx.query<PendingRow & { workspace_id: string }>({
    name: 'claim',
    text: `WITH dead AS (
        UPDATE inbox SET state = 'failed', reason = 'its worker ended each time it was tried', run_at = NULL, lease_until = NULL
        WHERE state = 'pending' AND attempts >= ${MOST_ATTEMPTS} AND lease_until <= $1 RETURNING 1
      ), oldest AS (
        SELECT workspace_id FROM inbox WHERE state = 'pending' AND attempts < ${MOST_ATTEMPTS} AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
        ORDER BY run_at LIMIT 1
      ), due AS (
        SELECT workspace_id, source, event_key FROM inbox
        WHERE state = 'pending' AND attempts < ${MOST_ATTEMPTS} AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
          AND workspace_id = (SELECT workspace_id FROM oldest)
        ORDER BY run_at, event_key LIMIT $2 FOR UPDATE SKIP LOCKED
      ), taken AS (
        UPDATE inbox i SET lease_until = $1::timestamptz + make_interval(secs => ${LEASE_SECONDS}), attempts = i.attempts + 1
        FROM due WHERE i.workspace_id = due.workspace_id AND i.source = due.source AND i.event_key = due.event_key
        RETURNING i.*
      )
      SELECT t.workspace_id, t.source, t.event_key, t.type, t.livemode, t.rules, t.occurred_at, t.received_at, t.attempts, t.scope, p.body
      FROM taken t LEFT JOIN payloads p USING (workspace_id, source, event_key)
      ORDER BY t.occurred_at, t.event_key`,
    values: [moment, limit],
  });
  const workspace = rows[0]?.workspace_id;
  return workspace === undefined ? null : { workspace, events: rows.map(pendingOf) };
}

function pendingOf(row: PendingRow): PendingEvent {
  return {
    source: row.source,
    id: row.event_key,
    type: row.type,
    livemode: row.livemode,
    rules: Number(row.rules),
    at: row.occurred_at.getTime(),
    received: row.received_at.getTime(),
    attempts: row.attempts,
    scope: row.scope,
    body: row.body,
  };
}

export type Failure = {
  readonly workspace: string;
  readonly source: string;
  readonly id: string;
  readonly reason: string;
};

/** Puts an event back: tried again at `runAt`, or failed for good when that is null. Ends its lease. */
export async function setBack(tx: Tx, failure: Failure, runAt: number | null): Promise<void> {
  await tx.query({
    text: `UPDATE inbox SET state = CASE WHEN $5::timestamptz IS NULL THEN 'failed' ELSE 'pending' END, reason = $4,
             run_at = $5, lease_until = NULL
           WHERE workspace_id = $1 AND source = $2 AND event_key = $3 AND state = 'pending'`,
    values: [
      failure.workspace,
      failure.source,
      failure.id,
      failure.reason,
      runAt === null ? null : new Date(runAt).toISOString(),
    ],
  });
}

export type NewEvent = {
  readonly workspace: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly at: number;
  readonly received: number;
  readonly body: string;
  /** The scope of its account; absent: ''. `id` begins with it. */
  readonly scope?: string;
};

/** Stores an event without its effect, to be taken by a worker; wakes one. false: it was there already. */
export async function storePending(tx: Tx, event: NewEvent, reason: string | null, runAt: number): Promise<boolean> {
  const { rows } = await tx.query<{ stored: boolean }>({
    name: 'store_pending',
    text: `WITH own AS (SELECT rules_version FROM workspaces WHERE workspace_id = $1), kept AS (
        INSERT INTO inbox (workspace_id, source, event_key, type, livemode, state, reason, rules, occurred_at, received_at, run_at, scope)
        SELECT $1, $2, $3, $4, $5, 'pending', $6, own.rules_version, $7::timestamptz, $8::timestamptz, $9::timestamptz, $11 FROM own
        ON CONFLICT DO NOTHING RETURNING workspace_id, source, event_key
      ), bytes AS (
        INSERT INTO payloads (workspace_id, source, event_key, body) SELECT kept.*, $10 FROM kept RETURNING 1
      )
      SELECT EXISTS (SELECT 1 FROM bytes) AS stored, pg_notify('tributary_work', $1)`,
    values: [
      event.workspace,
      event.source,
      event.id,
      event.type,
      event.livemode,
      reason,
      new Date(event.at).toISOString(),
      new Date(event.received).toISOString(),
      new Date(runAt).toISOString(),
      event.body,
      event.scope ?? '',
    ],
  });
  return rows[0]?.stored ?? false;
}

export type InboxRow = {
  readonly source: string;
  readonly event_key: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly state: string;
  readonly reason: string | null;
  readonly subject: string | null;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly attempts: number;
  readonly run_at: Date | null;
  readonly scope: string;
};

const SHOWN =
  'source, event_key, type, livemode, state, reason, subject, occurred_at, received_at, attempts, run_at, scope';

export type InboxFilter = Limits & { readonly state: string | null; readonly livemode: boolean };

/** States that are rare and have an index of their own, which only serves what names them. */
const FEW: ReadonlySet<string> = new Set(['pending', 'parked', 'failed']);

/** Newest first, with the number of all that match. */
export async function listInbox(
  tx: Tx,
  workspace: string,
  filter: InboxFilter,
): Promise<{ rows: InboxRow[]; total: number }> {
  const { state } = filter;
  const asked = conditionsOf(
    [workspace, filter.livemode],
    [
      'workspace_id = $1 AND livemode = $2',
      state !== null && FEW.has(state) ? `state = '${state}'` : ['state =', state],
    ],
  );
  const order = 'received_at DESC, event_key';
  return selectPage(tx, { columns: SHOWN, from: 'inbox', order, ...asked }, filter);
}

/** Which of these events are stored already. */
export async function knownEvents(
  tx: Tx,
  workspace: string,
  source: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ event_key: string }>({
    name: 'known_events',
    text: 'SELECT event_key FROM inbox WHERE workspace_id = $1 AND source = $2 AND event_key = ANY ($3::text[])',
    values: [workspace, source, ids],
  });
  return new Set(rows.map((row) => row.event_key));
}

export async function findEvent(tx: Tx, workspace: string, source: string, id: string): Promise<InboxRow | null> {
  const { rows } = await tx.query<InboxRow>({
    text: `SELECT ${SHOWN} FROM inbox WHERE workspace_id = $1 AND source = $2 AND event_key = $3`,
    values: [workspace, source, id],
  });
  return rows[0] ?? null;
}

/** The stored body of an event; null when it was never kept or its retention is over. */
export async function bodyOf(tx: Tx, workspace: string, source: string, id: string): Promise<string | null> {
  const { rows } = await tx.query<{ body: string }>({
    text: 'SELECT body FROM payloads WHERE workspace_id = $1 AND source = $2 AND event_key = $3',
    values: [workspace, source, id],
  });
  return rows[0]?.body ?? null;
}

/** Makes an event pending again, with all its tries before it. false: there is no such event or no stored body. */
export async function replay(tx: Tx, workspace: string, source: string, id: string, now: number): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>({
    text: `WITH again AS (
        UPDATE inbox i SET state = 'pending', run_at = $4, lease_until = NULL, attempts = 0
        WHERE workspace_id = $1 AND source = $2 AND event_key = $3
          AND EXISTS (SELECT 1 FROM payloads p WHERE p.workspace_id = $1 AND p.source = $2 AND p.event_key = $3)
        RETURNING 1)
      SELECT EXISTS (SELECT 1 FROM again) AS done, pg_notify('tributary_work', $1)`,
    values: [workspace, source, id, new Date(now).toISOString()],
  });
  return rows[0]?.done ?? false;
}
