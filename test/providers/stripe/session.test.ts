import { describe, expect, test } from 'vitest';

import { checkoutSessionObject, type CheckoutSessionSpec } from '../../../src/simulator/objects.ts';
import { AT, claimIn, customerIn, FAMILIES, ignored, paymentIn, said } from './said.ts';
import { SESSION } from './specs.ts';

describe.each(FAMILIES)('%s checkout.session.*', (family) => {
  const session = (over: Partial<CheckoutSessionSpec> = {}) => checkoutSessionObject(family, { ...SESSION, ...over });

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
    expect(paymentIn(said('checkout.session.completed', session({ paymentIntent: null }))).keys).toEqual([
      'stripe:cs:cs_1',
    ]);
  });

  test('cases.md 56: an Accounts v2 customer is the party, both together are one', () => {
    const account = session({ customerAccount: 'acct_9' });
    expect(claimIn(said('checkout.session.completed', account)).party).toBe('stripe:acct_9');
    const both = said('checkout.session.completed', session({ customer: 'cus_1', customerAccount: 'acct_9' }));
    expect(customerIn(both)).toMatchObject({
      key: 'stripe:cus_1',
      links: ['stripe:acct_9', 'email:guest@example.com'],
    });
  });
});
