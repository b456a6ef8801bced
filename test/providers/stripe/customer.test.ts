import { describe, expect, test } from 'vitest';

import { customerObject, priceObject, subscriptionObject } from '../../../src/simulator/objects.ts';
import { AT, customerIn, FAMILIES, ignored, pricesIn, said, T } from './said.ts';
import { MONTHLY } from './specs.ts';

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
    expect(ignored('customer.created', customerObject({ id: 'cus_1', created: T }))).toBe('nothing_new');
  });

  test.each(FAMILIES)('%s customer.subscription.*: touches of the subscription, and how its prices recur', (family) => {
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
  });

  test.each(['price.created', 'price.updated', 'price.deleted'])('%s', (type) => {
    const stamp = { at: AT, rank: 0, event: 'evt_1' };
    expect(said(type, priceObject({ ...MONTHLY, interval: 'week', intervalCount: 2 }))).toEqual([
      { kind: 'price', key: 'stripe:price_m', stamp, product: 'prod_1', interval: 'day:14' },
    ]);
    expect(said(type, priceObject({ ...MONTHLY, interval: null }))).toMatchObject([{ interval: null }]);
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
