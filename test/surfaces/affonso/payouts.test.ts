/** `/v1/payouts` (apis.md 2.2): what was ruled to be on its way or paid, as it is read; and what Affixo shows of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKey } from '../../../src/pipeline/keys.ts';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { terms } from '../../support/stage.ts';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site, other } = scene);
  const { stage } = site;
  await stage.affiliate('jane');
  await stage.affiliate('max');
  await stage.referral('ref_jane', 'jane');
  await stage.referral('ref_max', 'max');
  await stage.incentive('inc_all', terms('30'));
});

afterAll(() => scene.close());

type Row = Record<string, unknown>;
const rowsOf = ({ body }: Answer): readonly Row[] => body.data as unknown as readonly Row[];

let made = 0;

async function sell(more: Row = {}, key = site.live): Promise<string> {
  const sale = { referral_id: 'ref_jane', sale_amount: 100, external_event_id: `sale ${(made += 1)}` };
  const { body } = await site.post('/v1/conversions', { ...sale, ...more }, { key });
  return String(body.data['id']);
}

async function rule(id: string, status: string, key = site.live): Promise<void> {
  site.stage.clock.now += 1000;
  const answer = await site.send('PUT', `/v1/commissions/${id}`, JSON.stringify({ status }), { key });
  expect(answer.status).toBe(200);
}

/** The payout of a conversion; undefined: there is none. */
async function payoutOf(conversion: string, key = site.live): Promise<Row | undefined> {
  const earning = (await site.get(`/v1/conversions/${conversion}`, { key })).body.data['earning_id'];
  const id = String(earning).replace('earn_', 'payout_');
  return rowsOf(await site.get('/v1/payouts?limit=200', { key })).find((row) => row['id'] === id);
}

const now = (): string => new Date(site.stage.clock.now).toISOString();

describe('a payout', () => {
  test('is a commission that was ruled to be paid, as documented', async () => {
    const id = await sell({ sale_amount: 99, created_at: '2025-06-22T12:00:00Z' });
    expect(await payoutOf(id)).toBeUndefined();
    await rule(id, 'paid');
    const paid = await payoutOf(id);
    const [{ number } = { number: 0n }] = await site.stage.ask<{ number: bigint }>(
      'SELECT number FROM commissions WHERE workspace_id = $1 AND conversion_id = $2',
      [id],
    );
    expect(paid).toEqual({
      id: expect.stringMatching(/^payout_[0-9a-z]{26}$/),
      affiliate_id: 'jane',
      invoice_number: Number(number),
      amount: 29.7,
      currency: 'USD',
      status: 'completed',
      payment_method: 'manual',
      payment_reference: null,
      processed_at: now(),
      managed_payout: false,
      affiliate: { name: 'jane', email: 'jane@partner.example' },
      created_at: now(),
      updated_at: now(),
    });
    const one = await site.get(`/v1/payouts/${String(paid?.['id'])}`);
    expect(one.status).toBe(200);
    expect(one.body).toEqual({
      success: true,
      data: {
        ...paid,
        transactions: [
          {
            id: String(paid?.['id']).replace('payout_', 'earn_'),
            amount: 29.7,
            commission: {
              id,
              amount: 99,
              commission_amount: 29.7,
              created_at: '2025-06-22T12:00:00.000Z',
            },
            created_at: paid?.['created_at'],
          },
        ],
      },
    });
  });

  test('on its way is processing; paid then, it keeps when it began', async () => {
    const id = await sell();
    await rule(id, 'processing_payout');
    const began = now();
    expect(await payoutOf(id)).toMatchObject({
      status: 'processing',
      amount: 30,
      created_at: began,
      processed_at: began,
    });
    await rule(id, 'paid');
    expect(await payoutOf(id)).toMatchObject({
      status: 'completed',
      amount: 30,
      created_at: began,
      processed_at: now(),
    });
  });

  test('pays what stood when it began, whatever is refunded meanwhile and later', async () => {
    const id = await sell();
    await rule(id, 'processing_payout');
    await site.post(`/v1/conversions/${id}/refund`, { amount: 50 });
    expect(await payoutOf(id)).toMatchObject({ status: 'processing', amount: 30 });
    await rule(id, 'paid');
    await site.post(`/v1/conversions/${id}/refund`, {});
    const paid = await payoutOf(id);
    expect(paid).toMatchObject({ status: 'completed', amount: 30 });
    const { body } = await site.get(`/v1/payouts/${String(paid?.['id'])}`);
    expect(body.data['transactions']).toMatchObject([{ amount: 30, commission: { amount: 0, commission_amount: 0 } }]);
  });

  test('stays when the commission is declined afterwards, and is none when a word says that nothing was paid', async () => {
    const id = await sell();
    await rule(id, 'paid');
    const paid = await payoutOf(id);
    await rule(id, 'declined');
    expect(await payoutOf(id)).toMatchObject({ id: paid?.['id'], status: 'completed', amount: 30 });
    await rule(id, 'ready_for_payment');
    expect(await payoutOf(id)).toBeUndefined();
    await rule(id, 'paid');
    expect(await payoutOf(id)).toMatchObject({ amount: 30, created_at: now(), processed_at: now() });
  });

  test('may be told with the sale itself', async () => {
    const id = await sell({ status: 'paid', created_at: '2025-03-01T00:00:00Z' });
    expect(await payoutOf(id)).toMatchObject({
      amount: 30,
      created_at: '2025-03-01T00:00:00.000Z',
      processed_at: '2025-03-01T00:00:00.000Z',
    });
    const way = await sell({ status: 'processing_payout' });
    expect(await payoutOf(way)).toMatchObject({ status: 'processing', amount: 30 });
  });

  test('is shown in its own currency’s scale', async () => {
    const yen = await sell({ sale_amount: 1000, sale_amount_currency: 'JPY' });
    const dinars = await sell({ sale_amount: 10, sale_amount_currency: 'KWD' });
    for (const id of [yen, dinars]) await rule(id, 'paid');
    expect(await payoutOf(yen)).toMatchObject({ amount: 300, currency: 'JPY' });
    expect(await payoutOf(dinars)).toMatchObject({ amount: 3, currency: 'KWD' });
  });
});

describe('lists', () => {
  test('are by affiliate, status and day, in the order asked for, a page at a time', async () => {
    const ids: string[] = [];
    for (const sale_amount of [10, 30, 20]) ids.push(await sell({ referral_id: 'ref_max', sale_amount }));
    for (const id of ids.slice(0, 2)) await rule(id, 'paid');
    await rule(ids[2] ?? '', 'processing_payout');
    const amounts = async (query: string): Promise<unknown[]> =>
      rowsOf(await site.get(`/v1/payouts?affiliateId=max${query}`)).map(({ amount }) => amount);
    expect(await amounts('')).toEqual([6, 9, 3]);
    expect(await amounts('&sort=createdAt:asc')).toEqual([3, 9, 6]);
    expect(await amounts('&sort=amount:desc')).toEqual([9, 6, 3]);
    expect(await amounts('&sort=processedAt:asc&limit=1&page=2')).toEqual([9]);
    expect(await amounts('&sort=updatedAt:desc&limit=1')).toEqual([6]);
    expect(await amounts('&status=completed')).toEqual([9, 3]);
    expect(await amounts('&status=processing')).toEqual([6]);
    for (const status of ['pending', 'failed', 'cancelled']) expect(await amounts(`&status=${status}`)).toEqual([]);
    const day = now().slice(0, 10);
    expect(await amounts(`&dateFrom=${day}&dateTo=${day}`)).toEqual([6, 9, 3]);
    expect(await amounts('&dateTo=2020-01-01')).toEqual([]);
    expect(rowsOf(await site.get('/v1/payouts?affiliate_id=max'))).toHaveLength(3);
    const { body } = await site.get('/v1/payouts?affiliateId=max&limit=2');
    expect(body['pagination']).toEqual({
      page: 1,
      limit: 2,
      total: 3,
      total_pages: 2,
      has_next_page: true,
      has_prev_page: false,
    });
  });

  test.each(['status=paid', 'sort=amount', 'sort=name:asc', 'dateFrom=soon', 'limit=201', 'page=0'])(
    '%s is refused',
    async (query) => {
      const { status, body } = await site.get(`/v1/payouts?${query}`);
      expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', query.split('=')[0]]);
    },
  );

  test('show nothing of the other world and of other workspaces', async () => {
    const id = await sell({}, site.test);
    await rule(id, 'paid', site.test);
    const test = await payoutOf(id, site.test);
    expect(test).toMatchObject({ amount: 30 });
    expect((await site.get(`/v1/payouts/${String(test?.['id'])}`)).status).toBe(404);
    expect((await site.get(`/v1/payouts/${String(test?.['id'])}`, { key: site.test })).status).toBe(200);
    const mine = rowsOf(await site.get('/v1/payouts'))[0];
    expect((await other.get(`/v1/payouts/${String(mine?.['id'])}`)).status).toBe(404);
    expect(rowsOf(await other.get('/v1/payouts'))).toEqual([]);
    expect(rowsOf(await site.get('/v1/payouts', { key: site.test })).map(({ id: one }) => one)).toEqual([test?.['id']]);
  });
});

describe('changing one', () => {
  const put = (id: unknown, body: Row, key = site.live): Promise<Answer> =>
    site.send('PUT', `/v1/payouts/${String(id)}`, JSON.stringify(body), { key });

  test('says what became of it, as a ruling on its commission', async () => {
    const id = await sell();
    await rule(id, 'processing_payout');
    const payout = await payoutOf(id);
    const created = now();
    site.stage.clock.now += 1000;
    const answer = await put(payout?.['id'], { status: 'completed', paymentMethod: 'manual' });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual((await site.get(`/v1/payouts/${String(payout?.['id'])}`)).body.data);
    expect(answer.body.data).toMatchObject({ status: 'completed', created_at: created, processed_at: now() });
    expect((await site.get(`/v1/commissions/${id}`)).body.data['status']).toBe('paid');

    const back = await put(payout?.['id'], { status: 'processing' });
    expect(back.body.data['status']).toBe('processing');
    expect((await site.get(`/v1/commissions/${id}`)).body.data['status']).toBe('processing_payout');
  });

  test.each([
    [{}, 'status', 'must be processing or completed'],
    [{ status: 'cancelled' }, 'status', 'PUT /v1/commissions/{id} with status ready_for_payment'],
    [{ status: 'completed', paymentMethod: 'paypal' }, 'paymentMethod', 'must be manual'],
    [{ status: 'completed', paymentReference: 'ref_abc' }, 'paymentReference', 'is not kept'],
  ])('%j is refused with what to do instead', async (body, field, words) => {
    const id = await sell();
    await rule(id, 'processing_payout');
    const payout = await payoutOf(id);
    const answer = await put(payout?.['id'], body);
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([400, 'VALIDATION_ERROR', field]);
    expect(answer.body.error.message).toContain(words);
    expect(await payoutOf(id)).toEqual(payout);
  });

  test('one that is unknown, of another workspace or of the other world is not found', async () => {
    const id = await sell();
    await rule(id, 'paid');
    const payout = await payoutOf(id);
    for (const one of ['payout_nothing', 'earn_nothing', 'x']) {
      expect((await put(one, { status: 'completed' })).body.error.code).toBe('NOT_FOUND');
      expect((await site.get(`/v1/payouts/${one}`)).status).toBe(404);
    }
    for (const key of [site.test, other.live])
      expect((await put(payout?.['id'], { status: 'processing' }, key)).status).toBe(404);
    expect(await payoutOf(id)).toEqual(payout);
  });

  test('reading and changing need their permissions', async () => {
    const { key } = await site.keyFor(true, ['read:payouts']);
    expect((await site.get('/v1/payouts', { key })).status).toBe(200);
    expect((await site.send('PUT', '/v1/payouts/x', '{}', { key })).status).toBe(403);
    const { key: poor } = await site.keyFor(true, ['read:commissions']);
    expect((await site.get('/v1/payouts', { key: poor })).status).toBe(403);
    expect((await site.get('/v1/payouts/x', { key: poor })).status).toBe(403);
  });
});

describe('at Affixo’s paths', () => {
  const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  test('they are listed in its words, newest first', async () => {
    const { key } = await site.keyFor(true, ['read'], 'default', affixo.keys);
    const id = await sell({ referral_id: 'ref_jane', sale_amount: 40 });
    await rule(id, 'paid');
    const rows = rowsOf(await site.get('/affixo/v1/payouts?limit=100', { key }));
    expect(rows[0]).toEqual({
      id: expect.stringMatching(UUID),
      affiliate_id: 'jane',
      amount: 12,
      currency: 'usd',
      status: 'paid',
      paid_at: now(),
      created_at: now(),
      method: 'manual',
    });
    const way = await sell({ referral_id: 'ref_max' });
    await rule(way, 'processing_payout');
    const [first] = rowsOf(await site.get('/affixo/v1/payouts?affiliate_id=max&limit=1', { key }));
    expect(first).toMatchObject({ affiliate_id: 'max', status: 'processing', paid_at: null });
  });

  test('an affiliate sees their own', async () => {
    const terms2 = { workspace: 'default', family: affixo.keys, livemode: true, name: 'max', scopes: [] };
    const { key } = await createKey(site.stage.work, { ...terms2, affiliateId: 'max' });
    const rows = rowsOf(await site.get('/affixo/v1/affiliate/payouts?limit=100', { key }));
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ affiliate_id: id }) => id))).toEqual(new Set(['max']));
    expect((await site.get('/affixo/v1/payouts', { key })).status).toBe(401);
  });
});
