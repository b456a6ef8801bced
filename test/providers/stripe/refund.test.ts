import { describe, expect, test } from 'vitest';

import { chargeObject, refundObject } from '../../../src/simulator/objects.ts';
import { AT, FAMILIES, ignored, refundIn, said, T, refundsIn } from './said.ts';
import { CHARGE } from './specs.ts';

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
  const facts = said('charge.refunded', chargeObject('old', { ...CHARGE, amountRefunded: 3000, embeddedRefunds }));
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
      keys: ['stripe:ch:ch_1', 'stripe:pi:pi_1', 'stripe:re:re_1'],
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
    expect(ignored('refund.created', refundObject(family, { ...spec, reason: 'expired_uncaptured_charge' }))).toBe(
      'expired_authorisation',
    );
  });

  test('without a charge, and without any payment', () => {
    const object = { ...refundObject(family, spec), charge: null };
    expect(refundIn(said('refund.created', object)).charge).toBe(null);
    expect(ignored('refund.created', { ...object, payment_intent: null })).toBe('refund_without_payment');
  });
});
