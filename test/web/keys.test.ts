/** API keys over HTTP: made, listed, brought along, rotated, revoked; what each opens and what its use leaves behind. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { families, native, surfaces } from '../../src/surfaces/index.ts';
import type { Surface } from '../../src/surfaces/surface.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Answer, type Site } from './site.ts';

/** A dialect with two routes, to see what keys open: one for the workspace's, one for an affiliate's own. */
function probe(name: string): Surface {
  const keys = families.find((family) => family.name === name);
  if (!keys) throw new Error(`${name} has keys`);
  const say = (scope: string, path: string, holder?: 'affiliate') => ({
    method: 'GET' as const,
    path,
    scope,
    summary: 'Says who calls.',
    answers: { 200: z.object({ live: z.boolean(), of: z.string().nullish() }) },
    ...(holder ? { holder } : {}),
    run: ({ caller }: { caller: { livemode: boolean; affiliateId?: string | null } }) =>
      Promise.resolve({ status: 200, body: { live: caller.livemode, of: caller.affiliateId } }),
  });
  const scope = { affixo: 'track', hoko: 'conversionsWrite', affitor: '', affonso: 'write:commissions' }[name] ?? '';
  const base = surfaces.find((surface) => surface.name === name) ?? native;
  const routes = [say(scope, '/probe'), say('read', '/affiliate/probe', 'affiliate')];
  return { ...base, name, keys, owns: (path) => path.endsWith('/probe'), routes };
}

const FAMILIES = ['affonso', 'affixo', 'hoko', 'affitor'];

let db: TestDatabase;
let site: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db, { surfaces: [native, ...FAMILIES.filter((name) => name !== 'affonso').map(probe)] });
  await furnish(site.stage);
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const make = (more: Record<string, unknown> = {}, key?: string): Promise<Answer> =>
  site.post('/v1/keys', { name: 'shop', ...more }, key === undefined ? {} : { key });
const text = (answer: Answer, name: string): string => String(answer.body.data[name]);
const opens = async (path: string, key: string, headers: Record<string, string> = {}): Promise<number> =>
  (await site.get(path, { key, headers })).status;

describe('a new key', () => {
  test.each([
    ['affonso', 'live', /^sk_live_[A-Za-z0-9]{38}$/],
    ['affonso', 'test', /^sk_dev_[A-Za-z0-9]{38}$/],
    ['affixo', 'live', /^sa_live_[A-Za-z0-9]{38}$/],
    ['affixo', 'test', /^sa_test_[A-Za-z0-9]{38}$/],
    ['hoko', 'live', /^hoko_[A-Za-z0-9]{38}$/],
    ['hoko', 'test', /^hoko_test_[A-Za-z0-9]{38}$/],
    ['affitor', 'live', /^aff_[A-Za-z0-9]{38}$/],
    ['affitor', 'test', /^aff_test_[A-Za-z0-9]{38}$/],
  ])('of %s for the %s world looks like its family and opens its world', async (family, mode, look) => {
    const made = await make({ family, mode });
    expect([made.status, made.body.data['family'], made.body.data['mode']]).toEqual([201, family, mode]);
    const key = text(made, 'key');
    expect(key).toMatch(look);
    const path = family === 'affonso' ? '/v1/keys' : `/${family}/probe`;
    const answer = await site.get(path, { key });
    expect(answer.status).toBe(200);
    if (family !== 'affonso') expect(answer.body['live']).toBe(mode === 'live');
  });

  test('is told once and kept as a hash only', async () => {
    const made = await make({ name: 'once' });
    const key = text(made, 'key');
    const list = await site.get('/v1/keys?limit=200');
    expect(list.text).toContain(text(made, 'id'));
    expect(list.text).toContain(key.slice(-4));
    const rows = await site.stage.ask<{ row: string; hash: string }>(
      `SELECT k::text AS row, encode(key_hash, 'hex') AS hash FROM api_keys k WHERE workspace_id = $1 AND name = 'once'`,
    );
    expect(rows.map(({ hash }) => hash)).toEqual([createHash('sha256').update(key).digest('hex')]);
    for (const said of [list.text, ...rows.map(({ row }) => row)]) expect(said).not.toContain(key.slice(8, -4));
  });

  test('opens no path of another dialect', async () => {
    for (const family of FAMILIES) {
      const key = text(await make({ family }), 'key');
      for (const other of FAMILIES.filter((name) => name !== family)) {
        const path = other === 'affonso' ? '/affonso/v1/conversions' : `/${other}/probe`;
        expect([family, other, await opens(path, key)]).toEqual([family, other, 401]);
      }
    }
  });

  test('has the permissions of its family, and no others', async () => {
    const some = text(await make({ family: 'hoko', scopes: ['linksRead'] }), 'key');
    const answer = await site.get('/hoko/probe', { key: some });
    expect([answer.status, answer.body['missingScopes']]).toEqual([403, ['conversionsWrite']]);
    expect(await opens('/hoko/probe', text(await make({ family: 'hoko', scopes: ['conversionsWrite'] }), 'key'))).toBe(
      200,
    );
    expect(await opens('/affixo/probe', text(await make({ family: 'affixo', scopes: [] }), 'key'))).toBe(403);
    for (const [family, scope] of [
      ['hoko', 'write:commissions'],
      ['affonso', 'track'],
      ['affitor', 'read'],
      ['affixo', 'linksRead'],
    ])
      expect((await make({ family, scopes: [scope] })).body.error.field).toBe('scopes');
  });

  test('of an affiliate opens what is the affiliate’s, and ends with them', async () => {
    await site.stage.affiliate('joe');
    const key = text(await make({ family: 'affixo', affiliate_id: 'joe' }), 'key');
    expect(key).toMatch(/^refa_live_/);
    expect((await site.get('/affixo/affiliate/probe', { key })).body['of']).toBe('joe');
    expect(await opens('/affixo/probe', key)).toBe(401);
    expect(await opens('/affixo/affiliate/probe', text(await make({ family: 'affixo' }), 'key'))).toBe(401);
    expect((await make({ family: 'affixo', affiliate_id: 'nobody' })).body.error.field).toBe('affiliate_id');
    expect((await make({ family: 'hoko', affiliate_id: 'joe' })).body.error.field).toBe('affiliate_id');
    await site.send('DELETE', '/v1/affiliates/joe', undefined);
    site.stage.clock.now += 2_000;
    expect(await opens('/affixo/affiliate/probe', key)).toBe(401);
  });

  test('may be used from pages of its hosts, and from anywhere without a page', async () => {
    const made = await make({ allowed_hosts: ['Shop.example.com', '*.example.org'] });
    const key = text(made, 'key');
    expect(made.body.data['allowed_hosts']).toEqual(['shop.example.com', '*.example.org']);
    const from = (headers: Record<string, string>): Promise<number> => opens('/v1/keys', key, headers);
    expect(await from({})).toBe(200);
    expect(await from({ origin: 'https://shop.example.com' })).toBe(200);
    expect(await from({ referer: 'https://a.b.example.org:8443/page?x=1' })).toBe(200);
    for (const origin of [
      'https://example.org',
      'https://evilexample.org',
      'https://shop.example.com.evil.net',
      'null',
    ])
      expect([origin, await from({ origin })]).toEqual([origin, 403]);
    expect((await make({ allowed_hosts: ['https://shop.example.com'] })).body.error.field).toBe('allowed_hosts');
  });

  test('ends when it was said to end', async () => {
    const { clock } = site.stage;
    const key = text(await make({ expires_at: new Date(clock.now + 60_000).toISOString() }), 'key');
    expect(await opens('/v1/keys', key)).toBe(200);
    clock.now += 60_000;
    expect((await site.get('/v1/keys', { key })).body.error.code).toBe('API_KEY_EXPIRED');
    expect((await make({ expires_at: '2020-01-01' })).body.error.field).toBe('expires_at');
  });
});

describe('nobody gives away more than they have', () => {
  test.each([
    [{ scopes: ['read:commissions'] }, 201],
    [{ scopes: ['read:commissions', 'write:keys'] }, 201],
    [{ scopes: ['*'] }, 403],
    [{ scopes: ['write:*'] }, 403],
    [{ scopes: [] }, 403],
    [{}, 403],
    [{ family: 'affixo', scopes: ['track'] }, 403],
  ])('a key that may write keys and read commissions makes %j: %i', async (more, status) => {
    const { key } = await site.keyFor(true, ['write:keys', 'read:commissions']);
    expect((await make(more, key)).status).toBe(status);
  });

  test('nor by rotating: a key with few permissions cannot become one with all', async () => {
    const { keyId } = await site.keyFor(true);
    const { key } = await site.keyFor(true, ['write:keys']);
    expect((await site.post(`/v1/keys/${keyId}/rotate`, {}, { key })).status).toBe(403);
  });

  test('a key of the test world makes, sees, rotates and revokes only its like', async () => {
    const { keyId } = await site.keyFor(true);
    const asTest = { key: site.test };
    expect((await make({ mode: 'live' }, site.test)).status).toBe(403);
    expect(text(await make({}, site.test), 'mode')).toBe('test');
    expect((await site.post(`/v1/keys/${keyId}/rotate`, {}, asTest)).status).toBe(403);
    expect((await site.send('DELETE', `/v1/keys/${keyId}`, undefined, asTest)).status).toBe(404);
    const { data } = (await site.get('/v1/keys?limit=200', asTest)).body as unknown as { data: { mode: string }[] };
    expect(new Set(data.map(({ mode }) => mode))).toEqual(new Set(['test']));
  });
});

describe('a key that is brought along', () => {
  test.each([
    ['affonso', 'sk_live_OldVendor0123456789abcdef', '/v1/keys', 'sk_live_…cdef'],
    ['affixo', 'sa_live_OldVendor0123456789abcdef', '/affixo/probe', 'sa_live_…cdef'],
    ['hoko', 'anything.Old-Vendor~0123456789', '/hoko/probe', '…6789'],
    ['affitor', 'affitor_0123456789abcdef', '/affitor/probe', '…cdef'],
  ])('of %s goes on working', async (family, key, path, shown) => {
    const answer = await make({ family, key });
    expect([answer.status, text(answer, 'shown'), 'key' in answer.body.data]).toEqual([201, shown, false]);
    expect(await opens(path, key)).toBe(200);
    expect((await make({ family, key })).status).toBe(409);
  });

  test('stays with the workspace that uses it', async () => {
    const acme = await openSite(db, { workspace: 'acme' });
    const key = 'hoko_of_the_other_workspace_1';
    const theirs = await acme.post('/v1/keys', { name: 'theirs', family: 'hoko', key });
    expect(theirs.status).toBe(201);
    expect((await make({ family: 'hoko', key })).status).toBe(409);
    await acme.send('DELETE', `/v1/keys/${text(theirs, 'id')}`, undefined);
    expect((await make({ family: 'hoko', key })).status).toBe(201);
    expect((await acme.get('/v1/keys')).text).not.toContain('made on');
    await acme.close();
  });

  test('in two workspaces at once is given to one of them', async () => {
    const acme = await openSite(db, { workspace: 'acme-too' });
    const key = 'hoko_wanted_by_two_at_once_1';
    const input = { name: 'race', family: 'hoko', key };
    const both = await Promise.all([site.post('/v1/keys', input), acme.post('/v1/keys', input)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    await acme.close();
  });

  test.each([
    ['affonso', { key: 'sa_live_OldVendor0123456789abcdef' }],
    ['affonso', { key: 'sk_live_short' }],
    ['affonso', { key: 'sk_dev_OldVendor0123456789abcdef', mode: 'live' }],
    ['affixo', { key: 'refa_live_OldVendor0123456789ab' }],
    ['hoko', { key: 'two words that are none' }],
    ['affitor', { key: 'aff_123' }],
  ])('of %s as %j is refused', async (family, more) => {
    const answer = await make({ family, ...more });
    expect([answer.status, answer.body.error.field]).toEqual([400, 'key']);
    expect(answer.text).not.toContain(more.key);
  });
});

describe('a rotated key', () => {
  test('has a successor like itself, and works on for the overlap', async () => {
    const { clock } = site.stage;
    const first = await make({ family: 'affixo', scopes: ['track'], allowed_hosts: ['a.example.com'], mode: 'test' });
    const answer = await site.post(`/v1/keys/${text(first, 'id')}/rotate`, { overlap_seconds: 60 });
    expect(answer.status).toBe(201);
    const like = ({ data }: Answer['body']) => [data['family'], data['mode'], data['scopes'], data['allowed_hosts']];
    expect(like(answer.body)).toEqual(like(first.body));
    expect(text(answer, 'rotated_from')).toBe(text(first, 'id'));
    const [old, next] = [text(first, 'key'), text(answer, 'key')];
    expect(next).not.toBe(old);
    expect([await opens('/affixo/probe', old), await opens('/affixo/probe', next)]).toEqual([200, 200]);
    clock.now += 60_000;
    expect([await opens('/affixo/probe', old), await opens('/affixo/probe', next)]).toEqual([401, 200]);
    expect((await site.post(`/v1/keys/${text(first, 'id')}/rotate`, {})).status).toBe(400);
  });

  test('without an overlap ends at once; one that ends anyway is not prolonged', async () => {
    const { clock } = site.stage;
    const first = await make();
    await site.post(`/v1/keys/${text(first, 'id')}/rotate`, { overlap_seconds: 0 });
    expect(await opens('/v1/keys', text(first, 'key'))).toBe(401);
    const short = await make({ expires_at: new Date(clock.now + 1_000).toISOString() });
    const next = await site.post(`/v1/keys/${text(short, 'id')}/rotate`, { overlap_seconds: 500 });
    expect(text(next, 'expires_at')).toBe(new Date(clock.now + 1_000).toISOString());
    clock.now += 1_000;
    expect(await opens('/v1/keys', text(short, 'key'))).toBe(401);
  });

  test.each([{ overlap_seconds: -1 }, { overlap_seconds: 1.5 }, { overlap_seconds: 9e9 }, { overlap_seconds: '5' }])(
    'with %j is refused',
    async (body) => {
      const answer = await site.post(`/v1/keys/${text(await make(), 'id')}/rotate`, body);
      expect([answer.status, answer.body.error.field]).toEqual([400, 'overlap_seconds']);
    },
  );

  test('must be there', async () => {
    expect((await site.post('/v1/keys/key_nobody/rotate', {})).status).toBe(404);
  });
});

test('a revoked key stops working within two seconds, in every process', async () => {
  const made = await make();
  expect(await opens('/v1/keys', text(made, 'key'))).toBe(200);
  expect((await site.send('DELETE', `/v1/keys/${text(made, 'id')}`, undefined)).status).toBe(200);
  site.stage.clock.now += 2_000;
  expect((await site.get('/v1/keys', { key: text(made, 'key') })).body.error.code).toBe('API_KEY_DISABLED');
  expect((await site.send('DELETE', '/v1/keys/key_nobody', undefined)).status).toBe(404);
});

describe('the last use', () => {
  const lastUse = async (id: string): Promise<number | undefined> => {
    const [row] = await site.stage.ask<{ at: Date | null }>(
      'SELECT last_used_at AS at FROM api_keys WHERE workspace_id = $1 AND key_id = $2',
      [id],
    );
    return row?.at?.getTime();
  };

  test('is noted at most once a minute', async () => {
    const { clock } = site.stage;
    const { key, keyId } = await site.keyFor(true);
    const first = clock.now;
    await opens('/v1/keys', key);
    await vi.waitFor(async () => expect(await lastUse(keyId)).toBe(first));
    const asked = vi.spyOn(pg.Client.prototype, 'query');
    clock.now = first + 59_000;
    await opens('/v1/keys', key);
    const names = asked.mock.calls.map(([query]) => (query as unknown as { name?: string }).name);
    asked.mockRestore();
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain('note_key_use');
    clock.now = first + 60_000;
    await opens('/v1/keys', key);
    await vi.waitFor(async () => expect(await lastUse(keyId)).toBe(first + 60_000));
  });

  test('never delays or fails a call', async () => {
    const { key } = await site.keyFor(true);
    const blocker = await db.database.pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM api_keys FOR UPDATE');
    expect(await opens('/v1/conversions', key)).toBe(200);
    await blocker.query('ROLLBACK');
    blocker.release();
  });
});
