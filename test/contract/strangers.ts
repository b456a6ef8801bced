/** What one workspace could learn of another: everything that is kept of each, and ids that are nobody's. */
import type { Database } from '../../src/store/database.ts';

const TABLES = `SELECT quote_ident(c.table_name) AS name FROM information_schema.columns c JOIN pg_tables t
    ON t.schemaname = c.table_schema AND t.tablename = c.table_name
  WHERE c.table_schema = 'public' AND c.column_name = 'workspace_id' ORDER BY 1`;

/** One answer of the database for every table that has rows of workspaces. */
async function ofEachTable<Row extends object>(
  { pool }: Database,
  workspace: string,
  queryOf: (table: string) => string,
): Promise<readonly Row[]> {
  const { rows: tables } = await pool.query<{ name: string }>(TABLES);
  const { rows } = await pool.query<Row & Record<string, unknown>>(
    tables.map(({ name }) => queryOf(name)).join(' UNION ALL '),
    [workspace],
  );
  return rows;
}

/** Every row of a workspace as one text, but when its keys were used last. */
export async function everythingOf(database: Database, workspace: string): Promise<string> {
  const rows = await ofEachTable<{ said: string }>(
    database,
    workspace,
    (table) =>
      `SELECT '${table} ' || count(*) || ' ' || COALESCE(md5(string_agg(t.said, '|' ORDER BY t.said)), '') AS said
       FROM (SELECT (to_jsonb(r) - 'last_used_at')::text AS said FROM ${table} r WHERE r.workspace_id = $1) t`,
  );
  return rows.map(({ said }) => said).join('\n');
}

/** Every text that a workspace has. */
export async function textsOf(database: Database, workspace: string): Promise<ReadonlySet<string>> {
  const rows = await ofEachTable<{ row: unknown }>(
    database,
    workspace,
    (table) => `SELECT to_jsonb(r) AS row FROM ${table} r WHERE r.workspace_id = $1`,
  );
  return textsIn(rows.map(({ row }) => row));
}

const SHORTEST = 6;

/** Every text in rows that is long enough to tell whose it is. */
function textsIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value === 'string' && value.length >= SHORTEST) found.add(value);
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) {
      textsIn(name, found);
      textsIn(member, found);
    }
  return found;
}

/** Texts of the other workspace that an answer shows although neither the question nor the caller's own rows have them. */
export function leaksIn(answer: string, asked: string, others: ReadonlySet<string>, own: string): readonly string[] {
  return [...others].filter((text) => answer.includes(text) && !own.includes(text) && !asked.includes(text));
}

const ROTATIONS = ['0123456789', 'abcdef', 'ghjkmnpqrstvwxyz', 'ABCDEF', 'GHJKMNPQRSTVWXYZ'];
const CHANGED = 6;

/** Something that looks like it and that nobody has: its last letters and digits are others of their kind. */
export function strange(value: unknown): unknown {
  if (typeof value === 'number') return value + 987_654_321;
  const letters = String(value).split('');
  let left = CHANGED;
  for (let at = letters.length - 1; at >= 0 && left > 0; at -= 1) {
    const letter = letters[at] ?? '';
    const among = ROTATIONS.find((one) => one.includes(letter));
    if (among === undefined) continue;
    letters[at] = among[(among.indexOf(letter) + 3) % among.length] ?? letter;
    left -= 1;
  }
  return letters.join('');
}
