import type { QueryResultRow } from 'pg';
import type { Tx } from './tx.ts';

/** `from` may join and filter; `$1…` are `values`. `order` must be total, or pages overlap. */
export type PageQuery = {
  readonly columns: string;
  readonly from: string;
  readonly order: string;
  readonly values: readonly unknown[];
};
export type Limits = { readonly limit: number; readonly offset: number };

/** One page of rows, with the number of all that match. */
export async function selectPage<Row extends QueryResultRow>(
  tx: Tx,
  { columns, from, order, values }: PageQuery,
  { limit, offset }: Limits,
): Promise<{ rows: Row[]; total: number }> {
  const count = await tx.query<{ total: number }>({
    text: `SELECT count(*)::int AS total FROM ${from}`,
    values: [...values],
  });
  const total = count.rows[0]?.total ?? 0;
  if (offset >= total) return { rows: [], total };
  const next = values.length + 1;
  const { rows } = await tx.query<Row>({
    text: `SELECT ${columns} FROM ${from} ORDER BY ${order} LIMIT $${next} OFFSET $${next + 1}`,
    values: [...values, limit, offset],
  });
  return { rows, total };
}
