/**
 * The nemesis: kills the service and cuts its database connections at random moments under load, and starts it again
 * each time. Moments are chosen by progress and not by the clock, so that a slow machine has as many of them.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Rng } from '../../src/simulator/rng.ts';
import type { Tx } from '../../src/store/tx.ts';
import { tributary, type Child, type Ended } from '../commands/child.ts';

export type Suffered = {
  /** Processes that ended by SIGKILL. */
  kills: number;
  /** Moments at which backends were terminated, and how many they were. */
  terminations: number;
  backends: number;
  /** Processes that ended by themselves, for instance because a backend was terminated while they started. */
  fell: string[];
  /** Milliseconds from a start to the service being up. */
  starts: number[];
  /** Lines of the service's log: another writer was first, by code. */
  conflicts: Record<string, number>;
};

export type Nemesis = {
  readonly suffered: Suffered;
  /** To be told after each delivery. */
  onProgress(done: number): void;
  /** Waits until every wound planned was dealt, then stops the service kindly and tells how it ended. */
  finish(): Promise<Ended>;
  /** Ends whatever still runs. */
  abandon(): void;
};

export type NemesisOptions = {
  readonly rng: Rng;
  readonly deliveries: number;
  readonly kills: number;
  readonly terminations: number;
  readonly env: Readonly<Record<string, string>>;
  /** An administrator's connection to the service's database. */
  readonly admin: Tx;
};

/** Starts the service and begins. Returns once it is up. */
export async function unleash(options: NemesisOptions): Promise<Nemesis> {
  const { rng } = options;
  const suffered: Suffered = {
    kills: 0,
    terminations: 0,
    backends: 0,
    fell: [],
    starts: [],
    conflicts: {},
  };
  const ward = supervise(options.env, suffered);
  await ward.up();
  const killAt = moments(rng, options.deliveries, options.kills);
  const terminateAt = moments(rng, options.deliveries, options.terminations);
  let killing = Promise.resolve();
  let terminating = Promise.resolve();
  return {
    suffered,
    onProgress(done) {
      for (; killAt[0] !== undefined && killAt[0] <= done; killAt.shift())
        killing = killing.then(() => kill(ward, rng, suffered));
      for (; terminateAt[0] !== undefined && terminateAt[0] <= done; terminateAt.shift())
        terminating = terminating.then(() => terminate(options.admin, rng, suffered));
    },
    async finish() {
      await Promise.all([killing, terminating]);
      await ward.up();
      return ward.stop('SIGTERM');
    },
    abandon: () => void ward.stop('SIGKILL'),
  };
}

/** Sorted places between 1 % and 95 % of the way. */
function moments(rng: Rng, deliveries: number, count: number): number[] {
  const from = Math.ceil(deliveries * 0.01);
  return Array.from({ length: count }, () => rng.int(from, Math.floor(deliveries * 0.95))).toSorted((a, b) => a - b);
}

type Ward = {
  up(): Promise<void>;
  kill(): Promise<void>;
  stop(signal: NodeJS.Signals): Promise<Ended>;
};

/** Keeps one service running: whenever it ends, it is started again, as a supervisor would. */
function supervise(env: Readonly<Record<string, string>>, suffered: Suffered): Ward {
  const own: { child: Child; stopping: boolean } = { child: begin(env, suffered), stopping: false };
  const watch = async (): Promise<void> => {
    while (!own.stopping) {
      const { signal } = await own.child.ended;
      countConflicts(own.child.stderr(), suffered);
      if (own.stopping) return;
      if (signal !== 'SIGKILL') suffered.fell.push(own.child.stderr().split('\n').slice(-3).join(' '));
      own.child = begin(env, suffered);
    }
  };
  void watch();
  return {
    async up() {
      while (!(await isUp(own.child)));
    },
    async kill() {
      const { child } = own;
      child.kill('SIGKILL');
      const { signal } = await child.ended;
      if (signal === 'SIGKILL') suffered.kills += 1;
    },
    async stop(signal) {
      own.stopping = true;
      own.child.kill(signal);
      return own.child.ended;
    },
  };
}

function begin(env: Readonly<Record<string, string>>, suffered: Suffered): Child {
  const since = performance.now();
  const child = tributary(['start'], env);
  void isUp(child).then((up) => (up ? suffered.starts.push(performance.now() - since) : 0));
  return child;
}

const isUp = (child: Child): Promise<boolean> =>
  child.says(/is running/).then(
    () => true,
    () => false,
  );

function countConflicts(log: string, { conflicts }: Suffered): void {
  for (const [, code = ''] of log.matchAll(/"code":"(\w{5})","msg":"another writer was first/g))
    conflicts[code] = (conflicts[code] ?? 0) + 1;
}

/** Most kills hit a service at work, some one that is just starting. */
async function kill(ward: Ward, rng: Rng, suffered: Suffered): Promise<void> {
  const before = suffered.kills;
  while (suffered.kills === before) {
    if (rng.chance(0.85)) await ward.up();
    await wait(rng.int(0, 250));
    await ward.kill();
  }
}

/** One to three random connections of the service; waits for some when it is just starting. */
async function terminate(admin: Tx, rng: Rng, suffered: Suffered): Promise<void> {
  for (;;) {
    const { rowCount } = await admin.query({
      text: `SELECT pg_terminate_backend(pid) FROM (
          SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tributary'
          ORDER BY random() LIMIT $1) AS chosen`,
      values: [rng.int(1, 3)],
    });
    suffered.backends += rowCount ?? 0;
    if (rowCount) break;
    await wait(20);
  }
  suffered.terminations += 1;
}
