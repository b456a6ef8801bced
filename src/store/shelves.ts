/**
 * Rows that callers write many at a time: each list is one statement for those that are made and one for those that
 * change. Rows travel as one JSON text, whose names are the columns.
 */
import type { Tx } from './tx.ts';

type Kind = 'text' | 'jsonb';

/** How a table's rows are written in bulk. */
export type Table = {
  readonly name: 'collections' | 'tags' | 'links';
  readonly id: string;
  /** What a caller may write, by column. */
  readonly columns: Readonly<Record<string, Kind>>;
  /** Columns that change otherwise than by being replaced: SQL of the old row `t` and the told JSON object `c.told`. */
  readonly changes?: Readonly<Record<string, string>>;
  /** The column that hides a row; null: its rows are deleted. */
  readonly hides: 'deleted_at' | 'archived_at' | null;
  /** Whether rows know when they were changed last. */
  readonly dated: boolean;
};

/** A row by its columns; only those given are written. */
export type Told = Readonly<Record<string, unknown>>;

const iso = (moment: number): string => new Date(moment).toISOString();

/** Makes rows; `told` holds every column and the id. Throws 23505 when a name is another's. */
export async function insertRows(
  tx: Tx,
  workspace: string,
  table: Table,
  told: readonly Told[],
  at: number,
): Promise<void> {
  const columns = Object.entries(table.columns);
  const names = [table.id, ...columns.map(([name]) => name)];
  const moments = ['created_at', ...(table.dated ? ['updated_at'] : [])];
  await tx.query({
    text: `INSERT INTO ${table.name} (workspace_id, ${[...names, ...moments].join(', ')})
           SELECT $1, ${[...names, ...moments.map(() => '$3::timestamptz')].join(', ')}
           FROM jsonb_to_recordset($2::jsonb) AS r(${[[table.id, 'text'], ...columns].map((pair) => pair.join(' ')).join(', ')})`,
    values: [workspace, JSON.stringify(told), iso(at)],
  });
}

function changed(table: Table, [name, kind]: readonly [string, Kind]): string {
  const own = table.changes?.[name];
  if (own !== undefined) return `${name} = ${own}`;
  const value = kind === 'text' ? `c.told ->> '${name}'` : `NULLIF(c.told -> '${name}', 'null')`;
  return `${name} = CASE WHEN c.told ? '${name}' THEN ${value} ELSE t.${name} END`;
}

/** Changes rows that are locked already; each of `told` holds the id and what changes. */
export async function changeRows(
  tx: Tx,
  workspace: string,
  table: Table,
  told: readonly Told[],
  at: number,
): Promise<void> {
  const set = Object.entries(table.columns).map((column) => changed(table, column));
  await tx.query({
    // Behind a policy an index is asked for what is known already, not for what has yet to be taken out of JSON.
    text: `WITH c AS MATERIALIZED (SELECT told ->> '${table.id}' AS id, told, $3::timestamptz AS at
             FROM jsonb_array_elements($2::jsonb) AS told)
           UPDATE ${table.name} t SET ${[...set, ...(table.dated ? ['updated_at = $3::timestamptz'] : [])].join(', ')}
           FROM c WHERE t.workspace_id = $1 AND t.${table.id} = c.id`,
    values: [workspace, JSON.stringify(told), iso(at)],
  });
}

type Named = Pick<Table, 'id' | 'hides'> & { readonly name: string };

/** Whether a row is hidden is no condition: an index of those that are not would be read instead of the one of the ids. */
async function present(tx: Tx, workspace: string, { name, id, hides }: Named, ids: readonly string[], locked: string) {
  const { rows } = await tx.query<{ id: string; hidden: boolean }>({
    text: `SELECT ${id} AS id, ${hides === null ? 'false' : `${hides} IS NOT NULL`} AS hidden FROM ${name}
           WHERE workspace_id = $1 AND ${id} = ANY ($2::text[])${locked}`,
    values: [workspace, ids],
  });
  return new Set(rows.filter(({ hidden }) => !hidden).map((row) => row.id));
}

/** Which of these ids name a row that is not hidden. */
export function idsAmong(
  tx: Tx,
  workspace: string,
  table: Named,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  return present(tx, workspace, table, ids, '');
}

/** The same, and nobody else changes them until the transaction ends. Locked in one order. */
export function lockRows(
  tx: Tx,
  workspace: string,
  table: Named,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  return present(tx, workspace, table, ids, ` ORDER BY ${table.id} FOR NO KEY UPDATE`);
}

export async function hideRows(
  tx: Tx,
  workspace: string,
  table: Table,
  ids: readonly string[],
  at: number,
): Promise<void> {
  const where = `workspace_id = $1 AND ${table.id} = ANY ($2::text[])`;
  await tx.query(
    table.hides === null
      ? { text: `DELETE FROM ${table.name} WHERE ${where}`, values: [workspace, ids] }
      : {
          text: `UPDATE ${table.name} SET ${table.hides} = $3, updated_at = $3 WHERE ${where}`,
          values: [workspace, ids, iso(at)],
        },
  );
}

/** A condition of a list: a column and what it must be. */
export type Condition = readonly [column: string, value: string | boolean];

/** By when they were made, rows of one moment by their ids. */
export type Order = { readonly take: number; readonly skip: number; readonly newestFirst: boolean };

/** Where rows are read from. */
export type Source = { readonly name: string; readonly id: string; readonly columns: string };

/** A table's rows as their readers want them. */
export function sourceOf(table: Table): Source {
  const columns = [table.id, ...Object.keys(table.columns), 'created_at', ...(table.dated ? ['updated_at'] : [])];
  return { name: table.name, id: table.id, columns: columns.join(', ') };
}

/** Rows by equal columns. Only what is asked for is in the statement, so that the index that fits is used. */
export async function selectRows<Row extends object>(
  tx: Tx,
  workspace: string,
  { name, id, columns }: Source,
  conditions: readonly (Condition | string)[],
  { take, skip, newestFirst }: Order,
): Promise<Row[]> {
  const values: (string | boolean)[] = [];
  const asked = conditions.map((one) => (typeof one === 'string' ? one : `${one[0]} = $${values.push(one[1]) + 1}`));
  const direction = newestFirst ? 'DESC' : 'ASC';
  const next = values.length + 2;
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    text: `SELECT ${columns} FROM ${name} WHERE ${['workspace_id = $1', ...asked].join(' AND ')}
           ORDER BY created_at ${direction}, ${id} ${direction} LIMIT $${next} OFFSET $${next + 1}`,
    values: [workspace, ...values, take, skip],
  });
  return rows;
}

export async function rowsOf<Row extends object>(
  tx: Tx,
  workspace: string,
  { name, id, columns }: Source,
  ids: readonly string[],
): Promise<Row[]> {
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    text: `SELECT ${columns} FROM ${name} WHERE workspace_id = $1 AND ${id} = ANY ($2::text[])`,
    values: [workspace, ids],
  });
  return rows;
}
