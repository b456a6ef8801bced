/** Lines: one per account that can be asked (or per kind of question there), each free or at rest until a moment. */
import type { Moment } from '../core/time.ts';

export type Lines = {
  /** Lines that are not to be used at `now`. */
  resting(now: Moment): string[];
  /** The latest moment until which one of these rests; null: all are free. */
  restsUntil(names: readonly string[], now: Moment): Moment | null;
  rest(name: string, until: Moment): void;
  /** Milliseconds to wait after a limit that did not say how long: doubled with each one in a row. */
  strike(name: string): number;
  /** It answered: what came before does not count any more. */
  works(name: string): void;
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** Kept in memory: another process learns it from its own first try. */
export function createLines(): Lines {
  const untils = new Map<string, Moment>();
  const strikes = new Map<string, number>();
  return {
    resting(now) {
      for (const [name, until] of untils) if (until <= now) untils.delete(name);
      return [...untils.keys()];
    },
    restsUntil(names, now) {
      const latest = Math.max(...names.map((name) => untils.get(name) ?? 0));
      return latest > now ? latest : null;
    },
    rest(name, until) {
      untils.set(name, Math.max(until, untils.get(name) ?? 0));
    },
    strike(name) {
      const before = strikes.get(name) ?? 0;
      strikes.set(name, before + 1);
      return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** before);
    },
    works(name) {
      strikes.delete(name);
    },
  };
}
