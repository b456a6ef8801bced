/** Terms and settings that change what a sale earns (cases.md 34, 42, 46, 47, 64, 69, 79, 92, 101). */
import { expect } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { percentage } from '../../src/core/money.ts';
import { updateAffiliate } from '../../src/store/affiliates.ts';
import { fixed, terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, MONDAY, referred, theatre } from './theatre.ts';

const { story, scene, raise } = theatre();

story(34, 'where prorations count, an invoice of prorations only uses up one of N payments', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.settings({ countProrations: true });
    await stage.incentive('inc_two', terms('30', { maxPayments: 2, isSubscription: true }));
  },
  play(account) {
    const small = account.price({ amount: 2_000 });
    const large = account.price({ amount: 10_000, product: small.product });
    const sub = account.subscribe({ customer: referred(account), price: small });
    account.changePrice(sub, large, { behavior: 'always_invoice', fractionUsed: 0.5 });
    account.renew(sub);
  },
  stands: [
    'sale 20.00 usd complete, base 20.00: jane 6.00 ready_for_payment',
    'sale 40.00 usd complete, base 40.00: jane 12.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
    'jane usd: payable 18.00',
  ],
});

story(42, 'a fixed incentive per unit pays for every seat', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_seat', fixed(500n, { per: 'unit' }));
  },
  play: (account) =>
    account.subscribe({ customer: referred(account), price: account.price({ amount: 1_000 }), quantity: 7 }),
  stands: ['sale 70.00 usd complete, base 70.00: jane 35.00 ready_for_payment', 'jane usd: payable 35.00'],
});

for (const [limitsPer, second, payable] of [
  ['customer', 'sale 50.00 usd complete, base 50.00 (no_incentive_matched)', '30.00'],
  ['subscription', 'sale 50.00 usd complete, base 50.00: jane 15.00 ready_for_payment', '45.00'],
] as const)
  story(46, `with limits per ${limitsPer} the first payment of a second subscription is counted so`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.settings({ limitsPer });
      await stage.incentive('inc_first', terms('30', { applyTo: 'first' }));
    },
    play(account) {
      const customer = referred(account);
      account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
      account.advance({ days: 3 });
      account.subscribe({ customer, price: account.price({ amount: 5_000 }) });
    },
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      second,
      `jane usd: payable ${payable}`,
    ],
  });

for (const [limitsPer, last, payable] of [
  ['customer', 'sale 100.00 usd complete, base 100.00 (no_incentive_matched)', '30.00'],
  ['subscription', 'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', '60.00'],
] as const)
  story(47, `who cancels and returns stays with the partner; the clock of two months per ${limitsPer}`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.settings({ limitsPer });
      await stage.incentive('inc_months', terms('30', { maxMonths: 2 }));
    },
    play(account) {
      const customer = referred(account);
      const price = account.price({ amount: 10_000 });
      account.cancel(account.subscribe({ customer, price }));
      account.advance({ days: 150 });
      account.subscribe({ customer, price });
    },
    stands: [
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      last,
      `jane usd: payable ${payable}`,
    ],
    also: async ({ stage }) => expect((await stage.sales()).map((one) => one.affiliate_id)).toEqual(['jane', 'jane']),
  });

for (const [netOfPlatformFee, base, earned] of [
  [false, '100.00', '30.00'],
  [true, '88.00', '26.40'],
] as const)
  story(64, `a destination charge earns on ${netOfPlatformFee ? 'what the fee leaves' : 'what the buyer paid'}`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.settings({ netOfPlatformFee });
      await stage.incentive('inc_all', terms('30'));
    },
    play: (account) =>
      account.checkoutPayment({
        customer: referred(account),
        amount: 10_000,
        applicationFee: 1_200,
        transferDestination: 'acct_seller',
      }),
    days: 1,
    stands: [`sale 100.00 usd complete, base ${base}: jane ${earned} ready_for_payment`, `jane usd: payable ${earned}`],
  });

for (const [lockRates, second] of [
  [false, 1000n],
  [true, 3000n],
] as const)
  scene(
    69,
    `a rate edited between two renewals: ${lockRates ? 'locked per referral' : 'the current one'}`,
    async (family) => {
      const account = createAccount({ seed: 7, startAt: MONDAY, family });
      const stage = await raise();
      await janeBroughtOne(stage);
      await stage.settings({ lockRates });
      await stage.incentive('inc_all', terms('30'));
      const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
      await stage.hearAll(account.events);
      await stage.incentive('inc_all', terms('10'));
      const renewal = account.during(() => account.renew(sub));
      await stage.hearAll(renewal);
      await stage.hearAll(account.events.toReversed());
      expect((await stage.commissions()).map(({ earned }) => earned)).toEqual([3000n, second]);
    },
  );

for (const [mayExceedBase, earned] of [
  [false, '20.00'],
  [true, '50.00'],
] as const)
  story(
    79,
    `a fixed commission above the sale is ${mayExceedBase ? 'paid where the incentive permits it' : 'at most the base'}`,
    {
      async rules(stage) {
        await janeBroughtOne(stage);
        await stage.incentive('inc_fix', fixed(5_000n, { mayExceedBase }));
      },
      play: (account) => account.subscribe({ customer: referred(account), price: account.price({ amount: 2_000 }) }),
      stands: [`sale 20.00 usd complete, base 20.00: jane ${earned} ready_for_payment`, `jane usd: payable ${earned}`],
    },
  );

for (const [refundOnlyWhole, half, left] of [
  [false, 'jane 20.00 - 10.00 ready_for_payment', 'jane usd: payable 10.00'],
  [true, 'jane 20.00 ready_for_payment', 'jane usd: payable 20.00'],
] as const)
  story(92, `half of a sale refunded under a fixed incentive: ${refundOnlyWhole ? 'only when full' : 'proportional'}`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      await stage.incentive('inc_fix', fixed(2_000n, { refundOnlyWhole }));
    },
    play(account) {
      const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
      account.advance({ days: 1 });
      for (const payment of sub.payments) account.refund(payment, { amount: 5_000 });
    },
    stands: [`sale 100.00 usd partial_refunded, base 100.00: ${half}`, 'refund 50.00 usd succeeded', left],
  });

story(92, 'the whole sale refunded leaves nothing, also with the option "only when full"', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_fix', fixed(2_000n, { refundOnlyWhole: true }));
  },
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    for (const amount of [4_000, 6_000]) {
      account.advance({ days: 1 });
      for (const payment of sub.payments) account.refund(payment, { amount });
    }
  },
  stands: [
    'sale 100.00 usd refunded, base 100.00: jane 20.00 - 20.00 refunded',
    'refund 40.00 usd succeeded',
    'refund 60.00 usd succeeded',
  ],
});

/** rita recruited jane and gets 5 % of what jane earns 30 % of. */
async function ritaRecruited(stage: Stage): Promise<void> {
  await stage.affiliate('rita');
  await janeBroughtOne(stage);
  await updateAffiliate(stage.work.database.pool, stage.workspace, 'jane', { parentId: 'rita' });
  await stage.incentive('inc_two', terms('30', { parentRatio: percentage('5') }));
}

story(101, 'a refund takes back from both tiers in their frozen proportion', {
  rules: ritaRecruited,
  play(account) {
    const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.advance({ days: 1 });
    for (const payment of sub.payments) account.refund(payment, { amount: 4_000 });
    account.renew(sub);
    for (const payment of sub.payments.slice(1)) account.refund(payment);
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'sale 100.00 usd partial_refunded, base 100.00: rita 5.00 - 2.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'sale 100.00 usd refunded, base 100.00: jane 30.00 - 30.00 refunded',
    'sale 100.00 usd refunded, base 100.00: rita 5.00 - 5.00 refunded',
    'refund 100.00 usd succeeded',
    'jane usd: payable 18.00',
    'rita usd: payable 3.00',
  ],
});

scene(101, 'who recruited whom changes later sales only, and is kept when group or status change', async (family) => {
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  const stage = await raise();
  const { pool } = stage.work.database;
  await ritaRecruited(stage);
  const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
  await stage.hearAll(account.events);
  await updateAffiliate(pool, stage.workspace, 'jane', { groupId: 'gold' });
  await stage.hearAll(account.during(() => account.renew(sub)));
  await updateAffiliate(pool, stage.workspace, 'jane', { parentId: null });
  await stage.hearAll(account.during(() => account.renew(sub)));
  await stage.hearAll(account.events.toReversed());
  expect(await stage.balance('jane')).toMatchObject({ payable: 9000n });
  expect(await stage.balance('rita')).toMatchObject({ payable: 1000n });
});
