/**
 * Rate limits per key. Each process sets points of a window aside in the database, a few at a time and more the more
 * calls come, and spends them without asking: a call in a busy window costs no round trip.
 *
 * The guarantee, with any number of processes: never more calls than the window has. And no call is refused before at
 * least two thirds of the window were spent, less a call for each process: what a process holds unspent is at most half
 * of what it has spent, and never more than a fifth of the window. A single process gives out the whole window.
 *
 * Who calls without a key is counted by address, by each process for itself and in memory alone. There are as many
 * addresses as somebody likes to have, so no more are remembered than a number of them: who comes with more has their
 * windows begun anew, and keys have theirs apart from them.
 */
import { setImmediate as others } from 'node:timers/promises';
import type { Caller } from '../core/desk.ts';
import type { RateWindow } from '../core/families.ts';
import { createCounter, type Counter } from '../store/limits.ts';
import type { Database } from '../store/database.ts';
import { createGenerations, type Generations } from './generations.ts';

/** What a caller is told of the limits: of the window that refused, else of the longest. */
export type Allowance = {
  readonly allowed: boolean;
  /** Calls in the window. */
  readonly limit: number;
  /** Calls that are left to the caller, as far as this process knows. */
  readonly remaining: number;
  /** Milliseconds UTC. */
  readonly resetsAt: number;
};

export type RateLimits = {
  /** Spends one call of a key in each window; null: there are no windows. */
  spend(caller: Caller, windows: readonly RateWindow[]): Promise<Allowance | null>;
  /** How many windows of keys and of addresses are in memory. */
  remembered(): { readonly keys: number; readonly addresses: number };
};

/** A process's part of one window of one key. */
type Share = {
  readonly window: RateWindow;
  held: number;
  spent: number;
  /** What is left in the database, for everybody. */
  left: number;
  endsAt: number;
  waiting: number;
  setting: Promise<void> | null;
};

/** Addresses that are remembered of each length of windows, in each of two generations. */
const MOST_ADDRESSES = 20_000;

export function createRateLimits(database: Pick<Database, 'of'>, now: () => number): RateLimits {
  const counters = new Map<string, Counter>();
  const counterOf = (window: RateWindow): Counter => {
    const name = `${window.points}/${window.seconds}`;
    const counter = counters.get(name) ?? createCounter(database.of, window);
    counters.set(name, counter);
    return counter;
  };
  // Of keys there are no more than were made, and what is set aside for one must not be lost to strangers.
  const keys = sharesBySpan(Infinity, now);
  const addresses = sharesBySpan(MOST_ADDRESSES, now);
  const shareOf = ({ workspace, keyId, keyless }: Caller, window: RateWindow): Share => {
    const shares = (keyless ? addresses : keys).of(window.seconds);
    const name = `${workspace}/${keyId}`;
    const known = shares.get(name);
    if (known && (known.endsAt > now() || known.setting !== null)) return known;
    const share = keyless ? ownShare(window, now()) : newShare(window);
    shares.set(name, share);
    return share;
  };
  return {
    async spend(caller, windows) {
      for (;;) {
        const all = windows.map((window) => shareOf(caller, window));
        const used = all.find((share) => share.held === 0 && share.left === 0 && share.setting === null);
        if (used) return allowanceOf(used, false);
        const empty = all.filter(({ held }) => held === 0);
        if (empty.length === 0) return spendOne(all);
        await Promise.all(empty.map((share) => fill(share, caller, counterOf(share.window), now)));
      }
    },
    remembered: () => ({ keys: keys.size(), addresses: addresses.size() }),
  };
}

type Shares = { of(seconds: number): Generations<Share>; size(): number };

/** A generation is at least so long, so that no share is forgotten while the database is asked for it. */
const LEAST_SPAN_MS = 60_000;

/** The shares of windows that are equally long, so that a generation is never shorter than a window in it. */
function sharesBySpan(most: number, now: () => number): Shares {
  const bySpan = new Map<number, Generations<Share>>();
  return {
    of(seconds) {
      const span = Math.max(seconds * 1000, LEAST_SPAN_MS);
      const known = bySpan.get(seconds) ?? createGenerations<Share>(span, most, now);
      bySpan.set(seconds, known);
      return known;
    },
    size: () => [...bySpan.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

function newShare(window: RateWindow): Share {
  return { window, held: 0, spent: 0, left: window.points, endsAt: Infinity, waiting: 0, setting: null };
}

/** All of a window: nobody else counts it. */
function ownShare(window: RateWindow, at: number): Share {
  return { ...newShare(window), held: window.points, left: 0, endsAt: at + window.seconds * 1000 };
}

function spendOne(shares: readonly Share[]): Allowance | null {
  for (const share of shares) {
    share.held -= 1;
    share.spent += 1;
  }
  const [longest] = shares.toSorted((a, b) => b.window.seconds - a.window.seconds);
  return longest ? allowanceOf(longest, true) : null;
}

function allowanceOf({ window, held, left, endsAt }: Share, allowed: boolean): Allowance {
  return { allowed, limit: window.points, remaining: allowed ? held + left : 0, resetsAt: endsAt };
}

/** Sets aside what is missing; whoever comes meanwhile waits for the same answer. */
async function fill(share: Share, caller: Caller, counter: Counter, now: () => number): Promise<void> {
  share.waiting += 1;
  try {
    share.setting ??= setAside(share, caller, counter, now).finally(() => (share.setting = null));
    await share.setting;
  } finally {
    share.waiting -= 1;
  }
}

async function setAside(share: Share, caller: Caller, counter: Counter, now: () => number): Promise<void> {
  // Whoever came in the same moment is counted in, so that they need one question together.
  await others();
  const { points, seconds } = share.window;
  const wanted = Math.min(
    points,
    Math.max(share.waiting, Math.min(Math.ceil(share.spent / 2), Math.ceil(points / 5)), 1),
  );
  const { granted, left, endsInMs } = await counter.setAside(caller.workspace, `${caller.keyId}/${seconds}`, wanted);
  share.held += granted;
  share.left = left;
  share.endsAt = now() + endsInMs;
}
