import { DEFAULT_SETTINGS, type Settings } from '../core/rules.ts';
import type { Tx } from './tx.ts';

export async function listWorkspaces(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ workspace_id: string }>({ text: 'SELECT workspace_id FROM workspaces ORDER BY 1' });
  return rows.map((row) => row.workspace_id);
}

/** Creates a workspace with its default program; does nothing when it is there. true: it was created now. */
export async function createWorkspace(tx: Tx, workspace: string, name: string, programId: string): Promise<boolean> {
  const { rows } = await tx.query<{ created: boolean }>({
    text: `WITH made AS (
        INSERT INTO workspaces (workspace_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING workspace_id
      ), program AS (
        INSERT INTO programs (workspace_id, program_id, name, is_default) SELECT workspace_id, $3, $2, true FROM made RETURNING 1
      ) SELECT EXISTS (SELECT 1 FROM program) AS created`,
    values: [workspace, name, programId],
  });
  return rows[0]?.created ?? false;
}

export async function workspaceExists(tx: Tx, workspace: string): Promise<boolean> {
  const { rows } = await tx.query({
    name: 'workspace_exists',
    text: 'SELECT 1 FROM workspaces WHERE workspace_id = $1',
    values: [workspace],
  });
  return rows.length > 0;
}

/** The program that serves calls which name none. Throws when the workspace has none: migrations create it. */
export async function defaultProgram(tx: Tx, workspace: string): Promise<string> {
  const { rows } = await tx.query<{ program_id: string }>({
    name: 'default_program',
    text: 'SELECT program_id FROM programs WHERE workspace_id = $1 AND is_default',
    values: [workspace],
  });
  const [row] = rows;
  if (!row) throw new Error(`workspace "${workspace}" has no default program`);
  return row.program_id;
}

/** The settings that hold now, for what no decision rests on. */
export async function settingsNow(tx: Tx, workspace: string): Promise<Settings> {
  const { rows } = await tx.query<{ settings: Partial<Settings> | null }>({
    name: 'settings_now',
    text: `SELECT settings -> -1 -> 'settings' AS settings FROM workspaces WHERE workspace_id = $1`,
    values: [workspace],
  });
  return { ...DEFAULT_SETTINGS, ...rows[0]?.settings };
}

/**
 * Appends settings that hold from now on; payments known before keep theirs. By the new ones everybody is looked at
 * anew (pipeline/watch.ts). Returns the new rules version.
 */
export async function changeSettings(
  tx: Tx,
  workspace: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { rows } = await tx.query<{ rules_version: bigint }>({
    text: `WITH swept AS (UPDATE watches SET swept_at = '-infinity', looked_at = '-infinity' WHERE workspace_id = $1)
           UPDATE workspaces SET rules_version = rules_version + 1,
             settings = settings || jsonb_build_array(jsonb_build_object('since', rules_version + 1, 'settings',
               COALESCE(settings -> -1 -> 'settings', '{}'::jsonb) || $2::jsonb))
           WHERE workspace_id = $1 RETURNING rules_version`,
    values: [workspace, JSON.stringify(settings)],
  });
  return Number(rows[0]?.rules_version ?? 0n);
}
