/** Incentives by version. A change is a new rules version and a new row in one statement; old rows are never edited. */
import type { IncentiveView } from '../core/views.ts';
import type { Terms } from '../core/incentives.ts';
import { selectPage, type Limits } from './pages.ts';
import { readTerms, writeTerms, type StoredTerms } from './rules.ts';
import type { Tx } from './tx.ts';

type IncentiveRow = {
  incentive_id: string;
  version: number;
  program_id: string;
  until: bigint | null;
  terms: StoredTerms;
  created_at: Date;
};

/** `created_at` is the incentive's: its first version's. */
const SHOWN = `i.incentive_id, i.version, i.program_id, i.until, i.terms,
  (SELECT min(f.created_at) FROM incentives f WHERE f.workspace_id = $1 AND f.incentive_id = i.incentive_id) AS created_at`;

function viewOf(row: IncentiveRow): IncentiveView {
  return {
    id: row.incentive_id,
    version: row.version,
    programId: row.program_id,
    terms: readTerms(row.terms),
    createdAt: row.created_at.getTime(),
    ended: row.until !== null,
  };
}

export type NewIncentive = Omit<IncentiveView, 'version' | 'ended'>;

/** Valid for payments that become known from the new rules version on. */
export async function insertIncentive(tx: Tx, workspace: string, incentive: NewIncentive): Promise<void> {
  await tx.query({
    text: `WITH bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 RETURNING rules_version)
      INSERT INTO incentives (workspace_id, incentive_id, version, program_id, since, terms, created_at)
      SELECT $1, $2, 1, $3, rules_version, $4, $5 FROM bumped`,
    values: [
      workspace,
      incentive.id,
      incentive.programId,
      JSON.stringify(writeTerms(incentive.terms)),
      new Date(incentive.createdAt).toISOString(),
    ],
  });
}

/** `until` of the old version is `since` of the new one. false: no such incentive is in force. */
export async function replaceIncentive(
  tx: Tx,
  workspace: string,
  id: string,
  terms: Terms,
  now: number,
): Promise<boolean> {
  const { rows } = await tx.query({
    text: `WITH bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 AND EXISTS (
          SELECT 1 FROM incentives WHERE workspace_id = $1 AND incentive_id = $2 AND until IS NULL)
        RETURNING rules_version
      ), ended AS (
        UPDATE incentives i SET until = bumped.rules_version FROM bumped
        WHERE i.workspace_id = $1 AND i.incentive_id = $2 AND i.until IS NULL
        RETURNING i.version, i.program_id, i.until
      )
      INSERT INTO incentives (workspace_id, incentive_id, version, program_id, since, terms, created_at)
      SELECT $1, $2, version + 1, program_id, until, $3, $4 FROM ended RETURNING 1`,
    values: [workspace, id, JSON.stringify(writeTerms(terms)), new Date(now).toISOString()],
  });
  return rows.length > 0;
}

/** Payments that become known from the new rules version on do not see it. false: no such incentive is in force. */
export async function endIncentive(tx: Tx, workspace: string, id: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: `WITH bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 AND EXISTS (
          SELECT 1 FROM incentives WHERE workspace_id = $1 AND incentive_id = $2 AND until IS NULL)
        RETURNING rules_version)
      UPDATE incentives i SET until = bumped.rules_version FROM bumped
      WHERE i.workspace_id = $1 AND i.incentive_id = $2 AND i.until IS NULL RETURNING 1`,
    values: [workspace, id],
  });
  return rows.length > 0;
}

/** The newest version, ended or not. */
export async function findIncentive(tx: Tx, workspace: string, id: string): Promise<IncentiveView | null> {
  const { rows } = await tx.query<IncentiveRow>({
    text: `SELECT ${SHOWN} FROM incentives i WHERE i.workspace_id = $1 AND i.incentive_id = $2
           ORDER BY i.version DESC LIMIT 1`,
    values: [workspace, id],
  });
  return rows[0] ? viewOf(rows[0]) : null;
}

/** Those in force, oldest first. */
export async function listIncentives(
  tx: Tx,
  workspace: string,
  limits: Limits,
): Promise<{ rows: IncentiveView[]; total: number }> {
  const { rows, total } = await selectPage<IncentiveRow>(
    tx,
    {
      columns: SHOWN,
      from: 'incentives i',
      where: 'i.workspace_id = $1 AND i.until IS NULL',
      order: 'created_at, i.incentive_id',
      values: [workspace],
    },
    limits,
  );
  return { rows: rows.map(viewOf), total };
}
