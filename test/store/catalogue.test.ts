import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

// TypeORM's own bookkeeping.
const exempt = 'migrations';

// Whole numbers that count or order something; every other bigint is money in minor units.
const counters = ['number', 'rules', 'rules_version', 'since', 'until'];

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterAll(() => db.drop());

describe('the catalogue', () => {
  test('has tables', async () => {
    expect((await tables()).length).toBeGreaterThan(0);
  });

  test('has a workspace_id that is never null in every table', async () => {
    const rows = await names(
      `SELECT c.relname AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> $1
          AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                          AND a.attname = 'workspace_id' AND a.attnotnull)`,
    );
    expect(rows).toEqual([]);
  });

  test('starts every primary and unique key with workspace_id', async () => {
    const rows = await names(
      `SELECT c.relname || '.' || i.indexrelid::regclass AS name
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> $1
          AND (i.indisunique OR i.indisexclusion) AND a.attname IS DISTINCT FROM 'workspace_id'`,
    );
    expect(rows).toEqual([]);
  });

  test('has a primary key on every table', async () => {
    const rows = await names(
      `SELECT c.relname AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> $1
          AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`,
    );
    expect(rows).toEqual([]);
  });

  test('starts every foreign key with workspace_id on both sides', async () => {
    const rows = await names(
      `SELECT k.conrelid::regclass || '.' || k.conname AS name
         FROM pg_constraint k
         JOIN pg_attribute own ON own.attrelid = k.conrelid AND own.attnum = k.conkey[1]
         JOIN pg_attribute far ON far.attrelid = k.confrelid AND far.attnum = k.confkey[1]
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
          AND k.conrelid <> to_regclass($1)
          AND (own.attname <> 'workspace_id' OR far.attname <> 'workspace_id')`,
    );
    expect(rows).toEqual([]);
  });

  test('has a currency, and a world, beside every amount', async () => {
    const rows = await db.database.dataSource.query<{ name: string }[]>(
      `SELECT c.relname || '.' || a.attname AS name
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> $1
          AND a.atttypid = 'bigint'::regtype AND NOT a.attname = ANY ($2)
          AND (SELECT count(*) FROM pg_attribute other WHERE other.attrelid = c.oid
                AND other.attname IN ('currency', 'livemode') AND other.attnotnull) <> 2`,
      [exempt, counters],
    );
    expect(rows.map(({ name }) => name)).toEqual([]);
  });

  test('keeps no amount in a type that rounds or depends on the server', async () => {
    const rows = await names(
      `SELECT c.relname || '.' || a.attname AS name
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> $1
          AND a.atttypid::regtype::text IN ('real', 'double precision', 'money', 'timestamp without time zone')`,
    );
    expect(rows).toEqual([]);
  });
});

async function tables(): Promise<string[]> {
  return names(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> $1`,
  );
}

async function names(sql: string): Promise<string[]> {
  const rows = await db.database.dataSource.query<{ name: string }[]>(sql, [exempt]);
  return rows.map(({ name }) => name);
}
