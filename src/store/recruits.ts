/** Who recruited whom, and who is held. */
import { historyEntry } from './affiliates.ts';
import type { Tx } from './tx.ts';

/**
 * Holds every other change of who recruited whom until the transaction ends. The affiliate first, as everybody does who
 * changes one, so that nobody waits for somebody who waits for them.
 */
export async function lockRecruits(tx: Tx, workspace: string, id: string): Promise<void> {
  await tx.query({
    text: 'SELECT 1 FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2 FOR NO KEY UPDATE',
    values: [workspace, id],
  });
  await tx.query({
    text: 'SELECT 1 FROM workspaces WHERE workspace_id = $1 FOR NO KEY UPDATE',
    values: [workspace],
  });
}

/** Everybody above an affiliate, nearest first. */
export async function recruitersOf(tx: Tx, workspace: string, id: string): Promise<string[]> {
  const { rows } = await tx.query<{ parent_id: string }>({
    text: `WITH RECURSIVE above AS (
        SELECT parent_id, 1 AS step FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2
        UNION ALL
        SELECT a.parent_id, above.step + 1 FROM above
        JOIN affiliates a ON a.workspace_id = $1 AND a.affiliate_id = above.parent_id
      ) SELECT parent_id FROM above WHERE parent_id IS NOT NULL ORDER BY step`,
    values: [workspace, id],
  });
  return rows.map((row) => row.parent_id);
}

const ENTRY = { group: 'a.group_id', status: 'a.status', parent: 'a.parent_id', held: 'NULL', email: 'a.email' };

/** Lifts a hold from a new rules version on; sales from before are not judged again. false: nobody was held. */
export async function clearHold(tx: Tx, workspace: string, id: string, now: number): Promise<boolean> {
  const { rows } = await tx.query({
    text: `WITH own AS (
        SELECT affiliate_id FROM affiliates
        WHERE workspace_id = $1 AND affiliate_id = $2 AND deleted_at IS NULL AND held_reason IS NOT NULL FOR NO KEY UPDATE
      ), bumped AS (
        UPDATE workspaces w SET rules_version = rules_version + 1 FROM own WHERE w.workspace_id = $1 RETURNING rules_version
      )
      UPDATE affiliates a SET held_reason = NULL, held_at = NULL, judged_from = $3,
        history = a.history || ${historyEntry('bumped.rules_version', ENTRY)}
      FROM bumped WHERE a.workspace_id = $1 AND a.affiliate_id = $2 RETURNING 1`,
    values: [workspace, id, new Date(now).toISOString()],
  });
  return rows.length > 0;
}
