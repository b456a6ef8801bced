/** Commissions that a caller sets itself: POST `/v1/commissions` and the amounts of PUT (apis.md 2.2, Commission). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../../../src/simulator/account.ts';
import { terms } from '../../support/stage.ts';
import { furnish, type Answer, type Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site, other } = scene);
  await furnish(site.stage);
  await furnish(other.stage, 'other_');
});

afterAll(() => scene.close());

type Fields = Record<string, unknown>;

const create = (more: Fields = {}, asked: Parameters<Site['post']>[2] = {}): Promise<Answer> =>
  site.post('/v1/commissions', { referral_id: 'ref_1', sale_amount: 99, commission_amount: 12.5, ...more }, asked);
const put = (id: unknown, body: Fields): Promise<Answer> =>
  site.send('PUT', `/v1/commissions/${String(id)}`, JSON.stringify(body));
const shown = async (id: unknown): Promise<Fields> => (await site.get(`/v1/commissions/${String(id)}`)).body.data;
const payable = async (affiliate = 'jane', currency = 'usd'): Promise<bigint> =>
  (await site.stage.balance(affiliate, currency)).payable;

/** A referral of its own, so that nothing told before is of the same buyer. */
let referrals = 0;
async function referral(affiliate = 'jane'): Promise<string> {
  referrals += 1;
  return site.stage.referral(`ref_own_${referrals}`, affiliate);
}

describe('POST /v1/commissions', () => {
  test('201, with the amount as it was set and not what the incentive says', async () => {
    const before = await payable();
    const { status, body } = await create({ sale_amount_currency: 'usd', created_at: '2026-01-02T00:00:00Z' });
    expect(status).toBe(201);
    expect(body.data).toEqual({
      id: expect.stringMatching(/^com_/),
      referral_id: 'ref_1',
      affiliate_id: 'jane',
      program_id: site.stage.program,
      sale_amount: 99,
      sale_amount_currency: 'USD',
      commission_amount: 12.5,
      commission_currency: 'USD',
      status: 'ready_for_payment',
      sales_status: 'complete',
      hold_period_days: null,
      payment_intent_id: null,
      invoice_id: null,
      earning_id: expect.stringMatching(/^earn_/),
      earning_type: 'direct_commission',
      created_at: '2026-01-02T00:00:00.000Z',
      updated_at: expect.any(String),
    });
    expect(await shown(body.data['id'])).toEqual(body.data);
    expect((await payable()) - before).toBe(1_250n);
  });

  test('pending while a hold runs, and ready when it is over', async () => {
    const held = await create({ hold_period_days: 30 });
    expect(held.body.data).toMatchObject({ status: 'pending', hold_period_days: 30 });
    site.stage.clock.now += 31 * 86_400_000;
    await site.stage.drain();
    expect(await shown(held.body.data['id'])).toMatchObject({ status: 'ready_for_payment', commission_amount: 12.5 });
  });

  test.each(['pending_manual_approval', 'declined', 'paid', 'processing_payout'])('as %s', async (status) => {
    const { body } = await create({ status });
    expect(body.data).toMatchObject({ status, commission_amount: 12.5 });
  });

  test('nothing, more than the sale, and an affiliate without any incentive', async () => {
    expect((await create({ commission_amount: 0 })).body.data).toMatchObject({ commission_amount: 0 });
    expect((await create({ commission_amount: 500 })).body.data).toMatchObject({ commission_amount: 500 });
    await site.stage.affiliate('unpaid', 'nothing-for-them');
    await site.stage.incentive('inc_all', terms('30', { groupId: 'somebody-else' }));
    const { body } = await create({ referral_id: await referral('unpaid') });
    await site.stage.incentive('inc_all', terms('30'));
    expect(body.data).toMatchObject({ affiliate_id: 'unpaid', commission_amount: 12.5, status: 'ready_for_payment' });
  });

  test('in currencies of their own', async () => {
    const { body } = await create({ sale_amount: 5000, sale_amount_currency: 'JPY', commission_currency: 'EUR' });
    expect(body.data).toMatchObject({
      sale_amount: 5000,
      sale_amount_currency: 'JPY',
      commission_amount: 12.5,
      commission_currency: 'EUR',
    });
    expect(await payable('jane', 'eur')).toBe(1_250n);
  });

  test('a refund takes its share of it back', async () => {
    const { body } = await create({ sale_amount: 100 });
    const id = String(body.data['id']);
    await site.post(`/v1/conversions/${id}/refund`, { amount: 40 });
    expect(await shown(id)).toMatchObject({
      sale_amount: 60,
      commission_amount: 7.5,
      sales_status: 'partial_refunded',
    });
    await site.post(`/v1/conversions/${id}/refund`, {});
    expect(await shown(id)).toMatchObject({ sale_amount: 0, commission_amount: 0, status: 'refunded' });
  });

  test('without a payment intent each call is a commission; with one the second is 409 and nothing changes', async () => {
    expect((await create()).body.data['id']).not.toBe((await create()).body.data['id']);
    const first = await create({ payment_intent_id: 'pi_once' });
    expect(first.body.data).toMatchObject({ payment_intent_id: 'pi_once' });
    const before = await site.everything();
    for (const more of [{}, { commission_amount: 20 }, { sale_amount: 1 }]) {
      const again = await create({ payment_intent_id: 'pi_once', ...more });
      expect([again.status, again.body.error.code, again.body.error.field]).toEqual([
        409,
        'DUPLICATE_ERROR',
        'payment_intent_id',
      ]);
    }
    expect(await site.everything()).toBe(before);
  });

  test('a hundred at once with one payment intent are one', async () => {
    const referral_id = await referral();
    const before = await payable();
    const all = await Promise.all(
      Array.from({ length: 100 }, () => create({ referral_id, payment_intent_id: 'pi_hundred' })),
    );
    expect(all.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 99 }, () => 409)]);
    expect((await payable()) - before).toBe(1_250n);
  });

  test('an id that a conversion was told under is taken', async () => {
    const sale = { referral_id: 'ref_1', sale_amount: 10, external_event_id: 'pi_told' };
    expect((await site.post('/v1/conversions', sale)).status).toBe(201);
    expect((await create({ payment_intent_id: 'pi_told' })).status).toBe(409);
  });

  const BAD: readonly (readonly [Fields, string])[] = [
    [{ referral_id: undefined }, 'referral_id'],
    [{ referral_id: '' }, 'referral_id'],
    [{ sale_amount: undefined }, 'sale_amount'],
    [{ sale_amount: 0 }, 'sale_amount'],
    [{ sale_amount: '99' }, 'sale_amount'],
    [{ sale_amount: 1.001 }, 'sale_amount'],
    [{ commission_amount: undefined }, 'commission_amount'],
    [{ commission_amount: null }, 'commission_amount'],
    [{ commission_amount: -0.01 }, 'commission_amount'],
    [{ commission_amount: 1e20 }, 'commission_amount'],
    [{ commission_amount: 1.5, commission_currency: 'JPY' }, 'commission_amount'],
    [{ commission_currency: 'dollars' }, 'commission_currency'],
    [{ hold_period_days: -1 }, 'hold_period_days'],
    [{ hold_period_days: 1.5 }, 'hold_period_days'],
    [{ status: 'approved' }, 'status'],
    [{ sales_status: 'paid' }, 'sales_status'],
    [{ is_subscription: 'yes' }, 'is_subscription'],
    [{ created_at: 'yesterday' }, 'created_at'],
    [{ created_at: '2199-01-01T00:00:00Z' }, 'created_at'],
  ];

  test.each(BAD)('%j is 400 and nothing is stored', async (more, field) => {
    const before = await site.everything();
    const { status, body } = await create(more);
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect([body.error.field, ...(body.error.details ?? []).map((one) => one.field)]).toContain(field);
    expect(await site.everything()).toBe(before);
  });

  test('a referral that nobody knows, or of another workspace, is 404', async () => {
    const before = await site.everything();
    for (const referral_id of ['ref_nobody', 'other_ref_1']) {
      const { status, body } = await create({ referral_id });
      expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
    }
    expect(await site.everything()).toBe(before);
  });

  test('a key that may only read is 403', async () => {
    const { key } = await site.keyFor(true, ['read:commissions']);
    expect((await create({}, { key })).status).toBe(403);
  });

  test('with an Idempotency-Key it is told once', async () => {
    const referral_id = await referral();
    const asked = { headers: { 'idempotency-key': 'once' } };
    const all = await Promise.all(Array.from({ length: 20 }, () => create({ referral_id }, asked)));
    expect(all.map(({ status, body }) => [status, body.data['id']])).toEqual(
      all.map(() => [201, all[0]?.body.data['id']]),
    );
    expect((await create({ referral_id, commission_amount: 99 }, asked)).body.data['commission_amount']).toBe(12.5);
    expect((await create({}, { headers: { 'idempotency-key': 'x'.repeat(201) } })).status).toBe(400);
  });

  test('waits for a person where a sale of its kind does, unless the caller says how it stands', async () => {
    await site.stage.affiliate('looked-at', 'by-hand');
    await site.stage.incentive(
      'inc_hand',
      terms('10', { groupId: 'by-hand', approvalType: 'manual', holdPeriodDays: 9 }),
    );
    const asked = { referral_id: await referral('looked-at') };
    expect((await create(asked)).body.data).toMatchObject({ status: 'pending_manual_approval', hold_period_days: 9 });
    expect((await create({ ...asked, status: 'pending' })).body.data).toMatchObject({ status: 'pending' });
    expect((await create({ ...asked, status: 'ready_for_payment' })).body.data['status']).toBe('ready_for_payment');
  });

  test('what nobody can earn of is refused, and nothing is stored', async () => {
    await site.stage.affiliate('waiting');
    const referral_id = await referral('waiting');
    await site.send('PUT', '/v1/affiliates/waiting', '{"partnership_status":"rejected"}');
    const before = await site.everything();
    const { status, body } = await create({ referral_id });
    expect([status, body.error.message]).toEqual([400, expect.stringContaining('not approved')]);
    expect(await site.everything()).toBe(before);
  });

  test('of a referral that was rejected is refused, and nothing is stored', async () => {
    const referral_id = await referral();
    await site.send('PUT', `/v1/referrals/${referral_id}`, '{"status":"rejected"}');
    const before = await site.everything();
    const { status, body } = await create({ referral_id });
    expect([status, body.error.message]).toEqual([400, expect.stringContaining('the referral was rejected')]);
    expect(await site.everything()).toBe(before);
  });

  test.each(['open', 'trialing', 'failed'])('a sale that is %s earns nothing yet', async (sales_status) => {
    expect((await create({ sales_status })).body.data).toMatchObject({ sales_status, commission_amount: 0 });
  });

  test.each([
    [8, 1_000n, -200n],
    [20, 1_000n, 1_000n],
  ])('told as paid, then set to %d: what was paid stays paid', async (amount, paid, owed) => {
    const before = await site.stage.balance('jane');
    const { body } = await create({ commission_amount: 10, status: 'paid' });
    await put(body.data['id'], { commission_amount: amount });
    const after = await site.stage.balance('jane');
    expect([after.paid - before.paid, after.payable - before.payable]).toEqual([paid, owed]);
  });

  test('a later word counts, also of a sale that is dated later', async () => {
    const { body } = await create({ created_at: new Date(site.stage.clock.now + 43_200_000).toISOString() });
    expect((await put(body.data['id'], { commission_amount: 5 })).body.data['commission_amount']).toBe(5);
  });

  test('a test key tells the test world only', async () => {
    const before = await payable();
    const { body } = await create({}, { key: site.test });
    expect((await site.get(`/v1/commissions/${String(body.data['id'])}`)).status).toBe(404);
    expect(await payable()).toBe(before);
  });
});

describe('beside the webhook of the same payment', () => {
  const pay = () => {
    const account = createAccount({ family: 'basil', seed: 700 + referrals, startAt: site.stage.clock.now / 1000 });
    const { firstPayment } = account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 9900 }),
    });
    return { account, intent: firstPayment.paymentIntent ?? '', invoice: firstPayment.invoice?.id ?? '' };
  };

  test.each(['call', 'webhook'] as const)(
    'told by the %s first it is one payment with one commission',
    async (first) => {
      const referral_id = await referral();
      const before = await payable();
      const { account, intent, invoice } = pay();
      if (first === 'webhook') await site.stage.hearAll(account.events);
      const { status } = await create({ referral_id, payment_intent_id: intent });
      expect(status).toBe(201);
      if (first === 'call') await site.stage.hearAll(account.events);
      await site.stage.drain();
      const { body } = await site.get(`/v1/commissions?referral_id=${referral_id}`);
      expect(body.data).toMatchObject([
        {
          payment_intent_id: intent,
          invoice_id: invoice,
          commission_amount: 12.5,
          sale_amount: 99,
          status: 'ready_for_payment',
        },
      ]);
      expect((await payable()) - before).toBe(1_250n);
    },
  );

  test('a payment whose webhook earned already is 409', async () => {
    const account = createAccount({ family: 'basil', seed: 790, startAt: site.stage.clock.now / 1000 });
    const customer = account.customer({ metadata: { affonso_referral: await referral() } });
    const { firstPayment } = account.subscribe({ customer, price: account.price({ amount: 9900 }) });
    await site.stage.hearAll(account.events);
    const before = await site.everything();
    expect((await create({ payment_intent_id: firstPayment.paymentIntent })).status).toBe(409);
    expect(await site.everything()).toBe(before);
  });
});

describe('PUT of an amount', () => {
  const sold = async (more: Fields = {}): Promise<string> => {
    const sale = { referral_id: await referral(), sale_amount: 100, external_event_id: `sold_${referrals}`, ...more };
    return String((await site.post('/v1/conversions', sale)).body.data['id']);
  };

  test('sets it, in place of the incentive, and the ledger follows', async () => {
    const id = await sold();
    const before = await payable();
    const { status, body } = await put(id, { commission_amount: 45.01 });
    expect([status, body.data['commission_amount'], body.data['status']]).toEqual([200, 45.01, 'ready_for_payment']);
    expect((await payable()) - before).toBe(1_501n);
    expect((await site.get(`/v1/conversions/${id}`)).body.data).toMatchObject({ matched_incentive_id: null });
  });

  test('and says that it is paid, in one call: what is paid out is what was set', async () => {
    const id = await sold();
    const { paid } = await site.stage.balance('jane');
    expect((await put(id, { commission_amount: 10, status: 'paid' })).body.data).toMatchObject({ status: 'paid' });
    expect((await site.stage.balance('jane')).paid - paid).toBe(1_000n);
    const owed = await payable();
    await put(id, { commission_amount: 8 });
    expect((await payable()) - owed).toBe(-200n);
  });

  test('the whole object put back changes nothing but what differs', async () => {
    const id = await sold();
    const whole = await shown(id);
    const { body } = await put(id, { ...whole, status: 'pending_manual_approval' });
    expect(body.data).toMatchObject({ commission_amount: 30, status: 'pending_manual_approval' });
    // Nothing was set: the incentive still says what it earns.
    expect((await site.get(`/v1/conversions/${id}`)).body.data).toMatchObject({ matched_incentive_id: 'inc_all' });
  });

  test('the whole object of a sale that is refunded, or earned nothing, can be put back too', async () => {
    const gone = await sold();
    await site.post(`/v1/conversions/${gone}/refund`, {});
    await site.stage.affiliate('nothing', 'nothing-for-them');
    await site.stage.incentive('inc_all', terms('30', { groupId: 'somebody-else' }));
    const none = await sold({ referral_id: await referral('nothing') });
    await site.stage.incentive('inc_all', terms('30'));
    for (const id of [gone, none]) {
      const whole = await shown(id);
      const { status, body } = await put(id, whole);
      expect([status, body.data]).toEqual([200, whole]);
    }
  });

  test('a hold begins with the payment and ends by itself', async () => {
    const id = await sold();
    expect((await put(id, { hold_period_days: 10 })).body.data).toMatchObject({
      status: 'pending',
      hold_period_days: 10,
    });
    site.stage.clock.now += 11 * 86_400_000;
    await site.stage.drain();
    expect(await shown(id)).toMatchObject({ status: 'ready_for_payment' });
    expect((await put(id, { hold_period_days: 0 })).body.data).toMatchObject({ hold_period_days: 0 });
  });

  test('in another currency moves it from one balance to the other', async () => {
    const id = await sold();
    const [dollars, euros] = [await payable(), await payable('jane', 'eur')];
    const { body } = await put(id, { commission_amount: 20, commission_currency: 'eur' });
    expect(body.data).toMatchObject({ commission_amount: 20, commission_currency: 'EUR' });
    expect([(await payable()) - dollars, (await payable('jane', 'eur')) - euros]).toEqual([-3_000n, 2_000n]);
  });

  test.each(['eur', 'zar'])(
    'in another currency (%s) it takes the place of what stood before, in every list',
    async (code) => {
      const id = await sold();
      await put(id, { commission_amount: 20, commission_currency: code });
      const order = { commission_amount: 20, commission_currency: code.toUpperCase(), status: 'ready_for_payment' };
      expect(await shown(id)).toMatchObject({ id, ...order });
      const listed = async (list: string): Promise<Fields[]> => {
        const { body } = await site.get(`/v1/${list}limit=200`);
        const rows = body.data as unknown as Fields[];
        expect((body as unknown as { pagination: Fields }).pagination['total']).toBe(rows.length);
        return rows.filter((row) => row['id'] === id);
      };
      expect(await listed('commissions?')).toEqual([expect.objectContaining(order)]);
      expect(await listed('conversions?')).toHaveLength(1);
      expect(await listed('commissions?status=declined&affiliate_id=jane&')).toEqual([]);
      // Back again, and the other is gone.
      await put(id, { commission_amount: 21, commission_currency: 'usd' });
      expect(await listed('commissions?')).toEqual([
        expect.objectContaining({ commission_amount: 21, commission_currency: 'USD' }),
      ]);
    },
  );

  test('after a refund it is 400', async () => {
    const id = await sold();
    await site.post(`/v1/conversions/${id}/refund`, { amount: 10 });
    const { status, body } = await put(id, { commission_amount: 5 });
    expect([status, body.error.field]).toEqual([400, 'commission_amount']);
    expect(await shown(id)).toMatchObject({ commission_amount: 27 });
  });

  test('gives something where no incentive gave anything, but not where nobody is credited', async () => {
    await site.stage.affiliate('poor', 'nothing-for-them');
    await site.stage.incentive('inc_all', terms('30', { groupId: 'somebody-else' }));
    const id = await sold({ referral_id: await referral('poor') });
    await site.stage.incentive('inc_all', terms('30'));
    expect((await put(id, { commission_amount: 5 })).body.data).toMatchObject({
      commission_amount: 5,
      affiliate_id: 'poor',
    });
    const account = createAccount({ family: 'old', seed: 795, startAt: site.stage.clock.now / 1000 });
    account.subscribe({ customer: account.customer({}), price: account.price({ amount: 9900 }) });
    await site.stage.hearAll(account.events);
    const [organic] = await site.stage.ask<{ conversion_id: string }>(
      'SELECT conversion_id FROM conversions WHERE workspace_id = $1 AND affiliate_id IS NULL ORDER BY number DESC LIMIT 1',
    );
    const { status, body } = await put(organic?.conversion_id, { commission_amount: 5 });
    expect([status, body.error.message]).toEqual([400, expect.stringContaining('nobody is credited')]);
  });
});
