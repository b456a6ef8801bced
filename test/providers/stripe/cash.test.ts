import { describe, expect, test } from 'vitest';

import { chargeObject, paymentIntentObject, type ChargeSpec } from '../../../src/simulator/objects.ts';
import { AT, claimIn, customerIn, FAMILIES, ignored, paymentIn, said, T, refundsIn } from './said.ts';
import { CHARGE } from './specs.ts';

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
    expect(paymentIn(facts).touches).toEqual([{ token: 'tok', rank: 5, at: AT, subscription: null }]);
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
    const facts = said('payment_intent.succeeded', paymentIntentObject(family, { ...spec, invoice: 'in_1' }));
    const known = family === 'basil' ? [] : ['stripe:invoice:in_1'];
    expect(paymentIn(facts).keys).toEqual(['stripe:pi:pi_1', 'stripe:ch:ch_1', ...known]);
    expect(claimIn(facts).standalone).toBe(false);
  });

  test('tax and shipping where the merchant gave them', () => {
    const amountDetails = { tax: 2000, shipping: 500 };
    expect(
      claimIn(said('payment_intent.succeeded', paymentIntentObject(family, { ...spec, amountDetails }))),
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

  test.each(['charge.succeeded', 'charge.captured', 'charge.updated', 'charge.refunded'])('%s', (type) => {
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
  });

  test('of an invoice, which only old shapes name', () => {
    const facts = said('charge.succeeded', charge({ invoice: 'in_1' }));
    expect(paymentIn(facts).keys.includes('stripe:invoice:in_1')).toBe(family !== 'basil');
    expect(claimIn(facts).standalone).toBe(false);
  });

  test('trap 51: a guest is known by the e-mail', () => {
    expect(claimIn(said('charge.succeeded', charge({ customer: null }))).party).toBe('email:ann@example.com');
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
    expect(claimIn(said('charge.refunded', charge({ ...part, amountRefunded: 5000 })))).toMatchObject({
      refunded: 1000n,
    });
    expect(claimIn(said('charge.refunded', charge({ ...part, amountRefunded: 1000 })))).toMatchObject({
      refunded: 1000n,
    });
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
    expect(rank(0)).toBeGreaterThan(claimIn(said('charge.updated', charge({ status: 'pending' }))).stamp.rank);
  });

  test('trap 54: a charge made by a Connect transfer is no sale', () => {
    expect(ignored('charge.succeeded', charge({ sourceTransfer: 'tr_1' }))).toBe('connect_transfer');
  });

  test('trap 46: presentment amounts are not looked at', () => {
    const claim = claimIn(said('charge.succeeded', charge({ presentment: { amount: 9100, currency: 'eur' } })));
    expect(claim).toMatchObject({ total: 10_000n, currency: 'usd' });
  });

  test('a charge without `amount_captured` was captured whole or not at all', () => {
    const { amount_captured: _, ...bare } = charge();
    expect(claimIn(said('charge.succeeded', bare)).paid).toBe(10_000n);
    expect(claimIn(said('charge.succeeded', { ...bare, captured: false })).paid).toBe(0n);
  });
});
