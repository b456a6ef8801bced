/** cases.md 6.3: which incentive pays, and how much of it. */
import { expect } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import type { Terms } from '../../src/core/incentives.ts';
import { fixed, terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, MONDAY, referred, theatre } from './theatre.ts';

const { story, scene, raise } = theatre();

/** `inc_a: reason` of every candidate passed over for the nth sale, in the order they were asked. */
async function rejectedOf(stage: Stage, index = 0): Promise<string[]> {
  const sale = (await stage.sales())[index];
  return (sale?.explanation?.lines ?? []).flatMap((line) => line.rejected.map(({ id, reason }) => `${id}: ${reason}`));
}

const PRICE = { priceIds: ['price_app'] };
const PRODUCT = { productIds: ['prod_app'] };
const MONTHLY = { interval: 'monthly' };
const SCOPES: readonly (readonly [string, Partial<Terms>])[] = [
  ['own', { affiliateId: 'jane' }],
  ['group', { groupId: 'gold' }],
  ['program', {}],
];
const CONDITIONS: readonly (readonly [string, Partial<Terms>])[] = [
  ['price+interval', { ...PRICE, ...MONTHLY }],
  ['price', PRICE],
  ['product+interval', { ...PRODUCT, ...MONTHLY }],
  ['product', PRODUCT],
  ['interval', MONTHLY],
  ['everything', {}],
];
/** Within one scope and condition: priority, then age. Named by the order in which they must be asked. */
const RANKS: readonly (readonly [string, number])[] = [
  ['1 first priority', 5],
  ['2 older', 0],
  ['3 younger', 0],
];

const PUBLISHED = SCOPES.flatMap(([scope, own]) =>
  CONDITIONS.flatMap(([condition, limits]) =>
    RANKS.map(([rank, priority]) => ({
      id: `${scope} ${condition} ${rank}`,
      terms: { ...own, ...limits, priority },
    })),
  ),
);

async function goldenJane(stage: Stage): Promise<void> {
  await stage.affiliate('jane', 'gold');
  await stage.referral('ref_1', 'jane');
}

const monthlyApp = (account: SimulatedAccount) =>
  account.price({ amount: 10_000, id: 'price_app', product: 'prod_app' });

story(66, 'candidates are asked in the published order, and each one passed over is kept with its reason', {
  async rules(stage) {
    await goldenJane(stage);
    // Created from the last to the first, except that older must be older than younger.
    const created = PUBLISHED.toReversed().toSorted(
      (a, b) => Number(a.id.includes('3 younger')) - Number(b.id.includes('3 younger')),
    );
    await stage.incentive('program last of all', terms('1', { priority: -1 }));
    for (const { id, terms: limits } of created)
      await stage.incentive(id, terms('50', { ...limits, applyTo: 'recurring' }));
    // Not in scope, so not even candidates.
    await stage.affiliate('joe');
    await stage.incentive('of another affiliate', terms('90', { affiliateId: 'joe', priority: 99 }));
    await stage.incentive('of another group', terms('90', { groupId: 'silver', priority: 99 }));
  },
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: monthlyApp(account) });
    account.renew(sub);
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 1.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 50.00 ready_for_payment',
    'jane usd: payable 51.00',
  ],
  async also({ stage }) {
    expect(await rejectedOf(stage)).toEqual(PUBLISHED.map(({ id }) => `${id}: is_the_first_payment`));
    const [first, second] = await stage.commissions();
    expect([first?.incentive_id, second?.incentive_id]).toEqual(['program last of all', PUBLISHED[0]?.id]);
    expect(await rejectedOf(stage, 1)).toEqual([
      ...PUBLISHED.slice(1).map(({ id }) => `${id}: outranked`),
      'program last of all: outranked',
    ]);
  },
});

const BEFORE = MONDAY * 1000 - 1;
const REFUSED: readonly (readonly [string, Terms, string])[] = [
  ['later', terms('90', { effectiveFrom: MONDAY * 1000 + 86_400_000 }), 'not_yet_effective'],
  ['earlier', terms('90', { effectiveUntil: BEFORE }), 'no_longer_effective'],
  ['price', terms('90', { priceIds: ['price_other'] }), 'other_price'],
  ['product', terms('90', { productIds: ['prod_other'] }), 'other_product'],
  ['interval', terms('90', { interval: 'yearly' }), 'other_interval'],
  ['once', terms('90', { isSubscription: false }), 'is_a_subscription'],
  ['euro', fixed(9_000n, { currency: 'eur' }), 'other_currency'],
  ['recurring', terms('90', { applyTo: 'recurring' }), 'is_the_first_payment'],
];

story(66, 'every kind of refusal has its own reason', {
  async rules(stage) {
    await goldenJane(stage);
    for (const [index, [id, own]] of REFUSED.entries())
      await stage.incentive(id, { ...own, affiliateId: 'jane', priority: 100 - index });
    await stage.incentive('inc_all', terms('30'));
  },
  play: (account) => account.subscribe({ customer: referred(account), price: monthlyApp(account) }),
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
  async also({ stage }) {
    expect((await rejectedOf(stage)).toSorted()).toEqual(
      REFUSED.map(([id, , reason]) => `${id}: ${reason}`).toSorted(),
    );
  },
});

story(67, 'a sale that no incentive matches is recorded without a commission, with every reason', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_yearly', terms('30', { interval: 'yearly' }));
    await stage.incentive('inc_other', terms('30', { priceIds: ['price_other'] }));
  },
  play: (account) => account.subscribe({ customer: referred(account), price: monthlyApp(account) }),
  stands: ['sale 100.00 usd complete, base 100.00 (no_incentive_matched)'],
  ledger: [],
  async also({ stage }) {
    expect(await rejectedOf(stage)).toEqual(['inc_other: other_price', 'inc_yearly: other_interval']);
    expect((await stage.sales())[0]?.affiliate_id).toBe('jane');
  },
});

scene(68, 'a refund is reckoned with the rate of its sale, whatever the incentive says since', async (family) => {
  const stage = await raise();
  await janeBroughtOne(stage);
  await stage.incentive('inc_all', terms('30'));
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  const sub = account.subscribe({ customer: referred(account), price: monthlyApp(account) });
  const sold = account.events.length;
  account.advance({ days: 3 });
  account.refund(sub.firstPayment, { amount: 4_000 });
  // The last word on the sale itself also comes after the change: it brings nothing new.
  await stage.hearAll(account.events.slice(0, sold - 1));
  await stage.incentive('inc_all', terms('90'));
  await stage.incentive('inc_better', terms('95', { priority: 9 }));
  await stage.hearAll(account.events.slice(sold - 1));
  expect(await stage.tells()).toEqual([
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ]);
  expect(await stage.commissions()).toMatchObject([{ incentive_id: 'inc_all', incentive_version: 1 }]);
  const renewed = account.during(() => account.renew(sub));
  await stage.hearAll(renewed);
  expect((await stage.tells()).at(-2)).toBe('sale 100.00 usd complete, base 100.00: jane 95.00 ready_for_payment');
});

/** First payment, months, and the first moment that is out. */
const BOUNDARIES = [
  ['2026-01-31T12:00:00Z', 1, '2026-02-28T12:00:00Z'],
  ['2028-01-31T12:00:00Z', 1, '2028-02-29T12:00:00Z'],
  ['2026-03-31T23:59:59Z', 1, '2026-04-30T23:59:59Z'],
  ['2026-11-30T00:00:00Z', 3, '2027-02-28T00:00:00Z'],
  ['2026-01-15T08:30:00Z', 12, '2027-01-15T08:30:00Z'],
  ['2028-02-29T10:00:00Z', 12, '2029-02-28T10:00:00Z'],
  ['2026-10-25T01:30:00Z', 6, '2027-04-25T01:30:00Z'],
] as const;

/** Seconds from issuing an invoice to its payment. */
const SETTLING = 62;

for (const [first, months, end] of BOUNDARIES) {
  story(71, `${months} months from ${first} end just before ${end}`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.incentive('inc_months', terms('30', { maxMonths: months }));
    },
    account: { startAt: Date.parse(first) / 1000 - 3_600 },
    play(account) {
      const customer = referred(account);
      const price = account.price({ amount: 10_000 });
      const out = Date.parse(end) / 1000;
      for (const paidAt of [Date.parse(first) / 1000, out - 1, out, out + 1]) {
        account.at(paidAt - SETTLING);
        account.invoice({ customer, lines: [{ amount: 10_000, price }] });
      }
    },
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
      'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
      'jane usd: payable 60.00',
    ],
    async also({ stage }) {
      const sales = await stage.sales();
      expect(sales.map((sale) => sale.occurred_at.getTime())).toEqual([
        Date.parse(first),
        Date.parse(end) - 1_000,
        Date.parse(end),
        Date.parse(end) + 1_000,
      ]);
      expect(await rejectedOf(stage, 2)).toEqual(['inc_months: months_used_up']);
    },
  });
}

story(80, '33.33 % of three lines is rounded once, not three times', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('33.33'));
  },
  play(account) {
    const items = [1_000, 1_000, 1_000].map((amount) => ({ price: account.price({ amount }) }));
    account.subscribe({ customer: referred(account), items });
  },
  // 3.333 three times would be 9.99.
  stands: ['sale 30.00 usd complete, base 30.00: jane 10.00 ready_for_payment', 'jane usd: payable 10.00'],
});

story(80, 'what cannot be shared evenly goes to the line with the largest fraction, and shares sum to the total', {
  async rules(stage) {
    await janeBroughtOne(stage);
    for (const product of ['prod_a', 'prod_b', 'prod_c'])
      await stage.incentive(`inc_${product}`, terms('33.33', { productIds: [product] }));
  },
  play(account) {
    const customer = referred(account);
    account.updateCustomer(customer, { balance: -5_000 });
    const lines = [1_667, 3_333, 5_000].map((amount, index) => ({
      amount,
      price: account.price({ amount, product: `prod_${'abc'[index]}` }),
    }));
    account.invoice({ customer, startingBalance: -5_000, lines });
  },
  // Half of 16.67 + 33.33 + 50.00: 8.335, 16.665 and 25.00; the cent goes to the earlier of the two equal fractions.
  stands: ['sale 50.00 usd complete, base 50.00: jane 16.66 ready_for_payment', 'jane usd: payable 16.66'],
  async also({ stage }) {
    const [commission] = await stage.commissions();
    const parts = (commission?.parts ?? [])
      .map(({ incentive, base, commission: share }) => `${incentive} ${share} of ${base}`)
      .toSorted();
    expect(parts).toEqual(['inc_prod_a 278 of 834', 'inc_prod_b 555 of 1666', 'inc_prod_c 833 of 2500']);
  },
});
