/**
 * Bad input, endpoint by endpoint and value by value: always the dialect's error, never a 500, and nothing is stored.
 * Issue 2, "It must show" 6.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Answer, type Site } from './site.ts';

let db: TestDatabase;
let site: Site;
/** Ids of things that exist, so that only the bad value is wrong. */
let known: Record<string, string>;
let before: string;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  await furnish(site.stage);
  const sale = await site.post('/v1/conversions', {
    referral_id: 'ref_1',
    customer_id: 'c',
    sale_amount: 99,
    external_event_id: 'o',
  });
  const click = await site.post('/v1/clicks', { trackingId: 'jane' });
  await site.post('/v1/stripe/accounts', { account_id: 'acct_known' });
  const { keyId } = await site.keyFor(true);
  known = { conversion: String(sale.body.data['id']), click: String(click.body.data['id']), key: keyId };
  before = await site.everything();
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

/** Bad for any field: JSON text, because JSON.stringify cannot write all of it. */
const NEVER = ['{}', '[]', '[1]', 'true', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', `"${'x'.repeat(300_000)}"`];
const NO_TEXT = [...NEVER, '1', '0', '-1', '1e400', '{"a":1}'];
const NO_AMOUNT = [
  ...NEVER,
  '"99"',
  '"99.00"',
  '0',
  '-0',
  '-1',
  '-0.01',
  '1e400',
  '-1e400',
  '0.001',
  '1e-7',
  '99.999',
  '1e21',
  '9007199254740993',
  '9e15',
  '"NaN"',
  '""',
];
const NO_MOMENT = [
  ...NO_TEXT,
  '"yesterday"',
  '"2026-13-01T00:00:00Z"',
  '"2024-02-31"',
  '"2024-02-31T00:00:00Z"',
  '"2023-02-29T00:00:00+02:00"',
  '"2024-01-01T24:00:00Z"',
  '"2026-01-01T00:00:00"',
  '"0000-01-01T00:00:00Z"',
  '"1969-12-31T23:59:59Z"',
  '"+275760-09-13T00:00:00Z"',
  '1767600000',
  '"2999-01-01"',
];
/** Of what may lie in the future. */
const NO_PERIOD = NO_MOMENT.filter((text) => text !== '"2999-01-01"');
const NO_CURRENCY = [...NO_TEXT, '""', '"US"', '"USDT"', '"U$D"', '"12D"', '"ÜSD"'];
const NO_WORD = [...NO_TEXT, '""', '"PAID"', '"weekly"', '"__proto__"', '"toString"'];
const NO_LIST = [
  ...NEVER.filter((text) => text !== '[]'),
  '1',
  '"price_1"',
  '[""]',
  '[null]',
  '["a", 1]',
  '[["a"]]',
  `[${Array.from({ length: 101 }, () => '"p"').join()}]`,
  '{"0":"a"}',
  '["\\u0000"]',
];
const NO_FLAG = [...NEVER.filter((text) => text !== 'true'), '1', '0', '"true"', '""'];
const NO_METADATA = [
  ...NEVER.filter((text) => text !== '{}'),
  '1',
  '"a"',
  '{"a":"\\u0000"}',
  '{"\\u0000":1}',
  '{"__proto__":{"x":1}}',
  `{"a":"${'x'.repeat(50_001)}"}`,
  `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
];
const REQUIRED = ['null', '', '""', '" "'];

type Endpoint = {
  /** Default: POST. */
  readonly method?: 'PUT' | 'PATCH';
  readonly path: () => string;
  readonly body: () => Record<string, unknown>;
  /** Field → JSON texts it must not be. An empty text: the field is left out. */
  readonly bad: Readonly<Record<string, readonly string[]>>;
};

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  conversions: {
    path: () => '/v1/conversions',
    body: () => ({ referral_id: 'ref_1', sale_amount: 10, external_event_id: 'bad' }),
    bad: {
      referral_id: [...NO_TEXT, '""', '', '"ref_nobody"'],
      customer_id: NO_TEXT,
      external_user_id: NO_TEXT,
      click_id: [...NO_TEXT, '"ref_nobody"'],
      clickId: NO_TEXT,
      affonso_id: NO_TEXT,
      sale_amount: [...NO_AMOUNT, 'null', ''],
      sale_amount_currency: NO_CURRENCY,
      external_event_id: [...NO_TEXT, ...REQUIRED],
      product_ids: NO_LIST,
      price_ids: NO_LIST,
      interval: NO_WORD,
      is_subscription: NO_FLAG,
      status: NO_WORD,
      sales_status: NO_WORD,
      created_at: NO_MOMENT,
      metadata: NO_METADATA,
    },
  },
  refund: {
    path: () => `/v1/conversions/${known['conversion']}/refund`,
    body: () => ({ amount: 1 }),
    bad: {
      amount: [...NO_AMOUNT, '99.01', '1000000'],
      currency: [...NO_CURRENCY, '"EUR"'],
      reason: NO_TEXT,
      external_event_id: NO_TEXT,
      refunded_at: NO_MOMENT,
    },
  },
  events: {
    path: () => '/v1/events',
    body: () => ({ referral_id: 'ref_1', event_name: 'bad' }),
    bad: { occurred_at: NO_MOMENT },
  },
  'events of a source': {
    path: () => '/v1/sources/shop/events',
    body: () => ({ referral_id: 'ref_1', event_name: 'bad' }),
    bad: { occurred_at: NO_MOMENT },
  },
  commissions: {
    path: () => '/v1/commissions',
    body: () => ({ referral_id: 'ref_1', sale_amount: 10, commission_amount: 1 }),
    bad: { created_at: NO_MOMENT },
  },
  incentives: {
    path: () => '/v1/program/incentives',
    body: () => ({ name: 'bad', type: 'percentage', amount: 10 }),
    bad: { effective_from: NO_PERIOD, effective_until: NO_PERIOD },
  },
  'exchange rates': {
    path: () => '/v1/exchange_rates',
    body: () => ({ from: 'USD', to: 'EUR', rate: '1', source: 'bad' }),
    bad: { day: [...NO_PERIOD, ...REQUIRED, '"2024-02-28T00:00:00Z"', '"2024-2-3"'] },
  },
  clicks: {
    path: () => '/v1/clicks',
    body: () => ({ trackingId: 'jane' }),
    bad: {
      trackingId: [...NO_TEXT, ...REQUIRED, '"nobody"'],
      programId: [...NO_TEXT, '"prog_nobody"'],
      createdAt: NO_MOMENT,
      sub1: NO_TEXT,
      referrer: [...NO_TEXT, `"${'x'.repeat(2001)}"`],
      ip: [...NO_TEXT, `"${'1'.repeat(46)}"`],
      gclid: NO_TEXT,
    },
  },
  signups: {
    path: () => '/v1/signups',
    body: () => ({ click_id: known['click'], email: 'a@example.com' }),
    bad: {
      click_id: [...NO_TEXT, ...REQUIRED, '"ref_nobody"'],
      email: [...NO_TEXT, 'null', '', '""', '"nobody"', '"a@b@c"', '"a b@c"'],
      external_user_id: NO_TEXT,
      name: NO_TEXT,
    },
  },
  accounts: {
    path: () => '/v1/stripe/accounts',
    body: () => ({ account_id: 'acct_bad' }),
    bad: {
      account_id: [...NO_TEXT, ...REQUIRED, '"acct 1"', '"acct/1"', '"acct_\\n"', `"${'a'.repeat(256)}"`],
      name: [...NO_TEXT, `"${'x'.repeat(101)}"`],
      primary: NO_FLAG,
    },
  },
  'account names': {
    method: 'PATCH',
    path: () => '/v1/stripe/accounts/acct_known',
    body: () => ({ name: 'Europe' }),
    bad: { name: [...NO_TEXT, ...REQUIRED] },
  },
  'signing secrets': {
    path: () => '/v1/stripe/accounts/acct_known/secrets',
    body: () => ({ secret: 'whsec_bad' }),
    bad: {
      secret: [...NO_TEXT, ...REQUIRED, '"sk_live_x"', '"whsec_"', '"whsec_a b"', `"whsec_${'x'.repeat(256)}"`],
      label: [...NO_TEXT, `"${'x'.repeat(101)}"`],
      expires_at: [...NO_PERIOD, '"2020-01-01"'],
      others_expire_at: NO_PERIOD,
    },
  },
  'api keys': {
    method: 'PUT',
    path: () => '/v1/stripe/accounts/acct_known/api_key',
    body: () => ({ api_key: 'rk_live_bad' }),
    bad: { api_key: [...NO_TEXT, ...REQUIRED, '"whsec_x"', '"pk_live_x"', '"rk_live_"', '"rk_dev_x"'] },
  },
};

const KEY_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  'keys of callers': {
    path: () => '/v1/keys',
    body: () => ({ name: 'bad' }),
    bad: {
      name: [...NO_TEXT, ...REQUIRED, `"${'x'.repeat(101)}"`],
      family: [...NO_TEXT, '"stripe"', '"__proto__"'],
      mode: NO_WORD,
      scopes: [...NO_LIST, '["track"]', '["write:commissions "]'],
      allowed_hosts: [...NO_LIST, '["https://a.example"]', '["*"]', '["a.*.example"]', '["a b"]'],
      affiliate_id: [...NO_TEXT, '"jane"'],
      expires_at: [...NO_PERIOD, '"2020-01-01"'],
      key: [...NO_TEXT, '"sk_live_short"', `"sk_dev_${'a'.repeat(30)}"`, `"sa_live_${'a'.repeat(30)}"`],
    },
  },
  'key rotations': {
    path: () => `/v1/keys/${known['key']}/rotate`,
    body: () => ({}),
    bad: {
      overlap_seconds: [...NEVER, '"60"', '-1', '1.5', '2592001', '1e400'],
      expires_at: [...NO_PERIOD, '"2020-01-01"'],
    },
  },
};

const CODES = ['VALIDATION_ERROR', 'NOT_FOUND'];

/** A refusal in the dialect's shape that names no internals. */
function expectRefused({ status, body, text }: Answer, codes: readonly string[] = CODES): void {
  expect(text).toMatch(/^\{"success":false,"error":/);
  expect(codes).toContain(body.error.code);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(text).not.toMatch(/\bat \/|\.ts:|postgres|syntax error/i);
}

/** The valid body with one field as JSON text; an empty text leaves the field out. */
function bodyWith(valid: Record<string, unknown>, field: string, text: string): string {
  const { [field]: _left, ...rest } = valid;
  const members = Object.entries(rest).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${[...members, ...(text === '' ? [] : [`${JSON.stringify(field)}:${text}`])].join()}}`;
}

const shown = (text: string): string =>
  text.length > 40 ? `${text.slice(0, 30)}… (${text.length})` : text || 'nothing';

describe.each(Object.entries({ ...ENDPOINTS, ...KEY_ENDPOINTS }))(
  '%s',
  (_name, { method = 'POST', path, body, bad }) => {
    const values = Object.entries(bad).flatMap(([field, texts]) =>
      [...new Set(texts)].map((text) => ({ field, text, words: shown(text) })),
    );

    test.each(values)('refuses $field: $words', async ({ field, text }) => {
      const answer = await site.send(method, path(), bodyWith(body(), field, text));
      expectRefused(answer);
      expect(answer.body.error.field).toBeTruthy();
    });

    test.each([
      ['broken JSON', '{"sale_amount": '],
      ['NaN', '{"sale_amount": NaN}'],
      ['JSON with a comment', '{} // none'],
      ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
      ['a list', '[]'],
      ['a string', '"text"'],
      ['a number', '1'],
      ['null', 'null'],
      ['a poisoned prototype', '{"__proto__": {"sale_amount": 10}}'],
      ['a body nested beyond reason', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
      ['half of a character in a name', '{"\\ud800": 1}'],
    ])('refuses %s', async (_words, text) => {
      expectRefused(await site.send(method, path(), text));
    });

    test('stored nothing of all that', async () => {
      expect(await site.everything()).toBe(before);
    });
  },
);

describe('conversions', () => {
  const sell = (more: Record<string, unknown>): Promise<Answer> =>
    site.post('/v1/conversions', {
      referral_id: 'ref_1',
      sale_amount: 10,
      external_event_id: 'bad',
      ...more,
    });

  test('an interval is only for subscriptions', async () => {
    const answer = await sell({ interval: 'monthly', is_subscription: false });
    expectRefused(answer);
    expect(answer.body.error.field).toBe('interval');
  });

  test('all problems are told at once', async () => {
    const { body } = await site.post('/v1/conversions', { sale_amount: '99', interval: 'weekly' });
    expect(body.error.field).toBe('sale_amount');
    expect(body.error.details?.map(({ field }) => field)).toEqual(['sale_amount', 'interval', 'external_event_id']);
  });

  test('a yen has no decimals', async () => {
    const answer = await sell({ sale_amount: 500.5, sale_amount_currency: 'JPY' });
    expectRefused(answer);
    expect(answer.body.error).toMatchObject({
      field: 'sale_amount',
      message: 'sale_amount has more decimals than JPY (0)',
    });
  });

  test('a list of problems stays short', async () => {
    const { body, text } = await sell({ price_ids: Array.from({ length: 5000 }, () => 1) });
    expect(body.error.field).toBe('price_ids');
    expect(text.length).toBeLessThan(10_000);
  });

  test('stored nothing of all that', async () => {
    expect(await site.everything()).toBe(before);
  });
});

describe('queries and paths', () => {
  test.each([
    '/v1/conversions?page=0',
    '/v1/conversions?page=-1',
    '/v1/conversions?page=1.5',
    '/v1/conversions?page=99999999999',
    '/v1/conversions?page=a',
    '/v1/conversions?page=1&page=2',
    '/v1/conversions?limit=0',
    '/v1/conversions?limit=201',
    '/v1/conversions?kind=chargeback',
    '/v1/conversions?external_event_id=',
    '/v1/conversions?external_event_id=%00',
    `/v1/conversions?external_event_id=${'x'.repeat(256)}`,
    '/v1/conversions/%00',
    '/v1/conversions/%ff',
    '/v1/conversions/%ED%A0%80',
    '/v1/conversions/..%2f..%2fetc',
    "/v1/conversions/'; DROP TABLE conversions; --",
    `/v1/conversions/${'x'.repeat(5000)}`,
    '/v1/conversions/',
    '/v1/alerts?state=loud',
    '/v1/alerts?page=0',
    '/v1/stripe/accounts?limit=0',
    '/v1/stripe/accounts/%00',
    '/v1/stripe/accounts/acct_nobody',
    '/v1/conversions//refund',
  ])('GET %s is no surprise', async (path) => {
    const answer = await site.get(path);
    if (path === '/v1/conversions/') return expect(answer.status).toBe(200);
    expectRefused(answer, [...CODES, 'METHOD_NOT_ALLOWED']);
  });

  test.each([
    ...['commissions', 'payouts'].flatMap((what) => [`${what}?dateFrom`, `${what}?dateTo`]),
    ...['commissions', 'referrals'].flatMap((what) => [`${what}?created_gte`, `${what}?created_lte`]),
    'affiliates/jane/balance?at',
  ])('GET /v1/%s= takes no day that does not exist', async (query) => {
    const [, field] = query.split('?');
    for (const day of ['2024-02-31', '2024-02-31T00:00:00Z', '2023-02-29', '2024-04-31T12:00:00%2B02:00']) {
      const { status, body } = await site.get(`/v1/${query}=${day}`);
      const message = `${field} must be an ISO 8601 time that exists, such as 2026-06-22T12:00:00Z`;
      expect([status, body.error]).toMatchObject([400, { code: 'VALIDATION_ERROR', field, message }]);
    }
    expect((await site.get(`/v1/${query}=2024-02-29`)).status).toBe(200);
  });

  test('what a query must not name is not obeyed', async () => {
    expect((await site.get('/v1/conversions?__proto__=1&constructor=2&toString=3')).status).toBe(200);
  });
});

describe('what belongs to another tenant', () => {
  let key: string;
  let theirs: string;

  beforeAll(async () => {
    const acme = await openSite(db, { workspace: 'acme' });
    await furnish(acme.stage, 'acme_');
    const made = await acme.post('/v1/conversions', {
      referral_id: 'acme_ref_1',
      customer_id: 'cust_acme',
      sale_amount: 5,
      external_event_id: 'o',
    });
    theirs = String(made.body.data['id']);
    key = acme.live;
    await acme.close();
  });

  const calls: Record<string, () => Promise<Answer>> = {
    'a conversion': () => site.get(`/v1/conversions/${theirs}`),
    'a refund': () => site.post(`/v1/conversions/${theirs}/refund`, {}),
    'a referral': () =>
      site.post('/v1/conversions', {
        referral_id: 'acme_ref_1',
        sale_amount: 5,
        external_event_id: 'x',
      }),
    'a customer': () =>
      site.post('/v1/conversions', {
        customer_id: 'cust_acme',
        sale_amount: 5,
        external_event_id: 'x',
      }),
    'a click': () => site.post('/v1/clicks', { trackingId: 'acme_jane' }),
    'a sign-up': () => site.post('/v1/signups', { click_id: 'acme_ref_1', email: 'x@example.com' }),
  };

  test.each(Object.entries(calls))('%s is not found, and nothing changes', async (_name, call) => {
    const all = await site.everything();
    const { status, body } = await call();
    expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
    expect(await site.everything()).toBe(all);
  });

  test('is found with its own key, under the same id of the caller', async () => {
    expect((await site.get(`/v1/conversions/${theirs}`, { key })).status).toBe(200);
    const { body } = await site.get('/v1/conversions?external_event_id=o', { key });
    expect(body.data).toMatchObject([{ id: theirs }]);
  });
});
