/**
 * The loop: drains what is pending, releases what is due, sleeps until somebody wakes it. LISTEN/NOTIFY wakes at once; a
 * poll of one second is the net below it, because a notification can be lost with its connection. Asking a provider has
 * a loop of its own, because its answers may take long and nothing else is to wait for them; so has the schedule.
 */
import type { PoolClient } from 'pg';
import { askNext, type Asking } from '../pipeline/ask.ts';
import type { Clockwork } from '../pipeline/clockwork.ts';
import { processNext } from '../pipeline/process.ts';
import { releaseNext } from '../pipeline/release.ts';
import type { Translators } from '../pipeline/translate.ts';
import { LOOK_EVERY_MS, watchAll } from '../pipeline/watch.ts';
import { createSchedule, type Chore } from './schedule.ts';

const POLL_MS = 1000;

/** How long a stop waits for answers under way. */
const ASKED_WITHIN_MS = 2_000;

export type Worker = {
  /** When it last went round without an error, milliseconds UTC; readiness looks at it. */
  lastRound(): number;
  /** Finishes the batch at hand, then stops. */
  stop(): Promise<void>;
};

/** Starts the loops in this process; any number of processes may run them against the same database. */
export function startWorker(
  work: Clockwork,
  translators: Translators,
  asking: Asking | null = null,
  chores: readonly Chore[] = [],
): Worker {
  const look = looksAtPartners(work);
  const ledger = startLoop(work, async () => {
    const done = (await processNext(work, translators)) + (await releaseNext(work));
    await look();
    return done;
  });
  const asker = asking === null ? null : startLoop(work, () => askNext(work, asking));
  const schedule = chores.length === 0 ? null : startLoop(work, createSchedule(work, chores));
  const ear = listen(work, () => ledger.wake());
  return {
    lastRound: () => ledger.lastRound(),
    async stop() {
      const patient = [asker, schedule].map((loop) => loop && atMost(ASKED_WITHIN_MS, loop.stop()));
      await Promise.all([ledger.stop(), ...patient]);
      await ear.close();
    },
  };
}

/** Looks when a minute has passed since the last look; what it finds keeps nobody from sleeping. */
function looksAtPartners(work: Clockwork): () => Promise<void> {
  let last = 0;
  return async () => {
    if (work.now() < last + LOOK_EVERY_MS) return;
    last = work.now();
    await watchAll(work);
  };
}

/** An answer under way may be left behind: its lease ends, and somebody asks again. */
async function atMost(milliseconds: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([done, late]);
  clearTimeout(timer);
}

type Loop = Worker & { wake(): void };

type State = { stopping: boolean; lastRound: number; wake: () => void };

/** Goes round as long as `step` finds something to do; then sleeps until it is woken, a second at most. */
function startLoop(work: Clockwork, step: () => Promise<number>): Loop {
  const state: State = { stopping: false, lastRound: work.now(), wake: (): void => {} };
  const done = run(work, step, state);
  return {
    lastRound: () => state.lastRound,
    wake: () => state.wake(),
    async stop() {
      state.stopping = true;
      state.wake();
      await done;
    },
  };
}

/** Whether the loop is stopping is asked afresh each time: somebody else sets it. */
const isStopping = (state: State): boolean => state.stopping;

async function run(work: Clockwork, step: () => Promise<number>, state: State): Promise<void> {
  while (!isStopping(state)) {
    const busy = await round(work, step, state);
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

async function round(work: Clockwork, step: () => Promise<number>, state: State): Promise<boolean> {
  try {
    const taken = await step();
    state.lastRound = work.now();
    return taken > 0;
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
