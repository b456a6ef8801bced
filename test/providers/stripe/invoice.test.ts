import { describe, expect, test } from 'vitest';

import { collect } from '../../../src/core/collect.ts';
import { paymentOf } from '../../../src/core/merge.ts';
import { invoiceObject } from '../../../src/simulator/objects.ts';
import { AT, claimIn, customerIn, FAMILIES, paymentIn, pricesIn, refOf, said, T } from './said.ts';
import { MONTHLY, INVOICE } from './specs.ts';

describe.each(FAMILIES)('%s invoice.*', (family) => {
  const paid = said('invoice.paid', invoiceObject(family, INVOICE));

  test('the bill', () => {
    expect(claimIn(paid)).toMatchObject({
      kind: 'bill',
      key: 'stripe:invoice:in_1',
      stamp: { at: AT, rank: 40, event: 'evt_1' },
      status: 'paid',
      currency: 'usd',
      total: 9900n,
      paid: 9900n,
      net: 9900n,
      refunded: null,
      paidAt: AT - 60_000,
      proof: { at: AT, rank: 40, event: 'evt_1' },
      flags: [],
      standalone: true,
      party: 'stripe:cus_1',
      subscription: 'stripe:sub_1',
      trial: false,
      outOfBand: false,
      source: 'stripe',
    });
  });

  test('its keys: old shapes name the cash', () => {
    const cash = family === 'basil' ? [] : ['stripe:ch:ch_1', 'stripe:pi:pi_1'];
    expect(paymentIn(paid).keys).toEqual(['stripe:invoice:in_1', ...cash]);
  });

  test('touches by carrier, each token once at its best rank, on the payment and on its party', () => {
    const touches = [
      { token: 'ref_a', rank: 3, at: AT, subscription: 'stripe:sub_1' },
      { token: 'clk_b', rank: 4, at: AT, subscription: 'stripe:sub_1' },
    ];
    expect(paymentIn(paid).touches).toEqual(touches);
    expect(customerIn(paid)).toEqual({
      kind: 'customer',
      key: 'stripe:cus_1',
      links: ['email:ann@example.com', 'user:u1'],
      touches,
    });
  });

  test('old lines also say how their price recurs', () => {
    const price = { kind: 'price', key: 'stripe:price_m', product: 'prod_1', interval: 'month:1' };
    expect(pricesIn(paid)).toMatchObject(family === 'basil' ? [] : [price]);
  });

  test('invoice.payment_succeeded is the same bill, the later proof', () => {
    const claim = claimIn(said('invoice.payment_succeeded', invoiceObject(family, INVOICE)));
    expect(claim.stamp.rank).toBe(41);
    expect({ ...claim, stamp: null, proof: null }).toEqual({
      ...claimIn(paid),
      stamp: null,
      proof: null,
    });
  });

  test.each([
    ['invoice.voided', 'void', 30, 'void'],
    ['invoice.marked_uncollectible', 'uncollectible', 20, 'uncollectible'],
  ] as const)('%s proves nothing; trap 55: uncollectible is not final', (type, status, rank, expected) => {
    const claim = claimIn(said(type, invoiceObject(family, { ...INVOICE, status })));
    expect(claim).toMatchObject({ status: expected, proof: null, stamp: { rank } });
  });

  test('trap 15: a trial start is a bill over nothing', () => {
    const lines = [{ amount: 0, price: MONTHLY }];
    expect(claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, lines })))).toMatchObject({
      trial: true,
      net: 0n,
    });
  });

  test('trap 15: a 100 % coupon is not a trial', () => {
    const lines = [{ amount: 9900, price: MONTHLY, discountAmounts: [{ amount: 9900, discount: 'di_1' }] }];
    expect(claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, lines })))).toMatchObject({
      trial: false,
      status: 'paid',
      total: 0n,
      net: 0n,
    });
  });

  test('trap 16: a one-off invoice has no subscription, whatever its reason says', () => {
    const one = {
      ...INVOICE,
      subscription: null,
      billingReason: 'subscription_create',
      subscriptionMetadata: undefined,
    };
    const claim = claimIn(said('invoice.paid', invoiceObject(family, { ...one, lines: [{ amount: 500 }] })));
    expect(claim).toMatchObject({ subscription: null, trial: false });
    expect(claim.lines).toMatchObject([{ recurring: false, period: null }]);
  });

  test('credit balance: total and paid differ', () => {
    const claim = claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, startingBalance: -4000 })));
    expect(claim).toMatchObject({ total: 9900n, paid: 5900n, net: 9900n });
  });

  test('trap 57: an overpaid invoice shows more paid than its total', () => {
    expect(claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, amountPaid: 12_000 })))).toMatchObject({
      total: 9900n,
      paid: 12_000n,
    });
  });

  test('paid out of band: the money counts; only old shapes say so', () => {
    expect(claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, paidOutOfBand: true })))).toMatchObject({
      paid: 9900n,
      outOfBand: family !== 'basil',
    });
  });

  test('trap 51: without a customer the e-mail is the party', () => {
    const facts = said('invoice.paid', invoiceObject(family, { ...INVOICE, customer: null }));
    expect(claimIn(facts).party).toBe('email:ann@example.com');
    expect(customerIn(facts)).toMatchObject({ key: 'email:ann@example.com', links: ['user:u1'] });
  });

  test('trap 44: unknown fields, enum values and expanded references are all right', () => {
    const object = invoiceObject(family, INVOICE);
    const strange = {
      ...object,
      customer: { id: 'cus_1', object: 'customer', deleted: true },
      tomorrow: { x: 1 },
      billing_reason: 'new',
    };
    expect(claimIn(said('invoice.paid', strange))).toEqual(claimIn(paid));
  });

  test('trap 47: discounts are read from amounts, never from coupons', () => {
    const discount = { id: 'di_1', coupon: 'SAVE10', percentOff: 10, start: T };
    const lines = [{ amount: 9900, price: MONTHLY, discountAmounts: [{ amount: 990, discount: 'di_1' }] }];
    const object = { ...invoiceObject(family, { ...INVOICE, lines }), discounts: [discount] };
    expect(claimIn(said('invoice.paid', object))).toMatchObject({ net: 8910n, total: 8910n });
  });

  test('the core takes it for what it is: a sale under the invoice’s money key', () => {
    const fact = paymentIn(paid);
    expect(collect(paymentOf(fact, refOf('invoice.paid')))).toMatchObject({
      is: 'sale',
      sale: { moneyKey: 'stripe:invoice:in_1', cash: 9900n, net: 9900n, externalEventId: 'evt_1' },
    });
  });
});
