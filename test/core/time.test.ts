import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMonths, DAY_MS, dayFromIso, fromIso, toIso, untilFromIso } from '../../src/core/time.ts';

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

describe('fromIso', () => {
  test('reads what toIso writes, with every offset', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -1439, max: 1439 }), (moment, offset) => {
        const wall = toIso(moment + offset * 60_000).slice(0, -1);
        const two = (value: number): string => String(Math.abs(value)).padStart(2, '0');
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(offset / 60))}:${two(offset % 60)}`;
        expect(fromIso(toIso(moment))).toBe(moment);
        expect(fromIso(wall + zone)).toBe(moment);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of two hundred years every day that exists, and none that does not', () => {
    for (let year = 1900; year < 2100; year += 1)
      for (let month = 1; month <= 12; month += 1)
        for (let day = 0; day <= 32; day += 1) {
          const text = [year, month, day].map((part) => String(part).padStart(2, '0')).join('-');
          const at = Date.UTC(year, month - 1, day);
          const exists = new Date(at).toISOString().startsWith(text);
          expect([text, dayFromIso(text), fromIso(`${text}T00:00:00Z`)]).toEqual(
            exists ? [text, at, at] : [text, null, null],
          );
        }
  });

  test.each([
    ['2026-06-22', '2026-06-22T00:00:00.000Z'],
    ['2026-06-22T12:30', '2026-06-22T12:30:00.000Z'],
    ['2026-06-22 12:30:15', '2026-06-22T12:30:15.000Z'],
    ['2026-06-22T12:30:15.1Z', '2026-06-22T12:30:15.100Z'],
    ['2026-06-22T12:30:15.123456789Z', '2026-06-22T12:30:15.123Z'],
    ['2026-06-22T12:30:15-0530', '2026-06-22T18:00:15.000Z'],
    ['2026-06-22T00:30+00:45', '2026-06-21T23:45:00.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, moment) => {
    expect(toIso(fromIso(text) ?? 0)).toBe(moment);
  });

  test.each([
    '',
    'yesterday',
    '2024-02-31',
    '2024-02-31T00:00:00Z',
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-01',
    '2024-01-00',
    '2024-1-1',
    '7 March 2026',
    '2024',
    '2024-01',
    '1767600000',
    '20240101T000000Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T23:60:00Z',
    '2024-01-01T23:59:60Z',
    '2024-01-01T12',
    '2024-01-01T12:00:00+24:00',
    '2024-01-01T12:00:00+05',
    '2024-01-01T12:00:00 Z',
    '2024-01-01T12:00:00.Z',
    ' 2024-01-01',
    '2024-01-01\n',
    '2024-01-01x12:00:00Z',
    '0000-12-31',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '+10000-01-01',
  ])('%j is no moment', (text) => {
    expect([fromIso(text), untilFromIso(text)]).toEqual([null, null]);
  });

  test('the end of a stretch of time has its last day in it', () => {
    expect(untilFromIso('2024-02-29')).toBe(Date.UTC(2024, 2, 1) - 1);
    expect(untilFromIso('2024-02-29T00:00:00Z')).toBe(Date.UTC(2024, 1, 29));
  });
});
