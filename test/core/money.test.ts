import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decimalsOf,
  divideRounded,
  fromMajor,
  LARGEST_AMOUNT,
  percentage,
  portion,
  split,
  toMajor,
} from '../../src/core/money.ts';

const amounts = fc.bigInt({ min: -LARGEST_AMOUNT, max: LARGEST_AMOUNT });
const positive = fc.bigInt({ min: 1n, max: 10n ** 12n });
const size = (value: bigint): bigint => (value < 0n ? -value : value);
const sum = (parts: readonly bigint[]): bigint => parts.reduce((total, part) => total + part, 0n);

describe('divideRounded', () => {
  test('is the nearest whole number, and of two equally near the one away from zero', () => {
    fc.assert(
      fc.property(amounts, positive, (num, den) => {
        const quotient = divideRounded(num, den);
        const off = size(num - quotient * den) * 2n;
        expect(off <= den).toBe(true);
        if (off === den) expect(size(quotient) * den > size(num)).toBe(true);
      }),
    );
  });

  test('treats both signs alike', () => {
    fc.assert(
      fc.property(amounts, positive, (num, den) => {
        expect(divideRounded(-num, den)).toBe(-divideRounded(num, den));
      }),
    );
  });

  test.each([
    [1n, 2n, 1n],
    [-1n, 2n, -1n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [5n, 10n, 1n],
    [4n, 10n, 0n],
    [0n, 7n, 0n],
  ])('%d / %d is %d', (num, den, expected) => {
    expect(divideRounded(num, den)).toBe(expected);
  });

  test.each([0n, -1n])('refuses the denominator %d', (den) => {
    expect(() => divideRounded(1n, den)).toThrow(RangeError);
  });
});

describe('split', () => {
  const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 });

  test('gives parts that sum to the whole, each less than one unit away from its exact share', () => {
    fc.assert(
      fc.property(amounts, weights, (amount, shares) => {
        const parts = split(amount, shares);
        const total = sum(shares);
        expect(sum(parts)).toBe(amount);
        expect(parts).toHaveLength(shares.length);
        if (total > 0n)
          for (const [index, part] of parts.entries())
            expect(size(part * total - amount * (shares[index] ?? 0n)) < total).toBe(true);
      }),
    );
  });

  test('gives the remainder to the largest fractions first, and of equal ones to the earlier', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 9n }), weights, (amount, shares) => {
        const total = sum(shares);
        if (total === 0n) return;
        const parts = split(amount, shares).map((part, index) => {
          const exact = amount * (shares[index] ?? 0n);
          return { raised: part > exact / total, fraction: exact % total, index };
        });
        for (const up of parts.filter(({ raised }) => raised))
          for (const down of parts.filter(({ raised }) => !raised))
            expect(up.fraction > down.fraction || (up.fraction === down.fraction && up.index < down.index)).toBe(true);
      }),
    );
  });

  test('never gives a part to a weight of zero while another has some', () => {
    expect(split(1n, [0n, 1n])).toEqual([0n, 1n]);
    expect(split(100n, [1n, 0n, 1n, 1n])).toEqual([34n, 0n, 33n, 33n]);
  });

  test('gives everything to the first when all weights are zero', () => {
    expect(split(7n, [0n, 0n])).toEqual([7n, 0n]);
    expect(split(-7n, [0n, 0n])).toEqual([-7n, 0n]);
  });

  test('splits a debt as it splits a claim', () => {
    fc.assert(
      fc.property(amounts, weights, (amount, shares) => {
        expect(split(-amount, shares)).toEqual(split(amount, shares).map((part) => -part));
      }),
    );
  });

  test('refuses no weights and negative weights', () => {
    expect(() => split(1n, [])).toThrow(RangeError);
    expect(() => split(1n, [1n, -1n])).toThrow(RangeError);
  });
});

describe('scale', () => {
  // Written out from docs.stripe.com/currencies, not derived from the code under test.
  test.each([
    ['bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf', 0],
    ['usd eur gbp huf twd isk ugx', 2],
    ['bhd jod kwd omr tnd', 3],
  ])('%s: %d decimals', (codes, decimals) => {
    for (const code of codes.split(' ')) {
      expect(decimalsOf(code)).toBe(decimals);
      expect(decimalsOf(code.toUpperCase())).toBe(decimals);
    }
  });

  test.each(['jpy', 'usd', 'kwd', 'isk', 'ugx'])(
    'minor units survive the way to major units and back (%s)',
    (currency) => {
      fc.assert(
        fc.property(amounts, (amount) => {
          expect(fromMajor(toMajor(amount, currency), currency)).toBe(amount);
        }),
      );
    },
  );

  test.each([
    ['jpy', 1000n, '1000'],
    ['usd', 2970n, '29.70'],
    ['usd', 5n, '0.05'],
    ['usd', -5n, '-0.05'],
    ['usd', -12345n, '-123.45'],
    ['kwd', 10000n, '10.000'],
    ['kwd', 7n, '0.007'],
    ['isk', 500n, '5.00'],
  ])('%s %d is %s', (currency, amount, text) => {
    expect(toMajor(amount, currency)).toBe(text);
    expect(fromMajor(text, currency)).toBe(amount);
  });
});

describe('fromMajor', () => {
  test.each([
    ['99', 9900n],
    ['99.0000', 9900n],
    ['1e3', 100_000n],
    ['1.5E1', 1_500n],
    ['100e-2', 100n],
    ['-0', 0n],
    ['0.10000000000000000000', 10n],
  ])('reads %s', (text, expected) => {
    expect(fromMajor(text, 'usd')).toBe(expected);
  });

  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    'abc',
    'NaN',
    'Infinity',
    '0x10',
    '1_000',
    '1,000',
    '.5',
    '1.2.3',
    '--1',
    '1e',
    '٣',
  ])('refuses %j as no number', (text) => {
    expect(fromMajor(text, 'usd')).toBe('not_a_number');
  });

  test.each([
    ['0.001', 'usd'],
    ['1.5', 'jpy'],
    ['0.0001', 'kwd'],
    ['1e-3', 'usd'],
    ['0.30000000000000004', 'usd'],
  ])('refuses %s %s as too precise, and never rounds', (text, currency) => {
    expect(fromMajor(text, currency)).toBe('too_precise');
  });

  test.each(['1e400', '1e99999999999', '90071992547410.00', '9'.repeat(60)])('refuses %s as too large', (text) => {
    expect(fromMajor(text, 'usd')).toBe('too_large');
  });

  test('reads the largest amount and refuses one more, on both sides of zero', () => {
    expect(fromMajor('90071992547409.91', 'usd')).toBe(LARGEST_AMOUNT);
    expect(fromMajor('-90071992547409.91', 'usd')).toBe(-LARGEST_AMOUNT);
    expect(fromMajor('90071992547409.92', 'usd')).toBe('too_large');
    expect(fromMajor('-90071992547409.92', 'usd')).toBe('too_large');
  });
});

describe('percentage', () => {
  test.each([
    ['30', 300_000n],
    ['33.33', 333_300n],
    ['0.0001', 1n],
    ['100', 1_000_000n],
    ['100.0000', 1_000_000n],
    ['7.5', 75_000n],
  ])('%s %', (text, num) => {
    expect(percentage(text)).toEqual({ num, den: 1_000_000n });
  });

  test.each(['0', '0.0000', '100.0001', '101', '1000', '1.23456', '-5', '', '5%', '1e1', '.5', '5.'])(
    'refuses %j',
    (text) => {
      expect(percentage(text)).toBeNull();
    },
  );

  test('a portion is never larger than the whole', () => {
    const ratio = fc.bigInt({ min: 1n, max: 1_000_000n }).map((num) => ({ num, den: 1_000_000n }));
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: LARGEST_AMOUNT }), ratio, (amount, share) => {
        const part = portion(amount, share);
        expect(part >= 0n && part <= amount).toBe(true);
      }),
    );
  });
});
