/** `GET /v1/affiliates/{id}/balance?at=` and `/ledger`: what an affiliate had at any moment, and why. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms } from '../../support/stage.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let sold = '';

/** Day by day: earned 30 on hold, released, refunded by half, a sale in euro, a sale in the test world. */
beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  const { stage } = site;
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30', { holdPeriodDays: 7 }));
  stage.clock.now = Date.UTC(2026, 0, 5, 12);
  const { body } = await sell('one', {});
  sold = String(body.data['id']);
  await stage.pass(7);
  stage.clock.now = Date.UTC(2026, 0, 20, 12);
  await site.post(`/v1/conversions/${sold}/refund`, { amount: 50, external_event_id: 'r1' });
  stage.clock.now = Date.UTC(2026, 0, 25, 12);
  await sell('two', { sale_amount: 10, sale_amount_currency: 'EUR' });
  await site.post(
    '/v1/conversions',
    { referral_id: 'ref_1', sale_amount: 7, external_event_id: 'test' },
    { key: site.test },
  );
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const sell = (event: string, more: Record<string, unknown>): Promise<Answer> =>
  site.post('/v1/conversions', {
    referral_id: 'ref_1',
    sale_amount: 100,
    external_event_id: event,
    ...more,
  });

const usd = (review: number, pending: number, payable: number, paid = 0) => ({
  currency: 'USD',
  review,
  pending,
  payable,
  paid,
});
const EUR = { currency: 'EUR', review: 0, pending: 3, payable: 0, paid: 0 };

describe('balance', () => {
  test.each([
    ['2026-01-04', []],
    ['2026-01-05T11:59:59.999Z', []],
    ['2026-01-05T12:00:00Z', [usd(0, 30, 0)]],
    ['2026-01-05', [usd(0, 30, 0)]],
    ['2026-01-12T14:00:00%2B02:00', [usd(0, 0, 30)]],
    ['2026-01-12T13:59:59%2B02:00', [usd(0, 30, 0)]],
    ['2026-01-19', [usd(0, 0, 30)]],
    ['2026-01-20', [usd(0, 0, 15)]],
    ['2026-01-25', [EUR, usd(0, 0, 15)]],
  ])('at %s', async (at, stands) => {
    expect((await site.get(`/v1/affiliates/jane/balance?at=${at}`)).body).toEqual({
      success: true,
      data: stands,
    });
  });

  test('now is what all transfers add up to', async () => {
    const now = await site.get('/v1/affiliates/jane/balance');
    expect(now.body.data).toEqual([EUR, usd(0, 0, 15)]);
    expect((await site.get('/v1/affiliates/jane/balance?at=2099-01-01')).body.data).toEqual(now.body.data);
  });

  test('the test world has its own', async () => {
    expect((await site.get('/v1/affiliates/jane/balance', { key: site.test })).body.data).toEqual([usd(0, 2.1, 0)]);
  });

  test.each(['at=yesterday', 'at=2026-02-30', 'at=', 'at=2026-01-01&at=2026-01-02', 'at=1969-12-31', 'at=1e9'])(
    '?%s is 400',
    async (query) => {
      const { status, body } = await site.get(`/v1/affiliates/jane/balance?${query}`);
      expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', 'at']);
    },
  );
});

describe('ledger', () => {
  test('tells every transfer, newest first, with its conversion', async () => {
    const { body } = await site.get('/v1/affiliates/jane/ledger');
    const rows = body.data as unknown as Record<string, unknown>[];
    expect(
      rows.map(({ debit, credit, amount, currency, reason }) => [debit, credit, amount, currency, reason]),
    ).toEqual([
      ['program', 'pending', 3, 'EUR', 'earned'],
      ['payable', 'program', 15, 'USD', 'reversed'],
      ['pending', 'payable', 30, 'USD', 'moved'],
      ['program', 'pending', 30, 'USD', 'earned'],
    ]);
    expect(rows[3]).toMatchObject({
      id: expect.stringMatching(/^tr_/) as string,
      commission_id: sold,
      earning_id: expect.stringMatching(/^earn_/) as string,
      created_at: '2026-01-05T12:00:00.000Z',
    });
    expect(body['pagination']).toMatchObject({ total: 4, page: 1, limit: 50 });
  });

  test('goes by pages, and the test world has its own', async () => {
    const { body } = await site.get('/v1/affiliates/jane/ledger?limit=1&page=4');
    expect((body.data as unknown as unknown[]).length).toBe(1);
    expect(body['pagination']).toMatchObject({
      has_next_page: false,
      has_prev_page: true,
      total_pages: 4,
    });
    expect((await site.get('/v1/affiliates/jane/ledger', { key: site.test })).body['pagination']).toMatchObject({
      total: 1,
    });
  });

  test.each(['limit=0', 'page=x'])('?%s is 400', async (query) => {
    expect((await site.get(`/v1/affiliates/jane/ledger?${query}`)).status).toBe(400);
  });

  test('only GET is answered', async () => {
    for (const path of ['balance', 'ledger'])
      expect((await site.post(`/v1/affiliates/jane/${path}`, {})).status).toBe(405);
  });
});
