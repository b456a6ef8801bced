/**
 * Order does not matter: a random history, permuted, with duplicates, cut into random batches and taken by 1 to 4
 * workers at once, ends in the ledger of the sequential run in time order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processNext } from '../../src/pipeline/process.ts';
import { hashOf, standingLines, verifyWorkspace } from '../../src/pipeline/verify.ts';
import type { Translator } from '../../src/pipeline/translate.ts';
import { providers } from '../../src/providers/index.ts';
import { randomHistory } from '../../src/simulator/random.ts';
import { createRng } from '../../src/simulator/rng.ts';
import type { SimulatedEvent } from '../../src/simulator/account.ts';
import { storePending } from '../../src/store/inbox.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, fixed, terms, type Stage } from '../support/stage.ts';

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

async function store(stage: Stage, event: SimulatedEvent): Promise<void> {
  const { id, type, created, body, object } = event;
  const { livemode } = object as unknown as { livemode: boolean };
  const at = created * 1000;
  await storePending(
    on.database.pool,
    { workspace: stage.workspace, source: 'stripe', id, type, livemode, at, received: stage.clock.now, body },
    null,
    0,
  );
}

/** Events arrive in the shuffled order in random pieces; 1 to 4 workers take random batches meanwhile. */
export async function shuffledRun(stage: Stage, events: readonly SimulatedEvent[], seed: string): Promise<void> {
  const rng = createRng(seed);
  const deliveries = rng.shuffle(
    events.flatMap((event) => Array.from({ length: rng.chance(0.3) ? rng.int(2, 4) : 1 }, () => event)),
  );
  const stripe = providers.get('stripe') as Translator;
  const workers = rng.int(1, 4);
  for (let from = 0; from < deliveries.length;) {
    const piece = deliveries.slice(from, from + rng.int(1, 40));
    from += piece.length;
    if (rng.chance(0.3)) await Promise.all(piece.map((event) => stage.hear(event)));
    else for (const event of piece) await store(stage, event);
    await Promise.all(
      Array.from({ length: workers }, () => processNext(stage.work, new Map([['stripe', stripe]]), rng.int(1, 30))),
    );
  }
  await Promise.all(Array.from({ length: workers }, () => stage.drain()));
  await stage.pass(400);
}

async function run(index: number): Promise<void> {
  const seed = `${SEED}/${index}`;
  const across = index % 3 === 0;
  const { events } = randomHistory(seed, { customers: 4, minEvents: 40, referrals: REFERRALS });
  const oracle = await prepare(across);
  await oracle.hearAll(events);
  await oracle.pass(400);
  const shuffled = await prepare(across);
  await shuffledRun(shuffled, events, seed);
  const expected = await standingLines(on.database, oracle.workspace);
  const found = await standingLines(on.database, shuffled.workspace);
  if (process.env['PROPERTY_DEBUG'] && hashOf(found) !== hashOf(expected)) {
    for (const one of [oracle, shuffled]) {
      const rows = await one.ask<{
        state: { keys: string[] };
        posted: unknown;
        awaits_prices: string[];
        explanation: unknown;
      }>(
        `SELECT p.state, p.posted, p.awaits_prices, v.explanation FROM payments p JOIN conversions v USING (workspace_id, payment_id) WHERE workspace_id = $1 AND v.kind = 'sale' AND v.money_key LIKE '%' || $2`,
        [process.env['PROPERTY_DEBUG']],
      );
      console.log(JSON.stringify(rows, null, 1));
      console.log(
        JSON.stringify(await one.ask('SELECT price_key, version, state FROM prices WHERE workspace_id = $1')),
      );
    }
  }
  expect(found.toSorted(), `seed ${seed}, ${events.length} events`).toEqual(expected.toSorted());
  expect(hashOf(found)).toBe(hashOf(expected));
  if (index % 10 !== 0) return;
  const proof = await verifyWorkspace(on.database, providers as never, shuffled.workspace);
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
