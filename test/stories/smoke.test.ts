import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, terms } from '../support/stage.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

test.each(['old', 'basil'] as const)('a subscription by checkout earns a commission (%s)', async (family) => {
  const stage = await createStage(on);
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30'));
  const account = createAccount({ family, seed: 1, startAt: 1767600000 });
  const customer = account.customer({ email: 'x@y.example', metadata: {} });
  const price = account.price({ amount: 9900, interval: 'month', intervalCount: 1 });
  account.subscribe({ customer, price, via: 'checkout', clientReferenceId: 'ref_1' });
  for (const event of account.events) console.log(event.type, await stage.hear(event));
  console.log(await stage.sales());
  console.log(await stage.commissions());
  expect(await stage.balance('jane')).toMatchObject({ payable: 2970n });
});
