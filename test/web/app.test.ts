/** What holds for every request, whatever it asks for: keys, shapes of errors, limits, health. */
import { affixo } from '../../src/surfaces/affixo/index.ts';
import { connect, type Socket } from 'node:net';
import { request } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkOf, crc32 } from '../../src/pipeline/key-text.ts';
import { createKey, ensureKey } from '../../src/pipeline/keys.ts';
import { native } from '../../src/surfaces/index.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import type { Database } from '../../src/store/database.ts';
import { findKey, revokeKey } from '../../src/store/keys.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Answer, type Site } from './site.ts';

let db: TestDatabase;
let site: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  await furnish(site.stage);
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const SALE = { referral_id: 'ref_1', sale_amount: 10, external_event_id: 'app' };
const asked = (authorization: string | null): Promise<Answer> =>
  // Named by its prefix: without a known key the bare path may be another dialect's.
  site.send('GET', '/affonso/v1/conversions', undefined, {
    key: null,
    headers: authorization === null ? {} : { authorization },
  });

describe('a key', () => {
  test.each([
    ['none', null, 'MISSING_API_KEY'],
    ['an empty header', ' ', 'MISSING_API_KEY'],
    ['another scheme', 'Basic c2s6bGl2ZQ==', 'INVALID_API_KEY_FORMAT'],
    ['no scheme', `sk_live_${'a'.repeat(38)}`, 'INVALID_API_KEY_FORMAT'],
    ['another prefix', `Bearer pk_live_${'a'.repeat(38)}`, 'INVALID_API_KEY_FORMAT'],
    ['too short', 'Bearer sk_live_123', 'INVALID_API_KEY_FORMAT'],
    ['too long', `Bearer sk_live_${'a'.repeat(5000)}`, 'INVALID_API_KEY_FORMAT'],
    ['two words', `Bearer sk_live_${'a'.repeat(20)} more`, 'INVALID_API_KEY_FORMAT'],
    ['an unknown one', `Bearer sk_live_${'a'.repeat(38)}`, 'INVALID_API_KEY'],
  ])('%s is refused with 401 %s %s', async (_words, authorization, code) => {
    const { status, body } = await asked(authorization);
    expect([status, body.error.code]).toEqual([401, code]);
    expect(body['success']).toBe(false);
  });

  test('is accepted whatever the case of its scheme', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect((await asked(`${scheme} ${site.live}`)).status).toBe(200);
  });

  test('that was revoked stops working within seconds', async () => {
    const { stage } = site;
    const { key, keyId } = await site.keyFor(true);
    expect((await site.get('/v1/conversions', { key })).status).toBe(200);
    await revokeKey(db.database.pool, 'default', keyId, stage.clock.now);
    stage.clock.now += 2000;
    const { status, body } = await site.get('/v1/conversions', { key });
    expect([status, body.error.code]).toEqual([401, 'API_KEY_DISABLED']);
  });

  test('that has expired is refused, also when it was just used', async () => {
    const { stage } = site;
    const terms = {
      workspace: 'default',
      family: native.keys,
      livemode: true,
      name: 'short',
      scopes: ['*'],
      expiresAt: stage.clock.now + 500,
    };
    const { key } = await createKey(stage.work, terms);
    expect((await site.get('/v1/conversions', { key })).status).toBe(200);
    stage.clock.now += 600;
    const { status, body } = await site.get('/v1/conversions', { key });
    expect([status, body.error.code]).toEqual([401, 'API_KEY_EXPIRED']);
  });

  test.each([
    [[], 403],
    [['read:commissions'], 403],
    [['write:affiliates'], 403],
    [['write:commissions'], 201],
    [['write:*'], 201],
    [['*'], 201],
  ])('with the permissions %j selling answers %i', async (scopes, expected) => {
    const { key } = await site.keyFor(true, scopes);
    const { status, body } = await site.post(
      '/v1/conversions',
      { ...SALE, external_event_id: `scope ${scopes.join()}` },
      { key },
    );
    expect(status).toBe(expected);
    if (expected === 403) {
      expect(body.error.code).toBe('INSUFFICIENT_PERMISSIONS');
      expect(body.error.message).toContain('write:commissions');
    }
  });

  test.each([
    ['GET', '/v1/conversions', 'read:commissions'],
    ['GET', '/v1/conversions/com_1', 'read:commissions'],
    ['POST', '/v1/conversions/com_1/refund', 'write:commissions'],
    ['POST', '/v1/clicks', 'create:clicks'],
    ['POST', '/v1/signups', 'write:referrals'],
  ])('%s %s needs %s', async (method, path, scope) => {
    const without = await site.keyFor(true, ['read:none']);
    const withIt = await site.keyFor(true, [scope]);
    const body = method === 'POST' ? '{}' : undefined;
    expect((await site.send(method, path, body, { key: without.key })).status).toBe(403);
    expect([401, 403]).not.toContain((await site.send(method, path, body, { key: withIt.key })).status);
  });

  test('is looked at before the body: broken JSON without a key is a 401', async () => {
    const { status, body } = await site.send('POST', '/v1/conversions', '{', { key: null });
    expect([status, body.error.code]).toEqual([401, 'MISSING_API_KEY']);
    const { key } = await site.keyFor(true, []);
    expect((await site.send('POST', '/v1/conversions', '{', { key })).status).toBe(403);
  });

  test('is kept as a hash only, and carries its checksum', async () => {
    const { key } = await site.keyFor(false);
    const [, random = '', check] = /^sk_dev_([A-Za-z0-9]{32})([A-Za-z0-9]{6})$/.exec(key) ?? [];
    expect(check).toBe(checkOf(random));
    // The published check value of CRC-32.
    expect(crc32('123456789')).toBe(0xcbf43926);
    const kept = await site.stage.ask<{ row: string }>(
      'SELECT api_keys::text AS row FROM api_keys WHERE workspace_id = $1',
    );
    expect(kept.some(({ row }) => row.includes(random))).toBe(false);
  });

  test('brought along is accepted, once or twice; one of another shape is refused', async () => {
    const { work } = site.stage;
    const own = 'sk_live_fromMyOldVendor0123456789';
    await ensureKey(work, native.keys, 'default', own);
    await ensureKey(work, native.keys, 'default', own);
    expect((await site.get('/v1/conversions', { key: own })).status).toBe(200);
    await expect(ensureKey(work, native.keys, 'default', 'hunter2')).rejects.toThrow('sk_live_');
    expect(await findKey(db.database.pool, Buffer.alloc(32))).toBeNull();
  });
});

describe('an error has the shape of who owns the path', () => {
  test.each(['/v1', '/v1/', '/v1/nothing', '/v1/conversions/a/b/c', '/affonso/v1/nothing'])(
    '%s: 404 of the dialect',
    async (path) => {
      const { status, body } = await site.get(path, { key: null });
      expect(status).toBe(404);
      expect(body).toMatchObject({ success: false, error: { code: 'NOT_FOUND' } });
    },
  );

  test('what nobody serves below /v1/track/ has the shape of the dialect that the key is of', async () => {
    const { key } = await site.keyFor(true, ['*'], 'default', affixo.keys);
    const { status, body } = await site.get('/v1/track/sales', { key });
    expect(status).toBe(404);
    expect(body).toMatchObject({ error: 'unknown_resource' });
  });

  test.each([
    '/nothing',
    '/v2/conversions',
    '/webhooks',
    '/webhooks/',
    '/webhooks/paypal',
    '/webhooks/stripe/UPPER',
    '/favicon.ico',
    '/%00',
    '/..%2f',
    '/affonso',
    '/affonso/',
  ])('%s: 404 of nobody', async (path) => {
    const { status, text } = await site.get(path, { key: null });
    expect([status, text]).toEqual([404, '{"error":"not_found"}']);
  });

  test.each([
    ['DELETE', '/v1/conversions', 'POST, GET'],
    ['PUT', '/v1/clicks', 'POST'],
    ['GET', '/v1/conversions/com_1/refund', 'POST'],
    ['OPTIONS', '/v1/signups', 'POST'],
  ])('%s %s: 405 with what is allowed', async (method, path, allowed) => {
    const { status, body, headers } = await site.send(method, path, undefined, { key: null });
    expect(status).toBe(405);
    expect(body.error.code).toBe('METHOD_NOT_ALLOWED');
    expect(headers.get('allow')).toBe(allowed);
  });

  test('every answer carries a request id, and every error repeats it', async () => {
    const ids = new Set<string>();
    for (const path of ['/', '/healthz', '/v1/nothing', '/nothing', '/webhooks/stripe']) {
      const { headers, body } = await site.get(path);
      const id = headers.get('request-id') ?? '';
      expect(id).toMatch(/^req_[0-9a-z]+$/);
      ids.add(id);
      if (path === '/v1/nothing') expect(body.error.request_id).toBe(id);
    }
    expect(ids.size).toBe(5);
  });

  test('the dialect may be named by a prefix', async () => {
    const { status } = await site.post('/affonso/v1/conversions', {
      ...SALE,
      external_event_id: 'prefixed',
    });
    expect(status).toBe(201);
  });
});

describe('the body', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/jsonp',
    'application/xml',
  ])('as %s is refused with 415', async (type) => {
    const { status, body } = await site.post('/v1/conversions', SALE, {
      headers: { 'content-type': type },
    });
    expect([status, body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    '',
  ])('as "%s" is read', async (type) => {
    const { status } = await site.post(
      '/v1/conversions',
      { ...SALE, external_event_id: `as ${type}` },
      { headers: { 'content-type': type } },
    );
    expect(status).toBe(201);
  });

  test('compressed is refused with 415', async () => {
    const { status } = await site.post('/v1/conversions', SALE, {
      headers: { 'content-encoding': 'gzip' },
    });
    expect(status).toBe(415);
  });

  test.each(['/v1/conversions', '/v1/clicks', '/v1/signups', '/v1/conversions/com_1/refund'])(
    '%s: larger than 1 MiB is refused with 413',
    async (path) => {
      const { status, body } = await site.post(path, { metadata: { a: 'x'.repeat(1_048_576) } });
      expect([status, body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    },
  );

  test('is counted while it comes: a sender that names no length is stopped', async () => {
    const { status, text } = await sendInChunks('/v1/conversions', 40);
    expect(status).toBe(413);
    expect(text).toContain('PAYLOAD_TOO_LARGE');
  });

  test('that never ends is answered all the same, and the connection closed', async () => {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${site.live}\r\nContent-Length: 900000000\r\n\r\n`,
    );
    const pump = setInterval(() => void socket.write('x'.repeat(65_536)), 1);
    const text = await endOf(socket);
    clearInterval(pump);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/connection: close/i);
  });

  test('that breaks off is nobody’s surprise', async () => {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${site.live}\r\nContent-Length: 1000\r\n\r\n{"sale`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect((await site.get('/healthz')).status).toBe(200);
  });
});

/** A POST of `chunks` × 64 KiB without a Content-Length. */
function sendInChunks(path: string, chunks: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${site.url}${path}`,
      { method: 'POST', headers: { authorization: `Bearer ${site.live}` } },
      (response) => {
        let text = '';
        response.on('data', (part: Buffer) => (text += part.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    for (let index = 0; index < chunks; index += 1) sent.write('x'.repeat(65_536));
    sent.end();
  });
}

function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (part) => (text += part.toString()));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

describe('for people and probes', () => {
  test('/ says what this is and where webhooks go', async () => {
    const { status, text, headers } = await site.get('/', { key: null });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain(`${site.url}/webhooks/stripe`);
    expect(text).toContain('/readyz');
    expect(text.length).toBeLessThan(5000);
  });

  test('/ repeats no markup of a caller', async () => {
    const text = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: a"><script>alert(1)</script>\r\nConnection: close\r\n\r\n');
      void endOf(socket).then(resolve);
    });
    expect(text).not.toContain('<script>');
  });

  test('a whole URL that nobody can read is a bad request', async () => {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
    socket.write('GET http://[/v1 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
    const answer = await endOf(socket);
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n[^]*Request-Id: req_[^]*{"error":"bad_request"}$/);
  });

  test('/healthz is green while the process runs', async () => {
    expect((await site.get('/healthz', { key: null })).text).toBe('{"ok":true}');
    expect((await site.send('POST', '/healthz', '{}')).status).toBe(405);
    expect((await site.send('HEAD', '/healthz', undefined)).status).toBe(200);
  });

  test.each([
    ['green', () => Promise.resolve([]), 200, { ready: true, missing: [] }],
    [
      'red, and says why',
      () => Promise.resolve(['the database cannot be reached']),
      503,
      { ready: false, missing: ['the database cannot be reached'] },
    ],
    [
      'red when it cannot be found out',
      () => Promise.reject(new Error('secret')),
      503,
      { ready: false, missing: [expect.not.stringContaining('secret')] },
    ],
  ])('/readyz is %s', async (_words, ready, status, body) => {
    const other = await openSite(db, {
      workspace: `ready-${status}-${Math.random().toString(36).slice(2)}`,
      ready,
    });
    const answer = await other.get('/readyz', { key: null });
    await other.close();
    expect([answer.status, answer.body]).toEqual([status, body]);
  });
});

describe('when something fails', () => {
  test('the database is away: 503 in the shape of the dialect, with the time to try again', async () => {
    const { stage } = site;
    const pool = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
    const database = { ...db.database, pool, of: () => pool, across: pool } as Database;
    const away = await openSite(db, {
      workspace: 'away',
      work: { ...stage.work, database, rules: rulesCache(database) },
    });
    const { status, body, headers } = await away.post('/v1/conversions', SALE, { key: site.live });
    await away.close();
    await pool.end();
    expect(status).toBe(503);
    expect(body['success']).toBe(false);
    expect(headers.get('retry-after')).toBe('5');
  });

  test('a surprise is a 500 without internals', async () => {
    const broken = await openSite(db, { workspace: 'broken', desk: {} as never });
    const { status, body, text } = await broken.post('/v1/conversions', SALE);
    await broken.close();
    expect([status, body.error.code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(text).not.toContain('desk');
    expect(body.error.message).toContain(body.error.request_id);
  });
});
