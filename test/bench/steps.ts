/** Where the time of one event goes, and how often it asks the database: counted in this process, one event at a time. */
import type { QueryResultRow } from 'pg';
import pino from 'pino';
import type { Clockwork } from '../../src/pipeline/clockwork.ts';
import { newId } from '../../src/pipeline/ids.ts';
import { receive } from '../../src/pipeline/receive.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { createVault } from '../../src/pipeline/vault.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { signed } from '../../src/simulator/deliver.ts';
import type { Tx } from '../../src/store/tx.ts';
import type { TestDatabase } from '../support/server.ts';
import type { Sample } from './limit.ts';
import { renewal, SECRET } from './material.ts';

type Query = { name?: string; text: string; values?: unknown[] };
type Heard = { readonly query: Query; readonly ms: number };

/** The clockwork over a pool that tells of every query. */
function overheard(on: TestDatabase, heard: Heard[]): Clockwork {
  const of = (workspace: string): Tx => ({
    async query<Row extends QueryResultRow>(query: Query) {
      const begin = performance.now();
      const result = await on.database.of(workspace).query<Row>(query);
      heard.push({ query, ms: performance.now() - begin });
      return result;
    },
  });
  const database = { ...on.database, of };
  const log = pino({ level: 'silent' });
  return { database, rules: rulesCache(on.database), vault: createVault(on.database, log), now: Date.now, newId, log };
}

async function hear(work: Clockwork, index: number): Promise<{ verify: number; rest: number }> {
  const { body } = renewal(index);
  const raw = Buffer.from(body);
  const headers = signed(body, SECRET, Math.floor(Date.now() / 1000));
  const begin = performance.now();
  const event = stripe.verify(raw, headers, [SECRET], Date.now());
  const verify = performance.now() - begin;
  if ('rejected' in event) throw new Error(event.rejected);
  await receive(work, 'default', stripe, event);
  return { verify, rest: performance.now() - begin - verify };
}

const SAMPLES_FROM = 5_000_000;

/** The posting statement of one ordinary event, as it was sent. */
export async function sampleEvent(on: TestDatabase): Promise<Sample> {
  const heard: Heard[] = [];
  await hear(overheard(on, heard), SAMPLES_FROM);
  const posted = heard.find(({ query }) => query.name?.startsWith('post_'));
  if (!posted) throw new Error('no posting statement was heard');
  const { id } = renewal(SAMPLES_FROM);
  return {
    text: posted.query.text,
    values: posted.query.values ?? [],
    event: id,
    customer: `cus_${SAMPLES_FROM % 10_000}`,
  };
}

const mean = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0) / all.length;

/** Prints round trips and the time of each step. */
export async function steps(on: TestDatabase): Promise<void> {
  const heard: Heard[] = [];
  const work = overheard(on, heard);
  for (let index = 1; index <= 500; index += 1) await hear(work, SAMPLES_FROM + index);
  heard.length = 0;
  const told = [];
  for (let index = 501; index <= 1500; index += 1) told.push(await hear(work, SAMPLES_FROM + index));
  const trips = (name: string): number[] =>
    heard.filter(({ query }) => query.name?.startsWith(name)).map(({ ms }) => ms);
  const us = (ms: number): string => `${(ms * 1000).toFixed(0)} µs`;
  const load = mean(trips('load'));
  const post = mean(trips('post_'));
  const rest = mean(told.map((one) => one.rest));
  console.log(
    `Database round trips per event: ${(heard.length / told.length).toFixed(2)} (load ${us(load)}, post with commit ${us(post)}, one at a time)`,
  );
  console.log(
    `Verify with parse ${us(mean(told.map((one) => one.verify)))}; translate, merge, decide, draft ${us(rest - load - post)}`,
  );
}
