/** How far lists of the provider have been walked. Each function is one statement. Moments in milliseconds UTC. */
import type { Tx } from './tx.ts';

export type WalkedAccount = { readonly workspace: string; readonly livemode: boolean; readonly scope: string };

export type Cursor = {
  readonly stream: string;
  readonly since: number;
  readonly until: number;
  /** Everything before has been taken in. */
  readonly reached: number;
  readonly missing: number;
  readonly finished: boolean;
};

type Row = {
  stream: string;
  since: Date;
  until: Date;
  reached: Date;
  missing: number;
  finished_at: Date | null;
};

const iso = (moment: number): string => new Date(moment).toISOString();

const valuesOf = ({ workspace, livemode, scope }: WalkedAccount): unknown[] => [workspace, livemode, scope];

/** The stream of the worker's own look for missing events. */
const RECONCILE = 'reconcile';

/** The streams of an account's last backfill. */
export async function cursorsOf(tx: Tx, account: WalkedAccount): Promise<Cursor[]> {
  const { rows } = await tx.query<Row>({
    text: `SELECT stream, since, until, reached, missing, finished_at FROM backfills
           WHERE workspace_id = $1 AND livemode = $2 AND scope = $3 AND stream <> '${RECONCILE}' ORDER BY stream`,
    values: valuesOf(account),
  });
  return rows.map((row) => ({
    stream: row.stream,
    since: row.since.getTime(),
    until: row.until.getTime(),
    reached: row.reached.getTime(),
    missing: row.missing,
    finished: row.finished_at !== null,
  }));
}

export type PlannedStream = Pick<Cursor, 'stream' | 'reached' | 'until'>;

/** Begins a backfill in place of the account's last one. */
export async function planBackfill(
  tx: Tx,
  account: WalkedAccount,
  since: number,
  streams: readonly PlannedStream[],
): Promise<void> {
  await tx.query({
    text: `WITH gone AS (DELETE FROM backfills WHERE workspace_id = $1 AND livemode = $2 AND scope = $3
             AND stream <> '${RECONCILE}' AND stream <> ALL ($5::text[]))
           INSERT INTO backfills (workspace_id, livemode, scope, stream, since, reached, until)
           SELECT $1, $2, $3, s.stream, $4, s.reached, s.until
           FROM unnest($5::text[], $6::timestamptz[], $7::timestamptz[]) AS s(stream, reached, until)
           ON CONFLICT (workspace_id, livemode, scope, stream) DO UPDATE SET since = excluded.since,
             until = excluded.until, reached = excluded.reached, missing = 0, finished_at = NULL`,
    values: [
      ...valuesOf(account),
      iso(since),
      streams.map(({ stream }) => stream),
      streams.map(({ reached }) => iso(reached)),
      streams.map(({ until }) => iso(until)),
    ],
  });
}

/** Notes how far a stream has come. `finishedAt` null: there is more. */
export async function moveCursor(
  tx: Tx,
  account: WalkedAccount,
  stream: string,
  moved: { readonly reached: number; readonly missing: number; readonly finishedAt: number | null },
): Promise<void> {
  await tx.query({
    name: 'move_cursor',
    text: `UPDATE backfills SET reached = GREATEST(reached, $5), missing = missing + $6, finished_at = $7
           WHERE workspace_id = $1 AND livemode = $2 AND scope = $3 AND stream = $4`,
    values: [
      ...valuesOf(account),
      stream,
      iso(moved.reached),
      moved.missing,
      moved.finishedAt === null ? null : iso(moved.finishedAt),
    ],
  });
}

/** How long a worker may be silent before another takes its place, milliseconds. */
export const RECONCILE_LEASE_MS = 600_000;

/** Takes an account's look for missing events when it is due and nobody is at it. `firstAt`: due when it never was. */
export async function claimReconcile(tx: Tx, account: WalkedAccount, now: number, firstAt: number): Promise<boolean> {
  const { rows } = await tx.query<{ claimed: boolean }>({
    name: 'claim_reconcile',
    text: `WITH due AS (
        UPDATE backfills SET lease_until = $5 WHERE workspace_id = $1 AND livemode = $2 AND scope = $3
          AND stream = '${RECONCILE}' AND run_at <= $4 AND (lease_until IS NULL OR lease_until <= $4) RETURNING 1
      ), first AS (
        INSERT INTO backfills (workspace_id, livemode, scope, stream, since, until, reached, run_at)
        VALUES ($1, $2, $3, '${RECONCILE}', $4, $4, $4, $6) ON CONFLICT DO NOTHING)
      SELECT EXISTS (SELECT 1 FROM due) AS claimed`,
    values: [...valuesOf(account), iso(now), iso(now + RECONCILE_LEASE_MS), iso(firstAt)],
  });
  return rows[0]?.claimed ?? false;
}

/** Says that somebody is still at it. */
export async function keepReconcile(tx: Tx, account: WalkedAccount, now: number): Promise<void> {
  await tx.query({
    name: 'keep_reconcile',
    text: `UPDATE backfills SET lease_until = $4 WHERE workspace_id = $1 AND livemode = $2 AND scope = $3
             AND stream = '${RECONCILE}'`,
    values: [...valuesOf(account), iso(now + RECONCILE_LEASE_MS)],
  });
}

export type Reconciled = {
  readonly since: number;
  readonly until: number;
  /** null: it did not come to its end. */
  readonly missing: number | null;
  readonly runAt: number;
  readonly now: number;
};

/** Ends a look: due again at `runAt`. */
export async function endReconcile(tx: Tx, account: WalkedAccount, ended: Reconciled): Promise<void> {
  const { since, until, missing, runAt, now } = ended;
  await tx.query({
    name: 'end_reconcile',
    text: `UPDATE backfills SET lease_until = NULL, run_at = $4, since = $5, until = $6,
             reached = CASE WHEN $7::int IS NULL THEN reached ELSE $6 END, missing = COALESCE($7, missing),
             finished_at = CASE WHEN $7::int IS NULL THEN finished_at ELSE $8::timestamptz END
           WHERE workspace_id = $1 AND livemode = $2 AND scope = $3 AND stream = '${RECONCILE}'`,
    values: [...valuesOf(account), iso(runAt), iso(since), iso(until), missing, iso(now)],
  });
}
