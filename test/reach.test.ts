/** Which account is asked with which key: stored ones by scope and world, refusals said with what to do, questions forgotten. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createReach } from '../src/reach.ts';
import { askNext } from '../src/pipeline/ask.ts';
import { keepApiKey } from '../src/pipeline/desk/secrets.ts';
import { createVault } from '../src/pipeline/vault.ts';
import { createAccount } from '../src/simulator/account.ts';
import { listAlerts } from '../src/store/alerts.ts';
import type { Database } from '../src/store/database.ts';
import { registerAccount } from '../src/store/stripe-accounts.ts';
import { listApiKeys } from '../src/store/stripe-keys.ts';
import type { Tx } from '../src/store/tx.ts';
import { createSchedule, forgetting } from '../src/work/schedule.ts';
import { createDatabase } from './support/database.ts';
import { forbidden, startFakeStripe, unauthorized, type FakeStripe } from './support/fake-stripe/index.ts';
import type { TestDatabase } from './support/server.ts';
import { createStage, SEAL_KEY, type Stage } from './support/stage.ts';

let db: TestDatabase;
let fake: FakeStripe;
beforeAll(async () => {
  db = await createDatabase();
  fake = await startFakeStripe(createAccount({ seed: 'reach', startAt: 1_767_600_000, family: 'basil' }));
});
afterAll(async () => {
  await fake.stop();
  await db.drop();
});
afterEach(async () => {
  fake.weather.of = () => null;
  await db.database.pool.query('DELETE FROM questions');
});

function reachOf(stage: Stage, apiKey: string | null = null, database = db.database) {
  const environment = { secretsOf: () => [], apiKey };
  const vault = createVault(database, stage.work.log, environment, [SEAL_KEY]);
  return createReach({ database, vault, log: stage.work.log, now: stage.work.now, base: fake.url });
}

/** The database, and every statement it is asked. */
function overheard(): { database: Database; statements: string[] } {
  const statements: string[] = [];
  const listening = (tx: Tx): Tx => ({
    query: (query) => {
      statements.push(query.text);
      return tx.query(query);
    },
  });
  const { of, across } = db.database;
  return {
    database: { ...db.database, of: (workspace) => listening(of(workspace)), across: listening(across) },
    statements,
  };
}

/** A workspace with a primary account that has a live key, and another that has a test key. */
async function raise(): Promise<Stage> {
  const stage = await createStage(db);
  const { workspace, work } = stage;
  for (const [account, key] of [
    ['acct_1', `rk_live_${workspace}`],
    ['acct_2', `rk_test_${workspace}`],
  ] as const) {
    await registerAccount(db.database.pool, workspace, account, { at: stage.clock.now });
    await keepApiKey(work, workspace, account, key);
  }
  return stage;
}

async function wonder(stage: Stage, livemode: boolean, scope: string, kind = 'price'): Promise<void> {
  await stage.ask(
    `INSERT INTO questions (workspace_id, livemode, scope, kind, id, state, run_at) VALUES ($1, $2, $3, $4, 'x_1', 'open', $5)`,
    [livemode, scope, kind, new Date(stage.clock.now).toISOString()],
  );
}

test('each account is asked with its own key, in its own world only', async () => {
  const stage = await raise();
  const { workspace } = stage;
  const reach = reachOf(stage, 'rk_test_environment');
  expect(reach.canAsk(workspace, true, '')).toBe(false);
  await reach.refresh();
  const can = (livemode: boolean, scope: string, of = workspace): boolean => reach.canAsk(of, livemode, scope);
  expect([can(true, ''), can(false, ''), can(true, 'acct_2'), can(false, 'acct_2')]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([can(false, '', 'default'), can(true, '', 'default')]).toEqual([true, false]);
  for (const [livemode, scope] of [
    [true, ''],
    [false, 'acct_2'],
    [true, 'acct_2'],
  ] as const)
    await wonder(stage, livemode, scope);
  fake.heard.length = 0;
  expect(await askNext(stage.work, reach.asking)).toBe(3);
  expect(fake.heard.map(({ key }) => key).toSorted()).toEqual([`rk_live_${workspace}`, `rk_test_${workspace}`]);
});

test('a key that is stored later counts after some seconds, a removed one no more', async () => {
  const stage = await createStage(db);
  const { workspace } = stage;
  await registerAccount(db.database.pool, workspace, 'acct_1');
  const before = reachOf(stage);
  await before.refresh();
  expect(before.canAsk(workspace, true, '')).toBe(false);
  await keepApiKey(stage.work, workspace, 'acct_1', 'rk_live_later');
  await before.refresh();
  expect(before.canAsk(workspace, true, '')).toBe(false);
  const after = reachOf(stage);
  await after.refresh();
  expect(after.canAsk(workspace, true, '')).toBe(true);
});

test('however many workspaces have keys, they are read with two statements', async () => {
  const stages = [await raise(), await raise(), await raise(), await raise()];
  const { database, statements } = overheard();
  const reach = reachOf(stages[0] as Stage, null, database);
  await reach.refresh();
  expect(statements).toHaveLength(2);
  for (const { workspace } of stages)
    expect([reach.canAsk(workspace, true, ''), reach.canAsk(workspace, false, 'acct_2')]).toEqual([true, true]);
});

test.each([
  ['not accepted', unauthorized, /does not accept the live API key of account "acct_1"[^]*accounts key set acct_1/],
  ['without a permission', forbidden, /may not read Prices[^]*Give it that permission[^]*accounts key set acct_1/],
])('a key that is %s is marked, raises an alert, and a new one settles it', async (_, fault, words) => {
  const stage = await raise();
  const { workspace } = stage;
  const tx = db.database.pool;
  fake.weather.of = () => fault;
  await wonder(stage, true, '');
  await askNext(stage.work, reachOf(stage).asking);
  expect(await stage.questions()).toMatchObject([{ state: 'refused', reason: fault.message }]);
  const marked = async () => (await listApiKeys(tx, workspace)).map((key) => [key.account, key.refusedReason]);
  expect(await marked()).toEqual([
    ['acct_1', fault.message],
    ['acct_2', null],
  ]);
  const alerts = async () => (await listAlerts(tx, workspace, { state: 'open', limit: 9, offset: 0 })).rows;
  expect(await alerts()).toMatchObject([
    { kind: 'api_key_refused', subject: 'acct_1/live', message: expect.stringMatching(words) },
  ]);
  expect(JSON.stringify(await alerts())).not.toContain(`rk_live_${workspace}`);
  await keepApiKey(stage.work, workspace, 'acct_1', 'rk_live_new');
  expect([await alerts(), (await marked())[0]]).toEqual([[], ['acct_1', null]]);
});

test('questions that are over are forgotten after 30 days; open ones never', async () => {
  const stage = await raise();
  const step = createSchedule(stage.work, [forgetting(stage.work)]);
  const reach = reachOf(stage);
  await wonder(stage, true, '');
  await askNext(stage.work, reach.asking);
  await wonder(stage, false, '', 'charge');
  expect((await stage.questions()).map(({ state }) => state)).toEqual(['open', 'missing']);
  stage.clock.now += 29 * 86_400_000;
  await step();
  expect(await stage.questions()).toHaveLength(2);
  stage.clock.now += 86_400_001;
  await step();
  expect((await stage.questions()).map(({ state }) => state)).toEqual(['open']);
});
