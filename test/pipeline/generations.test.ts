/** What is remembered while it is used, and forgotten without being looked at. */
import { expect, test, vi } from 'vitest';
import { createGenerations } from '../../src/pipeline/generations.ts';

const SPAN = 60_000;

function remember(most = Infinity) {
  const clock = { now: 1_000_000 };
  return { clock, all: createGenerations<{ uses: number }>(SPAN, most, () => clock.now) };
}

test('what was used within the span is known, however many others came; what was not is forgotten with them', () => {
  const { clock, all } = remember();
  all.set('used', { uses: 0 });
  all.set('left', { uses: 0 });
  for (let minute = 0; minute < 10; minute += 1) {
    for (let index = 0; index < 1000; index += 1) all.set(`${minute}/${index}`, { uses: 0 });
    expect(all.get('used')).toBeDefined();
    clock.now += SPAN;
  }
  expect(all.get('used')).toBeDefined();
  expect(all.get('left')).toBeUndefined();
  expect(all.get('0/1')).toBeUndefined();
  expect(all.size).toBeLessThan(2_500);
});

test('at the very end of the span it is still known', () => {
  const { clock, all } = remember();
  all.set('first', { uses: 0 });
  clock.now += SPAN - 1;
  all.set('last', { uses: 7 });
  clock.now += 1;
  // The generation ends: `last` is a moment old.
  all.set('new', { uses: 0 });
  clock.now += SPAN - 1;
  all.set('newer', { uses: 0 });
  expect(all.get('last')).toEqual({ uses: 7 });
});

test('of 200,000 names so many are kept as were allowed, the latest ones', () => {
  const { all } = remember(1_000);
  let largest = 0;
  for (let index = 0; index < 200_000; index += 1) {
    all.set(`name ${index}`, { uses: 0 });
    largest = Math.max(largest, all.size);
  }
  expect(largest).toBe(2_000);
  expect(all.get('name 199999')).toBeDefined();
  expect(all.get('name 199000')).toBeDefined();
  expect(all.get('name 197999')).toBeUndefined();
});

test('no name is looked at to see whether it may go: a few steps for each, however many there are', () => {
  const steps = (['get', 'set', 'delete', 'has'] as const).map((name) => vi.spyOn(Map.prototype, name));
  const walks = (['keys', 'values', 'entries', 'forEach', Symbol.iterator] as const).map((name) =>
    vi.spyOn(Map.prototype, name),
  );
  try {
    const { all } = remember(1_000);
    for (let index = 0; index < 200_000; index += 1) {
      all.get(`name ${index}`);
      all.set(`name ${index}`, { uses: 0 });
    }
    const calls = (spies: readonly { readonly mock: { readonly calls: readonly unknown[] } }[]): number =>
      spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    expect([calls(walks), calls(steps) <= 200_000 * 6]).toEqual([0, true]);
  } finally {
    vi.restoreAllMocks();
  }
});

test('one that is replaced or moved to the young generation is there once', () => {
  const { clock, all } = remember(10);
  all.set('a', { uses: 1 });
  clock.now += SPAN;
  all.set('b', { uses: 1 });
  expect(all.size).toBe(2);
  expect(all.get('a')).toEqual({ uses: 1 });
  all.set('a', { uses: 2 });
  expect([all.get('a'), all.size]).toEqual([{ uses: 2 }, 2]);
});
