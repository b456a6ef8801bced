/** Tiers reached by sales (cases.md 74, 102) and partners who are held for their losses (cases.md 113). */
import { expect } from 'vitest';
import { watchAll } from '../../src/pipeline/watch.ts';
import { startWorker } from '../../src/work/loop.ts';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { updateAffiliate } from '../../src/store/affiliates.ts';
import { terms, translators, type Stage } from '../support/stage.ts';
import { janeBroughtOne, MONDAY, referred, theatre, type Family } from './theatre.ts';

const { scene, raise } = theatre();

const tier = (
  groupId: string,
  minSales: number | null,
  minAmount: string | null = null,
  days: number | null = null,
) => ({
  groupId,
  minSales,
  minAmount,
  days,
});

/** jane earns 10 %, 20 % as silver and 30 % as gold. */
async function threeRates(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_base', terms('10'));
  await stage.incentive('inc_silver', terms('20', { groupId: 'silver' }));
  await stage.incentive('inc_gold', terms('30', { groupId: 'gold' }));
}

/** One sale of 100 dollars of a buyer of their own, and what Stripe tells of it. */
function sells(account: SimulatedAccount, name: string, amount = 10_000) {
  let payment;
  const events = account.during(() => {
    payment = account.subscribe({
      customer: referred(account, `${name}@customer.example`),
      price: account.price({ amount }),
    }).payments[0];
  });
  if (!payment) throw new Error('a subscription has a first payment');
  return { events, payment };
}

const opened = (family: Family) => createAccount({ seed: 7, startAt: MONDAY, family });

/** A minute and a bit later, the next look. */
async function looks(stage: Stage): Promise<number> {
  stage.clock.now += 61_000;
  return watchAll(stage.work);
}

const groupOf = async (stage: Stage): Promise<string | null | undefined> =>
  (
    await stage.ask<{ group_id: string | null }>(
      `SELECT group_id FROM affiliates WHERE workspace_id = $1 AND affiliate_id = 'jane'`,
    )
  )[0]?.group_id;

const earned = async (stage: Stage): Promise<bigint[]> => (await stage.commissions()).map((one) => one.earned);

scene(
  74,
  'the sale that crosses a threshold is rated by the tier held before it, the next one by the new one',
  async (family) => {
    const account = opened(family);
    const stage = await raise({ startAt: MONDAY * 1000 });
    await threeRates(stage);
    await stage.settings({ tiers: [tier('silver', 2), tier('gold', 4)] });
    for (const [name, group] of [
      ['a', null],
      ['b', 'silver'],
      ['c', 'silver'],
      ['d', 'gold'],
      ['e', 'gold'],
    ] as const) {
      account.advance({ hours: 1 });
      await stage.hearAll(sells(account, name).events);
      await looks(stage);
      expect(await groupOf(stage)).toBe(group);
    }
    expect(await earned(stage)).toEqual([1000n, 1000n, 2000n, 2000n, 3000n]);
    // Nothing changed: the next look leaves no trace, and the same events again move nothing.
    expect(await looks(stage)).toBe(0);
    await stage.hearAll(account.events.toReversed());
    await stage.drain();
    expect(await earned(stage)).toEqual([1000n, 1000n, 2000n, 2000n, 3000n]);
  },
);

scene(74, 'a tier by amount counts what may earn, in the currency of the program', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ currency: 'eur', tiers: [tier('gold', null, '16000')] });
  await stage.rate('usd', 'eur', '2026-01-05', '0.8');
  await stage.hearAll(sells(account, 'a').events);
  await looks(stage);
  expect(await groupOf(stage)).toBe(null);
  await stage.hearAll(sells(account, 'b').events);
  await looks(stage);
  expect(await groupOf(stage)).toBe('gold');
});

scene(74, 'several looks at once make one entry', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ tiers: [tier('gold', 1)] });
  await stage.hearAll(sells(account, 'a').events);
  stage.clock.now += 61_000;
  await Promise.all([1, 2, 3, 4].map(() => watchAll(stage.work)));
  const [row] = await stage.ask<{ history: { groupId: string | null }[] }>(
    `SELECT history FROM affiliates WHERE workspace_id = $1 AND affiliate_id = 'jane'`,
  );
  expect(row?.history.map(({ groupId }) => groupId)).toEqual([null, 'gold']);
});

scene(74, 'a group that was given by hand and is no tier stays', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ tiers: [tier('silver', 1)] });
  await updateAffiliate(stage.work.database.pool, stage.workspace, 'jane', { groupId: 'gold' });
  await stage.hearAll(sells(account, 'a').events);
  expect(await looks(stage)).toBe(0);
  expect(await groupOf(stage)).toBe('gold');
});

scene(74, 'sales that grow too old for a tier are noticed within a day, without any news of them', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ tiers: [tier('gold', 1, null, 30)] });
  await stage.hearAll(sells(account, 'a').events);
  await looks(stage);
  expect(await groupOf(stage)).toBe('gold');
  await stage.pass(29);
  await looks(stage);
  expect(await groupOf(stage)).toBe('gold');
  await stage.pass(1);
  await looks(stage);
  expect(await groupOf(stage)).toBe(null);
});

scene(102, 'a refund that lowers a partner under a tier changes later sales only', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ tiers: [tier('gold', 2)] });
  const first = sells(account, 'a');
  const second = sells(account, 'b');
  await stage.hearAll([...first.events, ...second.events]);
  await looks(stage);
  account.advance({ days: 1 });
  await stage.hearAll(sells(account, 'c').events);
  expect(await earned(stage)).toEqual([1000n, 1000n, 3000n]);
  await stage.hearAll(account.during(() => account.refund(first.payment)));
  await looks(stage);
  expect(await groupOf(stage)).toBe('gold');
  await stage.hearAll(account.during(() => account.refund(second.payment)));
  await looks(stage);
  expect(await groupOf(stage)).toBe(null);
  account.advance({ days: 1 });
  await stage.hearAll(sells(account, 'd').events);
  expect(await earned(stage)).toEqual([1000n, 1000n, 3000n, 1000n]);
  expect(await stage.balance('jane')).toMatchObject({ payable: 4000n });
});

scene(
  113,
  'a partner of whose sales too much was taken back is held from then on, until somebody lifts it',
  async (family) => {
    const account = opened(family);
    const stage = await raise({ startAt: MONDAY * 1000 });
    await threeRates(stage);
    await stage.settings({ lossThreshold: 25, lossMinimumSales: 4 });
    const alerts = () => listAlerts(stage.work.database.pool, stage.workspace, { state: null, limit: 9, offset: 0 });
    const three = ['a', 'b', 'c'].map((name) => sells(account, name));
    await stage.hearAll(three.flatMap(({ events }) => events));
    const refund = (at: number) =>
      account.during(() => account.refund(three[at]?.payment ?? sells(account, 'x').payment));
    await stage.hearAll(refund(0));
    // One of three is more than a quarter, of too few sales to say.
    expect(await looks(stage)).toBe(0);
    account.advance({ days: 1 });
    await stage.hearAll(sells(account, 'd').events);
    expect(await looks(stage)).toBe(1);
    expect((await alerts()).rows).toMatchObject([
      {
        kind: 'affiliate_held',
        subject: 'jane',
        message: expect.stringMatching(/1 of 4 sales of the last 90 days were refunded.*clear_hold/) as string,
        resolvedAt: null,
      },
    ]);
    account.advance({ days: 1 });
    await stage.hearAll(sells(account, 'e').events);
    expect((await stage.commissions()).map(({ status }) => status)).toEqual(
      expect.arrayContaining(['pending_manual_approval']),
    );
    expect(await stage.balance('jane')).toMatchObject({ review: 1000n, payable: 3000n });
    expect(await looks(stage)).toBe(0);
    // Lifted: what comes later waits no more, and the same losses do not hold them again.
    const caller = { workspace: stage.workspace, livemode: true, keyId: 'key', scopes: [] };
    const cleared = await createDesk(stage.work, translators).clearHold(caller, 'jane');
    expect(cleared).toMatchObject({ id: 'jane', heldReason: null });
    account.advance({ days: 1 });
    await stage.hearAll(sells(account, 'f').events);
    await looks(stage);
    expect(await stage.balance('jane')).toMatchObject({ review: 1000n, payable: 4000n });
    expect((await alerts()).rows).toMatchObject([{ times: 1, resolvedAt: expect.any(Number) as number }]);
  },
);

scene(113, 'an open dispute counts, a won one does not, and one large loss is enough by amount', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ lossThreshold: 50, lossMinimumSales: 3 });
  const small = [sells(account, 'a', 1_000), sells(account, 'b', 1_000)];
  const large = sells(account, 'c', 50_000);
  await stage.hearAll([...small, large].flatMap(({ events }) => events));
  account.advance({ days: 1 });
  const held = () => stage.ask(`SELECT 1 FROM affiliates WHERE workspace_id = $1 AND held_reason IS NOT NULL`);
  let dispute = account.dispute(small[0]?.payment ?? large.payment);
  await stage.hearAll(account.events);
  await looks(stage);
  expect(await held()).toEqual([]);
  account.closeDispute(dispute, 'won');
  dispute = account.dispute(large.payment);
  await stage.hearAll(account.events);
  await looks(stage);
  expect(await held()).toHaveLength(1);
});

scene(74, 'the worker looks by itself', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  await stage.settings({ tiers: [tier('gold', 1)] });
  await stage.hearAll(sells(account, 'a').events);
  const worker = startWorker(stage.work, translators);
  await expect.poll(() => groupOf(stage), { timeout: 10_000 }).toBe('gold');
  await worker.stop();
});

scene(74, 'a look and changes by hand at once leave one history', async (family) => {
  const account = opened(family);
  const stage = await raise({ startAt: MONDAY * 1000 });
  await threeRates(stage);
  const { pool } = stage.work.database;
  await stage.settings({ tiers: [tier('silver', 1)] });
  await stage.hearAll(sells(account, 'a').events);
  stage.clock.now += 61_000;
  await Promise.all([
    watchAll(stage.work),
    updateAffiliate(pool, stage.workspace, 'jane', { groupId: 'gold' }),
    updateAffiliate(pool, stage.workspace, 'jane', { status: 'paused' }),
  ]);
  const [row] = await stage.ask<{ group_id: string; status: string; history: { since: number; groupId: string }[] }>(
    `SELECT group_id, status, history FROM affiliates WHERE workspace_id = $1 AND affiliate_id = 'jane'`,
  );
  expect(row).toMatchObject({ group_id: 'gold', status: 'paused' });
  expect(row?.history.at(-1)).toMatchObject({ groupId: 'gold', status: 'paused' });
  const since = row?.history.map((entry) => entry.since) ?? [];
  expect(since).toEqual([...new Set(since)].toSorted((a, b) => a - b));
});
