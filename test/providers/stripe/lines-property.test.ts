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
import { oneLine } from './specs.ts';

const sum = (lines: readonly Line[]): bigint => lines.reduce((total, line) => total + line.net, 0n);

const tax = (inclusive: boolean) => fc.integer({ min: 0, max: 900 }).map((amount) => ({ amount, inclusive }));

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
  taxes: fc.oneof(fc.constant([]), fc.tuple(tax(true)), fc.tuple(tax(false)), fc.tuple(tax(true), tax(false))),
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
      taxes: fc.constantFrom([], [{ amount: 90, inclusive: true }], [{ amount: 70, inclusive: false }]),
    }),
    { nil: undefined },
  ),
});

describe('line arithmetic (stripe.md 6.3)', () => {
  test('random lines say the same in every shape and reconcile with total_excluding_tax', () => {
    fc.assert(
      fc.property(invoice, (spec) => {
        const claims = FAMILIES.map((family) => claimIn(said('invoice.paid', invoiceObject(family, spec))));
        const totals = invoiceTotals(spec);
        for (const claim of claims) {
          expect(comparable(claim)).toEqual(comparable(claims[0] ?? claim));
          expect(claim.net).toBe(BigInt(totals.totalExcludingTax - totals.shippingNet));
          expect(sum(claim.lines)).toBe(claim.net);
          expect(claim.flags.filter((flag) => flag !== 'discount_unnamed')).toEqual([]);
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
    const base = claimIn(said('invoice.paid', invoiceObject('basil', oneLine({ amount: 1 })))).lines[0];
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
        for (const [index, one] of scaled.entries()) expect(one.net * (lines[index]?.net ?? 0n) >= 0n).toBe(true);
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
