import { describe, expect, test } from 'vitest';

import { invoiceObject, invoicePaymentObject } from '../../../src/simulator/objects.ts';
import { claimIn, comparable, FAMILIES, pricesIn, said, T } from './said.ts';
import { INVOICE, MONTHLY } from './specs.ts';

test('old, mixed and basil shapes of one invoice make the same claim', () => {
  const claims = FAMILIES.map((family) => comparable(claimIn(said('invoice.paid', invoiceObject(family, INVOICE)))));
  expect(claims[1]).toEqual(claims[0]);
  expect(claims[2]).toEqual(claims[0]);
});

describe('shapes older than the simulator’s', () => {
  test('without `status`, `paid` decides', () => {
    const { status: _, ...bare } = invoiceObject('old', INVOICE);
    expect(claimIn(said('invoice.paid', bare)).status).toBe('paid');
    expect(claimIn(said('invoice.paid', { ...bare, paid: false })).status).toBe('open');
  });

  test('without `amount_paid`, what was due was paid', () => {
    const { amount_paid: _, ...bare } = invoiceObject('old', INVOICE);
    expect(claimIn(said('invoice.paid', bare)).paid).toBe(9900n);
    expect(claimIn(said('invoice.voided', { ...bare, status: 'void' })).paid).toBe(0n);
  });

  test('a line with a plan only', () => {
    const object = JSON.parse(JSON.stringify(invoiceObject('old', INVOICE)));
    delete object.lines.data[0].price;
    const facts = said('invoice.paid', object);
    expect(claimIn(facts).lines).toMatchObject([{ prices: ['price_m'], products: ['prod_1'], interval: 'month:1' }]);
    expect(pricesIn(facts)).toMatchObject([{ key: 'stripe:price_m', interval: 'month:1' }]);
  });

  test('trap 9: three months are not one', () => {
    const price = { ...MONTHLY, intervalCount: 3 };
    const facts = said('invoice.paid', invoiceObject('old', { ...INVOICE, lines: [{ amount: 1, price }] }));
    expect(claimIn(facts).lines).toMatchObject([{ interval: 'month:3' }]);
  });

  test('an accepted quote: the subscription is on the lines', () => {
    const object = {
      ...invoiceObject('basil', INVOICE),
      parent: {
        type: 'quote_details',
        quote_details: { quote: 'qt_1' },
        subscription_details: null,
      },
    };
    expect(claimIn(said('invoice.paid', object)).subscription).toBe('stripe:sub_1');
  });
});

describe('invoice_payment.paid', () => {
  const payment = { id: 'inpay_1', invoice: 'in_1', amountPaid: 9900, currency: 'usd', created: T };

  test.each([
    [{ paymentIntent: 'pi_1' }, ['stripe:invoice:in_1', 'stripe:pi:pi_1']],
    [{ charge: 'ch_1' }, ['stripe:invoice:in_1', 'stripe:ch:ch_1']],
  ])('%o ties cash to its invoice and claims nothing', (over, keys) => {
    expect(said('invoice_payment.paid', invoicePaymentObject({ ...payment, ...over }))).toEqual([
      { kind: 'payment', keys, claim: null, touches: [], optOut: null },
    ]);
  });

  test('a payment record is money from outside: it ties nothing and says how much', () => {
    expect(said('invoice_payment.paid', invoicePaymentObject({ ...payment, paymentRecord: 'pr_1' }))).toEqual([
      {
        kind: 'payment',
        keys: ['stripe:invoice:in_1'],
        claim: null,
        touches: [],
        optOut: null,
        outside: { key: 'stripe:inpay_1', amount: 9900n },
      },
    ]);
  });
});
