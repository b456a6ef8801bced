/**
 * What is remembered by name for as long as it is used. Two generations: what is new or asked for is in the young one;
 * when a generation is over the young one grows old, and the old one is dropped whole. So forgetting costs nothing for
 * each name, however many there are: no name is ever looked at to see whether it may go.
 */
export type Generations<T> = {
  /** undefined: never heard, or forgotten. Asking is use. */
  get(name: string): T | undefined;
  set(name: string, one: T): void;
  /** Names in memory, at most twice `most`. */
  readonly size: number;
};

/**
 * A generation is over after `spanMs`, or when it has `most` names. So what was used within `spanMs` is known, unless
 * `most` other names were used since.
 */
export function createGenerations<T>(spanMs: number, most: number, now: () => number): Generations<T> {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  let began = now();
  const set = (name: string, one: T): void => {
    if (now() - began >= spanMs || (young.size >= most && !young.has(name))) {
      old = young;
      young = new Map();
      began = now();
    }
    // Replaced when it is moved, so that no name is in both.
    old.delete(name);
    young.set(name, one);
  };
  return {
    get(name) {
      const known = young.get(name);
      if (known !== undefined) return known;
      const older = old.get(name);
      if (older !== undefined) set(name, older);
      return older;
    },
    set,
    get size() {
      return young.size + old.size;
    },
  };
}
