/** What becomes of a connection whose statement failed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

let on: TestDatabase;
/** One connection, whoever asks. */
let one: Database;
beforeAll(async () => {
  on = await createDatabase();
  one = await openDatabase({ url: on.url, poolSize: 1 });
});
afterAll(async () => {
  await one.close();
  await on.drop();
});

const WHO = { text: 'SELECT pg_backend_pid() AS pid' };

async function backend(): Promise<number> {
  const pids = new Set<number>();
  for (const tx of [one.of('left'), one.across]) pids.add((await tx.query<{ pid: number }>(WHO)).rows[0]?.pid ?? 0);
  expect(pids.size).toBe(1);
  return [...pids][0] ?? 0;
}

test('a refused statement keeps its connection', async () => {
  const before = await backend();
  const refused = { name: 'refused', text: 'SELECT expect_rows($1, 2)', values: [1] };
  for (let times = 0; times < 3; times += 1)
    await expect(one.of('left').query(refused)).rejects.toMatchObject({ code: '40001' });
  expect(await backend()).toBe(before);
});

test('a terminated connection is replaced', async () => {
  const before = await backend();
  const sleeping = one.of('left').query({ text: 'SELECT pg_sleep(20)' });
  const lost = sleeping.catch((error: unknown) => error);
  const asleep = `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`;
  await expect.poll(async () => (await on.database.pool.query(asleep, [before])).rowCount, { timeout: 10_000 }).toBe(1);
  expect(await lost).toMatchObject({ code: '57P01' });
  expect(await backend()).not.toBe(before);
  expect(one.pool.totalCount).toBe(1);
});
