/** A refund against apis.md 4.2 (refund): by the sale's id, once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { percentage } from '../../../src/core/money.ts';
import { updateAffiliate } from '../../../src/store/affiliates.ts';
import { native } from '../../../src/surfaces/index.ts';
import { terms } from '../../support/stage.ts';
import type { Answer } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene.close());

const refund = (body: Record<string, unknown>): Promise<Answer> => scene.track('refund', body);

/** A sale of 99.00, of which jane earns 29.70; answers with its transaction and commission id. */
async function sold(more: Record<string, unknown> = {}): Promise<{ id: string; commission: unknown }> {
  const { key } = await scene.customer();
  const id = scene.fresh('txn');
  const answer = await scene.sale({ transaction_id: id, customer_key: key, ...more });
  expect(answer.status).toBe(200);
  return { id, commission: answer.body['commission_id'] };
}

const skipped = (commission: unknown) => ({
  success: true,
  status: 'skipped',
  reason: 'already reversed',
  commission_id: commission,
});

describe('a full refund', () => {
  test.each([
    ['when no amount is given', {}],
    ['when the amount is null', { refund_amount_cents: null }],
    ['when the amount is 0', { refund_amount_cents: 0 }],
    ['of exactly the sale', { refund_amount_cents: 9900 }],
    ['of more than the sale', { refund_amount_cents: 100_000 }],
  ])('%s', async (_name, amount) => {
    const { id, commission } = await sold();
    const before = await scene.stage.balance('jane');
    const answer = await refund({ transaction_id: id, refund_reason: 'customer_request', ...amount });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      status: 'reversed',
      deductionAmount: 29.7,
      commission_id: commission,
    });
    expect(await scene.sold(id)).toMatchObject({ earned: 2970n, reversed: 2970n });
    expect((await scene.stage.balance('jane')).payable).toBe(before.payable - 2970n);
    const again = await refund({ transaction_id: id, ...amount });
    expect([again.status, again.body]).toEqual([200, skipped(commission)]);
  });

  test('a hundred at once are one, the others are skipped', async () => {
    const { id, commission } = await sold();
    const answers = await Promise.all(Array.from({ length: 100 }, () => refund({ transaction_id: id })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.filter(({ body }) => body['status'] === 'reversed')).toHaveLength(1);
    for (const { body } of answers.filter((one) => one.body['status'] !== 'reversed'))
      expect(body).toEqual(skipped(commission));
    expect(await scene.sold(id)).toMatchObject({ reversed: 2970n });
    expect(await scene.count('conversions', `kind = 'refund' AND external_event_id = $2`, `refund:${id}`)).toBe(1);
  });

  test('through the older path', async () => {
    const { id } = await sold();
    const answer = await scene.site.post('/api/tracking/refund', { transaction_id: id });
    expect(answer.body).toMatchObject({ status: 'reversed', deductionAmount: 29.7 });
  });
});

describe('a partial refund', () => {
  test('takes its share, in major units; a second one is skipped', async () => {
    const { id, commission } = await sold();
    const answer = await refund({ transaction_id: id, refund_amount_cents: 3300 });
    expect(answer.body).toEqual({ success: true, status: 'refunded', deductionAmount: 9.9, commission_id: commission });
    expect(await scene.sold(id)).toMatchObject({ earned: 2970n, reversed: 990n });
    for (const next of [{ refund_amount_cents: 3300 }, { refund_amount_cents: 100 }, {}]) {
      const again = await refund({ transaction_id: id, ...next });
      expect([again.status, again.body]).toEqual([200, skipped(commission)]);
    }
    expect(await scene.sold(id)).toMatchObject({ reversed: 990n });
  });

  test('different ones at once: one counts', async () => {
    const { id, commission } = await sold();
    const amounts = Array.from({ length: 20 }, (_, index) => (index + 1) * 100);
    const answers = await Promise.all(
      amounts.map((refund_amount_cents) => refund({ transaction_id: id, refund_amount_cents })),
    );
    const counted = answers.filter(({ body }) => body['status'] === 'refunded');
    expect(counted).toHaveLength(1);
    for (const { status, body } of answers)
      if (body !== counted[0]?.body) expect([status, body]).toEqual([200, skipped(commission)]);
    const { reversed = null } = (await scene.sold(id)) ?? {};
    expect(Number(reversed)).toBe(Math.round(Number(counted[0]?.body['deductionAmount']) * 100));
  });

  test.each([
    ['VND', 500_000, 250_000, 75_000],
    ['KWD', 2000, 1000, 0.3],
  ])('in %s', async (currency, amount_cents, refund_amount_cents, deductionAmount) => {
    const { id } = await sold({ currency, amount_cents });
    const answer = await refund({ transaction_id: id, refund_amount_cents });
    expect(answer.body).toMatchObject({ status: 'refunded', deductionAmount });
  });
});

describe('what is not refunded', () => {
  test.each([
    ['no id', {}, 400, 'transaction_id is required'],
    ['a null id', { transaction_id: null }, 400, 'transaction_id is required'],
    ['an id that is a number', { transaction_id: 7 }, 400, 'transaction_id is required'],
    ['a wrong amount and no id', { refund_amount_cents: -1 }, 400, 'transaction_id is required'],
    [
      'a negative amount',
      { transaction_id: 'x', refund_amount_cents: -1 },
      400,
      'refund_amount_cents must be a whole number, at least 0',
    ],
    [
      'an amount in words',
      { transaction_id: 'x', refund_amount_cents: 'all' },
      400,
      'refund_amount_cents must be a whole number, at least 0',
    ],
    ['a sale nobody told', { transaction_id: 'nobody' }, 404, 'Sale not found for transaction_id'],
  ])('%s', async (_name, body, status, error) => {
    const before = await scene.site.everything();
    const answer = await refund(body);
    expect([answer.status, answer.body]).toEqual([status, { error }]);
    expect(await scene.site.everything()).toBe(before);
  });

  test('a sale of another workspace or of the other world', async () => {
    const { id } = await sold();
    const other = await scene.stageOf('refund-elsewhere');
    const { key } = await scene.site.keyFor(true, ['*'], other.workspace);
    for (const wrong of [key, scene.site.test]) {
      const answer = await scene.track('refund', { transaction_id: id }, { key: wrong });
      expect([answer.status, answer.body]).toEqual([404, { error: 'Sale not found for transaction_id' }]);
    }
    expect(await scene.sold(id)).toMatchObject({ reversed: 0n });
  });

  test('a sale that earned nothing: there is no commission, but the money went back', async () => {
    await scene.stage.incentive('inc_all', terms('30', { productIds: ['prod_only'] }));
    const { id, commission } = await sold();
    expect(commission).toBeNull();
    for (const time of [1, 2]) {
      const answer = await refund({ transaction_id: id });
      expect([time, answer.status, answer.body]).toEqual([
        time,
        200,
        { success: true, status: 'no_commission', message: 'Sale has no commission to reverse' },
      ]);
    }
    expect(await scene.count('conversions', `external_event_id = $2 AND refunded = 9900`, id)).toBe(1);
    await scene.stage.incentive('inc_all', terms('30'));
  });

  test('a commission that was declined', async () => {
    const { id, commission } = await sold();
    const { key } = await scene.site.keyFor(true, ['*'], 'default', native.keys);
    const [row] = await scene.stage.ask<{ id: string }>(
      `SELECT conversion_id AS id FROM conversions WHERE workspace_id = $1 AND external_event_id = $2`,
      [id],
    );
    const declined = await scene.site.send('PUT', `/v1/commissions/${row?.id}`, '{"status":"declined"}', { key });
    expect(declined.status).toBe(200);
    expect((await refund({ transaction_id: id })).body).toEqual(skipped(commission));
  });
});

test('what a recruiter earns with a sale is not what the answers name', async () => {
  await scene.stage.affiliate('rita');
  await updateAffiliate(scene.db.database.pool, scene.stage.workspace, 'jane', { parentId: 'rita' });
  await scene.stage.incentive('inc_all', terms('30', { parentRatio: percentage('5') }));
  const { id, commission } = await sold();
  const rows = await scene.stage.ask<{ number: bigint; affiliate_id: string }>(
    `SELECT m.number, m.affiliate_id FROM commissions m JOIN conversions c USING (workspace_id, conversion_id)
     WHERE c.workspace_id = $1 AND c.external_event_id = $2`,
    [id],
  );
  expect(rows).toHaveLength(2);
  expect(commission).toBe(Number(rows.find(({ affiliate_id }) => affiliate_id === 'jane')?.number));
  expect((await refund({ transaction_id: id })).body).toMatchObject({
    deductionAmount: 29.7,
    commission_id: commission,
  });
});

test('a commission in the program’s own currency is deducted in it', async () => {
  await scene.stage.settings({ currency: 'eur' });
  const day = new Date(scene.stage.clock.now).toISOString().slice(0, 10);
  await scene.stage.rate('usd', 'eur', day, '0.5');
  const { id, commission } = await sold({ currency: 'usd' });
  expect(commission).toEqual(expect.any(Number));
  const answer = await refund({ transaction_id: id, refund_amount_cents: 3300 });
  expect(answer.body).toEqual({ success: true, status: 'refunded', deductionAmount: 4.95, commission_id: commission });
  expect((await refund({ transaction_id: id })).body).toEqual(skipped(commission));
});
