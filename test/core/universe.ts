/**
 * A universe of facts for properties: everything that some events say of a few objects. One event says one thing of an
 * object, so equal stamps mean equal content, as in life; everything else is left to chance.
 */
import fc from 'fast-check';
import type {
  Claim,
  ClaimKind,
  ClaimStatus,
  Dispute,
  DisputeStatus,
  EventRef,
  Fact,
  Line,
  Note,
  Refund,
  RefundStatus,
  Stamp,
  Touch,
  Warning,
} from '../../src/core/facts.ts';
import { EMPTY_PAYMENT, mergePayments, lossOf, paymentOf, rulingOf, type PaymentState } from '../../src/core/merge.ts';

/** One event with what it says. */
export type Said = {
  readonly event: EventRef;
  readonly fact: Exclude<Fact, { kind: 'customer' | 'price' | 'promotion' }>;
};

// Few values, so that the same object, moment and rank come up again and again.
const moment = fc.integer({ min: 1, max: 6 }).map((minute) => minute * 60_000);
const rank = fc.integer({ min: 0, max: 2 });
const amount = fc.bigInt({ min: 0n, max: 100_000n });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const few = (prefix: string, count = 3): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max: count }).map((number) => `${prefix}${number}`);

export const lines: fc.Arbitrary<Line> = fc.record({
  id: few('il_', 9),
  net: fc.bigInt({ min: -50_000n, max: 100_000n }),
  prices: fc.uniqueArray(few('price_'), { maxLength: 1 }),
  products: fc.uniqueArray(few('prod_'), { maxLength: 1 }),
  interval: maybe(fc.constantFrom('month:1', 'month:12', 'day:7')),
  period: maybe(fc.constantFrom('month:1', 'day:30')),
  recurring: fc.boolean(),
  proration: fc.boolean(),
  quantity: fc.integer({ min: 1, max: 9 }),
});

const touches: fc.Arbitrary<Touch> = fc.record({
  token: few('ref_', 12),
  rank,
  at: moment,
  subscription: maybe(few('stripe:sub_', 2)),
});

const KEYS: Readonly<Record<ClaimKind, string>> = {
  bill: 'stripe:invoice:in_',
  order: 'stripe:cs:cs_',
  intent: 'stripe:pi:pi_',
  charge: 'stripe:ch:ch_',
  report: 'affonso:sale:s_',
};

const claims = (stamp: Stamp): fc.Arbitrary<Claim> =>
  fc.constantFrom<ClaimKind>('bill', 'order', 'intent', 'charge', 'report').chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      key: few(KEYS[kind], 2),
      stamp: fc.constant(stamp),
      status: fc.constantFrom<ClaimStatus>('open', 'paid', 'failed', 'void', 'uncollectible'),
      currency: fc.constant('usd'),
      total: amount,
      paid: amount,
      net: amount,
      refunded: maybe(amount),
      paidAt: maybe(moment),
      proof: maybe(fc.constant(stamp)),
      lines: fc.array(lines, { maxLength: 3 }),
      linesIncomplete: fc.boolean(),
      detail: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
      linesStamp: fc.constant(null),
      flags: fc.uniqueArray(fc.constantFrom('tax_unknown', 'scaled_to_total')),
      standalone: fc.boolean(),
      party: maybe(few('stripe:cus_', 2)),
      subscription: maybe(few('stripe:sub_', 2)),
      trial: fc.boolean(),
      commissionStatus: maybe(fc.constantFrom('pending', 'declined')),
      saleStatus: maybe(fc.constantFrom('open', 'trialing')),
      outOfBand: fc.boolean(),
      platformFee: maybe(amount),
      fromBalance: maybe(amount),
      optOut: maybe(few('because ')),
      source: fc.constant('stripe'),
      externalId: maybe(few('x_')),
    }),
  );

const refunds = (stamp: Stamp): fc.Arbitrary<Refund> =>
  few('stripe:re_').chain((key) =>
    fc.record({
      key: fc.constant(key),
      stamp: fc.constant(stamp),
      amount,
      currency: fc.constant('usd'),
      status: fc.constantFrom<RefundStatus>('pending', 'succeeded', 'failed'),
      at: moment,
      charge: maybe(few('stripe:ch:ch_', 2)),
      proof: fc.constant(stamp),
      source: fc.constant('stripe'),
      externalId: fc.constant(null),
    }),
  );

const disputes = (stamp: Stamp): fc.Arbitrary<Dispute> =>
  fc.record({
    key: few('stripe:du_', 2),
    stamp: fc.constant(stamp),
    amount,
    currency: fc.constant('usd'),
    status: fc.constantFrom<DisputeStatus>('inquiry', 'open', 'dropped', 'won', 'lost'),
    reason: maybe(fc.constant('fraudulent')),
    at: moment,
    charge: maybe(few('stripe:ch:ch_', 2)),
    proof: fc.constant(stamp),
    source: fc.constant('stripe'),
  });

const warnings = (stamp: Stamp): fc.Arbitrary<Warning> =>
  fc.record({
    key: few('stripe:issfr_', 2),
    stamp: fc.constant(stamp),
    at: moment,
    charge: maybe(few('stripe:ch:ch_', 2)),
    proof: fc.constant(stamp),
  });

const notes = (stamp: Stamp): fc.Arbitrary<Note> =>
  fc.record({
    key: few('stripe:cn_', 2),
    stamp: fc.constant(stamp),
    status: fc.constantFrom<'issued' | 'void'>('issued', 'void'),
    currency: fc.constant('usd'),
    refunds: fc.array(fc.record({ key: few('stripe:re_', 3), amount }), { maxLength: 2 }),
    outside: amount,
    balance: amount,
    lines: fc.array(fc.record({ line: maybe(few('il_', 9)), amount, net: amount }), { maxLength: 3 }),
    at: moment,
    proof: fc.constant(stamp),
    source: fc.constant('stripe'),
  });

function saidBy(event: EventRef): fc.Arbitrary<Said> {
  const stamps = rank.map((value): Stamp => ({ at: event.at, rank: value, event: event.id }));
  const keys = fc.uniqueArray(few('stripe:pi:pi_'), { minLength: 1 });
  const facts: fc.Arbitrary<Said['fact']> = fc.oneof(
    stamps.chain((stamp) =>
      fc.record({
        kind: fc.constant('payment' as const),
        keys,
        claim: maybe(claims(stamp)),
        touches: fc.array(touches, { maxLength: 5 }),
        optOut: maybe(few('because ')),
        outside: fc.record({ key: few('stripe:inpay_', 2), amount }),
      }),
    ),
    stamps.chain((stamp) => fc.record({ kind: fc.constant('refund' as const), keys, refund: refunds(stamp) })),
    stamps.chain((stamp) => fc.record({ kind: fc.constant('dispute' as const), keys, dispute: disputes(stamp) })),
    stamps.chain((stamp) => fc.record({ kind: fc.constant('warning' as const), keys, warning: warnings(stamp) })),
    stamps.chain((stamp) => fc.record({ kind: fc.constant('note' as const), keys, note: notes(stamp) })),
    stamps.chain((stamp) =>
      fc.record({
        kind: fc.constant('ruling' as const),
        keys,
        ruling: fc.record(
          {
            stamp: fc.constant(stamp),
            status: fc.constantFrom(
              'paid',
              'paid',
              'processing_payout',
              'declined',
              'ready_for_payment',
              'dispute',
              null,
            ),
            ordered: fc.record({ amount, currency: fc.constantFrom('usd', 'eur') }),
            holdDays: fc.integer({ min: 0, max: 30 }),
            amounts: fc.array(
              fc.record({
                affiliateId: few('aff_', 2),
                referralId: fc.constant('ref_1'),
                programId: fc.constant('prog'),
                currency: fc.constant('usd'),
                amount,
              }),
              { maxLength: 2 },
            ),
          },
          { requiredKeys: ['stamp', 'status', 'amounts'] },
        ),
      }),
    ),
  );
  return facts.map((fact) => ({ event, fact }));
}

/** Up to `most` events, each with its own id. */
export function universe(most = 12): fc.Arbitrary<Said[]> {
  const events = fc.array(fc.record({ at: moment, rules: fc.integer({ min: 1, max: 4 }), received: moment }), {
    minLength: 1,
    maxLength: most,
  });
  return events.chain((all) =>
    fc.tuple(
      ...all.map(({ at, rules, received }, index) =>
        saidBy({
          source: 'stripe',
          id: `evt_${index}`,
          type: 'some.event',
          at,
          livemode: true,
          rules,
          received,
        }),
      ),
    ),
  );
}

/** What one event says, as a state of its own. */
export function stateOf({ event, fact }: Said): PaymentState {
  switch (fact.kind) {
    case 'payment':
      return paymentOf(fact, event);
    case 'refund':
    case 'dispute':
    case 'warning':
    case 'note':
      return lossOf(fact, event);
    case 'ruling':
      return rulingOf(fact.ruling, fact.keys, event);
  }
}

export function together(all: readonly Said[]): PaymentState {
  return all.map(stateOf).reduce(mergePayments, EMPTY_PAYMENT);
}
