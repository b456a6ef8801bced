/** What is open to everybody, `/l/…` and `/qrcode`, with its limits by address. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import type { RateWindow } from '../../src/core/families.ts';
import { createRateLimits } from '../../src/pipeline/limits.ts';
import type { Limiting } from '../../src/web/limiting.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { BROWSER, openShop, type Row, type Shop } from '../surfaces/hoko/shop.ts';

let db: TestDatabase;
/** Makes the links; the others limit. */
let shop: Shop;
let other: Shop;
let link: Row & { shortUrl: string };
let theirs: Row & { shortUrl: string };

beforeAll(async () => {
  db = await createDatabase();
  shop = await openShop(db);
  other = await openShop(db, { workspace: 'other' });
  link = await shop.link({ url: 'https://shop.example/a?b=c', utm: { source: 'news' } });
  theirs = await other.link({ url: 'https://theirs.example/' });
});

afterAll(async () => {
  await shop.site.close();
  await other.site.close();
  await db.drop();
});

const pathOf = ({ shortUrl }: { readonly shortUrl: string }): string => new URL(shortUrl).pathname;

/** A site of the same workspace with limits of its own; `get` asks from an address behind one proxy. */
async function limited(set: ReadonlyMap<string, readonly RateWindow[]>, trustedProxies = 1) {
  const now = (): number => shop.site.stage.clock.now;
  const limiting: Limiting = { rates: createRateLimits(db.database, now), now, set };
  const { site } = await openShop(db, { work: shop.site.work, limiting, trustedProxies });
  return {
    limiting,
    get: (where: string, address = '192.0.2.1', headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`${site.url}${where}`, {
        method,
        redirect: 'manual',
        headers: { 'user-agent': BROWSER, 'x-forwarded-for': `203.0.113.9, ${address}`, ...headers },
      }),
    close: () => site.close(),
  };
}

const HOUR = 3600;
const hourly = (points: number): readonly RateWindow[] => [{ points, seconds: HOUR }];
const clicks = (): Promise<number> => shop.count('referrals');

/** Every visitor is sent on; says whether they were counted. */
async function followed(answer: Response): Promise<boolean> {
  expect(answer.status).toBe(302);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('retry-after')).toBeNull();
  const location = answer.headers.get('location') ?? '';
  expect(location).toMatch(/^https:\/\/(shop\.example\/a\?b=c&utm_source=news|theirs\.example\/)/);
  return location.includes('hoko_id=');
}

describe('short links', () => {
  test('over the limit lead on as before, and count no click of that address until the window ends', async () => {
    const { get, close } = await limited(new Map([['links', hourly(3)]]));
    const before = await clicks();
    const counted: boolean[] = [];
    for (let index = 0; index < 6; index += 1) counted.push(await followed(await get(pathOf(link))));
    expect(counted).toEqual([true, true, true, false, false, false]);
    expect(await clicks()).toBe(before + 3);
    // Links of other workspaces are behind the same door.
    expect(await followed(await get(pathOf(theirs)))).toBe(false);
    expect(await other.count('referrals')).toBe(0);
    expect(await followed(await get(pathOf(theirs), '192.0.2.2'))).toBe(true);
    expect(await followed(await get(pathOf(link), '192.0.2.2'))).toBe(true);
    shop.site.stage.clock.now += HOUR * 1000;
    expect(await followed(await get(pathOf(link)))).toBe(true);
    expect(await clicks()).toBe(before + 5);
    await close();
  });

  test('a hundred at once: everybody arrives, as many are counted as the limit has', async () => {
    const { get, close } = await limited(new Map([['links', hourly(40)]]));
    const before = await clicks();
    const answers = await Promise.all(Array.from({ length: 100 }, () => get(pathOf(link))));
    const counted = await Promise.all(answers.map(followed));
    expect(counted.filter(Boolean)).toHaveLength(40);
    expect(await clicks()).toBe(before + 40);
    await close();
  });

  test('who tries codes hears when to come again, on a plain page', async () => {
    const { get, close } = await limited(new Map([['links', hourly(2)]]));
    for (const code of ['guess1', 'guess2']) expect((await get(`/l/${code}`)).status).toBe(404);
    const late = await get('/l/guess3');
    expect([late.status, late.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
    expect(late.headers.get('retry-after')).toBe(String(HOUR));
    expect(late.headers.get('cache-control')).toBe('no-store');
    expect(late.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await late.text();
    expect(text).toContain(`<title>Not now</title>`);
    expect(text).toContain(`Too many links were asked for from your address. Please try again in ${HOUR} seconds.`);
    expect(text).not.toMatch(/<script|<style|src=|href=/);
    // What no link could be is not looked up, and spends nothing.
    expect((await get('/l/a/b/c')).status).toBe(404);
    await close();
  });

  test('addresses are told apart as calls without a key tell them: by proxy, network and without a port', async () => {
    const { get, close } = await limited(new Map([['links', hourly(1)]]));
    const counted: [string, boolean][] = [];
    for (const address of [
      '192.0.2.1',
      '192.0.2.1:4711',
      '192.0.2.3:1',
      '192.0.2.3:2',
      '2001:db8:1:2::5',
      '2001:db8:1:2:ffff::1',
      '[2001:db8:1:2::7]:80',
      '2001:db8:1:3::5',
    ])
      counted.push([address, await followed(await get(pathOf(link), address))]);
    expect(counted.map(([, one]) => one)).toEqual([true, false, true, false, true, false, false, true]);
    await close();
    // Without a proxy that is trusted nobody can say that they come from elsewhere.
    const direct = await limited(new Map([['links', hourly(1)]]), 0);
    expect(await followed(await direct.get(pathOf(link), '192.0.2.1'))).toBe(true);
    expect(await followed(await direct.get(pathOf(link), '192.0.2.2'))).toBe(false);
    await direct.close();
  });

  test('without another setting 300 a minute; none where limits are off', async () => {
    const { get, close } = await limited(new Map());
    const before = await clicks();
    const looked = await Promise.all(
      Array.from({ length: 299 }, () => get(pathOf(link), '192.0.2.1', { 'user-agent': 'curl/8' })),
    );
    expect((await Promise.all(looked.map(followed))).filter(Boolean)).toEqual([]);
    expect([await followed(await get(pathOf(link))), await followed(await get(pathOf(link)))]).toEqual([true, false]);
    expect(await clicks()).toBe(before + 1);
    await close();
    const off = await limited(new Map([['links', []]]));
    const all = await Promise.all(Array.from({ length: 310 }, () => off.get(pathOf(link), '192.0.2.1', {}, 'HEAD')));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([302]));
    expect(await followed(await off.get(pathOf(link)))).toBe(true);
    await off.close();
  });
});

describe('QR codes', () => {
  const PICTURE = '/qrcode?text=a&errorCorrection=L';

  test('over the limit are refused with when to come again, each address by itself', async () => {
    const { get, close } = await limited(new Map([['qrcode', hourly(2)]]));
    const statuses = [await get(PICTURE), await get('/qrcode?size=x')].map(({ status }) => status);
    expect(statuses).toEqual([200, 400]);
    const late = await get(PICTURE);
    expect([late.status, late.headers.get('content-type')]).toEqual([429, 'application/json; charset=utf-8']);
    expect(late.headers.get('retry-after')).toBe(String(HOUR));
    expect(late.headers.get('cache-control')).toBeNull();
    expect(await late.json()).toEqual({
      error: `Too many QR codes were asked for from your address. Try again in ${HOUR} s.`,
    });
    expect((await get(PICTURE, '192.0.2.1', {}, 'HEAD')).status).toBe(429);
    expect((await get(PICTURE, '192.0.2.2')).status).toBe(200);
    // Links are another door.
    expect(await followed(await get(pathOf(link)))).toBe(true);
    shop.site.stage.clock.now += HOUR * 1000;
    expect((await get(PICTURE)).status).toBe(200);
    await close();
  });

  test('without another setting 120 a minute', async () => {
    const { get, close } = await limited(new Map());
    const all = await Promise.all(Array.from({ length: 130 }, () => get(PICTURE)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(120);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(10);
    await close();
  });
});

test('each dialect and each door counts an address for itself', async () => {
  const { get, limiting, close } = await limited(
    new Map([
      ['links', hourly(1)],
      ['qrcode', hourly(1)],
      ['affitor', hourly(1)],
      ['affonso', hourly(1)],
    ]),
  );
  const json = { 'content-type': 'application/json' };
  const asked = async () => [
    (await get('/l/nowhere')).status,
    (await get('/qrcode?text=a')).status,
    (await get('/api/v1/track/click', '192.0.2.1', json, 'POST')).status,
    (await get('/v1/track', '192.0.2.1', json, 'POST')).status,
  ];
  expect(await asked()).toEqual([404, 200, 400, 400]);
  expect(await asked()).toEqual([429, 429, 429, 429]);
  expect(limiting.rates.remembered()).toEqual({ keys: 0, addresses: 4 });
  await close();
});

describe('RATE_LIMITS', () => {
  const read = (text: string) => readConfig({ RATE_LIMITS: text }).rateLimits;

  test('names the doors beside the dialects', () => {
    expect(read('links:600/min+20/s,qrcode:off,hoko:5/s')).toEqual(
      new Map([
        [
          'links',
          [
            { points: 600, seconds: 60 },
            { points: 20, seconds: 1 },
          ],
        ],
        ['qrcode', []],
        ['hoko', [{ points: 5, seconds: 1 }]],
      ]),
    );
    expect(read('off')).toBeNull();
    expect(read('on')).toEqual(new Map());
  });

  test.each(['link:1/s', 'links', 'links:many', 'qrcode:0/s'])('%s is refused with what there is', (text) => {
    expect(() => read(text)).toThrow(ConfigError);
    expect(() => read(text)).toThrow(/RATE_LIMITS .*links:off; there are .*hoko, links, qrcode/);
  });

  test('a door is no dialect to give a host to', () => {
    expect(() => readConfig({ DIALECT_HOSTS: 'links:go.example.com' })).toThrow(/DIALECT_HOSTS/);
  });
});
