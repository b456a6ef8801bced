import { describe, expect, test } from 'vitest';

import type { Line } from '../../../src/core/facts.ts';
import { type InvoiceLineSpec, invoiceObject, type InvoiceSpec } from '../../../src/simulator/objects.ts';
import { claimIn, FAMILIES, said, T } from './said.ts';
import { MONTHLY, oneLine } from './specs.ts';

describe.each(FAMILIES)('%s lines', (family) => {
  const lineOf = (over: Partial<InvoiceLineSpec>, invoiceOver: Partial<InvoiceSpec> = {}): Line => {
    const object = invoiceObject(family, oneLine({ amount: 9900, price: MONTHLY, ...over }, invoiceOver));
    const [first] = claimIn(said('invoice.paid', object)).lines;
    if (!first) throw new Error('a line');
    return first;
  };

  test('trap 11: discounts repeated as pretax credits count once, credit grants count too', () => {
    expect(lineOf({ discountAmounts: [{ amount: 950, discount: 'di_1' }], creditGrants: [50] }).net).toBe(8900n);
  });

  test('traps 12, 13, 14: inclusive and exclusive tax and shipping stay outside', () => {
    const taxes = [{ amount: 900, inclusive: true }];
    const shippingCost = { amountSubtotal: 500, taxes: [{ amount: 40, inclusive: true }] };
    const object = invoiceObject(family, oneLine({ amount: 9900, price: MONTHLY, taxes }, { shippingCost }));
    const claim = claimIn(said('invoice.paid', object));
    expect(claim).toMatchObject({ net: 9000n, total: 10_400n, paid: 10_400n, flags: [] });
    expect(lineOf({ taxes: [{ amount: 1980, inclusive: false }] }).net).toBe(9900n);
  });

  test('trap 8: the interval is in old lines only; the period is the fallback', () => {
    const year = { ...MONTHLY, interval: 'year' as const };
    const one = lineOf({ price: year, period: { start: T, end: T + 365 * 86_400 } });
    expect(one).toMatchObject({
      interval: family === 'basil' ? null : 'month:12',
      period: 'month:12',
      recurring: true,
    });
  });

  test.each([
    [1, 'day:1'],
    [7, 'day:7'],
    [10, 'day:10'],
    [28, 'month:1'],
    [31, 'month:1'],
    [90, 'month:3'],
    [181, 'month:6'],
    [366, 'month:12'],
    [0, null],
  ])('a service period of %i days is %s', (days, period) => {
    expect(lineOf({ period: { start: T, end: T + days * 86_400 } }).period).toBe(period);
  });

  test('traps 56, 63: negative and positive prorations stay, with their sign and without a period', () => {
    const period = { start: T, end: T + 31 * 86_400 };
    const lines = [
      { amount: -2500, price: { ...MONTHLY, id: 'small-monthly' }, proration: true, period },
      {
        amount: 25_000,
        price: { ...MONTHLY, id: 'small-annual', interval: 'year' as const },
        proration: true,
        period,
      },
    ];
    const claim = claimIn(said('invoice.paid', invoiceObject(family, oneLine({ amount: 0 }, { lines }))));
    expect(claim).toMatchObject({ net: 22_500n, paid: 22_500n });
    expect(claim.lines).toMatchObject([
      { net: -2500n, prices: ['small-monthly'], proration: true, recurring: true, period: null },
      { net: 25_000n, prices: ['small-annual'], proration: true, recurring: true, period: null },
    ]);
  });

  test('a setup fee on a subscription invoice is not recurring', () => {
    const fee = { ...MONTHLY, id: 'price_fee', interval: null };
    expect(lineOf({ price: fee })).toMatchObject({
      recurring: false,
      interval: null,
      period: null,
    });
  });

  test('an ad-hoc amount has neither price nor product', () => {
    expect(lineOf({ price: null })).toMatchObject({ prices: [], products: [] });
  });

  test('traps 43, 62: decimals are text and price ids have no shape', () => {
    expect(lineOf({ price: { ...MONTHLY, id: 'small-monthly' }, quantity: 7 })).toMatchObject({
      prices: ['small-monthly'],
      products: ['prod_1'],
      quantity: 7,
    });
  });

  test('trap 10: cut-off lines become one line without a price, the total is right', () => {
    const lines = Array.from({ length: 12 }, () => ({ amount: 1000, price: MONTHLY }));
    const claim = claimIn(said('invoice.paid', invoiceObject(family, oneLine({ amount: 0 }, { lines }))));
    expect(claim).toMatchObject({ net: 12_000n, linesIncomplete: true, flags: [] });
    expect(claim.lines).toHaveLength(11);
    expect(claim.lines.at(-1)).toMatchObject({ id: 'rest', net: 2000n, prices: [], products: [] });
  });
});

describe('very old tax shapes (cases.md 29)', () => {
  const legacy = (over: object): ReturnType<typeof claimIn> => {
    const object = invoiceObject('old', oneLine({ amount: 10_000 }, { legacyTaxOnly: true }));
    const { total_tax_amounts: _, total_excluding_tax: __, tax: ___, ...bare } = object;
    return claimIn(said('invoice.paid', { ...bare, ...over }));
  };

  test('`tax` alone is enough', () => {
    expect(legacy({ tax: 2000, total: 12_000 })).toMatchObject({ net: 10_000n, flags: [] });
  });

  test('summed tax amounts are enough', () => {
    const total_tax_amounts = [{ amount: 2000, inclusive: false }];
    expect(legacy({ tax: null, total: 12_000, total_tax_amounts })).toMatchObject({
      net: 10_000n,
      flags: [],
    });
  });

  test('inclusive tax known only in total scales the lines', () => {
    expect(legacy({ tax: 1000, total: 10_000 })).toMatchObject({
      net: 9000n,
      flags: ['scaled_to_total'],
    });
  });

  test('no tax field, but the lines are the total: there was none', () => {
    expect(legacy({ total: 10_000 })).toMatchObject({ net: 10_000n, flags: [] });
  });

  test('no tax field and a larger total: the lines, and the doubt is flagged', () => {
    expect(legacy({ total: 12_000 })).toMatchObject({ net: 10_000n, flags: ['tax_unknown'] });
  });

  test('no tax field and a smaller total: the total, and both is flagged', () => {
    expect(legacy({ total: 8000 })).toMatchObject({
      net: 8000n,
      flags: ['scaled_to_total', 'tax_unknown'],
    });
  });
});
