/** Stripe accounts and alerts over HTTP, and deliveries signed with stored secrets. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import pino from 'pino';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { BELIEVED_MS } from '../../src/pipeline/vault.ts';
import { createAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { raiseAlert } from '../../src/store/alerts.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { SEAL_KEY, translators } from '../support/stage.ts';
import { furnish, openSite, SECRET, type Answer, type Site } from './site.ts';

let db: TestDatabase;
let site: Site;
const lines: string[] = [];
const secrets: string[] = [];

beforeAll(async () => {
  db = await createDatabase();
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  site = await openSite(db, { log });
  await furnish(site.stage);
});

afterEach(() => void vi.restoreAllMocks());

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  const kept = await db.database.pool.query<{ said: string }>(
    `SELECT string_agg(s::text, '') || (SELECT string_agg(k::text, '') FROM stripe_api_keys k) AS said FROM stripe_secrets s`,
  );
  await site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
  for (const secret of secrets) {
    expect(lines.join('\n')).not.toContain(secret);
    expect(kept.rows[0]?.said ?? '').not.toContain(secret);
  }
});

let made = 0;
function newSecret(prefix = 'whsec_'): string {
  const secret = `${prefix}never_shown_${(made += 1)}_abcd`;
  secrets.push(secret);
  return secret;
}

async function newAccount(more: Record<string, unknown> = {}): Promise<string> {
  const id = `acct_web_${(made += 1)}`;
  expect((await site.post('/v1/stripe/accounts', { account_id: id, ...more })).status).toBe(201);
  return id;
}

async function addSecret(account: string, more: Record<string, unknown> = {}): Promise<{ id: string; secret: string }> {
  const secret = newSecret();
  const answer = await site.post(`/v1/stripe/accounts/${account}/secrets`, { secret, ...more });
  expect([answer.status, answer.text.includes(secret)]).toEqual([201, false]);
  return { id: String(answer.body.data['id']), secret };
}

/** An invoice of 100.00 paid by a customer of jane's. */
function paid(seed: string, more: { account?: string } = {}): SimulatedEvent {
  const account = createAccount({ seed, family: 'basil', startAt: 1_767_600_000, ...more });
  account.subscribe({
    customer: account.customer({ metadata: { affonso_referral: 'ref_1' } }),
    price: account.price({ amount: 10_000 }),
  });
  return account.events.find(({ type }) => type === 'invoice.paid') as SimulatedEvent;
}

const put = (path: string, body: unknown): Promise<Answer> => site.send('PUT', path, JSON.stringify(body));
const del = (path: string): Promise<Answer> => site.send('DELETE', path, undefined);

describe('accounts', () => {
  test('are registered, named, listed, shown and removed', async () => {
    const created = await site.post('/v1/stripe/accounts', { account_id: 'acct_1', name: 'Europe' });
    expect(created.status).toBe(201);
    // The environment's secret serves this workspace: whose events those are is not for us to guess.
    const shape = { id: 'acct_1', name: 'Europe', primary: false, state: 'connected', secrets: [], api_keys: [] };
    expect(created.body.data).toMatchObject(shape);
    const again = await site.post('/v1/stripe/accounts', { account_id: 'acct_1' });
    expect([again.status, again.body.data['name']]).toEqual([200, 'Europe']);
    const renamed = await site.send('PATCH', '/v1/stripe/accounts/acct_1', '{"name":"Asia"}');
    expect([renamed.status, renamed.body.data['name']]).toEqual([200, 'Asia']);
    expect((await site.get('/v1/stripe/accounts/acct_1')).body.data).toMatchObject({ ...shape, name: 'Asia' });
    const list = await site.get('/v1/stripe/accounts?limit=1');
    expect(list.body.data).toMatchObject([{ id: 'acct_1' }]);
    expect(list.body['pagination']).toMatchObject({ total: 1, total_pages: 1 });
    expect((await del('/v1/stripe/accounts/acct_1')).status).toBe(200);
    expect((await site.get('/v1/stripe/accounts/acct_1')).status).toBe(404);
    expect((await site.get('/v1/stripe/accounts')).body.data).toEqual([]);
  });

  test('removed and registered again an account keeps its scope, and has lost its secrets and keys', async () => {
    const account = await newAccount();
    const { secret } = await addSecret(account);
    await put(`/v1/stripe/accounts/${account}/api_key`, { api_key: newSecret('rk_live_') });
    const event = paid(account);
    expect((await site.deliver(event.body, '/webhooks/stripe', secret)).body['outcome']).toBe('posted');
    await del(`/v1/stripe/accounts/${account}`);
    expect((await site.deliver(event.body, '/webhooks/stripe', secret)).status).toBe(400);
    const back = await site.post('/v1/stripe/accounts', { account_id: account });
    expect([back.status, back.body.data['secrets'], back.body.data['api_keys']]).toEqual([200, [], []]);
    const anew = await addSecret(account);
    expect((await site.deliver(event.body, '/webhooks/stripe', anew.secret)).body['outcome']).toBe('duplicate');
  });

  test('one that nothing was heard of can be registered otherwise after it was removed', async () => {
    const other = await openSite(db, { workspace: 'mistaken' });
    const add = (body: Record<string, unknown>) => other.post('/v1/stripe/accounts', body);
    expect((await add({ account_id: 'acct_own' })).body.data).toMatchObject({ primary: false });
    await other.post('/v1/stripe/accounts/acct_own/secrets', { secret: newSecret() });
    expect((await add({ account_id: 'acct_own', primary: true })).status).toBe(409);
    expect((await other.send('DELETE', '/v1/stripe/accounts/acct_own', undefined)).status).toBe(200);
    const again = await add({ account_id: 'acct_own', primary: true });
    expect([again.status, again.body.data['primary'], again.body.data['secrets']]).toEqual([201, true, []]);
    await other.send('DELETE', '/v1/stripe/accounts/acct_own', undefined);
    expect((await add({ account_id: 'acct_own' })).body.data).toMatchObject({ primary: true });
    await other.close();
  });

  test('one is the primary one, and that never changes', async () => {
    const other = await openSite(db, { workspace: 'primaries', secretsOf: () => [] });
    const add = (body: Record<string, unknown>) => other.post('/v1/stripe/accounts', body);
    const second = { account_id: 'acct_second' };
    expect((await add({ account_id: 'acct_first' })).body.data).toMatchObject({ primary: true });
    expect((await add({ account_id: 'acct_first', primary: true })).status).toBe(200);
    const taken = await add({ ...second, primary: true });
    expect([taken.status, taken.body.error.code, taken.body.error.field]).toEqual([409, 'DUPLICATE_ERROR', 'primary']);
    expect((await add(second)).body.data).toMatchObject({ primary: false });
    const fixed = await add({ ...second, primary: true });
    expect([fixed.status, fixed.body.error.field]).toEqual([409, 'primary']);
    expect((await other.get('/v1/stripe/accounts')).body.data).toMatchObject([
      { id: 'acct_first' },
      { id: 'acct_second' },
    ]);
    await other.close();
  });

  test('of another workspace are not found', async () => {
    const account = await newAccount();
    const other = await openSite(db, { workspace: 'neighbours' });
    const all = await site.everything();
    for (const answer of [
      await other.get(`/v1/stripe/accounts/${account}`),
      await other.send('PATCH', `/v1/stripe/accounts/${account}`, '{"name":"mine"}'),
      await other.send('DELETE', `/v1/stripe/accounts/${account}`, undefined),
      await other.post(`/v1/stripe/accounts/${account}/secrets`, { secret: newSecret() }),
      await other.send(
        'PUT',
        `/v1/stripe/accounts/${account}/api_key`,
        JSON.stringify({ api_key: newSecret('rk_live_') }),
      ),
    ])
      expect([answer.status, answer.body.error.code]).toEqual([404, 'NOT_FOUND']);
    expect(await site.everything()).toBe(all);
    await other.close();
  });

  test('are changed with a live key that may, and by nobody else', async () => {
    const account = await newAccount();
    const reader = (await site.keyFor(true, ['read:stripe'])).key;
    expect((await site.get('/v1/stripe/accounts', { key: reader })).status).toBe(200);
    const all = await site.everything();
    const body = { account_id: 'acct_x' };
    for (const key of [reader, site.test]) {
      const refused = await site.post('/v1/stripe/accounts', body, { key });
      expect([refused.status, refused.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS']);
      const secret = { secret: newSecret() };
      expect((await site.post(`/v1/stripe/accounts/${account}/secrets`, secret, { key })).status).toBe(403);
    }
    expect((await site.post('/v1/stripe/accounts', body, { key: null })).status).toBe(401);
    expect(await site.everything()).toBe(all);
  });

  test.each(['', 'acct 1', 'acct/1', 'acct_\t1', 'a'.repeat(256)])('%j is no account id', async (id) => {
    const all = await site.everything();
    const { status, body } = await site.post('/v1/stripe/accounts', { account_id: id });
    expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', 'account_id']);
    expect(await site.everything()).toBe(all);
  });
});

describe('secrets and keys', () => {
  test('are shown by prefix and last four, never again in full', async () => {
    const account = await newAccount();
    const { secret, id } = await addSecret(account, { label: 'roll', expires_at: '2030-01-01' });
    const key = newSecret('rk_test_');
    const kept = await put(`/v1/stripe/accounts/${account}/api_key`, { api_key: key });
    expect(kept.body.data).toMatchObject({ mode: 'test', shown: 'rk_test_…abcd', refused_at: null });
    const shown = await site.get(`/v1/stripe/accounts/${account}`);
    expect(shown.body.data).toMatchObject({
      secrets: [{ id, label: 'roll', shown: 'whsec_…abcd', expires_at: '2030-01-01T00:00:00.000Z' }],
      api_keys: [{ mode: 'test', shown: 'rk_test_…abcd' }],
    });
    expect(shown.text).not.toContain(secret);
    expect(shown.text).not.toContain(key);
    expect(await site.work.vault.apiKeys()).toMatchObject([{ account, livemode: false, key }]);
    const live = newSecret('sk_live_');
    await put(`/v1/stripe/accounts/${account}/api_key`, { api_key: live });
    expect((await site.work.vault.apiKeys()).map((one) => one.key)).toEqual([live, key]);
    expect((await del(`/v1/stripe/accounts/${account}/api_key?mode=test`)).status).toBe(200);
    expect((await del(`/v1/stripe/accounts/${account}/api_key?mode=test`)).status).toBe(404);
    expect((await del(`/v1/stripe/accounts/${account}/api_key`)).status).toBe(200);
    expect(await site.work.vault.apiKeys()).toEqual([]);
  });

  const wrong: Record<string, [path: string, body: Record<string, unknown>, field: string, status: number]> = {
    'a secret of another kind': ['secrets', { secret: 'sk_live_pasted_by_mistake' }, 'secret', 400],
    'a secret with a space': ['secrets', { secret: 'whsec_a b' }, 'secret', 400],
    'no secret': ['secrets', {}, 'secret', 400],
    'a secret that has ended': ['secrets', { secret: 'whsec_x', expires_at: '2020-01-01' }, 'expires_at', 400],
    "the environment's secret": ['secrets', { secret: SECRET }, 'secret', 409],
    'a key of another kind': ['api_key', { api_key: 'whsec_pasted_by_mistake' }, 'api_key', 400],
    'a publishable key': ['api_key', { api_key: 'pk_live_x' }, 'api_key', 400],
    'no key': ['api_key', {}, 'api_key', 400],
  };

  test.each(Object.entries(wrong))(
    '%s is refused in words that do not repeat it',
    async (_words, [end, body, field, code]) => {
      const account = await newAccount();
      const all = await site.everything();
      const path = `/v1/stripe/accounts/${account}/${end}`;
      const answer = end === 'secrets' ? await site.post(path, body) : await put(path, body);
      expect([answer.status, answer.body.error.field]).toEqual([code, field]);
      for (const value of Object.values(body)) if (field in body) expect(answer.text).not.toContain(`${String(value)}`);
      expect(await site.everything()).toBe(all);
    },
  );

  test('a secret speaks for one account', async () => {
    const [one, two] = [await newAccount(), await newAccount()];
    const { secret } = await addSecret(one);
    for (const account of [one, two]) {
      const again = await site.post(`/v1/stripe/accounts/${account}/secrets`, { secret });
      expect([again.status, again.body.error.code]).toEqual([409, 'DUPLICATE_ERROR']);
      expect(again.body.error.message).toContain(one);
    }
  });

  test('what is not there is not found', async () => {
    const account = await newAccount();
    for (const path of [
      '/v1/stripe/accounts/acct_nobody',
      '/v1/stripe/accounts/acct_nobody/secrets/whs_1',
      `/v1/stripe/accounts/${account}/secrets/whs_nobody`,
      `/v1/stripe/accounts/${account}/api_key`,
    ])
      expect((await del(path)).status).toBe(404);
    expect((await site.post('/v1/stripe/accounts/acct_nobody/secrets', { secret: 'whsec_x' })).status).toBe(404);
  });

  test('without a key to seal with nothing is stored, in words that say what to do; the rest works', async () => {
    const bare = await openSite(db, { workspace: 'bare', sealKeys: [] });
    expect((await bare.post('/v1/stripe/accounts', { account_id: 'acct_bare' })).status).toBe(201);
    const all = await site.everything();
    for (const [method, end, body] of [
      ['POST', 'secrets', { secret: 'whsec_x' }],
      ['PUT', 'api_key', { api_key: 'rk_live_x' }],
    ] as const) {
      const { status, body: said } = await bare.send(
        method,
        `/v1/stripe/accounts/acct_bare/${end}`,
        JSON.stringify(body),
      );
      expect([status, said.error.code]).toEqual([400, 'VALIDATION_ERROR']);
      expect(said.error.message).toContain('openssl rand -base64 32');
    }
    expect(await site.everything()).toBe(all);
    await bare.close();
  });
});

describe('deliveries signed with stored secrets', () => {
  test('count for the account whose secret it is, under keys of its own', async () => {
    const [one, two] = [await newAccount(), await newAccount()];
    const first = await addSecret(one);
    const second = await addSecret(two);
    const { body, id } = paid('same ids everywhere');
    for (const secret of [first.secret, second.secret, SECRET]) {
      expect((await site.deliver(body, '/webhooks/stripe', secret)).body['outcome']).toBe('posted');
      expect((await site.deliver(body, '/webhooks/stripe', secret)).body['outcome']).toBe('duplicate');
    }
    const { body: found } = await site.get(`/v1/conversions?external_event_id=${id}`);
    expect(found.data).toHaveLength(3);
    const said = lines.join('\n');
    expect(said).toContain(`whsec_…abcd of ${one}`);
  });

  test('two secrets count while one is rolled; the one that has expired does not', async () => {
    const account = await newAccount();
    const old = await addSecret(account);
    const end = site.stage.clock.now + 60_000;
    const young = await addSecret(account, { label: 'new', others_expire_at: new Date(end).toISOString() });
    const deliver = (seed: string, secret: string) => site.deliver(paid(seed).body, '/webhooks/stripe', secret);
    expect((await deliver('roll 1', old.secret)).body['outcome']).toBe('posted');
    expect((await deliver('roll 2', young.secret)).body['outcome']).toBe('posted');
    site.stage.clock.now = end - 1;
    expect((await deliver('roll 3', old.secret)).status).toBe(200);
    site.stage.clock.now = end;
    const refused = await deliver('roll 4', old.secret);
    expect([refused.status, refused.body.error.code]).toEqual([400, 'signature_mismatch']);
    expect((await deliver('roll 4', young.secret)).status).toBe(200);
    await del(`/v1/stripe/accounts/${account}/secrets/${young.id}`);
    expect((await deliver('roll 5', young.secret)).status).toBe(400);
  });

  test('cost two round trips, as any other, and none when they are refused', async () => {
    const account = await newAccount();
    const { secret } = await addSecret(account);
    await site.deliver(paid('warm').body, '/webhooks/stripe', secret);
    const connections = vi.spyOn(db.database.pool, 'connect');
    expect((await site.deliver(paid('counted').body, '/webhooks/stripe', secret)).body['outcome']).toBe('posted');
    expect(connections).toHaveBeenCalledTimes(2);
    connections.mockClear();
    expect((await site.deliver(paid('counted').body, '/webhooks/stripe', 'whsec_forged')).status).toBe(400);
    expect((await site.deliver(paid('counted').body, '/webhooks/stripe/nobody', 'whsec_forged')).status).toBe(400);
    expect(connections).not.toHaveBeenCalled();
  });

  test('another process learns of a secret within seconds', async () => {
    const account = await newAccount();
    const other = await openSite(db, { workspace: 'default' });
    const event = paid('elsewhere');
    const deliver = (secret: string) => other.deliver(event.body, '/webhooks/stripe', secret);
    expect((await deliver('whsec_forged')).status).toBe(400);
    const { secret } = await addSecret(account);
    expect((await deliver(secret)).status).toBe(400);
    other.stage.clock.now += BELIEVED_MS;
    expect((await deliver(secret)).body['outcome']).toBe('posted');
    await other.close();
  });

  test('with a secret that cannot be opened here: try again, never a lost event', async () => {
    const account = await newAccount();
    const { secret } = await addSecret(account);
    const event = paid('sealed elsewhere');
    const wrongKey = await openSite(db, { workspace: 'default', sealKeys: [Buffer.alloc(32, 9)] });
    const answer = await wrongKey.deliver(event.body, '/webhooks/stripe', secret);
    expect([answer.status, answer.body.error.code, answer.headers.get('retry-after')]).toEqual([
      503,
      'secrets_unreadable',
      '5',
    ]);
    expect((await wrongKey.deliver(event.body)).status).toBe(200);
    await wrongKey.close();
    const rotated = await openSite(db, { workspace: 'default', sealKeys: [Buffer.alloc(32, 9), SEAL_KEY] });
    expect((await rotated.deliver(event.body, '/webhooks/stripe', secret)).body['outcome']).toBe('posted');
    await rotated.close();
  });
});

describe('alerts', () => {
  const about = { workspace: 'default', kind: 'api_key_refused', subject: 'acct_9' };

  test('are counted while they are open, listed, and resolved', async () => {
    const { pool } = db.database;
    await raiseAlert(pool, { ...about, message: 'first', at: 2_000 });
    await raiseAlert(pool, { ...about, message: 'second', at: 1_000 });
    await raiseAlert(pool, { ...about, subject: 'acct_8', message: 'other', at: 3_000 });
    const open = await site.get('/v1/alerts?state=open');
    expect(open.body.data).toMatchObject([
      { subject: 'acct_8', times: 1 },
      { kind: 'api_key_refused', subject: 'acct_9', message: 'second', state: 'open', times: 2, resolved_at: null },
    ]);
    const [, row] = open.body.data as unknown as { id: string; first_at: string; last_at: string }[];
    expect(row).toMatchObject({ first_at: '1970-01-01T00:00:01.000Z', last_at: '1970-01-01T00:00:02.000Z' });
    expect(row?.id).toMatch(/^alrt_/);
    const resolved = await site.post(`/v1/alerts/${row?.id}/resolve`, {});
    expect([resolved.status, resolved.body.data['state']]).toEqual([200, 'resolved']);
    const again = await site.post(`/v1/alerts/${row?.id}/resolve`, {});
    expect(again.body.data['resolved_at']).toBe(resolved.body.data['resolved_at']);
    // What happens again after that is a new alert.
    await raiseAlert(pool, { ...about, message: 'third', at: 4_000 });
    expect((await site.get('/v1/alerts?state=open')).body.data).toMatchObject([{ times: 1, message: 'third' }, {}]);
    expect((await site.get('/v1/alerts?state=resolved')).body.data).toMatchObject([{ id: row?.id }]);
    expect((await site.get('/v1/alerts')).body['pagination']).toMatchObject({ total: 3 });
  });

  test('of others, of nobody and by who may not are refused', async () => {
    const other = await openSite(db, { workspace: 'alertless' });
    const [first] = (await site.get('/v1/alerts')).body.data as unknown as { id: string }[];
    expect((await other.post(`/v1/alerts/${first?.id}/resolve`, {})).status).toBe(404);
    expect((await site.post('/v1/alerts/alrt_nobody/resolve', {})).status).toBe(404);
    const reader = (await site.keyFor(true, ['read:alerts'])).key;
    expect((await site.post(`/v1/alerts/${first?.id}/resolve`, {}, { key: reader })).status).toBe(403);
    expect((await site.get('/v1/alerts?state=loud')).body.error).toMatchObject({ field: 'state' });
    await other.close();
  });

  test('at the same instant are one', async () => {
    const { pool } = db.database;
    const many = Array.from({ length: 20 }, (_, at) => ({ ...about, subject: 'acct_many', message: 'm', at }));
    await Promise.all(many.map((one) => raiseAlert(pool, one)));
    const found = (await site.get('/v1/alerts?state=open')).body.data as unknown as {
      subject: string;
      times: number;
    }[];
    expect(found.filter(({ subject }) => subject === 'acct_many')).toMatchObject([{ times: 20 }]);
  });
});
