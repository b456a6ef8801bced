/** `settings` and `rates` as a person types them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEurofxref } from '../../src/commands/eurofxref.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { tributary } from './child.ts';

let on: TestDatabase;
let folder: string;
beforeAll(async () => {
  on = await createDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-terms-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await on.drop();
});

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = tributary(args, { DATABASE_URL: on.url });
  const { code } = await child.ended;
  return { code, out: child.stdout(), err: child.stderr() };
}

describe('settings', () => {
  test('are shown and changed by their names, each with its meaning', { timeout: 60_000 }, async () => {
    const said =
      '--hold-period-days 30 --precedence click --lock-rates yes --currency eur --credit-notes accrual --loss-threshold 20';
    const changed = await run('settings', ...said.split(' '), '--tiers', '[{"group_id":"gold","min_sales":10}]');
    expect(changed.err).toBe('');
    for (const line of [
      /--hold-period-days +30 /,
      /--precedence +click +which counts/,
      /--lock-rates +yes /,
      /--currency +EUR /,
      /--tiers +\[\{"group_id":"gold","min_sales":10,"min_amount":null,"days":null\}\]/,
      /--credit-notes +accrual/,
      /--loss-threshold +20 /,
      /--defer-minutes +10 /,
    ])
      expect(changed.out).toMatch(line);
    const back = await run('settings', '--hold-period-days', 'none', '--tiers', 'none', '--currency', 'none');
    expect(back.out).toMatch(/--hold-period-days +none .*[^]*--currency +none [^]*--tiers +none /);
    expect(back.code).toBe(0);
  });

  test('a wrong value, an unknown option and an unknown workspace are refused', { timeout: 60_000 }, async () => {
    const wrong = await run('settings', '--precedence', 'both', '--warning-days', 'ten');
    expect([wrong.code, wrong.out]).toEqual([1, '']);
    expect(wrong.err).toMatch(/--warning-days must be a whole number/);
    expect(wrong.err).toMatch(/--precedence must be coupon or click/);
    expect((await run('settings', '--colour', 'red')).code).toBe(1);
    const nowhere = await run('settings', '--workspace', 'nowhere');
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('workspaces create nowhere')]);
  });
});

const CSV = `Date,USD,JPY,GBP,XXX,
2026-01-06,1.0900,171.5,0.8450,N/A,
2026-01-05,1.0873,170.25,0.8421,N/A,
2024-05-05,1.0700,160,0.8500,1.5,
`;

describe('rates', () => {
  test('are added, listed, imported; what is known stays', { timeout: 120_000 }, async () => {
    const added = await run('rates', 'add', 'EUR', 'USD', '2026-01-05', '1.0873');
    expect([added.code, added.out]).toEqual([0, '1 EUR = 1.0873 USD on 2026-01-05.\n']);
    expect((await run('rates', 'add', 'eur', 'usd', '2026-01-05', '1.0873')).out).toMatch(/known already/);
    const other = await run('rates', 'add', 'EUR', 'USD', '2026-01-05', '1.1');
    expect([other.code, other.err]).toEqual([1, expect.stringMatching(/2026-01-05 EUR to USD[^]*never changed/)]);
    const file = path.join(folder, 'eurofxref-hist.csv');
    await writeFile(file, CSV);
    const imported = await run('rates', 'import', file, '--to', 'usd');
    expect(imported.out).toMatch(
      /^5 new rates to USD, 1 known already; 3 currencies, 2 days\.\n1 older days were left out/,
    );
    const older = await run('rates', 'import', file, '--to', 'usd', '--since', '2024-01-01');
    expect(older.out).toMatch(/^4 new rates to USD, 6 known already; 4 currencies, 3 days\.\n$/);
    const listed = await run('rates', 'list', '--limit', '3');
    expect(listed.out).toBe(
      '2026-01-06  1 EUR = 1.09 USD  ecb\n2026-01-06  1 GBP = 1.289940828402 USD  ecb\n2026-01-06  1 JPY = 0.006355685131 USD  ecb\n3 of 10 rates.\n',
    );
  });

  test.each([
    [['rates', 'add', 'EUR', 'USD', '', '1']],
    [['rates', 'add', 'EUR', 'EUR', '2026-01-05', '1']],
    [['rates', 'add', 'EUR', 'USD', '2026-01-05', '0']],
    [['rates', 'sell']],
    [['rates', 'import']],
  ])('%j is refused with what to say', { timeout: 60_000 }, async (args) => {
    const said = await run(...args);
    expect([said.code, said.err]).toEqual([1, expect.stringContaining('tributary rates add EUR USD')]);
  });

  test.each([
    [['rates', 'add', 'EUR', 'USD', '2026-02-31', '1']],
    [['rates', 'add', 'EUR', 'USD', '2026-02-28T00:00:00Z', '1']],
    [['rates', 'import', 'eurofxref-hist.csv', '--since', '2026-02-31']],
  ])('%j names the day that does not exist', { timeout: 60_000 }, async (args) => {
    const said = await run(...args);
    expect([said.code, said.err]).toEqual([
      1,
      expect.stringMatching(/^"2026-02-.*" is no day that exists; write it as/),
    ]);
  });

  test('a file that is none is refused', { timeout: 60_000 }, async () => {
    const missing = await run('rates', 'import', path.join(folder, 'none.csv'));
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('cannot be read')]);
  });
});

describe('eurofxref', () => {
  test('the daily file writes its day in words, with spaces', () => {
    const read = readEurofxref('Date, USD, JPY, \n05 January 2026, 1.0873, 170.25, \n', 'eur', null);
    expect(read).toMatchObject({
      days: 1,
      older: 0,
      rates: [
        { from: 'usd', to: 'eur', day: Date.UTC(2026, 0, 5), ratio: { num: 10_000n, den: 10_873n } },
        { from: 'jpy', to: 'eur', ratio: { num: 100n, den: 17_025n } },
      ],
    });
  });

  test.each([
    ['Day,USD\n2026-01-05,1', 'usd', /first line/],
    ['Date,USD\n2026-01-05,1', 'chf', /no column for CHF/],
    ['Date,USD\nyesterday,1', 'usd', /line 2/],
    ['Date,USD\n2026-01-05,1\n2024-02-31,1', 'usd', /line 3 does not begin with a day that exists/],
    ['Date,USD\n31 February 2024,1', 'usd', /line 2 does not begin with a day that exists/],
    ['Date,USD\n05 Januember 2026,1', 'eur', /line 2/],
    ['Date,USD\n2026-01-05,1,08', 'eur', /line 2|no rate/],
    ['Date,USD\n2026-01-05,-1', 'usd', /line 2/],
    ['Date,USD\n', 'usd', /no days/],
  ])('%j is refused', (content, to, words) => {
    const read = readEurofxref(content, to, null);
    expect('problem' in read ? read.problem : 'it was read').toMatch(words);
  });
});
