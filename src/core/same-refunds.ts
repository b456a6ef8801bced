/** A caller's refund and the provider's own word on it: the same money, told twice (apis.md 6.5). */
import { isCallersRefundKey } from './keys.ts';
import type { Refund } from './losses.ts';
import type { Moment } from './time.ts';
import { compareText } from './stamp.ts';

/** `affonso:refund:…` is a caller's own name of it; `stripe:re_1`, also of a further account, an object of the provider's. */
export const isCallers = ({ key }: Pick<Refund, 'key'>): boolean => isCallersRefundKey(key);

/** What the provider tells to have gone back, by an object of its own, a counter or a credit note. Minor units. */
export type ToldByProvider = Pick<Refund, 'key' | 'amount' | 'at' | 'status'> & {
  /** A caller named it: then it is a refund beside those the caller names otherwise. */
  readonly named?: true;
  readonly failedAt?: Moment;
};

export type ToldTwice = { readonly caller: Refund; readonly provider: readonly ToldByProvider[] };

const inTime = (a: ToldByProvider, b: ToldByProvider): number => a.at - b.at || compareText(a.key, b.key);

/** Whether a caller can have meant it: not what was known and left out, nor what had failed before. */
function canBe({ at, beside }: Refund, one: ToldByProvider): boolean {
  if (beside?.includes(one.key)) return false;
  return one.failedAt === undefined || at <= one.failedAt;
}

/**
 * The callers' refunds that the provider tells of as well. Nothing but its amount says that two are one, so each of the
 * provider's is the same as at most one of a caller's of just that amount, the earliest first; one of a caller's may also
 * be all that the provider tells of, as when several charges brought the money.
 */
export function toldTwice(callers: readonly Refund[], told: readonly ToldByProvider[]): ToldTwice[] {
  if (callers.length === 0 || told.length === 0) return [];
  let free = told.filter(({ named }) => !named).toSorted(inTime);
  const pairs: ToldTwice[] = [];
  const take = (caller: Refund, provider: readonly ToldByProvider[]): void => {
    pairs.push({ caller, provider });
    free = free.filter((one) => !provider.includes(one));
  };
  const waiting: Refund[] = [];
  for (const caller of callers.toSorted(inTime)) {
    const same = free.find((one) => one.amount === caller.amount && canBe(caller, one));
    if (same) take(caller, [same]);
    else waiting.push(caller);
  }
  for (const caller of waiting) {
    const all = free.filter((one) => one.status !== 'failed' && canBe(caller, one));
    if (all.length > 1 && all.reduce((sum, { amount }) => sum + amount, 0n) === caller.amount) take(caller, all);
  }
  return pairs;
}

type Shown = Pick<ToldByProvider, 'key' | 'amount' | 'at'> & { readonly effect: string };

/**
 * Callers' refunds that are of their own, and those that the provider tells of: by its objects, else by what only credit
 * notes and counters show (`shown`, asked for when it is needed).
 */
export function sortedOut(
  told: readonly Refund[],
  objects: readonly Refund[],
  shown: () => readonly Shown[],
): { readonly left: readonly Refund[]; readonly twice: readonly ToldTwice[] } {
  const byObjects = toldTwice(told, objects);
  const rest = without(told, byObjects);
  if (rest.length === 0) return { left: rest, twice: byObjects };
  const gone = shown().filter(({ effect }) => effect === 'gone');
  const byOthers = toldTwice(
    rest,
    gone.map((one) => ({ key: one.key, amount: one.amount, at: one.at, status: 'succeeded' })),
  );
  return { left: without(rest, byOthers), twice: [...byObjects, ...byOthers] };
}

const without = (told: readonly Refund[], twice: readonly ToldTwice[]): readonly Refund[] =>
  twice.length === 0 ? told : told.filter((refund) => twice.every(({ caller }) => caller !== refund));
