/**
 * What holds for every dialect, whatever it serves: each folder of src/surfaces is run with a probe route of its own, and
 * every way a request can fail is told in its shape. What success looks like is each dialect's own test.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { refuse, type Reason } from '../../src/core/refusals.ts';
import { createRateLimits } from '../../src/pipeline/limits.ts';
import { revokeKey } from '../../src/store/keys.ts';
import { families, surfaces } from '../../src/surfaces/index.ts';
import type { Route, Surface } from '../../src/surfaces/surface.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { openSite, type Answer, type Asked, type Site } from '../web/site.ts';

/** The exact words of the documents; a dialect that is not here is held to its own `problem` alone. */
const SAID: Readonly<Record<string, Partial<Record<Reason, readonly [number, Record<string, unknown>]>>>> = {
  affonso: {
    missing_key: [401, { success: false, error: { code: 'MISSING_API_KEY' } }],
    unknown_key: [401, { success: false, error: { code: 'INVALID_API_KEY' } }],
    malformed_json: [400, { success: false, error: { code: 'VALIDATION_ERROR' } }],
    missing_scope: [403, { success: false, error: { code: 'INSUFFICIENT_PERMISSIONS' } }],
    unknown_path: [404, { success: false, error: { code: 'NOT_FOUND' } }],
    rate_limited: [429, { success: false, error: { code: 'RATE_LIMIT_EXCEEDED', retryAfter: expect.any(Number) } }],
    internal: [500, { success: false, error: { code: 'INTERNAL_ERROR' } }],
  },
  affixo: {
    missing_key: [401, { error: 'unauthorized' }],
    unknown_key: [401, { error: 'unauthorized' }],
    malformed_json: [400, { error: 'invalid_json' }],
    unknown_path: [404, { error: 'unknown_resource' }],
    missing_scope: [403, { error: 'insufficient_scope', need: 'needed' }],
    rate_limited: [429, { error: 'rate_limited' }],
  },
  hoko: {
    missing_key: [401, { error: { en: 'Invalid API key', ar: 'مفتاح API غير صالح' } }],
    unknown_key: [401, { error: { en: 'Invalid API key', ar: 'مفتاح API غير صالح' } }],
    malformed_json: [400, { error: { en: 'Invalid request', ar: 'طلب غير صالح' } }],
    unknown_path: [404, { error: { en: 'Not found', ar: 'غير موجود' } }],
    missing_scope: [
      403,
      { error: { en: 'Missing required scopes', ar: 'الصلاحيات المطلوبة مفقودة' }, missingScopes: ['needed'] },
    ],
    rate_limited: [
      429,
      { error: { en: 'Rate limit exceeded', ar: 'تم تجاوز حد المعدل' }, retryAfter: expect.any(Number) },
    ],
    internal: [500, { error: { en: 'Internal server error', ar: 'خطأ داخلي في الخادم' } }],
  },
  affitor: {
    missing_key: [401, { error: 'Missing or malformed Authorization header' }],
    unknown_key: [401, { error: 'Invalid API token' }],
    malformed_json: [400, { error: 'Invalid JSON body' }],
    unknown_path: [404, { error: 'Not Found' }],
  },
};

const ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/probe',
    scope: 'needed',
    summary: 'Answers what it is sent.',
    answers: { 200: z.object({ wanted: z.string() }) },
    body: z.object({ wanted: z.string({ error: 'must be a string' }) }),
    run: ({ body }) => Promise.resolve({ status: 200, body }),
  },
  {
    method: 'POST',
    path: '/broken',
    scope: 'needed',
    summary: 'Breaks.',
    answers: { 204: z.undefined() },
    run: () => Promise.reject(new Error('of the probe at /src/x.ts')),
  },
  ...(['always', 'allowed'] as const).map((keyless): Route => ({
    method: 'POST',
    path: `/${keyless}`,
    scope: 'needed',
    keyless,
    cors: true,
    summary: 'Says where it is called.',
    answers: { 200: z.unknown() },
    body: z.object({ wanted: z.string({ error: 'must be a string' }).optional() }),
    run: ({ caller: { workspace, livemode, keyless: open = false } }) =>
      Promise.resolve({ status: 200, body: { workspace, livemode, open } }),
  })),
];

const probed = (surface: Surface): Surface => ({ ...surface, owns: () => true, routes: ROUTES });

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterAll(() => db.drop());

test('every folder of src/surfaces is in the list of dialects, under its own name', async () => {
  const root = new URL('../../src/surfaces/', import.meta.url);
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const served: string[] = [];
  for (const { name } of folders)
    if ((await readdir(new URL(`${name}/`, root))).includes('index.ts')) served.push(name);
  expect(surfaces.map(({ name }) => name).toSorted()).toEqual(served.toSorted());
  expect(surfaces.map(({ keys }) => keys.name)).toEqual(surfaces.map(({ name }) => name));
});

test('a fifth dialect is a folder, and touches nothing else', async () => {
  const copy = await mkdtemp(path.join(tmpdir(), 'tributary-fifth-'));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  try {
    await cp(path.join(root, 'src'), path.join(copy, 'src'), { recursive: true });
    await cp(path.join(root, 'package.json'), path.join(copy, 'package.json'));
    await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    await cp(path.join(copy, 'src/surfaces/affitor'), path.join(copy, 'src/surfaces/fifth'), { recursive: true });
    const own = path.join(copy, 'src/surfaces/fifth');
    for (const file of ['index.ts', 'keys.ts']) {
      const text = await readFile(path.join(own, file), 'utf8');
      await writeFile(path.join(own, file), text.replaceAll("'affitor'", "'fifth'").replaceAll("'aff_", "'fif_"));
    }
    const asked = `import { createDispatch } from './src/web/dispatch.ts';
      import { families, surfaces } from './src/surfaces/index.ts';
      const request = { method: 'GET', path: '/fifth/api/v1/track/nothing', host: '', authorization: undefined, query: '', userAgent: '' };
      console.log(JSON.stringify([surfaces.map(({ name }) => name), families.map(({ name }) => name), createDispatch(surfaces)(request).surface.name]));`;
    await writeFile(path.join(copy, 'asked.ts'), asked);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'asked.ts'], { cwd: copy });
    const names = ['affonso', 'affitor', 'affixo', 'fifth', 'hoko'];
    expect(JSON.parse(stdout)).toEqual([names, names, 'fifth']);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

test('no two families of keys look the same', () => {
  const all = families.flatMap(({ beginnings, affiliateBeginnings }) => [
    ...Object.values(beginnings),
    ...Object.values(affiliateBeginnings ?? {}),
  ]);
  expect(new Set(all).size).toBe(all.length);
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
});

describe.each(surfaces)('$name', (surface) => {
  let site: Site;
  let key: string;

  beforeAll(async () => {
    const workspace = `contract-${surface.name}`;
    site = await openSite(db, { workspace, surfaces: [probed(surface)] });
    key = (await site.keyFor(true, ['*'], workspace, surface.keys)).key;
  });

  afterAll(() => site.close());

  const at = `/${surface.name}/probe`;
  const send = (body: string, asked: Asked = {}, path = at): Promise<Answer> =>
    site.send('POST', path, body, { key, ...asked });

  /** Status and body are what the surface makes of this reason, with the words of the documents where they say any. */
  function expectSaid(answer: Answer, reason: Reason, on: Surface = surface): void {
    const own = on.problem(refuse(reason, 'x', { field: 'x', needs: 'needed', retryAfter: 1 }), 'req_1');
    expect([reason, answer.status]).toEqual([reason, own.status]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('request-id')).toMatch(/^req_/);
    expect(skeleton(answer.body)).toEqual(
      expect.objectContaining(required(skeleton(answer.body), skeleton(own.body as Record<string, unknown>))),
    );
    const said = SAID[on.name]?.[reason];
    if (said) {
      expect(answer.status).toBe(said[0]);
      expect(answer.body).toMatchObject(said[1]);
    }
    expect(answer.text).not.toMatch(/\bat \/|\.ts\b|of the probe|postgres/i);
  }

  test('an answer that succeeds comes through', async () => {
    const answer = await send('{"wanted":"x","unknown":1}');
    expect([answer.status, answer.body['wanted']]).toEqual([200, 'x']);
  });

  test('no key, and a key that is not known, before the body is read', async () => {
    for (const body of ['{}', '{"broken', '']) expectSaid(await send(body, { key: null }), 'missing_key');
    const stranger = `${surface.keys.beginnings.live}${'a'.repeat(38)}`;
    expectSaid(await send('{"broken', { key: stranger }), 'unknown_key');
    expectSaid(await send('{"broken', { key: stranger, headers: { 'content-type': 'text/plain' } }), 'unknown_key');
    expectSaid(await send('{"broken', { key: null, headers: { authorization: 'Basic \u0020' } }), 'malformed_key');
  });

  test('a key of another family: 401', async () => {
    for (const family of families.filter(({ name }) => name !== surface.keys.name)) {
      const other = await site.keyFor(true, ['*'], site.stage.workspace, family);
      const answer = await send('{"broken', { key: other.key });
      expect([family.name, answer.status]).toEqual([family.name, 401]);
      expectSaid(answer, surface.keys.shape.test(other.key) ? 'unknown_key' : 'malformed_key');
    }
  });

  test('a key that was revoked, has expired, or is used from elsewhere', async () => {
    const { stage } = site;
    const made = await site.keyFor(true, ['*'], stage.workspace, surface.keys);
    await revokeKey(db.database.pool, stage.workspace, made.keyId, stage.clock.now);
    expectSaid(await send('{}', { key: made.key }), 'revoked_key');
    const { key: short, keyId } = await site.keyFor(true, ['*'], stage.workspace, surface.keys);
    await stage.ask(`UPDATE api_keys SET expires_at = '2020-01-01' WHERE workspace_id = $1 AND key_id = $2`, [keyId]);
    expectSaid(await send('{}', { key: short }), 'expired_key');
    const { key: bound, keyId: id } = await site.keyFor(true, ['*'], stage.workspace, surface.keys);
    await stage.ask(`UPDATE api_keys SET hosts = '{a.example}' WHERE workspace_id = $1 AND key_id = $2`, [id]);
    expectSaid(await send('{}', { key: bound, headers: { origin: 'https://b.example' } }), 'wrong_host');
  });

  test('a missing permission, before the body is read', async () => {
    if (surface.keys.allows([], 'needed')) return;
    const { key: poor } = await site.keyFor(true, [], site.stage.workspace, surface.keys);
    expectSaid(await send('{"broken', { key: poor }), 'missing_scope');
  });

  test('an unknown path and a wrong method, with and without a key', async () => {
    for (const asked of [{}, { key: null }]) {
      expectSaid(await send('{"broken', asked, `/${surface.name}/nothing/at/all`), 'unknown_path');
      const answer = await site.send('DELETE', at, undefined, { key, ...asked });
      expectSaid(answer, 'method_not_allowed');
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });

  test('a body that is no JSON, of another kind, too large, or does not fit', async () => {
    expectSaid(await send('{"broken'), 'malformed_json');
    expectSaid(await send('{}', { headers: { 'content-type': 'text/xml' } }), 'unsupported_media_type');
    expectSaid(await send(`{"wanted":"${'x'.repeat(1_100_000)}"}`), 'body_too_large');
    expectSaid(await send('{"wanted":1}'), 'invalid_input');
    expectSaid(await send('[]'), 'invalid_input');
  });

  test('a surprise', async () => {
    expectSaid(await send('{}', {}, `/${surface.name}/broken`), 'internal');
  });

  test('every refusal has a status of its own kind and a body that is JSON', () => {
    for (const reason of ['database_away', 'different_money', 'already_exists', 'not_found'] as const) {
      const { status, body } = surface.problem(refuse(reason, 'words'), 'req_1');
      expect(status).toBeGreaterThanOrEqual(400);
      expect(JSON.parse(JSON.stringify(body))).toEqual(body);
    }
  });

  describe('pages of other origins, and calls without a key', () => {
    const to = (path: string): string => `/${surface.name}/${path}`;
    const page = { origin: 'https://shop.example' };
    const corsOf = ({ headers }: Answer) => [...headers].filter(([name]) => name.startsWith('access-control-'));
    const OPEN = [['access-control-allow-origin', '*']];

    test.each(['always', 'allowed'])('a browser is told that pages may call (%s)', async (path) => {
      const asked = { key: null, headers: { ...page, 'access-control-request-method': 'POST' } };
      const answer = await site.send('OPTIONS', to(path), undefined, asked);
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(corsOf(answer)).toEqual([
        ['access-control-allow-headers', 'authorization, content-type'],
        ['access-control-allow-methods', 'POST'],
        ['access-control-allow-origin', '*'],
        ['access-control-max-age', '86400'],
      ]);
    });

    test('and that they may not, everywhere else', async () => {
      const answer = await site.send('OPTIONS', at, undefined, { key: null, headers: page });
      expectSaid(answer, 'method_not_allowed');
      expect(answer.headers.get('allow')).toBe('POST');
      expect(corsOf(answer)).toEqual([]);
      for (const asked of [{ key: null }, {}])
        expect(corsOf(await send('{"wanted":"x"}', { headers: page, ...asked }))).toEqual([]);
    });

    test('who sends none is in the workspace default, whatever they send where none is looked at', async () => {
      const keyless = { workspace: 'default', livemode: true, open: true };
      for (const asked of [{ key: null }, {}, { key: 'wrong' }, { key: null, headers: { authorization: 'Basic x' } }]) {
        const answer = await send('{}', { ...asked, headers: { ...page, ...asked.headers } }, to('always'));
        expect([answer.status, answer.body]).toEqual([200, keyless]);
        expect(corsOf(answer)).toEqual(OPEN);
      }
      const answer = await send('{}', { key: null, headers: page }, to('allowed'));
      expect([answer.status, answer.body]).toEqual([200, keyless]);
      expect(corsOf(answer)).toEqual(OPEN);
    });

    test('a key that is sent where one may be has to be right', async () => {
      const answer = await send('{}', { headers: page }, to('allowed'));
      expect(answer.body).toEqual({ workspace: site.stage.workspace, livemode: true, open: false });
      const stranger = `${surface.keys.beginnings.live}${'a'.repeat(38)}`;
      for (const [headers, reason] of [
        [{ authorization: `Bearer ${stranger}` }, 'unknown_key'],
        [{ authorization: 'Basic \u0020' }, 'malformed_key'],
      ] as const) {
        const wrong = await send('{"broken', { key: null, headers: { ...page, ...headers } }, to('allowed'));
        expectSaid(wrong, reason);
        expect(corsOf(wrong)).toEqual(OPEN);
      }
    });

    test('a page can read what was wrong', async () => {
      for (const [body, reason] of [
        ['{"broken', 'malformed_json'],
        ['{"wanted":1}', 'invalid_input'],
        [`{"wanted":"${'x'.repeat(1_100_000)}"}`, 'body_too_large'],
      ] as const) {
        const answer = await send(body, { key: null, headers: page }, to('always'));
        expectSaid(answer, reason);
        expect(corsOf(answer)).toEqual(OPEN);
      }
    });

    test('each address has its own limit, kept in no row; a whole network of version 6 is one', async () => {
      const set = new Map([[surface.keys.name, [{ points: 2, seconds: 3600 }]]]);
      const now = () => site.stage.clock.now;
      const limiting = { rates: createRateLimits(db.database, now), now, set };
      const { workspace } = site.stage;
      const parts = { workspace, work: site.work, surfaces: [probed(surface)], limiting };
      const limited = await openSite(db, { ...parts, trustedProxies: 1 });
      const from = async (address: string, path = 'always', asked: Asked = { key: null }) => {
        const headers = { ...page, 'x-forwarded-for': `203.0.113.9, ${address}` };
        return limited.send('POST', to(path), '{}', { ...asked, headers });
      };
      const rows = () => db.database.pool.query('SELECT 1 FROM rate_limits');
      const before = (await rows()).rows.length;
      expect([(await from('192.0.2.1')).status, (await from('192.0.2.1', 'allowed')).status]).toEqual([200, 200]);
      const late = await from('192.0.2.1');
      expectSaid(late, 'rate_limited');
      expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(3500);
      expect(corsOf(late)).toEqual(OPEN);
      expect((await from('192.0.2.2')).status).toBe(200);
      for (const [address, status] of [
        ['2001:db8:1:2::5', 200],
        ['2001:db8:1:2:9::1', 200],
        ['2001:db8:1:2:ffff:ffff:ffff:ffff', 429],
        ['2001:db8:1:3::5', 200],
        ['[2001:db8:1:2::7]:4711', 429],
        ['::ffff:192.0.2.7', 200],
        ['192.0.2.8:4711', 200],
        ['192.0.2.8:4712', 200],
        ['192.0.2.8', 429],
      ] as const)
        expect([address, (await from(address)).status]).toEqual([address, status]);
      expect((await rows()).rows.length).toBe(before);
      expect((await from('192.0.2.1', 'allowed', { key })).status).toBe(200);
      await limited.close();
      // Without a proxy that is trusted nobody can say that they call from elsewhere.
      const direct = await openSite(db, {
        ...parts,
        limiting: { ...limiting, rates: createRateLimits(db.database, now) },
      });
      const statuses: number[] = [];
      for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
        statuses.push(
          (await direct.send('POST', to('always'), '{}', { key: null, headers: { 'x-forwarded-for': address } }))
            .status,
        );
      expect(statuses).toEqual([200, 200, 429]);
      await direct.close();
    });
  });

  test('too many calls, before permission and body, with its headers', async () => {
    const set = new Map([[surface.keys.name, [{ points: 2, seconds: 3600 }]]]);
    const now = () => site.stage.clock.now;
    const limiting = { rates: createRateLimits(db.database, now), now, set };
    const workspace = site.stage.workspace;
    const limited = await openSite(db, { workspace, work: site.work, surfaces: [probed(surface)], limiting });
    const { key: busy } = await limited.keyFor(true, [], workspace, surface.keys);
    const call = (): Promise<Answer> => limited.send('POST', at, '{"broken', { key: busy });
    const [first] = [await call(), await call()];
    const late = await call();
    expectSaid(late, 'rate_limited');
    const wait = Number(late.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(3500);
    expect(wait).toBeLessThanOrEqual(3601);
    const told = ({ headers }: Answer) => ['limit', 'remaining'].map((name) => headers.get(`x-ratelimit-${name}`));
    expect(told(first as Answer)).toEqual(surface.limits.told ? ['2', '1'] : [null, null]);
    expect(told(late)).toEqual(surface.limits.told ? ['2', '0'] : [null, null]);
    if (surface.limits.told)
      expect(Math.abs(Number(late.headers.get('x-ratelimit-reset')) - now() / 1000 - 3600)).toBeLessThan(60);
    expect((await limited.send('POST', at, '{}', { key: null })).status).toBe(401);
    await limited.close();
  });
});

/** The names in a body and the kinds of their values, without the values. */
function skeleton(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, typeof value === 'object' ? skeleton(value) : typeof value]),
  );
}

/** Of the wanted names those that the answer must have: what only some reasons carry may be missing or more. */
function required(has: Record<string, unknown>, wanted: Record<string, unknown>): Record<string, unknown> {
  const sometimes = ['field', 'details', 'retryAfter', 'need', 'detail', 'missingScopes'];
  const error = wanted['error'];
  const inside =
    typeof error === 'object' && error !== null
      ? { error: expect.objectContaining(without(error as Record<string, unknown>, sometimes)) as unknown }
      : {};
  expect(Object.keys(has).filter((name) => !(name in wanted) && !sometimes.includes(name))).toEqual([]);
  return { ...without(wanted, sometimes), ...inside };
}

function without(record: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
