import { describe, expect, test } from 'vitest';

import { collect } from '../../../src/core/collect.ts';
import { mergePayments, paymentOf, type PaymentState } from '../../../src/core/merge.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import {
  chargeObject,
  type ChargeSpec,
  checkoutSessionObject,
  type CheckoutSessionSpec,
  customerObject,
  invoiceObject,
  invoicePaymentObject,
  type InvoiceSpec,
  paymentIntentObject,
  priceObject,
  refundObject,
  subscriptionObject,
} from '../../../src/simulator/objects.ts';
import {
  AT,
  claimIn,
  comparable,
  customerIn,
  FAMILIES,
  ignored,
  paymentIn,
  pricesIn,
  refOf,
  refundIn,
  said,
  T,
} from './said.ts';

const MONTHLY = {
  id: 'price_m',
  product: 'prod_1',
  currency: 'usd',
  amount: 9900,
  interval: 'month' as const,
  intervalCount: 1,
};

const INVOICE: InvoiceSpec = {
  id: 'in_1',
  created: T,
  currency: 'usd',
  status: 'paid',
  paidAt: T - 60,
  customer: 'cus_1',
  customerEmail: ' Ann@Example.com ',
  subscription: 'sub_1',
  subscriptionMetadata: { affonso_referral: 'ref_a', userId: 'u1' },
  metadata: { affitor_click_id: 'clk_b', ref: 'ref_a' },
  charge: 'ch_1',
  paymentIntent: 'pi_1',
  lines: [{ amount: 9900, price: MONTHLY, period: { start: T, end: T + 31 * 86_400 } }],
};

const CHARGE: ChargeSpec = {
  id: 'ch_1',
  amount: 10_000,
  currency: 'usd',
  created: T - 60,
  paymentIntent: 'pi_1',
  customer: 'cus_1',
  email: 'ann@example.com',
  metadata: { hoko_id: 'h1' },
};

const SESSION: CheckoutSessionSpec = {
  id: 'cs_1',
  mode: 'payment',
  created: T,
  currency: 'usd',
  amountTotal: 12_000,
  amountTax: 1500,
  amountShipping: 500,
  paymentStatus: 'paid',
  email: 'guest@example.com',
  clientReferenceId: 'ref_c',
  metadata: { affonso_referral: 'ref_m' },
  paymentIntent: 'pi_1',
};

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
    ['invoice.marked_uncollectible', 'uncollectible', 20, 'open'],
  ] as const)(
    '%s proves nothing; trap 55: uncollectible is not final',
    (type, status, rank, expected) => {
      const claim = claimIn(said(type, invoiceObject(family, { ...INVOICE, status })));
      expect(claim).toMatchObject({ status: expected, proof: null, stamp: { rank } });
    },
  );

  test('trap 15: a trial start is a bill over nothing', () => {
    const lines = [{ amount: 0, price: MONTHLY }];
    expect(
      claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, lines }))),
    ).toMatchObject({ trial: true, net: 0n });
  });

  test('trap 15: a 100 % coupon is not a trial', () => {
    const lines = [
      { amount: 9900, price: MONTHLY, discountAmounts: [{ amount: 9900, discount: 'di_1' }] },
    ];
    expect(
      claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, lines }))),
    ).toMatchObject({
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
    const claim = claimIn(
      said('invoice.paid', invoiceObject(family, { ...one, lines: [{ amount: 500 }] })),
    );
    expect(claim).toMatchObject({ subscription: null, trial: false });
    expect(claim.lines).toMatchObject([{ recurring: false, period: null }]);
  });

  test('credit balance: total and paid differ', () => {
    const claim = claimIn(
      said('invoice.paid', invoiceObject(family, { ...INVOICE, startingBalance: -4000 })),
    );
    expect(claim).toMatchObject({ total: 9900n, paid: 5900n, net: 9900n });
  });

  test('trap 57: an overpaid invoice shows more paid than its total', () => {
    expect(
      claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, amountPaid: 12_000 }))),
    ).toMatchObject({
      total: 9900n,
      paid: 12_000n,
    });
  });

  test('paid out of band: the money counts; only old shapes say so', () => {
    expect(
      claimIn(said('invoice.paid', invoiceObject(family, { ...INVOICE, paidOutOfBand: true }))),
    ).toMatchObject({
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
    const lines = [
      { amount: 9900, price: MONTHLY, discountAmounts: [{ amount: 990, discount: 'di_1' }] },
    ];
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

test('old, mixed and basil shapes of one invoice make the same claim', () => {
  const claims = FAMILIES.map((family) =>
    comparable(claimIn(said('invoice.paid', invoiceObject(family, INVOICE)))),
  );
  expect(claims[1]).toEqual(claims[0]);
  expect(claims[2]).toEqual(claims[0]);
});

describe('shapes older than the simulator’s', () => {
  test('without `status`, `paid` decides', () => {
    const { status: _, ...bare } = invoiceObject('old', INVOICE);
    expect(claimIn(said('invoice.paid', bare)).status).toBe('paid');
    expect(claimIn(said('invoice.paid', { ...bare, paid: false })).status).toBe('open');
  });

  test('a line with a plan only', () => {
    const object = JSON.parse(JSON.stringify(invoiceObject('old', INVOICE)));
    delete object.lines.data[0].price;
    const facts = said('invoice.paid', object);
    expect(claimIn(facts).lines).toMatchObject([
      { prices: ['price_m'], products: ['prod_1'], interval: 'month:1' },
    ]);
    expect(pricesIn(facts)).toMatchObject([{ key: 'stripe:price_m', interval: 'month:1' }]);
  });

  test('trap 9: three months are not one', () => {
    const price = { ...MONTHLY, intervalCount: 3 };
    const facts = said(
      'invoice.paid',
      invoiceObject('old', { ...INVOICE, lines: [{ amount: 1, price }] }),
    );
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
    [{ paymentRecord: 'pr_1' }, ['stripe:invoice:in_1']],
  ])('%o ties cash to its invoice and claims nothing', (over, keys) => {
    expect(said('invoice_payment.paid', invoicePaymentObject({ ...payment, ...over }))).toEqual([
      { kind: 'payment', keys, claim: null, touches: [], optOut: null },
    ]);
  });
});

describe.each(FAMILIES)('%s payment_intent.succeeded', (family) => {
  const spec = {
    id: 'pi_1',
    amount: 12_000,
    currency: 'usd',
    created: T,
    status: 'succeeded',
    customer: 'cus_1',
    latestCharge: 'ch_1',
    metadata: { customer_code: 'tok' },
  } as const;

  test('the intent; trap 5: basil does not know whether an invoice stands behind it', () => {
    const facts = said('payment_intent.succeeded', paymentIntentObject(family, spec));
    expect(paymentIn(facts).keys).toEqual(['stripe:pi:pi_1', 'stripe:ch:ch_1']);
    expect(paymentIn(facts).touches).toEqual([
      { token: 'tok', rank: 5, at: AT, subscription: null },
    ]);
    expect(claimIn(facts)).toMatchObject({
      kind: 'intent',
      key: 'stripe:pi:pi_1',
      status: 'paid',
      total: 12_000n,
      paid: 12_000n,
      net: 12_000n,
      paidAt: null,
      refunded: null,
      standalone: family !== 'basil',
      lines: [{ id: 'pi_1', net: 12_000n, prices: [], recurring: false }],
    });
  });

  test('of an invoice', () => {
    const facts = said(
      'payment_intent.succeeded',
      paymentIntentObject(family, { ...spec, invoice: 'in_1' }),
    );
    const known = family === 'basil' ? [] : ['stripe:invoice:in_1'];
    expect(paymentIn(facts).keys).toEqual(['stripe:pi:pi_1', 'stripe:ch:ch_1', ...known]);
    expect(claimIn(facts).standalone).toBe(false);
  });

  test('tax and shipping where the merchant gave them', () => {
    const amountDetails = { tax: 2000, shipping: 500 };
    expect(
      claimIn(
        said('payment_intent.succeeded', paymentIntentObject(family, { ...spec, amountDetails })),
      ),
    ).toMatchObject({ paid: 12_000n, net: 9500n });
  });

  test('trap 6: charges listed by very old shapes are keys', () => {
    const object = {
      ...paymentIntentObject(family, spec),
      latest_charge: undefined,
      charges: { data: [{ id: 'ch_9' }, { id: 'ch_1' }] },
    };
    expect(paymentIn(said('payment_intent.succeeded', object)).keys).toEqual([
      'stripe:pi:pi_1',
      'stripe:ch:ch_9',
      'stripe:ch:ch_1',
    ]);
  });
});

describe.each(FAMILIES)('%s charge.*', (family) => {
  const charge = (over: Partial<ChargeSpec> = {}) => chargeObject(family, { ...CHARGE, ...over });

  test.each(['charge.succeeded', 'charge.captured', 'charge.updated', 'charge.refunded'])(
    '%s',
    (type) => {
      const facts = said(type, charge());
      expect(paymentIn(facts).keys).toEqual(['stripe:ch:ch_1', 'stripe:pi:pi_1']);
      expect(paymentIn(facts).touches).toMatchObject([{ token: 'h1', rank: 6 }]);
      expect(customerIn(facts)).toMatchObject({
        key: 'stripe:cus_1',
        links: ['email:ann@example.com'],
      });
      expect(claimIn(facts)).toMatchObject({
        kind: 'charge',
        key: 'stripe:ch:ch_1',
        status: 'paid',
        total: 10_000n,
        paid: 10_000n,
        net: 10_000n,
        refunded: 0n,
        paidAt: AT - 60_000,
        standalone: family !== 'basil',
      });
    },
  );

  test('of an invoice, which only old shapes name', () => {
    const facts = said('charge.succeeded', charge({ invoice: 'in_1' }));
    expect(paymentIn(facts).keys.includes('stripe:invoice:in_1')).toBe(family !== 'basil');
    expect(claimIn(facts).standalone).toBe(false);
  });

  test('trap 51: a guest is known by the e-mail', () => {
    expect(claimIn(said('charge.succeeded', charge({ customer: null }))).party).toBe(
      'email:ann@example.com',
    );
  });

  test('cases.md 52: authorised only is open, pending and failed are not paid', () => {
    expect(claimIn(said('charge.succeeded', charge({ captured: false })))).toMatchObject({
      status: 'open',
      paid: 0n,
      proof: null,
    });
    expect(claimIn(said('charge.updated', charge({ status: 'pending' })))).toMatchObject({
      status: 'open',
      proof: null,
    });
    expect(claimIn(said('charge.updated', charge({ status: 'failed' })))).toMatchObject({
      status: 'failed',
      proof: null,
    });
  });

  test('cases.md 53: the released rest of a partial capture is no refund', () => {
    const part = { amountCaptured: 6000, amountRefunded: 4000 };
    expect(claimIn(said('charge.captured', charge(part)))).toMatchObject({
      paid: 6000n,
      net: 6000n,
      refunded: 0n,
    });
    expect(
      claimIn(said('charge.refunded', charge({ ...part, amountRefunded: 5000 }))),
    ).toMatchObject({ refunded: 1000n });
    expect(
      claimIn(said('charge.refunded', charge({ ...part, amountRefunded: 1000 }))),
    ).toMatchObject({ refunded: 1000n });
  });

  test('trap 18: refunds are counted cumulatively; trap 25: `refunded` is not read', () => {
    const partly = claimIn(said('charge.refunded', charge({ amountRefunded: 3000 })));
    expect(partly).toMatchObject({ refunded: 3000n, status: 'paid' });
    expect(refundsIn(said('charge.refunded', charge({ amountRefunded: 3000 })))).toEqual([]);
  });

  test('cases.md 9: of two snapshots of one second the more refunded one is newer', () => {
    const rank = (amountRefunded: number): number =>
      claimIn(said('charge.refunded', charge({ amountRefunded }))).stamp.rank;
    expect(rank(3000)).toBeGreaterThan(rank(2999));
    expect(rank(0)).toBeGreaterThan(
      claimIn(said('charge.updated', charge({ status: 'pending' }))).stamp.rank,
    );
  });

  test('trap 54: a charge made by a Connect transfer is no sale', () => {
    expect(ignored('charge.succeeded', charge({ sourceTransfer: 'tr_1' }))).toBe(
      'connect_transfer',
    );
  });

  test('trap 46: presentment amounts are not looked at', () => {
    const claim = claimIn(
      said('charge.succeeded', charge({ presentment: { amount: 9100, currency: 'eur' } })),
    );
    expect(claim).toMatchObject({ total: 10_000n, currency: 'usd' });
  });

  test('a charge without `amount_captured` was captured whole or not at all', () => {
    const { amount_captured: _, ...bare } = charge();
    expect(claimIn(said('charge.succeeded', bare)).paid).toBe(10_000n);
    expect(claimIn(said('charge.succeeded', { ...bare, captured: false })).paid).toBe(0n);
  });
});

const refundsIn = (facts: ReturnType<typeof said>) =>
  facts.filter((fact) => fact.kind === 'refund');

test('trap 24: refunds embedded by very old charges are facts, every one of them', () => {
  const refund = {
    id: 're_1',
    amount: 1000,
    currency: 'usd',
    charge: 'ch_1',
    paymentIntent: 'pi_1',
    created: T,
  };
  const embeddedRefunds = [
    { ...refund, id: 're_2', amount: 2000 },
    refund,
    { ...refund, id: 're_3', reason: 'expired_uncaptured_charge' as const },
  ];
  const facts = said(
    'charge.refunded',
    chargeObject('old', { ...CHARGE, amountRefunded: 3000, embeddedRefunds }),
  );
  expect(refundsIn(facts)).toMatchObject([
    { refund: { key: 'stripe:re_2', amount: 2000n, charge: 'stripe:ch:ch_1' } },
    { refund: { key: 'stripe:re_1', amount: 1000n, charge: 'stripe:ch:ch_1' } },
  ]);
});

describe.each(FAMILIES)('%s refunds', (family) => {
  const spec = {
    id: 're_1',
    amount: 2500,
    currency: 'usd',
    charge: 'ch_1',
    paymentIntent: 'pi_1',
    created: T - 30,
  };

  test.each(['refund.created', 'refund.updated', 'charge.refund.updated'])('%s', (type) => {
    const [fact] = said(type, refundObject(family, spec));
    const stamp = { at: AT, rank: 10, event: 'evt_1' };
    expect(fact).toEqual({
      kind: 'refund',
      keys: ['stripe:ch:ch_1', 'stripe:pi:pi_1'],
      refund: {
        key: 'stripe:re_1',
        stamp,
        proof: stamp,
        amount: 2500n,
        currency: 'usd',
        status: 'succeeded',
        at: AT - 30_000,
        charge: 'stripe:ch:ch_1',
        source: 'stripe',
        externalId: null,
      },
    });
  });

  test.each([
    ['refund.created', 'pending', 'pending', 0],
    ['refund.updated', 'requires_action', 'pending', 0],
    ['refund.updated', 'canceled', 'failed', 20],
    ['charge.refund.updated', 'failed', 'failed', 20],
    ['refund.failed', 'failed', 'failed', 20],
    // trap 61: a public sample of refund.failed says `succeeded`
    ['refund.failed', 'succeeded', 'failed', 20],
  ] as const)('%s with status %s is %s', (type, status, expected, rank) => {
    expect(refundIn(said(type, refundObject(family, { ...spec, status })))).toMatchObject({
      status: expected,
      stamp: { rank },
    });
  });

  test('trap 23: the release of an authorisation', () => {
    expect(
      ignored(
        'refund.created',
        refundObject(family, { ...spec, reason: 'expired_uncaptured_charge' }),
      ),
    ).toBe('expired_authorisation');
  });

  test('without a charge, and without any payment', () => {
    const object = { ...refundObject(family, spec), charge: null };
    expect(refundIn(said('refund.created', object)).charge).toBe(null);
    expect(ignored('refund.created', { ...object, payment_intent: null })).toBe(
      'refund_without_payment',
    );
  });
});

describe.each(FAMILIES)('%s checkout.session.*', (family) => {
  const session = (over: Partial<CheckoutSessionSpec> = {}) =>
    checkoutSessionObject(family, { ...SESSION, ...over });

  test('a paid order without an invoice', () => {
    const facts = said('checkout.session.completed', session());
    expect(paymentIn(facts).keys).toEqual(['stripe:pi:pi_1', 'stripe:cs:cs_1']);
    expect(paymentIn(facts).touches).toEqual([
      { token: 'ref_m', rank: 1, at: AT, subscription: null },
      { token: 'ref_c', rank: 2, at: AT, subscription: null },
    ]);
    expect(claimIn(facts)).toMatchObject({
      kind: 'order',
      key: 'stripe:cs:cs_1',
      status: 'paid',
      total: 12_000n,
      paid: 12_000n,
      net: 10_000n,
      standalone: true,
      party: 'email:guest@example.com',
      paidAt: null,
      lines: [{ id: 'cs_1', net: 10_000n }],
    });
  });

  test('trap 52: unpaid is open, the asynchronous outcome decides', () => {
    const unpaid = session({ paymentStatus: 'unpaid' });
    expect(claimIn(said('checkout.session.completed', unpaid))).toMatchObject({
      status: 'open',
      paid: 0n,
      proof: null,
      stamp: { rank: 0 },
    });
    expect(claimIn(said('checkout.session.async_payment_succeeded', session()))).toMatchObject({
      status: 'paid',
      stamp: { rank: 10 },
    });
    expect(claimIn(said('checkout.session.async_payment_failed', unpaid))).toMatchObject({
      status: 'failed',
      stamp: { rank: 5 },
    });
    // trap 61
    expect(claimIn(said('checkout.session.async_payment_failed', session())).status).toBe('failed');
  });

  test('trap 2: with an invoice it only ties and attributes', () => {
    const fact = paymentIn(said('checkout.session.completed', session({ invoice: 'in_1' })));
    expect(fact).toMatchObject({
      keys: ['stripe:invoice:in_1', 'stripe:cs:cs_1', 'stripe:pi:pi_1'],
      claim: null,
    });
    expect(fact.touches).toHaveLength(2);
  });

  test('trap 50: of a subscription, the touches are bound to customer and subscription', () => {
    const facts = said(
      'checkout.session.completed',
      session({
        mode: 'subscription',
        customer: 'cus_1',
        subscription: 'sub_1',
        paymentIntent: null,
      }),
    );
    expect(facts).toEqual([
      {
        kind: 'customer',
        key: 'stripe:cus_1',
        links: ['email:guest@example.com'],
        touches: [
          { token: 'ref_m', rank: 1, at: AT, subscription: 'stripe:sub_1' },
          { token: 'ref_c', rank: 2, at: AT, subscription: 'stripe:sub_1' },
        ],
      },
    ]);
  });

  test('trap 53: nothing to pay is no sale', () => {
    const free = {
      paymentStatus: 'no_payment_required',
      paymentIntent: null,
      amountTotal: 0,
      amountTax: 0,
      amountShipping: 0,
    } as const;
    expect(said('checkout.session.completed', session(free))).toMatchObject([
      { kind: 'customer', key: 'email:guest@example.com' },
    ]);
    const nobody = { ...free, email: null, metadata: {}, clientReferenceId: null };
    expect(ignored('checkout.session.completed', session(nobody))).toBe('no_payment_required');
  });

  test('a setup', () => {
    expect(
      ignored(
        'checkout.session.completed',
        session({ mode: 'setup', amountTotal: null, currency: null, paymentIntent: null }),
      ),
    ).toBe('setup_session');
  });

  test('money without a payment intent still counts', () => {
    expect(
      paymentIn(said('checkout.session.completed', session({ paymentIntent: null }))).keys,
    ).toEqual(['stripe:cs:cs_1']);
  });

  test('cases.md 56: an Accounts v2 customer is the party, both together are one', () => {
    const account = session({ customerAccount: 'acct_9' });
    expect(claimIn(said('checkout.session.completed', account)).party).toBe('stripe:acct_9');
    const both = said(
      'checkout.session.completed',
      session({ customer: 'cus_1', customerAccount: 'acct_9' }),
    );
    expect(customerIn(both)).toMatchObject({
      key: 'stripe:cus_1',
      links: ['stripe:acct_9', 'email:guest@example.com'],
    });
  });
});

describe('customers, subscriptions and prices', () => {
  test.each(['customer.created', 'customer.updated', 'customer.deleted'])('%s', (type) => {
    const object = customerObject({
      id: 'cus_1',
      created: T,
      email: 'Ann@Example.com',
      metadata: { user_id: 'u1', _sa_vid: 'v1' },
    });
    expect(said(type, object)).toEqual([
      {
        kind: 'customer',
        key: 'stripe:cus_1',
        links: ['email:ann@example.com', 'user:u1'],
        touches: [{ token: 'v1', rank: 7, at: AT, subscription: null }],
      },
    ]);
  });

  test('a customer that says nothing', () => {
    expect(ignored('customer.created', customerObject({ id: 'cus_1', created: T }))).toBe(
      'nothing_new',
    );
  });

  test.each(FAMILIES)(
    '%s customer.subscription.*: touches of the subscription, and how its prices recur',
    (family) => {
      const yearly = { ...MONTHLY, id: 'price_y', interval: 'year' as const };
      const object = subscriptionObject(family, {
        id: 'sub_1',
        customer: 'cus_1',
        currency: 'usd',
        created: T,
        status: 'active',
        items: [MONTHLY, yearly, MONTHLY].map((price) => ({ price, quantity: 1 })),
        period: { start: T, end: T + 86_400 },
        metadata: { hokoClickId: 'k1' },
      });
      for (const type of [
        'customer.subscription.created',
        'customer.subscription.updated',
        'customer.subscription.deleted',
        'customer.subscription.paused',
      ]) {
        const facts = said(type, object);
        expect(customerIn(facts)).toMatchObject({
          key: 'stripe:cus_1',
          touches: [{ token: 'k1', rank: 3, subscription: 'stripe:sub_1' }],
        });
        expect(pricesIn(facts).map(({ key, interval }) => [key, interval])).toEqual([
          ['stripe:price_m', 'month:1'],
          ['stripe:price_y', 'month:12'],
        ]);
      }
    },
  );

  test.each(['price.created', 'price.updated', 'price.deleted'])('%s', (type) => {
    const stamp = { at: AT, rank: 0, event: 'evt_1' };
    expect(said(type, priceObject({ ...MONTHLY, interval: 'week', intervalCount: 2 }))).toEqual([
      { kind: 'price', key: 'stripe:price_m', stamp, product: 'prod_1', interval: 'day:14' },
    ]);
    expect(said(type, priceObject({ ...MONTHLY, interval: null }))).toMatchObject([
      { interval: null },
    ]);
  });

  test('a recurrence nobody knows is not called one-time', () => {
    const odd = {
      ...priceObject(MONTHLY),
      recurring: { interval: 'fortnight', interval_count: 1 },
    };
    expect(ignored('price.created', odd)).toBe('unknown_interval');
  });
});

describe('tokens', () => {
  const tokens = (metadata: Record<string, unknown>): string[] => {
    const translation = said('customer.updated', {
      ...customerObject({ id: 'cus_1', created: T, email: 'a@b.c' }),
      metadata,
    });
    return customerIn(translation).touches.map((touch) => touch.token);
  };

  test('every key of the four dialects', () => {
    const names = [
      'affonso_referral',
      'affonso_id',
      'affitor_click_id',
      'customer_code',
      'sa_visitor_id',
      '_sa_vid',
      'visitor_id',
      'hoko_id',
      'hokoClickId',
      'ref',
    ];
    expect(tokens(Object.fromEntries(names.map((name) => [name, `t_${name}`])))).toEqual(
      names.map((name) => `t_${name}`),
    );
  });

  test('trap 49: empty, too long and non-text values are no tokens', () => {
    expect(
      tokens({
        ref: '',
        affonso_id: '  ',
        hoko_id: 'x'.repeat(201),
        visitor_id: 7,
        affonso_referral: null,
        _sa_vid: ['a'],
      }),
    ).toEqual([]);
    expect(tokens({ ref: 'x'.repeat(200) })).toHaveLength(1);
  });

  test('metadata that is no object says nothing', () => {
    expect(ignored('customer.updated', { id: 'cus_1', metadata: null })).toBe('nothing_new');
    expect(ignored('customer.updated', { id: 'cus_1', metadata: 'ref' })).toBe('nothing_new');
  });
});

describe('what is not translated', () => {
  test.each([
    'invoice.created',
    'invoice.upcoming',
    'invoice.updated',
    'charge.failed',
    'charge.dispute.created',
    'credit_note.created',
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
    expect(() => said('invoice.paid', { ...object, amount_paid: 99.5 })).toThrow(
      /^invoice\.paid: data\.object\.amount_paid: /,
    );
    expect(() => said('invoice.paid', { ...object, total: 2 ** 53 })).toThrow('data.object.total');
    expect(() =>
      said('invoice.paid', { ...object, lines: { data: [{ id: 'il_1', amount: 'secret' }] } }),
    ).toThrow(/data\.object\.lines\.data\.0\.amount: (?!.*secret)/);
    expect(() => said('invoice.paid', null)).toThrow('invoice.paid: data.object: ');
    expect(() => stripe.translate(refOf('refund.created'), {})).toThrow(
      'refund.created: data.object: ',
    );
    const order = { ...checkoutSessionObject('basil', SESSION), amount_total: null };
    expect(() => said('checkout.session.completed', order)).toThrow(
      'data.object.amount_total: missing',
    );
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
