import { describe, expect, test } from 'vitest';

import { collect } from '../../../src/core/collect.ts';
import { mergePayments, paymentOf, type PaymentState } from '../../../src/core/merge.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import {
  chargeObject,
  checkoutSessionObject,
  invoiceObject,
  invoicePaymentObject,
  paymentIntentObject,
} from '../../../src/simulator/objects.ts';
import { ignored, paymentIn, refOf, said, T } from './said.ts';
import { CHARGE, INVOICE, SESSION } from './specs.ts';

describe('what is not translated', () => {
  test.each([
    'invoice.created',
    'invoice.upcoming',
    'invoice.updated',
    'charge.pending',
    'payout.paid',
    'invoice.overpaid',
    'customer.tax_id.created',
    'whatever.next',
  ])('%s', (type) => {
    expect(ignored(type, {})).toBe('unhandled_type');
  });

  test('a thin event', () => {
    const thin = {
      id: 'evt_1',
      object: 'v2.core.event',
      type: 'v1.invoice.paid',
      created: '2026-03-01T00:00:00Z',
      livemode: true,
    };
    expect(stripe.translate(refOf('v1.invoice.paid'), thin)).toEqual({ ignored: 'thin_event' });
  });

  test('a known type without what is needed throws, naming the path and no value', () => {
    const object = invoiceObject('basil', INVOICE);
    expect(() => said('invoice.paid', { ...object, amount_due: 99.5 })).toThrow(
      /^invoice\.paid: data\.object\.amount_due: /,
    );
    expect(() => said('invoice.paid', { ...object, total: 2 ** 53 })).toThrow('data.object.total');
    expect(() => said('invoice.paid', { ...object, lines: { data: [{ id: 'il_1', amount: 'secret' }] } })).toThrow(
      /data\.object\.lines\.data\.0\.amount: (?!.*secret)/,
    );
    expect(() => said('invoice.paid', null)).toThrow('invoice.paid: data.object: ');
    expect(() => stripe.translate(refOf('refund.created'), {})).toThrow('refund.created: data.object: ');
    const order = { ...checkoutSessionObject('basil', SESSION), amount_total: null };
    expect(() => said('checkout.session.completed', order)).toThrow('data.object.amount_total: missing');
  });
});

test('basil: session, invoice payment and intent of one subscription payment become one sale, in any order', () => {
  const events: [string, object][] = [
    [
      'payment_intent.succeeded',
      paymentIntentObject('basil', {
        id: 'pi_1',
        amount: 9900,
        currency: 'usd',
        created: T,
        status: 'succeeded',
        latestCharge: 'ch_1',
      }),
    ],
    ['charge.succeeded', chargeObject('basil', { ...CHARGE, amount: 9900 })],
    [
      'invoice_payment.paid',
      invoicePaymentObject({
        id: 'inpay_1',
        invoice: 'in_1',
        paymentIntent: 'pi_1',
        amountPaid: 9900,
        currency: 'usd',
        created: T,
      }),
    ],
    [
      'checkout.session.completed',
      checkoutSessionObject('basil', {
        ...SESSION,
        mode: 'subscription',
        invoice: 'in_1',
        subscription: 'sub_1',
        paymentIntent: null,
      }),
    ],
    ['invoice.paid', invoiceObject('basil', INVOICE)],
  ];
  const states = events.map(([type, object], index) => {
    const ref = refOf(type, { id: `evt_${index}` });
    return paymentOf(paymentIn(said(type, object, ref)), ref);
  });
  const merged = (order: readonly PaymentState[]) => collect(order.reduce(mergePayments));
  expect(merged(states)).toMatchObject({
    is: 'sale',
    sale: { moneyKey: 'stripe:invoice:in_1', cash: 9900n, net: 9900n },
  });
  expect(merged(states.toReversed())).toEqual(merged(states));
});
