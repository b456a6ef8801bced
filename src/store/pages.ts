import type { QueryResultRow } from 'pg';
import type { Tx } from './tx.ts';

/**
 * `where` says which rows of `from` there are, a table that may have a short name; `joins` add columns to the rows of the
 * page, and neither add nor take away rows. `$1…` are `values`. `order` must be total, or pages overlap.
 */
export type PageQuery = {
  readonly columns: string;
  readonly from: string;
  readonly joins?: string;
  readonly where: string;
  readonly order: string;
  readonly values: readonly unknown[];
};
/** `uncounted`: nobody asks how many there are in all, and they are not counted. */
export type Limits = { readonly limit: number; readonly offset: number; readonly uncounted?: boolean };

/** In the text, because a statement is planned for any values: for a page of unknown length sorting everything looks cheap. */
export function windowOf({ limit, offset }: Limits): string {
  return `LIMIT ${BigInt(limit)} OFFSET ${BigInt(offset)}`;
}

/** How many rows match; null: nobody asks. */
async function countOf(tx: Tx, { from, where, values }: Counted, { uncounted }: Limits): Promise<number | null> {
  if (uncounted) return null;
  const { rows } = await tx.query<{ total: number }>({
    text: `SELECT count(*)::int AS total FROM ${from} WHERE ${where}`,
    values: [...values],
  });
  return rows[0]?.total ?? 0;
}

type Counted = Pick<PageQuery, 'from' | 'where' | 'values'>;

/** One page of what `read` reads, with the number of all that match; where it is not counted, of those seen so far. */
export async function pageOf<Row>(
  tx: Tx,
  counted: Counted,
  limits: Limits,
  read: () => Promise<Row[]>,
): Promise<{ rows: Row[]; total: number }> {
  const total = await countOf(tx, counted, limits);
  if (total !== null && limits.offset >= total) return { rows: [], total };
  const rows = await read();
  return { rows, total: total ?? limits.offset + rows.length };
}

/** One page of rows, with the number of all that match. */
export function selectPage<Row extends QueryResultRow>(
  tx: Tx,
  query: PageQuery,
  limits: Limits,
): Promise<{ rows: Row[]; total: number }> {
  const { columns, from, joins, where, order, values } = query;
  const rest = `FROM ${from} WHERE ${where} ORDER BY ${order} ${windowOf(limits)}`;
  const page = joins ? `FROM (SELECT * ${rest}) ${from.split(' ').at(-1)} ${joins} ORDER BY ${order}` : rest;
  return pageOf(tx, query, limits, async () => {
    const { rows } = await tx.query<Row>({ text: `SELECT ${columns} ${page}`, values: [...values] });
    return rows;
  });
}

/** What a list is asked for: SQL as it stands, or a comparison with a value; a value of null asks for nothing. */
export type Condition = string | readonly [comparison: string, value: string | null];

/**
 * Conditions joined by AND; values of `before` come first. Only what is asked for is in the statement: it is planned for
 * any values, and `$2 IS NULL OR …` would let no index be used.
 */
export function conditionsOf(
  before: readonly unknown[],
  conditions: readonly Condition[],
): { readonly where: string; readonly values: readonly unknown[] } {
  const values = [...before];
  const asked = conditions.flatMap((one) => {
    if (typeof one === 'string') return [one];
    const [comparison, value] = one;
    return value === null ? [] : [`${comparison} $${values.push(value)}`];
  });
  return { where: asked.join(' AND '), values };
}
