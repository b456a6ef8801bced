/** Alerts: what a person has to look at. One is open for each (kind, subject) of a workspace, and counts its repeats. */
import { typeidUnboxed } from 'typeid-js';
import type { Tx } from './tx.ts';

export type AlertAbout = { readonly workspace: string; readonly kind: string; readonly subject: string };

export type AlertRow = {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly message: string;
  readonly times: number;
  /** Milliseconds UTC. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly resolvedAt: number | null;
};

type Row = {
  alert_id: string;
  kind: string;
  subject: string;
  message: string;
  times: number;
  first_at: Date;
  last_at: Date;
  resolved_at: Date | null;
};

const iso = (moment: number): string => new Date(moment).toISOString();

const rowOf = (row: Row): AlertRow => ({
  id: row.alert_id,
  kind: row.kind,
  subject: row.subject,
  message: row.message,
  times: row.times,
  firstAt: row.first_at.getTime(),
  lastAt: row.last_at.getTime(),
  resolvedAt: row.resolved_at?.getTime() ?? null,
});

const SHOWN = 'alert_id, kind, subject, message, times, first_at, last_at, resolved_at';

/** Opens an alert, or counts one more of an open one; the newest message stands. `message` says what to do. */
export async function raiseAlert(
  tx: Tx,
  { workspace, kind, subject, message, at }: AlertAbout & { readonly message: string; readonly at: number },
): Promise<void> {
  await tx.query({
    text: `INSERT INTO alerts AS a (workspace_id, alert_id, kind, subject, message, first_at, last_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6)
           ON CONFLICT (workspace_id, kind, subject) WHERE resolved_at IS NULL DO UPDATE SET times = a.times + 1,
             message = excluded.message, first_at = LEAST(a.first_at, excluded.first_at),
             last_at = GREATEST(a.last_at, excluded.last_at)`,
    values: [workspace, typeidUnboxed('alrt'), kind, subject, message, iso(at)],
  });
}

/** Resolves the open alert of a kind about a subject. false: none was open. */
export async function resolveAlert(
  tx: Tx,
  { workspace, kind, subject, at }: AlertAbout & { readonly at: number },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `UPDATE alerts SET resolved_at = $4
           WHERE workspace_id = $1 AND kind = $2 AND subject = $3 AND resolved_at IS NULL`,
    values: [workspace, kind, subject, iso(at)],
  });
  return (rowCount ?? 0) > 0;
}

/** Resolves an alert by its id; one that is resolved stays as it was. null: there is none. */
export async function resolveAlertById(tx: Tx, workspace: string, id: string, at: number): Promise<AlertRow | null> {
  const { rows } = await tx.query<Row>({
    text: `UPDATE alerts SET resolved_at = COALESCE(resolved_at, $3) WHERE workspace_id = $1 AND alert_id = $2
           RETURNING ${SHOWN}`,
    values: [workspace, id, iso(at)],
  });
  return rows[0] ? rowOf(rows[0]) : null;
}

export type AlertFilter = {
  /** null: both. */
  readonly state: 'open' | 'resolved' | null;
  readonly limit: number;
  readonly offset: number;
};

/** Newest first, with the number of all that match. */
export async function listAlerts(
  tx: Tx,
  workspace: string,
  { state, limit, offset }: AlertFilter,
): Promise<{ rows: AlertRow[]; total: number }> {
  const where = `workspace_id = $1 AND ($2::boolean IS NULL OR (resolved_at IS NULL) = $2)`;
  const values = [workspace, state === null ? null : state === 'open'];
  const count = await tx.query<{ total: number }>({
    text: `SELECT count(*)::int AS total FROM alerts WHERE ${where}`,
    values,
  });
  const { rows } = await tx.query<Row>({
    text: `SELECT ${SHOWN} FROM alerts WHERE ${where} ORDER BY last_at DESC, alert_id LIMIT $3 OFFSET $4`,
    values: [...values, limit, offset],
  });
  return { rows: rows.map(rowOf), total: count.rows[0]?.total ?? 0 };
}
