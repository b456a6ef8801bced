/** What goes back of a commission: bounds that hold for any lines, any credit notes and any order of refunds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Counted } from '../../src/core/counted.ts';
import { reversedByLine, reversedOf, type Share } from '../../src/core/reversal.ts';

const amount = fc.bigInt({ min: 0n, max: 20_000n });

const shares: fc.Arbitrary<Share[]> = fc
  .array(fc.record({ net: amount, rate: fc.integer({ min: 0, max: 100 }), onlyWhole: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) =>
    all.map(({ net, rate, onlyWhole }, index) => ({
      lines: [`il_${index}`],
      net,
      commission: (net * BigInt(rate)) / 100n,
      onlyWhole: onlyWhole && index === 0,
    })),
  );

const losses: fc.Arbitrary<Counted[]> = fc
  .array(
    fc.record({
      amount,
      lines: fc.array(
        fc
          .record({ line: fc.integer({ min: 0, max: 5 }).map((index) => `il_${index}`), amount })
          .map((told) => ({ ...told, net: told.amount })),
        {
          maxLength: 3,
        },
      ),
      effect: fc.constantFrom('gone' as const, 'held' as const, 'kept' as const),
    }),
    { maxLength: 4 },
  )
  .map((all) => all.map((one, index) => lossOf(index, one)));

function lossOf(index: number, told: Pick<Counted, 'amount' | 'lines' | 'effect'>): Counted {
  const names = { key: `stripe:re_${index}`, externalEventId: `evt_${index}`, source: 'stripe' };
  return { kind: 'refund', ...names, at: index, status: 'succeeded', charge: null, ...told };
}

const earned = (all: readonly Share[]): bigint => all.reduce((total, { commission }) => total + commission, 0n);

/** Cash is at least what the lines may earn: tax comes on top. */
const sale = fc.tuple(shares, losses, fc.bigInt({ min: 1n, max: 5_000n })).map(([all, counted, tax]) => ({
  all,
  counted,
  cash: all.reduce((total, { net }) => total + net, tax),
}));

describe('reversedByLine', () => {
  test('is never less than nothing or more than was earned', () => {
    fc.assert(
      fc.property(sale, fc.bigInt({ min: 0n, max: 100_000n }), ({ all, counted, cash }, gone) => {
        const reversed = reversedByLine(all, counted, gone, cash);
        expect(reversed).toBeGreaterThanOrEqual(0n);
        expect(reversed).toBeLessThanOrEqual(earned(all));
      }),
      { numRuns: 2_000 },
    );
  });

  test('nothing gone is exactly nothing, everything gone is exactly what was earned', () => {
    fc.assert(
      fc.property(sale, ({ all, counted, cash }) => {
        expect(reversedByLine(all, counted, 0n, cash)).toBe(0n);
        expect(reversedByLine(all, counted, cash, cash)).toBe(earned(all));
        expect(reversedByLine(all, counted, cash + 1n, cash)).toBe(earned(all));
      }),
    );
  });

  test('never falls when more goes back', () => {
    fc.assert(
      fc.property(
        sale,
        fc.integer({ min: 0, max: 999 }),
        fc.bigInt({ min: 1n, max: 50n }),
        ({ all, counted, cash }, thousandth, more) => {
          const gone = (cash * BigInt(thousandth)) / 1_000n;
          const before = reversedByLine(all, counted, gone, cash);
          expect(reversedByLine(all, counted, gone + more, cash)).toBeGreaterThanOrEqual(before);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('without lines told it is one proportion, rounded once', () => {
    fc.assert(
      fc.property(sale, fc.bigInt({ min: 0n, max: 50_000n }), ({ all, cash }, gone) => {
        const plain = all.map((share) => ({ ...share, onlyWhole: false }));
        expect(reversedByLine(plain, [], gone, cash)).toBe(reversedOf(earned(all), gone, cash));
      }),
    );
  });
});

test('a credit note takes back the line it names at that line’s own rate', () => {
  const all: Share[] = [
    { lines: ['il_a'], net: 1_000n, commission: 500n, onlyWhole: false },
    { lines: ['il_b'], net: 1_000n, commission: 100n, onlyWhole: false },
  ];
  const back = (line: string, gone: bigint): bigint =>
    reversedByLine(
      all,
      [lossOf(0, { amount: gone, effect: 'gone', lines: [{ line, amount: gone, net: gone }] })],
      gone,
      2_000n,
    );
  expect(back('il_a', 1_000n)).toBe(500n);
  expect(back('il_b', 1_000n)).toBe(100n);
  expect(back('il_b', 500n)).toBe(50n);
  // More than the line is worth: the rest comes from the other.
  expect(back('il_b', 1_500n)).toBe(350n);
  expect(back('il_elsewhere', 1_000n)).toBe(300n);
});

test('a fixed commission that goes back only as a whole stays until all of its line is gone', () => {
  const all: Share[] = [{ lines: ['il_a'], net: 1_000n, commission: 500n, onlyWhole: true }];
  expect(reversedByLine(all, [], 999n, 1_000n)).toBe(0n);
  expect(reversedByLine(all, [], 1_000n, 1_000n)).toBe(500n);
});
