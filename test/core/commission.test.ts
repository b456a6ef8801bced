/** Where a commission's money stands, for any losses, any word and any settings: nothing appears and nothing is lost. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commissionsOf, type Commission } from '../../src/core/commission.ts';
import { collect, type Sale } from '../../src/core/collect.ts';
import { countedOf, goneOf } from '../../src/core/counted.ts';
import type { Earning } from '../../src/core/earn.ts';
import type { PaymentState } from '../../src/core/merge.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/core/rules.ts';
import { together, universe } from './universe.ts';

const REFERRAL = { id: 'ref_1', affiliateId: 'aff_1', programId: 'prog', rejected: false };

function earningOf(sale: Sale, rate: bigint, holdDays: number | null, manual: boolean): Earning {
  const base = sale.cash > 0n ? sale.cash : 0n;
  const amount = (base * rate) / 100n;
  const shares = [{ lines: sale.lines.map(({ id }) => id), net: base, commission: amount, onlyWhole: false }];
  const nothing = { reason: null, rate: null, lines: [], awaits: [], selfReferral: false, ordered: null };
  const gains = [{ affiliateId: 'aff_1', amount, parts: [], shares }];
  return { ...nothing, gains, base, commissionBase: base, currency: sale.currency, manual, holdDays };
}

type Given = { state: PaymentState; sale: Sale; commission: Commission; settings: Settings };

const given: fc.Arbitrary<Given | null> = fc
  .record({
    all: universe(),
    rate: fc.bigInt({ min: 0n, max: 100n }),
    holdDays: fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }),
    manual: fc.boolean(),
    accrual: fc.boolean(),
    provisionalDisputes: fc.boolean(),
  })
  .map(({ all, rate, holdDays, manual, accrual, provisionalDisputes }) => {
    const settings = { ...DEFAULT_SETTINGS, accrual, provisionalDisputes };
    const state = together(all);
    const collected = collect(state, settings);
    if (collected.is !== 'sale') return null;
    const { sale } = collected;
    const counted = countedOf(state, sale, accrual);
    const gone = goneOf(state, counted, sale.cash);
    const earning = earningOf(sale, rate, holdDays, manual);
    const [commission] = commissionsOf({ state, sale, referral: REFERRAL, earning, counted, gone, settings });
    return commission ? { state, sale, commission, settings } : null;
  });

function always(holds: (one: Given) => void): void {
  let sales = 0;
  fc.assert(
    fc.property(given, (one) => {
      if (!one) return;
      sales += 1;
      holds(one);
    }),
    { numRuns: 3_000 },
  );
  expect(sales).toBeGreaterThan(100);
}

describe('of any facts', () => {
  test('what went back lies between nothing and what was earned', () => {
    always(({ commission: { earned, reversed } }) => {
      expect(reversed).toBeGreaterThanOrEqual(0n);
      expect(reversed).toBeLessThanOrEqual(earned);
    });
  });

  test('the accounts hold what was earned and did not go back; a declined one holds nothing', () => {
    always(({ commission: { standing, status, earned, reversed } }) => {
      const stands = standing.review + standing.pending + standing.payable + standing.paid;
      const nothing = status === 'declined' || status === 'refunded';
      if (status === 'declined') expect(stands).toBe(0n);
      else if (!nothing) expect(stands).toBe(earned - reversed);
    });
  });

  test('only payable may be a debt, and only of what was paid out', () => {
    always(({ commission: { standing, status } }) => {
      for (const account of ['review', 'pending', 'paid'] as const)
        expect(standing[account]).toBeGreaterThanOrEqual(0n);
      if (!['paid', 'declined', 'refunded', 'dispute'].includes(status))
        expect(standing.payable).toBeGreaterThanOrEqual(0n);
      if (standing.payable < 0n) expect(standing.paid).toBeGreaterThan(0n);
    });
  });

  test('what is on hold knows when it ends', () => {
    always(({ commission: { standing, wakeAt, availableAt } }) => {
      if (standing.pending > 0n) expect(wakeAt).toBe(availableAt);
    });
  });
});
