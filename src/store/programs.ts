import type { Tx } from './tx.ts';

export async function programExists(tx: Tx, workspace: string, program: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: 'SELECT 1 FROM programs WHERE workspace_id = $1 AND program_id = $2',
    values: [workspace, program],
  });
  return rows.length > 0;
}

/** The workspace's own currency, lower case. Throws when there is no such workspace. */
export async function currencyOf(tx: Tx, workspace: string): Promise<string> {
  const { rows } = await tx.query<{ currency: string }>({
    text: 'SELECT currency FROM workspaces WHERE workspace_id = $1',
    values: [workspace],
  });
  if (!rows[0]) throw new Error(`there is no workspace "${workspace}"`);
  return rows[0].currency;
}
