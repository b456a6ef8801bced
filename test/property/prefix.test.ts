/**
 * Every prefix: events in random order, heard one by one through the pipeline, and after each of them what stands equals
 * what deciding all events so far from nothing gives, line by line and balance by balance. After steps of time too.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createRng } from '../../src/simulator/rng.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { translators } from '../support/stage.ts';
import { hearOne, playOf } from './rehearsal.ts';
import { prepare } from './situation.ts';

const RUNS = Number(process.env['PREFIX_RUNS'] ?? 20);
const SEED = process.env['PREFIX_SEED'] ?? String(Math.floor(Math.random() * 1e9));
const ONLY = process.env['PREFIX_ONLY'];

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase({ poolSize: 4 });
});
afterAll(() => on.drop());

async function run(index: number): Promise<number> {
  const seed = `prefix/${SEED}/${index}`;
  const rng = createRng(seed);
  const { situation, deliveries } = playOf(seed, index);
  const stage = await prepare(on, situation);
  let prefixes = 0;
  const proven = async (what: string): Promise<void> => {
    prefixes += 1;
    const { differences, events } = await verifyWorkspace(on.database, translators, stage.workspace);
    expect(differences, `PREFIX_SEED=${SEED} PREFIX_ONLY=${index}, ${what}, ${events} events`).toEqual([]);
  };
  for (const [heard, delivery] of rng.shuffle(deliveries).entries()) {
    await hearOne(stage, { ...delivery, rules: stage.versions.late });
    await proven(`event ${heard}, ${delivery.id} ${delivery.type}`);
    if (!rng.chance(0.1)) continue;
    await stage.pass(rng.pick([0.01, 1, 20]));
    await proven(`time passed after event ${heard}`);
  }
  await stage.pass(400);
  await proven('the end');
  return prefixes;
}

test(
  `after each event the ledger is what the events so far demand (${RUNS} histories, seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    let prefixes = 0;
    for (let index = 0; index < RUNS; index += 1)
      if (ONLY === undefined || index === Number(ONLY)) prefixes += await run(index);
    console.log(`PREFIX_SEED=${SEED}: ${prefixes} prefixes of ${RUNS} histories`);
  },
);
