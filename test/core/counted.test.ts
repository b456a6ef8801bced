/** How much of a payment went back: every loss once, never more than there was, in the order it happened. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countedOf, goneOf } from '../../src/core/counted.ts';
import { EMPTY_PAYMENT, type PaymentState } from '../../src/core/merge.ts';
import type { Claim, Dispute, Note, Refund } from '../../src/core/facts.ts';
import { together, universe } from './universe.ts';

const stamp = (at: number) => ({ at, rank: 0, event: `evt_${at}` });

function charge(key: string, paid: bigint, refunded: bigint | null, at: number): Claim {
  return {
    kind: 'charge',
    key,
    stamp: stamp(at),
    status: 'paid',
    currency: 'usd',
    total: paid,
    paid,
    net: paid,
    refunded,
    paidAt: 1,
    proof: stamp(1),
    lines: [],
    linesIncomplete: false,
    detail: 1,
    linesStamp: null,
    flags: [],
    standalone: true,
    party: null,
    subscription: null,
    trial: false,
    commissionStatus: null,
    saleStatus: null,
    outOfBand: false,
    platformFee: null,
    fromBalance: null,
    source: 'stripe',
    externalId: null,
    optOut: null,
  };
}

function refund(key: string, amount: bigint, at: number, more: Partial<Refund> = {}): Refund {
  const own = { key, amount, currency: 'usd', status: 'succeeded' as const, at, charge: 'ch_1' };
  return { ...own, stamp: stamp(at), proof: stamp(at), source: 'stripe', externalId: null, ...more };
}

function dispute(key: string, amount: bigint, status: Dispute['status']): Dispute {
  const own = { key, amount, status, currency: 'usd', reason: null, at: 5, charge: 'ch_1' };
  return { ...own, stamp: stamp(5), proof: stamp(5), source: 'stripe' };
}

function note(key: string, more: Partial<Note>): Note {
  const own = { key, status: 'issued' as const, currency: 'usd', refunds: [], outside: 0n, balance: 0n, lines: [] };
  return { ...own, at: 6, stamp: stamp(6), proof: stamp(6), source: 'stripe', ...more };
}

function payment(parts: {
  charges?: readonly Claim[];
  refunds?: readonly Refund[];
  disputes?: readonly Dispute[];
  notes?: readonly Note[];
}): PaymentState {
  const named = <T extends { key: string }>(all: readonly T[] = []): Record<string, T> =>
    Object.fromEntries(all.map((one) => [one.key, one]));
  return {
    ...EMPTY_PAYMENT,
    claims: named(parts.charges),
    refunds: named(parts.refunds),
    disputes: named(parts.disputes),
    notes: named(parts.notes),
  };
}

const SALE = { currency: 'usd', cash: 100_000n, paidAt: 1 };

function backOf(state: PaymentState, cash: bigint, accrual = false) {
  return goneOf(state, countedOf(state, { ...SALE, cash }, accrual), cash);
}

describe('the same money is counted once', () => {
  test('a charge’s counter and the refunds it sums up', () => {
    const refunds = [refund('re_1', 300n, 2), refund('re_2', 200n, 3)];
    expect(backOf(payment({ charges: [charge('ch_1', 1_000n, 500n, 4)], refunds }), 1_000n).gone).toBe(500n);
    // The counter knows more than the refunds that were told.
    expect(backOf(payment({ charges: [charge('ch_1', 1_000n, 700n, 4)], refunds }), 1_000n).gone).toBe(700n);
    // A refund that is newer than the counter counts beside it.
    expect(backOf(payment({ charges: [charge('ch_1', 1_000n, 300n, 2)], refunds }), 1_000n).gone).toBe(500n);
  });

  test('a counter that was read before a refund failed', () => {
    const failed = refund('re_1', 300n, 2, { status: 'failed', stamp: stamp(9) });
    expect(backOf(payment({ charges: [charge('ch_1', 1_000n, 300n, 4)], refunds: [failed] }), 1_000n).gone).toBe(0n);
    expect(backOf(payment({ charges: [charge('ch_1', 1_000n, 0n, 10)], refunds: [failed] }), 1_000n).gone).toBe(0n);
  });

  test('a credit note and the refund it tells of', () => {
    const told = note('cn_1', { refunds: [{ key: 're_1', amount: 400n }] });
    expect(backOf(payment({ notes: [told] }), 1_000n).gone).toBe(400n);
    expect(backOf(payment({ notes: [told], refunds: [refund('re_1', 400n, 2)] }), 1_000n).gone).toBe(400n);
  });

  test('a refund and a lost dispute of one charge take no more than it brought', () => {
    const state = payment({
      charges: [charge('ch_1', 1_000n, null, 1)],
      refunds: [refund('re_1', 600n, 2)],
      disputes: [dispute('du_1', 1_000n, 'lost')],
    });
    expect(backOf(state, 3_000n).gone).toBe(1_000n);
  });
});

test('an open dispute holds what is not gone yet, a won one nothing', () => {
  const charges = [charge('ch_1', 1_000n, null, 1)];
  const refunds = [refund('re_1', 600n, 2)];
  const with_ = (status: Dispute['status']) =>
    backOf(payment({ charges, refunds, disputes: [dispute('du_1', 1_000n, status)] }), 1_000n);
  expect(with_('open')).toEqual({ gone: 600n, held: 400n });
  expect(with_('won')).toEqual({ gone: 600n, held: 0n });
  expect(with_('inquiry')).toEqual({ gone: 600n, held: 0n });
  expect(with_('lost')).toEqual({ gone: 1_000n, held: 0n });
});

describe('a debit that came back', () => {
  const returned = (at: number): Claim => ({ ...charge('ch_1', 1_000n, null, at), status: 'failed', paid: 0n });

  test.each([
    ['after the sale was paid', 5, 1_000n],
    ['in the moment it was paid', 4, 1_000n],
    ['before it was paid by other means', 3, 0n],
  ])('%s', (_, at, gone) => {
    const state = payment({ charges: [returned(at)] });
    const counted = countedOf(state, { currency: 'usd', cash: 1_000n, paidAt: 4 }, false);
    expect(goneOf(state, counted, 1_000n).gone).toBe(gone);
  });
});

test('what a credit note puts on the balance counts on accrual only, and a void note never', () => {
  const balance = note('cn_1', { balance: 250n });
  expect(backOf(payment({ notes: [balance] }), 1_000n).gone).toBe(0n);
  expect(backOf(payment({ notes: [balance] }), 1_000n, true).gone).toBe(250n);
  const taken = note('cn_1', { balance: 250n, outside: 100n, status: 'void' });
  expect(backOf(payment({ notes: [taken] }), 1_000n, true).gone).toBe(0n);
});

describe('of any facts', () => {
  const any = fc.tuple(universe(), fc.bigInt({ min: 1n, max: 100_000n }), fc.boolean());

  test('gone and held lie within the cash', () => {
    fc.assert(
      fc.property(any, ([all, cash, accrual]) => {
        const { gone, held } = backOf(together(all), cash, accrual);
        expect(gone).toBeGreaterThanOrEqual(0n);
        expect(held).toBeGreaterThanOrEqual(0n);
        expect(gone + held).toBeLessThanOrEqual(cash);
      }),
    );
  });

  test('every loss has a name of its own and stands where it happened', () => {
    fc.assert(
      fc.property(any, ([all, , accrual]) => {
        const counted = countedOf(together(all), SALE, accrual);
        expect(new Set(counted.map(({ key }) => key)).size).toBe(counted.length);
        expect(counted.map(({ at }) => at)).toEqual(counted.map(({ at }) => at).toSorted((a, b) => a - b));
        expect(counted.every(({ amount }) => amount >= 0n)).toBe(true);
      }),
    );
  });

  test('it does not matter in which order they were told', () => {
    const orders = universe().chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(orders, fc.boolean(), ([all, order], accrual) => {
        expect(countedOf(together(order), SALE, accrual)).toEqual(countedOf(together(all), SALE, accrual));
      }),
    );
  });
});
