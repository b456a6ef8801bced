/**
 * The one loop: drains what is pending, releases what is due, sleeps until somebody wakes it. LISTEN/NOTIFY wakes at
 * once; a poll of one second is the net below it, because a notification can be lost with its connection.
 */
import type { PoolClient } from 'pg';
import type { Clockwork } from '../pipeline/clockwork.ts';
import { processNext } from '../pipeline/process.ts';
import { releaseNext } from '../pipeline/release.ts';
import type { Translators } from '../pipeline/translate.ts';

const POLL_MS = 1000;

export type Worker = {
  /** When it last went round without an error, milliseconds UTC; readiness looks at it. */
  lastRound(): number;
  /** Finishes the batch at hand, then stops. */
  stop(): Promise<void>;
};

/** Starts the loop in this process; any number of processes may run one against the same database. */
export function startWorker(work: Clockwork, translators: Translators): Worker {
  const state = { stopping: false, lastRound: work.now(), wake: (): void => {} };
  const ear = listen(work, () => state.wake());
  const done = run(work, translators, state);
  return {
    lastRound: () => state.lastRound,
    async stop() {
      state.stopping = true;
      state.wake();
      await done;
      await ear.close();
    },
  };
}

type State = { stopping: boolean; lastRound: number; wake: () => void };

/** Whether the loop is stopping is asked afresh each time: somebody else sets it. */
const isStopping = (state: State): boolean => state.stopping;

async function run(work: Clockwork, translators: Translators, state: State): Promise<void> {
  while (!isStopping(state)) {
    const busy = await round(work, translators, state);
    if (busy || isStopping(state)) continue;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      state.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function round(work: Clockwork, translators: Translators, state: State): Promise<boolean> {
  try {
    const taken = await processNext(work, translators);
    const released = await releaseNext(work);
    state.lastRound = work.now();
    return taken + released > 0;
  } catch (error) {
    work.log.error(
      { reason: error instanceof Error ? error.message : String(error) },
      'the worker could not go on; it tries again in a second',
    );
    return false;
  }
}

/**
 * One connection that hears of new work. When it is lost, the poll goes on and it is opened again. A lost connection is
 * given back to the pool too: the pool counts it as in use until then, and would run out of connections.
 */
function listen(work: Clockwork, onWork: () => void): { close(): Promise<void> } {
  const own: { client: PoolClient | null; closed: boolean; timer: NodeJS.Timeout | null } = {
    client: null,
    closed: false,
    timer: null,
  };
  const lose = (client: PoolClient): void => {
    if (own.client !== client) return;
    own.client = null;
    client.release(true);
    if (!own.closed) own.timer = setTimeout(() => void open(), POLL_MS);
  };
  const open = async (): Promise<void> => {
    const client = await work.database.pool.connect().catch(() => null);
    if (!client) {
      if (!own.closed) own.timer = setTimeout(() => void open(), POLL_MS);
      return;
    }
    own.client = client;
    client.on('notification', onWork);
    client.on('end', () => lose(client));
    if (own.closed) return lose(client);
    await client.query('LISTEN tributary_work').catch(() => lose(client));
  };
  void open();
  return {
    async close() {
      own.closed = true;
      if (own.timer) clearTimeout(own.timer);
      if (own.client) lose(own.client);
      await Promise.resolve();
    },
  };
}
