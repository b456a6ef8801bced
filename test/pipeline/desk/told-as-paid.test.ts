/** A sale that was told as paid out already, by a process that dies before it kept how much that was. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../../src/core/desk.ts';
import { isRefusal } from '../../../src/core/refusals.ts';
import { createDesk } from '../../../src/pipeline/desk/index.ts';
import type { Clockwork } from '../../../src/pipeline/clockwork.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { createDatabase } from '../../support/database.ts';
import { refundRequest, saleRequest } from '../../support/requests.ts';
import type { TestDatabase } from '../../support/server.ts';
import { createStage, terms, translators, type Stage } from '../../support/stage.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterAll(() => db.drop());

const SALE = saleRequest('order_1', { referralId: 'ref_1', commissionStatus: 'paid' });

async function furnished(): Promise<{ stage: Stage; caller: Caller }> {
  const stage = await createStage(db);
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_1', terms('30'));
  return { stage, caller: { workspace: stage.workspace, livemode: true, keyId: 'key_1', scopes: ['*'] } };
}

/** The clockwork of a process that ends when it asks what is due for a sale. */
function dying(work: Clockwork): Clockwork {
  const of = (workspace: string): Tx => {
    const tx = work.database.of(workspace);
    return {
      query: (query) =>
        query.text.includes('earned - reversed AS due')
          ? Promise.reject(new Error('the process died'))
          : tx.query(query),
    };
  };
  return { ...work, database: { ...work.database, of } };
}

test('told again, it is paid out what it was, whatever goes back later', async () => {
  const { stage, caller } = await furnished();
  await expect(createDesk(dying(stage.work), translators).sell(caller, SALE)).rejects.toThrow('died');
  const desk = createDesk(stage.work, translators);
  const sold = await desk.sell(caller, SALE);
  if (isRefusal(sold)) throw new Error(sold.message);
  expect(sold.replayed).toBe(true);
  const told = await stage.ask(`SELECT FROM inbox WHERE workspace_id = $1 AND event_key LIKE 'ruling%:told'`);
  expect(told).toHaveLength(1);
  await desk.refund(caller, refundRequest(sold.conversion.id, { amount: 5_000n }));
  expect(await stage.balance('jane')).toMatchObject({ paid: 3_000n, payable: -1_500n });
});

test('told again as paid, a sale that was not says nothing new', async () => {
  const { stage, caller } = await furnished();
  const desk = createDesk(stage.work, translators);
  await desk.sell(caller, { ...SALE, commissionStatus: null });
  await desk.sell(caller, SALE);
  expect(await stage.balance('jane')).toMatchObject({ paid: 0n, payable: 3_000n });
});
