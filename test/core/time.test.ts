import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMonths, DAY_MS, toIso } from '../../src/core/time.ts';

/** 1900 to 2100: two hundred years with every leap rule in them. */
const moments = fc.integer({
  min: Date.UTC(1900, 0, 1),
  max: Date.UTC(2100, 11, 31, 23, 59, 59, 999),
});

/** What the platform's calendar says; only the tests may ask it. */
function byPlatform(moment: number, months: number): number {
  const date = new Date(moment);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const clock = ((moment % DAY_MS) + DAY_MS) % DAY_MS;
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay)) + clock;
}

describe('addMonths', () => {
  test('agrees with the platform over two hundred years, forwards and backwards', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -600, max: 600 }), (moment, months) => {
        expect(addMonths(moment, months)).toBe(byPlatform(moment, months));
      }),
      { numRuns: 2_000 },
    );
  });

  test('agrees on every day of two hundred years', () => {
    const wrong: string[] = [];
    for (let day = Date.UTC(1900, 0, 1); day < Date.UTC(2100, 0, 1); day += DAY_MS)
      for (const months of [1, 12])
        if (addMonths(day, months) !== byPlatform(day, months))
          wrong.push(`${new Date(day).toISOString()} + ${months}`);
    expect(wrong).toEqual([]);
  });

  test('never runs backwards', () => {
    fc.assert(
      fc.property(
        moments,
        fc.integer({ min: 0, max: 10 * DAY_MS }),
        fc.integer({ min: 0, max: 240 }),
        (moment, later, months) => {
          // Clamping may bring the clock times of two days onto one day, so whole days are compared.
          const day = (value: number): number => Math.floor(value / DAY_MS);
          expect(day(addMonths(moment + later, months))).toBeGreaterThanOrEqual(day(addMonths(moment, months)));
        },
      ),
    );
  });

  test.each([
    ['2026-01-31T12:00:00.000Z', 1, '2026-02-28T12:00:00.000Z'],
    ['2028-01-31T12:00:00.000Z', 1, '2028-02-29T12:00:00.000Z'],
    ['2028-02-29T00:00:00.000Z', 12, '2029-02-28T00:00:00.000Z'],
    ['2000-02-29T23:59:59.999Z', 1200, '2100-02-28T23:59:59.999Z'],
    ['2026-12-31T23:59:59.999Z', 2, '2027-02-28T23:59:59.999Z'],
    ['2026-05-31T01:02:03.004Z', 0, '2026-05-31T01:02:03.004Z'],
    ['2026-03-31T00:00:00.000Z', -1, '2026-02-28T00:00:00.000Z'],
  ])('%s and %d months is %s', (from, months, to) => {
    expect(toIso(addMonths(Date.parse(from), months))).toBe(to);
  });
});

test('toIso writes what the platform writes', () => {
  const years = fc.integer({
    min: Date.UTC(100, 0, 1),
    max: Date.UTC(9999, 11, 31, 23, 59, 59, 999),
  });
  fc.assert(
    fc.property(years, (moment) => {
      expect(toIso(moment)).toBe(new Date(moment).toISOString());
    }),
    { numRuns: 2_000 },
  );
});
