/**
 * The connection is lost between COMMIT and its answer: the service cannot know whether the event stands. It must not
 * say 200 then; the sender tries again, finds it standing, and nothing counts twice.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allTranslators } from '../../src/compose.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { newId } from '../../src/pipeline/ids.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { createVault } from '../../src/pipeline/vault.ts';
import { standingLines, verifyWorkspace } from '../../src/pipeline/verify.ts';
import { providers } from '../../src/providers/index.ts';
import type { SimulatedEvent } from '../../src/simulator/account.ts';
import { deliver, type DeliveryReport } from '../../src/simulator/deliver.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { createApp, listen } from '../../src/web/app.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import type { Stage } from '../support/stage.ts';
import { layWire, type Wire } from './cut.ts';
import { balanceLines, history, inboxStates, prepare, WORKSPACE } from './scene.ts';

const SEED = process.env['CRASH_SEED'] ?? String(Math.floor(Math.random() * 1e9));
const SECRET = 'whsec_cut';
const CUTS = 200;

let served: TestDatabase;
let oracle: TestDatabase;
let wire: Wire;
let database: Database;
let server: Server;
let stage: Stage;

beforeAll(async () => {
  served = await createDatabase();
  oracle = await createDatabase();
  stage = await prepare(served);
  wire = await layWire(served.url);
  database = await openDatabase({ url: wire.url, poolSize: 8 });
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  const vault = createVault(database, log, { secretsOf: () => [SECRET], apiKey: null });
  const work = { database, rules: rulesCache(database), vault, now: Date.now, newId, log };
  const app = createApp({
    work,
    desk: createDesk(work, allTranslators()),
    providers,
    surfaces: [],
    log,
    publicUrl: null,
    ready: () => Promise.resolve([]),
  });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await wire.close();
  await database.close().catch(() => undefined);
  await served.drop();
  await oracle.drop();
});

/** `retry` says how often a delivery is tried again. */
function send(events: readonly SimulatedEvent[], concurrency: number, retry: number): Promise<DeliveryReport> {
  return deliver({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe/${WORKSPACE}`,
    secret: SECRET,
    events,
    concurrency,
    retry: { attempts: retry, delayMs: 20 },
    clockSeconds: () => Math.floor(Date.now() / 1000),
  });
}

/** Each event alone: the answer is lost, the sender hears 503; sent again, it hears 200. */
async function oneByOne(events: readonly SimulatedEvent[]): Promise<void> {
  for (const event of events) {
    const before = wire.cuts();
    wire.arm(1);
    expect((await send([event], 1, 0)).byStatus, event.id).toEqual({ 503: 1 });
    expect(wire.cuts(), event.id).toBe(before + 1);
    wire.arm(0);
    expect((await send([event], 1, 0)).byStatus, event.id).toEqual({ 200: 1 });
  }
}

/** Many at once, every answer lost until `cuts` were: each lost answer is one delivery that was not accepted. */
async function together(events: readonly SimulatedEvent[], cuts: number): Promise<void> {
  const before = wire.cuts();
  wire.arm(cuts);
  const report = await send(events, 8, 1000);
  expect(wire.cuts() - before).toBe(cuts);
  expect(report).toMatchObject({ failed: 0, accepted: events.length });
  const { 200: accepted, ...refused } = report.byStatus;
  expect(accepted).toBe(events.length);
  expect(Object.keys(refused)).toEqual(['503']);
  expect(refused[503]).toBeGreaterThanOrEqual(cuts);
}

test(`a lost answer to COMMIT is never a 200, ${CUTS} times (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const events = history(SEED, 700);
  const [alone, crowd] = [events.slice(0, CUTS / 2), events.slice(CUTS / 2)];
  await oneByOne(alone);
  await together(crowd, CUTS / 2);
  console.log(`commit cut: ${wire.cuts()} answers lost, CRASH_SEED=${SEED}`);

  const truth = await prepare(oracle);
  await truth.hearAll(events);
  for (const one of [truth, stage]) await one.pass(400);
  const { pending = 0, failed = 0, ...states } = await inboxStates(stage);
  expect({ pending, failed }).toEqual({ pending: 0, failed: 0 });
  expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(events.length);
  const expected = await standingLines(oracle.database, WORKSPACE);
  expect((await standingLines(served.database, WORKSPACE)).toSorted()).toEqual(expected.toSorted());
  expect(expected.length).toBeGreaterThan(20);
  expect(await balanceLines(stage)).toEqual(await balanceLines(truth));
  expect(await verifyWorkspace(served.database, allTranslators(), WORKSPACE)).toMatchObject({
    equal: true,
    differences: [],
  });
});
