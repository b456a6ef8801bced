/** `POST /v1/conversions/{id}/refund`, clicks and sign-ups. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAccount } from '../../../src/simulator/account.ts';
import { furnish, type Answer, type Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let sales = 0;
let id = '';

beforeAll(async () => {
  scene = await openScene({ poolSize: 16 });
  ({ site } = scene);
  await furnish(site.stage);
});

afterAll(() => scene.close());

beforeEach(async () => {
  sales += 1;
  id = await sold({ sale_amount: 99, external_event_id: `order_${sales}` });
});

async function sold(body: Record<string, unknown>): Promise<string> {
  const { body: answer } = await site.post('/v1/conversions', { referral_id: 'ref_1', ...body });
  return String(answer.data['id']);
}

const refund = (body: Record<string, unknown> = {}, of = id): Promise<Answer> =>
  site.post(`/v1/conversions/${of}/refund`, body);

describe('a refund', () => {
  test('in part lowers sale and commission in proportion and leaves the status', async () => {
    const { status, body } = await refund({ amount: 49.5 });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      id,
      sale_amount: 49.5,
      commission_amount: 14.85,
      status: 'ready_for_payment',
      sales_status: 'partial_refunded',
    });
    expect(Object.keys(body.data)).toHaveLength(20);
  });

  test('without an amount takes back all that is left', async () => {
    await refund({ amount: 33 });
    const { body } = await refund();
    expect(body.data).toMatchObject({
      sale_amount: 0,
      commission_amount: 0,
      status: 'refunded',
      sales_status: 'refunded',
    });
  });

  test('may come without a body', async () => {
    const { status, body } = await site.send('POST', `/v1/conversions/${id}/refund`, undefined);
    expect(status).toBe(200);
    expect(body.data['sales_status']).toBe('refunded');
  });

  test('of more than is left is refused and says what is left', async () => {
    await refund({ amount: 60 });
    const before = await site.everything();
    const { status, body } = await refund({ amount: 39.01 });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'VALIDATION_ERROR', field: 'amount' });
    expect(body.error.message).toContain('39.00 USD');
    expect(await site.everything()).toBe(before);
  });

  test('when nothing is left is refused; a repeated key gets the same answer (case 103)', async () => {
    const first = await refund({ external_event_id: `r_${id}` });
    const before = await site.everything();
    const again = await refund({ external_event_id: `r_${id}` });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body.data).toEqual(first.body.data);
    expect((await refund()).body.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      field: 'amount',
    });
    expect(await site.everything()).toBe(before);
  });

  test('with a key that was used for another amount or sale is refused', async () => {
    const key = `r_${id}`;
    await refund({ amount: 10, external_event_id: key });
    const other = await sold({ sale_amount: 50, external_event_id: `other ${id}` });
    const before = await site.everything();
    expect((await refund({ amount: 11, external_event_id: key })).body.error.code).toBe('DUPLICATE_ERROR');
    expect((await refund({ amount: 10, external_event_id: key }, other)).body.error.code).toBe('DUPLICATE_ERROR');
    expect((await refund({ amount: 10, external_event_id: key })).status).toBe(200);
    expect(await site.everything()).toBe(before);
  });

  test('in another currency is refused', async () => {
    const { status, body } = await refund({ amount: 10, currency: 'EUR' });
    expect(status).toBe(400);
    expect(body.error.field).toBe('currency');
    expect((await refund({ amount: 10, currency: 'usd' })).status).toBe(200);
  });

  test('of a refund is refused', async () => {
    await refund({ amount: 10, external_event_id: `r_${id}` });
    const { body } = await site.get(`/v1/conversions?external_event_id=r_${id}&kind=refund`);
    const [row] = body.data as unknown as { id: string }[];
    expect((await refund({}, row?.id)).status).toBe(400);
  });

  test('never exceeds the sale, however many are told at once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => refund({ amount: 30 })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      200,
      200,
      ...Array.from({ length: 9 }, () => 400),
    ]);
    const { body } = await site.get(`/v1/conversions/${id}`);
    expect(body.data).toMatchObject({ sale_amount: 9, commission_amount: 2.7 });
  });

  test('of everything, told several times at once, takes everything once', async () => {
    const answers = await Promise.all([refund(), refund(), refund({ amount: 33 }), refund()]);
    expect(answers.every(({ status }) => status === 200 || status === 400)).toBe(true);
    const { body } = await site.get(`/v1/conversions/${id}`);
    expect(body.data).toMatchObject({ sale_amount: 0, commission_amount: 0, status: 'refunded' });
  });
});

describe('a click', () => {
  test('is made for an approved affiliate and answered in snake case', async () => {
    const { status, body } = await site.post('/v1/clicks', {
      trackingId: 'Jane',
      sub1: 'news',
      utmSource: 'x',
      ip: '::1',
      createdAt: '2026-01-02T03:04:05Z',
    });
    expect(status).toBe(201);
    expect(body.data).toEqual({
      id: expect.stringMatching(/^ref_/),
      tracking_id: 'jane',
      program_id: 'prog_default',
      created_at: '2026-01-02T03:04:05.000Z',
    });
    const [row] = await site.stage.ask<{ click: unknown; status: string }>(
      'SELECT click, status FROM referrals WHERE workspace_id = $1 AND referral_id = $2',
      [body.data['id']],
    );
    expect(row).toEqual({ click: { sub1: 'news', utmSource: 'x', ip: '::1' }, status: 'click' });
  });

  test('is refused for nobody, for another program, for an affiliate that is not approved', async () => {
    await site.stage.affiliate('waiting', null, 'pending');
    const before = await site.everything();
    expect((await site.post('/v1/clicks', { trackingId: 'nobody' })).status).toBe(404);
    expect((await site.post('/v1/clicks', { trackingId: 'jane', programId: 'prog_other' })).status).toBe(404);
    const { status, body } = await site.post('/v1/clicks', { trackingId: 'waiting' });
    expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', 'trackingId']);
    expect(await site.everything()).toBe(before);
  });
});

describe('a sign-up', () => {
  const clicked = async (): Promise<string> =>
    String((await site.post('/v1/clicks', { trackingId: 'jane' })).body.data['id']);

  test('turns the click into a lead: 201, and 200 when repeated', async () => {
    const click_id = await clicked();
    const signup = { click_id, email: 'Ann@Example.com', external_user_id: 'ann', name: 'Ann' };
    const first = await site.post('/v1/signups', signup);
    const before = await site.everything();
    const again = await site.post('/v1/signups', signup);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(first.body.data).toMatchObject({
      id: click_id,
      affiliate_id: 'jane',
      status: 'lead',
      email: 'Ann@Example.com',
      name: 'Ann',
    });
    expect(again.body.data).toEqual(first.body.data);
    expect(await site.everything()).toBe(before);
    const sale = await site.post('/v1/conversions', {
      external_user_id: 'ann',
      sale_amount: 10,
      external_event_id: 'of ann',
    });
    expect(sale.body.data).toMatchObject({ referral_id: click_id, commission_amount: 3 });
  });

  test('with an e-mail that is another referral’s is refused', async () => {
    await site.post('/v1/signups', { click_id: await clicked(), email: 'bob@example.com' });
    const other = await clicked();
    const before = await site.everything();
    const { status, body } = await site.post('/v1/signups', {
      click_id: other,
      email: 'BOB@example.com',
    });
    expect([status, body.error.code, body.error.field]).toEqual([409, 'DUPLICATE_ERROR', 'email']);
    expect(await site.everything()).toBe(before);
  });

  test('told many times at once is one lead', async () => {
    const click_id = await clicked();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => site.post('/v1/signups', { click_id, email: 'carl@example.com' })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 19 }, () => 200),
      201,
    ]);
  });

  test('of one e-mail through two clicks at once is one referral', async () => {
    const clicks = await Promise.all([clicked(), clicked(), clicked(), clicked()]);
    const answers = await Promise.all(
      clicks.map((click_id) => site.post('/v1/signups', { click_id, email: 'dora@example.com' })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
  });

  test('that died after its row is completed by its repetition', async () => {
    const click_id = await clicked();
    await site.stage.ask(
      `UPDATE referrals SET email = 'eve@example.com', status = 'lead', version = version + 1 WHERE workspace_id = $1 AND referral_id = $2`,
      [click_id],
    );
    const { status } = await site.post('/v1/signups', { click_id, email: 'eve@example.com' });
    expect(status).toBe(201);
    expect((await site.post('/v1/signups', { click_id, email: 'eve@example.com' })).status).toBe(200);
  });

  test('through an unknown click is not found', async () => {
    const { status, body } = await site.post('/v1/signups', {
      click_id: 'ref_nobody',
      email: 'f@example.com',
    });
    expect([status, body.error.field]).toEqual([404, 'click_id']);
  });
});

describe('a refund that Stripe tells of as well', () => {
  let seed = 300;

  /** A payment of 100.00 that Stripe told of, and what tells of its refund. */
  async function paid() {
    seed += 1;
    const account = createAccount({ family: 'basil', seed, startAt: Math.floor(site.stage.clock.now / 1000) });
    const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
    const { firstPayment } = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
    await site.stage.hearAll(account.events);
    const [sale] = await site.stage.ask<{ id: string }>(
      `SELECT conversion_id AS id FROM conversions WHERE workspace_id = $1 AND kind = 'sale' ORDER BY number DESC LIMIT 1`,
    );
    const made: ReturnType<typeof account.refund>[] = [];
    const hear = (amount: number): Promise<void> =>
      site.stage.hearAll(account.during(() => void made.push(account.refund(firstPayment, { amount }))));
    const last = () => made.at(-1) ?? account.refund(firstPayment, { amount: 1 });
    const fail = (): Promise<void> => site.stage.hearAll(account.during(() => account.failRefund(last())));
    const edit = (): Promise<void> =>
      site.stage.hearAll(account.during(() => account.editRefund(last(), { note: 'x' })));
    return { id: sale?.id ?? '', hear, fail, edit };
  }

  const stands = async (of: string) => {
    const { data } = (await site.get(`/v1/conversions/${of}`)).body;
    return [data['sale_amount'], data['commission_amount'], data['sales_status']];
  };

  test.each(['call', 'webhook'] as const)('in part, the %s first, counts once', async (first) => {
    const { id: sale, hear } = await paid();
    if (first === 'webhook') await hear(6_000);
    expect((await refund({ amount: 60, external_event_id: `own_${seed}` }, sale)).status).toBe(200);
    if (first === 'call') await hear(6_000);
    expect(await stands(sale)).toEqual([40, 12, 'partial_refunded']);
    // The rest, by the call alone.
    expect((await refund({}, sale)).status).toBe(200);
    expect(await stands(sale)).toEqual([0, 0, 'refunded']);
    await hear(4_000);
    expect(await stands(sale)).toEqual([0, 0, 'refunded']);
  });

  test.each([{}, { amount: 100 }])('as a whole, the webhook first: %j is 200', async (body) => {
    const { id: sale, hear } = await paid();
    await hear(10_000);
    for (const _ of [1, 2]) {
      const answer = await refund({ ...body, external_event_id: `whole_${seed}` }, sale);
      expect([answer.status, answer.body.data['sales_status']]).toEqual([200, 'refunded']);
    }
    const { status, body: refused } = await refund({ amount: 1 }, sale);
    expect([status, refused.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  });

  test.each(['call', 'webhook'] as const)(
    'without an amount, the %s first: one that fails gives it back',
    async (first) => {
      const { id: sale, hear, fail } = await paid();
      if (first === 'webhook') await hear(10_000);
      await refund({}, sale);
      if (first === 'call') await hear(10_000);
      expect(await stands(sale)).toEqual([0, 0, 'refunded']);
      await fail();
      expect(await stands(sale)).toEqual([100, 30, 'complete']);
    },
  );

  test('what a caller tells after it failed went back by other means, whatever is heard of it later', async () => {
    const { id: sale, hear, fail, edit } = await paid();
    await hear(4_000);
    await fail();
    site.stage.clock.now += 5 * 86_400_000;
    await refund({ amount: 40 }, sale);
    expect(await stands(sale)).toEqual([60, 18, 'partial_refunded']);
    await edit();
    expect(await stands(sale)).toEqual([60, 18, 'partial_refunded']);
  });

  test('once more is too much, also when it is dated before', async () => {
    const { id: sale, hear } = await paid();
    await hear(6_000);
    await refund({ amount: 60 }, sale);
    for (const more of [{}, { refunded_at: '2025-06-01T00:00:00Z' }])
      expect((await refund({ amount: 60, ...more }, sale)).status).toBe(400);
    expect(await stands(sale)).toEqual([40, 12, 'partial_refunded']);
  });

  test('the trace says that they are one', async () => {
    const { id: sale, hear } = await paid();
    await hear(6_000);
    await refund({ amount: 60, external_event_id: `named_${seed}` }, sale);
    const { summary } = (await site.get(`/v1/trace/${sale}`)).body.data as { summary: string[] };
    expect(summary.join('\n')).toMatch(
      new RegExp(`The refund told as named_${seed} is the same money as re_\\w+: it counts once`),
    );
  });

  test('another amount is another refund', async () => {
    const { id: sale, hear } = await paid();
    await hear(3_000);
    await refund({ amount: 20 }, sale);
    expect(await stands(sale)).toEqual([50, 15, 'partial_refunded']);
  });
});
