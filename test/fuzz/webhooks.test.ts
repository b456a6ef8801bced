/**
 * Damaged events with a right signature: nothing a sender writes ends in a 5xx, in a worker that does not come back or
 * in an event of which nobody knows what became of it, and the ledger still follows from the journal.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { EVENT_TYPES } from '../../src/providers/stripe/events.ts';
import { createRng } from '../../src/simulator/rng.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, fixed, terms, translators, type Stage } from '../support/stage.ts';
import { furnish, openSite, type Answer, type Site } from '../web/site.ts';
import { corpusOf, FAMILIES, type Told } from './corpus.ts';
import { mutated } from './mutate.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 10_000);
const SEED = process.env['FUZZ_SEED'] ?? String(Math.floor(Math.random() * 1e9));

/** Begins at this one: a failure is found again faster within its own corpus of events. */
const FROM = Number(process.env['FUZZ_FROM'] ?? 0);

/** Events of one corpus: its ids are swapped among themselves, so that payments grow, but not without end. */
const PER_CORPUS = 250;
const AT_ONCE = 12;

let on: TestDatabase;
let site: Site;
let second: Stage;
const surprises: unknown[] = [];
const surprised = (reason: unknown): number => surprises.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', surprised);
  on = await createDatabase({ poolSize: 8 });
  site = await openSite(on);
  await furnish(site.stage);
  second = await createStage(on, { workspace: 'second' });
  await furnish(second, 'other_');
  await second.incentive('inc_first', fixed(700n, { applyTo: 'first', priority: 2 }));
  await second.incentive(
    'inc_capped',
    terms('20', { maxAmount: 9_000n, maxPayments: 4, priority: 1, holdPeriodDays: 3 }),
  );
});

afterAll(async () => {
  process.off('unhandledRejection', surprised);
  await site.close();
  await on.drop();
});

type Shot = { readonly name: string; readonly path: string; readonly body: string };

function idsIn(told: readonly Told[]): string[] {
  const found = told.flatMap(
    ({ body }) => body.match(/"(?:in|pi|ch|cs|re|cn|du|dp|cus|sub|price|promo|il)_[A-Za-z0-9_]+"/g) ?? [],
  );
  return [...new Set(found.map((text) => text.slice(1, -1)))];
}

const LISTENED = new Set<string>(EVENT_TYPES);
const isTranslated = (type: string): boolean => LISTENED.has(type) || type.startsWith('customer.subscription.');

/** Shot `index` in a corpus of its own group; the same for the same seed. */
function* shots(): Generator<Shot> {
  for (let from = FROM; from < RUNS; from += PER_CORPUS) {
    const seed = `${SEED}/${from}`;
    const rng = createRng(`fuzz/${seed}`);
    const group = from / PER_CORPUS;
    const across = group % 2 === 1;
    const family = FAMILIES[group % FAMILIES.length] ?? 'basil';
    const told = corpusOf(seed, family, across ? ['other_ref_1'] : ['ref_1', null]);
    const ids = idsIn(told);
    const types = [...new Set(told.map(({ type }) => type))].filter(isTranslated);
    for (let index = 0; index < PER_CORPUS && from + index < RUNS; index += 1) {
      // Some as they are, so that the damaged ones meet payments that exist.
      const whole = index % 4 === 0;
      const wanted = whole || rng.chance(0.5) ? null : rng.pick(types);
      const base = rng.pick(wanted === null ? told : told.filter(({ type }) => type === wanted));
      const body = whole ? base.body : mutated(rng, base.body, `evt_${from + index}`, ids);
      yield {
        name: `${seed}#${index} ${base.type}`,
        path: across ? '/webhooks/stripe/second' : '/webhooks/stripe',
        body,
      };
    }
  }
}

/** Every answer is a 200 or a refusal in JSON. */
function wrongIn({ status, body }: Answer): string | null {
  if (status === 200) return body?.['received'] === true ? null : 'a 200 that says nothing';
  if (status >= 400 && status < 500) return typeof body?.error?.code === 'string' ? null : 'a refusal without a code';
  return `status ${status}`;
}

async function fire(outcomes: Map<string, number>): Promise<string[]> {
  const wrong: string[] = [];
  const all = shots();
  const shooter = async (): Promise<void> => {
    for (const { name, path, body } of all) {
      const answer = await site.deliver(body, path);
      const said =
        answer.status === 200 ? String(answer.body['outcome']) : `${answer.status} ${answer.body?.error?.code}`;
      outcomes.set(said, (outcomes.get(said) ?? 0) + 1);
      const problem = wrongIn(answer);
      if (problem !== null) wrong.push(`${name}: ${problem}: ${answer.text.slice(0, 200)} ${body.slice(0, 3_000)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shooter));
  return wrong;
}

/** Workers come round until nothing is left to try. */
async function settleAll(): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await site.stage.pass(1 / 12);
    const { rows } = await on.database.pool.query<{ left: number }>(
      "SELECT count(*)::int AS left FROM inbox WHERE state = 'pending'",
    );
    if (rows[0]?.left === 0) break;
  }
  await site.stage.pass(60);
}

/** Commissions that no terms of this test allow. */
async function impossible(): Promise<string[]> {
  const { rows } = await on.database.pool.query<{ line: string }>(
    `SELECT format('%s: base %s, earned %s, reversed %s', commission_id, base, earned, reversed) AS line FROM commissions
     WHERE earned < 0 OR base < 0 OR earned > base OR reversed < 0 OR reversed > earned
     UNION ALL SELECT format('%s: amount %s, base %s, refunded %s', conversion_id, amount, base, refunded) FROM conversions
     WHERE status <> 'void' AND kind = 'sale' AND (amount < 0 OR refunded < 0 OR refunded > amount)`,
  );
  return rows.map(({ line }) => line);
}

test(`${RUNS} damaged events, signed (seed ${SEED})`, { timeout: 600_000 }, async () => {
  const outcomes = new Map<string, number>();
  const begun = performance.now();
  const wrong = await fire(outcomes);
  const fired = performance.now();
  expect(wrong.slice(0, 5), `FUZZ_SEED=${SEED}`).toEqual([]);
  await settleAll();
  console.log(`fired in ${Math.round(fired - begun)} ms, settled in ${Math.round(performance.now() - fired)} ms`);
  const { rows } = await on.database.pool.query<{ state: string; reason: string | null; count: number }>(
    `SELECT state, left(reason, 60) AS reason, count(*)::int AS count FROM inbox GROUP BY 1, 2 ORDER BY 3 DESC`,
  );
  console.log([`FUZZ_SEED=${SEED}`, ...[...outcomes].map(([said, count]) => `${count} ${said}`)].join('\n'));
  console.log(
    rows
      .slice(0, 60)
      .map(({ state, reason, count }) => `${count} ${state} ${reason ?? ''}`)
      .join('\n'),
  );
  expect(rows.filter(({ state }) => state === 'pending')).toEqual([]);
  expect(rows.filter(({ state, reason }) => state !== 'done' && !reason)).toEqual([]);
  expect(await impossible(), `FUZZ_SEED=${SEED}`).toEqual([]);
  for (const workspace of ['default', 'second']) {
    const proof = await verifyWorkspace(on.database, translators, workspace);
    expect(proof.differences.slice(0, 20), `${workspace}, FUZZ_SEED=${SEED}`).toEqual([]);
  }
  expect(surprises).toEqual([]);
});

test('every type that is translated is among them', () => {
  for (const family of FAMILIES) {
    const types = new Set(corpusOf('types', family, ['ref_1']).map(({ type }) => type));
    expect(EVENT_TYPES.filter((type) => !types.has(type))).toEqual(family === 'basil' ? [] : ['invoice_payment.paid']);
  }
});
