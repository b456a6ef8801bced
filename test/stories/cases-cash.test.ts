/** cases.md 6.2, rows 35 to 39 and 49 to 53: when money counts as collected, and how much of it. */
import { expect } from 'vitest';
import type { SimulatedAccount } from '../../src/simulator/account.ts';
import { MONDAY, referred, theatre, wordsOf } from './theatre.ts';

const { story } = theatre();

const DAY = 86_400;
const HUNDRED = ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];

const lines = (account: SimulatedAccount) => [{ amount: 10_000, price: account.price({ amount: 10_000 }) }];

story(35, 'with tax and credits the base is what was really paid for, without tax', {
  play(account) {
    account.invoice({
      customer: referred(account),
      lines: [{ amount: 10_000, creditGrants: [4_000], taxes: [{ amount: 1_140, inclusive: false }] }],
    });
  },
  stands: ['sale 71.40 usd complete, base 60.00: jane 18.00 ready_for_payment', 'jane usd: payable 18.00'],
});

story(35, 'an invoice paid by billing credits alone earns nothing', {
  play: (account) =>
    account.invoice({ customer: referred(account), lines: [{ amount: 10_000, creditGrants: [10_000] }] }),
  stands: ['sale 0.00 usd complete, base 0.00 (nothing_to_pay)'],
  ledger: [],
});

/** 60.00 of 100.00 came in, then the invoice was given up. */
function partly(account: SimulatedAccount) {
  const customer = referred(account);
  return account.payInvoiceInParts({ customer, lines: lines(account), parts: [6_000], outcome: 'uncollectible' });
}

story(37, 'partly paid, then uncollectible is no sale', {
  families: ['basil'],
  play: partly,
  days: 30,
  stands: [],
  ledger: [],
});

story(37, 'with sellUncollectible the cash that came in is a sale', {
  families: ['basil'],
  settings: { sellUncollectible: true },
  play: partly,
  stands: ['sale 60.00 usd complete, base 60.00: jane 18.00 ready_for_payment', 'jane usd: payable 18.00'],
  ledger: ['program -> payable 18.00 earned'],
});

for (const sellUncollectible of [false, true]) {
  story(37, `paid in full after it was given up, the whole is one sale (sellUncollectible: ${sellUncollectible})`, {
    families: ['basil'],
    settings: { sellUncollectible },
    play(account) {
      const given = partly(account);
      account.advance({ days: 20 });
      account.payInvoice(given);
    },
    stands: HUNDRED,
  });

  story(37, `nothing paid at all, then uncollectible, is nothing (sellUncollectible: ${sellUncollectible})`, {
    settings: { sellUncollectible },
    play: (account) =>
      account.invoice({ customer: referred(account), lines: lines(account), outcome: 'uncollectible' }),
    stands: [],
  });
}

/** Basil webhooks say so only by the payment record of the invoice. */
const outside = (account: SimulatedAccount) =>
  account.invoice({ customer: referred(account), lines: lines(account), paidOutOfBand: true, paymentRecord: true });

story(38, 'paid out of band it is recorded and waits for an approval', {
  play: outside,
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 pending_manual_approval', 'jane usd: review 30.00'],
});

story(38, 'a program that trusts money from outside pays for it', {
  settings: { trustOutOfBand: true },
  play: outside,
  stands: HUNDRED,
});

story(38, 'a program that excludes money from outside pays nothing, and says why', {
  settings: { excludeOutOfBand: true },
  play: outside,
  stands: ['sale 0.00 usd complete, base 0.00 (paid_out_of_band)'],
  async also({ stage }, payment) {
    expect(await wordsOf(stage, payment.invoice?.id)).toContain(
      'No commission: it was paid outside Stripe, which earns nothing in this program.',
    );
  },
});

for (const [settings, stands] of [
  [{}, ['sale 100.00 usd complete, base 100.00: jane 30.00 pending_manual_approval', 'jane usd: review 30.00']],
  [{ trustOutOfBand: true }, HUNDRED],
  [
    { excludeOutOfBand: true },
    ['sale 40.00 usd complete, base 40.00: jane 12.00 ready_for_payment', 'jane usd: payable 12.00'],
  ],
] as const) {
  story(38, `paid in part out of band (${JSON.stringify(settings)})`, {
    families: ['basil'],
    settings,
    play: (account) =>
      account.payInvoiceInParts({
        customer: referred(account),
        lines: lines(account),
        parts: [4_000, { amount: 6_000, outOfBand: true }],
      }),
    stands,
  });
}

story(39, 'an overpaid invoice earns up to its total', {
  families: ['basil'],
  play: (account) =>
    account.payInvoiceInParts({ customer: referred(account), lines: lines(account), parts: [5_000, 7_000] }),
  stands: ['sale 120.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
  ledger: ['program -> payable 30.00 earned'],
});

story(39, 'debt of an earlier, tiny invoice that is paid with the next one is not in the base of that', {
  play(account) {
    const owed = { customer: referred(account), useBalance: true };
    account.invoice({ ...owed, lines: [{ amount: 30 }], tooSmall: true });
    account.advance({ days: 30 });
    account.invoice({ ...owed, lines: [{ amount: 10_000 }] });
  },
  stands: [
    'sale 0.00 usd complete, base 0.00 (paid_from_credit_balance)',
    'sale 100.30 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 30.00',
  ],
});

for (const outcome of ['void', 'uncollectible'] as const) {
  story(49, `an unpaid invoice that ends as ${outcome} was nothing and stays nothing`, {
    play(account) {
      const unpaid = account.invoice({ customer: referred(account), lines: lines(account), outcome: 'open' });
      account.advance({ days: 10 });
      account.closeInvoice(unpaid, outcome);
    },
    days: 30,
    stands: [],
    ledger: [],
  });
}

story(49, 'dunning that ends without money earns nothing for that month', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.failThenPay(sub, 3, { recovers: false });
  },
  days: 30,
  stands: HUNDRED,
  ledger: ['program -> payable 30.00 earned'],
});

story(49, 'an uncollectible invoice that is paid after all is a sale then', {
  play(account) {
    const given = account.invoice({ customer: referred(account), lines: lines(account), outcome: 'uncollectible' });
    account.advance({ days: 40 });
    account.payInvoice(given);
    return account.now;
  },
  stands: HUNDRED,
  async also({ stage }, paidAt) {
    expect((await stage.sales())[0]?.occurred_at.getTime()).toBeGreaterThan((MONDAY + 39 * DAY) * 1000);
    expect((await stage.sales())[0]?.occurred_at.getTime()).toBeLessThanOrEqual(paidAt * 1000);
  },
});

/** A bank debit at the checkout: unpaid for four days. */
const debit = (account: SimulatedAccount, asyncMethod: 'succeeds' | 'fails') =>
  account.checkoutPayment({ customer: referred(account), amount: 10_000, asyncMethod });

story(50, 'a checkout that is completed but unpaid is no sale yet', {
  play: (account) => debit(account, 'succeeds'),
  heard: (events) => events.filter(({ created }) => created < MONDAY + DAY),
  days: 90,
  stands: [],
});

story(50, 'it is a sale when the money has come, at that moment', {
  play: (account) => debit(account, 'succeeds'),
  days: 1,
  stands: HUNDRED,
  course: ['program -> payable 30.00 earned'],
  async also({ stage }) {
    expect((await stage.sales())[0]?.occurred_at.getTime()).toBeGreaterThan((MONDAY + 3 * DAY) * 1000);
  },
});

story(50, 'it is closed when the bank refuses', {
  play: (account) => debit(account, 'fails'),
  days: 90,
  stands: [],
  ledger: [],
});

for (const asyncMethod of ['succeeds', 'fails'] as const) {
  story(50, `a subscription by bank debit that ${asyncMethod}`, {
    play: (account) =>
      account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }), asyncMethod }),
    days: 30,
    stands: asyncMethod === 'succeeds' ? HUNDRED : [],
  });

  story(50, `an invoice paid by bank debit that ${asyncMethod}`, {
    play: (account) =>
      account.payInvoiceByDebit(
        account.invoice({ customer: referred(account), lines: lines(account), outcome: 'open' }),
        { outcome: asyncMethod },
      ),
    days: 30,
    stands: asyncMethod === 'succeeds' ? HUNDRED : [],
  });
}

story(52, 'what is only authorised is no sale', {
  play: (account) => account.manualCapture({ customer: referred(account), amount: 10_000, captured: 10_000 }),
  heard: (events) => events.filter(({ created }) => created < MONDAY + DAY / 2),
  days: 5,
  stands: [],
});

story(52, 'it is a sale when it is captured', {
  play: (account) => account.manualCapture({ customer: referred(account), amount: 10_000, captured: 10_000 }),
  days: 1,
  stands: HUNDRED,
});

story(52, 'an authorisation that runs out leaves nothing, not even a refund', {
  play: (account) => account.manualCapture({ customer: referred(account), amount: 10_000, captured: 0 }),
  days: 30,
  stands: [],
  ledger: [],
});

for (const [how, release] of [
  ['in silence', {}],
  ['as refunded by the charge', { releaseShownAsRefund: true }],
  ['as a refund of its own', { releaseTold: true }],
] as const) {
  story(53, `of a partial capture the rest, released ${how}, is no refund`, {
    play: (account) =>
      account.manualCapture({ customer: referred(account), amount: 10_000, captured: 6_000, ...release }),
    days: 1,
    stands: ['sale 60.00 usd complete, base 60.00: jane 18.00 ready_for_payment', 'jane usd: payable 18.00'],
    ledger: ['program -> payable 18.00 earned'],
  });

  story(53, `a refund of what was captured counts beside a rest released ${how}`, {
    play(account) {
      const customer = referred(account);
      const payment = account.manualCapture({ customer, amount: 10_000, captured: 6_000, ...release });
      account.advance({ days: 1 });
      account.refund(payment, { amount: 3_000 });
    },
    days: 1,
    stands: [
      'sale 60.00 usd partial_refunded, base 60.00: jane 18.00 - 9.00 ready_for_payment',
      'refund 30.00 usd succeeded',
      'jane usd: payable 9.00',
    ],
  });
}
