import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OptOut, PriceFact, PromotionFact, Touch } from '../../src/core/facts.ts';
import {
  EMPTY_CUSTOMER,
  EMPTY_PAYMENT,
  EMPTY_PRICE,
  mergeCustomers,
  mergePayments,
  mergePrices,
  mergePromotions,
  uniteTouches,
  type CustomerState,
} from '../../src/core/merge.ts';
import { stateOf, together, universe, type Said } from './universe.ts';

/** Three states over one universe, with overlaps: each holds any of its events, any number of times. */
const three = universe().chain((all) => {
  const some = fc.array(fc.constantFrom(...all), { maxLength: 8 }).map(together);
  return fc.tuple(some, some, some);
});

describe('mergePayments', () => {
  test('is commutative', () => {
    fc.assert(
      fc.property(three, ([a, b]) => {
        expect(mergePayments(a, b)).toEqual(mergePayments(b, a));
      }),
    );
  });

  test('is associative', () => {
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        expect(mergePayments(mergePayments(a, b), c)).toEqual(mergePayments(a, mergePayments(b, c)));
      }),
    );
  });

  test('is idempotent, and absorbs what it has seen', () => {
    fc.assert(
      fc.property(three, ([a, b]) => {
        expect(mergePayments(a, a)).toEqual(a);
        const both = mergePayments(a, b);
        expect(mergePayments(both, b)).toEqual(both);
        expect(mergePayments(a, EMPTY_PAYMENT)).toEqual(a);
      }),
    );
  });

  test('leaves what one event says as it is where nothing was known before', () => {
    fc.assert(
      fc.property(universe(), (all) => {
        for (const state of all.map(stateOf)) expect(mergePayments(EMPTY_PAYMENT, state)).toEqual(state);
      }),
    );
  });

  test('is a function of the set of events, whatever their order and number', () => {
    const shuffled = universe().chain((all) => {
      const copies = fc.array(fc.constantFrom(...all), { maxLength: 8 });
      const order = copies.chain((more) =>
        fc.shuffledSubarray<Said>([...all, ...more], { minLength: all.length + more.length }),
      );
      return fc.tuple(fc.constant(all), order);
    });
    fc.assert(
      fc.property(shuffled, ([all, order]) => {
        expect(together(order)).toEqual(together(all));
      }),
    );
  });

  test('keeps the newest word of each object and the earliest proof', () => {
    fc.assert(
      fc.property(universe(), (all) => {
        const { claims } = together(all);
        for (const { fact } of all) {
          if (fact.kind !== 'payment' || !fact.claim) continue;
          const kept = claims[fact.claim.key];
          expect(
            kept &&
              (kept.stamp.at > fact.claim.stamp.at ||
                (kept.stamp.at === fact.claim.stamp.at && kept.stamp.rank >= fact.claim.stamp.rank)),
          ).toBe(true);
          if (fact.claim.proof) expect(kept?.proof && kept.proof.at <= fact.claim.proof.at).toBe(true);
        }
      }),
    );
  });
});

const touch: fc.Arbitrary<Touch> = fc.record({
  token: fc.integer({ min: 1, max: 40 }).map((number) => `ref_${number}`),
  rank: fc.integer({ min: 0, max: 2 }),
  at: fc.integer({ min: 1, max: 20 }),
  subscription: fc.constantFrom(null, 'stripe:sub_1'),
});

describe('uniteTouches', () => {
  // More than are kept, so that cutting happens in the middle of it.
  const many = fc.array(touch, { maxLength: 60 }).map((all) => uniteTouches([], all));

  test('is commutative, associative and idempotent even where it has to cut', () => {
    fc.assert(
      fc.property(many, many, many, (a, b, c) => {
        expect(uniteTouches(a, b)).toEqual(uniteTouches(b, a));
        expect(uniteTouches(uniteTouches(a, b), c)).toEqual(uniteTouches(a, uniteTouches(b, c)));
        expect(uniteTouches(a, a)).toEqual(a);
      }),
    );
  });

  test('keeps the earliest', () => {
    fc.assert(
      fc.property(many, many, (a, b) => {
        const kept = uniteTouches(a, b);
        const first = Math.min(...[...a, ...b].map(({ at }) => at));
        expect(kept[0]?.at ?? Infinity).toBe(first);
      }),
    );
  });
});

/** What one event says of one carrier is one word. */
const optOut: fc.Arbitrary<OptOut> = fc
  .record({ of: fc.constantFrom('stripe:cus_1', 'stripe:sub_1'), event: fc.integer({ min: 1, max: 40 }) })
  .map(({ of, event }) => ({ of, carrier: 'customer', at: event % 7, on: event % 2 === 0, event: `evt_${event}` }));

test('mergeCustomers is commutative, associative and idempotent', () => {
  const names = fc.array(
    fc.integer({ min: 1, max: 80 }).map((number) => `email:${number}@x.example`),
    { maxLength: 70 },
  );
  const customer: fc.Arbitrary<CustomerState> = fc
    .record({
      links: names,
      members: names,
      touches: fc.array(touch, { maxLength: 30 }),
      optOuts: fc.array(optOut, { maxLength: 40 }),
    })
    .map((state) => mergeCustomers(EMPTY_CUSTOMER, state));
  fc.assert(
    fc.property(customer, customer, customer, (a, b, c) => {
      expect(mergeCustomers(a, b)).toEqual(mergeCustomers(b, a));
      expect(mergeCustomers(mergeCustomers(a, b), c)).toEqual(mergeCustomers(a, mergeCustomers(b, c)));
      expect(mergeCustomers(a, a)).toEqual(a);
    }),
  );
});

test('mergePrices ends with the newest word, in any order', () => {
  const facts = fc
    .uniqueArray(
      fc.record({
        at: fc.integer({ min: 1, max: 4 }),
        rank: fc.integer({ min: 0, max: 1 }),
        number: fc.integer({ min: 0, max: 99 }),
      }),
      {
        selector: ({ number }) => number,
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((all) =>
      all.map(({ at, rank, number }): PriceFact => ({
        kind: 'price',
        key: 'stripe:price_1',
        stamp: { at, rank, event: `evt_${number}` },
        product: `prod_${number}`,
        interval: number % 2 ? 'month:1' : null,
      })),
    );
  const orders = facts.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(
    fc.property(orders, ([all, order]) => {
      expect([...order, ...all].reduce(mergePrices, EMPTY_PRICE)).toEqual(all.reduce(mergePrices, EMPTY_PRICE));
    }),
  );
});

test('mergePromotions ends with the newest word, in any order', () => {
  const facts = fc
    .uniqueArray(fc.record({ at: fc.integer({ min: 1, max: 4 }), number: fc.integer({ min: 0, max: 99 }) }), {
      selector: ({ number }) => number,
      minLength: 1,
      maxLength: 8,
    })
    .map((all) =>
      all.map(({ at, number }): PromotionFact => ({
        kind: 'promotion',
        key: 'stripe:promo:promo_1',
        stamp: { at, rank: 0, event: `evt_${number}` },
        code: number % 3 ? `CODE${number}` : null,
        coupon: number % 2 ? `stripe:coupon:c_${number}` : null,
      })),
    );
  const orders = facts.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(
    fc.property(orders, ([all, order]) => {
      const merged = order.reduce(mergePromotions, EMPTY_PRICE);
      expect([...all, ...order].reduce(mergePromotions, EMPTY_PRICE)).toEqual(merged);
      const newest = Math.max(...all.map(({ stamp }) => stamp.at));
      expect(merged.stamp?.at).toBe(newest);
    }),
  );
});
