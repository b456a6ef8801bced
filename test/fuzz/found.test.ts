/** What the fuzzing and the properties found, each as small as it gets. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SaleRequest } from '../../src/core/desk.ts';
import { writeEntry, type Entry } from '../../src/core/requests.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { verify } from '../../src/providers/stripe/verify.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { signed } from '../../src/simulator/deliver.ts';
import { storePending } from '../../src/store/inbox.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { saleRequest } from '../support/requests.ts';
import { createStage, fixed, terms, translators, type Stage } from '../support/stage.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

const BEGIN = Date.UTC(2026, 0, 5);

async function stageWith(first: boolean): Promise<Stage> {
  const stage = await createStage(on, { startAt: BEGIN + 40 * 86_400_000 });
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('10', { holdPeriodDays: 1 }));
  if (first) await stage.incentive('inc_first', fixed(700n, { applyTo: 'first', priority: 1 }));
  return stage;
}

const proofOf = async (stage: Stage): Promise<readonly string[]> =>
  (await verifyWorkspace(on.database, translators, stage.workspace)).differences;

const open = () => createAccount({ family: 'old', seed: 'found', startAt: BEGIN / 1000 });

let calls = 0;

async function call(stage: Stage, entry: Entry, at: number): Promise<void> {
  calls += 1;
  const own = { workspace: stage.workspace, source: 'affonso', id: `call_${calls}`, type: `affonso.${entry.kind}` };
  const event = { ...own, livemode: true, at, received: stage.clock.now, body: writeEntry(entry) };
  await storePending(on.database.pool, event, null, stage.clock.now);
  await stage.drain();
}

function sale(externalEventId: string, at: number, more: Partial<SaleRequest> = {}): Entry {
  const buyer = { customerId: 'c1', referralId: 'ref_1' };
  const request = saleRequest(externalEventId, { amount: 5_000n, occurredAt: at, ...buyer, body: '{}', ...more });
  return { kind: 'sale', request, alias: null };
}

test('NUL and half a character in an event leave rows that the database can look into', async () => {
  const stage = await stageWith(false);
  const account = open();
  const customer = account.customer({ email: 'buyer@customers.example', metadata: { affonso_referral: 'ref_1' } });
  account.paymentIntent({ customer, amount: 1_000 });
  for (const { body } of account.events)
    await stage.hear({ body: body.replaceAll(customer.id, `${customer.id}\\ud800\\u0000`) });
  await stage.pass(2);
  expect((await stage.inbox()).filter(({ state }) => state === 'failed' || state === 'pending')).toEqual([]);
  expect(await stage.balance('jane')).toMatchObject({ payable: 100n });
  expect(await proofOf(stage)).toEqual([]);
});

test('two payments that turn out to be one count once under rules across payments, and the worker comes back', async () => {
  const stage = await stageWith(true);
  const account = open();
  const customer = account.customer({ email: 'buyer@customers.example', metadata: { affonso_referral: 'ref_1' } });
  const bought = account.checkoutPayment({ customer, amount: 2_000 });
  await stage.hearAll(account.events);
  const before = account.events.length;
  account.advance({ days: 1 });
  const billed = account.invoicePaidBy({ customer, lines: [{ amount: 2_000 }] }, bought);
  await call(stage, sale(billed.invoice?.id ?? '', BEGIN, { customerId: customer.id, amount: 2_000n }), BEGIN);
  expect(await stage.sales()).toHaveLength(2);
  await stage.hearAll(account.events.slice(before));
  account.advance({ days: 1 });
  account.paymentIntent({ customer, amount: 1_000 });
  await stage.hearAll(account.events.slice(before));
  await stage.pass(2);
  expect((await stage.commissions()).map(({ earned, incentive_id: by }) => `${earned} ${by}`)).toEqual([
    '700 inc_first',
    '100 inc_all',
  ]);
  expect(await proofOf(stage)).toEqual([]);
});

test('purchases without a subscription count together where limits count per subscription', async () => {
  const stage = await stageWith(true);
  await stage.ask('UPDATE workspaces SET settings = $2 WHERE workspace_id = $1', [
    JSON.stringify([{ since: 1, settings: { limitsPer: 'subscription' } }]),
  ]);
  await call(stage, sale('one', BEGIN), BEGIN);
  await call(stage, sale('two', BEGIN + 1_000), BEGIN + 1_000);
  await stage.pass(2);
  expect((await stage.commissions()).map(({ incentive_id: by }) => by)).toEqual(['inc_first', 'inc_all']);
  expect(await proofOf(stage)).toEqual([]);
});

test('a payment whose money moved later than was believed gives its place back', async () => {
  const stage = await stageWith(true);
  const account = open();
  account.advance({ days: 20 });
  const customer = account.customer({ email: 'buyer@customers.example' });
  const bought = account.paymentIntent({ customer, amount: 5_000 });
  const named = sale(bought.paymentIntent ?? '', BEGIN, { customerId: customer.id });
  await call(stage, named, BEGIN);
  await call(stage, sale('between', BEGIN + 86_400_000), BEGIN + 86_400_000);
  expect((await stage.commissions()).map(({ incentive_id: by }) => by)).toEqual(['inc_first', 'inc_all']);
  for (const event of account.events) await stage.hear(event);
  await stage.pass(2);
  expect((await stage.commissions()).map(({ incentive_id: by }) => by)).toEqual(['inc_first', 'inc_all']);
  expect((await stage.sales()).map(({ money_key: key }) => key.split(':')[1])).toEqual(['sale', 'pi']);
  expect(await proofOf(stage)).toEqual([]);
});

test('more was paid out than was earned, by a word that came before the sale', async () => {
  const stage = await stageWith(false);
  const payment = 'affonso:sale:one';
  const amounts = [{ affiliateId: 'jane', referralId: 'ref_a1', programId: 'prog', currency: 'usd', amount: 900n }];
  await call(stage, { kind: 'ruling', payment, status: 'paid', amounts, body: '{}' }, BEGIN + 5_000);
  await call(stage, sale('one', BEGIN, { amount: 5_000n }), BEGIN);
  expect(await stage.waiting()).toEqual([]);
  expect(await stage.balance('jane')).toEqual({ review: 0n, pending: 0n, payable: -400n, paid: 900n });
  expect(await proofOf(stage)).toEqual([]);
});

test.each([253_402_300_800, 8_640_000_000_000])(
  'an event of the second %i is none, and not a 5xx for ever',
  (created) => {
    const event = { id: 'evt_late', object: 'event', type: 'charge.succeeded', livemode: true, data: { object: {} } };
    const at = (seconds: number) => {
      const body = JSON.stringify({ ...event, created: seconds });
      return verify(Buffer.from(body), signed(body, 'whsec_x', 1_000), ['whsec_x'], 1_000_000);
    };
    expect(at(created)).toMatchObject({ rejected: 'not_an_event' });
    expect(at(253_402_300_799)).toMatchObject({ id: 'evt_late' });
  },
);

test.each(['as it happened', 'backwards'])('a payment that named two buyers links them, %s', async (order) => {
  const stage = await stageWith(false);
  const account = open();
  const first = account.customer({ email: 'one@customers.example', metadata: { affonso_referral: 'ref_1' } });
  const other = account.customer({ email: 'two@customers.example' });
  account.paymentIntent({ customer: other, amount: 1_000 });
  const paid = account.events.find(({ type }) => type === 'payment_intent.succeeded');
  const all = [
    ...account.events.filter(({ type }) => !type.startsWith('charge.')),
    { body: early(paid?.body ?? '', first.id) },
  ];
  await stage.hearAll(order === 'backwards' ? all.toReversed() : all);
  await stage.pass(2);
  expect((await stage.commissions()).map(({ earned }) => earned)).toEqual([100n]);
  expect(await proofOf(stage)).toEqual([]);
});

/** The same event a second earlier, of another buyer. */
function early(body: string, customer: string): string {
  const event = JSON.parse(body) as { id: string; created: number; data: { object: { customer: string } } };
  event.data.object.customer = customer;
  return JSON.stringify({ ...event, id: 'evt_early', created: event.created - 1 });
}
