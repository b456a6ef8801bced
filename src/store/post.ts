/**
 * Writes the whole effect of a batch in ONE statement, which is its own transaction: either all of it stands or nothing
 * does, whatever dies in between. Rows that were read before are checked by version; a mismatch aborts with
 * `serialization_failure` and the batch is done again from the start. Rows arrive sorted by key, so that two batches
 * lock in the same order.
 *
 * The statement is put together from the sections that have rows; a batch of one sends plain parameters, a larger one
 * sends arrays. Each shape is a named statement, planned once per connection.
 */
import type { Tx } from './tx.ts';
import { TABLES, type TableName } from './columns.ts';

/** A row as an array of values in the order of the table's columns. */
export type Values = readonly unknown[];
export type Write = { readonly [T in TableName]?: readonly Values[] };

const NAMES = Object.keys(TABLES) as TableName[];

type Section = { readonly name: TableName; readonly rows: readonly Values[] };

const quoted = (columns: readonly { name: string }[]): string => columns.map(({ name }) => `"${name}"`).join(', ');

/** `SELECT $1::text, …` for one row, `SELECT * FROM unnest(…)` for many. */
function source(section: Section, from: number): string {
  const { columns } = TABLES[section.name];
  if (section.rows.length === 1)
    return `SELECT ${columns.map(({ type }, index) => `$${from + index}::${type}`).join(', ')}`;
  // A column that is an array itself cannot be unnested as an array of arrays: it travels as text.
  const inner = columns.map(({ type }) => (type.endsWith('[]') ? 'text' : type));
  const selected = columns.map(({ name, type }) => (type.endsWith('[]') ? `s."${name}"::${type}` : `s."${name}"`));
  const arrays = inner.map((type, index) => `$${from + index}::${type}[]`);
  return `SELECT ${selected.join(', ')} FROM unnest(${arrays.join(', ')}) AS s(${quoted(columns)})`;
}

function addValues(all: unknown[], { name, rows }: Section): void {
  const [only] = rows;
  if (rows.length === 1 && only) return void all.push(...only);
  for (const [index, { type }] of TABLES[name].columns.entries()) {
    const column = rows.map((row) => row[index]);
    all.push(type.endsWith('[]') ? (column as (readonly string[] | null)[]).map(arrayText) : column);
  }
}

/** PostgreSQL's text form of a text array. */
function arrayText(members: readonly string[] | null): string | null {
  if (members === null) return null;
  return `{${members.map((member) => `"${member.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}

const texts = new Map<string, string>();

function textOf(shape: string, sections: readonly Section[]): string {
  const known = texts.get(shape);
  if (known) return known;
  let next = 2;
  const parts: string[] = [];
  const counts: string[] = [];
  for (const section of sections) {
    // Not named like the table: a section that reads a table must not see another section instead.
    const table = TABLES[section.name];
    parts.push(
      `wrote_${section.name} AS (${table.sql(source(section, next))}${table.returns === false ? '' : ' RETURNING 1'})`,
    );
    counts.push(`(SELECT count(*) FROM wrote_${section.name})`);
    next += table.columns.length;
  }
  const text = `WITH ${parts.join(',\n')}\nSELECT expect_rows($1::bigint, ${counts.join(' + ')})`;
  texts.set(shape, text);
  return text;
}

/**
 * Posts the rows. Every row given must be written: a count that differs means that somebody else was there first, and
 * nothing is written. Throws 40001 (stale), 23505 (a key was taken) or 40P01; all three mean: load and decide again.
 */
export async function post(tx: Tx, write: Write): Promise<void> {
  const sections: Section[] = [];
  let shape = 'post_';
  let expected = 0;
  for (const name of NAMES) {
    const rows = write[name];
    if (!rows || rows.length === 0) continue;
    sections.push({ name, rows });
    shape += rows.length === 1 ? TABLES[name].code : `${TABLES[name].code}*`;
    expected += rows.length;
  }
  if (sections.length === 0) return;
  const values: unknown[] = [expected];
  for (const section of sections) addValues(values, section);
  await tx.query({ name: shape, text: textOf(shape, sections), values });
}
