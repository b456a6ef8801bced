/** A stored backlog brought to the posted ledger by a `work` process of its own. */
import type { TestDatabase } from '../support/server.ts';
import { renewal } from './material.ts';
import { spawn } from 'node:child_process';

const CHUNK = 2_000;
const FROM = 1_000_000;

async function storeAll(on: TestDatabase, count: number): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    const events = Array.from({ length: Math.min(CHUNK, count - from) }, (_, index) => renewal(FROM + from + index));
    await on.database.pool.query(
      `WITH given AS (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS g(id, body, created)),
       kept AS (INSERT INTO inbox (workspace_id, source, event_key, type, livemode, state, rules, occurred_at, received_at, run_at)
         SELECT 'default', 'stripe', id, 'invoice.paid', true, 'pending', 1, to_timestamp(created), now(), now() FROM given)
       INSERT INTO payloads (workspace_id, source, event_key, body) SELECT 'default', 'stripe', id, body FROM given`,
      [events.map((event) => event.id), events.map((event) => event.body), events.map((event) => event.created)],
    );
  }
  await on.database.pool.query('ANALYZE inbox');
}

async function left(on: TestDatabase): Promise<number> {
  const { rows } = await on.database.pool.query<{ left: number }>(
    "SELECT count(*)::int AS left FROM inbox WHERE state = 'pending'",
  );
  return rows[0]?.left ?? 0;
}

/** Events per second from the first to the last event taken; the start of the process is not counted. */
export async function backlog(on: TestDatabase, env: Readonly<Record<string, string>>, count: number): Promise<number> {
  await storeAll(on, count);
  const worker = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'work'], {
    cwd: new URL('../../', import.meta.url),
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  try {
    let begin: { at: number; left: number } | null = null;
    for (;;) {
      const now = await left(on);
      if (begin === null && now < count) begin = { at: performance.now(), left: now };
      if (now === 0) return (begin?.left ?? count) / ((performance.now() - (begin?.at ?? 0)) / 1000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    worker.kill('SIGTERM');
    await new Promise((resolve) => worker.once('exit', resolve));
  }
}
