/** cases.md 6.5: disputes, inquiries, fraud warnings and bank debits that come back. */
import { expect } from 'vitest';
import type { SimulatedAccount, SimulatedPayment } from '../../src/simulator/account.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { terms } from '../support/stage.ts';
import {
  janeBroughtOne,
  MONDAY,
  referred,
  ruling,
  theatre,
  wordsOf,
  type Family,
  type Plot,
  type Scene,
} from './theatre.ts';

const { story, scene, raise } = theatre();

const DAY = 86_400;

/** 100.00 by subscription, of someone jane brought. */
function sale(account: SimulatedAccount): SimulatedPayment {
  const payment = account.subscribe({
    customer: referred(account),
    price: account.price({ amount: 10_000 }),
  }).firstPayment;
  account.advance({ days: 5 });
  return payment;
}

/** 30 % of everything, held for 30 days. */
const held: Plot<unknown>['rules'] = async (stage) => {
  await janeBroughtOne(stage);
  await stage.incentive('inc_all', terms('30', { holdPeriodDays: 30 }));
};

/** The words of the trace that a dispute, warning or note adds. */
async function wordsOfPayment({ stage }: Scene, payment: SimulatedPayment): Promise<string> {
  return (await wordsOf(stage, payment.invoice?.id ?? payment.paymentIntent)).join('\n');
}

/** Who tells of the withdrawal: an event of its own, the dispute itself, or nobody. */
const FUNDS = ['told', 'shown', 'untold'] as const;

for (const funds of FUNDS) {
  story(104, `a dispute that is opened holds the commission, its withdrawal ${funds}`, {
    play(account) {
      const payment = sale(account);
      account.dispute(payment, { funds });
      return payment;
    },
    days: 90,
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 dispute',
      'dispute 100.00 usd open',
      'jane usd: review 30.00',
    ],
    ledger: ['program -> payable 30.00 earned', 'payable -> review 30.00 moved'],
    async also(scene, payment) {
      expect(await wordsOfPayment(scene, payment)).toMatch(
        /Dispute du_\w+ of 100\.00 USD is open: its share is held \(fraudulent\)\.[^]*It stands at 30\.00 USD, dispute\./,
      );
    },
  });
}

story(104, 'of a dispute about a part only that part is held', {
  play: (account) => account.dispute(sale(account), { amount: 4_000 }),
  days: 90,
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 dispute',
    'dispute 40.00 usd open',
    'jane usd: review 12.00, payable 18.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> review 12.00 moved'],
});

story(104, 'a dispute within the hold stops what it is about from being released', {
  rules: held,
  play: (account) => account.dispute(sale(account), { amount: 4_000 }),
  days: 90,
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 dispute',
    'dispute 40.00 usd open',
    'jane usd: review 12.00, payable 18.00',
  ],
  course: ['program -> pending 30.00 earned', 'pending -> review 12.00 moved', 'pending -> payable 18.00 moved'],
});

story(104, 'a dispute in another currency than the sale is about the whole charge', {
  play: (account) => account.dispute(sale(account), { amount: 9_123, currency: 'eur' }),
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 dispute',
    'dispute 100.00 usd open',
    'jane usd: review 30.00',
  ],
});

/** Paid out at the second day, disputed at the fifth. */
function paidOut(payment: SimulatedPayment) {
  return [ruling(payment, 'paid', MONDAY + 2 * DAY)];
}

story(105, 'a dispute of what was paid out moves nothing by default, and the partner sees it', {
  play(account) {
    const payment = sale(account);
    account.dispute(payment);
    return payment;
  },
  said: paidOut,
  days: 90,
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 paid', 'dispute 100.00 usd open', 'jane usd: paid 30.00'],
  course: ['program -> payable 30.00 earned', 'payable -> paid 30.00 moved'],
  async also(scene, payment) {
    expect(await wordsOfPayment(scene, payment)).toMatch(/Dispute du_\w+ of 100\.00 USD is open/);
  },
});

story(105, 'with provisionalDisputes it counts against the partner at once', {
  settings: { provisionalDisputes: true },
  play(account) {
    const payment = sale(account);
    account.dispute(payment, { amount: 5_000 });
    return payment;
  },
  said: paidOut,
  days: 90,
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 paid',
    'dispute 50.00 usd open',
    'jane usd: review 15.00, payable -15.00, paid 30.00',
  ],
  course: ['program -> payable 30.00 earned', 'payable -> paid 30.00 moved', 'payable -> review 15.00 moved'],
});

for (const [provisionalDisputes, opened] of [
  [false, []],
  [true, ['payable -> review 30.00 moved']],
] as const) {
  story(105, `lost after it was paid out, it is netted with the next payout (provisional: ${provisionalDisputes})`, {
    settings: { provisionalDisputes },
    play(account) {
      const payment = sale(account);
      account.closeDispute(account.dispute(payment), 'lost');
      return payment;
    },
    said: paidOut,
    days: 90,
    stands: [
      'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 paid',
      'dispute 100.00 usd lost',
      'jane usd: payable -30.00, paid 30.00',
    ],
    course: [
      'program -> payable 30.00 earned',
      'payable -> paid 30.00 moved',
      ...opened,
      provisionalDisputes ? 'review -> program 30.00 reversed' : 'payable -> program 30.00 reversed',
    ],
  });

  story(105, `won after it was paid out, everything is as it was (provisional: ${provisionalDisputes})`, {
    settings: { provisionalDisputes },
    play(account) {
      const payment = sale(account);
      account.closeDispute(account.dispute(payment), 'won');
      return payment;
    },
    said: paidOut,
    days: 90,
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 paid',
      'dispute 100.00 usd won',
      'jane usd: paid 30.00',
    ],
    course: [
      'program -> payable 30.00 earned',
      'payable -> paid 30.00 moved',
      ...opened,
      ...(provisionalDisputes ? ['review -> payable 30.00 moved'] : []),
    ],
  });
}

for (const closed of [false, true]) {
  story(106, `an inquiry${closed ? ' that comes to nothing' : ''} is a flag and holds nothing`, {
    play(account) {
      const payment = sale(account);
      const inquiry = account.dispute(payment, { inquiry: true });
      if (!closed) account.answerDispute(inquiry);
      else account.closeDispute(inquiry, 'warning_closed');
      return payment;
    },
    days: 90,
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      `dispute 100.00 usd ${closed ? 'dropped' : 'inquiry'}`,
      'jane usd: payable 30.00',
    ],
    ledger: ['program -> payable 30.00 earned'],
    async also(scene, payment) {
      expect(await wordsOfPayment(scene, payment)).toMatch(
        closed ? /came to nothing \(/ : /an inquiry, no money moved \(/,
      );
    },
  });
}

for (const funds of FUNDS) {
  story(106, `an inquiry that becomes a dispute and is lost takes the commission back, its withdrawal ${funds}`, {
    play(account) {
      const inquiry = account.dispute(sale(account), { inquiry: true, funds });
      account.advance({ days: 3 });
      account.escalateDispute(inquiry);
      account.closeDispute(inquiry, 'lost');
    },
    stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'dispute 100.00 usd lost'],
    ledger: ['program -> payable 30.00 earned', 'payable -> review 30.00 moved', 'review -> program 30.00 reversed'],
  });

  story(107, `a dispute that is won gives back what it held, its funds ${funds}`, {
    play(account) {
      const payment = sale(account);
      account.closeDispute(account.dispute(payment, { funds }), 'won');
      return payment;
    },
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'dispute 100.00 usd won',
      'jane usd: payable 30.00',
    ],
    ledger: ['program -> payable 30.00 earned', 'payable -> review 30.00 moved', 'review -> payable 30.00 moved'],
    async also(scene, payment) {
      expect(await wordsOfPayment(scene, payment)).toMatch(/Dispute du_\w+ of 100\.00 USD is won: the money stays \(/);
    },
  });
}

story(107, 'won within the hold, the hold goes on', {
  rules: held,
  play: (account) => account.closeDispute(account.dispute(sale(account)), 'won', { afterDays: 10 }),
  days: 90,
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'dispute 100.00 usd won',
    'jane usd: payable 30.00',
  ],
  course: [
    'program -> pending 30.00 earned',
    'pending -> review 30.00 moved',
    'review -> pending 30.00 moved',
    'pending -> payable 30.00 moved',
  ],
});

scene(107, 'the clock of the hold went on while it was moved', async (family: Family) => {
  // The days of payment 0, dispute 5 and its end; the hold is 30 days from the payment.
  for (const [afterDays, expected] of [
    [10, { 14: 'dispute', 16: 'pending', 29: 'pending', 31: 'ready_for_payment' }],
    [50, { 16: 'dispute', 31: 'dispute', 54: 'dispute', 56: 'ready_for_payment' }],
  ] as const) {
    const stage = await raise({ startAt: MONDAY * 1000 });
    await held?.(stage, undefined as never);
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    const payment = sale(account);
    account.closeDispute(account.dispute(payment), 'won', { afterDays });
    const found: Record<number, string | undefined> = {};
    let next = 0;
    for (const day of Object.keys(expected).map(Number)) {
      stage.clock.now = (MONDAY + day * DAY) * 1000;
      for (; (account.events[next]?.created ?? Infinity) <= MONDAY + day * DAY; next += 1)
        await stage.hear(account.events[next] as never);
      await stage.drain();
      found[day] = (await stage.commissions())[0]?.status;
    }
    expect({ afterDays, found }).toEqual({ afterDays, found: expected });
  }
});

story(107, 'a won dispute gives back nothing that an approval has still to say', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('30', { approvalType: 'manual' }));
  },
  play: (account) => account.closeDispute(account.dispute(sale(account), { amount: 4_000 }), 'won'),
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 pending_manual_approval',
    'dispute 40.00 usd won',
    'jane usd: review 30.00',
  ],
  ledger: ['program -> review 30.00 earned'],
});

story(107, 'funds given back in part beside a refund leave the refund taken back', {
  play(account) {
    const payment = sale(account);
    account.refund(payment, { amount: 3_000 });
    account.advance({ days: 1 });
    account.closeDispute(account.dispute(payment, { amount: 7_000 }), 'won', { reinstated: 7_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 9.00 ready_for_payment',
    'refund 30.00 usd succeeded',
    'dispute 70.00 usd won',
    'jane usd: payable 21.00',
  ],
});

for (const funds of FUNDS) {
  story(108, `a lost dispute is taken back like a refund, and the reason is told, its withdrawal ${funds}`, {
    play(account) {
      const payment = sale(account);
      account.closeDispute(account.dispute(payment, { funds, reason: 'product_not_received' }), 'lost');
      return payment;
    },
    stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'dispute 100.00 usd lost'],
    ledger: ['program -> payable 30.00 earned', 'payable -> review 30.00 moved', 'review -> program 30.00 reversed'],
    async also(scene, payment) {
      expect(await wordsOfPayment(scene, payment)).toMatch(
        /Dispute du_\w+ of 100\.00 USD is lost: its share was taken back \(product not received\)\./,
      );
    },
  });
}

story(108, 'of a lost dispute about a part only that part is taken back', {
  play: (account) => account.closeDispute(account.dispute(sale(account), { amount: 4_000 }), 'lost'),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'dispute 40.00 usd lost',
    'jane usd: payable 18.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> review 12.00 moved', 'review -> program 12.00 reversed'],
});

story(109, 'refund and lost dispute of one charge together take back the commission and no more', {
  play(account) {
    const payment = sale(account);
    account.refund(payment, { amount: 6_000 });
    account.advance({ days: 1 });
    account.closeDispute(account.dispute(payment, { amount: 10_000 }), 'lost');
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'refund 60.00 usd succeeded',
    'dispute 100.00 usd lost',
  ],
  ledger: [
    'program -> payable 30.00 earned',
    'payable -> program 18.00 reversed',
    'payable -> review 12.00 moved',
    'review -> program 12.00 reversed',
  ],
});

story(109, 'while it is open, a dispute holds only what the refund has left', {
  play(account) {
    const payment = sale(account);
    account.refund(payment, { amount: 6_000 });
    account.advance({ days: 1 });
    account.dispute(payment, { amount: 10_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 18.00 dispute',
    'refund 60.00 usd succeeded',
    'dispute 100.00 usd open',
    'jane usd: review 12.00',
  ],
});

story(109, 'a refund that settles a dispute before it opens counts once', {
  play(account) {
    const payment = sale(account);
    account.refund(payment, { amount: 10_000 });
    account.preventedDispute(payment);
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'refund 100.00 usd succeeded',
    'dispute 100.00 usd dropped',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 30.00 reversed'],
});

story(109, 'on an invoice of two charges each charge has its own limit', {
  families: ['basil'],
  play(account) {
    const payment = account.payInvoiceInParts({
      customer: referred(account),
      lines: [{ amount: 10_000 }],
      parts: [4_000, 6_000],
    });
    account.advance({ days: 1 });
    account.refund(payment, { amount: 3_000 });
    account.advance({ days: 1 });
    account.closeDispute(account.dispute(payment), 'lost');
  },
  // Refund 30 and dispute 40 of a charge of 40 are 40; the other charge stays.
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 30.00 usd succeeded',
    'dispute 40.00 usd lost',
    'jane usd: payable 18.00',
  ],
});

story(110, 'several disputes are summed', {
  play(account) {
    const payment = sale(account);
    account.closeDispute(account.dispute(payment, { amount: 2_000 }), 'lost', { afterDays: 1 });
    account.closeDispute(account.dispute(payment, { amount: 3_000 }), 'won', { afterDays: 1 });
    account.dispute(payment, { amount: 1_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 6.00 dispute',
    'dispute 20.00 usd lost',
    'dispute 30.00 usd won',
    'dispute 10.00 usd open',
    'jane usd: review 3.00, payable 21.00',
  ],
});

story(110, 'several disputes never hold or take more than there is', {
  play(account) {
    const payment = sale(account);
    const first = account.dispute(payment, { amount: 8_000 });
    account.advance({ days: 1 });
    account.dispute(payment, { amount: 7_000 });
    account.closeDispute(first, 'lost');
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 24.00 dispute',
    'dispute 80.00 usd lost',
    'dispute 70.00 usd open',
    'jane usd: review 6.00',
  ],
  ledger: [
    'program -> payable 30.00 earned',
    'payable -> review 24.00 moved',
    'payable -> review 6.00 moved',
    'review -> program 24.00 reversed',
  ],
});

story(111, 'an early fraud warning holds the commission for review', {
  play(account) {
    const payment = sale(account);
    account.fraudWarning(payment);
    return payment;
  },
  days: 4,
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 pending_manual_approval', 'jane usd: review 30.00'],
  ledger: ['program -> payable 30.00 earned', 'payable -> review 30.00 moved'],
  async also(scene, payment) {
    expect(await wordsOfPayment(scene, payment)).toMatch(
      /Fraud warning issfr_\w+ holds it for review until 2026-01-24T\S+, unless a person decides before\./,
    );
  },
});

story(111, 'when nothing follows a warning, the commission is free after its days', {
  settings: { warningDays: 20 },
  play(account) {
    const payment = sale(account);
    account.updateFraudWarning(account.fraudWarning(payment));
    return payment;
  },
  days: 90,
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
  course: ['program -> payable 30.00 earned', 'payable -> review 30.00 moved', 'review -> payable 30.00 moved'],
  async also(scene, payment) {
    expect(await wordsOfPayment(scene, payment)).toMatch(/until 2026-01-30T[^]*It stands at 30\.00 USD, ready/);
  },
});

scene(111, 'a warning holds for exactly its days, unless the hold is longer or a person decides', async (family) => {
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  const payment = sale(account);
  account.fraudWarning(payment);
  const at = async (days: number, rules = held, decided = false) => {
    const stage = await raise({ startAt: MONDAY * 1000 });
    await rules?.(stage, account);
    await stage.hearAll(account.events);
    if (decided) await stage.hear(ruling(payment, 'ready_for_payment', MONDAY + 6 * DAY));
    await stage.pass(days);
    return (await stage.commissions())[0]?.status;
  };
  const unheld: typeof held = async (stage) => {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('30'));
  };
  expect(await at(18, unheld)).toBe('pending_manual_approval');
  expect(await at(20, unheld)).toBe('ready_for_payment');
  expect(await at(18, unheld, true)).toBe('ready_for_payment');
  // While the warning lasts a person may decide; afterwards the hold goes on as it was.
  expect(await at(18)).toBe('pending_manual_approval');
  expect(await at(31)).toBe('ready_for_payment');
});

for (const outcome of ['won', 'lost'] as const) {
  story(111, `a warning followed by a dispute that is ${outcome}`, {
    play(account) {
      const payment = sale(account);
      account.fraudWarning(payment);
      account.advance({ days: 10 });
      account.closeDispute(account.dispute(payment), outcome);
    },
    days: 90,
    stands:
      outcome === 'won'
        ? [
            'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
            'dispute 100.00 usd won',
            'jane usd: payable 30.00',
          ]
        : ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'dispute 100.00 usd lost'],
  });
}

story(111, 'a warning that the merchant answers with a refund leaves nothing', {
  play(account) {
    const payment = sale(account);
    account.fraudWarning(payment);
    account.advance({ days: 1 });
    account.refund(payment, { reason: 'fraudulent' });
  },
  days: 90,
  stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'refund 100.00 usd succeeded'],
});

/** 100.00 by bank debit on an invoice, paid after four days; three weeks later nobody thinks of it any more. */
function debit(account: SimulatedAccount): SimulatedPayment {
  const unpaid = account.invoice({ customer: referred(account), lines: [{ amount: 10_000 }], outcome: 'open' });
  const payment = account.payInvoiceByDebit(unpaid);
  account.advance({ days: 21 });
  return payment;
}

for (const funds of FUNDS) {
  story(112, `a bank debit that comes back weeks later as a dispute is taken back, its withdrawal ${funds}`, {
    play(account) {
      const payment = debit(account);
      account.bankReturn(payment, { funds, reason: 'insufficient_funds' });
      return payment;
    },
    stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'dispute 100.00 usd lost'],
    ledger: ['program -> payable 30.00 earned', 'payable -> program 30.00 reversed'],
    async also(scene, payment) {
      expect(await wordsOfPayment(scene, payment)).toMatch(
        /is lost: its share was taken back \(insufficient funds\)\..*100\.00 USD was lost in a dispute, so 30\.00 USD of/s,
      );
    },
  });
}

/** The charge failed after it had succeeded: how some bank debits come back. */
function chargeFails(account: SimulatedAccount, payment: SimulatedPayment): void {
  const succeeded = account.events.findLast(
    ({ type, object }) => type === 'charge.succeeded' && object.data.object['id'] === payment.charge,
  );
  if (!succeeded) throw new Error('the charge never succeeded');
  const failed = { status: 'failed', paid: false, failure_code: 'insufficient_funds' };
  account.emit('charge.failed', { ...succeeded.object.data.object, ...failed });
}

story(112, 'a bank debit that comes back weeks later as a failed charge is taken back', {
  play(account) {
    const payment = debit(account);
    chargeFails(account, payment);
    return payment;
  },
  stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'refund 100.00 usd succeeded'],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 30.00 reversed'],
  async also(scene, payment) {
    expect(await wordsOfPayment(scene, payment)).toMatch(
      /100\.00 USD was returned by the bank, so 30\.00 USD of .*Returned bank debit com_/s,
    );
  },
});

story(112, 'told as a dispute and as a failed charge it is taken back once', {
  play(account) {
    const payment = debit(account);
    account.bankReturn(payment);
    chargeFails(account, payment);
    return payment;
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'refund 100.00 usd succeeded',
    'dispute 100.00 usd lost',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 30.00 reversed'],
  async also(scene, payment) {
    expect(await wordsOfPayment(scene, payment)).toMatch(
      /100\.00 USD was lost in a dispute and returned by the bank, so 30\.00 USD of/,
    );
  },
});

story(112, 'a checkout paid by bank debit that comes back is taken back as well', {
  play(account) {
    const payment = account.checkoutPayment({
      customer: referred(account),
      amount: 10_000,
      asyncMethod: 'succeeds',
    });
    account.advance({ days: 21 });
    chargeFails(account, payment);
  },
  days: 1,
  stands: ['sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded', 'refund 100.00 usd succeeded'],
});

story(112, 'a debit that is collected again after it came back is a sale of its own, and only that', {
  play(account) {
    const payment = debit(account);
    account.bankReturn(payment);
    account.advance({ days: 2 });
    return account.invoice({ customer: referred(account), lines: [{ amount: 10_000 }] });
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'dispute 100.00 usd lost',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 30.00',
  ],
});
