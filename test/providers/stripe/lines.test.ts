import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Line } from '../../../src/core/facts.ts';
import { scaleLines } from '../../../src/providers/stripe/lines.ts';
import {
  type InvoiceLineSpec,
  invoiceObject,
  type InvoiceSpec,
  invoiceTotals,
} from '../../../src/simulator/objects.ts';
import { claimIn, comparable, FAMILIES, said, T } from './said.ts';

const sum = (lines: readonly Line[]): bigint => lines.reduce((total, line) => total + line.net, 0n);

const tax = (inclusive: boolean) =>
  fc.integer({ min: 0, max: 900 }).map((amount) => ({ amount, inclusive }));

const line: fc.Arbitrary<InvoiceLineSpec> = fc.record({
  amount: fc.integer({ min: -50_000, max: 200_000 }),
  price: fc.constantFrom(null, {
    id: 'small-monthly',
    product: 'prod_1',
    currency: 'usd',
    amount: 2500,
    interval: 'month' as const,
    intervalCount: 1,
  }),
  quantity: fc.integer({ min: 1, max: 9 }),
  proration: fc.boolean(),
  discountAmounts: fc.array(
    fc.integer({ min: 0, max: 500 }).map((amount) => ({ amount, discount: 'di_1' })),
    { maxLength: 2 },
  ),
  creditGrants: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 2 }),
  taxes: fc.oneof(
    fc.constant([]),
    fc.tuple(tax(true)),
    fc.tuple(tax(false)),
    fc.tuple(tax(true), tax(false)),
  ),
  period: fc.constantFrom({ start: T, end: T + 31 * 86_400 }, { start: T, end: T + 12 * 86_400 }),
});

const invoice: fc.Arbitrary<InvoiceSpec> = fc.record({
  id: fc.constant('in_1'),
  created: fc.constant(T),
  currency: fc.constant('usd'),
  customer: fc.constant('cus_1'),
  subscription: fc.constantFrom(null, 'sub_1'),
  lines: fc.array(line, { minLength: 1, maxLength: 14 }),
  shippingCost: fc.option(
    fc.record({
      amountSubtotal: fc.integer({ min: 1000, max: 9000 }),
      taxes: fc.constantFrom(
        [],
        [{ amount: 90, inclusive: true }],
        [{ amount: 70, inclusive: false }],
      ),
    }),
    { nil: undefined },
  ),
});

describe('line arithmetic (stripe.md 6.3)', () => {
  test('random lines say the same in every shape and reconcile with total_excluding_tax', () => {
    fc.assert(
      fc.property(invoice, (spec) => {
        const claims = FAMILIES.map((family) =>
          claimIn(said('invoice.paid', invoiceObject(family, spec))),
        );
        const totals = invoiceTotals(spec);
        for (const claim of claims) {
          expect(comparable(claim)).toEqual(comparable(claims[0] ?? claim));
          expect(claim.net).toBe(BigInt(totals.totalExcludingTax - totals.shippingNet));
          expect(sum(claim.lines)).toBe(claim.net);
          expect(claim.flags).toEqual([]);
          expect(claim.linesIncomplete).toBe(spec.lines.length > 10);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('lines that contradict a stated total are bent to it, exactly, and flagged', () => {
    const goals = fc.integer({ min: -100_000, max: 1_000_000 });
    fc.assert(
      fc.property(invoice, goals, (spec, goal) => {
        const object = {
          ...invoiceObject('basil', { ...spec, lines: spec.lines.slice(0, 10) }),
          total_excluding_tax: goal,
        };
        const claim = claimIn(said('invoice.paid', object));
        const { shippingNet } = invoiceTotals(spec);
        expect(claim.net).toBe(BigInt(goal - shippingNet));
        expect(sum(claim.lines)).toBe(claim.net);
      }),
      { numRuns: 300 },
    );
  });

  test('scaling keeps signs, order and the exact sum, and refuses what no scale can reach', () => {
    const base = claimIn(said('invoice.paid', invoiceObject('basil', oneLine({ amount: 1 }))))
      .lines[0];
    if (!base) throw new Error('a line');
    const nets = fc.array(fc.bigInt({ min: -100_000n, max: 100_000n }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(nets, fc.bigInt({ min: -200_000n, max: 200_000n }), (amounts, goal) => {
        const lines = amounts.map((net) => ({ ...base, net }));
        const scaled = scaleLines(lines, goal);
        const before = sum(lines);
        if (scaled === null) {
          expect(before === 0n || before < 0n !== goal < 0n).toBe(true);
          return;
        }
        expect(sum(scaled)).toBe(goal);
        for (const [index, one] of scaled.entries())
          expect(one.net * (lines[index]?.net ?? 0n) >= 0n).toBe(true);
      }),
    );
    expect(
      scaleLines(
        [
          { ...base, net: 300n },
          { ...base, net: -100n },
        ],
        100n,
      )?.map((one) => one.net),
    ).toEqual([150n, -50n]);
  });
});

function oneLine(over: InvoiceLineSpec, invoiceOver: Partial<InvoiceSpec> = {}): InvoiceSpec {
  return {
    id: 'in_1',
    created: T,
    currency: 'usd',
    customer: 'cus_1',
    subscription: 'sub_1',
    status: 'paid',
    lines: [over],
    ...invoiceOver,
  };
}

const MONTHLY = {
  id: 'price_m',
  product: 'prod_1',
  currency: 'usd',
  amount: 9900,
  interval: 'month' as const,
  intervalCount: 1,
};

describe.each(FAMILIES)('%s lines', (family) => {
  const lineOf = (over: Partial<InvoiceLineSpec>, invoiceOver: Partial<InvoiceSpec> = {}): Line => {
    const object = invoiceObject(
      family,
      oneLine({ amount: 9900, price: MONTHLY, ...over }, invoiceOver),
    );
    const [first] = claimIn(said('invoice.paid', object)).lines;
    if (!first) throw new Error('a line');
    return first;
  };

  test('trap 11: discounts repeated as pretax credits count once, credit grants count too', () => {
    expect(
      lineOf({ discountAmounts: [{ amount: 950, discount: 'di_1' }], creditGrants: [50] }).net,
    ).toBe(8900n);
  });

  test('traps 12, 13, 14: inclusive and exclusive tax and shipping stay outside', () => {
    const taxes = [{ amount: 900, inclusive: true }];
    const shippingCost = { amountSubtotal: 500, taxes: [{ amount: 40, inclusive: true }] };
    const object = invoiceObject(
      family,
      oneLine({ amount: 9900, price: MONTHLY, taxes }, { shippingCost }),
    );
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
    const claim = claimIn(
      said('invoice.paid', invoiceObject(family, oneLine({ amount: 0 }, { lines }))),
    );
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
    const claim = claimIn(
      said('invoice.paid', invoiceObject(family, oneLine({ amount: 0 }, { lines }))),
    );
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
