/** Whether a young table is looked up by the index made for it, long before autovacuum comes by. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { latestLead } from '../../src/store/profiles.ts';
import { gatherStatistics } from '../../src/store/statistics.ts';
import { prepare, renewal } from '../bench/material.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, type Stage } from '../support/stage.ts';

let db: TestDatabase;
let stage: Stage;

const POSTED = ['commissions', 'conversions', 'inbox', 'payment_keys', 'payments', 'transfers'];

beforeAll(async () => {
  // One connection, which plans everything while the tables are empty.
  db = await createDatabase({ poolSize: 1 });
  for (const table of [...POSTED, 'payloads', 'balances', 'customers', 'referrals'])
    await db.database.pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  stage = await createStage(db, { workspace: 'young', startAt: Date.UTC(2027, 0, 1) });
  await prepare(db.database.pool, 'grown');
});

afterAll(() => db.drop());

async function hear(from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const { id, body, created } = renewal(index);
    await stage.hear({ id, type: 'invoice.paid', created, body }, 'grown');
  }
}

/** Entries of indexes that were looked at so far, of all tables. */
async function looked(): Promise<number> {
  await db.database.pool.query('SELECT pg_stat_force_next_flush()');
  await db.database.pool.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await db.database.pool.query<{ entries: number }>(
    'SELECT sum(idx_tup_read)::float8 AS entries FROM pg_stat_user_indexes',
  );
  return rows[0]?.entries ?? 0;
}

async function lookedBy(from: number, to: number): Promise<number> {
  const before = await looked();
  await hear(from, to);
  return ((await looked()) - before) / (to - from);
}

test('an event looks at its own rows, however the tables were when its connection was opened', async () => {
  await hear(0, 500);
  const unaware = await lookedBy(500, 520);
  expect(await gatherStatistics(db.database)).toEqual(expect.arrayContaining(POSTED));
  const aware = await lookedBy(520, 540);
  expect(aware).toBeLessThan(100);
  // Or this test could not fail.
  expect(unaware).toBeGreaterThan(500);
});

test('rows that belong together are looked up one by one, also those that came after the last statistics', async () => {
  const { pool } = db.database;
  await pool.query('ANALYZE referrals');
  const insert = (text: string): Promise<unknown> => pool.query(`${text} FROM generate_series(1, 3000) n`);
  await insert(`INSERT INTO links (workspace_id, link_id, code, affiliate_id, program_id, destination_url, created_at, updated_at)
    SELECT 'grown', 'link_' || n, 'c' || n, 'aff_' || n % 1000, 'prog_grown', 'https://shop.example/', now(), now()`);
  // Their ids come before those of all referrals there were.
  await insert(`INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, created_at, link_id)
    SELECT 'grown', 'click_' || n, 'aff_' || n % 1000, 'prog_grown', 'click', now(), 'link_' || n`);
  await insert(`INSERT INTO leads (workspace_id, lead_id, livemode, click_id, external_id, event_name, created_at)
    SELECT 'grown', 'lead_' || n, true, 'click_' || n, 'buyer_' || n, 'Sign up', now()`);
  await pool.query('ANALYZE leads, links');
  const before = await looked();
  const lead = await latestLead(db.database.of('grown'), { workspace: 'grown', livemode: true }, 'buyer_998', null);
  expect(lead?.link.id).toBe('link_998');
  expect((await looked()) - before).toBeLessThan(100);
});

test('a table is looked at when it has filled, and again when it is twice as large', async () => {
  const { pool } = db.database;
  await gatherStatistics(db.database);
  expect(await gatherStatistics(db.database)).toEqual([]);
  await pool.query('CREATE TABLE young (words text)');
  expect(await gatherStatistics(db.database)).toEqual([]);
  await pool.query(`INSERT INTO young SELECT repeat('x', 1000) FROM generate_series(1, 35)`);
  expect(await gatherStatistics(db.database)).toEqual(['young']);
  await pool.query(`INSERT INTO young SELECT repeat('x', 1000) FROM generate_series(1, 28)`);
  expect(await gatherStatistics(db.database)).toEqual([]);
  await pool.query(`INSERT INTO young SELECT repeat('x', 1000) FROM generate_series(1, 14)`);
  expect(await gatherStatistics(db.database)).toEqual(['young']);
});

test('whoever does not own the tables leaves them alone', async () => {
  const { pool } = db.database;
  await pool.query(`INSERT INTO young SELECT repeat('x', 1000) FROM generate_series(1, 1000)`);
  await pool.query('SET ROLE tributary_app');
  expect(await gatherStatistics(db.database)).toEqual([]);
  await pool.query('RESET ROLE');
  expect(await gatherStatistics(db.database)).toEqual(['young']);
});
