import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  capKey,
  compareIncentives,
  inScope,
  matchIncentive,
  NO_EARLIER,
  specificity,
  type Ask,
  type Incentive,
  type Terms,
} from '../../src/core/incentives.ts';
import { fixed, terms } from '../support/terms.ts';

const incentive = (id: string, own: Terms, more: Partial<Incentive> = {}): Incentive => ({
  id,
  version: 1,
  programId: 'prog',
  since: 1,
  until: null,
  born: 1,
  terms: own,
  ...more,
});

const ASK: Ask = {
  programId: 'prog',
  affiliateId: 'jane',
  groupId: 'gold',
  rules: 5,
  paidAt: Date.UTC(2026, 0, 31),
  currency: 'usd',
  prices: ['price_app'],
  products: ['prod_app'],
  interval: 'month:1',
  isSubscription: true,
  earlier: NO_EARLIER,
};

const scopes = fc.constantFrom<Partial<Terms>>(
  {},
  { groupId: 'gold' },
  { affiliateId: 'jane' },
  { affiliateId: 'jane', groupId: 'gold' },
);
const conditions = fc.constantFrom<Partial<Terms>>(
  {},
  { interval: 'monthly' },
  { productIds: ['prod_app'] },
  { productIds: ['prod_app'], interval: 'monthly' },
  { priceIds: ['price_app'] },
  { priceIds: ['price_app'], interval: 'monthly' },
  { priceIds: ['price_app'], productIds: ['prod_app'] },
);
const incentives = fc
  .array(
    fc.record({
      scope: scopes,
      condition: conditions,
      priority: fc.integer({ min: -1, max: 1 }),
      born: fc.integer({ min: 1, max: 3 }),
    }),
    {
      minLength: 2,
      maxLength: 12,
    },
  )
  .map((all) =>
    all.map(({ scope, condition, priority, born }, index) =>
      incentive(`inc_${index}`, terms('10', { ...scope, ...condition, priority }), {
        born,
        since: born,
      }),
    ),
  );

describe('compareIncentives', () => {
  test('is antisymmetric, and only an incentive itself is its equal', () => {
    fc.assert(
      fc.property(incentives, (all) => {
        for (const a of all)
          for (const b of all) {
            expect(Math.sign(compareIncentives(a, b))).toBe(-Math.sign(compareIncentives(b, a)) || 0);
            expect(compareIncentives(a, b) === 0).toBe(a.id === b.id);
          }
      }),
    );
  });

  test('is transitive', () => {
    fc.assert(
      fc.property(incentives, (all) => {
        const before = (a: Incentive, b: Incentive): boolean => compareIncentives(a, b) < 0;
        const wrong = all.flatMap((a) =>
          all.flatMap((b) => all.filter((c) => before(a, b) && before(b, c) && !before(a, c))),
        );
        expect(wrong).toEqual([]);
      }),
    );
  });

  test('sorts the same, however the rows were read', () => {
    const orders = incentives.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(orders, ([all, order]) => {
        expect(order.toSorted(compareIncentives)).toEqual(all.toSorted(compareIncentives));
        expect(matchIncentive(order, ASK)).toEqual(matchIncentive(all, ASK));
      }),
    );
  });

  test.each([
    [
      'own before more specific of the group',
      { affiliateId: 'jane' },
      { groupId: 'gold', priceIds: ['price_app'], interval: 'monthly' },
    ],
    [
      'group before more specific of the program',
      { groupId: 'gold' },
      { priceIds: ['price_app'], interval: 'monthly' },
    ],
    [
      'price and interval before price',
      { priceIds: ['price_app'], interval: 'monthly' },
      { priceIds: ['price_app'], priority: 9 },
    ],
    [
      'price before product and interval',
      { priceIds: ['price_app'] },
      { productIds: ['prod_app'], interval: 'monthly', priority: 9 },
    ],
    [
      'product and interval before product',
      { productIds: ['prod_app'], interval: 'monthly' },
      { productIds: ['prod_app'], priority: 9 },
    ],
    ['product before interval', { productIds: ['prod_app'] }, { interval: 'monthly', priority: 9 }],
    ['interval before everything', { interval: 'monthly' }, { priority: 9 }],
    ['higher priority before lower', { priority: 1 }, { priority: 0 }],
  ])('%s', (_, first, second) => {
    // The second is older each time, so that age alone would decide the other way.
    const [a, b] = [incentive('a', terms('10', first), { born: 9 }), incentive('b', terms('10', second), { born: 1 })];
    expect(compareIncentives(a, b)).toBeLessThan(0);
    expect(matchIncentive([b, a], ASK).incentive?.id).toBe('a');
  });

  test('older before younger, and a new version is as old as the first', () => {
    const old = incentive('z', terms('10'), { born: 1, since: 4, version: 3 });
    const young = incentive('a', terms('10'), { born: 2, since: 2 });
    expect(compareIncentives(old, young)).toBeLessThan(0);
  });
});

test('specificity knows six steps', () => {
  const steps: Partial<Terms>[] = [
    { priceIds: ['p'], interval: 'yearly' },
    { priceIds: ['p'] },
    { productIds: ['p'], interval: 'yearly' },
    { productIds: ['p'] },
    { interval: 'yearly' },
    {},
  ];
  expect(steps.map((step) => specificity(terms('10', step)))).toEqual([0, 1, 2, 3, 4, 5]);
});

describe('inScope', () => {
  test.each([
    ['of this program', {}, {}, true],
    ['of another program', { programId: 'other' }, {}, false],
    ['of another affiliate', {}, { affiliateId: 'joe' }, false],
    ['of another group', {}, { groupId: 'silver' }, false],
    ['not yet known', { since: 6 }, {}, false],
    ['known just now', { since: 5 }, {}, true],
    ['replaced before', { until: 5 }, {}, false],
    ['replaced after', { until: 6 }, {}, true],
  ])('%s', (_, more, own, expected) => {
    expect(inScope(incentive('a', terms('10', own), more), ASK)).toBe(expected);
  });
});

describe('matchIncentive', () => {
  const january = Date.UTC(2026, 0, 31);
  const earlier = {
    ...NO_EARLIER,
    payments: 2,
    fullPayments: 1,
    firstPaidAt: january,
    earned: { [capKey('a', 'usd')]: 500n },
  };
  const later = Date.UTC(2026, 1, 28);

  test.each<[string, Terms, Partial<Ask>, string | null]>([
    ['first payment', terms('10', { applyTo: 'first' }), {}, null],
    ['not the first', terms('10', { applyTo: 'first' }), { earlier }, 'not_the_first_payment'],
    ['recurring', terms('10', { applyTo: 'recurring' }), { earlier }, null],
    ['not recurring yet', terms('10', { applyTo: 'recurring' }), {}, 'is_the_first_payment'],
    ['second of two', terms('10', { maxPayments: 2 }), { earlier }, null],
    ['second of one', terms('10', { maxPayments: 1 }), { earlier }, 'payments_used_up'],
    ['within the month', terms('10', { maxMonths: 1 }), { earlier, paidAt: later - 1 }, null],
    ['when the month is over', terms('10', { maxMonths: 1 }), { earlier, paidAt: later }, 'months_used_up'],
    ['cap not reached', terms('10', { maxAmount: 501n }), { earlier }, null],
    ['cap reached', terms('10', { maxAmount: 500n }), { earlier }, 'amount_used_up'],
    ['cap of another currency', terms('10', { maxAmount: 500n, currency: 'eur' }), { earlier }, null],
    ['in effect from now', terms('10', { effectiveFrom: january }), {}, null],
    ['in effect a moment later', terms('10', { effectiveFrom: january + 1 }), {}, 'not_yet_effective'],
    ['in effect until now', terms('10', { effectiveUntil: january }), {}, 'no_longer_effective'],
    ['in effect a moment longer', terms('10', { effectiveUntil: january + 1 }), {}, null],
    ['one of its prices', terms('10', { priceIds: ['price_x', 'price_app'] }), {}, null],
    ['none of its prices', terms('10', { priceIds: ['price_x'] }), {}, 'other_price'],
    [
      'price right, product wrong',
      terms('10', { priceIds: ['price_app'], productIds: ['prod_x'] }),
      {},
      'other_product',
    ],
    ['a line without a price', terms('10', { priceIds: ['price_app'] }), { prices: [] }, 'other_price'],
    ['other interval', terms('10', { interval: 'yearly' }), {}, 'other_interval'],
    ['unknown interval', terms('10', { interval: 'yearly' }), { interval: null }, 'interval_unknown'],
    ['a year is twelve months', terms('10', { interval: 'yearly' }), { interval: 'month:12' }, null],
    ['subscriptions only', terms('10', { isSubscription: true }), { isSubscription: false }, 'not_a_subscription'],
    ['one-time only', terms('10', { isSubscription: false }), {}, 'is_a_subscription'],
    ['fixed in another currency', fixed(100n), { currency: 'eur' }, 'other_currency'],
    ['a percentage in any currency', terms('10'), { currency: 'eur' }, null],
  ])('%s', (_, own, asked, reason) => {
    const { incentive: found, rejected } = matchIncentive([incentive('a', own)], {
      ...ASK,
      ...asked,
    });
    expect(found?.id ?? null).toBe(reason === null ? 'a' : null);
    expect(rejected).toEqual(reason === null ? [] : [{ id: 'a', version: 1, reason }]);
  });
});
