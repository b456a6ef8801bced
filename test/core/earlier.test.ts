/** Foundations: the sums the database gives for payments that are not at hand say the same as the payments themselves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Earlier } from '../../src/core/incentives.ts';
import {
  beforeOf,
  changedFrom,
  earlierThan,
  readSummary,
  writeSummary,
  type Foundation,
  type Summary,
} from '../../src/core/earlier.ts';

const moment = fc.integer({ min: 1, max: 8 });
const amount = fc.bigInt({ min: 0n, max: 5_000n });

const summary: fc.Arbitrary<Summary> = fc
  .record({
    paidAt: moment,
    name: fc.integer({ min: 0, max: 3 }),
    prorationOnly: fc.boolean(),
    earned: fc.dictionary(fc.constantFrom('inc_a\nusd', 'inc_b\nusd', 'inc_a\neur'), amount),
    shares: fc.array(fc.record({ at: moment, percent: fc.integer({ min: 1, max: 60 }) }), { maxLength: 3 }),
    subscription: fc.constantFrom(null, 'stripe:sub_1'),
    rules: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ name, shares, ...rest }) => {
    let gone = 0;
    const losses = shares
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, percent }) => {
        gone = Math.min(100, gone + percent);
        const left = Object.entries(rest.earned).map(([key, all]) => [key, (all * BigInt(100 - gone)) / 100n] as const);
        return { at, whole: gone === 100, left: Object.fromEntries(left) };
      });
    const refundedAt = losses.find(({ whole }) => whole)?.at ?? null;
    return {
      ...rest,
      moneyKey: `stripe:pi:pi_${name}`,
      losses: losses.map(({ at, left }) => ({ at, left })),
      refundedAt,
    };
  });

/** Payments of one referral, each its own money. */
const payments = fc.uniqueArray(summary, { maxLength: 7, selector: (one) => `${one.paidAt} ${one.moneyKey}` });

const inOrder = (a: Summary, b: Summary): number => a.paidAt - b.paidAt || (a.moneyKey < b.moneyKey ? -1 : 1);
const lostAt = (one: Summary): number => Math.max(0, ...one.losses.map(({ at }) => at));

/** As the statement in store/foundations.ts gathers it: the last one away knew all before it, wherever they are now. */
function foundationOf(all: readonly Summary[], away: readonly Summary[], paidAt: number, moneyKey: string): Foundation {
  const before = away
    .filter((one) => one.paidAt < paidAt || (one.paidAt === paidAt && one.moneyKey < moneyKey))
    .toSorted(inOrder);
  const last = before.at(-1) ?? null;
  return {
    last,
    before: last && beforeOf(earlierThan(all, last.paidAt, last.moneyKey), 'customer'),
    first: before.find((one) => one.refundedAt === null) ?? null,
    others: before.filter((one) => last !== null && one !== last && lostAt(one) > last.paidAt),
  };
}

/** What an answer says, nothing left being nothing. */
function said(earlier: Earlier) {
  return { ...earlier, earned: Object.fromEntries(Object.entries(earlier.earned).filter(([, left]) => left !== 0n)) };
}

describe('earlierThan', () => {
  test('is the same for every split of the payments into those at hand and those in the database', () => {
    const split = payments.chain((all) =>
      fc.tuple(fc.constant(all), fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(split, moment, fc.integer({ min: 0, max: 3 }), ([all, away], paidAt, name) => {
        const moneyKey = `stripe:pi:pi_${name}`;
        const atHand = all.filter((_, index) => !away[index]);
        const rest = all.filter((_, index) => away[index]);
        const whole = earlierThan(all, paidAt, moneyKey);
        const parted = earlierThan(atHand, paidAt, moneyKey, foundationOf(all, rest, paidAt, moneyKey));
        expect(said(parted)).toEqual(said(whole));
      }),
      { numRuns: 3_000 },
    );
  });

  test('does not depend on the order of the payments', () => {
    const orders = payments.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(orders, moment, ([all, order], paidAt) => {
        expect(earlierThan(order, paidAt, 'stripe:pi:pi_2')).toEqual(earlierThan(all, paidAt, 'stripe:pi:pi_2'));
      }),
    );
  });
});

describe('changedFrom', () => {
  test('before the moment it tells, later payments see the same', () => {
    fc.assert(
      fc.property(
        payments,
        fc.option(summary, { nil: null }),
        fc.option(summary, { nil: null }),
        moment,
        (others, was, is, paidAt) => {
          const moneyKey = 'stripe:pi:pi_9';
          const from = changedFrom(was, is);
          if (from !== null && paidAt >= from) return;
          const seen = (one: Summary | null) => earlierThan(one ? [...others, one] : others, paidAt, moneyKey);
          expect(seen(is)).toEqual(seen(was));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('small changes of one payment too', () => {
    const changed = summary.chain((was) =>
      fc.record({
        was: fc.constant(was),
        is: summary.map((other) => ({ ...was, losses: other.losses, refundedAt: other.refundedAt })),
      }),
    );
    fc.assert(
      fc.property(changed, moment, ({ was, is }, paidAt) => {
        const from = changedFrom(was, is);
        if (from !== null && paidAt >= from) return;
        expect(earlierThan([is], paidAt, 'stripe:pi:pi_9')).toEqual(earlierThan([was], paidAt, 'stripe:pi:pi_9'));
      }),
      { numRuns: 5_000 },
    );
  });

  test('the same says nothing changed', () => {
    fc.assert(
      fc.property(summary, (one) => {
        expect(changedFrom(one, { ...one })).toBeNull();
      }),
    );
    expect(changedFrom(null, null)).toBeNull();
  });
});

test('a summary is read as it was written', () => {
  fc.assert(
    fc.property(summary, (one) => {
      expect(readSummary(writeSummary(one))).toEqual(one);
    }),
  );
});
