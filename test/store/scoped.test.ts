/** What can go wrong on a connection while a scope holds, and what the next statement on it finds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDatabaseAway, openDatabase, type Database } from '../../src/store/database.ts';
import { lookAcross, scoped, type Scope } from '../../src/store/scoped.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import type { Tx } from '../../src/store/tx.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

let db: TestDatabase;
/** One connection, so that whatever it keeps is found by the next statement. */
let one: Database;

beforeAll(async () => {
  db = await createDatabase({ poolSize: 4 });
  one = await openDatabase({ url: db.url, poolSize: 1 });
  for (const name of ['left', 'right']) await createWorkspace(db.database.of(name), name, name, `prog_${name}`);
});

afterAll(async () => {
  await one.close();
  await db.drop();
});

const OWN = { name: 'own', text: 'SELECT workspace_id AS own FROM workspaces' };

const own = async (tx: Tx): Promise<string[]> => (await tx.query<{ own: string }>(OWN)).rows.map((row) => row.own);

const said = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'nothing was refused',
    (error: Error & { code?: string }) => error.code ?? error.message,
  );

const pidOf = async ({ pool }: Database): Promise<number> =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;

/** The one connection works, for whoever asks next, and is nobody's outside of a scope. */
async function expectNobodys(): Promise<void> {
  for (const workspace of ['left', 'right', 'left']) expect(await own(one.of(workspace))).toEqual([workspace]);
  const { rows } = await one.pool.query(
    `SELECT current_user = session_user AS none, current_setting('tributary.workspace', true) AS whose`,
  );
  expect(rows).toEqual([{ none: true, whose: '' }]);
}

describe('a statement that fails leaves a connection that works, and is nobody’s', () => {
  test.each([
    ['its text cannot be parsed', { name: 'bad', text: 'SELEC 1' }, '42601'],
    ['it names what is not there', { name: 'gone', text: 'SELECT * FROM nothing' }, '42P01'],
    ['a value is no array', { name: 'list', text: 'SELECT $1::text[]', values: ['{"a'] }, '22P02'],
    ['a value is no number', { text: 'SELECT $1::int', values: ['x'] }, '22P02'],
    ['values are missing', { text: 'SELECT $1::int, $2::int', values: ['1'] }, '08P01'],
    ['it fails in the middle of its rows', { text: 'SELECT 1 / (3 - n) FROM generate_series(1, 5) n' }, '22012'],
    ['it is two statements', { text: 'SELECT 1; SELECT 2' }, '42601'],
  ])('%s', async (_, query, code) => {
    const before = await pidOf(one);
    for (let n = 0; n < 3; n += 1) expect(await said(one.of('left').query(query))).toBe(code);
    await expectNobodys();
    expect(await pidOf(one)).toBe(before);
  });

  test('it fails when it is committed', async () => {
    await db.database.pool.query(`CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED);
      GRANT INSERT, SELECT ON late TO tributary_app`);
    const twice = { name: 'twice', text: 'INSERT INTO late VALUES (1), (1)' };
    for (let n = 0; n < 2; n += 1) expect(await said(one.of('left').query(twice))).toBe('23505');
    await expectNobodys();
    await db.database.pool.query('DROP TABLE late');
  });

  test('the first words of the scope fail, before a named statement was ever prepared', async () => {
    const fresh = { name: 'fresh', text: 'SELECT workspace_id AS own FROM programs' };
    const stranger = ['no_such_role', 'left'] as unknown as Scope;
    for (let n = 0; n < 2; n += 1) expect(await said(scoped(one.pool, stranger).query(fresh))).toBe('22023');
    expect((await one.of('right').query(fresh)).rows).toEqual([{ own: 'right' }]);
    await expectNobodys();
  });

  test('a value cannot be sent at all', async () => {
    const odd = {
      toPostgres: (): never => {
        throw new Error('cannot be sent');
      },
    };
    expect(await said(one.of('left').query({ name: 'odd', text: 'SELECT $1::text', values: [odd] }))).toBe(
      'cannot be sent',
    );
    await expectNobodys();
  });

  test.each([
    ['cancelled', 'pg_cancel_backend', '57014'],
    ['lost', 'pg_terminate_backend', '57P01'],
  ])('it is %s in the middle', async (_, end, code) => {
    const pid = await pidOf(one);
    const running = said(one.of('left').query({ name: 'sleeping', text: 'SELECT pg_sleep(20)' }));
    await sleep(200);
    await db.database.pool.query(`SELECT ${end}($1)`, [pid]);
    expect(await running).toBe(code);
    await expectNobodys();
  });

  test('it takes too long', async () => {
    await one.pool.query('SET statement_timeout = 200');
    expect(await said(one.of('left').query({ text: 'SELECT pg_sleep(20)' }))).toBe('57014');
    await one.pool.query('SET statement_timeout = 30000');
    await expectNobodys();
  });

  test('the server no longer knows the statements that were prepared', async () => {
    await expectNobodys();
    await one.pool.query('DEALLOCATE ALL');
    expect(await said(one.of('left').query(OWN))).toBe('26000');
    await expectNobodys();
  });

  test('a table has changed under a statement that was prepared', async () => {
    await db.database.pool.query('CREATE TABLE grows (a int); GRANT SELECT ON grows TO tributary_app');
    const all = { name: 'all_of_it', text: 'SELECT * FROM grows' };
    await one.of('left').query(all);
    await db.database.pool.query('ALTER TABLE grows ADD COLUMN b int');
    expect(await said(one.of('left').query(all))).toBe('0A000');
    expect((await one.of('left').query(all)).fields.map(({ name }) => name)).toEqual(['a', 'b']);
    await db.database.pool.query('DROP TABLE grows');
  });
});

test('a statement that opens a transaction takes its scope to nobody else', async () => {
  expect(await said(one.of('left').query({ text: 'BEGIN' }))).toMatch(/left its transaction open/);
  await expectNobodys();
  for (const text of ['COMMIT', 'ROLLBACK']) await one.of('left').query({ text });
  await expectNobodys();
});

test('notices and notifications in between are no part of an answer', async () => {
  await one.pool.query(`CREATE FUNCTION speak() RETURNS text LANGUAGE plpgsql AS $$
    BEGIN RAISE NOTICE 'heard'; PERFORM pg_notify('heard', 'x'); RETURN 'said'; END $$`);
  await one.pool.query('LISTEN heard');
  for (let n = 0; n < 3; n += 1) {
    const { rows, rowCount, command } = await one.of('left').query({ text: 'SELECT speak() AS heard' });
    expect({ rows, rowCount, command }).toEqual({ rows: [{ heard: 'said' }], rowCount: 1, command: 'SELECT' });
  }
  await expectNobodys();
  await one.pool.query('DROP FUNCTION speak');
});

test('many at once, some of which fail, each get their own answer', async () => {
  const asked = Array.from({ length: 600 }, (_, n) => n);
  const answers = await Promise.all(
    asked.map((n) => {
      const tx = db.database.of(n % 2 === 0 ? 'left' : 'right');
      if (n % 7 === 0) return said(tx.query({ name: 'fails', text: 'SELECT 1 / $1::int', values: [0] }));
      if (n % 11 === 0) return said(tx.query({ name: 'lists', text: 'SELECT $1::text[]', values: ['{'] }));
      return tx
        .query<{ own: string; n: number }>({
          name: 'numbered',
          text: 'SELECT workspace_id AS own, $1::int AS n FROM workspaces',
          values: [n],
        })
        .then(({ rows }) => rows.map((row) => `${row.own} ${row.n}`).join());
    }),
  );
  expect(answers).toEqual(
    asked.map((n) => {
      if (n % 7 === 0) return '22012';
      return n % 11 === 0 ? '22P02' : `${n % 2 === 0 ? 'left' : 'right'} ${n}`;
    }),
  );
});

test('more callers than connections wait, and those that wait too long are told that the database is away', async () => {
  const sleeping = one.of('left').query({ text: 'SELECT pg_sleep(5.5)' });
  const late = await one
    .of('right')
    .query(OWN)
    .catch((error: unknown) => error);
  expect(isDatabaseAway(late)).toBe(true);
  await sleeping;
  await expectNobodys();
}, 15_000);

describe('a transaction', () => {
  test('that is over runs nothing more: it would be in no scope, or in somebody else’s', async () => {
    let kept: Tx | undefined;
    const slow = async (tx: Tx): Promise<void> => {
      await tx.query({ text: 'SELECT pg_sleep(0.2)' });
      late = said(tx.query({ text: `UPDATE workspaces SET name = 'taken'` }));
    };
    let late: Promise<string> | undefined;
    const both = inTransaction(one, 'left', (tx) => {
      kept = tx;
      return Promise.all([slow(tx), Promise.reject(new Error('on purpose'))]);
    });
    expect(await said(both)).toBe('on purpose');
    await sleep(300);
    expect(await late).toBe('the transaction is over');
    expect(await said((kept as Tx).query(OWN))).toBe('the transaction is over');
    const { rows } = await one.pool.query(`SELECT 1 FROM workspaces WHERE name = 'taken'`);
    expect(rows).toEqual([]);
    await expectNobodys();
  });

  test('of which a statement failed cannot end as if it had been kept', async () => {
    const run = inTransaction(one, 'left', async (tx) => {
      await tx.query({ text: `UPDATE workspaces SET name = 'kept'` });
      await tx.query({ text: 'SELECT 1 / 0' }).catch(() => undefined);
      return 'done';
    });
    expect(await said(run)).toMatch(/had failed, so nothing was kept/);
    await expectNobodys();
  });

  test('that fails while it looks across leaves nothing behind', async () => {
    for (const [text, code] of [
      ['SELECT 1 / 0', '22012'],
      ['SELECT * FROM transfers', '42501'],
    ] as const)
      expect(await said(inTransaction(one, 'left', (tx) => lookAcross(tx, () => tx.query({ text }))))).toBe(code);
    await expectNobodys();
  });

  test('whose connection is lost in the middle says so', async () => {
    const run = inTransaction(one, 'left', async (tx) => {
      const { rows } = await tx.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
      await db.database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await sleep(100);
      return own(tx);
    });
    expect(isDatabaseAway(await run.catch((error: unknown) => error))).toBe(true);
    await expectNobodys();
  });
});
