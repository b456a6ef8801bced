/** A program as it is set up and shown. What decides is in incentives and settings; of this only the click window is. */
import type { ProgramChanges, ProgramDetails, ProgramSetup } from '../core/program-desk.ts';
import type { Tx } from './tx.ts';

type Row = {
  program_id: string;
  name: string;
  currency: string;
  click_window_days: number;
  details: ProgramDetails;
  created_at: Date;
  updated_at: Date;
};

const SETUP = `p.program_id, p.name, (SELECT currency FROM workspaces WHERE workspace_id = $1) AS currency, p.click_window_days,
  p.details, p.created_at, p.updated_at`;

function setupOf(row: Row): ProgramSetup {
  return {
    id: row.program_id,
    name: row.name,
    currency: row.currency,
    clickWindowDays: row.click_window_days,
    details: row.details,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** `id` null: the default program. null: there is no such program. */
export async function findProgram(tx: Tx, workspace: string, id: string | null): Promise<ProgramSetup | null> {
  const { rows } = await tx.query<Row>({
    name: id === null ? 'default_program_setup' : 'program_setup',
    text: `SELECT ${SETUP} FROM programs p WHERE p.workspace_id = $1 AND ${id === null ? 'p.is_default' : 'p.program_id = $2'}`,
    values: id === null ? [workspace] : [workspace, id],
  });
  return rows[0] ? setupOf(rows[0]) : null;
}

/** Changes the default program. Throws when the workspace has none: migrations create it. */
export async function changeProgram(
  tx: Tx,
  workspace: string,
  { name, clickWindowDays, section }: ProgramChanges,
  at: number,
): Promise<ProgramSetup> {
  const { rows } = await tx.query<Row>({
    text: `UPDATE programs p SET name = COALESCE($2, p.name), click_window_days = COALESCE($3::integer, p.click_window_days),
             details = CASE WHEN $4::text IS NULL THEN p.details ELSE p.details
               || jsonb_build_object($4::text, COALESCE(p.details -> $4::text, '{}') || $5::jsonb) END,
             updated_at = $6
           WHERE p.workspace_id = $1 AND p.is_default RETURNING ${SETUP}`,
    values: [
      workspace,
      name ?? null,
      clickWindowDays ?? null,
      section?.name ?? null,
      JSON.stringify(section?.fields ?? {}),
      new Date(at).toISOString(),
    ],
  });
  const [row] = rows;
  if (!row) throw new Error(`workspace "${workspace}" has no default program`);
  return setupOf(row);
}

/** What is shown of the program of a click; null: there is no such click. */
export async function detailsOfClick(tx: Tx, workspace: string, clickId: string): Promise<ProgramDetails | null> {
  const { rows } = await tx.query<{ details: ProgramDetails }>({
    name: 'details_of_click',
    text: `SELECT p.details FROM referrals r JOIN programs p ON p.workspace_id = $1 AND p.program_id = r.program_id
           WHERE r.workspace_id = $1 AND r.referral_id = $2`,
    values: [workspace, clickId],
  });
  return rows[0]?.details ?? null;
}
