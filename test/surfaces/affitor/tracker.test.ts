/** The browser's script (apis.md 4.2 to 4.4), served by the site, run on pages of a shop, telling the same site. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceOf } from '../../../src/surfaces/affitor/devices.ts';
import { Jar, visit, type Page, type Visit } from './browser.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let script: string;

beforeAll(async () => {
  scene = await openScene();
  script = (await scene.site.get('/js/affitor-tracker.js', scene.keyless)).text;
});

afterAll(() => scene.close());

const SHOP = 'https://www.shop.example';

/** A visitor opens a page of the shop; what the script tells is over when this is. */
async function open(jar: Jar, path: string, more: Partial<Visit> = {}): Promise<Page> {
  const src = `${scene.site.url}/js/affitor-tracker.js`;
  const attributes = { 'data-affitor-program-id': String(scene.number) };
  const page = visit({ address: `${SHOP}${path}`, script, src, jar, attributes, ...more });
  await page.settled();
  return page;
}

const paths = ({ told }: Page): string[] => told.map(({ url }) => new URL(url).pathname);

describe('the file', () => {
  test('is JavaScript that may be kept and loaded from any page, without a key', async () => {
    for (const path of ['/js/affitor-tracker.js', '/affitor/js/affitor-tracker.js']) {
      const { status, headers, text } = await scene.site.get(path, { key: null });
      expect([status, text]).toEqual([200, script]);
      expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(headers.get('cache-control')).toBe('public, max-age=3600');
      expect(headers.get('access-control-allow-origin')).toBe('*');
    }
    expect((await scene.site.send('HEAD', '/js/affitor-tracker.js', undefined, { key: null })).status).toBe(200);
    expect((await scene.site.get('/js/other.js', { key: null })).status).toBe(404);
    expect(script).not.toContain('`');
  });
});

describe('a visitor', () => {
  test('who comes through a link is told, and carries the id in the documented cookies', async () => {
    const jar = new Jar();
    const page = await open(jar, '/pricing?aff=jane');
    expect(paths(page)).toEqual(['/api/v1/track/click']);
    expect(page.told[0]?.body).toMatchObject({
      affiliate_url: `${SHOP}/pricing?aff=jane`,
      page_url: `${SHOP}/pricing?aff=jane`,
      page_title: 'A page',
      referrer_url: 'https://blog.example/',
      session_id: expect.stringMatching(/^sess_/),
      screen_resolution: '1920x1080',
      viewport_size: '1200x800',
      language: 'en-US',
      existing_click_id: null,
      program_id: String(scene.number),
    });
    expect(page.told[0]?.init).toMatchObject({ credentials: 'omit', keepalive: true });
    const id = page.affitor.getClickId();
    expect(id).toMatch(new RegExp(`^cust_${scene.number}_\\d+$`));
    expect([jar.get('affitor_click_id'), jar.get('customer_code')]).toEqual([id, id]);
    expect(jar.get('affitor_click_ids')).toBe(id);
    expect(jar.get('affitor_aff_url')).toBe(`${SHOP}/pricing?aff=jane`);
    const { attributes, domain } = jar.cookies.get('affitor_click_id') ?? {};
    expect(domain).toBe('.shop.example');
    expect(attributes).toMatch(/path=\/; SameSite=Lax; domain=\.shop\.example; Secure$/);
    const days = (Date.parse(/expires=([^;]+)/.exec(attributes ?? '')?.[1] ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(60);
    expect(jar.get('affitor_domain_test')).toBeUndefined();
    expect(page.affitor.getData()).toEqual({
      clickId: id,
      programId: scene.number,
      hasAttribution: true,
      affiliateUrl: `${SHOP}/pricing?aff=jane`,
    });
    expect((await scene.referral(String(id)))?.affiliate_id).toBe('jane');
  });

  test('who comes back, without a link or through the same one, is not told again', async () => {
    const jar = new Jar();
    const first = await open(jar, '/?aff=jane');
    for (const path of ['/', '/other?aff=jane', '/third']) {
      const page = await open(jar, path);
      expect(page.told).toEqual([]);
      expect(page.affitor.getClickId()).toBe(first.affitor.getClickId());
    }
  });

  test('who comes through another partner’s link is told with the id they have: the last click wins', async () => {
    const jar = new Jar();
    const id = (await open(jar, '/?aff=jane')).affitor.getClickId();
    const page = await open(jar, '/?aff=max');
    expect(page.told[0]?.body['existing_click_id']).toBe(id);
    expect(page.affitor.getClickId()).toBe(id);
    expect(jar.get('affitor_aff_url')).toBe(`${SHOP}/?aff=max`);
    expect((await scene.referral(String(id)))?.affiliate_id).toBe('max');
  });

  test('who comes without a link is nobody’s', async () => {
    const page = await open(new Jar(), '/pricing');
    expect(page.told).toEqual([]);
    expect(page.affitor.getData()).toEqual({
      clickId: null,
      programId: scene.number,
      hasAttribution: false,
      affiliateUrl: null,
    });
  });

  test('who comes through a link that leads nowhere, or while the service is away, gets no cookie', async () => {
    const jar = new Jar();
    for (const path of ['/?aff=nobody', '/?aff=pia']) expect((await open(jar, path)).affitor.getClickId()).toBeNull();
    const away = await open(jar, '/?aff=jane', { fetch: () => Promise.reject(new TypeError('away')) });
    expect(await away.affitor.trackClick()).toBeNull();
    expect(await away.affitor.signup('u')).toBe(false);
    expect([...jar.cookies.keys()]).toEqual([]);
  });

  test('whose cookie an older tracker left keeps it', async () => {
    const jar = new Jar();
    const id = await scene.click();
    jar.write(`customer_code=${id}; path=/`, 'www.shop.example');
    const page = await open(jar, '/?aff=jane');
    expect(page.told).toEqual([]);
    expect([page.affitor.getClickId(), jar.get('affitor_click_id')]).toEqual([id, id]);
  });
});

describe('a sign-up', () => {
  test('waits for the visit and is told with every id that the browser has', async () => {
    const jar = new Jar();
    jar.write('affitor_click_ids=old_1%7Cold_2; path=/', 'www.shop.example');
    const src = `${scene.site.url}/js/affitor-tracker.js`;
    const page = visit({ address: `${SHOP}/join?aff=jane`, script, src, jar });
    expect(await page.affitor.signup('tracked', 'tracked@buyer.example')).toBe(true);
    const id = page.affitor.getClickId();
    expect(paths(page)).toEqual(['/api/v1/track/click', '/api/v1/track/lead']);
    expect(page.told[1]?.body).toMatchObject({
      customer_key: 'tracked',
      email: 'tracked@buyer.example',
      click_id: id,
      click_ids: ['old_1', 'old_2', id],
      program_id: null,
      has_attribution: true,
      debug_mode: false,
    });
    expect(await scene.referral(String(id))).toMatchObject({ status: 'lead', external_user_id: 'tracked' });
    expect((await scene.sale({ transaction_id: 'tracked', customer_key: 'tracked' })).status).toBe(200);
  });

  test('of who has bought is refused, and said so', async () => {
    const jar = new Jar();
    const page = await open(jar, '/');
    expect(await page.affitor.trackLead('tracked')).toBe(false);
  });

  test('keeps twenty ids at most, the latest', async () => {
    const jar = new Jar();
    const many = Array.from({ length: 30 }, (_, index) => `id_${index}`).join('|');
    jar.write(`affitor_click_ids=${encodeURIComponent(many)}; path=/`, 'www.shop.example');
    const page = await open(jar, '/?aff=jane');
    await page.affitor.signup('many');
    const ids = page.told[1]?.body['click_ids'] as string[];
    expect(ids).toHaveLength(20);
    expect([ids[0], ids[19]]).toEqual(['id_11', page.affitor.getClickId()]);
  });
});

describe('the set-up of a page', () => {
  test.each([
    ['its own origin', {}, (): string => scene.site.url],
    [
      'what the page says',
      { 'data-affitor-api-base': 'https://api.example.com/' },
      (): string => 'https://api.example.com',
    ],
  ])('calls go to %s', async (_name, attributes, base) => {
    const page = await open(new Jar(), '/?aff=jane', {
      attributes,
      fetch: () => Promise.reject(new TypeError('away')),
    });
    expect(page.told[0]?.url).toBe(`${base()}/api/v1/track/click`);
  });

  test('a script that was loaded below a prefix calls below it', async () => {
    const src = `${scene.site.url}/affitor/js/affitor-tracker.js?v=1`;
    const page = await open(new Jar(), '/?aff=jane', { src });
    expect(page.told[0]?.url).toBe(`${scene.site.url}/affitor/api/v1/track/click`);
    expect(page.affitor.getClickId()).toMatch(/^cust_/);
  });

  test.each([
    ['the attribute', { attributes: { 'data-affitor-program-id': '7' } }, '7'],
    ['its older name', { attributes: { 'data-affitor-program': '8' } }, '8'],
    ['the page’s variable', { attributes: {}, globals: { AFFITOR_PROGRAM_ID: 9 } }, '9'],
    ['nothing', { attributes: {} }, null],
  ])('the program comes from %s', async (_name, more, program) => {
    const page = await open(new Jar(), '/?aff=jane', { ...more, fetch: () => Promise.reject(new TypeError('away')) });
    expect(page.told[0]?.body['program_id']).toBe(program);
  });

  test.each([
    ['https://shop.co.uk', '.shop.co.uk'],
    ['https://a.b.shop.example', '.shop.example'],
    ['http://localhost:3000', null],
    ['http://127.0.0.1:3000', null],
  ])('cookies of %s are for %s', async (origin, domain) => {
    const jar = new Jar();
    await open(jar, '/', { address: `${origin}/?aff=jane` });
    const cookie = jar.cookies.get('affitor_click_id');
    expect(cookie?.domain).toBe(domain);
    expect(cookie?.attributes.includes('Secure')).toBe(origin.startsWith('https:'));
    expect([...jar.cookies.keys()]).not.toContain('affitor_domain_test');
  });

  test('or for the domain that the page names', async () => {
    const jar = new Jar();
    await open(jar, '/?aff=jane', { attributes: { 'data-affitor-cookie-domain': '.www.shop.example' } });
    expect(jar.cookies.get('affitor_click_id')?.domain).toBe('.www.shop.example');
  });

  test('an address cannot break out of its cookie', async () => {
    const jar = new Jar();
    await open(jar, '/a;b,c?aff=jane&x=1;domain=evil.example');
    expect(jar.get('affitor_aff_url')).toBe(`${SHOP}/a%3Bb%2Cc?aff=jane&x=1%3Bdomain=evil.example`);
    expect((await open(jar, '/?aff=jane')).told).toEqual([]);
  });
});

test.each([
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1',
    'mobile',
    'iOS',
    'Safari',
  ],
  ['Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1', 'tablet', 'iOS', 'Chrome'],
  ['Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36', 'mobile', 'Android', 'Chrome'],
  [
    'Mozilla/5.0 (Linux; Android 15; SM-X910) SamsungBrowser/27.0 Chrome/120 Safari/537.36',
    'tablet',
    'Android',
    'Samsung Internet',
  ],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0', 'desktop', 'Windows', 'Edge'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'desktop', 'Linux', 'Firefox'],
  ['Mozilla/5.0 (X11; CrOS x86_64) Chrome/140.0 Safari/537.36 OPR/120', 'desktop', 'ChromeOS', 'Opera'],
  ['curl/8.0', null, null, null],
  [undefined, null, null, null],
])('%s is a %s with %s and %s', (userAgent, device_type, device_os, browser_name) => {
  expect(deviceOf(userAgent)).toEqual({ device_type, device_os, browser_name });
});
