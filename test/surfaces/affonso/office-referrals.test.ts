/** `/v1/referrals` (apis.md 2.2): who is credited, and what becomes of their payments when that changes. */
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
  await site.stage.affiliate('jane');
  await site.stage.affiliate('max');
  await site.stage.incentive('inc_all', terms('30'));
  await other.stage.affiliate('foreign');
  await other.stage.referral('ref_foreign', 'foreign');
});

afterAll(() => scene.close());

const create = (body: unknown, key = site.live): Promise<Answer> => site.post('/v1/referrals', body, { key });
const put = (id: string, body: unknown): Promise<Answer> =>
  site.send('PUT', `/v1/referrals/${id}`, JSON.stringify(body));
const remove = (id: string): Promise<Answer> => site.send('DELETE', `/v1/referrals/${id}`, undefined);
const sell = (body: Record<string, unknown>, key = site.live): Promise<Answer> =>
  site.post('/v1/conversions', { sale_amount: 100, ...body }, { key });

let buyers = 0;
function buyer(): string {
  buyers += 1;
  return `buyer${buyers}@shop.example`;
}

async function click(affiliate = 'jane'): Promise<string> {
  const { body } = await site.post('/v1/clicks', { trackingId: affiliate });
  return String(body.data['id']);
}

describe('creating', () => {
  test('answers 201 with the referral', async () => {
    const email = buyer();
    const { status, body } = await create({
      affiliate_id: 'jane',
      email,
      name: 'Bo',
      customer_id: 'c1',
      metadata: { plan: 'x' },
    });
    expect(status).toBe(201);
    expect(body.data).toEqual({
      id: expect.stringMatching(/^ref_/) as string,
      affiliate_id: 'jane',
      program_id: 'prog_default',
      email,
      customer_id: 'c1',
      external_user_id: null,
      subscription_id: null,
      status: 'lead',
      name: 'Bo',
      metadata: { plan: 'x' },
      created_at: expect.any(String) as string,
      converted_at: null,
    });
  });

  test('any other status than lead has converted', async () => {
    const { body } = await create({ affiliate_id: 'jane', email: buyer(), status: 'customer' });
    expect(body.data['converted_at']).toBe(body.data['created_at']);
  });

  test('an e-mail of another referral is 409, in any case', async () => {
    const email = buyer();
    await create({ affiliate_id: 'jane', email });
    const { status, body } = await create({ affiliate_id: 'max', email: email.toUpperCase() });
    expect([status, body.error.code, body.error.field]).toEqual([409, 'DUPLICATE_ERROR', 'email']);
  });

  test('of ten at once with one e-mail one is made', async () => {
    const email = buyer();
    const all = await Promise.all(Array.from({ length: 10 }, () => create({ affiliate_id: 'jane', email })));
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  test('a click becomes the referral and keeps its id', async () => {
    const id = await click();
    expect((await site.get(`/v1/referrals/${id}`)).status).toBe(404);
    const { status, body } = await create({ affiliate_id: 'jane', email: buyer(), click_id: id });
    expect([status, body.data['id'], body.data['status']]).toEqual([201, id, 'lead']);
    const again = await create({ affiliate_id: 'jane', email: buyer(), click_id: id });
    expect([again.status, again.body.error.field]).toEqual([409, 'click_id']);
  });

  test('a click that forty want at once becomes one referral, the others are 409', async () => {
    const id = await click();
    const all = await Promise.all(
      Array.from({ length: 40 }, () => create({ affiliate_id: 'jane', email: buyer(), click_id: id })),
    );
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 39 }, () => 409),
    ]);
  });

  test('may have become one before; a click keeps its own moment', async () => {
    const since = '2025-03-01T10:00:00.000Z';
    const { body } = await create({ affiliate_id: 'jane', email: buyer(), created_at: since });
    expect(body.data['created_at']).toBe(since);
    const id = await click();
    const clicked = await create({ affiliate_id: 'jane', email: buyer(), click_id: id, created_at: since });
    expect([clicked.status, clicked.body.data['created_at'] === since]).toEqual([201, false]);
  });

  test('later purchases of the buyer are credited, in both worlds', async () => {
    const email = buyer();
    const { body } = await create(
      { affiliate_id: 'jane', email, customer_id: 'both-worlds', external_user_id: 'u-both' },
      site.test,
    );
    for (const key of [site.live, site.test]) {
      const sold = await sell({ external_user_id: 'u-both', external_event_id: `both ${key}` }, key);
      expect(sold.body.data).toMatchObject({ referral_id: body.data['id'], commission_amount: 30 });
    }
  });

  test('a Stripe payment that waited for a credit is credited', async () => {
    const { createAccount } = await import('../../../src/simulator/account.ts');
    const account = createAccount({ seed: 'referrals', family: 'basil', startAt: 1_767_600_000 });
    const customer = account.customer({ email: buyer() });
    account.subscribe({ customer, price: account.price({ amount: 5_000 }) });
    await site.stage.hearAll(account.events);
    const ofThis = async (): Promise<Record<string, unknown>> => {
      const { body } = await site.get('/v1/conversions?kind=sale&limit=200');
      return (body.data as unknown as Record<string, unknown>[]).find((one) => one['source'] === 'stripe') ?? {};
    };
    expect(await ofThis()).toMatchObject({ referral_id: null, commission_amount: 0 });
    const { body } = await create({ affiliate_id: 'jane', email: customer.email });
    expect(await ofThis()).toMatchObject({
      referral_id: body.data['id'],
      affiliate_id: 'jane',
      commission_amount: 15,
    });
  });

  test('what was stored with the referral is decided by a worker when the caller died', async () => {
    const email = buyer();
    await sell({
      customer_id: 'waits-for-worker',
      external_event_id: 'waits',
      referral_id: 'ref_nobody',
    });
    const { body } = await create({ affiliate_id: 'jane', email, customer_id: 'waits-for-worker' });
    const id = String(body.data['id']);
    // As if the process had died right after storing.
    await site.stage.ask(
      `UPDATE inbox SET state = 'pending', run_at = received_at WHERE workspace_id = $1 AND event_key LIKE $2`,
      [`%lead:${id}%`],
    );
    await site.stage.drain();
    const entries = await site.stage.ask<{ state: string; livemode: boolean }>(
      `SELECT state, livemode FROM inbox WHERE workspace_id = $1 AND event_key LIKE $2 ORDER BY livemode`,
      [`%lead:${id}%`],
    );
    expect(entries).toEqual([
      { state: 'done', livemode: false },
      { state: 'done', livemode: true },
    ]);
  });
});

describe('bad input', () => {
  const BAD: readonly (readonly [string, Record<string, unknown>, number, string])[] = [
    ['no affiliate', { email: 'x@y.example' }, 400, 'affiliate_id'],
    ['an unknown affiliate', { affiliate_id: 'nobody', email: 'x@y.example' }, 404, 'affiliate_id'],
    ["another workspace's affiliate", { affiliate_id: 'foreign', email: 'x@y.example' }, 404, 'affiliate_id'],
    ['no e-mail', { affiliate_id: 'jane' }, 400, 'email'],
    ['no e-mail address', { affiliate_id: 'jane', email: 'x' }, 400, 'email'],
    ['an e-mail that is a number', { affiliate_id: 'jane', email: 7 }, 400, 'email'],
    ['an unknown status', { affiliate_id: 'jane', email: 'x@y.example', status: 'great' }, 400, 'status'],
    ['the status of a click', { affiliate_id: 'jane', email: 'x@y.example', status: 'click' }, 400, 'status'],
    ['an unknown click', { affiliate_id: 'jane', email: 'x@y.example', click_id: 'ref_nobody' }, 404, 'click_id'],
    [
      "another workspace's click",
      { affiliate_id: 'jane', email: 'x@y.example', click_id: 'ref_foreign' },
      404,
      'click_id',
    ],
    ['a far moment', { affiliate_id: 'jane', email: 'x@y.example', created_at: '2999-01-01' }, 400, 'created_at'],
    ['a long name', { affiliate_id: 'jane', email: 'x@y.example', name: 'x'.repeat(256) }, 400, 'name'],
    ['a NUL', { affiliate_id: 'jane', email: 'x@y.example', customer_id: 'a\0' }, 400, 'customer_id'],
    ['metadata that is a list', { affiliate_id: 'jane', email: 'x@y.example', metadata: [] }, 400, 'metadata'],
  ];

  test.each(BAD)('%s is refused and nothing is stored', async (_, body, status, field) => {
    const before = await site.everything();
    const answer = await create(body);
    expect([answer.status, answer.body.error.field]).toEqual([status, field]);
    expect(await site.everything()).toBe(before);
  });

  test('the click of another affiliate is refused', async () => {
    const id = await click('max');
    const { status, body } = await create({
      affiliate_id: 'jane',
      email: 'x@y.example',
      click_id: id,
    });
    expect([status, body.error.field]).toEqual([400, 'click_id']);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=a',
    'status=click',
    'created_gte=yesterday',
    'created_lte=2026-02-30',
    'order=up',
    'created_gte=9999-12-31T23:59:59-10:00',
  ])('listing with ?%s is 400', async (query) => {
    expect((await site.get(`/v1/referrals?${query}`)).status).toBe(400);
  });

  test('unknown and foreign ids are 404', async () => {
    for (const id of ['ref_nobody', 'ref_foreign']) {
      expect((await site.get(`/v1/referrals/${id}`)).status).toBe(404);
      expect((await put(id, { name: 'x' })).status).toBe(404);
      expect((await remove(id)).status).toBe(404);
    }
    expect((await other.get('/v1/referrals/ref_foreign')).status).toBe(200);
  });
});

describe('lists', () => {
  const ids = (answer: Answer): string[] => (answer.body.data as unknown as { id: string }[]).map(({ id }) => id);

  test('go by cursor in both directions, newest first, without clicks', async () => {
    await site.stage.affiliate('lister');
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      site.stage.clock.now += 1000;
      const { body } = await create({ affiliate_id: 'lister', email: buyer() });
      made.unshift(String(body.data['id']));
    }
    await click('lister');
    const list = (query: string): Promise<Answer> => site.get(`/v1/referrals?affiliate_id=lister&${query}`);
    const first = await list('limit=2');
    expect([ids(first), first.body['has_more']]).toEqual([made.slice(0, 2), true]);
    const second = await list(`limit=2&starting_after=${made[1]}`);
    expect([ids(second), second.body['has_more']]).toEqual([made.slice(2, 4), true]);
    const last = await list(`limit=2&starting_after=${made[3]}`);
    expect([ids(last), last.body['has_more']]).toEqual([made.slice(4), false]);
    const back = await list(`limit=2&ending_before=${made[4]}`);
    expect([ids(back), back.body['has_more']]).toEqual([made.slice(2, 4), true]);
    expect(ids(await list('order=asc'))).toEqual(made.toReversed());
    expect(ids(await list('starting_after=ref_nobody'))).toEqual([]);
    expect(ids(await list('status=active'))).toEqual([]);
    expect(ids(await list('created_gte=2026-01-05&created_lte=2026-01-05'))).toEqual(made);
    expect(ids(await list('created_lte=2026-01-04'))).toEqual([]);
  });

  test('expand shows the affiliate', async () => {
    const { body } = await site.get('/v1/referrals?affiliate_id=lister&expand=affiliate&limit=1');
    expect((body.data as unknown as { affiliate: unknown }[])[0]?.affiliate).toMatchObject({
      id: 'lister',
      partnership_status: 'APPROVED',
    });
  });
});

describe('one referral', () => {
  test('with stats, of the world of the key', async () => {
    const { body } = await create({ affiliate_id: 'jane', email: buyer(), customer_id: 'stats' });
    const id = String(body.data['id']);
    const sold = await sell({
      customer_id: 'stats',
      external_event_id: 'stats 1',
      created_at: '2026-01-03T10:00:00Z',
    });
    await sell({
      customer_id: 'stats',
      external_event_id: 'stats 2',
      created_at: '2026-01-04T10:00:00Z',
    });
    await site.post(`/v1/conversions/${String(sold.body.data['id'])}/refund`, { amount: 50 });
    const live = await site.get(`/v1/referrals/${id}?include=stats`);
    expect(live.body.data['stats']).toEqual({
      total_revenue: 150,
      total_commission: 45,
      total_orders: 2,
      last_order_at: '2026-01-04T10:00:00.000Z',
      currency: 'USD',
    });
    expect(live.body.data['status']).toBe('customer');
    const test = await site.get(`/v1/referrals/${id}?include=stats`, { key: site.test });
    expect(test.body.data['stats']).toMatchObject({
      total_revenue: 0,
      total_orders: 0,
      last_order_at: null,
    });
    expect((await site.get(`/v1/referrals/${id}`)).body.data).not.toHaveProperty('stats');
  });

  test('a later binding credits what was bought before it', async () => {
    await sell({
      customer_id: 'bound-later',
      external_event_id: 'bound 1',
      referral_id: 'ref_nobody',
    });
    const { body } = await create({ affiliate_id: 'jane', email: buyer() });
    const id = String(body.data['id']);
    const changed = await put(id, { customer_id: 'bound-later', name: 'Bo' });
    expect([changed.status, changed.body.data['customer_id'], changed.body.data['name']]).toEqual([
      200,
      'bound-later',
      'Bo',
    ]);
    const sold = await sell({ customer_id: 'bound-later', external_event_id: 'bound 2' });
    expect(sold.body.data).toMatchObject({ referral_id: id, commission_amount: 30 });
  });

  test('a change of name alone binds nothing', async () => {
    const { body } = await create({ affiliate_id: 'jane', email: buyer() });
    const id = String(body.data['id']);
    const count = async (): Promise<unknown> =>
      (await site.stage.ask('SELECT count(*) FROM inbox WHERE workspace_id = $1'))[0];
    const before = await count();
    await put(id, { name: 'New', email: body.data['email'] });
    expect(await count()).toEqual(before);
  });

  test("another's e-mail is 409", async () => {
    const taken = buyer();
    await create({ affiliate_id: 'jane', email: taken });
    const { body } = await create({ affiliate_id: 'jane', email: buyer() });
    expect((await put(String(body.data['id']), { email: taken })).body.error).toMatchObject({
      code: 'DUPLICATE_ERROR',
      field: 'email',
    });
  });

  test('rejecting takes its commissions back, and taking it back into favour restores them', async () => {
    await site.stage.affiliate('fraud');
    const { body } = await create({ affiliate_id: 'fraud', email: buyer(), customer_id: 'fraud' });
    const id = String(body.data['id']);
    await sell({ customer_id: 'fraud', external_event_id: 'fraud 1' });
    const balance = async (): Promise<unknown> => (await site.get('/v1/affiliates/fraud/balance')).body.data;
    expect(await balance()).toEqual([{ currency: 'USD', review: 0, pending: 0, payable: 30, paid: 0 }]);
    expect((await put(id, { status: 'rejected' })).body.data['status']).toBe('rejected');
    expect(await balance()).toEqual([{ currency: 'USD', review: 0, pending: 0, payable: 0, paid: 0 }]);
    expect((await put(id, { status: 'active' })).body.data['status']).toBe('active');
    expect(await balance()).toEqual([{ currency: 'USD', review: 0, pending: 0, payable: 30, paid: 0 }]);
  });

  test('is deleted when nothing is credited to it, and kept when something is', async () => {
    const { body } = await create({ affiliate_id: 'jane', email: buyer(), customer_id: 'kept' });
    const id = String(body.data['id']);
    await sell({ customer_id: 'kept', external_event_id: 'kept 1' });
    const kept = await remove(id);
    expect([kept.status, kept.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    const free = await create({ affiliate_id: 'jane', email: buyer() });
    expect((await remove(String(free.body.data['id']))).body).toEqual({
      success: true,
      message: 'The referral was deleted.',
    });
    expect((await site.get(`/v1/referrals/${String(free.body.data['id'])}`)).status).toBe(404);
  });
});
