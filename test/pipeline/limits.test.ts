/** Rate limits: never more calls than a window has, whoever counts; few questions to the database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { newId } from '../../src/pipeline/ids.ts';
import { createRateLimits, type Allowance, type RateLimits } from '../../src/pipeline/limits.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createWorkspace(db.database.pool, 'default', 'Default', newId('prog'));
});

afterEach(() => void vi.restoreAllMocks());

afterAll(() => db.drop());

let keys = 0;
function newCaller() {
  keys += 1;
  return { workspace: 'default', livemode: true, keyId: `key_${keys}`, scopes: ['*'] };
}

const limits = (on: Database = db.database): RateLimits => createRateLimits(on, Date.now);
const allowed = (all: readonly (Allowance | null)[]): number => all.filter((one) => one?.allowed).length;

async function inTurn(count: number, call: () => Promise<Allowance | null>): Promise<(Allowance | null)[]> {
  const all: (Allowance | null)[] = [];
  while (all.length < count) all.push(await call());
  return all;
}

const HOUR = { points: 100, seconds: 3600 };

test('a single process gives out the whole window, and counts down honestly', async () => {
  const caller = newCaller();
  const rates = limits();
  const all = await inTurn(130, () => rates.spend(caller, [HOUR]));
  expect(allowed(all)).toBe(100);
  expect(all.map((one) => one?.allowed)).toEqual(Array.from({ length: 130 }, (_, index) => index < 100));
  expect(all.map((one) => one?.remaining)).toEqual(Array.from({ length: 130 }, (_, index) => Math.max(99 - index, 0)));
  expect(all[0]).toMatchObject({ limit: 100 });
  expect(Math.abs((all[0]?.resetsAt ?? 0) - Date.now() - 3_600_000)).toBeLessThan(20_000);
});

test('asks the database for one call in five at most, and for none once the window is used up', async () => {
  const caller = newCaller();
  const rates = limits();
  const asked = vi.spyOn(db.database.pool, 'connect');
  await inTurn(100, () => rates.spend(caller, [HOUR]));
  expect(asked.mock.calls.length).toBeLessThanOrEqual(20);
  asked.mockClear();
  await inTurn(50, () => rates.spend(caller, [HOUR]));
  expect(asked.mock.calls.length).toBeLessThanOrEqual(1);
});

test('of a small window most calls ask: docs/dialects.md says how many', async () => {
  const caller = newCaller();
  const rates = limits();
  const asked = vi.spyOn(db.database.pool, 'connect');
  await inTurn(10, () => rates.spend(caller, [{ points: 10, seconds: 3600 }]));
  expect(asked).toHaveBeenCalledTimes(7);
});

test('calls at once wait for one answer together', async () => {
  const caller = newCaller();
  const rates = limits();
  const asked = vi.spyOn(db.database.pool, 'connect');
  const all = await Promise.all(Array.from({ length: 150 }, () => rates.spend(caller, [HOUR])));
  expect(allowed(all)).toBe(100);
  expect(asked.mock.calls.length).toBeLessThanOrEqual(5);
});

describe('several processes', () => {
  // A pool each, as processes have; nothing else is shared.
  const open = (): Promise<Database> => openDatabase({ url: db.url, poolSize: 2 });

  test.each([
    ['in turn', false],
    ['at once', true],
  ])('together never give out more than the window (%s)', async (_words, atOnce) => {
    const pools = await Promise.all([open(), open(), open()]);
    const caller = newCaller();
    const all = pools.map((pool) => limits(pool));
    const calls = Array.from({ length: 180 }, (_, index) => all[index % 3] as RateLimits);
    const said: (Allowance | null)[] = atOnce
      ? await Promise.all(calls.map((rates) => rates.spend(caller, [HOUR])))
      : [];
    if (!atOnce) for (const rates of calls) said.push(await rates.spend(caller, [HOUR]));
    expect(allowed(said)).toBe(100);
    await Promise.all(pools.map((pool) => pool.close()));
  });

  test('refuse nobody before two thirds were spent, less a call each', async () => {
    const pools = await Promise.all([open(), open()]);
    const caller = newCaller();
    const [left, right] = pools.map((pool) => limits(pool)) as [RateLimits, RateLimits];
    // The worst case: one has just set aside the most it may, and hears no more calls.
    for (const before of [1, 9, 19, 28, 42, 63]) {
      const who = newCaller();
      const first = await inTurn(before, () => left.spend(who, [HOUR]));
      const second = await inTurn(100, () => right.spend(who, [HOUR]));
      expect(allowed(first)).toBe(before);
      expect(allowed(first) + allowed(second)).toBeGreaterThanOrEqual(Math.floor((100 * 2) / 3) - 2);
      expect(allowed(first) + allowed(second)).toBeLessThanOrEqual(100);
    }
    expect(allowed([await left.spend(caller, [HOUR])])).toBe(1);
    await Promise.all(pools.map((pool) => pool.close()));
  });
});

test('two windows: the shorter refuses without using the longer up, and begins anew', async () => {
  const caller = newCaller();
  const rates = limits();
  const windows = [
    { points: 20, seconds: 3600 },
    { points: 5, seconds: 1 },
  ];
  const first = await inTurn(12, () => rates.spend(caller, windows));
  const refused = first.find((one) => one?.allowed === false);
  expect(refused).toMatchObject({ limit: 5, remaining: 0 });
  expect((refused?.resetsAt ?? 0) - Date.now()).toBeLessThanOrEqual(1_000);
  let given = allowed(first);
  // Refusals cost nothing: in the end exactly the twenty were given.
  for (let round = 0; round < 12 && given < 20; round += 1) {
    await sleep(400);
    given += allowed(await inTurn(6, () => rates.spend(caller, windows)));
  }
  await sleep(1_100);
  expect(given).toBe(20);
  expect(await rates.spend(caller, windows)).toMatchObject({ allowed: false, limit: 20 });
});

test('keys do not share, and workspaces do not either', async () => {
  const rates = limits();
  const window = [{ points: 1, seconds: 3600 }];
  const one = newCaller();
  await createWorkspace(db.database.pool, 'acme', 'Acme', newId('prog'));
  for (const caller of [one, newCaller(), { ...one, workspace: 'acme' }])
    expect(allowed(await inTurn(2, () => rates.spend(caller, window)))).toBe(1);
});

test('no windows, no limit and no question', async () => {
  const asked = vi.spyOn(db.database.pool, 'connect');
  expect(await limits().spend(newCaller(), [])).toBeNull();
  expect(asked).not.toHaveBeenCalled();
});

test('without the database the process counts for itself', async () => {
  const gone = await openDatabase({ url: db.url, poolSize: 1 });
  await gone.close();
  const caller = newCaller();
  const rates = limits(gone);
  expect(allowed(await inTurn(130, () => rates.spend(caller, [HOUR])))).toBe(100);
});

describe('addresses', () => {
  const at = (address: string, where = 'links') => ({
    workspace: 'default',
    livemode: true,
    keyId: `${where} from ${address}`,
    scopes: [],
    keyless: true as const,
  });
  const MINUTE = { points: 3, seconds: 60 };

  test('are counted without the database, the whole window each', async () => {
    const asked = vi.spyOn(db.database.pool, 'connect');
    const rates = limits();
    const all = await inTurn(5, () => rates.spend(at('192.0.2.1'), [MINUTE]));
    expect(all.map((one) => [one?.allowed, one?.remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ]);
    expect(allowed(await inTurn(5, () => rates.spend(at('192.0.2.2'), [MINUTE])))).toBe(3);
    expect(asked).not.toHaveBeenCalled();
  });

  test('begin anew when their window has ended', async () => {
    let now = 5_000_000;
    const rates = createRateLimits(db.database, () => now);
    const call = () => rates.spend(at('192.0.2.1'), [MINUTE]);
    expect(allowed(await inTurn(5, call))).toBe(3);
    now += 59_999;
    expect(await call()).toMatchObject({ allowed: false, resetsAt: 5_060_000 });
    now += 1;
    expect(allowed(await inTurn(5, call))).toBe(3);
  });

  test('200,000 of them are bounded in memory, and take nothing from whom is spending', async () => {
    let looks = 0;
    const rates = createRateLimits(db.database, () => {
      looks += 1;
      return 5_000_000;
    });
    const caller = newCaller();
    const own = at('198.51.100.1');
    const given = { key: 0, address: 0 };
    let most = 0;
    for (let index = 0; index < 200_000; index += 1) {
      const one = await rates.spend(at(`${index}`), [MINUTE]);
      if (!one?.allowed) throw new Error('a first call was refused');
      most = Math.max(most, rates.remembered().addresses);
      if (index % 1_000 !== 0) continue;
      given.key += Number((await rates.spend(caller, [HOUR]))?.allowed);
      given.address += Number((await rates.spend(own, [{ points: 100, seconds: 3600 }]))?.allowed);
    }
    // Two hundred calls each in windows of a hundred: not one more.
    expect(given).toEqual({ key: 100, address: 100 });
    expect(most).toBeLessThanOrEqual(40_001);
    expect(rates.remembered().keys).toBe(1);
    // A bounded number of steps for each address, whatever number came before it.
    expect(looks).toBeLessThan(200_000 * 5);
  });

  test('and those that are not used any more are forgotten in time, as keys are', async () => {
    let now = 5_000_000;
    const rates = createRateLimits(db.database, () => now);
    for (let minute = 0; minute < 5; minute += 1) {
      for (let index = 0; index < 1_000; index += 1) await rates.spend(at(`${minute}/${index}`), [MINUTE]);
      await rates.spend(newCaller(), [{ points: 3, seconds: 60 }]);
      now += 60_000;
    }
    expect(rates.remembered().addresses).toBeLessThanOrEqual(2_000);
    expect(rates.remembered().keys).toBeLessThanOrEqual(2);
  });
});

test('a key that was forgotten is given no call again: the database knows', async () => {
  let now = Date.now();
  const rates = createRateLimits(db.database, () => now);
  const caller = newCaller();
  expect(allowed(await inTurn(60, () => rates.spend(caller, [HOUR])))).toBe(60);
  // By this process's clock the window is long over; by the database's, which counts, it is not.
  for (let hour = 0; hour < 3; hour += 1) {
    now += 3_600_000;
    await rates.spend(newCaller(), [HOUR]);
  }
  expect(rates.remembered().keys).toBeLessThanOrEqual(2);
  expect(allowed(await inTurn(60, () => rates.spend(caller, [HOUR])))).toBeLessThanOrEqual(40);
});
