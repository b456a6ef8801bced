/** Situations that a review found wrong, kept: a buyer with two names, money named from both sides, foreign accounts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../src/core/desk.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { registerAccount } from '../../src/store/stripe-accounts.ts';
import { createDatabase } from '../support/database.ts';
import { refundRequest, saleRequest } from '../support/requests.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, terms, translators, type Stage } from '../support/stage.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

async function scene(holdPeriodDays: number | null = null) {
  const stage = await createStage(on);
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30', { holdPeriodDays }));
  const account = createAccount({ family: 'old', seed: 5, startAt: 1_767_600_000, refundEvents: 'charge-only' });
  const customer = account.customer({ email: 'b@c.example', metadata: { affonso_referral: 'ref_1' } });
  return { stage, account, customer };
}

function deskOf(stage: Stage) {
  const caller: Caller = { workspace: stage.workspace, livemode: true, keyId: 'key_1', scopes: ['*'] };
  const desk = createDesk(stage.work, translators);
  return { desk, caller };
}

async function proven(stage: Stage): Promise<void> {
  const proof = await verifyWorkspace(on.database, translators, stage.workspace);
  expect(proof.differences).toEqual([]);
}

test('a buyer with two names keeps the credit when the hold ends and when a refund comes', async () => {
  const { stage, account, customer } = await scene(30);
  const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  await stage.hearAll(account.events);
  const { desk, caller } = deskOf(stage);
  const invoice = sub.latestInvoice?.id ?? '';
  const answer = await desk.sell(caller, saleRequest(invoice, { customerId: 'a1', referralId: 'ref_1' }));
  expect(answer).toMatchObject({ replayed: true });
  expect(await stage.balance('jane')).toMatchObject({ pending: 3000n, payable: 0n });
  await stage.pass(60);
  expect(await stage.balance('jane')).toMatchObject({ pending: 0n, payable: 3000n });
  await stage.hearAll(account.during(() => account.refund(sub.firstPayment as never, { amount: 5000 })));
  expect(await stage.balance('jane')).toMatchObject({ payable: 1500n });
  await proven(stage);
});

test.each(['api first', 'webhook first'])('a sale named by its event id is paid once (%s)', async (order) => {
  const { stage, account, customer } = await scene();
  const { desk, caller } = deskOf(stage);
  account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  const paid = account.events.find(({ type }) => type === 'invoice.paid');
  const told = (): Promise<unknown> =>
    desk.sell(caller, saleRequest(paid?.id ?? '', { customerId: 'c1', referralId: 'ref_1' }));
  if (order === 'api first') expect(await told()).toMatchObject({ replayed: false });
  await stage.hearAll(account.events);
  if (order === 'webhook first') expect(await told()).toMatchObject({ replayed: true });
  expect(await stage.sales()).toHaveLength(1);
  expect(await stage.balance('jane')).toMatchObject({ payable: 3000n });
  await proven(stage);
});

test('a refund told by API under its Stripe id is not counted again by the charge', async () => {
  const { stage, account, customer } = await scene();
  const { desk, caller } = deskOf(stage);
  const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  await stage.hearAll(account.events);
  const [sale] = await stage.sales();
  let id = '';
  const events = account.during(() => {
    ({ id } = account.refund(sub.firstPayment as never, { amount: 3000 }));
  });
  await desk.refund(caller, refundRequest(sale?.conversion_id ?? '', { amount: 3000n, externalEventId: id }));
  await stage.hearAll(events.filter(({ type }) => type === 'charge.refunded'));
  expect(await stage.balance('jane')).toMatchObject({ payable: 2100n });
  await stage.hearAll(events);
  expect(await stage.balance('jane')).toMatchObject({ payable: 2100n });
  await proven(stage);
});

test('a commission that is set to paid twice, with a refund in between, was paid once', async () => {
  const { stage, account, customer } = await scene();
  const { desk, caller } = deskOf(stage);
  const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  await stage.hearAll(account.events);
  const [sale] = await stage.sales();
  const pay = () => desk.rule(caller, sale?.conversion_id ?? '', { status: 'paid' }, '{}');
  await pay();
  await stage.hearAll(account.during(() => account.refund(sub.firstPayment as never, { amount: 5000 })));
  stage.clock.now += 1000;
  await pay();
  expect(await stage.balance('jane')).toEqual({ review: 0n, pending: 0n, payable: -1500n, paid: 3000n });
  await proven(stage);
});

test('a tenant cannot sign events into the books of the tenant whose account it names', async () => {
  const { stage: victim } = await scene();
  const { stage: attacker } = await scene();
  await registerAccount(on.database.pool, victim.workspace, 'acct_victim');
  const foreign = createAccount({ family: 'basil', seed: 9, startAt: 1_767_600_000, account: 'acct_victim' });
  foreign.subscribe({
    customer: foreign.customer({ metadata: { affonso_referral: 'ref_1' } }),
    price: foreign.price({ amount: 10_000 }),
  });
  await attacker.hearAll(foreign.events);
  expect(await victim.sales()).toEqual([]);
  expect(await attacker.sales()).toEqual([]);
  expect(new Set((await attacker.inbox()).map(({ reason }) => reason))).toEqual(new Set(['unroutable_account']));
});

test('a commission of nothing is ready when its hold ends, like every other', async () => {
  const { stage } = await scene(14);
  const { desk, caller } = deskOf(stage);
  for (const [order, amount] of [
    ['order_1', 10_000n],
    ['order_2', 1n],
  ] as const)
    await desk.sell(caller, saleRequest(order, { customerId: 'a1', referralId: 'ref_1', amount }));
  const statuses = async () =>
    new Map((await stage.commissions()).map(({ earned, status }) => [String(earned), status]));
  expect(await statuses()).toEqual(new Map(['3000', '0'].map((earned) => [earned, 'pending'])));
  await stage.pass(15);
  expect(await statuses()).toEqual(new Map(['3000', '0'].map((earned) => [earned, 'ready_for_payment'])));
  await proven(stage);
});

test.each(['refund first', 'dispute first'])(
  'a damaged dispute under the id of a refund is not taken for it (%s)',
  async (order) => {
    const { stage } = await scene();
    const account = createAccount({ family: 'basil', seed: 11, startAt: 1_767_700_000 });
    const sub = account.subscribe({
      customer: account.customer({ metadata: { affonso_referral: 'ref_1' } }),
      price: account.price({ amount: 10_000 }),
    });
    await stage.hearAll(account.events);
    let id = '';
    const refunded = account.during(() => {
      ({ id } = account.refund(sub.firstPayment, { amount: 3000 }));
    });
    const disputed = account.during(() => account.dispute(sub.firstPayment, { amount: 2000 }));
    const damaged = disputed.map((event) => ({ ...event, body: event.body.replaceAll(/"d[up]_\w+"/g, `"${id}"`) }));
    await stage.hearAll(order === 'refund first' ? refunded : damaged);
    await stage.hearAll(order === 'refund first' ? damaged : refunded);
    expect((await stage.conversions('refund')).map(({ status }) => status)).toEqual(['succeeded']);
    expect((await stage.conversions('dispute')).map(({ status }) => status)).toEqual(['open']);
    await proven(stage);
  },
);
