import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type Decision, type World } from '../../src/core/decide.ts';
import { earlierThan, type Summary } from '../../src/core/earlier.ts';
import { basesOf } from '../../src/core/base.ts';
import { DEFAULT_SETTINGS, type Rules } from '../../src/core/rules.ts';
import type { Claim, Line, Refund, Stamp } from '../../src/core/facts.ts';
import { compareIncentives, NO_EARLIER, type Incentive, type Terms } from '../../src/core/incentives.ts';
import { ACCOUNTS } from '../../src/core/ledger.ts';
import { EMPTY_PAYMENT, type PaymentState } from '../../src/core/merge.ts';
import { fixed, terms } from '../support/terms.ts';
import { lines } from './universe.ts';

const PAID_AT = Date.UTC(2026, 0, 5);
const STAMP: Stamp = { at: PAID_AT, rank: 10, event: 'evt_paid' };
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** A paid invoice: lines as given, some tax on top, part of it from the credit balance. */
type Bill = { readonly lines: readonly Line[]; readonly tax: bigint; readonly credit: bigint };

const bills: fc.Arbitrary<Bill> = fc.record({
  lines: fc.array(lines, { minLength: 1, maxLength: 5 }),
  tax: fc.bigInt({ min: 0n, max: 20_000n }),
  credit: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 50_000n })),
});

const positive = bills.filter((bill) => netOf(bill) > 0n && netOf(bill) + bill.tax > bill.credit);

const netOf = ({ lines: all }: Bill): bigint => sum(all.map((line) => line.net));
const cashOf = (bill: Bill): bigint => netOf(bill) + bill.tax - bill.credit;

function claimOf(bill: Bill): Claim {
  return {
    kind: 'bill',
    key: 'stripe:invoice:in_1',
    stamp: STAMP,
    status: 'paid',
    currency: 'usd',
    total: netOf(bill) + bill.tax,
    paid: cashOf(bill),
    net: netOf(bill),
    refunded: null,
    paidAt: PAID_AT,
    proof: STAMP,
    lines: bill.lines,
    linesIncomplete: false,
    detail: 1,
    linesStamp: null,
    flags: [],
    standalone: true,
    party: 'stripe:cus_1',
    subscription: null,
    trial: false,
    commissionStatus: null,
    saleStatus: null,
    outOfBand: false,
    platformFee: null,
    fromBalance: null,
    optOut: null,
    source: 'stripe',
    externalId: null,
  };
}

function refundOf(amount: bigint, index: number): Refund {
  const stamp: Stamp = { at: PAID_AT + index + 1, rank: 10, event: `evt_re_${index}` };
  return {
    key: `stripe:re_${index}`,
    stamp,
    amount,
    currency: 'usd',
    status: 'succeeded',
    at: stamp.at,
    charge: null,
    proof: stamp,
    source: 'stripe',
    externalId: null,
  };
}

function paymentOf(bill: Bill, refunds: readonly bigint[]): PaymentState {
  return {
    ...EMPTY_PAYMENT,
    keys: ['stripe:invoice:in_1'],
    claims: { 'stripe:invoice:in_1': claimOf(bill) },
    refunds: Object.fromEntries(refunds.map((amount, index) => [`stripe:re_${index}`, refundOf(amount, index)])),
    touches: [{ token: 'ref_1', rank: 1, at: PAID_AT, subscription: null }],
    rules: 1,
  };
}

const percents = fc
  .integer({ min: 1, max: 1_000_000 })
  .map((num) => terms('1', { ratio: { num: BigInt(num), den: 1_000_000n } }));
const anyTerms: fc.Arbitrary<Terms> = fc
  .tuple(
    fc.oneof(
      percents,
      fc.bigInt({ min: 1n, max: 60_000n }).map((amount) => fixed(amount)),
    ),
    fc.record({
      priceIds: fc.constantFrom<readonly string[]>([], ['price_1'], ['price_2']),
      maxAmount: fc.constantFrom(null, 1_000n),
      priority: fc.integer({ min: 0, max: 2 }),
      approvalType: fc.constantFrom<'automatic' | 'manual'>('automatic', 'manual'),
      holdPeriodDays: fc.constantFrom(null, 30),
    }),
  )
  .map(([own, more]) => ({ ...own, ...more }));

const ruleBooks: fc.Arbitrary<Rules> = fc.array(anyTerms, { minLength: 1, maxLength: 4 }).map((all) => {
  const incentives = all
    .map((own, index): Incentive => ({
      id: `inc_${index}`,
      version: 1,
      programId: 'prog',
      since: 1,
      until: null,
      born: 1,
      terms: own,
    }))
    .toSorted(compareIncentives);
  return {
    version: 1,
    settings: [{ since: 1, settings: DEFAULT_SETTINGS }],
    incentives,
    lookAcross: false,
    coupons: [],
    rates: [],
    partners: new Map(),
  };
});

function decided(rules: Rules, state: PaymentState): Decision {
  const world: World = {
    rules,
    customer: () => undefined,
    referral: (token) =>
      token === 'ref_1' ? { id: token, affiliateId: 'jane', programId: 'prog', rejected: false } : undefined,
    affiliate: (id) => ({ id, history: [{ since: 0, groupId: null, status: 'approved' }] }),
    price: () => undefined,
  };
  return decide(state, world, () => NO_EARLIER);
}

/** With the commission of the credited affiliate, the only one where nobody recruited anybody. */
function only(decision: Decision): Decision & { commission: Decision['commissions'][number] | null } {
  expect(decision.commissions.length).toBeLessThanOrEqual(1);
  return { ...decision, commission: decision.commissions[0] ?? null };
}

describe('decide', () => {
  test('a full refund, in however many parts, leaves exactly zero', () => {
    const cuts = fc.array(fc.bigInt({ min: 1n, max: 30_000n }), { maxLength: 6 });
    fc.assert(
      fc.property(ruleBooks, positive, cuts, (rules, bill, parts) => {
        const cash = cashOf(bill);
        const taken: bigint[] = [];
        for (const part of parts) if (sum(taken) + part < cash) taken.push(part);
        const { commission, conversions } = only(decided(rules, paymentOf(bill, [...taken, cash - sum(taken)])));
        expect(conversions[0]).toMatchObject({ status: 'refunded', refunded: cash });
        if (!commission) return;
        expect(commission.reversed).toBe(commission.earned);
        expect(commission.status).toBe('refunded');
        expect(ACCOUNTS.map((account) => commission.standing[account])).toEqual([0n, 0n, 0n, 0n]);
      }),
    );
  });

  test('the more is refunded the more is taken back, and never more than was earned', () => {
    const refunds = fc.uniqueArray(fc.bigInt({ min: 0n, max: 400_000n }), {
      minLength: 2,
      maxLength: 5,
      comparator: (a, b) => a === b,
    });
    fc.assert(
      fc.property(ruleBooks, positive, refunds, (rules, bill, amounts) => {
        const rising = amounts.toSorted((a, b) => (a < b ? -1 : 1));
        const back = rising.map(
          (amount) => only(decided(rules, paymentOf(bill, amount === 0n ? [] : [amount]))).commission,
        );
        for (const [index, one] of back.entries()) {
          if (!one) continue;
          expect(one.reversed >= 0n && one.reversed <= one.earned).toBe(true);
          expect(one.reversed >= (back[index - 1]?.reversed ?? 0n)).toBe(true);
          // A refund changes what is left, never what was earned.
          expect(one.earned).toBe(back[0]?.earned);
        }
      }),
    );
  });

  test('takes back the refunded share to the nearest cent', () => {
    fc.assert(
      fc.property(ruleBooks, positive, fc.bigInt({ min: 1n, max: 100_000n }), (rules, bill, amount) => {
        const { commission } = only(decided(rules, paymentOf(bill, [amount])));
        const cash = cashOf(bill);
        if (!commission || amount >= cash) return;
        const off = commission.reversed * cash - commission.earned * amount;
        expect((off < 0n ? -off : off) * 2n <= cash).toBe(true);
      }),
    );
  });

  test('parts sum to the commission, and their bases to no more than the base', () => {
    fc.assert(
      fc.property(ruleBooks, positive, (rules, bill) => {
        const { commission, earning } = only(decided(rules, paymentOf(bill, [])));
        if (!commission || !earning) return;
        expect(sum(commission.parts.map((part) => part.commission))).toBe(commission.earned);
        expect(sum(commission.parts.map((part) => part.base)) <= commission.base).toBe(true);
        expect(sum(earning.lines.map((line) => line.base))).toBe(commission.base);
        for (const part of commission.parts) expect(part.commission >= 0n && part.commission <= part.base).toBe(true);
      }),
    );
  });

  test('the money stands for what was earned less what was taken back', () => {
    fc.assert(
      fc.property(ruleBooks, positive, fc.bigInt({ min: 0n, max: 100_000n }), (rules, bill, amount) => {
        const { commission } = only(decided(rules, paymentOf(bill, amount === 0n ? [] : [amount])));
        if (!commission) return;
        expect(sum(ACCOUNTS.map((account) => commission.standing[account]))).toBe(
          commission.earned - commission.reversed,
        );
      }),
    );
  });

  test('a payment without a commission says why', () => {
    fc.assert(
      fc.property(ruleBooks, bills, (rules, bill) => {
        const { commission, conversions, parked } = only(decided(rules, paymentOf(bill, [])));
        expect(parked).toBeNull();
        const [sale] = conversions;
        if (sale) expect(commission === null).toBe(sale.reason !== null);
      }),
    );
  });
});

describe('basesOf', () => {
  test('the bases of the prices sum to the base, which is the cash without the share of tax', () => {
    fc.assert(
      fc.property(positive, (bill) => {
        const { base, groups } = basesOf({
          cash: cashOf(bill),
          total: netOf(bill) + bill.tax,
          net: netOf(bill),
          lines: bill.lines,
        });
        expect(sum(groups.map((group) => group.base))).toBe(base);
        expect(groups.every((group) => group.base >= 0n)).toBe(true);
        const total = netOf(bill) + bill.tax;
        const off = base * total - netOf(bill) * cashOf(bill);
        expect((off < 0n ? -off : off) * 2n <= total).toBe(true);
      }),
    );
  });

  test('a price whose lines are a credit in sum gets nothing', () => {
    fc.assert(
      fc.property(positive, (bill) => {
        const { groups } = basesOf({
          cash: cashOf(bill),
          total: netOf(bill) + bill.tax,
          net: netOf(bill),
          lines: bill.lines,
        });
        const paid = groups.filter((group) => group.net <= 0n && group.base !== 0n);
        expect(paid).toEqual([]);
      }),
    );
  });
});

describe('earlierThan', () => {
  const one: Summary = {
    paidAt: 100,
    moneyKey: 'a',
    prorationOnly: false,
    refundedAt: null,
    earned: { inc: 30n },
    losses: [],
    subscription: null,
    rules: 1,
  };

  test.each<[string, Partial<Summary>, number, number, bigint | undefined]>([
    ['a payment before', {}, 1, 1, 30n],
    ['a proration before', { prorationOnly: true }, 1, 0, 30n],
    ['a payment after', { paidAt: 201 }, 0, 0, undefined],
    ['one of the same moment with a smaller name', { paidAt: 200 }, 1, 1, 30n],
    ['one of the same moment with a larger name', { paidAt: 200, moneyKey: 'z' }, 0, 0, undefined],
    ['one wholly refunded before', { refundedAt: 150, losses: [{ at: 150, left: { inc: 0n } }] }, 0, 0, undefined],
    ['one wholly refunded after', { refundedAt: 250, losses: [{ at: 250, left: { inc: 0n } }] }, 1, 1, 30n],
    ['one refunded in part before', { losses: [{ at: 150, left: { inc: 15n } }] }, 1, 1, 15n],
  ])('%s', (_, more, payments, fullPayments, earned) => {
    expect(earlierThan([{ ...one, ...more }], 200, 'm')).toMatchObject({ payments, fullPayments });
    expect(earlierThan([{ ...one, ...more }], 200, 'm').earned['inc']).toBe(earned);
  });
});
