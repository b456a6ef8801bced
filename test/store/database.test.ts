import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDatabaseAway, isRetryable, openDatabase } from '../../src/store/database.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase({ poolSize: 4 });
});

afterAll(() => db.drop());

describe('a connection', () => {
  test('gives int8 as bigint, exactly', async () => {
    const { rows } = await db.database.pool.query('SELECT 9007199254740993::int8 AS amount');
    expect(rows).toEqual([{ amount: 9007199254740993n }]);
  });

  test('ends a statement that runs away', async () => {
    const { rows } = await db.database.pool.query('SHOW statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '30s' }]);
  });

  test('may be lost while it is checked out, and the next one works', async () => {
    const client = await db.database.pool.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const lost = client.query('SELECT pg_sleep(10)').catch((error: unknown) => error);
    await db.database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    expect(isDatabaseAway(await lost)).toBe(true);
    client.release(true);
    expect((await db.database.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('may be lost while it is idle', async () => {
    await db.database.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    expect((await db.database.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('can be closed twice', async () => {
    const second = await openDatabase({ url: db.url });
    await second.close();
    await expect(second.close()).resolves.toBeUndefined();
  });
});

describe('an error', () => {
  test('of a server that is not there says so', async () => {
    const error = await errorOf(openDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing' }));
    expect(isDatabaseAway(error)).toBe(true);
    expect(isRetryable(error)).toBe(false);
  });

  test('of a key taken meanwhile can be retried', async () => {
    const twice = `DO $$ BEGIN RAISE unique_violation; END $$`;
    const error = await errorOf(db.database.dataSource.query(twice));
    expect(isRetryable(error)).toBe(true);
    expect(isDatabaseAway(error)).toBe(false);
  });

  test.each(['serialization_failure', 'deadlock_detected'])('%s can be retried', async (name) => {
    const error = await errorOf(db.database.pool.query(`DO $$ BEGIN RAISE ${name} USING MESSAGE = 'met'; END $$`));
    expect(isRetryable(error)).toBe(true);
  });

  test.each([
    ['too_many_connections', true],
    ['cannot_connect_now', true],
    ['connection_failure', true],
    ['division_by_zero', false],
    ['check_violation', false],
  ])('%s means the database is away: %s', async (name, away) => {
    const error = await errorOf(db.database.pool.query(`DO $$ BEGIN RAISE ${name}; END $$`));
    expect(isDatabaseAway(error)).toBe(away);
  });

  test('of our own code is neither', () => {
    expect(isDatabaseAway(new TypeError('x'))).toBe(false);
    expect(isRetryable('not even an error')).toBe(false);
  });
});

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
