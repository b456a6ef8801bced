/** What lists read from columns of their own, against what it follows from. */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { TestDatabase } from './server.ts';

const MIGRATION = new URL('../../migrations/20261121T1645-reads-that-grow.sql', import.meta.url);

/** The statements that fill the columns of rows which are there already. */
async function fillings(): Promise<string> {
  const text = await readFile(MIGRATION, 'utf8');
  const [from, to] = [
    text.indexOf('UPDATE commissions m SET sold_at = c.'),
    text.indexOf('ALTER TABLE commissions FORCE'),
  ];
  expect([from > 0, to > from]).toEqual([true, true]);
  return text.slice(from, to);
}

type Row = { readonly id: string; readonly shown: string };

const COLUMNS = `SELECT workspace_id || ' ' || commission_id AS id, concat_ws(' ', sold_at, sale_status, '/', payout_at, processed_at, payout_amount) AS shown
  FROM commissions UNION ALL SELECT workspace_id || ' ' || payment_id, program_id FROM payments ORDER BY 1`;

const EMPTY = `UPDATE commissions SET sold_at = NULL, sale_status = NULL, payout_at = NULL, processed_at = NULL, payout_amount = NULL;
  UPDATE payments SET program_id = NULL`;

/** Every row of all workspaces shows what the migration makes of the rows it follows from. Returns how many rows there are. */
export async function expectShown({ database }: TestDatabase): Promise<number> {
  const client = await database.pool.connect();
  const read = async (): Promise<Row[]> => (await client.query<Row>(COLUMNS)).rows;
  try {
    await client.query('BEGIN');
    const written = await read();
    await client.query(`SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on; ${EMPTY}`);
    await client.query(await fillings());
    expect(written).toEqual(await read());
    return written.length;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
