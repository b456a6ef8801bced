/** The worker's ear: a connection that hears of new work is lost again and again, and the pool loses nothing by it. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allTranslators } from '../../src/compose.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { storePending } from '../../src/store/inbox.ts';
import { startWorker } from '../../src/work/loop.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { history, inboxStates, prepare, WORKSPACE } from './scene.ts';

const TIMES = 4;

let on: TestDatabase;
let small: Database;
beforeAll(async () => {
  on = await createDatabase({ applicationName: 'watcher' });
  small = await openDatabase({ url: on.url, poolSize: 2 });
});
afterAll(async () => {
  await small.close();
  await on.drop();
});

const cut: number[] = [];

/** Terminates the connection that listens, once there is a new one. */
async function cutEar(): Promise<void> {
  for (;;) {
    const { rows } = await on.database.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity, pg_terminate_backend(pid)
       WHERE datname = current_database() AND application_name = 'tributary' AND query LIKE 'LISTEN%'
         AND state = 'idle' AND pid <> ALL ($1)`,
      [cut],
    );
    cut.push(...rows.map(({ pid }) => pid));
    if (rows.length > 0) return;
    await wait(20);
  }
}

test(`after ${TIMES} lost ears on a pool of 2 the worker still hears`, { timeout: 60_000 }, async () => {
  const stage = await prepare(on);
  const worker = startWorker(
    { ...stage.work, database: small, rules: rulesCache(small), now: Date.now },
    allTranslators(),
  );
  for (let times = 0; times < TIMES; times += 1) await cutEar();
  const [event] = history('listen', 40);
  if (!event) throw new Error('an empty history');
  const { id, type, created, body } = event;
  const moment = { at: created * 1000, received: Date.now() };
  await storePending(
    on.database.pool,
    { workspace: WORKSPACE, source: 'stripe', id, type, livemode: true, body, ...moment },
    null,
    moment.received,
  );
  while ((await inboxStates(stage))['pending']) await wait(20);
  await worker.stop();
  expect(small.pool.totalCount).toBeLessThanOrEqual(2);
});
