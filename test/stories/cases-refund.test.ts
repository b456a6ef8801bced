/** cases.md 6.4: what a refund takes back. */
import { expect } from 'vitest';
import type { SimulatedAccount, SimulatedPayment } from '../../src/simulator/account.ts';
import { terms } from '../support/stage.ts';
import { janeBroughtOne, referred, theatre, type Plot } from './theatre.ts';

const { story } = theatre();

/** The first payment of a monthly subscription, of someone jane brought. */
function sale(
  account: SimulatedAccount,
  amount = 10_000,
  more: Partial<Parameters<SimulatedAccount['subscribe']>[0]> = {},
): SimulatedPayment {
  return account.subscribe({
    customer: referred(account),
    price: account.price({ amount }),
    ...more,
  }).firstPayment;
}

/** Refunds a day apart. */
function refundInParts(account: SimulatedAccount, payment: SimulatedPayment, amounts: readonly number[]): void {
  for (const amount of amounts) {
    account.advance({ days: 1 });
    account.refund(payment, { amount });
  }
}

/** The same money told by every kind of account: with refund objects, by charge counters alone, or both. */
const TOLD_BY = ['both', 'charge-only', 'refund-only'] as const;

/** Plays a story once for every way in which refunds are told; basil always tells both. */
function toldInEveryWay<Told>(number: number, outcome: string, plot: Plot<Told>): void {
  story(number, outcome, plot);
  for (const refundEvents of TOLD_BY.slice(1))
    story(number, `${outcome}, told ${refundEvents}`, {
      ...plot,
      families: ['old'],
      account: { ...plot.account, refundEvents },
    });
}

toldInEveryWay(81, 'a full refund of an unpaid commission leaves zero, status refunded', {
  play: (account) => refundInParts(account, sale(account), [10_000]),
  stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'refund 100.00 usd succeeded'],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 30.00 reversed'],
});

story(81, 'a full refund within the hold leaves nothing to be released', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('30', { holdPeriodDays: 30 }));
  },
  play: (account) => refundInParts(account, sale(account), [10_000]),
  days: 60,
  stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'refund 100.00 usd succeeded'],
  ledger: ['program -> pending 30.00 earned', 'pending -> program 30.00 reversed'],
});

toldInEveryWay(82, 'a refund of 30 % takes back 30 % of the commission', {
  play: (account) => refundInParts(account, sale(account), [3_000]),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 9.00 ready_for_payment',
    'refund 30.00 usd succeeded',
    'jane usd: payable 21.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 9.00 reversed'],
});

story(83, 'a second partial refund takes back up to the new cumulative target', {
  play: (account) => refundInParts(account, sale(account), [3_333, 3_333]),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 20.00 ready_for_payment',
    'refund 33.33 usd succeeded',
    'refund 33.33 usd succeeded',
    'jane usd: payable 10.00',
  ],
  // 9.999 and 19.998, each rounded as a total.
  ledger: ['program -> payable 30.00 earned', 'payable -> program 10.00 reversed', 'payable -> program 10.00 reversed'],
});

story(84, 'partial refunds that add up to everything leave exactly zero', {
  play: (account) => refundInParts(account, sale(account, 100), [25, 25, 25, 25]),
  stands: [
    'sale 1.00 usd refunded, base 1.00: jane 0.30 - 0.30 refunded',
    ...Array.from({ length: 4 }, () => 'refund 0.25 usd succeeded'),
  ],
  // 7.5 cents each time: rounded one by one they would come to 32.
  ledger: [
    'program -> payable 0.30 earned',
    'payable -> program 0.08 reversed',
    'payable -> program 0.07 reversed',
    'payable -> program 0.08 reversed',
    'payable -> program 0.07 reversed',
  ],
});

story(84, 'known by the counter of the charge alone, refunds that add up to everything leave exactly zero', {
  play: (account) => refundInParts(account, sale(account, 100), [25, 25, 25, 25]),
  heard: (events) => events.filter(({ type }) => !type.includes('refund.')),
  // One conversion for what the counter shows: without refund objects nobody says how many there were.
  stands: ['sale 1.00 usd refunded, base 1.00: jane 0.30 - 0.30 refunded', 'refund 1.00 usd succeeded'],
  ledger: [
    'program -> payable 0.30 earned',
    'payable -> program 0.08 reversed',
    'payable -> program 0.07 reversed',
    'payable -> program 0.08 reversed',
    'payable -> program 0.07 reversed',
  ],
});

for (const inclusive of [false, true]) {
  story(85, `half of a sale with ${inclusive ? 'inclusive' : 'exclusive'} tax refunded takes back half, tax or not`, {
    play: (account) =>
      refundInParts(account, sale(account, inclusive ? 11_900 : 10_000, { tax: { percent: 19, inclusive } }), [5_950]),
    stands: [
      'sale 119.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
      'refund 59.50 usd succeeded',
      'jane usd: payable 15.00',
    ],
  });
}

story(89, 'a refund of an unattributed sale is recorded and moves nothing', {
  play: (account) => refundInParts(account, sale(account, 10_000, { customer: account.customer() }), [4_000]),
  stands: ['sale 100.00 usd partial_refunded, base 100.00 (unattributed)', 'refund 40.00 usd succeeded'],
  ledger: [],
});

for (const canceled of [false, true]) {
  const end = canceled ? 'cancelled' : 'failed';
  toldInEveryWay(91, `a pending refund that is ${end} gives back what it took`, {
    play(account) {
      const payment = sale(account);
      account.advance({ days: 1 });
      account.failRefund(account.refund(payment, { amount: 4_000, pending: true }), { canceled });
    },
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'refund 40.00 usd failed',
      'jane usd: payable 30.00',
    ],
    ledger: [
      'program -> payable 30.00 earned',
      'payable -> program 12.00 reversed',
      'program -> payable 12.00 restored',
    ],
  });
}

story(91, 'of two refunds only the one that failed is undone', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 1 });
    const bounces = account.refund(payment, { amount: 3_000 });
    account.advance({ days: 1 });
    account.refund(payment, { amount: 2_000 });
    account.failRefund(bounces);
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 6.00 ready_for_payment',
    'refund 30.00 usd failed',
    'refund 20.00 usd succeeded',
    'jane usd: payable 24.00',
  ],
  ledger: [
    'program -> payable 30.00 earned',
    'payable -> program 9.00 reversed',
    'payable -> program 6.00 reversed',
    'program -> payable 9.00 restored',
  ],
});

story(93, 'a refund after the duration has ended still takes back what that payment earned', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_month', terms('30', { maxMonths: 1 }));
  },
  play(account) {
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
    });
    const later = account.renew(sub);
    account.advance({ days: 90 });
    account.refund(sub.firstPayment, { amount: 5_000 });
    account.refund(later, { amount: 5_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'sale 100.00 usd partial_refunded, base 100.00 (no_incentive_matched)',
    'refund 50.00 usd succeeded',
    'refund 50.00 usd succeeded',
    'jane usd: payable 15.00',
  ],
});

story(99, 'a credit note with a refund takes back once', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 1 });
    return account.creditNote(payment, { amount: 5_000, as: 'refund' });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 15.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 15.00 reversed'],
  async also({ stage }, note) {
    expect((await stage.refunds()).map((refund) => refund.money_key)).toEqual([`stripe:${note.refund?.id}`]);
  },
});
