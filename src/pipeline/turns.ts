/**
 * Calls that would only get in each other's way take turns within this process: equal names one after the other,
 * different names side by side. Between processes the versions of the rows decide, as everywhere.
 */
export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name);
    const own = before === undefined ? work() : before.then(work, work);
    // Who comes next waits for us, and does not care how it went.
    const settled = own.then(nothing, nothing);
    last.set(name, settled);
    try {
      return await own;
    } finally {
      if (last.get(name) === settled) last.delete(name);
    }
  };
}

function nothing(): void {}
