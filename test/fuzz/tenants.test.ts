/**
 * Nothing of one workspace is read or changed with the keys of another, whatever is asked for: first as the service is,
 * then with the workspace taken out of every condition of every query, so that only row-level security stands between
 * them. That the same calls do leak without it shows that the test can fail.
 */
import type { QueryResult, QueryResultRow } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createRng } from '../../src/simulator/rng.ts';
import type { Tx } from '../../src/store/tx.ts';
import { families } from '../../src/surfaces/index.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { translators } from '../support/stage.ts';
import { openSite, type Answer, type Site } from '../web/site.ts';
import { exampleCall, prepareExamples, type Template } from './tenant-calls.ts';
import { FOREIGN, holdings, idsOf, openTenant, randomCall, settleIn, targets } from './tenants.ts';

const CALLS = Number(process.env['TENANT_CALLS'] ?? 5_000);
const SEED = process.env['TENANT_SEED'] ?? String(Math.floor(Math.random() * 1e9));
const AT_ONCE = 8;

let on: TestDatabase;
let left: Site;
let right: Site;
/** Of the left one: its keys by family, and calls that succeed with them. */
let keys: ReadonlyMap<string, string>;
let templates: readonly Template[];

beforeAll(async () => {
  on = await createDatabase({ poolSize: 8 });
  left = await openTenant(on, 'left');
  right = await openTenant(on, 'right');
  await settleIn(left, 'left', 99);
  await settleIn(right, 'zzright', 7777.77);
  // What only the other has: its ids are asked for, its words must not be told.
  for (const site of [right]) {
    await site.post('/v1/affiliates', { name: 'zzright Only', email: 'only@zzright.example', tracking_id: 'only' });
    await site.post('/v1/conversions', { referral_id: 'ref_1', sale_amount: 7777.77, external_event_id: 'only_1' });
  }
  keys = await keysOf(left, 'left');
  const theirs = await keysOf(right, 'right');
  templates = await prepareExamples(left, 'left', (family, own) => keys.get(own ? 'affiliate' : family) ?? null);
  await prepareExamples(right, 'zzright', (family, own) => theirs.get(own ? 'affiliate' : family) ?? null);
}, 60_000);

afterAll(async () => {
  await left.close();
  await right.close();
  await on.drop();
});

/** A key of each family, and an affiliate's own where the family has such. */
async function keysOf(site: Site, workspace: string): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  for (const family of families) made.set(family.name, (await site.keyFor(true, ['*'], workspace, family)).key);
  const own = { name: 'own', family: 'affixo', affiliate_id: 'jane', scopes: [] };
  const { body } = await site.post('/v1/keys', own);
  made.set('affiliate', String(body.data['key']));
  return made;
}

type Seen = {
  readonly answered: ReadonlyMap<number, number>;
  /** Calls to write that were not refused. */
  readonly written: number;
  readonly leaks: string[];
};

/** Random calls with the left one's keys. Ends early at the first leak, if asked to. */
async function play(site: Site, calls: number, seed: string, untilLeak = false): Promise<Seen> {
  const rng = createRng(seed);
  const ids = (await idsOf(on)).filter((id) => !FOREIGN.test(id));
  const answered = new Map<number, number>();
  const leaks: string[] = [];
  let [next, written] = [0, 0];
  const caller = async (): Promise<void> => {
    while (next < calls && !(untilLeak && leaks.length > 0)) {
      const index = next;
      next += 1;
      const { method, path, body, family, affiliate } = rng.chance(0.5)
        ? exampleCall(rng, ids, templates, 'left')
        : randomCall(rng, ids);
      const key = keys.get(affiliate ? 'affiliate' : family) ?? null;
      const answer: Answer = await site.send(method, path, body, { key });
      answered.set(answer.status, (answered.get(answer.status) ?? 0) + 1);
      if (method !== 'GET' && answer.status < 300) written += 1;
      const said = `${answer.text} ${JSON.stringify([...answer.headers])}`;
      if (FOREIGN.test(said)) leaks.push(`${index} ${method} ${path} ${body}: ${answer.text.slice(0, 300)}`);
      if (answer.status >= 500 && !untilLeak) leaks.push(`${index} ${method} ${path} ${body}: ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return { answered, written, leaks };
}

/** Every statement without its conditions on the workspace. Not named: it is another statement now. */
function forgetful(tx: Tx): Tx {
  return {
    query<Row extends QueryResultRow>({
      text,
      values,
    }: {
      text: string;
      values?: unknown[];
    }): Promise<QueryResult<Row>> {
      const open = text.replaceAll(/(?<!\bSET )(?:\b\w+\.)?\bworkspace_id = \$1(?!\d)/g, '($1::text IS NOT NULL)');
      return tx.query<Row>({ text: open, ...(values ? { values } : {}) });
    },
  };
}

const openWith = (of: (workspace: string) => Tx): Promise<Site> => {
  const database = { ...on.database, of };
  return openSite(on, { workspace: 'left', work: { ...left.work, database } });
};

test(`${CALLS} random calls with one's key read and change nothing of the other (seed ${SEED})`, async () => {
  const before = await holdings(on, 'right');
  const { answered, written, leaks } = await play(left, CALLS, SEED);
  expect(leaks).toEqual([]);
  expect(await holdings(on, 'right')).toEqual(before);
  // The calls were no mere refusals: things were found, made and ruled.
  expect((answered.get(200) ?? 0) + (answered.get(201) ?? 0)).toBeGreaterThan(CALLS / 3);
  expect(written).toBeGreaterThan(CALLS * 0.15);
  expect(targets.length).toBeGreaterThan(50);
  const proof = await verifyWorkspace(on.database, translators, 'left');
  expect(proof.equal).toBe(true);
}, 180_000);

test(`the same with the workspace taken out of every query: row-level security lets nothing through (seed ${SEED})`, async () => {
  const before = await holdings(on, 'right');
  const site = await openWith((workspace) => forgetful(on.database.of(workspace)));
  const { leaks } = await play(site, Math.ceil(CALLS / 5), SEED);
  await site.close();
  expect(leaks).toEqual([]);
  expect(await holdings(on, 'right')).toEqual(before);
}, 90_000);

test(`and without it those queries do leak, so that this can fail (seed ${SEED})`, async () => {
  const site = await openWith(() => forgetful(on.database.pool));
  const { leaks } = await play(site, CALLS, SEED, true);
  await site.close();
  expect(leaks.length).toBeGreaterThan(0);
}, 90_000);
