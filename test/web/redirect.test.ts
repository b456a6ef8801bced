/** Short links as visitors, browsers and robots meet them, and the pictures of them. */
import decodeQR from 'qr/decode.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { affixo } from '../../src/surfaces/affixo/index.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import type { Database } from '../../src/store/database.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { BROWSER, openShop, type Row, type Shop } from '../surfaces/hoko/shop.ts';

let db: TestDatabase;
let shop: Shop;
let other: Shop;
let link: Row & { shortUrl: string };

beforeAll(async () => {
  db = await createDatabase();
  shop = await openShop(db);
  other = await openShop(db, { workspace: 'other' });
  link = await shop.link({ url: 'https://shop.example/a?b=c%20d#e', utm: { source: 'news', referral: 'jane' } });
});

afterAll(async () => {
  await shop.site.close();
  await other.site.close();
  await db.drop();
});

const clicks = async (): Promise<number> => shop.count('referrals');
const path = (from: { readonly shortUrl: string }): string => new URL(from.shortUrl).pathname;
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async function expectPage(answer: Response, status: number): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toBe(POLICY);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('location')).toBeNull();
  const text = await answer.text();
  expect(text.length).toBeLessThan(600);
  expect(text).not.toMatch(/<script|<style|src=|href=/);
}

describe('a visitor', () => {
  test('is sent on with the id of their click, and counted once', async () => {
    const before = await clicks();
    const answer = await shop.open(link.shortUrl, { referer: 'https://news.example/story' });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toBe('');
    const location = answer.headers.get('location') ?? '';
    const [, clickId = ''] = /hoko_id=([^#&]*)/.exec(location) ?? [];
    expect(location).toBe(`https://shop.example/a?b=c%20d&utm_source=news&ref=jane&hoko_id=${clickId}#e`);
    expect(await clicks()).toBe(before + 1);
    const [row] = await shop.site.stage.ask<Record<string, unknown>>(
      `SELECT status, click, clicked_at, affiliate_id FROM referrals WHERE workspace_id = $1 AND referral_id = $2`,
      [clickId],
    );
    expect(row).toEqual({
      status: 'click',
      click: { referrer: 'https://news.example/story', userAgent: BROWSER },
      clicked_at: new Date(shop.site.stage.clock.now),
      affiliate_id: null,
    });
  });

  test('is a new click each time, also a hundred at once', async () => {
    const before = await clicks();
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.open(link.shortUrl)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([302]));
    expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(100);
    expect(await clicks()).toBe(before + 100);
  });

  test('who comes by the QR code is told apart', async () => {
    const clickId = await shop.visit({ shortUrl: `${link.shortUrl}?qr=1` });
    expect(await shop.count('referrals', `referral_id = $2 AND click ->> 'scanned' = 'yes'`, clickId)).toBe(1);
  });

  test('with absurd headers is sent on, and little is kept of them', async () => {
    const headers = {
      'user-agent': `${BROWSER} ${'x'.repeat(3000)}`,
      referer: `https://a.example/${'y'.repeat(5000)}`,
    };
    const clickId = await shop.visit(link, headers);
    const [row] = await shop.site.stage.ask<{ click: { userAgent: string; referrer: string } }>(
      'SELECT click FROM referrals WHERE workspace_id = $1 AND referral_id = $2',
      [clickId],
    );
    expect([row?.click.userAgent.length, row?.click.referrer.length]).toEqual([500, 2000]);
  });

  test('of another workspace’s link needs its name in the path', async () => {
    const theirs = await other.link({ url: 'https://theirs.example/' });
    expect(path(theirs)).toMatch(/^\/l\/other\/[0-9a-z]{8}$/);
    const before = await clicks();
    const answer = await shop.open(theirs.shortUrl);
    expect(answer.headers.get('location')).toMatch(/^https:\/\/theirs\.example\/\?hoko_id=ref_/);
    expect(await clicks()).toBe(before);
    expect(await other.count('referrals')).toBe(1);
    await expectPage(await shop.open(`${shop.site.url}/l/${path(theirs).split('/').at(-1)}`), 404);
    await expectPage(await shop.open(theirs.shortUrl.replace('/other/', '/default/')), 404);
    expect((await shop.open(link.shortUrl.replace('/l/', '/l/default/'))).status).toBe(302);
  });

  test('of a link that was changed goes where it leads now; of a deleted one nowhere', async () => {
    const own = await shop.link();
    await shop.api('PUT', 'links', [{ id: own.id, url: 'https://shop.example/new' }]);
    expect((await shop.open(own.shortUrl)).headers.get('location')).toMatch(/^https:\/\/shop\.example\/new\?hoko_id=/);
    await shop.api('DELETE', 'links', [own.id]);
    await expectPage(await shop.open(own.shortUrl), 404);
  });

  test('is sent on by Affixo’s links too, which credit their affiliate', async () => {
    await shop.site.stage.affiliate('jane');
    const { key } = await shop.site.keyFor(true, ['*'], 'default', affixo.keys);
    const body = { affiliate_id: 'jane', ref_param: 'Spring', destination_url: 'https://shop.example/spring' };
    await shop.site.post('/affixo/v1/links', body, { key });
    const clickId = await shop.visit({ shortUrl: `${shop.site.url}/l/Spring` });
    expect(await shop.count('referrals', `referral_id = $2 AND affiliate_id = 'jane'`, clickId)).toBe(1);
    await expectPage(await shop.open(`${shop.site.url}/l/spring`), 404);
    // A tracking id and a link without a destination lead to no page.
    await expectPage(await shop.open(`${shop.site.url}/l/jane`), 404);
  });
});

test('the link of somebody who may not earn leads on; what is bought earns nothing', async () => {
  const { stage } = shop.site;
  await stage.affiliate('pia', null, 'pending');
  const own = await shop.link();
  await stage.ask(`UPDATE links SET affiliate_id = 'pia' WHERE workspace_id = $1 AND code = $2`, [
    own.shortUrl.split('/').at(-1),
  ]);
  const sale = { customerExternalId: 'of pia', customerName: 'P', amount: 1000, clickId: await shop.visit(own) };
  expect((await shop.track('sale', sale)).status).toBe(201);
  expect(await stage.sales()).toMatchObject([{ affiliate_id: 'pia', reason: 'affiliate_not_approved' }]);
  expect(await stage.commissions()).toEqual([]);
});

describe('who only looks', () => {
  const ROBOTS = [
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'Twitterbot/1.0',
    'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
    'LinkedInBot/1.0 (compatible; Mozilla/5.0)',
    'WhatsApp/2.23.20.0',
    'TelegramBot (like TwitterBot)',
    'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
    'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'curl/8.5.0',
    'python-requests/2.32',
  ];

  test.each(ROBOTS)('as %s is sent on without a click', async (robot) => {
    const before = await clicks();
    const answer = await shop.open(link.shortUrl, { 'user-agent': robot });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe('https://shop.example/a?b=c%20d&utm_source=news&ref=jane#e');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await clicks()).toBe(before);
  });

  test('with HEAD, ahead of a visitor, or without saying who', async () => {
    const before = await clicks();
    const answers = [
      await shop.open(link.shortUrl, {}, 'HEAD'),
      await shop.open(link.shortUrl, { purpose: 'prefetch' }),
      await shop.open(link.shortUrl, { 'sec-purpose': 'prefetch;prerender' }),
      await shop.open(link.shortUrl, { 'x-moz': 'prefetch' }),
      await shop.open(link.shortUrl, { 'user-agent': '' }),
    ];
    for (const { status, headers } of answers)
      expect([status, headers.get('location')]).toEqual([
        302,
        'https://shop.example/a?b=c%20d&utm_source=news&ref=jane#e',
      ]);
    expect(await clicks()).toBe(before);
  });

  test.each([
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/430.0]',
    'Mozilla/5.0 (Linux; Android 13; SM-G991B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/118.0 Mobile Safari/537.36 Instagram 300.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15',
  ])('is nobody with a browser, also one inside an app: %s', async (agent) => {
    const before = await clicks();
    expect(await shop.visit(link, { 'user-agent': agent })).toMatch(/^ref_/);
    expect(await clicks()).toBe(before + 1);
  });
});

describe('what leads nowhere', () => {
  test.each([
    '/l/',
    '/l/unknown1',
    '/l/nobody/unknown1',
    '/l/Other/unknown1',
    '/l/a/b/c',
    '/l/%',
    '/l/%00',
    '/l/%ED%A0%80',
    '/l/%2e%2e%2fetc',
    `/l/${'x'.repeat(2000)}`,
    "/l/'; DROP TABLE links; --",
    '/l/<script>alert(1)</script>',
  ])('%s: a plain page', async (where) => {
    const before = await clicks();
    const answer = await fetch(`${shop.site.url}${where}`, { redirect: 'manual', headers: { 'user-agent': BROWSER } });
    await expectPage(answer, 404);
    expect(await clicks()).toBe(before);
  });

  test('other methods', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await shop.open(link.shortUrl, {}, method);
      await expectPage(answer, 405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  test('what only begins like a link is not one', async () => {
    const answer = await fetch(`${shop.site.url}/links`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
  });

  test('the database is away: a page that says so', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
    const database = { ...db.database, pool, of: () => pool, across: pool } as Database;
    const { stage } = shop.site;
    const away = await openShop(db, {
      workspace: 'away',
      work: { ...stage.work, database, rules: rulesCache(database) },
    });
    const answer = await away.open(`${away.site.url}${path(link)}`);
    await expectPage(answer, 503);
    expect(answer.headers.get('retry-after')).toBe('5');
    await away.site.close();
    await pool.end();
  });
});

describe('a QR code', () => {
  const get = (query: string, method = 'GET'): Promise<Response> =>
    fetch(`${shop.site.url}/qrcode?${query}`, { method });

  /** The picture as a scanner sees it: the dark runs of its path, eight pixels a module. */
  async function readText(answer: Response): Promise<string> {
    const svg = await answer.text();
    const side = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
    const scale = 8;
    const width = side * scale;
    const data = new Uint8Array(width * width * 4).fill(255);
    for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1/g))
      for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1)
        for (let column = Number(x) * scale; column < (Number(x) + Number(length)) * scale; column += 1)
          data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
    return decodeQR({ width, height: width, data });
  }

  test('of a reply’s qrCode is a picture that leads to the short link', async () => {
    const answer = await fetch(String(link['qrCode']));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'");
    const shown = await answer.clone().text();
    expect(shown).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="512" height="512" /);
    expect(shown).toContain('fill="#FFFFFF"');
    expect(shown).toContain('fill="#000000"');
    expect(await readText(answer)).toBe(`${link.shortUrl}?qr=1`);
  });

  test.each(['L', 'M', 'Q', 'H'])('with correction %s holds text in any language', async (level) => {
    const text = 'https://example.com/مرحبا?q=ü&x=<>"';
    expect(await readText(await get(`text=${encodeURIComponent(text)}&errorCorrection=${level}&margin=4`))).toBe(text);
  });

  test('is drawn as asked, and says nothing of its text', async () => {
    const svg = await (
      await get('text=%3Cscript%3E&size=64&margin=0&foreground=abc&background=FF00ff&unknown=1')
    ).text();
    expect(svg).toContain('width="64" height="64"');
    expect(svg).toContain('fill="#abc"');
    expect(svg).toContain('fill="#FF00ff"');
    expect(svg).not.toContain('script');
  });

  test.each([
    '',
    'text=',
    `text=${'x'.repeat(1001)}`,
    `text=${encodeURIComponent('ü'.repeat(501))}`,
    'text=a&text=b',
    'text=a&size=15',
    'text=a&size=4097',
    'text=a&size=x',
    'text=a&size=1.5',
    'text=a&margin=-1',
    'text=a&margin=21',
    'text=a&errorCorrection=X',
    'text=a&foreground=red',
    'text=a&background=%22%2F%3E',
    'text=a&format=png',
  ])('?%s is refused with what is wrong', async (query) => {
    const answer = await get(query);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^\w+ must/) });
  });

  test('is for GET and HEAD', async () => {
    const head = await get('text=a', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await get('text=a', 'POST');
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('of the longest text can be drawn', async () => {
    expect((await get(`text=${'x'.repeat(1000)}&errorCorrection=H`)).status).toBe(200);
  });
});
