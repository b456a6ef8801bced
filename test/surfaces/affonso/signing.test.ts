/** Signed requests (apis.md 2.1): off by default; on, what moves money must be signed by the bytes that were sent. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resealOne, sealedOf } from '../../../src/store/sealed.ts';
import { createSeal } from '../../../src/store/seal.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { SEAL_KEY } from '../../support/stage.ts';
import { furnish, openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let unsigned: Site;
let keyless: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  unsigned = await openSite(db, { workspace: 'unsigned' });
  keyless = await openSite(db, { workspace: 'keyless', sealKeys: [] });
  await furnish(site.stage);
  await furnish(unsigned.stage);
});

afterAll(async () => {
  await Promise.all([site, unsigned, keyless].map((one) => one.close()));
  await db.drop();
});

const SIGNING = '/v1/request_signing';
let secret: string;
let made = 0;

beforeEach(async () => {
  secret = String((await site.post(SIGNING, {})).body.data['secret']);
});

const seconds = (): number => Math.floor(site.stage.clock.now / 1000);

function headers(body: string, { with: key = secret, at = String(seconds()) } = {}): Record<string, string> {
  const signature = createHmac('sha256', key).update(`${at}.${body}`).digest('hex');
  return { 'X-Affonso-Timestamp': at, 'X-Affonso-Signature': signature };
}

const sale = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  referral_id: 'ref_1',
  sale_amount: 10,
  external_event_id: `signed ${(made += 1)}`,
  ...more,
});

async function send(path: string, body: unknown, own?: Record<string, string>): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return site.send('POST', path, text, { headers: own ?? headers(text) });
}

function expectRefused(answer: Answer, message: RegExp): void {
  expect([answer.status, answer.body['success'], answer.body.error.code]).toEqual([401, false, 'UNAUTHORIZED']);
  expect(answer.body.error.message).toMatch(message);
  expect(answer.text).not.toContain(secret);
}

describe('switched on', () => {
  test('signed conversions, refunds, events and sources are taken', async () => {
    const conversion = await send('/v1/conversions', sale());
    expect(conversion.status).toBe(201);
    expect((await send(`/v1/conversions/${String(conversion.body.data['id'])}/refund`, {})).status).toBe(200);
    expect((await send('/v1/events', { event_name: 'x', referral_id: 'ref_1' })).status).toBe(201);
    expect((await send('/v1/sources/custom/events', { event_name: 'x', referral_id: 'ref_1' })).status).toBe(201);
    const payload = { event: 'x', messageId: 'm', properties: { referral_id: 'ref_1' } };
    expect((await send('/v1/sources/segment/events', payload)).status).toBe(201);
  });

  test('unsigned ones are not, before the body is looked at, and nothing is stored', async () => {
    const before = await site.everything();
    const paths = ['conversions', 'conversions/com_1/refund', 'events', 'sources/segment/events', 'sources/x/events'];
    for (const path of paths)
      for (const body of [sale(), '{"broken', '[]'])
        expectRefused(await send(`/v1/${path}`, body, {}), /takes signed requests only/);
    expect(await site.everything()).toBe(before);
  });

  test('sign-ups, clicks, commissions and reading need no signature', async () => {
    await site.stage.affiliate(`tracked${(made += 1)}`);
    const click = await site.post('/v1/clicks', { trackingId: `tracked${made}` });
    expect(click.status).toBe(201);
    const signup = { click_id: click.body.data['id'], external_user_id: `user ${made}` };
    expect((await site.post('/v1/signups', signup)).status).toBe(201);
    const commission = await site.post('/v1/commissions', {
      referral_id: 'ref_1',
      sale_amount: 9,
      commission_amount: 1,
    });
    expect(commission.status).toBe(201);
    const path = `/v1/commissions/${String(commission.body.data['id'])}`;
    expect((await site.send('PUT', path, '{"status":"declined"}')).status).toBe(200);
    expect((await site.get('/v1/conversions')).status).toBe(200);
  });

  test.each<[string, (body: string) => Record<string, string>, RegExp]>([
    ['no timestamp', (body) => ({ 'X-Affonso-Signature': headers(body)['X-Affonso-Signature'] ?? '' }), /takes signed/],
    ['no signature', () => ({ 'X-Affonso-Timestamp': String(seconds()) }), /takes signed/],
    ['another secret', (body) => headers(body, { with: 'whsec_another' }), /does not fit/],
    ['another body', () => headers('{}'), /does not fit/],
    ['another time', (body) => ({ ...headers(body), 'X-Affonso-Timestamp': String(seconds() - 1) }), /does not fit/],
    ['a time of 301 seconds ago', (body) => headers(body, { at: String(seconds() - 301) }), /more than 300 s away/],
    ['a time in 302 seconds', (body) => headers(body, { at: String(seconds() + 302) }), /more than 300 s away/],
    ['a time in milliseconds', (body) => headers(body, { at: String(site.stage.clock.now) }), /Unix seconds|300 s/],
    ['a time in words', (body) => headers(body, { at: 'now' }), /must be Unix seconds/],
    ['half a signature', (body) => ({ ...headers(body), 'X-Affonso-Signature': 'ab' }), /does not fit/],
    ['no hexadecimal', (body) => ({ ...headers(body), 'X-Affonso-Signature': 'z'.repeat(64) }), /does not fit/],
  ])('%s is refused', async (_name, sign, message) => {
    const body = JSON.stringify(sale());
    expectRefused(await send('/v1/conversions', body, sign(body)), message);
  });

  test('299 seconds either way, and upper-case digits, are fine', async () => {
    for (const off of [-299, 299]) {
      const body = JSON.stringify(sale());
      const own = headers(body, { at: String(seconds() + off) });
      own['X-Affonso-Signature'] = own['X-Affonso-Signature']?.toUpperCase() ?? '';
      expect((await send('/v1/conversions', body, own)).status).toBe(201);
    }
  });

  test('it is the bytes that count: spaces, escapes and characters of several bytes', async () => {
    const { external_event_id: id } = sale();
    const body = `  {"referral_id": "ref_1",\n "sale_amount": 1.50, "metadata": {"é": "\\u00e9 ✓"}, "external_event_id": "${String(id)}"} `;
    expect((await send('/v1/conversions', body)).status).toBe(201);
    expectRefused(await send('/v1/conversions', body.trim(), headers(body)), /does not fit/);
  });

  test('a signed body that is wrong is told what is wrong with it', async () => {
    expect((await send('/v1/conversions', '{"broken')).body.error.code).toBe('VALIDATION_ERROR');
    expect((await send('/v1/conversions', { sale_amount: 0 })).status).toBe(400);
    expect((await send('/v1/events', '')).status).toBe(400);
  });

  test('key and permission come first', async () => {
    const { key } = await site.keyFor(true, ['read:commissions']);
    expect((await site.post('/v1/conversions', {}, { key: null })).body.error.code).toBe('MISSING_API_KEY');
    expect((await site.post('/v1/conversions', {}, { key })).status).toBe(403);
  });

  test('it holds for this workspace only, and in both worlds', async () => {
    expect((await unsigned.post('/v1/conversions', sale())).status).toBe(201);
    const body = JSON.stringify(sale());
    expect((await site.send('POST', '/v1/conversions', body, { key: site.test })).status).toBe(401);
    const signed = { key: site.test, headers: headers(body) };
    expect((await site.send('POST', '/v1/conversions', body, signed)).status).toBe(201);
  });

  test('a new secret ends the one before', async () => {
    const before = secret;
    secret = String((await site.post(SIGNING, {})).body.data['secret']);
    expect(secret).not.toBe(before);
    const body = JSON.stringify(sale());
    expectRefused(await send('/v1/conversions', body, headers(body, { with: before })), /does not fit/);
    expect((await send('/v1/conversions', body)).status).toBe(201);
  });

  test('a secret that callers have already is taken as it is, and not shown', async () => {
    const own = 'whsec_from-the-old-vendor_0123';
    const started = await site.post(SIGNING, { secret: own });
    expect(started.status).toBe(201);
    expect(started.body.data).toEqual({ enabled: true, shown: 'whsec_…0123', created_at: expect.any(String) });
    secret = own;
    expect((await send('/v1/conversions', sale())).status).toBe(201);
  });

  test('switched off, whatever is sent is ignored', async () => {
    expect((await site.send('DELETE', SIGNING, undefined)).status).toBe(200);
    expect((await site.get(SIGNING)).body.data).toEqual({ enabled: false, shown: null, created_at: null });
    expect((await send('/v1/conversions', sale(), {})).status).toBe(201);
    expect((await send('/v1/conversions', sale(), { 'X-Affonso-Signature': 'nonsense' })).status).toBe(201);
    const again = await site.send('DELETE', SIGNING, undefined);
    expect([again.status, again.body.error.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('the switch', () => {
  test('says the secret once, afterwards only its ends; at rest it is sealed', async () => {
    expect(secret).toMatch(/^whsec_[0-9A-Za-z]{38}$/);
    const { body, text } = await site.get(SIGNING);
    expect(body.data).toEqual({
      enabled: true,
      shown: `whsec_…${secret.slice(-4)}`,
      created_at: expect.stringMatching(/Z$/),
    });
    expect(text).not.toContain(secret);
    const { rows } = await db.database.pool.query<{ sealed: string }>('SELECT sealed FROM request_secrets');
    expect(rows).toEqual([{ sealed: expect.stringMatching(/^v1\./) }]);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test('is sealed anew with the other secrets, and is the same afterwards', async () => {
    const tx = db.database.of('default');
    const [value] = await sealedOf(tx, 'default');
    if (!value) throw new Error('there is nothing sealed');
    expect(await resealOne(tx, createSeal([Buffer.alloc(32, 9), SEAL_KEY]), value)).toBe(true);
    expect(await resealOne(tx, createSeal([Buffer.alloc(32, 9), SEAL_KEY]), value)).toBe(false);
    const back = await sealedOf(tx, 'default');
    expect(back[0]?.sealed).not.toBe(value.sealed);
    expect(createSeal([Buffer.alloc(32, 9)]).open(back[0]?.sealed ?? '', value.about)).toBe(secret);
  });

  test('a secret that does not open lets nothing through', async () => {
    await site.stage.ask(`UPDATE request_secrets SET sealed = 'v1.00000000.AAAA' WHERE workspace_id = $1`);
    site.work.vault.forget('default');
    const { status, body } = await send('/v1/conversions', sale());
    expect([status, body.error.code]).toEqual([500, 'INTERNAL_ERROR']);
  });

  test.each([
    ['is short', { secret: 'short' }],
    ['has spaces', { secret: 'sixteen characters and more' }],
    ['is no text', { secret: 5 }],
  ])('refuses a secret that %s', async (_name, body) => {
    const answer = await site.post(SIGNING, body);
    expect([answer.status, answer.body.error.field]).toEqual([400, 'secret']);
  });

  test('refuses test keys, keys without permission, and to keep a secret without a key that seals', async () => {
    expect((await site.post(SIGNING, {}, { key: site.test })).status).toBe(403);
    expect((await site.send('DELETE', SIGNING, undefined, { key: site.test })).status).toBe(403);
    const { key } = await site.keyFor(true, ['read:settings']);
    expect((await site.get(SIGNING, { key })).status).toBe(200);
    expect((await site.post(SIGNING, {}, { key })).status).toBe(403);
    const answer = await keyless.post(SIGNING, {});
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining('TRIBUTARY_SECRET_KEY')]);
  });
});
