import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Family } from '../../src/simulator/family.ts';
import { dig, type Json, type JsonObject } from '../../src/simulator/json.ts';
import {
  type InvoiceLineSpec,
  invoiceObject,
  type InvoiceSpec,
  invoiceTotals,
  lineNet,
} from '../../src/simulator/objects.ts';
import { roundMinor, splitByWeight, taxOf } from '../../src/simulator/shares.ts';

const tax = fc.record({ amount: fc.integer({ min: -500, max: 2_000 }), inclusive: fc.boolean() });

const line: fc.Arbitrary<InvoiceLineSpec> = fc.record({
  amount: fc.integer({ min: -10_000, max: 100_000 }),
  quantity: fc.integer({ min: 1, max: 9 }),
  proration: fc.boolean(),
  discountAmounts: fc.array(
    fc.record({
      amount: fc.integer({ min: 0, max: 900 }),
      discount: fc.constantFrom('di_a', 'di_b'),
    }),
    { maxLength: 2 },
  ),
  creditGrants: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 2 }),
  taxes: fc.array(tax, { maxLength: 2 }),
});

const invoice: fc.Arbitrary<InvoiceSpec> = fc.record({
  id: fc.constant('in_1Test'),
  created: fc.constant(1_767_600_000),
  currency: fc.constantFrom('usd', 'jpy', 'kwd'),
  lines: fc.array(line, { minLength: 1, maxLength: 10 }),
  startingBalance: fc.integer({ min: -5_000, max: 2_000 }),
  shippingCost: fc.option(
    fc.record({
      amountSubtotal: fc.integer({ min: 0, max: 2_000 }),
      taxes: fc.array(tax, { maxLength: 1 }),
    }),
    { nil: undefined },
  ),
});

function list(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : []) as JsonObject[];
}

function sum(items: readonly JsonObject[]): number {
  return items.reduce((all, { amount }) => all + Number(amount), 0);
}

function inclusiveTax(item: JsonObject, basil: boolean): number {
  const taxes = basil
    ? list(item.taxes).filter((t) => t.tax_behavior === 'inclusive')
    : list(item.tax_amounts).filter((t) => t.inclusive === true);
  return sum(taxes);
}

/** The published reading of a line (reference/stripe.md 6.3), from the payload alone. */
function netOf(item: JsonObject, basil: boolean): number {
  const grants = list(item.pretax_credit_amounts).filter((credit) => credit.type === 'credit_balance_transaction');
  return Number(item.amount) - sum(list(item.discount_amounts)) - sum(grants) - inclusiveTax(item, basil);
}

function shippingNet(object: JsonObject): number {
  const taxes = list(dig(object, 'shipping_cost.taxes'));
  const inclusive = taxes.filter((each) => dig(each, 'rate.inclusive') === true);
  return Number(dig(object, 'shipping_cost.amount_subtotal') ?? 0) - sum(inclusive);
}

describe.each<Family>(['old', 'acacia', 'basil'])('totals of an invoice, %s', (family) => {
  test('the net lines and shipping are the total without tax', () => {
    fc.assert(
      fc.property(invoice, (spec) => {
        const object = invoiceObject(family, spec);
        const lines = list(dig(object, 'lines.data'));
        const nets = lines.map((each) => netOf(each, family !== 'old'));
        expect(nets.reduce((all, net) => all + net, 0) + shippingNet(object)).toBe(object.total_excluding_tax);
      }),
    );
  });

  test('total, tax, balance and due agree with each other', () => {
    fc.assert(
      fc.property(invoice, (spec) => {
        const object = invoiceObject(family, spec);
        const taxes = list(family === 'basil' ? object.total_taxes : object.total_tax_amounts);
        expect(Number(object.total_excluding_tax) + sum(taxes)).toBe(object.total);
        if (family !== 'basil') expect(object.tax ?? 0).toBe(sum(taxes));
        const owed = Number(object.total) + Number(object.starting_balance);
        expect(object.amount_due).toBe(Math.max(0, owed));
        expect(object.ending_balance).toBe(Math.min(0, owed));
        expect(object.amount_paid).toBe(object.amount_due);
        expect(object.amount_remaining).toBe(0);
      }),
    );
  });
});

test('both families show the same numbers for the same invoice', () => {
  fc.assert(
    fc.property(invoice, (spec) => {
      const old = invoiceObject('old', spec);
      const basil = invoiceObject('basil', spec);
      for (const key of ['total', 'subtotal', 'amount_due', 'amount_paid', 'total_excluding_tax'] as const) {
        expect(old[key]).toBe(basil[key]);
      }
      const { totalExcludingTax, shippingNet: net } = invoiceTotals(spec);
      expect(spec.lines.reduce((all, each) => all + lineNet(each), 0) + net).toBe(totalExcludingTax);
    }),
  );
});

test('a webhook embeds ten lines and says that there are more', () => {
  const lines = Array.from({ length: 13 }, (_, index) => ({ amount: 100 + index }));
  const spec: InvoiceSpec = { id: 'in_1Long', created: 1, currency: 'usd', lines };
  const object = invoiceObject('basil', spec);
  expect(list(dig(object, 'lines.data'))).toHaveLength(10);
  expect(dig(object, 'lines.has_more')).toBe(true);
  expect(object.total).toBe(1_378);
  expect(dig(invoiceObject('basil', { ...spec, hasMore: false }), 'lines.data.12.amount')).toBe(112);
});

test('out of band: basil counts the money, old versions do not', () => {
  const spec: InvoiceSpec = {
    id: 'in_1Bank',
    created: 1,
    currency: 'usd',
    lines: [{ amount: 500 }],
    paidOutOfBand: true,
  };
  expect(invoiceObject('basil', spec).amount_paid).toBe(500);
  expect(invoiceObject('old', spec)).toMatchObject({ amount_paid: 0, paid_out_of_band: true });
});

test('legacy tax: only the number is known', () => {
  const spec: InvoiceSpec = {
    id: 'in_1Tax',
    created: 1,
    currency: 'usd',
    lines: [{ amount: 1_200, taxes: [{ amount: 200, inclusive: true }] }],
    legacyTaxOnly: true,
  };
  expect(invoiceObject('old', spec)).toMatchObject({
    tax: 200,
    total: 1_200,
    total_excluding_tax: null,
    total_tax_amounts: [],
  });
});

test('an overpaid invoice shows the surplus', () => {
  const spec: InvoiceSpec = {
    id: 'in_1Over',
    created: 1,
    currency: 'usd',
    lines: [{ amount: 1_000 }],
    amountPaid: 1_300,
  };
  expect(invoiceObject('basil', spec)).toMatchObject({ amount_overpaid: 300, amount_remaining: 0 });
});

test('parts sum to the whole', () => {
  const weights = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.nat(1_000_000), weights, (amount, given) => {
      expect(splitByWeight(amount, given).reduce((all, part) => all + part, 0)).toBe(amount);
    }),
  );
});

test('rounding and tax', () => {
  expect([0.5, -0.5, 1.4, -1.5].map(roundMinor)).toEqual([1, -1, 1, -2]);
  expect(taxOf(12_000, 20, true)).toBe(2_000);
  expect(taxOf(10_000, 20, false)).toBe(2_000);
  expect(taxOf(-1_000, 20, false)).toBe(-200);
});
