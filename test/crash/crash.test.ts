/**
 * Whatever dies, nothing is lost and nothing counts twice: thousands of signed events, many sent several times, in any
 * order, while the service is killed and its database connections are cut; then the ledger is that of an undisturbed
 * run that heard each event once, in time order.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allTranslators } from '../../src/compose.ts';
import { hashOf, standingLines, verifyWorkspace } from '../../src/pipeline/verify.ts';
import { deliver, deliveryPlan } from '../../src/simulator/deliver.ts';
import { createRng } from '../../src/simulator/rng.ts';
import { freePort } from '../commands/child.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import type { Stage } from '../support/stage.ts';
import { unleash, type Nemesis } from './nemesis.ts';
import { PatientAgent } from './patient.ts';
import { balanceLines, history, inboxStates, prepare, WORKSPACE } from './scene.ts';

const SEED = process.env['CRASH_SEED'] ?? String(Math.floor(Math.random() * 1e9));
const EVENTS = Number(process.env['CRASH_EVENTS'] ?? 10_000);
const KILLS = Number(process.env['CRASH_KILLS'] ?? 30);
const BACKENDS = Number(process.env['CRASH_BACKENDS'] ?? 20);
const SECRET = 'whsec_crash';
/** An event that a killed worker had taken is free again after its lease of 30 s. */
const DRAIN_MS = 90_000;

let served: TestDatabase;
let oracle: TestDatabase;
let nemesis: Nemesis | null = null;

beforeAll(async () => {
  served = await createDatabase({ applicationName: 'nemesis' });
  oracle = await createDatabase();
});
afterAll(async () => {
  nemesis?.abandon();
  await served.drop();
  await oracle.drop();
});

async function drained(stage: Stage): Promise<void> {
  for (const deadline = Date.now() + DRAIN_MS; ; await wait(100)) {
    const { pending = 0 } = await inboxStates(stage);
    if (pending === 0) return;
    if (Date.now() > deadline) throw new Error(`${pending} events are still pending`);
  }
}

async function deadlocksOf(stage: Stage): Promise<number> {
  const [row] = await stage.ask<{ deadlocks: bigint }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database() AND $1 <> $$$$',
  );
  return Number(row?.deadlocks ?? 0);
}

test(`kill -9 and lost connections under load change nothing (seed ${SEED})`, { timeout: 600_000 }, async () => {
  const events = history(SEED, EVENTS);
  const stage = await prepare(served);
  const plan = { duplicates: 0.3, shuffle: true, seed: SEED };
  const port = await freePort();
  nemesis = await unleash({
    rng: createRng(`nemesis/${SEED}`),
    deliveries: deliveryPlan(events, plan).length,
    kills: KILLS,
    terminations: BACKENDS,
    env: {
      DATABASE_URL: served.url,
      PORT: String(port),
      LOG_LEVEL: 'debug',
      [`STRIPE_WEBHOOK_SECRET_${WORKSPACE.toUpperCase()}`]: SECRET,
    },
    admin: served.database.pool,
  });
  const agent = new PatientAgent({ keepAlive: true, maxSockets: 32 });
  const begun = performance.now();
  let delivered = begun;
  const sending = deliver({
    ...plan,
    url: `http://127.0.0.1:${port}/webhooks/stripe/${WORKSPACE}`,
    secret: SECRET,
    events,
    concurrency: 32,
    retry: { attempts: 10_000, delayMs: 250 },
    clockSeconds: () => Math.floor(Date.now() / 1000),
    onProgress(done, total) {
      nemesis?.onProgress(done);
      if (done === total) delivered = performance.now();
    },
    agent,
  });
  // The oracle is undisturbed in its own database, so it may listen meanwhile: starts leave a core idle.
  const truth = await prepare(oracle);
  const [report] = await Promise.all([sending, truth.hearAll(events)]);
  agent.destroy();
  await drained(stage);
  const ended = await nemesis.finish();
  const { suffered } = nemesis;
  console.log(
    JSON.stringify({
      CRASH_SEED: SEED,
      events: events.length,
      ...report,
      seconds: Math.round((delivered - begun) / 1000),
      ...suffered,
      starts: `${suffered.starts.length}, median ${Math.round(suffered.starts.toSorted((a, b) => a - b)[suffered.starts.length >> 1] ?? 0)} ms`,
      deadlocks: await deadlocksOf(stage),
      states: await inboxStates(stage),
    }),
  );
  expect(ended, 'the last service stops well').toEqual({ code: 0, signal: null });
  expect(report).toMatchObject({ failed: 0, accepted: report.deliveries });
  expect(report.byStatus, 'whatever was in the way was known for what it was').not.toHaveProperty('500');
  expect(suffered.kills).toBeGreaterThanOrEqual(KILLS);
  expect(suffered.terminations).toBeGreaterThanOrEqual(BACKENDS);

  for (const one of [truth, stage]) await one.pass(400);
  const { pending = 0, failed = 0, ...states } = await inboxStates(stage);
  expect({ pending, failed }).toEqual({ pending: 0, failed: 0 });
  expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(events.length);
  const expected = await standingLines(oracle.database, WORKSPACE);
  const found = await standingLines(served.database, WORKSPACE);
  expect(expected.length).toBeGreaterThan(EVENTS / 100);
  expect(found.toSorted()).toEqual(expected.toSorted());
  expect(hashOf(found)).toBe(hashOf(expected));
  expect(await balanceLines(stage)).toEqual(await balanceLines(truth));
  const proof = await verifyWorkspace(served.database, allTranslators(), WORKSPACE);
  expect(proof).toMatchObject({ equal: true, differences: [], standing: hashOf(expected) });
});
