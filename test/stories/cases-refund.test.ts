/** cases.md 6.4: what a refund takes back. */
import { expect } from 'vitest';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { createAccount, type SimulatedAccount, type SimulatedPayment } from '../../src/simulator/account.ts';
import { refundRequest } from '../support/requests.ts';
import { terms, translators } from '../support/stage.ts';
import {
  callerOf,
  janeBroughtOne,
  janeEarnsThirty,
  MONDAY,
  referred,
  ruling,
  theatre,
  wordsOf,
  type Plot,
} from './theatre.ts';

const { story, scene, raise } = theatre();

const DAY = 86_400;

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

/** A refund that comes to nothing: while it is pending, or some days after it succeeded. */
const undone = ({ pending, ...fails }: { pending?: true; canceled: boolean; afterDays?: number }): Plot<void> => ({
  play(account) {
    const payment = sale(account);
    account.advance({ days: 1 });
    account.failRefund(account.refund(payment, { amount: 4_000, ...(pending ? { pending } : {}) }), fails);
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'refund 40.00 usd failed',
    'jane usd: payable 30.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 12.00 reversed', 'program -> payable 12.00 restored'],
});

for (const canceled of [false, true]) {
  const [fails, fallsBack] = canceled ? ['cancelled', 'cancelled'] : ['failed', 'returned'];
  toldInEveryWay(91, `a pending refund that is ${fails} gives back what it took`, undone({ pending: true, canceled }));
  toldInEveryWay(
    91,
    `a refund that succeeded and is ${fallsBack} weeks later is undone`,
    undone({ canceled, afterDays: 20 }),
  );
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

/** Paid out on the second day. */
const paidOut = (payment: SimulatedPayment) => [ruling(payment, 'paid', MONDAY + 2 * DAY)];

story(86, 'a refund after the payout leaves it paid and is netted with what comes next', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.advance({ days: 5 });
    account.refund(sub.firstPayment, { amount: 4_000 });
    account.renew(sub);
    return sub.firstPayment;
  },
  said: paidOut,
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 paid',
    'refund 40.00 usd succeeded',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 18.00, paid 30.00',
  ],
  course: [
    'program -> payable 30.00 earned',
    'payable -> paid 30.00 moved',
    'payable -> program 12.00 reversed',
    'program -> payable 30.00 earned',
  ],
});

story(86, 'what was refunded before the payout was not paid out', {
  play(account) {
    const payment = sale(account);
    refundInParts(account, payment, [1_000]);
    account.advance({ days: 5 });
    account.refund(payment);
    return payment;
  },
  said: paidOut,
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 paid',
    'refund 10.00 usd succeeded',
    'refund 90.00 usd succeeded',
    'jane usd: payable -27.00, paid 27.00',
  ],
  course: [
    'program -> payable 30.00 earned',
    'payable -> program 3.00 reversed',
    'payable -> paid 27.00 moved',
    'payable -> program 27.00 reversed',
  ],
});

story(86, 'a refund after the payout that fails leaves nothing owed', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 5 });
    account.failRefund(account.refund(payment, { amount: 4_000 }));
    return payment;
  },
  said: paidOut,
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 paid', 'refund 40.00 usd failed', 'jane usd: paid 30.00'],
  course: [
    'program -> payable 30.00 earned',
    'payable -> paid 30.00 moved',
    'payable -> program 12.00 reversed',
    'program -> payable 12.00 restored',
  ],
});

for (const ends of ['paid', 'ready_for_payment']) {
  story(87, `a refund while the payout is on its way does not touch it; it ends as ${ends}`, {
    play(account) {
      const payment = sale(account);
      account.advance({ days: 3 });
      account.refund(payment, { amount: 4_000 });
      return payment;
    },
    said: (payment) => [
      ruling(payment, 'processing_payout', MONDAY + 2 * DAY),
      ruling(payment, ends, MONDAY + 4 * DAY),
    ],
    stands: [
      `sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ${ends}`,
      'refund 40.00 usd succeeded',
      ends === 'paid' ? 'jane usd: payable -12.00, paid 30.00' : 'jane usd: payable 18.00',
    ],
    course: [
      'program -> payable 30.00 earned',
      'payable -> program 12.00 reversed',
      ...(ends === 'paid' ? ['payable -> paid 30.00 moved'] : []),
    ],
  });
}

story(87, 'while the payout is on its way the status says so, refund or not', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 3 });
    account.refund(payment);
    return payment;
  },
  said: (payment) => [ruling(payment, 'processing_payout', MONDAY + 2 * DAY)],
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 processing_payout',
    'refund 100.00 usd succeeded',
  ],
});

story(88, 'a refund on a row on hold lowers what will be released', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('30', { holdPeriodDays: 30 }));
  },
  play: (account) => refundInParts(account, sale(account), [4_000]),
  days: 60,
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ],
  course: ['program -> pending 30.00 earned', 'pending -> program 12.00 reversed', 'pending -> payable 18.00 moved'],
});

story(88, 'a refund on a declined row is recorded and moves nothing', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 5 });
    account.refund(payment, { amount: 4_000 });
    return payment;
  },
  said: (payment) => [ruling(payment, 'declined', MONDAY + 2 * DAY)],
  stands: ['sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 declined', 'refund 40.00 usd succeeded'],
  course: ['program -> payable 30.00 earned', 'payable -> program 30.00 reversed'],
});

story(88, 'a refund of a sale whose referral was rejected as fraud is recorded and moves nothing', {
  async rules(stage) {
    await janeEarnsThirty(stage);
    await stage.ask("UPDATE referrals SET status = 'rejected' WHERE workspace_id = $1");
  },
  play: (account) => refundInParts(account, sale(account), [4_000]),
  stands: ['sale 100.00 usd partial_refunded, base 100.00 (referral_rejected)', 'refund 40.00 usd succeeded'],
  ledger: [],
});

toldInEveryWay(89, 'a whole refund of an unattributed sale is recorded and moves nothing', {
  play: (account) => refundInParts(account, sale(account, 10_000, { customer: account.customer() }), [10_000]),
  stands: ['sale 100.00 usd refunded, base 100.00 (unattributed)', 'refund 100.00 usd succeeded'],
  ledger: [],
});

toldInEveryWay(90, 'refunds of more than there was take back the commission and no more, and that is said', {
  play(account) {
    const payment = sale(account);
    refundInParts(account, payment, [8_000, 5_000]);
    return payment;
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'refund 80.00 usd succeeded',
    'refund 50.00 usd succeeded',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 24.00 reversed', 'payable -> program 6.00 reversed'],
  async also({ stage }, payment) {
    expect(await wordsOf(stage, payment.invoice?.id)).toContain(
      'Refunds and disputes of 130.00 USD are more than was paid: only 100.00 USD of them count.',
    );
  },
});

toldInEveryWay(91, 'a pending refund that succeeds is taken back once', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 1 });
    account.settleRefund(account.refund(payment, { amount: 4_000, pending: true }), { afterDays: 5 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 12.00 reversed'],
});

toldInEveryWay(91, 'a refund that fails and is made again counts once', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 1 });
    account.failRefund(account.refund(payment));
    account.advance({ days: 1 });
    account.refund(payment);
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'refund 100.00 usd failed',
    'refund 100.00 usd succeeded',
  ],
});

toldInEveryWay(91, 'a mere edit of a refund is no second refund', {
  play(account) {
    const payment = sale(account);
    account.advance({ days: 1 });
    const refund = account.refund(payment, { amount: 4_000 });
    account.advance({ days: 1 });
    account.editRefund(refund, { ticket: '12' });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ],
});

scene(
  103,
  'a call to refund: what is left without an amount, refused above it, the same answer again',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    refundInParts(account, sale(account), [3_000]);
    await stage.hearAll(account.events);
    const desk = createDesk(stage.work, translators);
    const [sold] = await stage.sales();
    const refund = (externalEventId: string | null, amount: bigint | null) =>
      desk.refund(callerOf(stage), refundRequest(sold?.conversion_id ?? '', { externalEventId, amount }));
    expect(await refund('r1', 7_001n)).toMatchObject({ refused: 'refund_too_large' });
    expect(await refund('r1', null)).toMatchObject({ replayed: false, conversion: { refunded: 10_000n } });
    const stands = await stage.tells();
    expect(stands).toContain('sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded');
    expect(await stage.ledger()).toEqual([
      'program -> payable 30.00 earned',
      'payable -> program 9.00 reversed',
      'payable -> program 21.00 reversed',
    ]);
    for (const amount of [null, 7_000n])
      expect(await refund('r1', amount)).toMatchObject({ replayed: true, conversion: { refunded: 10_000n } });
    expect(await refund('r1', 1n)).toMatchObject({ refused: 'different_money' });
    expect(await refund('r2', null)).toMatchObject({ refused: 'nothing_to_refund' });
    expect(await stage.tells()).toEqual(stands);
  },
);

scene(
  103,
  'beside a lost dispute only what that has left can be refunded, and a dispute is no sale',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    const payment = sale(account);
    refundInParts(account, payment, [3_000]);
    account.closeDispute(account.dispute(payment, { amount: 9_000 }), 'lost');
    await stage.hearAll(account.events);
    const desk = createDesk(stage.work, translators);
    const [dispute] = await stage.conversions('dispute');
    const [sold] = await stage.sales();
    const refund = (conversionId = '') =>
      desk.refund(callerOf(stage), refundRequest(conversionId, { externalEventId: 'r1' }));
    expect(await refund(dispute?.conversion_id)).toMatchObject({ refused: 'invalid_input' });
    expect(await refund(sold?.conversion_id)).toMatchObject({ refused: 'nothing_to_refund' });
  },
);
