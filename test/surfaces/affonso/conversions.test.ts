/** `POST /v1/conversions` against the document it comes from (reference/documents/002_…), and reading what it made. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../../../src/simulator/account.ts';
import { terms } from '../../support/stage.ts';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;

beforeAll(async () => {
  scene = await openScene({ poolSize: 16 });
  ({ site } = scene);
  const { stage } = site;
  await stage.affiliate('aff_jane');
  await stage.affiliate('aff_max');
  await stage.referral('ref_jane', 'aff_jane');
  await stage.referral('ref_max', 'aff_max');
  await stage.incentive('inc_monthly', terms('30', { priceIds: ['price_monthly_usd'], interval: 'monthly' }));
  // The first conversion carries both, so that renewals need only the customer id.
  await sell({
    referral_id: 'ref_jane',
    customer_id: 'cust_123',
    sale_amount: 1,
    external_event_id: 'the first',
  });
});

afterAll(() => scene.close());

const sell = (body: Record<string, unknown>, key?: string): Promise<Answer> =>
  site.post('/v1/conversions', body, key === undefined ? {} : { key });

/** The request of the document, word for word. */
const DOCUMENTED = {
  customer_id: 'cust_123',
  sale_amount: 99.0,
  sale_amount_currency: 'USD',
  external_event_id: 'inv_2026_000145',
  sales_status: 'complete',
  is_subscription: true,
  interval: 'monthly',
  price_ids: ['price_monthly_usd'],
};

const KEYS = [
  'id',
  'referral_id',
  'affiliate_id',
  'program_id',
  'sale_amount',
  'sale_amount_currency',
  'commission_amount',
  'commission_currency',
  'status',
  'sales_status',
  'hold_period_days',
  'payment_intent_id',
  'invoice_id',
  'earning_id',
  'earning_type',
  'external_event_id',
  'calculation_mode',
  'matched_incentive_id',
  'created_at',
  'updated_at',
];

async function salesNamed(externalEventId: string): Promise<number> {
  const rows = await site.stage.ask('SELECT 1 FROM conversions WHERE workspace_id = $1 AND external_event_id = $2', [
    externalEventId,
  ]);
  return rows.length;
}

describe('the documented request', () => {
  test('is answered with the documented object', async () => {
    const { status, body } = await sell(DOCUMENTED);
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(['success', 'data']);
    expect(body['success']).toBe(true);
    expect(Object.keys(body.data)).toEqual(KEYS);
    expect(body.data).toMatchObject({
      referral_id: 'ref_jane',
      affiliate_id: 'aff_jane',
      program_id: 'prog_default',
      sale_amount: 99,
      sale_amount_currency: 'USD',
      commission_amount: 29.7,
      commission_currency: 'USD',
      status: 'ready_for_payment',
      sales_status: 'complete',
      hold_period_days: null,
      payment_intent_id: null,
      invoice_id: null,
      earning_type: 'direct_commission',
      external_event_id: 'inv_2026_000145',
      calculation_mode: 'auto',
      matched_incentive_id: 'inc_monthly',
    });
    expect(body.data['id']).toMatch(/^com_/);
    expect(body.data['earning_id']).toMatch(/^earn_/);
    expect(body.data['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('sent again is answered with 200 and the same object, and stores nothing', async () => {
    const before = await site.everything();
    const again = await sell(DOCUMENTED);
    const read = await site.get(`/v1/conversions/${String(again.body.data['id'])}`);
    expect(again.status).toBe(200);
    expect(Object.keys(again.body.data)).toEqual(KEYS);
    expect(read.body.data).toMatchObject(again.body.data);
    expect(await site.everything()).toBe(before);
  });

  test('sent fifty times at once makes one sale: one 201, forty-nine 200, one id', async () => {
    const body = { ...DOCUMENTED, external_event_id: 'inv_fifty' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => sell(body)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 49 }, () => 200),
      201,
    ]);
    expect(new Set(answers.map(({ body: { data } }) => JSON.stringify(data))).size).toBe(1);
    expect(await salesNamed('inv_fifty')).toBe(1);
  });

  test('with another amount is refused with the hashes of both bodies (case 21)', async () => {
    const before = await site.everything();
    const { status, body } = await sell({ ...DOCUMENTED, sale_amount: 98 });
    expect(status).toBe(409);
    expect(body.error.code).toBe('DUPLICATE_ERROR');
    expect(body.error.field).toBe('external_event_id');
    expect(body.error.details?.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    expect((await sell({ ...DOCUMENTED, sale_amount_currency: 'EUR' })).status).toBe(409);
    expect(await site.everything()).toBe(before);
  });
});

describe('what is answered on creation', () => {
  const cases: Record<string, Record<string, unknown>> = {
    'a sale with an incentive': { price_ids: ['price_monthly_usd'], interval: 'monthly' },
    'a sale that nothing pays for': { price_ids: ['price_other'] },
    'a sale with words of the caller': {
      status: 'pending_manual_approval',
      sales_status: 'complete',
      price_ids: ['price_monthly_usd'],
      interval: 'monthly',
    },
    'a trial': { sales_status: 'trialing', is_subscription: true },
    'a sale of the past': {
      created_at: '2025-06-22T12:00:00+02:00',
      product_ids: ['prod_1'],
      metadata: { a: { b: [1] } },
    },
    yen: { sale_amount: 500, sale_amount_currency: 'jpy' },
    dinars: { sale_amount: 1.234, sale_amount_currency: 'KWD' },
  };
  test.each(Object.entries(cases))('%s is what a reader is shown', async (name, more) => {
    const made = await sell({
      referral_id: 'ref_jane',
      sale_amount: 20,
      external_event_id: name,
      ...more,
    });
    const read = await site.get(`/v1/conversions/${String(made.body.data['id'])}`);
    expect(made.status).toBe(201);
    expect(read.body.data).toEqual({
      ...made.body.data,
      kind: 'sale',
      source: 'affonso',
      reason: expect.toSatisfy(() => true),
    });
  });

  test('a sale that nothing pays for has no earning', async () => {
    const { body } = await sell({
      referral_id: 'ref_jane',
      sale_amount: 20,
      external_event_id: 'a sale that nothing pays for',
    });
    expect(body.data).toMatchObject({
      earning_id: null,
      matched_incentive_id: null,
      commission_amount: 0,
      commission_currency: 'USD',
    });
  });

  test('amounts are exact in every scale', async () => {
    const yen = await sell({
      referral_id: 'ref_jane',
      sale_amount: 500,
      sale_amount_currency: 'JPY',
      external_event_id: 'yen',
    });
    const dinars = await sell({
      referral_id: 'ref_jane',
      sale_amount: 1.234,
      sale_amount_currency: 'KWD',
      external_event_id: 'dinars',
    });
    const odd = await sell({ referral_id: 'ref_jane', sale_amount: 1.1, external_event_id: 'odd' });
    expect([yen, dinars, odd].map(({ body }) => body.data['sale_amount'])).toEqual([500, 1.234, 1.1]);
    const rows = await site.stage.ask<{ amount: bigint }>(
      `SELECT amount FROM conversions WHERE workspace_id = $1 AND external_event_id IN ('yen', 'dinars', 'odd') ORDER BY external_event_id`,
    );
    expect(rows.map(({ amount }) => amount)).toEqual([1234n, 110n, 500n]);
  });

  test('the time a caller gives is the time of the sale', async () => {
    const { body } = await sell({
      referral_id: 'ref_jane',
      sale_amount: 20,
      external_event_id: 'a sale of the past',
    });
    expect(body.data['created_at']).toBe('2025-06-22T10:00:00.000Z');
  });
});

describe('who is credited', () => {
  test('a renewal by customer id alone, and by app user id once both were sent together', async () => {
    await sell({
      referral_id: 'ref_max',
      customer_id: 'cust_max',
      external_user_id: 'user_max',
      sale_amount: 5,
      external_event_id: 'max 1',
    });
    const customer = await sell({
      customer_id: 'cust_max',
      sale_amount: 5,
      external_event_id: 'max 2',
    });
    expect(customer.body.data['affiliate_id']).toBe('aff_max');
    const { body } = await site.get('/v1/referrals/ref_max');
    expect(body.data).toMatchObject({
      status: 'customer',
      customer_id: 'cust_max',
      external_user_id: 'user_max',
      subscription_id: null,
    });
    const stranger = await sell({
      customer_id: 'cust_of_nobody',
      sale_amount: 5,
      external_event_id: 'max 4',
    });
    expect(stranger.status).toBe(404);
  });

  test('a buyer who buys forty times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        sell({ customer_id: 'cust_max', sale_amount: 1, external_event_id: `busy ${index}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 201));
  });

  test.each(['affonso_id', 'affonso_referral', 'referralId', 'clickId', 'affonsoId', 'affonsoReferral', 'click_id'])(
    '%s names a referral',
    async (name) => {
      const { status, body } = await sell({
        [name]: 'ref_max',
        sale_amount: 5,
        external_event_id: `by ${name}`,
      });
      expect(status).toBe(201);
      expect(body.data['referral_id']).toBe('ref_max');
    },
  );

  test('identifiers that lead to different referrals are refused', async () => {
    const before = await site.everything();
    const { status, body } = await sell({
      referral_id: 'ref_max',
      customer_id: 'cust_123',
      sale_amount: 5,
      external_event_id: 'both',
    });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'VALIDATION_ERROR', field: 'customer_id' });
    const aliases = await sell({
      referral_id: 'ref_max',
      affonso_id: 'ref_jane',
      sale_amount: 5,
      external_event_id: 'both',
    });
    expect(aliases.body.error).toMatchObject({ code: 'VALIDATION_ERROR', field: 'affonso_id' });
    // Also when the call pretends to lie before everything else.
    const early = await sell({
      referral_id: 'ref_max',
      customer_id: 'cust_123',
      sale_amount: 5,
      created_at: '2020-01-01',
      external_event_id: 'both',
    });
    expect(early.status).toBe(400);
    expect(await site.everything()).toBe(before);
  });

  test('a referral id that names nothing is refused, whatever else is sent', async () => {
    const before = await site.everything();
    for (const more of [{}, { customer_id: 'cust_123' }]) {
      const { status, body } = await sell({
        referral_id: 'ref_nobody',
        ...more,
        sale_amount: 5,
        external_event_id: 'nobody',
      });
      expect(status).toBe(404);
      expect(body.error.code).toBe('NOT_FOUND');
      expect(body.error.message).toContain('referral_id "ref_nobody"');
    }
    expect(await site.everything()).toBe(before);
  });

  test('blank identifiers are as good as none', async () => {
    const { status, body } = await sell({
      affonso_referral: '',
      customer_id: 'cust_123',
      click_id: null,
      sale_amount: 5,
      external_event_id: 'blank',
    });
    expect(status).toBe(201);
    expect(body.data['referral_id']).toBe('ref_jane');
    const none = await sell({
      affonso_referral: ' ',
      sale_amount: 5,
      external_event_id: 'blank 2',
    });
    expect(none.status).toBe(400);
  });
});

describe('a sale that names a Stripe object', () => {
  test('may be told before the webhook: it counts at once', async () => {
    const { status, body } = await sell({
      referral_id: 'ref_jane',
      sale_amount: 50,
      external_event_id: 'in_early',
      price_ids: ['price_monthly_usd'],
      interval: 'monthly',
    });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({ invoice_id: 'in_early', commission_amount: 15 });
  });

  test.each(['call', 'webhook'] as const)('keeps the caller’s id, told by the %s first', async (first) => {
    const account = createAccount({ family: 'basil', seed: `named by the ${first}`, startAt: 1_767_600_000 });
    const { firstPayment } = account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 5_000 }),
    });
    const { paymentIntent: intent, invoice } = firstPayment;
    const sale = { referral_id: 'ref_jane', sale_amount: 50 };
    if (first === 'webhook') await site.stage.hearAll(account.events);
    const told = await sell({ ...sale, external_event_id: intent });
    if (first === 'call') await site.stage.hearAll(account.events);
    const again = await sell({ ...sale, external_event_id: intent });
    const read = await site.get(`/v1/conversions/${String(again.body.data['id'])}`);
    for (const { body } of [told, again, read]) expect(body.data['external_event_id']).toBe(intent);
    // The same payment by another of its names is answered under that.
    const event = { event_name: 'paid', event_type: 'conversion', sale_amount_currency: 'USD' };
    const other = await site.post('/v1/events', { ...sale, ...event, external_event_id: invoice?.id });
    expect([other.status, other.body.data['external_event_id']]).toEqual([200, invoice?.id]);
    expect(other.body.data['id']).toBe(again.body.data['id']);
    const refund = await site.post(`/v1/conversions/${String(other.body.data['id'])}/refund`, {
      external_event_id: `back of ${first}`,
    });
    expect(refund.status).toBe(200);
    const { body } = await site.get('/v1/conversions?kind=refund&limit=1');
    expect(body.data).toMatchObject([{ external_event_id: `back of ${first}` }]);
  });
});

describe('reading', () => {
  test('lists newest first, a page at a time', async () => {
    const { status, body } = await site.get('/v1/conversions?limit=2&page=2');
    expect(status).toBe(200);
    expect(body['pagination']).toMatchObject({ page: 2, limit: 2, has_prev_page: true });
    expect(body.data).toHaveLength(2);
  });

  test('finds by the event id of the caller', async () => {
    const { body } = await site.get('/v1/conversions?external_event_id=inv_2026_000145&kind=sale');
    expect(body.data).toHaveLength(1);
    expect(body.data).toMatchObject([{ external_event_id: 'inv_2026_000145', kind: 'sale' }]);
  });

  test('an unknown id is not found', async () => {
    const { status, body } = await site.get('/v1/conversions/com_nothing');
    expect(status).toBe(404);
    expect(body.error.code).toBe('NOT_FOUND');
  });
});

describe('the two worlds', () => {
  test('the same id of the caller is two sales, one in each', async () => {
    const body = { referral_id: 'ref_jane', sale_amount: 5, external_event_id: 'in both worlds' };
    const live = await sell(body);
    const test = await sell(body, site.test);
    expect([live.status, test.status]).toEqual([201, 201]);
    expect(test.body.data['id']).not.toBe(live.body.data['id']);
    expect((await sell(body, site.test)).body.data['id']).toBe(test.body.data['id']);
    expect(await salesNamed('in both worlds')).toBe(2);
  });

  test('a test key sees nothing live, a live key nothing of the test world', async () => {
    const live = await sell({ referral_id: 'ref_jane', sale_amount: 5, external_event_id: 'live' });
    const test = await sell({ referral_id: 'ref_jane', sale_amount: 5, external_event_id: 'test' }, site.test);
    const idOf = (answer: Answer): string => String(answer.body.data['id']);
    expect((await site.get(`/v1/conversions/${idOf(live)}`, { key: site.test })).status).toBe(404);
    expect((await site.get(`/v1/conversions/${idOf(test)}`)).status).toBe(404);
    expect((await site.post(`/v1/conversions/${idOf(live)}/refund`, {}, { key: site.test })).status).toBe(404);
    expect((await site.get('/v1/conversions?external_event_id=live', { key: site.test })).body.data).toEqual([]);
  });

  test('a customer credited in one world is nobody in the other', async () => {
    const { status } = await sell({ customer_id: 'cust_123', sale_amount: 5, external_event_id: 'world' }, site.test);
    expect(status).toBe(404);
  });
});
