/** `/v1/commissions` (apis.md 2.2): read, listed, ruled on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  await stage.referral('ref_1', 'jane', { email: 'one@shop.example' });
  await stage.affiliate('slow', 'approved-by-hand');
  await stage.referral('ref_slow', 'slow');
  await stage.incentive('inc_all', terms('30'));
  await stage.incentive('inc_slow', terms('10', { groupId: 'approved-by-hand', approvalType: 'manual' }));
});

afterAll(() => scene.close());

const put = (id: string, body: unknown, key = site.live): Promise<Answer> =>
  site.send('PUT', `/v1/commissions/${id}`, JSON.stringify(body), { key });

async function sell(referral: string, event: string, more: Record<string, unknown> = {}): Promise<string> {
  const { body } = await site.post('/v1/conversions', {
    referral_id: referral,
    sale_amount: 100,
    external_event_id: event,
    ...more,
  });
  return String(body.data['id']);
}

async function balance(affiliate: string): Promise<unknown> {
  const { review, pending, payable, paid } = await site.stage.balance(affiliate);
  return { review, pending, payable, paid };
}

test('a commission is its conversion without three keys', async () => {
  const id = await sell('ref_1', 'shape');
  const conversion = (await site.get(`/v1/conversions/${id}`)).body.data;
  const { body } = await site.get(`/v1/commissions/${id}`);
  const {
    external_event_id: _event,
    calculation_mode: _mode,
    matched_incentive_id: _incentive,
    kind: _kind,
    source: _source,
    reason: _reason,
    ...rest
  } = conversion;
  expect(body.data).toEqual(rest);
  expect(Object.keys(body.data)).toHaveLength(17);
  const expanded = await site.get(`/v1/commissions/${id}?expand=affiliate,referral`);
  expect(expanded.body.data).toMatchObject({
    affiliate: { id: 'jane' },
    referral: { id: 'ref_1', email: 'one@shop.example' },
  });
});

describe('ruling', () => {
  test('approving moves the money out of review, declining takes it away, and back again', async () => {
    const id = await sell('ref_slow', 'ruled');
    expect(await balance('slow')).toEqual({ review: 1000n, pending: 0n, payable: 0n, paid: 0n });
    const steps = [
      ['ready_for_payment', { review: 0n, pending: 0n, payable: 1000n, paid: 0n }],
      ['declined', { review: 0n, pending: 0n, payable: 0n, paid: 0n }],
      ['pending_manual_approval', { review: 1000n, pending: 0n, payable: 0n, paid: 0n }],
      ['paid', { review: 0n, pending: 0n, payable: 0n, paid: 1000n }],
      ['ready_for_payment', { review: 0n, pending: 0n, payable: 1000n, paid: 0n }],
    ] as const;
    for (const [status, stands] of steps) {
      site.stage.clock.now += 1000;
      const { status: code, body } = await put(id, { status });
      expect([code, body.data['id'], body.data['status']]).toEqual([200, id, status]);
      expect(await balance('slow')).toEqual(stands);
    }
    const journal = await site.stage.ask<{ event_key: string; state: string }>(
      `SELECT event_key, state FROM inbox WHERE workspace_id = $1 AND source = 'operator' AND event_key LIKE 'ruling:%' ORDER BY occurred_at`,
    );
    expect(journal).toHaveLength(steps.length);
    for (const { event_key, state } of journal)
      expect([event_key.startsWith(`ruling:${id}:`), state]).toEqual([true, 'done']);
  });

  test('a refund after an approval takes back its share, and the ruling stays', async () => {
    const id = await sell('ref_slow', 'ruled and refunded');
    const before = await site.stage.balance('slow');
    await put(id, { status: 'ready_for_payment' });
    await site.post(`/v1/conversions/${id}/refund`, { amount: 40 });
    const { body } = await site.get(`/v1/commissions/${id}`);
    expect(body.data).toMatchObject({
      status: 'ready_for_payment',
      sales_status: 'partial_refunded',
      commission_amount: 6,
      sale_amount: 60,
    });
    expect((await site.stage.balance('slow')).payable).toBe(before.payable + 600n);
  });

  test('DELETE declines', async () => {
    const id = await sell('ref_1', 'deleted');
    const { status, body } = await site.send('DELETE', `/v1/commissions/${id}`, undefined);
    expect([status, body['success'], typeof body['message']]).toEqual([200, true, 'string']);
    expect((await site.get(`/v1/commissions/${id}`)).body.data).toMatchObject({
      status: 'declined',
    });
  });

  test('thirty rulings at once leave the ledger whole', async () => {
    const id = await sell('ref_slow', 'many');
    const words = ['ready_for_payment', 'declined', 'pending_manual_approval'];
    const all = await Promise.all(Array.from({ length: 30 }, (_, n) => put(id, { status: words[n % 3] })));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
  });

  test('a sale that earned nothing has nothing to rule on, and says why', async () => {
    await site.stage.affiliate('nothing', 'none');
    await site.stage.incentive('inc_all', terms('30', { priceIds: ['price_1'] }));
    await site.stage.referral('ref_nothing', 'nothing');
    const id = await sell('ref_nothing', 'earned nothing');
    await site.stage.incentive('inc_all', terms('30'));
    const { status, body } = await put(id, { status: 'paid' });
    expect(status).toBe(400);
    expect(body.error.message).toContain('no incentive matched');
    expect((await site.get(`/v1/commissions/${id}`)).body.data).toMatchObject({
      commission_amount: 0,
      earning_id: null,
    });
  });

  const BAD: readonly (readonly [string, Record<string, unknown> | unknown[] | string, string])[] = [
    ['no status', {}, 'status'],
    ['an unknown status', { status: 'approved' }, 'status'],
    ['a status that is a number', { status: 1 }, 'status'],
    ['an amount below nothing', { status: 'paid', commission_amount: -1 }, 'commission_amount'],
    ['an amount as text', { commission_amount: '10' }, 'commission_amount'],
    ['an amount of too many digits', { commission_amount: 10.001 }, 'commission_amount'],
    ['another currency without an amount', { commission_currency: 'EUR' }, 'commission_currency'],
    ['an unknown currency', { commission_amount: 1, commission_currency: 'EURO' }, 'commission_currency'],
    ['another amount of the sale', { sale_amount: 1, status: 'paid' }, 'sale_amount'],
    ['another currency of the sale', { sale_amount_currency: 'EUR', status: 'paid' }, 'sale_amount_currency'],
    ['another sale status', { sales_status: 'refunded', status: 'paid' }, 'sales_status'],
    ['a hold below nothing', { hold_period_days: -1, status: 'paid' }, 'hold_period_days'],
    ['half a day', { hold_period_days: 0.5 }, 'hold_period_days'],
    ['nothing but nulls', { status: null, commission_amount: null, hold_period_days: null }, 'status'],
    ['a list', [], 'body'],
    ['text', 'paid', 'body'],
  ];

  test.each(BAD)('%s is refused and nothing is stored', async (_, body, field) => {
    const id = await sell('ref_1', 'bad rulings');
    const before = await site.everything();
    const answer = await put(id, body);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.body.error.details?.map((one) => one.field)).toContain(field);
    expect(await site.everything()).toBe(before);
  });

  test('unknown ids, refunds, other worlds and other workspaces are 404', async () => {
    const id = await sell('ref_1', 'not theirs');
    await site.post(`/v1/conversions/${id}/refund`, { amount: 1, external_event_id: 'r1' });
    const [refund] = await site.stage.ask<{ conversion_id: string }>(
      `SELECT conversion_id FROM conversions WHERE workspace_id = $1 AND kind = 'refund' ORDER BY created_at DESC LIMIT 1`,
    );
    const before = await site.everything();
    for (const [asked, key] of [
      ['com_nobody', site.live],
      [refund?.conversion_id ?? '', site.live],
      [id, site.test],
      [id, other.live],
    ] as const) {
      expect((await site.get(`/v1/commissions/${asked}`, { key })).body.error.code).toBe('NOT_FOUND');
      expect((await put(asked, { status: 'paid' }, key)).status).toBe(404);
      expect((await site.send('DELETE', `/v1/commissions/${asked}`, undefined, { key })).status).toBe(404);
    }
    expect(await site.everything()).toBe(before);
  });
});

describe('the list', () => {
  const events = (answer: Answer): unknown[] =>
    (answer.body.data as unknown as { created_at: string }[]).map((row) => row.created_at.slice(0, 10));

  beforeAll(async () => {
    await site.stage.affiliate('lister');
    await site.stage.referral('ref_list', 'lister');
    for (const day of ['2026-01-01', '2026-01-02', '2026-01-03'])
      await sell('ref_list', `listed ${day}`, { created_at: `${day}T12:00:00Z` });
  });

  test.each([
    ['', ['2026-01-03', '2026-01-02', '2026-01-01']],
    ['sort=createdAt:asc', ['2026-01-01', '2026-01-02', '2026-01-03']],
    ['sort=createdAt:desc&limit=1&page=2', ['2026-01-02']],
    ['dateFrom=2026-01-02', ['2026-01-03', '2026-01-02']],
    ['dateTo=2026-01-02', ['2026-01-02', '2026-01-01']],
    ['created_gte=2026-01-02T12:00:00.000Z&created_lte=2026-01-02T12:00:00%2B00:00', ['2026-01-02']],
    ['status=ready_for_payment&sales_status=complete', ['2026-01-03', '2026-01-02', '2026-01-01']],
    ['status=paid', []],
    ['sales_status=refunded', []],
    ['referral_id=ref_list', ['2026-01-03', '2026-01-02', '2026-01-01']],
    ['referral_id=ref_1', []],
  ])('?%s', async (query, days) => {
    expect(events(await site.get(`/v1/commissions?affiliate_id=lister&${query}`))).toEqual(days);
  });

  test('expands affiliate and referral, named in either way', async () => {
    for (const query of ['expand=affiliate&expand=referral', 'expand=affiliate,referral,affiliate_program']) {
      const { body } = await site.get(`/v1/commissions?affiliate_id=lister&${query}`);
      for (const row of body.data as unknown as Record<string, unknown>[])
        expect(row).toMatchObject({ affiliate: { id: 'lister' }, referral: { id: 'ref_list' } });
    }
    const { body } = await site.get('/v1/commissions?affiliate_id=lister&limit=1&expand=affiliate_program');
    const [row] = body.data as unknown as Record<string, unknown>[];
    expect(row?.['affiliate_program']).toEqual({ id: row?.['program_id'], name: expect.any(String) as string });
  });

  test('shows the world of the key and the own workspace only, and no sale without a commission', async () => {
    expect((await site.get('/v1/commissions', { key: site.test })).body['pagination']).toMatchObject({ total: 0 });
    expect((await other.get('/v1/commissions')).body['pagination']).toMatchObject({ total: 0 });
    expect((await site.get('/v1/commissions?affiliate_id=nothing')).body['pagination']).toMatchObject({ total: 0 });
  });

  test.each([
    'status=good',
    'sales_status=x',
    'sort=amount:desc',
    'dateFrom=1.1.2026',
    'dateTo=2026-13-01',
    'created_gte=',
    'limit=500',
    'page=x',
  ])('?%s is 400', async (query) => {
    const { status, body } = await site.get(`/v1/commissions?${query}`);
    expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', query.split('=')[0]]);
  });
});
