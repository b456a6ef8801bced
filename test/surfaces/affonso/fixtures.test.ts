/**
 * The golden fixtures of apis.md 5.6 for S2 (reference/documents/002_…), and the rows of 5.2 that concern this dialect, each
 * under its name.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { terms } from '../../support/stage.ts';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

/** The body of the document's curl, and what the document answers, both word for word. */
const ASKED = `{
    "customer_id": "cust_123",
    "sale_amount": 99.00,
    "sale_amount_currency": "USD",
    "external_event_id": "inv_2026_000145",
    "sales_status": "complete",
    "is_subscription": true,
    "interval": "monthly",
    "price_ids": ["price_monthly_usd"]
  }`;
const ANSWERED = `{
  "success": true,
  "data": {
    "id": "com_abc123",
    "referral_id": "ref_456def",
    "affiliate_id": "aff_789ghi",
    "program_id": "prog_123xyz",
    "sale_amount": 99,
    "sale_amount_currency": "USD",
    "commission_amount": 29.7,
    "commission_currency": "USD",
    "status": "ready_for_payment",
    "sales_status": "complete",
    "hold_period_days": null,
    "payment_intent_id": null,
    "invoice_id": null,
    "earning_id": "earn_123abc",
    "earning_type": "direct_commission",
    "external_event_id": "inv_2026_000145",
    "calculation_mode": "auto",
    "matched_incentive_id": "inc_monthly_001",
    "created_at": "2026-06-22T12:00:00.000Z",
    "updated_at": "2026-06-22T12:00:00.000Z"
  }
}`;

type Fields = Record<string, unknown>;

let scene: Scene;
let site: Site;

beforeAll(async () => {
  scene = await openScene({ poolSize: 16 });
  ({ site } = scene);
  const { stage } = site;
  await stage.affiliate('aff_789ghi');
  await stage.referral('ref_456def', 'aff_789ghi');
  await stage.incentive('inc_monthly_001', terms('30', { priceIds: ['price_monthly_usd'] }));
  await stage.affiliate('jane');
  await stage.referral('ref_jane', 'jane');
  await stage.incentive('inc_of_jane', terms('30', { affiliateId: 'jane' }));
  // As the dialect's guide wants it: the first conversion carries both ids.
  await sell({ referral_id: 'ref_456def', customer_id: 'cust_123', sale_amount: 1 });
});

afterAll(() => scene.close());

let told = 0;
const fresh = (): string => `event ${(told += 1)}`;

const sell = (more: Fields, key = site.live): Promise<Answer> =>
  site.post('/v1/conversions', { sale_amount: 100, external_event_id: fresh(), ...more }, { key });

const refund = (id: unknown, body: Fields): Promise<Answer> => site.post(`/v1/conversions/${String(id)}/refund`, body);

const statusesOf = (answers: readonly Answer[]): readonly number[] =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);

const times = (count: number, status: number): readonly number[] => Array.from({ length: count }, () => status);

/** Minor units of what was sold and of what it earned, as the ledger has them. */
async function ledgerOf(externalEventId: string): Promise<{ amount: bigint; earned: bigint | null } | undefined> {
  const [row] = await site.stage.ask<{ amount: bigint; earned: bigint | null }>(
    `SELECT v.amount, c.earned FROM conversions v LEFT JOIN commissions c USING (workspace_id, conversion_id)
     WHERE v.workspace_id = $1 AND v.external_event_id = $2 AND v.kind = 'sale'`,
    [externalEventId],
  );
  return row;
}

describe('the golden fixtures', () => {
  test('5.6 S2: the document’s curl body: 201 and the documented object, its 20 keys in order', async () => {
    const { status, body } = await site.send('POST', '/v1/conversions', ASKED);
    const documented = JSON.parse(ANSWERED) as { success: true; data: Fields };
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: {
        ...documented.data,
        id: expect.stringMatching(/^com_[0-9a-z]{26}$/),
        program_id: site.stage.program,
        earning_id: expect.stringMatching(/^earn_[0-9a-z]{26}$/),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
    });
    expect(Object.keys(body.data)).toEqual(Object.keys(documented.data));
    expect(Object.keys(body.data)).toHaveLength(20);
  });

  test('5.6 S2: the same body again: 200, the same data, nothing stored', async () => {
    const [first] = (await site.get('/v1/conversions?external_event_id=inv_2026_000145')).body
      .data as unknown as readonly Fields[];
    const before = await site.everything();
    const again = await site.send('POST', '/v1/conversions', ASKED);
    expect(again.status).toBe(200);
    expect(again.body.data).toMatchObject({ id: first?.['id'], commission_amount: 29.7, status: 'ready_for_payment' });
    expect(Object.keys(again.body.data)).toHaveLength(20);
    expect(await site.everything()).toBe(before);
  });

  const DOCUMENTED = JSON.parse(ASKED) as Fields;
  const without = (name: string): Fields =>
    Object.fromEntries(Object.entries(DOCUMENTED).filter(([field]) => field !== name));

  test.each([
    ['no id field', without('customer_id'), 'referral_id'],
    ['sale_amount 0', { ...DOCUMENTED, sale_amount: 0 }, 'sale_amount'],
    ['no external_event_id', without('external_event_id'), 'external_event_id'],
    ['interval weekly', { ...DOCUMENTED, interval: 'weekly' }, 'interval'],
  ])('5.6 S2: %s: 400 VALIDATION_ERROR', async (_, body, field) => {
    const before = await site.everything();
    const answer = await site.post('/v1/conversions', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ success: false, error: { code: 'VALIDATION_ERROR', field } });
    expect(await site.everything()).toBe(before);
  });
});

describe('what clients rely on', () => {
  test('5.2 Affonso replay: 201, then 200 with the same data.id', async () => {
    const body = { referral_id: 'ref_jane', external_event_id: fresh() };
    const [first, again] = [await sell(body), await sell(body)];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.data['id']).toBe(first.body.data['id']);
  });

  test('5.2 Concurrent replays: 100 equal conversions are one sale; 99 callers get 200 and the same object', async () => {
    const external = fresh();
    const answers = await Promise.all(
      times(100, 0).map(() => sell({ referral_id: 'ref_jane', external_event_id: external })),
    );
    expect(statusesOf(answers)).toEqual([...times(99, 200), 201]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const rows = await site.stage.ask('SELECT 1 FROM conversions WHERE workspace_id = $1 AND external_event_id = $2', [
      external,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('5.2 Concurrent replays: 100 equal refunds are one refund; every caller gets 200 and the same object', async () => {
    const { body } = await sell({ referral_id: 'ref_jane' });
    const external = fresh();
    const answers = await Promise.all(
      times(100, 0).map(() => refund(body.data['id'], { amount: 30, external_event_id: external })),
    );
    expect(statusesOf(answers)).toEqual(times(100, 200));
    for (const answer of answers)
      expect(answer.body.data).toMatchObject({ id: body.data['id'], sale_amount: 70, commission_amount: 21 });
    const rows = await site.stage.ask(
      `SELECT 1 FROM conversions WHERE workspace_id = $1 AND external_event_id = $2 AND kind = 'refund'`,
      [external],
    );
    expect(rows).toHaveLength(1);
  });

  test('5.2 Concurrent replays: 100 equal refunds without an id of their own never take more than there is', async () => {
    const { body } = await sell({ referral_id: 'ref_jane' });
    const answers = await Promise.all(times(100, 0).map(() => refund(body.data['id'], {})));
    expect(statusesOf(answers)).toEqual([200, ...times(99, 400)]);
    const { data } = (await site.get(`/v1/conversions/${String(body.data['id'])}`)).body;
    expect(data).toMatchObject({ sale_amount: 0, commission_amount: 0, sales_status: 'refunded' });
  });

  test.each([
    ['referral_id', 404, 'NOT_FOUND'],
    ['customer_id', 404, 'NOT_FOUND'],
    ['external_user_id', 404, 'NOT_FOUND'],
    ['click_id', 404, 'NOT_FOUND'],
    ['nothing', 400, 'VALIDATION_ERROR'],
  ])('5.2 Unattributed: an unknown %s', async (name, status, code) => {
    const before = await site.everything();
    const answer = await sell({ [name]: 'nobody at all' });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    if (status === 404) expect(answer.body.error.message).toMatch(/referral/i);
    expect(await site.everything()).toBe(before);
  });

  test('5.2 Amount units: 99.00 here is 99 at Affixo, and earns the same', async () => {
    const here = fresh();
    const there = fresh();
    await site.send(
      'POST',
      '/v1/conversions',
      JSON.stringify({ referral_id: 'ref_jane', sale_amount: 99, external_event_id: here }).replace('99', '99.00'),
    );
    const { key } = await site.keyFor(true, ['*'], 'default', affixo.keys);
    const sale = await site.post('/affixo/v1/track/sale', { ref: 'jane', amount: 99, external_id: there }, { key });
    expect(sale.body['attributed']).toBe(true);
    expect(await ledgerOf(here)).toEqual({ amount: 9900n, earned: 2970n });
    expect(await ledgerOf(there)).toEqual({ amount: 9900n, earned: 2970n });
  });

  test.each([
    ['JPY', 500, 500n],
    ['VND', 1_000_000, 1_000_000n],
    ['KWD', 1.234, 1234n],
    ['USD', 1.23, 123n],
  ])('5.2 Zero-decimal and three-decimal currencies: %s %s', async (currency, amount, minor) => {
    const external = fresh();
    const sale = { referral_id: 'ref_jane', sale_amount: amount, sale_amount_currency: currency };
    const { status, body } = await sell({ ...sale, external_event_id: external });
    expect([status, body.data['sale_amount'], body.data['sale_amount_currency']]).toEqual([201, amount, currency]);
    expect((await ledgerOf(external))?.amount).toBe(minor);
    const refunded = await refund(body.data['id'], { amount, currency });
    expect([refunded.status, refunded.body.data['sale_amount']]).toEqual([200, 0]);
  });

  test.each([
    ['JPY', 500.5],
    ['KWD', 1.2345],
    ['USD', 99.999],
    ['USD', 0.1 + 0.2],
  ])('5.2 Float safety: %s %s has more decimals than there are: 400', async (currency, amount) => {
    const answer = await sell({ referral_id: 'ref_jane', sale_amount: amount, sale_amount_currency: currency });
    expect([answer.status, answer.body.error.field]).toEqual([400, 'sale_amount']);
    expect(answer.body.error.message).toContain('more decimals');
  });

  test('5.2 Float safety: what no double is exactly is exact in the ledger', async () => {
    for (const [amount, minor] of [
      [1.1, 110n],
      [4.35, 435n],
      [1.005e2, 10_050n],
      [9_007_199_254_740.99, 900_719_925_474_099n],
    ] as const) {
      const external = fresh();
      const { body } = await sell({ referral_id: 'ref_jane', sale_amount: amount, external_event_id: external });
      expect([body.data['sale_amount'], (await ledgerOf(external))?.amount]).toEqual([amount, minor]);
    }
  });

  test('5.2 Currency case: any in, upper case out', async () => {
    for (const currency of ['usd', 'Usd', 'USD']) {
      const { body } = await sell({ referral_id: 'ref_jane', sale_amount_currency: currency });
      expect([body.data['sale_amount_currency'], body.data['commission_currency']]).toEqual(['USD', 'USD']);
    }
  });

  test('5.2 Renewals: by customer_id alone, once a sale carried it with the referral', async () => {
    await sell({ referral_id: 'ref_jane', customer_id: 'cust_renews' });
    const { status, body } = await sell({ customer_id: 'cust_renews' });
    expect([status, body.data['referral_id'], body.data['commission_amount']]).toEqual([201, 'ref_jane', 30]);
  });

  test('5.2 Refund: by the id of the conversion', async () => {
    const { body } = await sell({ referral_id: 'ref_jane' });
    const half = await refund(body.data['id'], { amount: 50 });
    expect([half.status, half.body.data['id'], half.body.data['commission_amount']]).toEqual([
      200,
      body.data['id'],
      15,
    ]);
    const rest = await refund(body.data['id'], {});
    expect(rest.body.data).toMatchObject({ sales_status: 'refunded', status: 'refunded', commission_amount: 0 });
  });

  test('5.2 Test: what a test key tells reaches no balance', async () => {
    const before = await site.stage.balance('jane');
    expect(site.test).toMatch(/^sk_dev_/);
    const { status, body } = await sell({ referral_id: 'ref_jane' }, site.test);
    expect([status, body.data['commission_amount']]).toEqual([201, 30]);
    const event = { event_name: 'paid', event_type: 'conversion', sale_amount: 10, sale_amount_currency: 'USD' };
    const told = { ...event, referral_id: 'ref_jane', external_event_id: fresh() };
    expect((await site.post('/v1/events', told, { key: site.test })).status).toBe(201);
    expect(await site.stage.balance('jane')).toEqual(before);
    expect((await site.get(`/v1/conversions/${String(body.data['id'])}`)).status).toBe(404);
  });

  test('5.2 Browser calls: pages of any origin may call /v1/track, without credentials, and nothing else', async () => {
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
    const asked = await site.send('OPTIONS', '/v1/track', undefined, { key: null, headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    for (const path of ['/v1/conversions', '/v1/events', '/v1/clicks', '/v1/sources/segment/events']) {
      const shut = await site.send('OPTIONS', path, undefined, { key: null, headers });
      expect(shut.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test.each(['/v1/conversions', '/v1/conversions/com_1/refund', '/v1/events', '/v1/sources/segment/events'])(
    '5.2 Auth before body: %s answers 401 to a body that is broken',
    async (path) => {
      for (const key of [null, 'sk_live_of_nobody_at_all_1234567890', 'nonsense']) {
        const answer = await site.send('POST', path, '{"broken', { key });
        expect(answer.status).toBe(401);
        expect(answer.body['success']).toBe(false);
      }
      expect((await site.send('POST', path, '{"broken')).status).toBe(400);
    },
  );
});
