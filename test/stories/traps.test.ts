/** Traps of reference/stripe.md section 10 that no row of the case catalogue is about. */
import { expect } from 'vitest';
import type { SimulatedAccount } from '../../src/simulator/account.ts';
import { terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, referred, rewritten, theatre } from './theatre.ts';

const { trap } = theatre();

const HUNDRED = ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];
const HALF_BACK = [
  'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
  'refund 50.00 usd succeeded',
  'jane usd: payable 15.00',
];

for (const inclusive of [false, true]) {
  trap(12, `neither shipping nor ${inclusive ? 'inclusive' : 'exclusive'} tax earns, at a checkout or on an invoice`, {
    play(account) {
      const customer = referred(account);
      const amount = inclusive ? 11_900 : 10_000;
      account.checkoutPayment({ customer, amount, shipping: 900, tax: { percent: 19, inclusive } });
      account.advance({ days: 1 });
      account.invoice({
        customer,
        lines: [{ amount, taxes: [{ amount: 1_900, inclusive }] }],
        shippingCost: { amountSubtotal: 900 },
      });
    },
    days: 1,
    stands: [
      'sale 128.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'sale 128.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'jane usd: payable 60.00',
    ],
  });
}

trap(12, 'tax and shipping that only the payment intent tells do not earn', {
  play: (account) =>
    account.paymentIntent({
      customer: referred(account),
      amount: 12_400,
      amountDetails: { tax: 1_900, shipping: 500 },
    }),
  days: 1,
  stands: ['sale 124.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
});

async function subscriptionsOnly(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_subscriptions', terms('30', { isSubscription: true }));
}

for (const billingReason of ['subscription_threshold', 'subscription_update', 'subscription', 'subscription_cycle']) {
  trap(17, `an invoice of reason ${billingReason} is recurring`, {
    rules: subscriptionsOnly,
    play(account) {
      const price = account.price({ amount: 10_000 });
      const customer = referred(account);
      const subscription = account.subscribe({ customer, price, trialDays: 7 });
      account.advance({ days: 1 });
      const lines = [{ amount: 10_000, price, kind: 'subscription' as const }];
      account.invoice({ customer, subscription, billingReason, lines });
    },
    stands: ['sale 0.00 usd trialing, base 0.00 (trial)', ...HUNDRED],
  });
}

trap(24, 'refunds that very old charges embed count once, whichever comes first in the list', {
  families: ['old'],
  account: { embedRefunds: true, refundEvents: 'charge-only' },
  play(account) {
    const payment = account.paymentIntent({ customer: referred(account), amount: 10_000 });
    account.advance({ days: 1 });
    account.refund(payment, { amount: 2_000 });
    account.advance({ days: 1 });
    account.refund(payment, { amount: 3_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'refund 20.00 usd succeeded',
    'refund 30.00 usd succeeded',
    'jane usd: payable 15.00',
  ],
});

trap(33, 'a subscription that is deleted before it is heard of changes nothing about its payments', {
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.cancel(sub, { atPeriodEnd: true });
  },
  stands: HUNDRED,
});

trap(54, 'what a transfer to a connected account makes there is no sale', {
  play: (account) => account.transferPayment({ customer: referred(account), amount: 10_000 }),
  days: 5,
  stands: [],
  async also({ stage }) {
    expect((await stage.inbox()).filter(({ reason }) => reason === 'connect_transfer')).toHaveLength(1);
  },
});

/** One intent of 100.00 that pays an invoice of 60.00 and one of 40.00. */
function twoInvoices(account: SimulatedAccount) {
  const customer = referred(account);
  const payment = account.paymentIntent({ customer, amount: 10_000 });
  for (const amount of [6_000, 4_000]) account.invoicePaidBy({ customer, lines: [{ amount }] }, payment);
  account.advance({ days: 1 });
  return payment;
}

trap(58, 'several invoices of one intent are one payment, and its refund is a share of both', {
  families: ['basil'],
  play: (account) => account.refund(twoInvoices(account), { amount: 5_000 }),
  stands: HALF_BACK,
});

trap(61, 'a failed refund is undone though its sample says it succeeded', {
  play(account) {
    const payment = account.paymentIntent({ customer: referred(account), amount: 10_000 });
    account.advance({ days: 1 });
    account.failRefund(account.refund(payment, { amount: 5_000 }));
  },
  heard: (events) =>
    events.map((event) =>
      event.type === 'refund.failed' ? rewritten(event, (refund) => ({ ...refund, status: 'succeeded' })) : event,
    ),
  days: 1,
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'refund 50.00 usd failed',
    'jane usd: payable 30.00',
  ],
});

trap(63, 'a switch from month to year earns as a year, though all its lines are prorations', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_month', terms('10', { interval: 'monthly' }));
    await stage.incentive('inc_year', terms('20', { interval: 'yearly' }));
  },
  play(account) {
    const month = account.price({ amount: 2_000 });
    const year = account.price({ amount: 20_000, interval: 'year', product: month.product });
    const sub = account.subscribe({ customer: referred(account), price: month });
    account.changePrice(sub, year, { fractionUsed: 0.5 });
  },
  stands: [
    'sale 20.00 usd complete, base 20.00: jane 2.00 ready_for_payment',
    'sale 190.00 usd complete, base 190.00: jane 38.00 ready_for_payment',
    'jane usd: payable 40.00',
  ],
});

trap(58, 'a charge without an intent, as the oldest integrations make it, is a sale', {
  play(account) {
    const payment = account.legacyCharge({ customer: referred(account), amount: 10_000 });
    account.advance({ days: 1 });
    account.refund(payment, { amount: 5_000 });
  },
  days: 1,
  stands: HALF_BACK,
});
