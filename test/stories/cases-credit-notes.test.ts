/** cases.md 6.4, rows 94 to 100: credit notes, by whichever way their money goes. */
import { expect } from 'vitest';
import type { SimulatedAccount } from '../../src/simulator/account.ts';
import { fixed, terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, referred, theatre, wordsOf } from './theatre.ts';

const { story } = theatre();

/** 10 % of the app, 50 % of the add-on, nothing of anything else. */
async function byProduct(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_app', terms('10', { productIds: ['prod_app'] }));
  await stage.incentive('inc_addon', terms('50', { productIds: ['prod_addon'] }));
}

type Mixed = { taxes?: boolean; balance?: number; inclusive?: boolean };

/** App 100.00 and add-on 50.00 on one invoice; with `taxes` the app bears 19 % on top (or within, `inclusive`), the add-on none. */
function mixed(account: SimulatedAccount, { taxes = false, balance = 0, inclusive = false }: Mixed = {}) {
  const app = account.price({ amount: 10_000, product: 'prod_app' });
  const addon = account.price({ amount: 5_000, product: 'prod_addon' });
  const customer = referred(account);
  if (balance > 0) account.updateCustomer(customer, { balance: -balance });
  const tax = taxes ? [{ amount: 1_900, inclusive }] : [];
  const payment = account.invoice({
    customer,
    startingBalance: -balance,
    lines: [
      { amount: inclusive ? 11_900 : 10_000, price: app, taxes: tax },
      { amount: 5_000, price: addon },
    ],
  });
  account.advance({ days: 2 });
  return payment;
}

story(94, 'a refunded line takes back what it earned itself, at its own rate', {
  rules: byProduct,
  play: (account) => account.creditNote(mixed(account), { lines: [{ line: 1, amount: 5_000 }] }),
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 35.00 - 25.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 10.00',
  ],
  // The refund is heard before its note says which line it was for.
  ledger: ['program -> payable 35.00 earned', 'payable -> program 11.67 reversed', 'payable -> program 13.33 reversed'],
});

story(94, 'without lines a refund takes back of all lines in proportion', {
  rules: byProduct,
  play: (account) => account.refund(mixed(account), { amount: 5_000 }),
  // 35.00 × 50 / 150.
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 35.00 - 11.67 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 23.33',
  ],
});

for (const inclusive of [false, true]) {
  const kind = inclusive ? 'inclusive' : 'exclusive';
  story(94, `the refund of a line with ${kind} tax takes back that line and nothing of the others`, {
    rules: byProduct,
    play: (account) =>
      account.creditNote(mixed(account, { taxes: true, inclusive }), {
        lines: [{ line: 0, amount: inclusive ? 11_900 : 10_000, taxes: [{ amount: 1_900, inclusive }] }],
      }),
    stands: [
      'sale 169.00 usd partial_refunded, base 150.00: jane 35.00 - 10.00 ready_for_payment',
      'refund 119.00 usd succeeded',
      'jane usd: payable 25.00',
    ],
  });

  story(94, `of a line with ${kind} tax a part is taken back, whatever tax the others bear`, {
    rules: byProduct,
    play(account) {
      const payment = mixed(account, { taxes: true, inclusive });
      account.creditNote(payment, {
        lines: [
          { line: 0, amount: inclusive ? 5_950 : 5_000, taxes: [{ amount: 950, inclusive }] },
          { line: 1, amount: 1_000 },
        ],
      });
    },
    // Half of 10.00 and a fifth of 25.00.
    stands: [
      'sale 169.00 usd partial_refunded, base 150.00: jane 35.00 - 10.00 ready_for_payment',
      'refund 69.50 usd succeeded',
      'jane usd: payable 25.00',
    ],
  });
}

story(94, 'notes for the lines one after the other leave exactly nothing', {
  rules: byProduct,
  play(account) {
    const payment = mixed(account, { taxes: true });
    account.creditNote(payment, { lines: [{ line: 1, amount: 5_000 }] });
    account.advance({ days: 1 });
    account.creditNote(payment, { lines: [{ line: 0, amount: 10_000, taxes: [{ amount: 1_900, inclusive: false }] }] });
  },
  stands: [
    'sale 169.00 usd refunded, base 150.00: jane 35.00 - 35.00 refunded',
    'refund 50.00 usd succeeded',
    'refund 119.00 usd succeeded',
  ],
});

story(94, 'a line that earned nothing takes nothing back', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_app', terms('10', { productIds: ['prod_app'] }));
  },
  play: (account) => account.creditNote(mixed(account), { lines: [{ line: 1, amount: 5_000 }] }),
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 10.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 10.00',
  ],
});

story(94, 'a custom line names nothing, so its part is taken of what the named lines have left', {
  rules: byProduct,
  play: (account) =>
    account.creditNote(mixed(account), {
      lines: [
        { line: 1, amount: 5_000 },
        { amount: 2_500, description: 'Goodwill' },
      ],
    }),
  // 25.00 of the add-on, a quarter of the app's 10.00.
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 35.00 - 27.50 ready_for_payment',
    'refund 75.00 usd succeeded',
    'jane usd: payable 7.50',
  ],
});

story(94, 'a line and later a refund without lines: the second is of what the first has left', {
  rules: byProduct,
  play(account) {
    const payment = mixed(account);
    account.creditNote(payment, { lines: [{ line: 1, amount: 5_000 }] });
    account.advance({ days: 1 });
    account.refund(payment, { amount: 4_000 });
  },
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 35.00 - 29.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'refund 40.00 usd succeeded',
    'jane usd: payable 6.00',
  ],
});

story(94, 'the note is heard without the events of its refund', {
  rules: byProduct,
  play: (account) => account.creditNote(mixed(account), { lines: [{ line: 1, amount: 2_000 }], refundTold: 'none' }),
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 35.00 - 10.00 ready_for_payment',
    'refund 20.00 usd succeeded',
    'jane usd: payable 25.00',
  ],
});

story(94, 'of an invoice that was paid in part from the balance a whole line still goes back whole', {
  rules: byProduct,
  // 100.00 in cash of 150.00: bases 66.67 and 33.33, commissions 6.67 and 16.67.
  play: (account) => account.creditNote(mixed(account, { balance: 5_000 }), { lines: [{ line: 1, amount: 5_000 }] }),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 23.34 - 16.67 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 6.67',
  ],
});

story(94, 'lines at a fixed commission go back in proportion, too', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_app', fixed(2_000n, { productIds: ['prod_app'] }));
    await stage.incentive('inc_addon', terms('50', { productIds: ['prod_addon'] }));
  },
  play: (account) => account.creditNote(mixed(account), { lines: [{ line: 0, amount: 2_500 }] }),
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 45.00 - 5.00 ready_for_payment',
    'refund 25.00 usd succeeded',
    'jane usd: payable 40.00',
  ],
});

story(95, 'of an invoice paid by two charges the share is what went back of all that was paid', {
  families: ['basil'],
  play(account) {
    const payment = account.payInvoiceInParts({
      customer: referred(account),
      lines: [{ amount: 10_000, price: account.price({ amount: 10_000 }) }],
      parts: [4_000, 6_000],
    });
    account.advance({ days: 1 });
    account.refund(payment, { charge: 1, amount: 6_000 });
    return payment;
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 18.00 ready_for_payment',
    'refund 60.00 usd succeeded',
    'jane usd: payable 12.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 18.00 reversed'],
});

story(95, 'both charges refunded one after the other leave exactly nothing', {
  families: ['basil'],
  play(account) {
    const payment = account.payInvoiceInParts({
      customer: referred(account),
      lines: [{ amount: 9_999, price: account.price({ amount: 9_999 }) }],
      parts: [3_333, 6_666],
    });
    for (const charge of [0, 1]) {
      account.advance({ days: 1 });
      account.refund(payment, { charge });
    }
  },
  stands: [
    'sale 99.99 usd refunded, base 99.99: jane 30.00 - 30.00 refunded',
    'refund 33.33 usd succeeded',
    'refund 66.66 usd succeeded',
  ],
});

/** 100.00, lowered by 20.00 before it is paid. */
function lowered(account: SimulatedAccount, voided = false) {
  const unpaid = account.invoice({
    customer: referred(account),
    lines: [{ amount: 10_000, price: account.price({ amount: 10_000 }) }],
    outcome: 'open',
  });
  const note = account.creditNote(unpaid, { amount: 2_000, as: 'pre_payment' });
  account.advance({ days: 1 });
  if (voided) account.voidCreditNote(note);
  return account.payInvoice(unpaid);
}

for (const accrual of [false, true]) {
  story(96, `a credit note before the payment makes the invoice cost less (accrual: ${accrual})`, {
    settings: { accrual },
    play: (account) => lowered(account),
    stands: ['sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment', 'jane usd: payable 24.00'],
    ledger: ['program -> payable 24.00 earned'],
  });
}

story(96, 'voided before the payment it is as if it had never been', {
  play: (account) => lowered(account, true),
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
});

/** A first month, 40.00 of it credited to the balance, and the next month that this lowers. */
function toBalance(account: SimulatedAccount, voided = false) {
  const customer = referred(account);
  const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  account.advance({ days: 3 });
  const note = account.creditNote(sub.firstPayment, { amount: 4_000, as: 'balance', customer });
  account.advance({ days: 1 });
  if (voided) account.voidCreditNote(note);
  account.renew(sub);
  return sub.firstPayment;
}

story(97, 'on the cash basis a credit to the balance takes nothing back, and the invoice it pays for earns less', {
  play: (account) => toBalance(account),
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 60.00 usd complete, base 60.00: jane 18.00 ready_for_payment',
    'jane usd: payable 48.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'program -> payable 18.00 earned'],
  async also({ stage }, payment) {
    expect((await wordsOf(stage, payment.invoice?.id)).join('\n')).toMatch(
      /Credit note cn_\w+ put 40\.00 USD on the balance of the buyer: no cash moved\./,
    );
  },
});

story(97, 'on accrual it is taken back at once, and the later invoice earns in full', {
  settings: { accrual: true },
  play: (account) => toBalance(account),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 48.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 12.00 reversed', 'program -> payable 30.00 earned'],
});

story(98, 'what a credit note returned outside Stripe is taken back', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.advance({ days: 3 });
    return account.creditNote(sub.firstPayment, { amount: 4_000, as: 'out_of_band' });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 12.00 reversed'],
  async also({ stage }, note) {
    expect((await stage.refunds()).map((refund) => refund.money_key)).toEqual([`stripe:${note.id}`]);
  },
});

story(98, 'of a line that was returned outside Stripe it takes back what that line earned', {
  rules: byProduct,
  play: (account) => account.creditNote(mixed(account), { as: 'out_of_band', lines: [{ line: 1, amount: 5_000 }] }),
  stands: [
    'sale 150.00 usd partial_refunded, base 150.00: jane 35.00 - 25.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 10.00',
  ],
});

/** One note, partly refunded, partly returned outside, partly credited. Old notes do not say how much is which. */
for (const accrual of [false, true]) {
  story(98, `each part of a note counts by the way it went (accrual: ${accrual})`, {
    families: ['basil'],
    settings: { accrual },
    play(account) {
      const customer = referred(account);
      const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
      account.advance({ days: 3 });
      account.creditNote(sub.firstPayment, { parts: { refund: 2_000, outOfBand: 1_000, balance: 3_000 }, customer });
    },
    stands: [
      `sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - ${accrual ? '18.00' : '9.00'} ready_for_payment`,
      'refund 20.00 usd succeeded',
      'refund 10.00 usd succeeded',
      ...(accrual ? ['refund 30.00 usd succeeded'] : []),
      `jane usd: payable ${accrual ? '12.00' : '21.00'}`,
    ],
  });
}

const TOLD = ['both', 'charge-only', 'refund-only', 'none'] as const;

for (const noteFirst of [false, true]) {
  for (const refundTold of TOLD) {
    story(99, `one refund told by its note ${noteFirst ? 'before' : 'after'} its own events (${refundTold})`, {
      play(account) {
        const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
        account.advance({ days: 1 });
        return account.creditNote(sub.firstPayment, { amount: 5_000, as: 'refund', noteFirst, refundTold });
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
  }
}

story(99, 'a note that is written for a refund made before adds nothing to it', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.advance({ days: 1 });
    const refund = account.refund(sub.firstPayment, { amount: 5_000 });
    account.advance({ days: 4 });
    account.creditNote(sub.firstPayment, { refund });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 15.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 15.00 reversed'],
});

story(100, 'a voided note undoes what it took back', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.advance({ days: 3 });
    const note = account.creditNote(sub.firstPayment, { amount: 4_000, as: 'out_of_band' });
    account.advance({ days: 1 });
    account.voidCreditNote(note);
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'refund 40.00 usd failed',
    'jane usd: payable 30.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 12.00 reversed', 'program -> payable 12.00 restored'],
});

for (const accrual of [false, true]) {
  story(100, `a voided credit to the balance leaves both invoices whole (accrual: ${accrual})`, {
    settings: { accrual },
    play: (account) => toBalance(account, true),
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      ...(accrual ? ['refund 40.00 usd failed'] : []),
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'jane usd: payable 60.00',
    ],
  });
}

story(100, 'a voided note leaves its refund taken back: that money has gone all the same', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.advance({ days: 3 });
    const note = account.creditNote(sub.firstPayment, { amount: 4_000, as: 'refund' });
    account.advance({ days: 1 });
    account.voidCreditNote(note);
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ],
});
