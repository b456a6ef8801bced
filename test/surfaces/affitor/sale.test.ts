/** A sale against documents/004 and apis.md 4.2 (sale): sentences and their order, replay, window, money. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { terms } from '../../support/stage.ts';
import { DAY, openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene.close());

const DUPLICATE = { error: 'Duplicate transaction_id. This sale has already been recorded.' };
const NOT_FOUND = { error: 'Customer not found. Provide customer_key or click_id.' };
const NOT_CREDITED = { error: 'No affiliate attribution found for this customer in this program' };
const NO_PARTNER = { error: 'No partner-program relationship found for this customer' };

describe('the documented sale', () => {
  test('5.6 S4: click, lead, sale by customer_key: integer ids and the exact message', async () => {
    const { key } = await scene.customer();
    const answer = await scene.sale({
      transaction_id: 'txn_1',
      customer_key: key,
      amount_cents: 9999,
      currency: 'USD',
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      sale_id: expect.any(Number),
      commission_id: expect.any(Number),
      message: 'Sale tracked successfully',
    });
    expect(Number.isInteger(answer.body['sale_id']) && Number.isInteger(answer.body['commission_id'])).toBe(true);
    expect(await scene.sold('txn_1')).toMatchObject({ affiliate_id: 'jane', earned: 3000n, currency: 'usd' });
  });

  test('5.6 S4: the same again is a 409', async () => {
    const { key } = await scene.customer();
    const body = { transaction_id: 'txn_twice', customer_key: key };
    expect((await scene.sale(body)).status).toBe(200);
    const before = await scene.site.everything();
    for (const again of [body, { ...body, amount_cents: 1 }, { ...body, currency: 'eur' }]) {
      const answer = await scene.sale(again);
      expect([answer.status, answer.body]).toEqual([409, DUPLICATE]);
    }
    expect(await scene.site.everything()).toBe(before);
  });

  test('5.6 S4: without transaction_id: the exact sentence', async () => {
    const { key } = await scene.customer();
    const answer = await scene.track('sale', { customer_key: key, amount_cents: 100 });
    expect([answer.status, answer.body]).toEqual([400, { error: 'transaction_id is required and must be a string' }]);
  });

  test('5.6 S4: /api/tracking/sale answers as v1 does', async () => {
    const { key } = await scene.customer();
    const first = await scene.site.post('/api/tracking/sale', {
      transaction_id: 'alias',
      customer_key: key,
      amount_cents: 9900,
    });
    expect([first.status, first.body['message']]).toEqual([200, 'Sale tracked successfully']);
    const again = await scene.sale({ transaction_id: 'alias', customer_key: key });
    expect([again.status, again.body]).toEqual([409, DUPLICATE]);
    const wrong = await scene.site.post('/api/tracking/sale', {});
    expect([wrong.status, wrong.text]).toEqual([400, (await scene.track('sale', {})).text]);
  });

  test('5.2 concurrent replays: a hundred at once are one sale, one 200 and 409 for all others', async () => {
    const { key } = await scene.customer();
    const body = { transaction_id: 'hundred', customer_key: key };
    const answers = await Promise.all(Array.from({ length: 100 }, () => scene.sale(body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status, text }) => status === 409 && text === JSON.stringify(DUPLICATE))).toHaveLength(99);
    expect(await scene.count('conversions', `external_event_id = 'hundred'`)).toBe(1);
    expect(await scene.sold('hundred')).toMatchObject({ earned: 2970n });
  });

  test('5.2 renewals: by customer_key alone, each its own sale', async () => {
    const { key } = await scene.customer();
    const ids = new Set<unknown>();
    for (const month of [1, 2, 3]) {
      const body = { sale_type: 'subscription', is_recurring: month > 1, subscription_id: 'sub_1' };
      const answer = await scene.sale({ transaction_id: `month ${month}`, customer_key: key, ...body });
      expect(answer.status).toBe(200);
      ids.add(answer.body['sale_id']);
      scene.stage.clock.now += 30 * DAY;
    }
    expect(ids.size).toBe(3);
    expect(await scene.sold('month 3')).toMatchObject({ affiliate_id: 'jane', earned: 2970n });
  });
});

describe('what is refused, in this order', () => {
  const TXN = 'transaction_id is required and must be a string';
  const AMOUNT = 'amount_cents is required and must be a positive integer';
  test.each([
    ['nothing at all', {}, TXN],
    ['a list', [], TXN],
    ['null', null, TXN],
    ['a text', 'sale', TXN],
    ['a null id', { transaction_id: null, amount_cents: 100 }, TXN],
    ['a blank id', { transaction_id: ' ', amount_cents: 100 }, TXN],
    ['an id that is a number', { transaction_id: 7, amount_cents: 100 }, TXN],
    ['no id and a wrong amount', { amount_cents: 'much' }, TXN],
    ['no id, a wrong amount and a wrong currency', { amount_cents: 'much', currency: 'dollars' }, TXN],
    ['no amount', { transaction_id: 'x' }, AMOUNT],
    ['no amount and a wrong currency', { transaction_id: 'x', currency: 'dollars' }, AMOUNT],
    ['a null amount', { transaction_id: 'x', amount_cents: null }, AMOUNT],
    ['an amount of 0', { transaction_id: 'x', amount_cents: 0 }, AMOUNT],
    ['a negative amount', { transaction_id: 'x', amount_cents: -1 }, AMOUNT],
    ['an amount with decimals', { transaction_id: 'x', amount_cents: 99.5 }, AMOUNT],
    ['an amount in words', { transaction_id: 'x', amount_cents: '9900' }, AMOUNT],
    ['more than can be counted', { transaction_id: 'x', amount_cents: 1e16 }, AMOUNT],
    [
      'a currency that is none',
      { transaction_id: 'x', amount_cents: 1, currency: 'dollars' },
      'currency must be a three-letter currency code, such as USD',
    ],
    [
      'an id that is too long',
      { transaction_id: 'x'.repeat(256), amount_cents: 1 },
      'transaction_id must be at most 255 characters',
    ],
    ['no customer', { transaction_id: 'x', amount_cents: 1 }, NOT_FOUND.error],
    [
      'two nulls for the customer',
      { transaction_id: 'x', amount_cents: 1, customer_key: null, click_id: null },
      NOT_FOUND.error,
    ],
    ['a customer nobody knows', { transaction_id: 'x', amount_cents: 1, customer_key: 'stranger' }, NOT_FOUND.error],
    ['a click nobody made', { transaction_id: 'x', amount_cents: 1, click_id: 'cust_1_1' }, NOT_FOUND.error],
  ])('%s', async (_name, body, error) => {
    const before = await scene.site.everything();
    const answer = await scene.track('sale', body);
    expect([answer.status, answer.body]).toEqual([400, { error }]);
    expect(await scene.site.everything()).toBe(before);
  });

  test('broken JSON, after the key', async () => {
    const broken = await scene.site.send('POST', '/api/v1/track/sale', '{"transaction_id":');
    expect([broken.status, broken.body]).toEqual([400, { error: 'Invalid JSON body' }]);
    for (const [header, error] of [
      [undefined, 'Missing or malformed Authorization header'],
      ['Bearer ', 'Missing or malformed Authorization header'],
      ['bearer aff_x', 'Missing or malformed Authorization header'],
      ['Bearer aff_x', 'Invalid API token'],
    ] as const) {
      const headers: Record<string, string> = header === undefined ? {} : { authorization: header };
      for (const what of ['sale', 'refund']) {
        const answer = await scene.site.send('POST', `/api/v1/track/${what}`, '{"broken', { key: null, headers });
        expect([answer.status, answer.body]).toEqual([401, { error }]);
      }
    }
  });

  test('a customer whom nobody brought, and one whose referral was rejected', async () => {
    await scene.stage.ask(
      `INSERT INTO customers (workspace_id, livemode, customer_key, version, state)
       VALUES ($1, true, 'user:organic', 1, '{"links":[],"members":[],"touches":[]}')`,
    );
    const before = await scene.site.everything();
    const organic = await scene.sale({ transaction_id: 'organic', customer_key: 'organic' });
    expect([organic.status, organic.body]).toEqual([400, NOT_CREDITED]);
    expect(await scene.site.everything()).toBe(before);
    const { key, clickId } = await scene.customer();
    await scene.stage.ask(`UPDATE referrals SET status = 'rejected' WHERE workspace_id = $1 AND referral_id = $2`, [
      clickId,
    ]);
    for (const names of [{ customer_key: key }, { click_id: clickId }, { customer_key: key, click_id: clickId }]) {
      const answer = await scene.sale({ transaction_id: 'rejected', ...names });
      expect([answer.status, answer.body]).toEqual([400, NOT_CREDITED]);
    }
  });

  test('a customer of a partner who is no partner any more', async () => {
    await scene.stage.affiliate('gone');
    const { key } = await scene.customer('gone');
    await scene.stage.ask(`UPDATE affiliates SET status = 'banned' WHERE workspace_id = $1 AND affiliate_id = 'gone'`);
    const before = await scene.site.everything();
    const answer = await scene.sale({ transaction_id: 'gone', customer_key: key });
    expect([answer.status, answer.body]).toEqual([400, NO_PARTNER]);
    expect(await scene.site.everything()).toBe(before);
  });

  test('a customer who came through a link of nobody', async () => {
    await scene.stage.ask(
      `INSERT INTO referrals (workspace_id, referral_id, program_id, status, created_at, clicked_at)
       VALUES ($1, 'ref_nobody', $2, 'click', now(), now())`,
      [scene.stage.program],
    );
    expect((await scene.lead({ click_id: 'ref_nobody', customer_key: 'of nobody' })).status).toBe(200);
    for (const names of [{ click_id: 'ref_nobody' }, { customer_key: 'of nobody' }]) {
      const answer = await scene.sale({ transaction_id: 'of nobody', ...names });
      expect([answer.status, answer.body]).toEqual([400, NOT_CREDITED]);
    }
  });

  test('a customer of another workspace', async () => {
    const other = await scene.stageOf('sale-elsewhere');
    await other.affiliate('ann');
    const clickId = await scene.click('ann', { program_id: await scene.numberOf('sale-elsewhere') });
    await scene.lead({ click_id: clickId, customer_key: 'theirs' }, scene.keyless);
    for (const names of [{ customer_key: 'theirs' }, { click_id: clickId }]) {
      const answer = await scene.sale({ transaction_id: 'theirs', ...names });
      expect([answer.status, answer.body]).toEqual([400, NOT_FOUND]);
    }
  });
});

describe('who is credited', () => {
  test('the customer key first, the click where it credits nobody', async () => {
    const { key } = await scene.customer('jane');
    const click = await scene.click('max');
    await scene.sale({ transaction_id: 'key first', customer_key: key, click_id: click });
    expect(await scene.sold('key first')).toMatchObject({ affiliate_id: 'jane' });
    await scene.sale({ transaction_id: 'then click', customer_key: 'unheard', click_id: click });
    expect(await scene.sold('then click')).toMatchObject({ affiliate_id: 'max' });
    expect((await scene.sale({ transaction_id: 'key alone', customer_key: 'unheard' })).status).toBe(200);
    expect(await scene.sold('key alone')).toMatchObject({ affiliate_id: 'max' });
  });

  test('never a code, and never an amount that the caller computed', async () => {
    const before = await scene.site.everything();
    const body = { transaction_id: 'by code', partner_code: 'jane', aff: 'jane', commission_cents: 5000 };
    expect((await scene.sale(body)).body).toEqual(NOT_FOUND);
    expect(await scene.site.everything()).toBe(before);
  });

  test('a sale that was refused is looked at again when it is repeated', async () => {
    const body = { transaction_id: 'again', customer_key: 'comes later' };
    expect((await scene.sale(body)).status).toBe(400);
    await scene.lead({ click_id: await scene.click(), customer_key: 'comes later' });
    expect((await scene.sale(body)).status).toBe(200);
  });
});

describe('the window', () => {
  test('expired before the first sale: 200, not attributed, nothing is kept', async () => {
    const { key, clickId } = await scene.customer();
    scene.stage.clock.now += 75 * DAY;
    const before = await scene.site.everything();
    for (const names of [{ customer_key: key }, { click_id: clickId }]) {
      const answer = await scene.sale({ transaction_id: 'expired', ...names });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        success: true,
        attributed: false,
        reason: 'attribution_window_expired',
        click_age_days: 75,
        window_days: 60,
        sale_id: null,
        commission_id: null,
      });
    }
    expect(await scene.site.everything()).toBe(before);
  });

  test('the last moment counts, the next one does not', async () => {
    const { key } = await scene.customer();
    const { key: other } = await scene.customer();
    const [row] = await scene.stage.ask<{ at: Date }>(
      'SELECT max(clicked_at) AS at FROM referrals WHERE workspace_id = $1 AND external_user_id = $2',
      [key],
    );
    scene.stage.clock.now = (row?.at.getTime() ?? 0) + 60 * DAY;
    expect((await scene.sale({ transaction_id: 'in time', customer_key: key })).body['sale_id']).toEqual(
      expect.any(Number),
    );
    scene.stage.clock.now += 1;
    expect((await scene.sale({ transaction_id: 'too late', customer_key: other })).body).toMatchObject({
      attributed: false,
      click_age_days: 60,
    });
  });

  test('is measured to the first sale: who bought once goes on earning, and a replay stays a replay', async () => {
    const { key } = await scene.customer();
    await scene.sale({ transaction_id: 'within', customer_key: key });
    scene.stage.clock.now += 400 * DAY;
    const later = await scene.sale({ transaction_id: 'a year later', customer_key: key });
    expect([later.status, later.body['message']]).toEqual([200, 'Sale tracked successfully']);
    expect((await scene.sale({ transaction_id: 'within', customer_key: key })).status).toBe(409);
  });

  test('is the program’s', async () => {
    await scene.stage.ask('UPDATE programs SET click_window_days = 7 WHERE workspace_id = $1');
    const answer = await scene.track('click', { affiliate_url: 'https://x.example/?aff=jane' }, scene.keyless);
    expect(answer.body['cookie_window_days']).toBe(7);
    scene.stage.clock.now += 8 * DAY;
    const sale = await scene.sale({ transaction_id: 'week', click_id: answer.body['click_id'] });
    expect(sale.body).toMatchObject({ attributed: false, click_age_days: 8, window_days: 7 });
    await scene.stage.ask('UPDATE programs SET click_window_days = 60 WHERE workspace_id = $1');
  });
});

describe('money', () => {
  test.each([
    ['5.2 amount units: 9900 is 99.00', 'usd', 9900, 2970n],
    ['5.2 currency case', 'EuR', 9900, 2970n],
    ['5.2 zero-decimal: VND is its smallest unit as it is', 'VND', 500_000, 150_000n],
    ['5.2 zero-decimal: JPY', 'jpy', 500, 150n],
    ['5.2 three-decimal: KWD', 'KWD', 1234, 370n],
    ['the smallest amount', 'USD', 2, 1n],
    ['the largest amount', 'USD', 9_007_199_254_740_991, 2_702_159_776_422_297n],
  ])('%s', async (name, currency, amount_cents, earned) => {
    const { key } = await scene.customer();
    const answer = await scene.sale({ transaction_id: name, customer_key: key, currency, amount_cents });
    expect(answer.status).toBe(200);
    expect(await scene.sold(name)).toMatchObject({ earned, currency: currency.toLowerCase() });
  });

  test('is in USD when no currency is given', async () => {
    const { key } = await scene.customer();
    await scene.sale({ transaction_id: 'no currency', customer_key: key, currency: null });
    expect(await scene.sold('no currency')).toMatchObject({ currency: 'usd' });
  });

  test('product, interval and kind of sale choose the incentive', async () => {
    await scene.stage.incentive('inc_product', terms('50', { productIds: ['prod_x'], priority: 1 }));
    await scene.stage.incentive('inc_yearly', terms('40', { interval: 'yearly', isSubscription: true, priority: 2 }));
    await scene.stage.incentive(
      'inc_quarter',
      terms('35', { interval: 'quarterly', isSubscription: true, priority: 2 }),
    );
    const { key } = await scene.customer();
    const earns = async (transaction_id: string, more: Record<string, unknown>) => {
      expect((await scene.sale({ transaction_id, customer_key: key, amount_cents: 10_000, ...more })).status).toBe(200);
      return (await scene.sold(transaction_id))?.earned;
    };
    expect(await earns('product', { product_id: 'prod_x' })).toBe(5000n);
    expect(await earns('annual', { sale_type: 'subscription', subscription_interval: 'annual' })).toBe(4000n);
    expect(await earns('recurring', { is_recurring: true, subscription_interval: 'Annual' })).toBe(4000n);
    expect(await earns('quarterly', { sale_type: 'subscription', subscription_interval: 'quarterly' })).toBe(3500n);
    expect(await earns('monthly', { sale_type: 'subscription', subscription_interval: 'monthly' })).toBe(3000n);
    expect(await earns('one-time', { sale_type: 'payment', subscription_interval: 'annual' })).toBe(3000n);
    expect(await earns('unheard', { sale_type: 'subscription', subscription_interval: 'fortnightly' })).toBe(3000n);
  });

  test('that fits no incentive is sold all the same, without a commission', async () => {
    await scene.stage.incentive('inc_all', terms('30', { productIds: ['prod_only'] }));
    const { key } = await scene.customer();
    const answer = await scene.sale({ transaction_id: 'nothing fits', customer_key: key });
    expect(answer.body).toEqual({
      success: true,
      sale_id: expect.any(Number),
      commission_id: null,
      message: 'Sale tracked successfully',
    });
    expect(await scene.sold('nothing fits')).toMatchObject({ affiliate_id: 'jane', earned: null });
    await scene.stage.incentive('inc_all', terms('30'));
  });

  test('nulls and unknown fields are ignored; line_items may be anything', async () => {
    const { key } = await scene.customer();
    const nulls = Object.fromEntries(
      [
        'currency',
        'sale_type',
        'is_recurring',
        'subscription_id',
        'subscription_interval',
        'product_id',
        'event_name',
        'additional_data',
        'click_id',
      ].map((name) => [name, null]),
    );
    const body = {
      transaction_id: 'nulls',
      customer_key: key,
      ...nulls,
      line_items: [{ a: [1, { b: null }] }],
      else: {},
    };
    expect((await scene.sale(body)).status).toBe(200);
  });

  test('a text that no database takes is ignored where the field is, and refused where it is kept', async () => {
    const [clickId, key] = [await scene.click(), scene.fresh('user')];
    const odd = { click_id: clickId, customer_key: key, page_url: '/\ud83d', unheard_of: { title: ['\ud83d\0'] } };
    expect((await scene.lead(odd)).status).toBe(200);
    const sale = { transaction_id: 'odd', customer_key: key, unheard_of: '\ud83d' };
    expect((await scene.sale(sale)).status).toBe(200);
    expect(await scene.count('payloads', `body LIKE '%unheard_of%' AND body LIKE '%\ufffd%'`)).toBe(2);
    const refused = await scene.sale({ ...sale, transaction_id: 'odd\ud83d' });
    expect([refused.status, refused.body['error']]).toEqual([
      400,
      'transaction_id contains half of a character (a lone surrogate)',
    ]);
    const named = await scene.sale({ ...sale, transaction_id: 'odd-2', anything: { 'a\0b': 1 } });
    expect(named.status).toBe(400);
  });
});

describe('failures of ours', () => {
  test('are the documented 500 of each call, also when the database is away', async () => {
    const { affitor } = await import('../../../src/surfaces/affitor/index.ts');
    const { refuse } = await import('../../../src/core/refusals.ts');
    for (const [what, error] of [
      ['click', 'Click tracking failed'],
      ['lead', 'Lead tracking failed'],
      ['sale', 'Sale tracking failed'],
      ['refund', 'Refund tracking failed'],
    ] as const)
      for (const path of [`/api/v1/track/${what}`, `/api/tracking/${what}`])
        for (const reason of ['internal', 'database_away'] as const) {
          const route = affitor.routes.find((one) => one.path === path);
          expect(route?.problem?.(refuse(reason, 'x'), 'req_1')).toEqual({ status: 500, body: { error } });
        }
  });
});
