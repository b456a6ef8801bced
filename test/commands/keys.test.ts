/** `keys …` as a person types it, and two services of one database that count the calls of one key together. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { tributary, type Child } from './child.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

type Said = { readonly code: number | null; readonly out: string; readonly err: string };

async function say(line: string, input = '', env: Record<string, string> = {}): Promise<Said> {
  const child = tributary(line.split(' '), { DATABASE_URL: on.url, ...env }, input);
  const { code } = await child.ended;
  return { code, out: child.stdout().trim(), err: child.stderr() };
}

describe('the command line', { timeout: 120_000 }, () => {
  test('makes, lists, brings along, rotates and revokes keys of every dialect', async () => {
    const made = await say(
      'keys create --family hoko --scopes conversionsWrite,linksRead --hosts *.example.com --test',
    );
    expect([made.code, made.err, made.out]).toEqual([0, '', expect.stringMatching(/^hoko_test_[A-Za-z0-9]{38}$/)]);
    const own = 'sa_live_FromTheOldVendor0123';
    const brought = await say('keys import --family affixo --scopes track --name checkout --secret-stdin', `${own}\n`);
    expect([brought.code, brought.out]).toEqual([0, expect.stringMatching(/^sa_live_…0123 is known now as key_\w+/)]);
    const list = await say('keys list');
    expect(list.out).toMatch(
      /key_\w+ {2}hoko {2}test {2}hoko_test_…\w{4} {2}conversionsWrite,linksRead .*\*\.example\.com/,
    );
    const [, id = ''] = /(key_\w+) {2}affixo {2}live {2}sa_live_…0123 {2}track {2}checkout/.exec(list.out) ?? [];
    const rotated = await say(`keys rotate ${id} --overlap 60`);
    expect([rotated.code, rotated.out]).toEqual([0, expect.stringMatching(/^sa_live_[A-Za-z0-9]{38}$/)]);
    expect((await say(`keys revoke ${id}`)).code).toBe(0);
    const after = await say('keys list');
    expect(after.out).toMatch(new RegExp(`in place of ${id}`));
    expect(after.out).toMatch(new RegExp(`${id}.*until .*revoked`));
    for (const { out, err } of [brought, list, after]) expect(out + err).not.toContain('FromTheOldVendor');
  });

  test.each([
    ['keys', /argument|Say: tributary keys/],
    ['keys destroy', /Say: tributary keys/],
    ['keys rotate', /Say: tributary keys/],
    ['keys create --family stripe', /--family must be one of affonso/],
    ['keys create --scopes track', /no permission of affonso/],
    ['keys create --expires soon', /--expires must be a time/],
    ['keys create --expires 2027-02-31', /--expires must be a time that exists/],
    ['keys create --expires 2027-02-31T00:00:00Z', /--expires must be a time that exists/],
    ['keys create --workspace nobody', /There is no workspace "nobody"/],
    ['keys import --family hoko', /--secret-stdin/],
    ['keys revoke key_nobody', /There is no API key/],
    ['keys rotate key_nobody --overlap forever', /--overlap must be seconds/],
  ])('%s is refused in words', async (line, words) => {
    const said = await say(line);
    expect([said.code, said.err]).toEqual([1, expect.stringMatching(words)]);
    expect(said.err).not.toMatch(/\n\s+at /);
  });

  test.each([
    [{ RATE_LIMITS: 'affonso:fast' }, /RATE_LIMITS .*600\/min/],
    [{ RATE_LIMITS: 'stripe:1/s' }, /RATE_LIMITS/],
    [{ RATE_LIMITS: 'affonso:1/s+2/s' }, /RATE_LIMITS/],
    [{ TRUSTED_PROXIES: 'one' }, /TRUSTED_PROXIES .*how many proxies/],
    [{ DIALECT_HOSTS: 'track.example.com' }, /DIALECT_HOSTS .*affixo:track/],
    [{ DIALECT_HOSTS: 'affixo:a.example,hoko:a.example' }, /name a host once/],
  ])('with %j it does not start, and says why', async (env, words) => {
    const said = await say('keys list', '', env as Record<string, string>);
    expect([said.code, said.err]).toEqual([1, expect.stringMatching(words)]);
  });
});

describe('two services of one database', { timeout: 120_000 }, () => {
  const POINTS = 40;
  const services: Child[] = [];
  let urls: string[];
  let key: string;

  beforeAll(async () => {
    key = (await say('keys create')).out;
    const env = {
      DATABASE_URL: on.url,
      PORT: '0',
      RATE_LIMITS: `affonso:${POINTS}/h`,
      DIALECT_HOSTS: 'hoko:localhost',
      LOG_LEVEL: 'silent',
    };
    services.push(tributary(['serve'], env), tributary(['serve'], env));
    urls = await Promise.all(services.map(async (one) => (await one.says(/URL +(http:\S+)/, 60_000))[1] ?? ''));
  }, 90_000);

  afterAll(async () => {
    for (const service of services) service.kill('SIGTERM');
    await Promise.all(services.map(({ ended }) => ended));
  });

  test('let exactly the calls of the window through, and tell the rest when to come again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        fetch(`${urls[index % 2]}/v1/conversions`, { headers: { authorization: `Bearer ${key}` } }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(POINTS);
    expect(statuses.filter((status) => status === 429)).toHaveLength(100 - POINTS);
    for (const answer of answers) {
      expect(answer.headers.get('x-ratelimit-limit')).toBe(String(POINTS));
      expect(Number(answer.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000);
      const body = (await answer.json()) as { error?: { code: string; retryAfter: number } };
      if (answer.status !== 429) continue;
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_000);
      expect(body.error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', retryAfter: expect.any(Number) });
    }
  });

  test('speak the dialect of the host they are called by', async () => {
    const [url = ''] = urls;
    const there = await fetch(`${url.replace('127.0.0.1', 'localhost')}/v1/conversions`);
    expect([there.status, await there.json()]).toEqual([404, { error: { en: 'Not found', ar: 'غير موجود' } }]);
    expect((await fetch(`${url}/v1/conversions`)).status).toBe(401);
  });
});
