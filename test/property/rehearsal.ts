/** One random history played twice: in time order one by one, and shuffled, doubled, in batches, by several workers. */
import { expect } from 'vitest';
import { runBatch } from '../../src/pipeline/batch.ts';
import { processNext } from '../../src/pipeline/process.ts';
import { translateStored } from '../../src/pipeline/translate.ts';
import { hashOf, standingLines, verifyWorkspace } from '../../src/pipeline/verify.ts';
import type { SimulatedEvent } from '../../src/simulator/account.ts';
import { randomHistory } from '../../src/simulator/random.ts';
import { createRng } from '../../src/simulator/rng.ts';
import type { TestDatabase } from '../support/server.ts';
import { translators, type Stage } from '../support/stage.ts';
import { randomCalls, type Delivery } from './calls.ts';
import { heardIn, stoodIn, type Occurrences } from './occurrences.ts';
import { prepare, REFERRALS, situationOf, type Situation } from './situation.ts';

export type Prepared = Awaited<ReturnType<typeof prepare>>;

/** An event with the version of the rules it becomes known at. */
type Known = Delivery & { readonly rules: number };

export function ofStripe({ id, type, created, body, object }: SimulatedEvent): Delivery {
  const { livemode } = object as unknown as { livemode: boolean };
  return { source: 'stripe', id, type, livemode, at: created * 1000, body };
}

/** A random history with its calls and its terms; the same for the same seed. */
export function playOf(
  seed: string,
  index: number,
): { readonly situation: Situation; readonly deliveries: readonly Delivery[] } {
  const history = randomHistory(seed, {
    kinds: 'all',
    customers: 2 + (index % 3),
    minEvents: 40,
    referrals: index % 4 === 0 ? ['ref_a1', 'ref_a1', 'ref_b1'] : REFERRALS,
    optOut: { tributary_opt_out: 'true' },
  });
  const situation = situationOf(seed, index, history);
  return { situation, deliveries: [...history.events.map(ofStripe), ...randomCalls(history, REFERRALS, seed)] };
}

/** What happens in the second half of the history becomes known when the rules have changed. */
function withRules(deliveries: readonly Delivery[], { versions }: Prepared): Known[] {
  const times = deliveries.map(({ at }) => at).toSorted((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)] ?? 0;
  return deliveries.map((one) => ({ ...one, rules: one.at < middle ? versions.early : versions.late }));
}

/**
 * When it was heard. A call is its own message: it comes at its moment, however late it is decided, and the newest of
 * two words on a commission counts by it. Stripe's deliveries come when they come.
 */
function receivedAt({ clock }: Stage, { source, at }: Pick<Delivery, 'source' | 'at'>): number {
  return source === 'stripe' ? clock.now : at;
}

/** Decides one event before the next is heard. */
export async function hearOne(stage: Stage, { body, ...event }: Known): Promise<void> {
  const ref = { ...event, received: receivedAt(stage, event) };
  const said = translateStored(translators, ref, '', body);
  const what = 'facts' in said ? { facts: said.facts, ignored: null } : { facts: [], ignored: said.ignored };
  const { workspace } = stage;
  const { livemode, source } = event;
  const item = { ref, ...what, body, attempts: 0, stored: false };
  await runBatch(stage.work, { workspace, livemode, source, items: [item] });
}

/** The oracle: one after another in time order. */
async function sequentialRun(stage: Prepared, deliveries: readonly Delivery[]): Promise<void> {
  for (const one of withRules(deliveries, stage).toSorted((a, b) => a.at - b.at)) await hearOne(stage, one);
  await stage.pass(400);
}

async function storeAll(stage: Stage, all: readonly Known[]): Promise<void> {
  const own = [...new Map(all.map((one) => [`${one.source}\n${one.id}`, one])).values()];
  await stage.ask(
    `WITH kept AS (
       INSERT INTO inbox (workspace_id, source, event_key, type, livemode, state, rules, occurred_at, received_at, run_at)
       SELECT $1, e.source, e.id, e.type, e.livemode, 'pending', e.rules, e.at, e.received, '2020-01-01'
       FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[], $7::timestamptz[], $8::timestamptz[])
         AS e(source, id, type, livemode, rules, at, received)
       ON CONFLICT DO NOTHING RETURNING workspace_id, source, event_key)
     INSERT INTO payloads (workspace_id, source, event_key, body)
     SELECT k.workspace_id, k.source, k.event_key, b.body FROM kept k
     JOIN unnest($2::text[], $3::text[], $9::text[]) AS b(source, id, body) ON b.source = k.source AND b.id = k.event_key`,
    [
      own.map(({ source }) => source),
      own.map(({ id }) => id),
      own.map(({ type }) => type),
      own.map(({ livemode }) => livemode),
      own.map(({ rules }) => rules),
      own.map(({ at }) => new Date(at).toISOString()),
      own.map((one) => new Date(receivedAt(stage, one)).toISOString()),
      own.map(({ body }) => body),
    ],
  );
}

/** They arrive in the shuffled order in random pieces; 1 to 4 workers take random batches meanwhile, and time passes. */
async function shuffledRun(stage: Prepared, given: readonly Delivery[], seed: string): Promise<void> {
  const rng = createRng(`order/${seed}`);
  const { early, late } = stage.versions;
  const deliveries = rng.shuffle(
    withRules(given, stage).flatMap((one) => Array.from({ length: rng.chance(0.2) ? rng.int(2, 4) : 1 }, () => one)),
  );
  const workers = rng.int(1, 4);
  for (let from = 0; from < deliveries.length;) {
    const piece = deliveries.slice(from, from + rng.int(1, 40));
    from += piece.length;
    // An event that is heard at the endpoint becomes known under the rules of now.
    const heard = early === late && rng.chance(0.3) ? piece.filter(({ source }) => source === 'stripe') : [];
    await Promise.all([
      storeAll(
        stage,
        piece.filter((one) => !heard.includes(one)),
      ),
      ...heard.map((one) => stage.hear(one)),
    ]);
    await Promise.all(Array.from({ length: workers }, () => processNext(stage.work, translators, rng.int(1, 30))));
    if (rng.chance(0.2)) await stage.pass(rng.int(1, 40));
  }
  await Promise.all(Array.from({ length: workers }, () => stage.drain()));
  await stage.pass(400);
}

/** What the inbox says of every event. */
async function inboxLines(stage: Stage): Promise<string[]> {
  return (await stage.inbox()).map(({ event_key: id, type, state, reason }) => `${id} ${type}: ${state} ${reason}`);
}

/** Plays run `index` and proves it equal to the oracle; counts what occurred. */
export async function rehearse(on: TestDatabase, base: string, index: number, occurred: Occurrences): Promise<void> {
  const seed = `${base}/${index}`;
  const { situation, deliveries } = playOf(seed, index);
  const words = `PROPERTY_SEED=${base} PROPERTY_ONLY=${index}, ${deliveries.length} events`;
  const oracle = await prepare(on, situation);
  await sequentialRun(oracle, deliveries);
  const shuffled = await prepare(on, situation);
  await shuffledRun(shuffled, deliveries, seed);
  const expected = await standingLines(on.database, oracle.workspace);
  const found = await standingLines(on.database, shuffled.workspace);
  expect(found.toSorted(), words).toEqual(expected.toSorted());
  expect(hashOf(found)).toBe(hashOf(expected));
  expect((await inboxLines(shuffled)).toSorted(), `inbox, ${words}`).toEqual((await inboxLines(oracle)).toSorted());
  expect((await shuffled.inbox()).filter(({ state }) => state === 'pending' || state === 'failed')).toEqual([]);
  const proof = await verifyWorkspace(on.database, translators, shuffled.workspace);
  expect(proof.differences, `verify, ${words}`).toEqual([]);
  occurred.add(heardIn(deliveries));
  occurred.add(await stoodIn(shuffled));
}
