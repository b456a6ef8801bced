/**
 * An endpoint that does not hear `invoice_payment.paid`: on the basil family nothing then says that a payment intent paid
 * an invoice, and counting both would pay twice (stripe.md section 3, scenario 4).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, terms, translators } from '../support/stage.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

async function stageOf() {
  const stage = await createStage(on);
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30'));
  const account = createAccount({ family: 'basil', seed: 3, startAt: 1_767_600_000 });
  const customer = account.customer({ email: 'b@c.example', metadata: { affonso_referral: 'ref_1' } });
  return { stage, account, customer };
}

describe('without invoice_payment.paid', () => {
  test('the payment intents of paid invoices never become sales of their own', async () => {
    const { stage, account, customer } = await stageOf();
    const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
    account.renew(sub);
    await stage.hearAll(account.events.filter(({ type }) => type !== 'invoice_payment.paid'));
    await stage.pass(3);
    expect(await stage.sales()).toHaveLength(2);
    expect(await stage.balance('jane')).toMatchObject({ payable: 6000n });
    // Late is early enough: once the links come, nothing waits any more and nothing moved.
    await stage.hearAll(account.events);
    await stage.pass(1);
    expect((await stage.inbox()).filter(({ state }) => state === 'parked')).toEqual([]);
    expect(await stage.balance('jane')).toMatchObject({ payable: 6000n });
    const proof = await verifyWorkspace(on.database, translators, stage.workspace);
    expect(proof.differences).toEqual([]);
  });

  test('a payment intent of another amount is still a one-time sale after its deadline', async () => {
    const { stage, account, customer } = await stageOf();
    account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
    account.paymentIntent({ customer, amount: 2500 });
    await stage.hearAll(account.events.filter(({ type }) => type !== 'invoice_payment.paid'));
    await stage.pass(1);
    expect(await stage.balance('jane')).toMatchObject({ payable: 3750n });
  });

  test('an invoice that comes after the deadline takes the sale over', async () => {
    const { stage, account, customer } = await stageOf();
    account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
    const late = (type: string): boolean => type.startsWith('invoice') || type.startsWith('checkout');
    await stage.hearAll(account.events.filter(({ type }) => !late(type)));
    await stage.pass(1);
    expect(await stage.balance('jane')).toMatchObject({ payable: 3000n });
    await stage.hearAll(account.events.filter(({ type }) => late(type)));
    await stage.pass(1);
    expect(await stage.sales()).toHaveLength(1);
    expect(await stage.balance('jane')).toMatchObject({ payable: 3000n });
  });
});
