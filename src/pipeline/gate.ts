/** Work of which a process does only so much at a time, whoever asks for it; the rest waits for a little while. */

/** Works as soon as it is somebody's turn; 'busy': it was not in time, or too many waited already. Equal names one by one. */
export type Gate = <T>(whose: string, work: () => Promise<T>) => Promise<T | 'busy'>;

export type Room = {
  readonly atOnce: number;
  readonly waitMs: number;
  /** How many wait at most: in all, and of one name. */
  readonly waiting: { readonly all: number; readonly ofOne: number };
};

type Waiting = { readonly whose: string; readonly go: (may: boolean) => void };

export function createGate({ atOnce, waitMs, waiting: most }: Room): Gate {
  const inside = new Set<string>();
  /** In the order in which they came. */
  const outside = new Set<Waiting>();
  const enter = (whose: string): boolean => {
    if (inside.size >= atOnce || inside.has(whose)) return false;
    inside.add(whose);
    return true;
  };
  const leave = (whose: string): void => {
    inside.delete(whose);
    for (const one of outside) if (enter(one.whose)) one.go(true);
  };
  const isFull = (whose: string): boolean =>
    outside.size >= most.all || [...outside].filter((one) => one.whose === whose).length >= most.ofOne;
  const wait = (whose: string): Promise<boolean> =>
    new Promise((resolve) => {
      const go = (may: boolean): void => {
        clearTimeout(late);
        outside.delete(one);
        resolve(may);
      };
      const one = { whose, go };
      const late = setTimeout(() => go(false), waitMs);
      outside.add(one);
    });
  return async (whose, work) => {
    // Whoever waits may not enter yet, so that nobody who enters at once comes before them.
    if (!enter(whose) && (isFull(whose) || !(await wait(whose)))) return 'busy';
    try {
      return await work();
    } finally {
      leave(whose);
    }
  };
}
