/** A refund that a caller and the provider both tell of is one (apis.md 6.5). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Refund } from '../../src/core/losses.ts';
import { isCallers, toldTwice } from '../../src/core/same-refunds.ts';

/** `re_1 40` is the provider's; `ours 40` a caller's own. */
function refund(words: string, index: number): Refund {
  const [name = '', amount = '0', status = 'succeeded', at = index] = words.split(' ');
  const own = name.startsWith('re_');
  const stamp = { at: Number(at), rank: 0, event: `${name}${index}` };
  return {
    key: own ? `stripe:${name}` : `affonso:refund:${name}${index}`,
    stamp,
    amount: BigInt(amount),
    currency: 'usd',
    status: status as Refund['status'],
    at: Number(at),
    charge: null,
    proof: stamp,
    source: own ? 'stripe' : 'affonso',
    externalId: own ? null : name,
    ...(name === 'rest' ? { beside: ['stripe:re_1'] } : {}),
    ...(status === 'failed' ? { failedAt: Number(at) } : {}),
  };
}

/** What counts: everything but the callers' that the provider tells of. */
function withoutToldTwice(refunds: readonly Refund[]): readonly Refund[] {
  const twice = toldTwice(
    refunds.filter(isCallers),
    refunds.filter((one) => !isCallers(one)),
  );
  return refunds.filter((refund) => twice.every(({ caller }) => caller !== refund));
}

const left = (told: readonly string[]): bigint =>
  withoutToldTwice(told.map(refund)).reduce((sum, { amount, status }) => sum + (status === 'failed' ? 0n : amount), 0n);

test.each<[string, string[], bigint]>([
  ['one of each of the same amount is one', ['re_1 40', 'ours 40'], 40n],
  ['also the other way round', ['ours 40', 're_1 40'], 40n],
  ['two of each are two', ['ours 40', 'ours 40', 're_1 40', 're_2 40'], 80n],
  ['two of a caller and one of the provider are two', ['ours 40', 'ours 40', 're_1 40'], 80n],
  ['another amount is another refund', ['ours 30', 're_1 40'], 70n],
  ['callers alone are counted one by one', ['ours 40', 'ours 40'], 80n],
  ['the provider alone too', ['re_1 40', 're_2 40'], 80n],
  ['what was left is none of those that were known', ['re_1 40', 'rest 40'], 80n],
  ['but may be one that comes later', ['re_1 40', 'rest 60', 're_2 60'], 100n],
  ['one may be all of the provider’s', ['ours 60', 're_1 30', 're_2 30'], 60n],
  ['but not of some of them', ['ours 60', 're_1 30', 're_2 30', 're_3 30'], 150n],
  ['nor with one that failed', ['ours 60', 're_1 30', 're_2 30 failed'], 90n],
  ['one that is on its way is the same', ['ours 40', 're_1 40 pending'], 40n],
  ['one that failed later took the caller’s with it', ['ours 40 succeeded 1', 're_1 40 failed 2'], 0n],
  ['what a caller tells after it failed went back by other means', ['re_1 40 failed 1', 'ours 40 succeeded 2'], 40n],
])('%s', (_, told, expected) => {
  expect(left(told)).toBe(expected);
});

test('a re_ that a caller names is no other of the caller’s', () => {
  const named = { ...refund('re_1 40', 0), named: true as const };
  expect(withoutToldTwice([named, refund('ours 40', 1)])).toHaveLength(2);
});

test('in every order the same are left, at least what either told and at most both', () => {
  const words = fc
    .tuple(fc.constantFrom('re_', 'ours'), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 }))
    .map(
      ([who, amount, at]) =>
        (index: number) =>
          `${who}${who === 're_' ? index : ''} ${amount}0 succeeded ${at}`,
    );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 8 }), fc.gen(), (all, gen) => {
      const told = all.map((word, index) => refund(word(index), index));
      const shuffled = gen(fc.shuffledSubarray, told, { minLength: told.length });
      const keys = (refunds: readonly Refund[]): string[] => refunds.map(({ key }) => key).toSorted();
      expect(keys(withoutToldTwice(shuffled))).toEqual(keys(withoutToldTwice(told)));
      const sum = (refunds: readonly Refund[]): bigint => refunds.reduce((total, { amount }) => total + amount, 0n);
      const [own, callers] = [
        told.filter(({ source }) => source === 'stripe'),
        told.filter(({ source }) => source !== 'stripe'),
      ];
      const stands = sum(withoutToldTwice(told));
      expect(stands >= sum(own) && stands >= sum(callers) && stands <= sum(told)).toBe(true);
    }),
  );
});
