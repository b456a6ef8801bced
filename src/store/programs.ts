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

/** Where a program is, by its id or its number. Across all workspaces: who calls without a key names nothing else. */
export async function homeOfProgram(
  across: Tx,
  named: string,
): Promise<{ readonly workspace: string; readonly programId: string } | null> {
  const byNumber = /^\d{1,15}$/.test(named);
  const { rows } = await across.query<{ workspace_id: string; program_id: string }>({
    name: byNumber ? 'home_of_program_number' : 'home_of_program',
    text: `SELECT workspace_id, program_id FROM programs WHERE ${byNumber ? 'number = $1::bigint' : 'program_id = $1'} LIMIT 2`,
    values: [named],
  });
  const [row] = rows;
  // The same id in two workspaces names neither.
  return row && rows.length === 1 ? { workspace: row.workspace_id, programId: row.program_id } : null;
}

export async function numberOfProgram(tx: Tx, workspace: string, programId: string): Promise<bigint | null> {
  const { rows } = await tx.query<{ number: bigint }>({
    name: 'number_of_program',
    text: 'SELECT number FROM programs WHERE workspace_id = $1 AND program_id = $2',
    values: [workspace, programId],
  });
  return rows[0]?.number ?? null;
}

/** The numbers of a conversion and of what it earned whom it credits, which it may lack. */
export async function numbersOfSale(
  tx: Tx,
  workspace: string,
  conversionId: string,
): Promise<{ readonly conversion: bigint; readonly commission: bigint | null } | null> {
  const { rows } = await tx.query<{ conversion: bigint; commission: bigint | null }>({
    name: 'numbers_of_sale',
    text: `SELECT c.number AS conversion, m.number AS commission FROM conversions c
           LEFT JOIN commissions m ON m.workspace_id = c.workspace_id AND m.conversion_id = c.conversion_id
             AND m.affiliate_id IS NOT DISTINCT FROM c.affiliate_id
           WHERE c.workspace_id = $1 AND c.conversion_id = $2 ORDER BY m.number DESC NULLS LAST LIMIT 1`,
    values: [workspace, conversionId],
  });
  return rows[0] ?? null;
}

export type Program = {
  readonly id: string;
  readonly number: bigint;
  readonly name: string;
  readonly windowDays: number;
  /** Milliseconds UTC. */
  readonly createdAt: number;
};

/** A program; `id` null: the default one. null: there is none. */
export async function findProgram(tx: Tx, workspace: string, id: string | null): Promise<Program | null> {
  const { rows } = await tx.query<{
    program_id: string;
    number: bigint;
    name: string;
    click_window_days: number;
    created_at: Date;
  }>({
    name: 'find_program',
    text: `SELECT program_id, number, name, click_window_days, created_at FROM programs
           WHERE workspace_id = $1 AND CASE WHEN $2::text IS NULL THEN is_default ELSE program_id = $2 END`,
    values: [workspace, id],
  });
  const [row] = rows;
  if (!row) return null;
  const { program_id, number, name, click_window_days: windowDays, created_at } = row;
  return { id: program_id, number, name, windowDays, createdAt: created_at.getTime() };
}
