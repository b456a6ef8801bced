/** What was told as a test: a table of its own, which nothing that is money reads. Kept for 30 days. */
import { TRIAL_KINDS, type TrialKind, type TrialView } from '../core/trials.ts';
import type { Tx } from './tx.ts';

type Row = { number: bigint; kind: TrialKind; created_at: Date };

const viewOf = ({ number, kind, created_at }: Row): TrialView => ({
  number: Number(number),
  kind,
  at: created_at.getTime(),
});

const KEPT = `interval '30 days'`;

export type NewTrial = {
  readonly programId: string;
  readonly kind: TrialKind;
  readonly isRun: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  /** Milliseconds UTC. */
  readonly at: number;
};

/** So many of a program are kept at most, besides its runs. */
const MOST_KEPT = 1000;

/** Whoever tells one more removes those that are too old or too many. */
export async function insertTrial(tx: Tx, workspace: string, trial: NewTrial): Promise<TrialView> {
  const { rows } = await tx.query<Row>({
    name: 'insert_trial',
    text: `WITH forgotten AS (
        DELETE FROM test_events WHERE workspace_id = $1 AND program_id = $2 AND (
          created_at < $6::timestamptz - ${KEPT} OR NOT is_run AND number <= (SELECT number FROM test_events
            WHERE workspace_id = $1 AND program_id = $2 ORDER BY number DESC OFFSET ${MOST_KEPT - 1} LIMIT 1))
      )
      INSERT INTO test_events (workspace_id, program_id, kind, is_run, details, created_at)
      VALUES ($1, $2, $3, $4, $5, $6) RETURNING number, kind, created_at`,
    values: [
      workspace,
      trial.programId,
      trial.kind,
      trial.isRun,
      JSON.stringify(trial.details),
      new Date(trial.at).toISOString(),
    ],
  });
  const [row] = rows;
  if (!row) throw new Error('a test event was not kept');
  return viewOf(row);
}

/** How many there are of each kind, and the latest of each. `since` in milliseconds UTC. */
export async function sumTrials(
  tx: Tx,
  workspace: string,
  program: string,
  since: number,
): Promise<{ readonly counts: Record<TrialKind, number>; readonly latest: Record<TrialKind, TrialView | null> }> {
  const { rows } = await tx.query<{ kind: TrialKind; count: number; number: bigint; at: Date }>({
    text: `SELECT kind, count(*)::int AS count, max(number) AS number, max(created_at) AS at FROM test_events
           WHERE workspace_id = $1 AND program_id = $2 AND created_at >= $3 GROUP BY kind`,
    values: [workspace, program, new Date(since).toISOString()],
  });
  const of = (kind: TrialKind) => rows.find((row) => row.kind === kind);
  const each = <T>(value: (kind: TrialKind) => T) =>
    Object.fromEntries(TRIAL_KINDS.map((kind) => [kind, value(kind)])) as Record<TrialKind, T>;
  return {
    counts: each((kind) => of(kind)?.count ?? 0),
    latest: each((kind) => {
      const row = of(kind);
      return row ? viewOf({ ...row, created_at: row.at }) : null;
    }),
  };
}

/** What was kept with the latest rehearsal; null: there was none. */
export async function latestRehearsal(
  tx: Tx,
  workspace: string,
  program: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const { rows } = await tx.query<{ details: Record<string, unknown> }>({
    text: `SELECT details FROM test_events
           WHERE workspace_id = $1 AND program_id = $2 AND is_run AND details ? 'verdict'
           ORDER BY number DESC LIMIT 1`,
    values: [workspace, program],
  });
  return rows[0]?.details ?? null;
}

/** The moments of the runs after `since`, oldest first; whoever else counts them waits until the transaction ends. */
export async function runsSince(tx: Tx, workspace: string, program: string, since: number): Promise<number[]> {
  await tx.query({
    text: 'SELECT 1 FROM programs WHERE workspace_id = $1 AND program_id = $2 FOR NO KEY UPDATE',
    values: [workspace, program],
  });
  const { rows } = await tx.query<{ created_at: Date }>({
    text: `SELECT created_at FROM test_events WHERE workspace_id = $1 AND program_id = $2 AND is_run AND created_at > $3
           ORDER BY created_at, number`,
    values: [workspace, program, new Date(since).toISOString()],
  });
  return rows.map((row) => row.created_at.getTime());
}
