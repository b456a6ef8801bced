/** How often one event is decided: deciding everything at hand costs more than anything else of an event. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Settings } from '../../src/core/rules.ts';
import { runBatch, type Batch } from '../../src/pipeline/batch.ts';
import { translateStored } from '../../src/pipeline/translate.ts';
import { createAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, terms, translators, type Stage } from '../support/stage.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

/** Coupons and a currency of the program: both make a batch ask what its decisions are before they are final. */
async function scene(settings: Partial<Settings>, more: Parameters<typeof terms>[1] = {}) {
  const stage = await createStage(on);
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30', more));
  await stage.coupon('cpn_1', 'jane', 'JANE20');
  await stage.settings(settings);
  const account = createAccount({ family: 'old', seed: 7, startAt: 1_767_600_000 });
  const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
  const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  await stage.hearAll(account.events);
  const renewed = account.during(() => {
    account.advance({ days: 31 });
    account.renew(sub);
  });
  return { stage, renewed };
}

function batchOf({ workspace, clock }: Stage, event: SimulatedEvent | undefined): Batch {
  if (!event) throw new Error('nothing was renewed');
  const { id, type, created, body } = event;
  const ref = { source: 'stripe', id, type, at: created * 1000, livemode: true, rules: 0, received: clock.now };
  const said = translateStored(translators, ref, '', body);
  const facts = 'facts' in said ? said.facts : [];
  const item = { ref: { ...ref, rules: null }, facts, ignored: null, body, attempts: 0, stored: false };
  return { workspace, livemode: true, source: 'stripe', items: [item] };
}

const isPaid = ({ type }: SimulatedEvent): boolean => type === 'invoice.paid';

test('an ordinary payment is decided once, whatever the decision has to be asked for', async () => {
  const { stage, renewed } = await scene({ currency: 'usd' });
  const { session, decisions } = await runBatch(stage.work, batchOf(stage, renewed.find(isPaid)));
  expect([...decisions.values()].map(({ commissions }) => commissions[0]?.earned)).toEqual([3_000n]);
  expect(session.decided.times).toBe(1);
});

test('under rules that look across payments it is decided before and after the earlier ones are known', async () => {
  const { stage, renewed } = await scene({ currency: 'usd' }, { maxPayments: 2 });
  const { session, decisions } = await runBatch(stage.work, batchOf(stage, renewed.find(isPaid)));
  expect([...decisions.values()].map(({ before }) => before?.payments)).toEqual([1]);
  expect(session.decided.times).toBe(2);
});

test('what came to hand since is decided: a buyer who is known only now brings the payments before', async () => {
  const { stage } = await scene({ currency: 'usd' });
  const account = createAccount({ family: 'old', seed: 8, startAt: 1_767_600_000 });
  const customer = account.customer({ email: 'late@customer.example' });
  account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  await stage.hearAll(account.events);
  const body =
    '{"kind":"lead","referralId":"ref_1","email":"late@customer.example","externalUserId":null,"customerId":null,"body":"{}"}';
  await stage.hear({ source: 'operator', id: 'lead:1', type: 'operator.lead', created: 1_767_600_000, body });
  expect(await stage.commissions()).toHaveLength(2);
});
