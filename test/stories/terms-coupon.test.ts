/** Coupons given to affiliates (cases.md 76): whoever uses one was sent by them, on webhooks alone. */
import { expect } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { endCoupon } from '../../src/store/coupons.ts';
import { changeSettings } from '../../src/store/workspaces.ts';
import { updateAffiliate } from '../../src/store/affiliates.ts';
import { terms, type Stage } from '../support/stage.ts';
import { MONDAY, theatre, type Family } from './theatre.ts';

const { story, scene, raise } = theatre();

/** Coupon JANE20 is jane's, by its code alone; ref_1 is a click of bob's. Both earn 30 %. */
async function janesCode(stage: Stage): Promise<void> {
  await stage.affiliate('jane');
  await stage.affiliate('bob');
  await stage.referral('ref_1', 'bob');
  await stage.incentive('inc_all', terms('30'));
  await stage.coupon('coup_1', 'jane', 'Jane20');
}

/** A buyer who types JANE20 at the checkout. */
function buys(account: SimulatedAccount, metadata: Record<string, string> = {}) {
  const coupon = account.promotionCode({ code: 'JANE20', coupon: { percentOff: 20, duration: 'once' } });
  const customer = account.customer({ email: 'buyer@customer.example', metadata });
  const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }), coupon, discountTold: true });
  return { coupon, sub };
}

const couponReferrals = (stage: Stage) =>
  stage.ask<{ affiliate_id: string; customer_id: string; coupon_id: string; status: string }>(
    `SELECT affiliate_id, customer_id, metadata ->> 'coupon_id' AS coupon_id, status FROM referrals
     WHERE workspace_id = $1 AND metadata ? 'coupon_id' ORDER BY customer_id`,
  );

story(76, 'a code alone credits its partner, whenever the promotion code is heard, also for renewals without it', {
  rules: janesCode,
  play(account) {
    const { sub } = buys(account);
    account.renew(sub);
    return sub;
  },
  stands: [
    'sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 54.00',
  ],
  async also({ stage }, sub) {
    expect(await couponReferrals(stage)).toEqual([
      { affiliate_id: 'jane', customer_id: sub.customer.id, coupon_id: 'coup_1', status: 'active' },
    ]);
  },
});

story(76, 'as long as the promotion code was not heard nobody is credited', {
  rules: janesCode,
  play: (account) => buys(account),
  heard: (events) => events.filter(({ type }) => !type.startsWith('promotion_code')),
  stands: ['sale 80.00 usd complete, base 80.00 (unattributed)'],
});

story(76, 'bound by the id of the promotion code nothing more has to be heard', {
  async rules(stage, account) {
    await janesCode(stage);
    const [made] = account.events.filter(({ type }) => type === 'promotion_code.created');
    const promo = (made?.object as { data: { object: { id: string } } } | undefined)?.data.object.id ?? '';
    await stage.coupon('coup_2', 'bob', 'ANOTHER', { providerPromoCodeId: promo });
  },
  play: (account) => buys(account),
  heard: (events) => events.filter(({ type }) => !type.startsWith('promotion_code')),
  stands: ['sale 80.00 usd complete, base 80.00: bob 24.00 ready_for_payment', 'bob usd: payable 24.00'],
});

story(76, 'a coupon of one partner beats the click of another', {
  rules: janesCode,
  play: (account) => buys(account, { affonso_referral: 'ref_1' }),
  stands: ['sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment', 'jane usd: payable 24.00'],
});

story(76, 'where clicks come first the click of another partner beats the coupon', {
  async rules(stage) {
    await janesCode(stage);
    await stage.settings({ precedence: 'click' });
  },
  play: (account) => buys(account, { affonso_referral: 'ref_1' }),
  stands: ['sale 80.00 usd complete, base 80.00: bob 24.00 ready_for_payment', 'bob usd: payable 24.00'],
});

story(76, 'where clicks come first a coupon without a click still credits its partner', {
  async rules(stage) {
    await janesCode(stage);
    await stage.settings({ precedence: 'click' });
  },
  play: (account) => buys(account),
  stands: ['sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment', 'jane usd: payable 24.00'],
});

story(76, 'two buyers of one coupon are two referrals', {
  rules: janesCode,
  play(account) {
    const coupon = account.promotionCode({ code: 'JANE20', coupon: { percentOff: 20 } });
    for (const name of ['ann', 'ben'])
      account.subscribe({
        customer: account.customer({ email: `${name}@customer.example` }),
        price: account.price({ amount: 10_000 }),
        coupon,
        discountTold: true,
      });
  },
  stands: [
    'sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment',
    'sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment',
    'jane usd: payable 48.00',
  ],
  async also({ stage }) {
    const made = await couponReferrals(stage);
    expect(made.map(({ coupon_id: coupon }) => coupon)).toEqual(['coup_1', 'coup_1']);
    expect(new Set(made.map(({ customer_id: customer }) => customer)).size).toBe(2);
  },
});

const told = (family: Family) => {
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  return { account, ...buys(account) };
};

scene(76, 'an ended coupon credits nobody who comes later, and keeps whom it brought', async (family) => {
  const { account, sub, coupon } = told(family);
  const stage = await raise();
  await janesCode(stage);
  await stage.hearAll(account.events);
  expect(await stage.balance('jane')).toMatchObject({ payable: 2400n });
  expect(await endCoupon(stage.work.database.pool, stage.workspace, 'coup_1')).toBe(true);
  const later = account.during(() => {
    account.subscribe({
      customer: account.customer({ email: 'late@customer.example' }),
      price: account.price({ amount: 10_000 }),
      coupon,
      discountTold: true,
    });
    account.refund(sub.payments[0] ?? fail());
  });
  await stage.hearAll(later);
  await stage.hearAll(account.events);
  // The refund of the first sale is taken back from jane; the second sale is nobody's.
  expect(await stage.balance('jane')).toMatchObject({ payable: 0n });
  expect((await stage.sales()).map(({ affiliate_id: who }) => who).toSorted()).toEqual(['jane', null].toSorted());
});

function fail(): never {
  throw new Error('there is no such payment');
}

scene(76, 'a coupon of a paused partner is theirs and earns nothing', async (family) => {
  const { account } = told(family);
  const stage = await raise();
  await janesCode(stage);
  await updateAffiliate(stage.work.database.pool, stage.workspace, 'jane', { status: 'paused' });
  await stage.hearAll(account.events);
  expect(await stage.tells()).toEqual(['sale 80.00 usd complete, base 80.00 (affiliate_not_approved)']);
});

scene(76, 'first payments of one buyer at the same instant make one referral', async (family) => {
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  const coupon = account.promotionCode({ code: 'jane20', coupon: { percentOff: 20 } });
  const customer = account.customer({ email: 'buyer@customer.example' });
  const groups = Array.from({ length: 4 }, () =>
    account.during(() =>
      account.subscribe({ customer, price: account.price({ amount: 10_000 }), coupon, discountTold: true }),
    ),
  );
  const stage = await raise();
  await janesCode(stage);
  await Promise.all(
    [account.events.filter(({ type }) => type.startsWith('promotion')), ...groups].map((some) => stage.hearAll(some)),
  );
  await stage.drain();
  expect(await couponReferrals(stage)).toHaveLength(1);
  expect(await stage.balance('jane')).toMatchObject({ payable: 4n * 2400n });
});

scene(76, 'precedence that changes leaves known payments with whom they were credited to', async (family) => {
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  const { sub } = buys(account, { affonso_referral: 'ref_1' });
  const stage = await raise();
  await janesCode(stage);
  await stage.hearAll(account.events);
  await changeSettings(stage.work.database.pool, stage.workspace, { precedence: 'click' });
  await stage.hearAll(account.during(() => account.renew(sub)));
  await stage.hearAll(account.events);
  expect((await stage.commissions()).map(({ affiliate_id: who }) => who)).toEqual(['jane', 'bob']);
});
