/** `POST /v1/track` (apis.md 2.2): the pixel of a page, without a key and from any origin. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRateLimits } from '../../../src/pipeline/limits.ts';
import { terms } from '../../support/stage.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site, other } = scene);
  await site.stage.affiliate('jane');
  await site.stage.affiliate('waiting', null, 'pending');
  await site.stage.incentive('inc_all', terms('30'));
  await other.stage.affiliate('theirs');
});

afterAll(() => scene.close());

type Fields = Record<string, unknown>;

const ORIGIN = { origin: 'https://shop.example' };

const track = (body: Fields, query = '', headers: Record<string, string> = ORIGIN): Promise<Answer> =>
  site.send('POST', `/v1/track${query}`, JSON.stringify({ programId: 'prog_default', ...body }), {
    key: null,
    headers,
  });

type Click = { click: Fields; status: string; clicked_at: Date | null; test_only: boolean; affiliate_id: string };

async function clickOf({ body }: Answer): Promise<Click | undefined> {
  const rows = await site.stage.ask<Click>(
    'SELECT click, status, clicked_at, test_only, affiliate_id FROM referrals WHERE workspace_id = $1 AND referral_id = $2',
    [String(body['cid'])],
  );
  return rows[0];
}

const clicks = async (): Promise<number> =>
  (await site.stage.ask('SELECT 1 FROM referrals WHERE workspace_id = $1')).length;

/** What a visit may say of its visitor. */
const VISITOR = {
  sub1: 'newsletter',
  utmSource: 'x',
  gclid: 'g_1',
  fbclid: 'f_1',
  li_fat_id: 'l_1',
  referrer: 'https://blog.example/post',
  userAgent: 'Test browser',
};

describe('a visit through a link', () => {
  test('is a click, answered bare with its id', async () => {
    const answer = await track({ trackingId: 'jane', ...VISITOR, hasConsent: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      cid: expect.stringMatching(/^ref_/),
      data: { discount: null, affiliateCoupons: [] },
      append_affonso_id_enabled: false,
    });
    expect(await clickOf(answer)).toEqual({
      click: VISITOR,
      status: 'click',
      clicked_at: expect.any(Date),
      test_only: false,
      affiliate_id: 'jane',
    });
  });

  test('earns: its id is a click id and a referral id', async () => {
    const { body } = await track({ trackingId: 'JANE' });
    const sale = { click_id: body['cid'], customer_id: 'cust_pixel', sale_amount: 100, external_event_id: 'pixel' };
    const sold = await site.post('/v1/conversions', sale);
    expect(sold.body.data).toMatchObject({ referral_id: body['cid'], affiliate_id: 'jane', commission_amount: 30 });
  });

  test('shows what its affiliate offers, the newest first, and what the program wants appended', async () => {
    const coupon = { affiliate_id: 'jane', provider_coupon_id: 'co_1' };
    await site.post('/v1/coupons', {
      ...coupon,
      code: 'JANE20',
      discount_type: 'percentage',
      discount_value: 20,
      duration: 'forever',
    });
    site.stage.clock.now += 1000;
    await site.post('/v1/coupons', { ...coupon, code: 'SILENT' });
    site.stage.clock.now += 1000;
    await site.post('/v1/coupons', {
      affiliate_id: 'jane',
      code: 'JANE5',
      discount_type: 'fixed',
      discount_value: 5,
      currency: 'USD',
      duration: 'repeating',
      duration_in_months: 3,
    });
    await site.send('PATCH', '/v1/program/tracking', '{"append_affonso_id_enabled":true}');
    const { body } = await track({ trackingId: 'jane' });
    const offers = [
      { amount: 5, type: 'fixed', maxDuration: '3 months', couponId: null, promoCode: 'JANE5' },
      { amount: 20, type: 'percentage', maxDuration: null, couponId: 'co_1', promoCode: 'JANE20' },
    ];
    expect(body).toMatchObject({
      data: { discount: offers[0], affiliateCoupons: offers },
      append_affonso_id_enabled: true,
    });
  });

  test('is a click each time, and what is too long is cut, what no database takes replaced', async () => {
    const [first, second] = [
      await track({
        trackingId: 'jane',
        sub1: `${'x'.repeat(254)}😀`,
        referrer: 'y'.repeat(5_000),
        sub2: ' ',
        unknown: 'z\ud83d',
      }),
      await track({ trackingId: 'jane', sub1: null, utmSource: 'half \ud83d' }),
    ];
    expect(first.body['cid']).not.toBe(second.body['cid']);
    expect((await clickOf(first))?.click).toEqual({ sub1: 'x'.repeat(254), referrer: 'y'.repeat(2_000) });
    expect((await clickOf(second))?.click).toEqual({ utmSource: 'half \ufffd' });
  });
});

describe('without consent', () => {
  test('nothing about the visitor is kept: whose link it was, and when', async () => {
    const answer = await track({ trackingId: 'jane', ...VISITOR, hasConsent: false });
    expect(answer.body['cid']).toMatch(/^ref_/);
    expect(await clickOf(answer)).toMatchObject({ click: {}, status: 'click', affiliate_id: 'jane' });
    const rows = await site.stage.ask<{ said: string }>(
      'SELECT r::text AS said FROM referrals r WHERE workspace_id = $1 AND referral_id = $2',
      [String(answer.body['cid'])],
    );
    for (const value of Object.values(VISITOR).filter((one) => one !== 'x')) expect(rows[0]?.said).not.toContain(value);
  });

  test('given later, the same click is told in full, once', async () => {
    const { body } = await track({ trackingId: 'jane', hasConsent: false });
    const before = await clicks();
    const upgraded = await track({ upgradeClickId: body['cid'], trackingId: 'jane', ...VISITOR, hasConsent: true });
    expect(upgraded.body['cid']).toBe(body['cid']);
    expect((await clickOf(upgraded))?.click).toEqual(VISITOR);
    const again = await track({ upgradeClickId: body['cid'], sub1: 'another', sub2: 'new', hasConsent: true });
    expect((await clickOf(again))?.click).toEqual({ ...VISITOR, sub2: 'new' });
    expect(await clicks()).toBe(before);
  });

  test('and still not given, it stays as it is', async () => {
    const first = await track({ trackingId: 'jane', hasConsent: false });
    const again = await track({ upgradeClickId: first.body['cid'], ...VISITOR, hasConsent: false });
    expect(again.body['cid']).toBe(first.body['cid']);
    expect((await clickOf(again))?.click).toEqual({});
  });

  test('a click that something came of is left alone', async () => {
    const first = await track({ trackingId: 'jane', hasConsent: false });
    await site.post('/v1/signups', { click_id: first.body['cid'], external_user_id: 'u_1' });
    const again = await track({ upgradeClickId: first.body['cid'], ...VISITOR });
    expect(again.body['cid']).toBe(first.body['cid']);
    expect(await clickOf(again)).toMatchObject({ click: {}, status: 'lead' });
  });
});

describe('a visit that credits nobody', () => {
  test.each<[string, Fields, RegExp]>([
    ['an unknown tracking id', { trackingId: 'nobody' }, /"nobody"/],
    ['an affiliate who is not approved', { trackingId: 'waiting' }, /No approved affiliate/],
    ['an affiliate of another workspace', { trackingId: 'theirs' }, /"theirs"/],
    ['no link at all', {}, /neither a trackingId/],
    ['a click that is none', { upgradeClickId: 'ref_nothing' }, /neither/],
  ])('%s: 200 without a click, and why', async (_name, body, why) => {
    const before = await clicks();
    const answer = await track(body);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      cid: null,
      data: { discount: null, affiliateCoupons: [] },
      append_affonso_id_enabled: expect.any(Boolean),
      status: 'ignored',
      message: expect.stringMatching(why),
    });
    expect(await clicks()).toBe(before);
  });

  test('an unknown click with a tracking id beside it is a new visit', async () => {
    const answer = await track({ upgradeClickId: 'ref_nothing', trackingId: 'jane' });
    expect(answer.body['cid']).toMatch(/^ref_/);
  });
});

describe('a mistake of whoever wrote the page', () => {
  test.each<[string, Fields, number, string, string]>([
    ['no program', { programId: undefined }, 400, 'VALIDATION_ERROR', 'programId'],
    ['a program that is none', { programId: 'prog_nothing' }, 404, 'NOT_FOUND', 'programId'],
    ['a consent in words', { hasConsent: 'yes' }, 400, 'VALIDATION_ERROR', 'hasConsent'],
    ['a number for text', { sub1: 5 }, 400, 'VALIDATION_ERROR', 'sub1'],
  ])('%s is told', async (_name, body, status, code, field) => {
    const answer = await track({ trackingId: 'jane', ...body });
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([status, code, field]);
  });

  test('no JSON, and a link of another program', async () => {
    const broken = await site.send('POST', '/v1/track', '{', { key: null });
    expect([broken.status, broken.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    const elsewhere = await track({ programId: 'prog_other', trackingId: 'jane' });
    expect(elsewhere.body['cid']).toBeNull();
    expect((await track({ programId: 'prog_other', trackingId: 'theirs' })).body['cid']).toMatch(/^ref_/);
  });
});

describe('from a browser', () => {
  test('pages of any origin may ask and call, without credentials', async () => {
    const asked = await site.send('OPTIONS', '/v1/track', undefined, {
      key: null,
      headers: { ...ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-methods')).toBe('POST');
    expect(asked.headers.get('access-control-allow-headers')).toContain('content-type');
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    for (const body of [{ trackingId: 'jane' }, { programId: 'prog_nothing' }]) {
      const answer = await track(body);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  test('no other path of the dialect is open to pages', async () => {
    const answer = await site.send('OPTIONS', '/v1/conversions', undefined, { key: null, headers: ORIGIN });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a key is not looked at', async () => {
    const { key } = await site.keyFor(true, []);
    for (const sent of [key, 'sk_live_of_nobody_at_all_123456'])
      expect((await site.post('/v1/track', { programId: 'prog_default' }, { key: sent })).status).toBe(200);
  });

  test('each address has its own limit', async () => {
    const now = (): number => site.stage.clock.now;
    const set = new Map([['affonso', [{ points: 2, seconds: 3600 }]]]);
    const limiting = { rates: createRateLimits(scene.db.database, now), now, set };
    const limited = await openSite(scene.db, { work: site.work, limiting });
    const call = (): Promise<Answer> =>
      limited.send('POST', '/v1/track', '{"programId":"prog_default"}', { key: null, headers: ORIGIN });
    const answers = [await call(), await call(), await call()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual(['1', '0', '0']);
    expect(answers[2]?.headers.get('access-control-allow-origin')).toBe('*');
    expect(answers[2]?.body.error.code).toBe('RATE_LIMIT_EXCEEDED');
    await limited.close();
  });
});

describe('5.2 Test: a visit with atp=test', () => {
  const sold = (cid: unknown, key: string, external: string): Promise<Answer> =>
    site.post('/v1/conversions', { click_id: cid, sale_amount: 100, external_event_id: external }, { key });

  test.each([
    ['in the body', { atp: 'test' }, ''],
    ['in the query', {}, '?atp=test'],
  ])('said %s is known to the test world only, and reaches no balance', async (name, body, query) => {
    const before = await site.stage.balance('jane');
    const visits = (): Promise<unknown[]> =>
      site.stage.ask('SELECT 1 FROM referrals WHERE workspace_id = $1 AND clicked_at IS NOT NULL');
    const counted = (await visits()).length;
    const answer = await track({ trackingId: 'jane', ...body, ...VISITOR }, query);
    const { cid } = answer.body;
    expect(await clickOf(answer)).toMatchObject({ test_only: true, clicked_at: null, click: VISITOR });
    expect((await visits()).length).toBe(counted);
    const live = await sold(cid, site.live, `live ${name}`);
    expect([live.status, live.body.error.code]).toEqual([404, 'NOT_FOUND']);
    const test = await sold(cid, site.test, `test ${name}`);
    expect(test.body.data).toMatchObject({ referral_id: cid, commission_amount: 30 });
    expect(await site.stage.balance('jane')).toEqual(before);
  });

  test('a sign-up of it credits no live payment, and is shown to test keys only', async () => {
    const { body } = await track({ trackingId: 'jane', atp: 'test' });
    const signup = await site.post('/v1/signups', { click_id: body['cid'], external_user_id: 'u_test' });
    expect(signup.status).toBe(201);
    const sale = { external_user_id: 'u_test', sale_amount: 10, external_event_id: 'of u_test' };
    expect((await site.post('/v1/conversions', sale)).status).toBe(404);
    const path = `/v1/referrals/${String(body['cid'])}`;
    expect((await site.get(path)).status).toBe(404);
    expect((await site.get(path, { key: site.test })).body.data).toMatchObject({
      status: 'lead',
      external_user_id: 'u_test',
    });
    const idsFor = async (key: string): Promise<unknown[]> =>
      ((await site.get('/v1/referrals?limit=100', { key })).body.data as unknown as Fields[]).map(({ id }) => id);
    expect(await idsFor(site.live)).not.toContain(body['cid']);
    expect(await idsFor(site.test)).toContain(body['cid']);
    const made = {
      affiliate_id: 'jane',
      email: 'x@y.example',
      click_id: (await track({ trackingId: 'jane', atp: 'test' })).body['cid'],
    };
    expect((await site.post('/v1/referrals', made)).status).toBe(404);
  });

  test('events of a test key move it on; a live key does not find it', async () => {
    const { body } = await track({ trackingId: 'jane', atp: 'test' });
    const event = { event_name: 'trial', event_type: 'trial', referral_id: body['cid'] };
    expect((await site.post('/v1/events', event)).status).toBe(404);
    expect((await site.post('/v1/events', event, { key: site.test })).status).toBe(201);
    expect(await clickOf({ body } as Answer)).toMatchObject({ status: 'trialing', test_only: true });
  });

  test('cannot be told in full by a live visit, nor a live one by it', async () => {
    const test = await track({ trackingId: 'jane', atp: 'test', hasConsent: false });
    const live = await track({ trackingId: 'jane', hasConsent: false });
    const crossed = await track({ upgradeClickId: test.body['cid'], ...VISITOR });
    expect(crossed.body['cid']).toBeNull();
    const other = await track({ upgradeClickId: live.body['cid'], atp: 'test', ...VISITOR });
    expect(other.body['cid']).toBeNull();
    for (const one of [test, live]) expect((await clickOf(one))?.click).toEqual({});
  });
});
