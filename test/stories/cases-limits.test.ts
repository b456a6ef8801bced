/** cases.md 6.2, rows 43, 44, 60 and 63, and 6.3, rows 70, 72 and 73: prices, currencies, and limits across payments. */
import { expect } from 'vitest';
import type { SimulatedAccount, SimulatedEvent } from '../../src/simulator/account.ts';
import { toMajor } from '../../src/core/money.ts';
import { fixed, terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, referred, theatre, wordsOf } from './theatre.ts';

const { story } = theatre();

const HUNDRED = ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];

/** The only line of a sale: the incentive that paid, and where its interval was known from. */
async function lineOf(stage: Stage, index = 0) {
  const line = (await stage.sales())[index]?.explanation?.lines[0];
  const rejected = (line?.rejected ?? []).map(({ id, reason }) => `${id}: ${reason}`);
  return { paid: line?.incentive, from: line?.from, rejected };
}

async function byPriceProductAndAll(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_price', terms('50', { priceIds: ['price_known'] }));
  await stage.incentive('inc_product', terms('20', { productIds: ['prod_app'] }));
  await stage.incentive('inc_all', terms('10'));
}

for (const [product, paid, earned] of [
  ['prod_app', 'inc_product', '20.00'],
  ['prod_other', 'inc_all', '10.00'],
] as const) {
  story(43, `an ad-hoc price of ${product} falls to ${paid}, and that is told`, {
    rules: byPriceProductAndAll,
    play(account) {
      const price = account.price({ amount: 10_000, product, silent: true });
      account.invoice({ customer: referred(account), lines: [{ amount: 10_000, price }] });
    },
    stands: [`sale 100.00 usd complete, base 100.00: jane ${earned} ready_for_payment`, `jane usd: payable ${earned}`],
    async also({ stage }) {
      const line = await lineOf(stage);
      expect(line.paid).toBe(paid);
      expect(line.rejected).toContain('inc_price: other_price');
    },
  });
}

story(43, 'an amount without any price falls to the catch-all', {
  rules: byPriceProductAndAll,
  play: (account) => account.invoice({ customer: referred(account), lines: [{ amount: 10_000 }] }),
  stands: ['sale 100.00 usd complete, base 100.00: jane 10.00 ready_for_payment', 'jane usd: payable 10.00'],
});

async function monthly(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_month', terms('30', { interval: 'monthly' }));
}

const without =
  (...prefixes: string[]) =>
  (events: readonly SimulatedEvent[]) =>
    events.filter(({ type }) => !prefixes.some((prefix) => type.startsWith(prefix)));

for (const [known, heard, from] of [
  ['from the price', without('customer.subscription'), 'price'],
  ['from the items of the subscription', without('price.'), 'price'],
  ['from the length of the whole period', without('price.', 'customer.subscription'), 'period'],
] as const) {
  story(44, `an interval that the line does not tell is known ${known}`, {
    rules: monthly,
    play: (account) => account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) }),
    heard,
    stands: HUNDRED,
    async also({ stage, family }) {
      // Old lines carry the whole price.
      expect((await lineOf(stage)).from).toBe(family === 'old' ? 'payload' : from);
    },
  });
}

/** A month at 20.00, then half of one at 100.00, billed by prorations alone. */
function upgrade(account: SimulatedAccount): void {
  const small = account.price({ amount: 2_000 });
  const large = account.price({ amount: 10_000, product: small.product });
  const sub = account.subscribe({ customer: referred(account), price: small });
  account.changePrice(sub, large, { behavior: 'always_invoice', fractionUsed: 0.5 });
}

story(44, 'the short period of a proration never says how a price recurs', {
  families: ['basil'],
  rules: monthly,
  play: upgrade,
  heard: without('price.', 'customer.subscription'),
  stands: [
    'sale 20.00 usd complete, base 20.00: jane 6.00 ready_for_payment',
    'sale 40.00 usd complete, base 40.00 (no_incentive_matched)',
    'jane usd: payable 6.00',
  ],
  async also({ stage }) {
    expect(await lineOf(stage, 1)).toMatchObject({ from: 'none', rejected: ['inc_month: interval_unknown'] });
  },
});

story(44, 'once the price is told, the prorations are decided again', {
  rules: monthly,
  play: upgrade,
  heard: without('customer.subscription'),
  stands: [
    'sale 20.00 usd complete, base 20.00: jane 6.00 ready_for_payment',
    'sale 40.00 usd complete, base 40.00: jane 12.00 ready_for_payment',
    'jane usd: payable 18.00',
  ],
});

/** Minor units that Stripe sends, and what they are (docs.stripe.com/currencies, "special cases"). */
const CURRENCIES = [
  ['jpy', 5_000, '5000', '1000'],
  ['krw', 5_000, '5000', '1000'],
  ['isk', 500_000, '5000.00', '1000.00'],
  ['ugx', 500_000, '5000.00', '1000.00'],
  ['huf', 500_000, '5000.00', '1000.00'],
  ['twd', 500_000, '5000.00', '1000.00'],
  ['kwd', 5_000, '5.000', '1.000'],
  ['bhd', 5_000, '5.000', '1.000'],
] as const;

for (const [currency, amount, shown, earned] of CURRENCIES) {
  story(60, `${amount} in ${currency} are ${shown}`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.incentive('inc_all', terms('20'));
    },
    play: (account) =>
      account.subscribe({ customer: referred(account), price: account.price({ amount, currency }) }).firstPayment,
    stands: [
      `sale ${shown} ${currency} complete, base ${shown}: jane ${earned} ready_for_payment`,
      `jane ${currency}: payable ${earned}`,
    ],
    async also({ stage }, payment) {
      expect(toMajor(BigInt(amount), currency)).toBe(shown);
      expect((await wordsOf(stage, payment.invoice?.id)).join('\n')).toContain(
        `inc_all version 1: 20 % of ${shown} ${currency.toUpperCase()} = ${earned} ${currency.toUpperCase()}.`,
      );
    },
  });
}

story(63, 'what the buyer saw in another currency plays no part', {
  families: ['basil'],
  play: (account) =>
    account.checkoutPayment({
      customer: referred(account),
      amount: 10_000,
      tax: { percent: 19, inclusive: false },
      presentment: { amount: 10_948, currency: 'eur' },
    }),
  days: 1,
  stands: ['sale 119.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
});

story(63, 'in old versions session and payment are both in the currency of the buyer, tax and all', {
  families: ['old'],
  play: (account) =>
    account.checkoutPayment({
      customer: referred(account),
      amount: 9_200,
      currency: 'eur',
      tax: { percent: 19, inclusive: true },
      conversion: { sourceCurrency: 'usd', amountSubtotal: 10_000, amountTotal: 10_000, fxRate: '0.92' },
    }),
  days: 1,
  // 92.00 / 1.19.
  stands: ['sale 92.00 eur complete, base 77.31: jane 23.19 ready_for_payment', 'jane eur: payable 23.19'],
});

async function firstOnly(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_first', terms('30', { applyTo: 'first' }));
}

/** Two purchases ten days apart; what is refunded of the first, and on which day. */
const twice = (refunded: number, day: number) => (account: SimulatedAccount) => {
  const customer = referred(account);
  const first = account.invoice({ customer, lines: [{ amount: 10_000 }] });
  const start = account.now;
  const acts = [
    { at: start + day * 86_400, act: () => account.refund(first, { amount: refunded }) },
    { at: start + 10 * 86_400, act: () => account.invoice({ customer, lines: [{ amount: 20_000 }] }) },
  ];
  for (const { at, act } of acts.toSorted((a, b) => a.at - b.at)) {
    account.at(at);
    act();
  }
};

story(70, 'when the first sale was wholly refunded, the next one is the first', {
  rules: firstOnly,
  play: twice(10_000, 5),
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'refund 100.00 usd succeeded',
    'sale 200.00 usd complete, base 200.00: jane 60.00 ready_for_payment',
    'jane usd: payable 60.00',
  ],
});

story(70, 'refunded in part it is still the first', {
  rules: firstOnly,
  play: twice(9_000, 5),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 27.00 ready_for_payment',
    'refund 90.00 usd succeeded',
    'sale 200.00 usd complete, base 200.00 (no_incentive_matched)',
    'jane usd: payable 3.00',
  ],
});

story(70, 'refunded after the second, the second stays what it was when it was made', {
  rules: firstOnly,
  play: twice(10_000, 15),
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'sale 200.00 usd complete, base 200.00 (no_incentive_matched)',
    'refund 100.00 usd succeeded',
  ],
});

story(70, 'lost by a dispute it is no first sale either', {
  rules: firstOnly,
  play(account) {
    const customer = referred(account);
    const first = account.invoice({ customer, lines: [{ amount: 10_000 }] });
    account.closeDispute(account.dispute(first), 'lost', { afterDays: 5 });
    account.advance({ days: 90 });
    account.invoice({ customer, lines: [{ amount: 20_000 }] });
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'dispute 100.00 usd lost',
    'sale 200.00 usd complete, base 200.00: jane 60.00 ready_for_payment',
    'jane usd: payable 60.00',
  ],
});

for (const [interval, amount] of [
  ['month', '10.00'],
  ['year', '10.00'],
] as const) {
  story(72, `of a plan by the ${interval} each invoice is one payment`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.incentive('inc_three', terms('10', { maxPayments: 3 }));
    },
    play(account) {
      const sub = account.subscribe({
        customer: referred(account),
        price: account.price({ amount: 10_000, interval }),
        trialDays: 14,
      });
      account.trialEnd(sub);
      for (let more = 0; more < 3; more += 1) account.renew(sub);
    },
    stands: [
      'sale 0.00 usd trialing, base 0.00 (trial)',
      ...Array.from({ length: 3 }, () => `sale 100.00 usd complete, base 100.00: jane ${amount} ready_for_payment`),
      'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
      'jane usd: payable 30.00',
    ],
    async also({ stage }) {
      expect((await lineOf(stage, 4)).rejected).toEqual(['inc_three: payments_used_up']);
    },
  });
}

async function capped(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_capped', terms('30', { maxAmount: 5_000n }));
}

story(73, 'a cap that is nearly used clamps the commission to the rest, and says so', {
  rules: capped,
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    const second = account.renew(sub);
    account.renew(sub);
    return second;
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 20.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
    'jane usd: payable 50.00',
  ],
  async also({ stage }, second) {
    expect(await wordsOf(stage, second.invoice?.id)).toContain(
      'inc_capped version 1: 30 % of 100.00 USD = 20.00 USD (the rest of its cap).',
    );
    expect((await lineOf(stage, 2)).rejected).toEqual(['inc_capped: amount_used_up']);
  },
});

story(73, 'a refund frees the cap for new sales, not for old ones', {
  rules: capped,
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.renew(sub);
    account.advance({ days: 3 });
    account.refund(sub.firstPayment, { amount: 5_000 });
    account.renew(sub);
  },
  // 15.00 were freed; the second sale stays at its 20.00.
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 20.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'sale 100.00 usd complete, base 100.00: jane 15.00 ready_for_payment',
    'jane usd: payable 50.00',
  ],
});

story(73, 'a fixed commission is clamped as well', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_fixed', fixed(4_000n, { maxAmount: 5_000n }));
  },
  play: (account) =>
    account.renew(account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) })),
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 40.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 10.00 ready_for_payment',
    'jane usd: payable 50.00',
  ],
});
