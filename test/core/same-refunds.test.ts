/** A refund that a caller and the provider both tell of is one (apis.md 6.5). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Refund } from '../../src/core/losses.ts';
import { isRefundedByProvider, withoutToldTwice } from '../../src/core/same-refunds.ts';

/** `re_1 40` is the provider's; `ours 40` a caller's own. */
function refund(words: string, index: number): Refund {
  const [name = '', amount = '0', status = 'succeeded', at = index] = words.split(' ');
  const own = name.startsWith('re_');
  const stamp = { at: Number(at), rank: 0, event: `${name}${index}` };
  return {
    key: own ? `stripe:${name}` : `affonso:refund:${name}${index}`,
    stamp,
    amount: BigInt(amount),
    currency: name.endsWith('eur') ? 'eur' : 'usd',
    status: status as Refund['status'],
    at: Number(at),
    charge: null,
    proof: stamp,
    source: own ? 'stripe' : 'affonso',
    externalId: own ? null : name,
    ...(name === 'total' ? { total: true as const } : {}),
    ...(name === 'rest' ? { rest: true as const } : {}),
  };
}

const left = (told: readonly string[]): bigint =>
  withoutToldTwice(told.map(refund)).reduce((sum, { amount, status }) => sum + (status === 'failed' ? 0n : amount), 0n);

test.each<[string, string[], bigint]>([
  ['one of each of the same amount is one', ['re_1 40', 'ours 40'], 40n],
  ['also the other way round', ['ours 40', 're_1 40'], 40n],
  ['two of each are two', ['ours 40', 'ours 40', 're_1 40', 're_2 40'], 80n],
  ['two of a caller and one of the provider are two', ['ours 40', 'ours 40', 're_1 40'], 80n],
  ['another amount is another refund', ['ours 30', 're_1 40'], 70n],
  ['another currency too', ['ours_eur 40', 're_1 40'], 80n],
  ['callers alone are counted one by one', ['ours 40', 'ours 40'], 80n],
  ['the provider alone too', ['re_1 40', 're_2 40'], 80n],
  ['what was left is none of the others', ['re_1 40', 'rest 40'], 80n],
  ['a total is compared elsewhere', ['re_1 40', 'total 40'], 80n],
  ['one that is on its way is the same', ['ours 40', 're_1 40 pending'], 40n],
  ['one that failed later took the caller’s with it', ['ours 40 succeeded 1', 're_1 40 failed 2'], 0n],
  ['what a caller tells after it failed went back by other means', ['re_1 40 failed 1', 'ours 40 succeeded 2'], 40n],
])('%s', (_, told, expected) => {
  expect(left(told)).toBe(expected);
});

test('a re_ that a caller names is no other of the caller’s', () => {
  const named = { ...refund('re_1 40', 0), externalId: 're_1', source: 'affonso' };
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

test.each<[string, string[], boolean]>([
  ['all of it by the provider', ['re_1 60', 're_2 40'], true],
  ['only part of it', ['re_1 60'], false],
  ['all, but for one that failed', ['re_1 60', 're_2 40 failed'], false],
  ['some of it by a caller', ['re_1 60', 'ours 40'], false],
  ['none', [], false],
])('%s', (_, told, expected) => {
  expect(isRefundedByProvider(told.map(refund), 100n)).toBe(expected);
});
