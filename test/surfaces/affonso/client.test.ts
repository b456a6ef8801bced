/**
 * What the dialect's own client expects of every reply (apis.md 2.1): JSON whatever happens, a reply that failed is told by
 * its status, when to come again in Unix seconds. The small client here reads replies as that one does.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Desk } from '../../../src/core/desk.ts';
import { createRateLimits } from '../../../src/pipeline/limits.ts';
import { affonso } from '../../../src/surfaces/affonso/index.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { furnish, openSite, type Answer, type Asked, type Setting, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;

/** A site with so many calls a minute for each key. */
function openLimited(points: number, more: Setting = {}): Promise<Site> {
  const now = (): number => site.stage.clock.now;
  const set = new Map([['affonso', [{ points, seconds: 60 }]]]);
  return openSite(db, { ...more, limiting: { rates: createRateLimits(db.database, now), now, set } });
}

beforeAll(async () => {
  db = await createDatabase();
  site = await openLimited(300);
  await furnish(site.stage);
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

/** By code first, by status only where no code is sent. */
const CLASSES: Readonly<Record<string, string>> = {
  VALIDATION_ERROR: 'validation',
  UNAUTHORIZED: 'authentication',
  FORBIDDEN: 'permission',
  INSUFFICIENT_PERMISSIONS: 'permission',
  NOT_FOUND: 'not found',
  DUPLICATE_ERROR: 'conflict',
  RATE_LIMIT_EXCEEDED: 'rate limit',
};

type Read =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly thrown: string; readonly again: boolean };

/** What the client makes of a reply; a body that is no JSON and `success: false` under a 2xx are failures of ours. */
function read({ status, body, headers, text }: Answer): Read {
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect([text, typeof body]).toEqual([text, 'object']);
  const ok = status >= 200 && status < 300;
  expect([status, body['success']]).toEqual([status, ok]);
  if (ok) return { ok, data: body.data };
  const { code, message } = body.error;
  expect([typeof code, typeof message, message.length > 0]).toEqual(['string', 'string', true]);
  return { ok: false, thrown: CLASSES[code] ?? `base ${status}`, again: status === 429 || status >= 500 };
}

/** In Unix seconds; less than a minute away, as the client waits no longer. */
function resetOf({ headers }: Answer): number {
  const reset = headers.get('x-ratelimit-reset') ?? '';
  expect(reset).toMatch(/^\d{10}$/);
  const away = Number(reset) - site.stage.clock.now / 1000;
  expect(away > 0 && away <= 60).toBe(true);
  return Number(reset);
}

/** Below its own prefix, as a client is set up that is told one address. */
const at = (method: string, path: string, body?: string, asked?: Asked): Promise<Answer> =>
  site.send(method, `/affonso${path}`, body, asked);

const JSON_TYPE = { 'content-type': 'application/json' };
type Call = readonly [method: string, path: string, body?: string | undefined, asked?: Asked];

const CALLS: Readonly<Record<string, { readonly call: Call; readonly status: number; readonly reads: string }>> = {
  'a sale': {
    call: ['POST', '/v1/conversions', '{"referral_id":"ref_1","sale_amount":10,"external_event_id":"c1"}'],
    status: 201,
    reads: 'data',
  },
  'a list': { call: ['GET', '/v1/commissions'], status: 200, reads: 'data' },
  'no key': { call: ['GET', '/v1/commissions', undefined, { key: null }], status: 401, reads: 'base 401' },
  'a malformed key': { call: ['GET', '/v1/commissions', undefined, { key: 'x' }], status: 401, reads: 'base 401' },
  'a key nobody has': {
    call: ['GET', '/v1/commissions', undefined, { key: `sk_live_${'a'.repeat(38)}` }],
    status: 401,
    reads: 'base 401',
  },
  'an unknown id': { call: ['GET', '/v1/commissions/com_x'], status: 404, reads: 'not found' },
  'an unknown path': { call: ['GET', '/v1/nothing'], status: 404, reads: 'not found' },
  'an unknown path without a key': {
    call: ['GET', '/v1/nothing', undefined, { key: null }],
    status: 404,
    reads: 'not found',
  },
  'another method': { call: ['DELETE', '/v1/conversions'], status: 405, reads: 'base 405' },
  'an unfit field': { call: ['POST', '/v1/conversions', '{"sale_amount":"x"}'], status: 400, reads: 'validation' },
  'broken JSON': { call: ['POST', '/v1/conversions', '{"broken'], status: 400, reads: 'validation' },
  'a form': {
    call: ['POST', '/v1/conversions', 'a=1', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    status: 415,
    reads: 'base 415',
  },
  'a body too large': {
    call: ['POST', '/v1/conversions', `{"x":"${'x'.repeat(2_000_000)}"}`, { headers: JSON_TYPE }],
    status: 413,
    reads: 'base 413',
  },
  'a duplicate': {
    call: ['POST', '/v1/referrals', '{"affiliate_id":"jane","email":"twice@x.example"}'],
    status: 409,
    reads: 'conflict',
  },
};

describe('every reply', () => {
  test.each(Object.entries(CALLS))(
    'to %s is JSON, says by its status whether it failed, and tells the limits',
    async (name, row) => {
      const [method, path, body, asked] = row.call;
      if (name === 'a duplicate') await at(method, path, body, asked);
      const answer = await at(method, path, body, asked);
      const seen = read(answer);
      expect([answer.status, seen.ok ? 'data' : seen.thrown]).toEqual([row.status, row.reads]);
      resetOf(answer);
      const [limit, remaining] = ['limit', 'remaining'].map((one) => Number(answer.headers.get(`x-ratelimit-${one}`)));
      expect([limit, remaining]).toEqual([300, expect.any(Number)]);
      expect((remaining ?? -1) >= 0 && (remaining ?? 301) <= 300).toBe(true);
    },
  );

  test('without a permission is 403 and names it', async () => {
    const { key } = await site.keyFor(true, ['read:affiliates']);
    const answer = await site.get('/v1/commissions', { key });
    expect(read(answer)).toEqual({ ok: false, thrown: 'permission', again: false });
    expect([answer.status, answer.body.error.message.includes('read:commissions')]).toEqual([403, true]);
    resetOf(answer);
  });

  test('when something of ours fails is JSON with a status to try again at', async () => {
    const desk = new Proxy({} as Desk, { get: () => () => Promise.reject(new Error('broken for the test')) });
    const broken = await openLimited(300, { work: site.work, desk });
    const { key } = await broken.keyFor(true);
    const answer = await broken.get('/v1/commissions', { key });
    expect([answer.status, answer.body.error.code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(read(answer)).toMatchObject({ ok: false, again: true });
    expect(answer.text).not.toContain('broken for the test');
    resetOf(answer);
    await broken.close();
  });

  test('over the limit says when to come again, twice: in seconds from now, and as a moment', async () => {
    const limited = await openLimited(2, { work: site.work });
    const { key } = await limited.keyFor(true);
    const answers = [];
    for (let call = 0; call < 3; call += 1) answers.push(await limited.get('/v1/commissions', { key }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual(['1', '0', '0']);
    const [, , last] = answers;
    if (!last) throw new Error('there were three calls');
    expect(read(last)).toEqual({ ok: false, thrown: 'rate limit', again: true });
    const wait = Number(last.headers.get('retry-after'));
    expect(resetOf(last)).toBe(Math.ceil(site.stage.clock.now / 1000 + wait));
    expect((last.body.error as unknown as { retryAfter: number }).retryAfter).toBe(wait);
    await limited.close();
  });
});

describe('what the client sends', () => {
  test('arrays in a query are repeated keys', async () => {
    const [first] = (await site.get('/v1/commissions?expand=affiliate&expand=referral')).body
      .data as unknown as readonly Record<string, unknown>[];
    expect(first).toMatchObject({ affiliate: { id: 'jane' }, referral: { id: 'ref_1' } });
    const groups = await site.get('/v1/program/groups?expand=incentives&expand=multi_level_incentives');
    expect(groups.status).toBe(200);
  });

  test('its signed headers are of no account while nobody asked for signatures', async () => {
    const headers = { 'X-Affonso-Timestamp': '1', 'X-Affonso-Signature': 'nonsense' };
    const body = '{"referral_id":"ref_1","sale_amount":10,"external_event_id":"c2"}';
    expect((await site.send('POST', '/v1/conversions', body, { headers })).status).toBe(201);
  });

  test('every operation of the dialect may be called with a path of its own and below the prefix', async () => {
    const questions = [{ question: 'Your site?', type: 'text_input', order: 0 }];
    expect((await site.post('/v1/onboarding-form', { name: 'About you', questions })).status).toBe(201);
    const plain = affonso.routes.filter((one) => one.method === 'GET' && !one.path.includes(':') && !one.tokened);
    for (const { method, path } of plain)
      for (const one of [path, `/affonso${path}`])
        expect([one, (await site.send(method, one, undefined)).status]).toEqual([one, 200]);
  });
});
