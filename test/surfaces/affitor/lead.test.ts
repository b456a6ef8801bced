/** A sign-up against apis.md 4.1 and 4.2 (lead): both modes, who is bound, provisional leads. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene.close());

const OK = { success: true, message: 'Lead tracked successfully' };
const UNKNOWN = { error: 'Customer not found. Provide a valid click_id or customer_key.' };
const PROVISIONAL = {
  success: true,
  provisional: true,
  message:
    'Lead recorded as provisional. This program requires server-side (Bearer) lead tracking to settle attribution.',
};

describe('the documented lead', () => {
  test.each([
    ['with a key', () => undefined],
    ['without one, from the browser', () => scene.keyless],
  ])('%s binds the customer key to the click', async (_name, asked) => {
    const clickId = await scene.click();
    const key = scene.fresh('user');
    const answer = await scene.lead({ click_id: clickId, customer_key: key, email: `${key}@buyer.example` }, asked());
    expect([answer.status, answer.body]).toEqual([200, OK]);
    expect(await scene.referral(clickId)).toMatchObject({
      status: 'lead',
      external_user_id: key,
      email: `${key}@buyer.example`,
    });
    expect((await scene.sale({ transaction_id: `by ${key}`, customer_key: key })).status).toBe(200);
    expect(await scene.sold(`by ${key}`)).toMatchObject({ affiliate_id: 'jane', earned: 2970n });
  });

  test('as the browser’s tracker sends it, with nulls and fields that nobody documents', async () => {
    const clickId = await scene.click();
    const body = {
      customer_key: 4711,
      email: null,
      click_id: clickId,
      click_ids: [clickId],
      page_url: 'https://shop.example/welcome',
      session_id: 'sess_1',
      program_id: null,
      has_attribution: true,
      debug_mode: false,
    };
    const answer = await scene.lead(body, scene.keyless);
    expect([answer.status, answer.body]).toEqual([200, OK]);
    expect((await scene.sale({ transaction_id: 'number key', customer_key: '4711' })).status).toBe(200);
  });

  test('a number that JSON cannot carry exactly is refused: it would be another customer’s', async () => {
    for (const number of ['9007199254740993', '1.5', '1e300']) {
      const raw = `{"click_id":"${await scene.click()}","customer_key":${number}}`;
      const answer = await scene.site.send('POST', '/api/v1/track/lead', raw);
      expect([answer.status, answer.body]).toEqual([400, { error: 'customer_key must be a string' }]);
    }
  });

  test('without a key it is at most 32 KiB: it is kept, and nobody could be asked to stop', async () => {
    const bodyOf = async (length: number) => ({
      click_id: await scene.click(),
      customer_key: scene.fresh('user'),
      additional_data: { text: 'x'.repeat(length) },
    });
    const before = await scene.count('payloads');
    const answer = await scene.lead(await bodyOf(32_768), scene.keyless);
    expect([answer.status, answer.body]).toEqual([413, { error: 'Payload Too Large' }]);
    expect(await scene.count('payloads')).toBe(before);
    expect((await scene.lead(await bodyOf(30_000), scene.keyless)).status).toBe(200);
    expect((await scene.lead(await bodyOf(32_768))).status).toBe(200);
  });

  test('5.2 CORS: the answer may be read by pages of any origin', async () => {
    const clickId = await scene.click();
    const asked = { key: null, headers: { origin: 'https://shop.example' } };
    const answer = await scene.lead({ click_id: clickId, customer_key: scene.fresh('user') }, asked);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  test.each([
    ['neither name', {}, 'click_id or customer_key is required'],
    ['two nulls', { click_id: null, customer_key: null }, 'click_id or customer_key is required'],
    ['a click nobody made', { click_id: 'cust_1_1' }, UNKNOWN.error],
    ['a click of no dialect', { click_id: 'nonsense' }, UNKNOWN.error],
    ['a customer nobody brought', { customer_key: 'stranger' }, UNKNOWN.error],
    ['a click and a customer nobody knows', { click_id: 'nonsense', customer_key: 'stranger' }, UNKNOWN.error],
  ])('%s is refused', async (_name, body, error) => {
    for (const asked of [undefined, scene.keyless]) {
      const before = await scene.site.everything();
      const answer = await scene.lead(body, asked);
      expect([answer.status, answer.body]).toEqual([400, { error }]);
      expect(await scene.site.everything()).toBe(before);
    }
  });

  test('a wrong key is no browser: 401, before the body', async () => {
    for (const [header, error] of [
      ['Bearer aff_wrong', 'Invalid API token'],
      ['bearer aff_wrong', 'Missing or malformed Authorization header'],
      ['Basic abc', 'Missing or malformed Authorization header'],
      ['Bearer ', 'Missing or malformed Authorization header'],
    ] as const) {
      const asked = { key: null, headers: { authorization: header } };
      const answer = await scene.site.send('POST', '/api/v1/track/lead', '{"broken', asked);
      expect([answer.status, answer.body]).toEqual([401, { error }]);
    }
  });

  test('a click of another program is refused to a key, and unknown to a browser', async () => {
    const other = await scene.stageOf('lead-elsewhere');
    await other.affiliate('ann');
    const number = await scene.numberOf('lead-elsewhere');
    const clickId = await scene.click('ann', { program_id: number });
    const body = { click_id: clickId, customer_key: 'u' };
    for (const id of [clickId, `cust_${number}_1`, 'cust_999999_1']) {
      const answer = await scene.lead({ ...body, click_id: id });
      expect([answer.status, answer.body]).toEqual([400, { error: 'Customer does not belong to this program' }]);
    }
    expect((await scene.lead(body, scene.keyless)).body).toEqual(OK);
    for (const id of [`cust_${number}_1`, 'cust_999999_1'])
      expect((await scene.lead({ click_id: id, customer_key: 'nobody' }, scene.keyless)).body).toEqual(UNKNOWN);
    // The customer is the other workspace's alone.
    expect((await scene.sale({ transaction_id: 'not ours', customer_key: 'u' })).status).toBe(400);
  });

  test('a browser without a click id says by the program whose customer it is', async () => {
    const number = await scene.numberOf('lead-elsewhere');
    expect((await scene.lead({ customer_key: 'u' }, scene.keyless)).body).toEqual(UNKNOWN);
    expect((await scene.lead({ customer_key: 'u', program_id: number }, scene.keyless)).body).toEqual(OK);
  });
});

describe('a repeated lead', () => {
  test('a hundred times at once is one of the backend and one of the browser, and 200 each time', async () => {
    const clickId = await scene.click();
    const body = { click_id: clickId, customer_key: scene.fresh('user'), email: 'often@buyer.example' };
    const asked = (index: number) => (index % 2 === 0 ? undefined : scene.keyless);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => scene.lead(body, asked(index))));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set([`200 ${JSON.stringify(OK)}`]),
    );
    expect(await scene.count('inbox', `event_key LIKE 'signup:' || $2 || ':%'`, clickId)).toBe(2);
  });

  test('of who has bought is refused: the status never goes back', async () => {
    const { clickId, key } = await scene.customer();
    await scene.sale({ transaction_id: scene.fresh('bought'), customer_key: key });
    const answer = await scene.lead({ click_id: clickId, customer_key: key });
    const error = 'Customer status cannot be updated to lead. Current status: conversion';
    expect([answer.status, answer.body]).toEqual([400, { error }]);
    expect((await scene.lead({ customer_key: key }, scene.keyless)).body).toEqual({ error });
  });

  test('of who was rejected is refused', async () => {
    const { clickId } = await scene.customer();
    await scene.stage.ask(`UPDATE referrals SET status = 'rejected' WHERE workspace_id = $1 AND referral_id = $2`, [
      clickId,
    ]);
    const answer = await scene.lead({ click_id: clickId, customer_key: 'somebody' });
    expect(answer.body.error).toBe('Customer status cannot be updated to lead. Current status: rejected');
  });

  test('of the same customer through another click changes nothing: the first stays', async () => {
    const { key } = await scene.customer('jane');
    const other = await scene.click('max');
    expect((await scene.lead({ click_id: other, customer_key: key })).body).toEqual(OK);
    expect(await scene.referral(other)).toMatchObject({ status: 'click', external_user_id: null });
    await scene.sale({ transaction_id: `first of ${key}`, customer_key: key });
    expect(await scene.sold(`first of ${key}`)).toMatchObject({ affiliate_id: 'jane' });
  });

  test('with the customer key alone adds the e-mail', async () => {
    const { clickId, key } = await scene.customer();
    expect((await scene.lead({ customer_key: key, email: 'later@buyer.example' })).body).toEqual(OK);
    expect(await scene.referral(clickId)).toMatchObject({ email: 'later@buyer.example' });
  });

  test('two customers of one click are both credited', async () => {
    const clickId = await scene.click();
    for (const key of ['twin-1', 'twin-2'])
      expect((await scene.lead({ click_id: clickId, customer_key: key })).status).toBe(200);
    expect((await scene.sale({ transaction_id: 'twin', customer_key: 'twin-2' })).status).toBe(200);
  });

  test('an e-mail that is somebody else’s stays there, the lead counts', async () => {
    const first = await scene.click('jane');
    await scene.lead({ click_id: first, customer_key: 'mail-1', email: 'shared@buyer.example' });
    const second = await scene.click('max');
    const answer = await scene.lead({ click_id: second, customer_key: 'mail-2', email: 'Shared@buyer.example' });
    expect(answer.body).toEqual(OK);
    expect(await scene.referral(second)).toMatchObject({ status: 'lead', email: null, external_user_id: 'mail-2' });
  });

  test.each([
    ['words', 'not an e-mail'],
    ['a number', 7],
    ['an object', { a: 1 }],
    ['longer than mail can carry', `${randomBytes(3000).toString('hex')}@buyer.example`],
  ])('an e-mail that is none (%s) is ignored', async (_name, email) => {
    const clickId = await scene.click();
    expect((await scene.lead({ click_id: clickId, customer_key: scene.fresh('user'), email })).body).toEqual(OK);
    expect(await scene.referral(clickId)).toMatchObject({ status: 'lead', email: null });
  });
});

describe('the older fields', () => {
  test.each(['/api/tracking/lead', '/api/v1/track/lead'])(
    'are taken by %s, and answered with the code',
    async (path) => {
      const clickId = await scene.click();
      const key = scene.fresh('user');
      const answer = await scene.site.post(path, { customer_code: clickId, user_id: key });
      expect([answer.status, answer.body]).toEqual([200, { ...OK, customer_code: clickId }]);
      const sale = { transaction_id: `old ${path}`, user_id: key, amount_cents: 100 };
      expect((await scene.site.post('/api/tracking/sale', sale)).body).toMatchObject({ customer_code: clickId });
    },
  );

  test('5.6 S4: /api/tracking/lead answers the same body as v1 does', async () => {
    const clickId = await scene.click();
    const body = { click_id: clickId, customer_key: scene.fresh('user') };
    const [old, now] = [await scene.site.post('/api/tracking/lead', body), await scene.lead(body)];
    expect([old.status, old.text]).toEqual([now.status, now.text]);
  });
});

describe('a program that believes only backends', () => {
  beforeAll(async () => {
    await scene.stage.settings({ leadAuth: 'server_required' });
  });
  afterAll(async () => {
    await scene.stage.settings({ leadAuth: 'optional' });
  });

  test('keeps a browser’s lead as provisional, and a backend’s settles it', async () => {
    const clickId = await scene.click();
    const key = scene.fresh('user');
    const answer = await scene.lead({ click_id: clickId, customer_key: key }, scene.keyless);
    expect([answer.status, answer.body]).toEqual([200, PROVISIONAL]);
    expect(await scene.referral(clickId)).toMatchObject({ status: 'click', external_user_id: null });
    expect((await scene.lead({ customer_key: key })).body).toEqual(OK);
    expect(await scene.referral(clickId)).toMatchObject({ status: 'lead', external_user_id: key });
    expect((await scene.lead({ click_id: clickId, customer_key: key }, scene.keyless)).body).toEqual(PROVISIONAL);
  });

  test('or the first payment does', async () => {
    const clickId = await scene.click();
    const key = scene.fresh('user');
    await scene.lead({ click_id: clickId, customer_key: key }, scene.keyless);
    expect((await scene.sale({ transaction_id: `settles ${key}`, customer_key: key })).status).toBe(200);
    expect(await scene.sold(`settles ${key}`)).toMatchObject({ affiliate_id: 'jane', earned: 2970n });
    expect((await scene.lead({ customer_key: key, click_id: clickId })).body.error).toMatch(/conversion$/);
  });

  test('whoever was told by a backend counts before any number of browsers', async () => {
    const key = scene.fresh('user');
    for (let index = 0; index < 25; index += 1)
      await scene.lead(
        { click_id: await scene.click('max'), customer_key: key, email: 'real@buyer.example' },
        scene.keyless,
      );
    scene.stage.clock.now += 1000;
    const clickId = await scene.click('jane');
    expect((await scene.lead({ click_id: clickId, customer_key: key })).body).toEqual(OK);
    await scene.sale({ transaction_id: `proven ${key}`, customer_key: key });
    expect(await scene.sold(`proven ${key}`)).toMatchObject({ affiliate_id: 'jane' });
  });

  test('a browser’s word does not make two buyers one', async () => {
    const { key } = await scene.customer('jane');
    await scene.lead({ customer_key: key, email: 'linked@buyer.example' });
    const stranger = scene.fresh('stranger');
    const clickId = await scene.click('max');
    await scene.lead({ click_id: clickId, customer_key: stranger, email: 'linked@buyer.example' }, scene.keyless);
    await scene.sale({ transaction_id: `of ${stranger}`, customer_key: stranger });
    expect(await scene.sold(`of ${stranger}`)).toMatchObject({ affiliate_id: 'max' });
  });
});

describe('a key of the test world', () => {
  test('binds its customer there and leaves the click as it is', async () => {
    const clickId = await scene.click();
    const asked = { key: scene.site.test };
    const key = scene.fresh('user');
    expect((await scene.lead({ click_id: clickId, customer_key: key }, asked)).body).toEqual(OK);
    expect(await scene.referral(clickId)).toMatchObject({ status: 'click', external_user_id: null });
    expect((await scene.sale({ transaction_id: 'live?', customer_key: key })).body.error).toBe(
      'Customer not found. Provide customer_key or click_id.',
    );
    const before = await scene.stage.balance('jane');
    const sale = await scene.sale({ transaction_id: 'in the test world', customer_key: key }, asked);
    expect(sale.body).toMatchObject({ success: true, sale_id: expect.any(Number), commission_id: expect.any(Number) });
    expect(await scene.sold('in the test world')).toMatchObject({ livemode: false, earned: 2970n });
    expect(await scene.stage.balance('jane')).toEqual(before);
    // What was sold in the test world makes nobody a customer of the live one.
    expect((await scene.lead({ click_id: clickId, customer_key: key })).body).toEqual(OK);
  });
});
