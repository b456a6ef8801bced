/**
 * Order does not matter: a random history of Stripe events and calls (sales and refunds that name Stripe's objects or
 * their own, sign-ups, rulings), permuted, with duplicates, cut into random batches and taken by 1 to 4 workers at once
 * while time passes, ends in the ledger of the sequential run in time order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processNext } from '../../src/pipeline/process.ts';
import { hashOf, standingLines, verifyWorkspace } from '../../src/pipeline/verify.ts';
import { randomHistory } from '../../src/simulator/random.ts';
import { createRng } from '../../src/simulator/rng.ts';
import type { SimulatedEvent } from '../../src/simulator/account.ts';
import { storePending } from '../../src/store/inbox.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, fixed, terms, translators, type Stage } from '../support/stage.ts';
import { randomCalls, type Delivery } from './calls.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 200);
const SEED = process.env['PROPERTY_SEED'] ?? String(Math.floor(Math.random() * 1e9));

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase({ poolSize: 8 });
});
afterAll(() => on.drop());

const REFERRALS = ['ref_a1', 'ref_a2', 'ref_b1', null, 'ref_b2', 'nobody'];

export async function prepare(acrossPayments: boolean): Promise<Stage> {
  const stage = await createStage(on, { startAt: Date.UTC(2027, 0, 1) });
  await stage.affiliate('ann', 'gold');
  await stage.affiliate('bob');
  for (const id of ['ref_a1', 'ref_a2']) await stage.referral(id, 'ann');
  for (const id of ['ref_b1', 'ref_b2']) await stage.referral(id, 'bob');
  await stage.incentive('inc_all', terms('10'));
  await stage.incentive('inc_year', terms('25.5', { interval: 'yearly', holdPeriodDays: 30 }));
  await stage.incentive('inc_gold', terms('33.33', { interval: 'monthly', groupId: 'gold', manualAbove: 2000n }));
  if (!acrossPayments) return stage;
  await stage.incentive('inc_first', fixed(700n, { applyTo: 'first', affiliateId: 'bob' }));
  await stage.incentive('inc_three', terms('40', { maxPayments: 3, groupId: 'gold', priority: 5 }));
  await stage.incentive('inc_capped', terms('20', { maxAmount: 3000n, maxMonths: 12, priority: 2 }));
  return stage;
}

async function store(stage: Stage, { source, ...event }: Delivery): Promise<void> {
  const kept = { ...event, workspace: stage.workspace, source, received: stage.clock.now };
  await storePending(on.database.pool, kept, null, 0);
}

function ofStripe({ id, type, created, body, object }: SimulatedEvent): Delivery {
  const { livemode } = object as unknown as { livemode: boolean };
  return { source: 'stripe', id, type, livemode, at: created * 1000, body };
}

/** The oracle: one after another in time order, each decided before the next is heard. */
async function sequentialRun(stage: Stage, deliveries: readonly Delivery[]): Promise<void> {
  for (const delivery of deliveries.toSorted((a, b) => a.at - b.at)) {
    await store(stage, delivery);
    await processNext(stage.work, translators, 1);
  }
  await stage.pass(400);
}

/** They arrive in the shuffled order in random pieces; 1 to 4 workers take random batches meanwhile, and time passes. */
async function shuffledRun(stage: Stage, events: readonly Delivery[], seed: string): Promise<void> {
  const rng = createRng(seed);
  const deliveries = rng.shuffle(
    events.flatMap((event) => Array.from({ length: rng.chance(0.3) ? rng.int(2, 4) : 1 }, () => event)),
  );
  const workers = rng.int(1, 4);
  for (let from = 0; from < deliveries.length;) {
    const piece = deliveries.slice(from, from + rng.int(1, 40));
    from += piece.length;
    const hears = rng.chance(0.3);
    await Promise.all(piece.map((one) => (hears && one.source === 'stripe' ? stage.hear(one) : store(stage, one))));
    await Promise.all(Array.from({ length: workers }, () => processNext(stage.work, translators, rng.int(1, 30))));
    if (rng.chance(0.2)) await stage.pass(rng.int(1, 40));
  }
  await Promise.all(Array.from({ length: workers }, () => stage.drain()));
  await stage.pass(400);
}

async function run(index: number): Promise<void> {
  const seed = `${SEED}/${index}`;
  const across = index % 3 === 0;
  const history = randomHistory(seed, { customers: 4, minEvents: 40, referrals: REFERRALS });
  const events = [...history.events.map(ofStripe), ...randomCalls(history, REFERRALS, seed)];
  const oracle = await prepare(across);
  await sequentialRun(oracle, events);
  const shuffled = await prepare(across);
  await shuffledRun(shuffled, events, seed);
  const expected = await standingLines(on.database, oracle.workspace);
  const found = await standingLines(on.database, shuffled.workspace);
  const left = (await shuffled.inbox()).filter(({ state }) => state === 'pending' || state === 'failed');
  expect(left, `seed ${seed}`).toEqual([]);
  expect(found.toSorted(), `seed ${seed}, ${events.length} events`).toEqual(expected.toSorted());
  expect(hashOf(found)).toBe(hashOf(expected));
  const proof = await verifyWorkspace(on.database, translators, shuffled.workspace);
  expect(proof.differences, `verify, seed ${seed}`).toEqual([]);
}

test(
  `any order, duplication, batching and number of workers ends in the same ledger (${RUNS} runs, seed ${SEED})`,
  { timeout: 900_000 },
  async () => {
    console.log(`order property: ${RUNS} runs, PROPERTY_SEED=${SEED}`);
    for (let index = Number(process.env['PROPERTY_FROM'] ?? 0); index < RUNS; index += 1) await run(index);
  },
);
