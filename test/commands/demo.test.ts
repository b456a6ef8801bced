/** The demo as a newcomer runs it, with a small history. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { tributary } from './child.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase({ applicationName: 'watcher' });
});
afterAll(() => on.drop());

async function count(sql: string): Promise<number> {
  const { rows } = await on.database.pool.query<{ count: bigint }>(sql);
  return Number(rows[0]?.count ?? 0);
}

/** Connections of ours, apart from the test's own, are gone. */
async function nothingRuns(): Promise<void> {
  const sql = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tributary'`;
  await expect.poll(() => count(sql), { timeout: 5_000 }).toBe(0);
}

test('plays a history, shows who earned what and why, and proves it', { timeout: 120_000 }, async () => {
  const child = tributary(['demo', '--customers', '12', '--months', '3'], {
    DATABASE_URL: on.url,
  });
  const { code } = await child.ended;
  const said = child.stdout();
  expect({ code, stderr: child.stderr() }, said).toEqual({ code: 0, stderr: '' });
  expect(said).toMatch(/100 % {2}(\d+) of \1 webhooks/);
  expect(said).toMatch(/events\/s/);
  expect(said).toMatch(/Affiliate +Sales +Sold USD +Refunds USD +Pending USD +Payable USD/);
  for (const name of ['Ana Ribeiro', 'Ben Okafor', 'Chloé Martin', 'Dev Raman', 'Ewa Nowak', 'together'])
    expect(said).toMatch(new RegExp(`${name} +\\d+( +[\\d,]+\\.\\d\\d){4}\\n`));
  expect(said).toMatch(/was refunded, so .* was taken back/);
  const hashes = [...said.matchAll(/(?:ledger|recomputed) +([0-9a-f]{64})/g)].map(([, hash]) => hash);
  expect(hashes).toHaveLength(2);
  expect(hashes[0]).toBe(hashes[1]);
  expect(said).toMatch(/demo-[0-9a-f]{6}: .*: equal/);
  expect(said).toMatch(/curl .*Bearer sk_live_\w+' 'http:\/\/127\.0\.0\.1:8080\/v1\/trace\//);

  // The columns of the table add up, and agree with the ledger.
  const sums = [...said.matchAll(/^ {2}(?!nobody|together)(?:\S+ )+ +\d+ .* ([\d,]+\.\d\d)$/gm)].map(
    ([, payable = '']) => Number(payable.replaceAll(/\D/g, '')),
  );
  expect(sums).toHaveLength(5);
  expect(sums.reduce((sum, payable) => sum + payable, 0)).toBe(
    await count('SELECT sum(payable)::bigint AS count FROM balances'),
  );
  expect(await count(`SELECT count(*) FROM inbox WHERE state IN ('pending', 'failed')`)).toBe(0);
  expect(
    await count(`SELECT count(*) FROM api_keys WHERE workspace_id = 'default'`),
    'npm start makes the first key, not the demo',
  ).toBe(0);
  await nothingRuns();
});

describe('says in words what is in the way', () => {
  test.each([
    [
      'a database that is not there',
      [],
      { DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none' },
      /database cannot be reached \(ECONNREFUSED\)/,
    ],
    [
      'options that are no numbers',
      ['--customers', 'many', '--months', '0'],
      {},
      /^--customers must be a number\n--months must be at least 1\n$/,
    ],
  ])('%s', { timeout: 60_000 }, async (_, options, env, words) => {
    const child = tributary(['demo', ...options], { DATABASE_URL: on.url, ...env });
    expect((await child.ended).code).toBe(1);
    expect(child.stderr()).toMatch(words);
    expect(child.stderr()).not.toMatch(/^ +at /m);
  });
});

test('Ctrl-C ends it and the service that it started', { timeout: 120_000 }, async () => {
  const child = tributary(['demo', '--customers', '60'], { DATABASE_URL: on.url });
  await child.says(/10 %/);
  child.kill('SIGINT');
  expect(await child.ended).toEqual({ code: 130, signal: null });
  expect(child.stderr()).toBe('');
  await nothingRuns();
});
