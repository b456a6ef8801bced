/** What becomes of a connection whose statement failed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase({ poolSize: 1 });
});
afterAll(() => on.drop());

async function backend(): Promise<number> {
  const { rows } = await on.database.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

test('a refused statement keeps its connection', async () => {
  const before = await backend();
  const refused = { name: 'refused', text: 'SELECT expect_rows($1, 2)', values: [1] };
  for (let times = 0; times < 3; times += 1)
    await expect(on.database.pool.query(refused)).rejects.toMatchObject({ code: '40001' });
  expect(await backend()).toBe(before);
});

test('a terminated connection is replaced', async () => {
  const before = await backend();
  await expect(on.database.pool.query('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
    code: '57P01',
  });
  expect(await backend()).not.toBe(before);
  expect(on.database.pool.totalCount).toBe(1);
});
