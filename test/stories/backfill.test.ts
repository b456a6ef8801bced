/** Backfill and reconcile: what lists show ends in the same ledger as what webhooks say, in any order, any number of times. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { backfill, type Source, type Walked } from '../../src/pipeline/backfill.ts';
import { reconcile } from '../../src/pipeline/reconcile.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { lister } from '../../src/providers/stripe/api/lister.ts';
import { EVENT_TYPES } from '../../src/providers/stripe/events.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { priceObject } from '../../src/simulator/objects.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { createDatabase } from '../support/database.ts';
import { broken, limited, startFakeStripe, unauthorized, type FakeStripe } from '../support/fake-stripe/index.ts';
import type { TestDatabase } from '../support/server.ts';
import { askingAt, createStage, terms, translators, type Stage } from '../support/stage.ts';

const MONDAY = 1_767_600_000;
const DAY = 86_400;
const HEARD = new Set<string>(EVENT_TYPES);

let db: TestDatabase;
let account: SimulatedAccount;
let fake: FakeStripe;
beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  account = createAccount({ seed: 'backfill', startAt: MONDAY, family: 'basil' });
  fake = await startFakeStripe(account);
});
afterEach(async () => {
  await fake.stop();
  await db.database.pool.query('DELETE FROM questions');
});

async function raise(): Promise<Stage> {
  const stage = await createStage(db, { asking: askingAt(fake.url), startAt: MONDAY * 1000 });
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30'));
  return stage;
}

const sourceOf = ({ workspace }: Stage, scope = ''): Source => ({
  workspace,
  livemode: true,
  scope,
  account: 'acct_1',
  lister: lister({ apiKey: 'rk_live_stage', base: fake.url }),
  translator: stripe,
});

const OBJECTS = ['checkout_sessions', 'invoices', 'charges', 'refunds', 'disputes', 'credit_notes'];

type Come = { heard: number; missing: number; failed: number; types: Record<string, number> };

/** Walks lists to their ends, as the command does. */
async function walk(stage: Stage, streams: readonly string[], dryRun = false, source = sourceOf(stage)): Promise<Come> {
  const pages: Walked[] = [];
  for (const stream of streams)
    for await (const page of backfill(stage.work, source, {
      stream,
      from: MONDAY * 1000,
      to: account.now * 1000 + 1000,
      dryRun,
    }))
      pages.push(page);
  const types: Record<string, number> = {};
  for (const { missing } of pages)
    for (const [type, count] of Object.entries(missing)) types[type] = (types[type] ?? 0) + count;
  const sum = (of: (page: Walked) => number): number => pages.reduce((total, page) => total + of(page), 0);
  const missing = Object.values(types).reduce((total, count) => total + count, 0);
  return { heard: sum((page) => page.heard), missing, failed: sum((page) => page.failed), types };
}

/** Some weeks of all that moves money: subscriptions, single sales, refunds, a dispute, a credit note. */
/** `closes`: the dispute is lost, which takes longer than Stripe keeps events. */
function happen(closes = false): void {
  const price = account.price({ amount: 2_000 });
  fake.put(priceObject(price));
  const metadata = { affonso_referral: 'ref_1' };
  for (let week = 0; week < 3; week += 1) {
    const customer = account.customer({ metadata, email: `buyer${week}@example.com` });
    account.advance({ hours: 5 });
    const bought = account.invoice({ customer, lines: [{ amount: 2_000, price }] });
    account.advance({ days: 1 });
    const once = account.paymentIntent({ amount: 1_500 + week, customer });
    account.checkoutPayment({ amount: 5_000, clientReferenceId: 'ref_1' });
    account.advance({ days: 2 });
    if (week === 0) account.refund(bought, { amount: 500 });
    const dispute = week === 1 ? account.dispute(once) : null;
    if (dispute && closes) account.closeDispute(dispute, 'lost');
    if (week === 2) account.creditNote(bought, { amount: 400 });
    account.advance({ days: 4 });
  }
}

const events = () => account.events.filter(({ type }) => HEARD.has(type));

/** Everything that stands, after all that waits was done. */
async function standing(stage: Stage): Promise<string[]> {
  stage.clock.now = Math.max(stage.clock.now, account.now * 1000);
  await stage.wait(60);
  await stage.pass(3);
  expect(await stage.waiting()).toEqual([]);
  expect((await verifyWorkspace(db.database, translators, stage.workspace)).equal).toBe(true);
  return stage.tells();
}

async function byWebhooks(): Promise<string[]> {
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  await stage.hearAll(events());
  return standing(stage);
}

test('events that are listed end in the ledger of webhooks; a second time nothing is missing', async () => {
  happen();
  const told = await byWebhooks();
  expect(told.length).toBeGreaterThan(9);
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  const come = await walk(stage, ['events']);
  expect(come).toMatchObject({ heard: events().length, missing: events().length, failed: 0 });
  expect(await standing(stage)).toEqual(told);
  expect(await walk(stage, ['events'])).toMatchObject({ heard: events().length, missing: 0 });
  expect(await standing(stage)).toEqual(told);
});

test('objects as they are now end in the same commissions as the webhooks of their lives', async () => {
  happen(true);
  const told = await byWebhooks();
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  await walk(stage, OBJECTS);
  expect(await standing(stage)).toEqual(told);
  expect(await walk(stage, OBJECTS)).toMatchObject({ missing: 0, failed: 0 });
  expect(await standing(stage)).toEqual(told);
});

test.each([
  ['webhooks first', ['hear', 'events', 'objects']],
  ['webhooks last', ['objects', 'events', 'hear']],
  ['in between', ['events', 'hear', 'objects']],
])('what webhooks bring too has no effect again: %s', async (_, order) => {
  happen(true);
  const told = await byWebhooks();
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  for (const what of order) {
    if (what === 'hear') await stage.hearAll(events());
    else await walk(stage, what === 'events' ? ['events'] : OBJECTS);
  }
  expect(await standing(stage)).toEqual(told);
});

test('a dry run stores nothing and counts what is missing', async () => {
  happen();
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  const half = events().filter((_, index) => index % 2 === 0);
  await stage.hearAll(half);
  const before = [await stage.tells(), (await stage.inbox()).length];
  const dry = await walk(stage, ['events'], true);
  expect(dry).toMatchObject({ heard: events().length, missing: events().length - half.length });
  await walk(stage, OBJECTS, true);
  expect([await stage.tells(), (await stage.inbox()).length]).toEqual(before);
  const wet = await walk(stage, ['events']);
  expect(wet.types).toEqual(dry.types);
  expect(await walk(stage, OBJECTS, true)).toMatchObject({ missing: 0 });
});

test('a storm of 429 and 500 delays it, and changes nothing', async () => {
  happen();
  const told = await byWebhooks();
  let times = 0;
  fake.weather.of = () => [limited(0), broken, null, limited(), null][(times += 1) % 5] ?? null;
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  expect(await walk(stage, ['events'])).toMatchObject({ missing: events().length, failed: 0 });
  fake.weather.of = () => null;
  expect(await standing(stage)).toEqual(told);
}, 60_000);

test('an event that cannot be read is kept where it can be seen, and holds up no other', async () => {
  account.emit('invoice.paid', { id: 'in_broken', object: 'invoice', lines: 'none' });
  happen();
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  expect(await walk(stage, ['events'])).toMatchObject({ missing: events().length, failed: 1 });
  const pending = (await stage.inbox()).filter(({ state }) => state === 'pending');
  expect(pending).toMatchObject([
    { type: 'invoice.paid', reason: expect.stringContaining('invoice.paid: data.object') },
  ]);
  expect((await stage.sales()).length).toBeGreaterThan(5);
});

test('texts that no database can hold hold nothing up', async () => {
  const customer = account.customer({ metadata: { affonso_referral: 'ref_1', userId: 'u\0\ud800' } });
  account.invoice({ customer, lines: [{ amount: 2_000 }] });
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  expect(await walk(stage, ['events', ...OBJECTS])).toMatchObject({ failed: 0 });
  await standing(stage);
  expect(await stage.sales()).toMatchObject([{ amount: 2_000n, affiliate_id: 'jane' }]);
});

test('events of another account count in its scope, as its webhooks do', async () => {
  happen();
  const stage = await raise();
  stage.clock.now = account.now * 1000;
  await walk(stage, ['events'], false, sourceOf(stage, 'acct_2'));
  const keys = (await stage.inbox()).map(({ event_key: key }) => key);
  expect(keys.length).toBe(events().length);
  expect(keys.every((key) => key.startsWith('acct_2/evt_'))).toBe(true);
  expect((await stage.sales()).every(({ money_key: key }) => key.startsWith('stripe@acct_2:'))).toBe(true);
});

const alertsOf = async ({ workspace }: Stage, state: 'open' | 'resolved' = 'open') =>
  (await listAlerts(db.database.pool, workspace, { state, limit: 9, offset: 0 })).rows;

const runs = ({ ask }: Stage) =>
  ask<{ missing: number; run_at: Date; lease_until: Date | null; finished_at: Date | null }>(
    `SELECT missing, run_at, lease_until, finished_at FROM backfills WHERE workspace_id = $1 AND stream = 'reconcile'`,
  );

test('once a day a worker finds what no webhook brought, says so, and takes it back when nothing is missing', async () => {
  happen();
  account.advance({ hours: 2 });
  const stage = await raise();
  const source = sourceOf(stage);
  const old = events().filter(({ created }) => created <= account.now - 3 * DAY);
  await stage.hearAll(old);
  for (let index = 0; index < 4; index += 1) account.paymentIntent({ amount: 900, customer: account.customer() });
  account.advance({ hours: 2 });
  stage.clock.now = account.now * 1000;
  expect(await reconcile(stage.work, [source])).toBe(0);
  stage.clock.now += 600_000;
  // One worker at a time.
  const both = await Promise.all([reconcile(stage.work, [source]), reconcile(stage.work, [source])]);
  expect(both.toSorted()).toEqual([0, 1]);
  const [run] = await runs(stage);
  expect(run).toMatchObject({ lease_until: null, finished_at: expect.any(Date) });
  expect(run?.missing).toBeGreaterThanOrEqual(12);
  expect(await alertsOf(stage)).toMatchObject([
    {
      kind: 'webhooks_missing',
      subject: 'acct_1/live',
      message: expect.stringMatching(/came by no webhook[^]*does not get all events[^]*tributary stripe setup/),
    },
  ]);
  const there = new Set((await stage.inbox()).map(({ event_key: key }) => key));
  const due = events().filter(({ created }) => created < account.now - 3_600);
  expect(due.filter(({ id }) => !there.has(id))).toEqual([]);
  const heard = fake.heard.length;
  stage.clock.now += 20 * 3_600_000;
  expect(await reconcile(stage.work, [source])).toBe(0);
  expect(fake.heard.length).toBe(heard);
  stage.clock.now += 4 * 3_600_000;
  expect(await reconcile(stage.work, [source])).toBe(1);
  expect(await runs(stage)).toMatchObject([{ missing: 0 }]);
  expect([await alertsOf(stage), (await alertsOf(stage, 'resolved')).length]).toEqual([[], 1]);
});

test('one that cannot be done is tried again within two hours; a refused key is said', async () => {
  const stage = await raise();
  const source = sourceOf(stage);
  await reconcile(stage.work, [source]);
  stage.clock.now += 600_000;
  fake.weather.of = () => unauthorized;
  expect(await reconcile(stage.work, [source])).toBe(1);
  expect(await alertsOf(stage)).toMatchObject([{ kind: 'api_key_refused', subject: 'acct_1/live' }]);
  const [run] = await runs(stage);
  expect(run).toMatchObject({ lease_until: null, finished_at: null });
  expect((run?.run_at.getTime() ?? 0) - stage.clock.now).toBeLessThanOrEqual(7_200_000);
});
