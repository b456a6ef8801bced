/** What a reading of the whole change found, each as the smallest history that showed it. */
import { expect, test } from 'vitest';
import { absorbEvent, emptyBook, emptyTouched, settle } from '../../src/core/book.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Ruling } from '../../src/core/facts.ts';
import type { Incentive, Terms } from '../../src/core/incentives.ts';
import { DEFAULT_SETTINGS, type CouponBinding, type Rules, type Settings } from '../../src/core/rules.ts';
import { translate } from '../../src/providers/stripe/translate.ts';
import { fixed, terms } from '../support/terms.ts';

const T = 1_770_000_000;
const DAY = 86_400;
const APPROVED = [{ since: 0, groupId: null, status: 'approved' }];

type Given = {
  readonly settings?: Partial<Settings>;
  readonly coupons?: readonly CouponBinding[];
  readonly rules?: readonly Incentive[];
  readonly lookAcross?: boolean;
  readonly known?: number;
};

function incentive(own: Terms, more: Partial<Incentive> = {}): Incentive {
  return { id: 'inc', version: 1, programId: 'prog', since: 0, until: null, born: 1, terms: own, ...more };
}

/** A workspace in memory: bob has a referral, jane a coupon; what Stripe says is decided at once. */
function workspace({ settings, coupons = [], rules: own, lookAcross = false, known = 5 }: Given = {}) {
  const rules: Rules = {
    version: 9,
    settings: [{ since: 0, settings: { ...DEFAULT_SETTINGS, ...settings } }],
    incentives: own ?? [incentive(terms('20'))],
    lookAcross,
    coupons,
    rates: [],
    partners: new Map([['jane', { id: 'jane', history: APPROVED }]]),
  };
  let next = 0;
  const book = emptyBook(() => `pay_${(next += 1)}`);
  book.referrals.set('ref_bob', { id: 'ref_bob', affiliateId: 'bob', programId: 'prog', rejected: false });
  book.affiliates.set('bob', { id: 'bob', history: APPROVED });
  const refOf = (type: string, at: number) => ({
    source: 'stripe',
    id: `evt_${String((next += 1)).padStart(4, '0')}`,
    type,
    at: at * 1000,
    livemode: true,
    rules: known,
    received: at * 1000,
  });
  return {
    say(type: string, at: number, object: object): void {
      const ref = refOf(type, at);
      const said = translate(ref, { object: 'event', data: { object } });
      if ('facts' in said) absorbEvent(book, said.facts, ref, emptyTouched());
    },
    rule(at: number, money: string, word: Omit<Ruling, 'stamp'>): void {
      const ref = refOf('operator.ruling', at);
      const ruling = { ...word, stamp: { at: ref.at, rank: 0, event: ref.id } };
      absorbEvent(book, [{ kind: 'ruling', keys: [money], ruling }], ref, emptyTouched());
    },
    decided: (): Decision[] => [...settle(book, rules, book.payments.keys()).values()].filter(({ sale }) => sale),
  };
}

/** `bob 20.00 - 5.00 paid`, of every commission. */
function told(decisions: readonly Decision[]): string[] {
  return decisions.flatMap(({ commissions, conversions }) =>
    commissions.length === 0
      ? [`nobody: ${conversions[0]?.reason}`]
      : commissions.map(
          ({ affiliateId, earned, reversed, status }) => `${affiliateId} ${earned} - ${reversed} ${status}`,
        ),
  );
}

const BUYER = { id: 'cus_1', object: 'customer', metadata: { affonso_referral: 'ref_bob' } };

function invoice(id: string, at: number, more: object = {}): object {
  const price = { id: 'price_1', product: 'prod_1', recurring: { interval: 'month', interval_count: 1 } };
  const line = { id: `il_${id}`, amount: 10_000, quantity: 1, price, tax_amounts: [], type: 'subscription' };
  return {
    id,
    status: 'paid',
    currency: 'usd',
    customer: 'cus_1',
    total: 10_000,
    total_excluding_tax: 10_000,
    amount_due: 10_000,
    amount_paid: 10_000,
    subscription: 'sub_1',
    charge: `ch_${id}`,
    payment_intent: `pi_${id}`,
    status_transitions: { paid_at: at },
    lines: { has_more: false, data: [{ ...line, subscription: 'sub_1' }] },
    ...more,
  };
}

function charge(id: string, of: string | null, at: number, more: object = {}): object {
  return {
    id,
    amount: 10_000,
    amount_captured: 10_000,
    amount_refunded: 0,
    captured: true,
    paid: true,
    status: 'succeeded',
    currency: 'usd',
    customer: 'cus_1',
    created: at,
    invoice: of,
    payment_intent: of === null ? null : `pi_${of}`,
    ...more,
  };
}

const FAILED = { status: 'failed', paid: false };

test('a coupon put on a subscription later takes nothing from who was credited before', () => {
  const jane = { id: 'coup_1', affiliateId: 'jane', programId: 'prog', since: 1, until: null, code: 'jane' };
  const w = workspace({ coupons: [{ ...jane, tokens: ['stripe:promo:promo_1'] }] });
  const later = T + 180 * DAY;
  w.say('customer.created', T - 10, BUYER);
  w.say('invoice.paid', T, invoice('in_1', T));
  const discount = { id: 'di_1', customer: 'cus_1', subscription: 'sub_1', promotion_code: 'promo_1' };
  w.say('customer.discount.created', later, discount);
  w.say('invoice.paid', later + DAY, invoice('in_2', later + DAY));
  expect(told(w.decided())).toEqual(['bob 2000 - 0 ready_for_payment', 'jane 2000 - 0 ready_for_payment']);
});

test('however often a buyer says to be left out, the first word counts for what was paid then', () => {
  const w = workspace();
  const out = { ...BUYER, metadata: { ...BUYER.metadata, no_commission: 'true' } };
  w.say('customer.created', T - 10, out);
  w.say('invoice.paid', T, invoice('in_1', T));
  for (let day = 1; day <= 40; day += 1) w.say('customer.updated', T + day * DAY, out);
  expect(told(w.decided())).toEqual(['nobody: opted_out_on_customer']);
});

test('a debit without an invoice that came back was a sale, and what it earned went back', () => {
  const w = workspace();
  const metadata = { ref: 'ref_bob' };
  w.say('charge.succeeded', T, charge('ch_1', null, T, { metadata }));
  w.say(
    'charge.failed',
    T + 20 * DAY,
    charge('ch_1', null, T, { ...FAILED, captured: false, amount_captured: 0, metadata }),
  );
  expect(told(w.decided())).toEqual(['bob 2000 - 2000 refunded']);
});

test('a debit that came back and was paid again by another charge was paid', () => {
  const w = workspace();
  w.say('customer.created', T - 10, BUYER);
  w.say('charge.succeeded', T, charge('ch_1', 'in_1', T));
  w.say('charge.failed', T + 9 * DAY, charge('ch_1', 'in_1', T, FAILED));
  w.say('charge.succeeded', T + 12 * DAY, charge('ch_2', 'in_1', T + 12 * DAY));
  w.say('invoice.paid', T + 12 * DAY, invoice('in_1', T + 12 * DAY, { charge: 'ch_2' }));
  expect(told(w.decided())).toEqual(['bob 2000 - 0 ready_for_payment']);
});

/** Every order of some things. */
function ordersOf<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, index) => ordersOf(all.toSpliced(index, 1)).map((rest) => [one, ...rest]));
}

test.each([
  ['before the bill was paid by other means takes nothing back', 9, 'bob 2000 - 0 ready_for_payment'],
  ['after the bill was paid takes all of it back', 20, 'bob 2000 - 2000 refunded'],
])('a debit that came back %s, in any order', (_, days, stands) => {
  const paidAt = T + 12 * DAY;
  const heard = [
    ['customer.created', T - 10, BUYER],
    ['charge.succeeded', T, charge('ch_1', 'in_1', T)],
    ['charge.failed', T + days * DAY, charge('ch_1', 'in_1', T, FAILED)],
    ['invoice.paid', paidAt, invoice('in_1', paidAt, { charge: null })],
  ] as const;
  for (const order of ordersOf(heard)) {
    const w = workspace();
    for (const [type, at, object] of order) w.say(type, at, object);
    expect(told(w.decided())).toEqual([stands]);
  }
});

test('a failed attempt before does not make a refund count twice', () => {
  const w = workspace();
  w.say('customer.created', T - 10, BUYER);
  w.say('charge.failed', T - 5, charge('ch_0', 'in_1', T - 5, { ...FAILED, captured: false, amount_captured: 0 }));
  w.say('charge.succeeded', T, charge('ch_in_1', 'in_1', T));
  w.say('invoice.paid', T, invoice('in_1', T));
  w.say('charge.refunded', T + 50, charge('ch_in_1', 'in_1', T, { amount_refunded: 3_000 }));
  const note = { id: 'cn_1', status: 'issued', type: 'post_payment', currency: 'usd', amount: 3_000, created: T + 50 };
  w.say('credit_note.created', T + 50, { ...note, invoice: 'in_1', refund: 're_1' });
  expect(told(w.decided())).toEqual(['bob 2000 - 600 ready_for_payment']);
});

test('a cap knows what the ledger knows: what only goes back as a whole uses it up', () => {
  const own = fixed(10_000n, { refundOnlyWhole: true, maxAmount: 10_000n, currency: 'usd' });
  const w = workspace({ lookAcross: true, rules: [incentive(own)] });
  w.say('customer.created', T - 10, BUYER);
  w.say('charge.succeeded', T, charge('ch_in_1', 'in_1', T));
  w.say('invoice.paid', T, invoice('in_1', T));
  const refund = { id: 're_1', amount: 5_000, currency: 'usd', status: 'succeeded', created: T + 50 };
  w.say('refund.created', T + 50, { ...refund, charge: 'ch_in_1', payment_intent: 'pi_in_1' });
  w.say('invoice.paid', T + 30 * DAY, invoice('in_2', T + 30 * DAY));
  expect(told(w.decided())).toEqual(['bob 10000 - 0 ready_for_payment', 'nobody: no_incentive_matched']);
});

test('a part-paid invoice that was given up keeps the rules it became known by', () => {
  const rules = [incentive(terms('10'), { until: 7 }), incentive(terms('50'), { id: 'inc_new', since: 7, born: 7 })];
  const w = workspace({ settings: { sellUncollectible: true }, rules });
  w.say('customer.created', T - 10, BUYER);
  w.say('invoice.marked_uncollectible', T, invoice('in_1', T, { status: 'uncollectible', amount_paid: 5_000 }));
  expect(told(w.decided())).toEqual(['bob 500 - 0 ready_for_payment']);
});

test('a fraud warning holds what was approved before it', () => {
  const w = workspace({ rules: [incentive(terms('20', { approvalType: 'manual' }))] });
  w.say('customer.created', T - 10, BUYER);
  w.say('invoice.paid', T, invoice('in_1', T));
  w.rule(T + 100, 'stripe:invoice:in_1', { status: 'ready_for_payment' });
  expect(told(w.decided())).toEqual(['bob 2000 - 0 ready_for_payment']);
  w.say('radar.early_fraud_warning.created', T + 5 * DAY, { id: 'issfr_1', created: T + 5 * DAY, charge: 'ch_in_1' });
  expect(told(w.decided())).toEqual(['bob 2000 - 0 pending_manual_approval']);
});

test('who was paid and is not credited any more owes it', () => {
  const w = workspace();
  w.say('customer.created', T - 10, BUYER);
  w.say('invoice.paid', T, invoice('in_1', T));
  const paid = { affiliateId: 'carol', referralId: 'ref_carol', programId: 'prog', currency: 'usd', amount: 1_500n };
  w.rule(T + 100, 'stripe:invoice:in_1', { status: 'paid', amounts: [paid] });
  expect(told(w.decided())).toEqual(['bob 2000 - 0 ready_for_payment', 'carol 0 - 0 paid']);
  const [, carol] = w.decided()[0]?.commissions ?? [];
  expect(carol?.standing).toEqual({ review: 0n, pending: 0n, payable: -1_500n, paid: 1_500n });
});

const MONEY = 'stripe:invoice:in_1';

const paidTo = (affiliateId: string, amount: bigint) => [
  { affiliateId, referralId: `ref_${affiliateId}`, programId: 'prog', currency: 'usd', amount },
];

/** Bob's sale of 100.00, which earns 20.00; half of it goes back on the second day. */
function halfRefunded(heard: (w: ReturnType<typeof workspace>) => void) {
  const w = workspace();
  w.say('customer.created', T - 10, BUYER);
  w.say('charge.succeeded', T, charge('ch_in_1', 'in_1', T));
  w.say('invoice.paid', T, invoice('in_1', T));
  w.say('charge.refunded', T + 2 * DAY, charge('ch_in_1', 'in_1', T, { amount_refunded: 5_000 }));
  heard(w);
  return w.decided()[0]?.commissions ?? [];
}

const owes = (paid: bigint, payable: bigint) => ({ review: 0n, pending: 0n, payable, paid });

test('said to be paid twice is paid once: what was refunded meanwhile was paid out all the same', () => {
  const [bob] = halfRefunded((w) => {
    w.rule(T + DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 2_000n) });
    w.rule(T + 3 * DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 1_000n) });
  });
  expect(bob).toMatchObject({ status: 'paid', standing: owes(2_000n, -1_000n) });
});

test('a payout that is begun twice began with the first word', () => {
  const [bob] = halfRefunded((w) => {
    w.rule(T + DAY, MONEY, { status: 'processing_payout', amounts: paidTo('bob', 2_000n) });
    w.rule(T + 3 * DAY, MONEY, { status: 'processing_payout', amounts: paidTo('bob', 1_000n) });
    w.rule(T + 4 * DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 1_000n) });
    w.rule(T + 5 * DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 1_000n) });
  });
  expect(bob).toMatchObject({ status: 'paid', standing: owes(2_000n, -1_000n) });
});

test.each(['declined', 'refunded', 'dispute'])(
  'a payout that is called %s in between and said again is the same',
  (word) => {
    const [bob] = halfRefunded((w) => {
      w.rule(T + DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 2_000n) });
      w.rule(T + 3 * DAY, MONEY, { status: word });
      w.rule(T + 4 * DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 1_000n) });
    });
    expect(bob).toMatchObject({ status: 'paid', standing: owes(2_000n, -1_000n) });
  },
);

test.each(['ready_for_payment', 'processing_payout'])(
  '%s says that nothing was paid: what is paid later counts',
  (word) => {
    const [bob] = halfRefunded((w) => {
      w.rule(T + DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 2_000n) });
      w.rule(T + 3 * DAY, MONEY, { status: word, amounts: paidTo('bob', 1_000n) });
      w.rule(T + 4 * DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 1_000n) });
    });
    expect(bob).toMatchObject({ status: 'paid', standing: owes(1_000n, 0n) });
  },
);

test('what was paid without an amount told is owed when it is declined afterwards', () => {
  const [bob] = halfRefunded((w) => {
    w.rule(T + DAY, MONEY, { status: 'paid' });
    w.rule(T + 3 * DAY, MONEY, { status: 'declined' });
  });
  expect(bob).toMatchObject({ status: 'declined', standing: owes(2_000n, -2_000n) });
});

test('a payout that an operator calls disputed went out all the same', () => {
  const [bob] = halfRefunded((w) => {
    w.rule(T + DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 2_000n) });
    w.rule(T + 3 * DAY, MONEY, { status: 'dispute' });
  });
  expect(bob).toMatchObject({ status: 'dispute', standing: owes(2_000n, -1_000n) });
});

test('what a payout on its way paid is owed when it is declined afterwards', () => {
  const [bob] = halfRefunded((w) => {
    w.rule(T + DAY, MONEY, { status: 'processing_payout', amounts: paidTo('bob', 2_000n) });
    w.rule(T + 3 * DAY, MONEY, { status: 'paid', amounts: paidTo('bob', 1_000n) });
    w.rule(T + 4 * DAY, MONEY, { status: 'declined' });
  });
  expect(bob).toMatchObject({ status: 'declined', standing: owes(2_000n, -2_000n) });
});

test('of several who were paid and are not credited any more each owes what they got', () => {
  const all = halfRefunded((w) => {
    w.rule(T + DAY, MONEY, { status: 'paid', amounts: paidTo('carol', 1_500n) });
    w.rule(T + 3 * DAY, MONEY, { status: 'paid', amounts: paidTo('carol', 700n) });
    w.rule(T + 4 * DAY, MONEY, { status: 'paid', amounts: paidTo('dave', 900n) });
    w.rule(T + 5 * DAY, MONEY, { status: 'processing_payout', amounts: paidTo('bob', 1_000n) });
  });
  expect(all.map(({ affiliateId, standing }) => ({ affiliateId, standing }))).toEqual([
    { affiliateId: 'bob', standing: owes(0n, 1_000n) },
    { affiliateId: 'carol', standing: owes(1_500n, -1_500n) },
    { affiliateId: 'dave', standing: owes(900n, -900n) },
  ]);
});

test('a payout in another currency than is earned now is owed in its own and is no word on the other', () => {
  const all = halfRefunded((w) => {
    const [one] = paidTo('bob', 1_500n);
    if (one) w.rule(T + DAY, MONEY, { status: 'paid', amounts: [{ ...one, currency: 'eur' }] });
  });
  expect(all.map(({ currency, status, standing }) => ({ currency, status, standing }))).toEqual([
    { currency: 'usd', status: 'ready_for_payment', standing: owes(0n, 1_000n) },
    { currency: 'eur', status: 'paid', standing: owes(1_500n, -1_500n) },
  ]);
});

test('an approval that is said again after a fraud warning counts', () => {
  const w = workspace({ rules: [incentive(terms('20', { approvalType: 'manual' }))] });
  w.say('customer.created', T - 10, BUYER);
  w.say('invoice.paid', T, invoice('in_1', T));
  w.rule(T + 100, MONEY, { status: 'ready_for_payment' });
  w.say('radar.early_fraud_warning.created', T + 5 * DAY, { id: 'issfr_1', created: T + 5 * DAY, charge: 'ch_in_1' });
  w.rule(T + 6 * DAY, MONEY, { status: 'ready_for_payment' });
  expect(told(w.decided())).toEqual(['bob 2000 - 0 ready_for_payment']);
});
