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

/** The numbers of a conversion and of its commission, which it may lack. */
export async function numbersOfSale(
  tx: Tx,
  workspace: string,
  conversionId: string,
): Promise<{ readonly conversion: bigint; readonly commission: bigint | null } | null> {
  const { rows } = await tx.query<{ conversion: bigint; commission: bigint | null }>({
    name: 'numbers_of_sale',
    text: `SELECT c.number AS conversion, m.number AS commission FROM conversions c
           LEFT JOIN commissions m ON m.workspace_id = c.workspace_id AND m.conversion_id = c.conversion_id
           WHERE c.workspace_id = $1 AND c.conversion_id = $2 ORDER BY m.number DESC NULLS LAST LIMIT 1`,
    values: [workspace, conversionId],
  });
  return rows[0] ?? null;
}
