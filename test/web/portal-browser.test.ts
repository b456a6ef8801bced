/** The portal in a real browser: readable by everybody, narrow and dark, with nothing from elsewhere. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { startBrowser, type Browser, type Tab } from '../support/browser.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Site } from './site.ts';

const NONE = 'Chromium was not found: install it, or say where it is with CHROMIUM';

let db: TestDatabase;
let site: Site;
let browser: Browser | null;

beforeAll(async () => {
  browser = await startBrowser();
  db = await createDatabase();
  site = await openSite(db);
  await furnish(site.stage);
  await fill();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await site.close();
  await db.drop();
});

/** A long name, every state, several currencies, more commissions than a page has. */
async function fill(): Promise<void> {
  const { stage } = site;
  await stage.ask(`UPDATE affiliates SET name = $2 WHERE workspace_id = $1`, [`Jane ${'Verylongname'.repeat(12)}`]);
  const program = { name: 'Acme', website_url: `https://acme.example/${'landing/'.repeat(12)}` };
  await site.send('PATCH', '/v1/program', JSON.stringify(program));
  const support = { support_email_status: true, support_email_value: 'help@acme.example' };
  await site.send('PATCH', '/v1/program/portal', JSON.stringify(support));
  await stage.coupon('coup_1', 'jane', 'JANE20', { details: { discount_type: 'percentage', discount_value: 20 } });
  const banner = { name: 'Banner', url: 'https://acme.example/b.png', content: `<a href="${'x'.repeat(300)}">` };
  await site.post('/v1/program/creatives', banner);
  const states = [
    'pending',
    'pending_manual_approval',
    'ready_for_payment',
    'processing_payout',
    'paid',
    'declined',
    'dispute',
  ];
  const currencies = ['USD', 'JPY', 'KWD'];
  for (let n = 0; n < 24; n += 1)
    await site.post('/v1/conversions', {
      referral_id: 'ref_1',
      sale_amount: 1_000_000 + n,
      sale_amount_currency: currencies[n % currencies.length],
      external_event_id: `order_${n}`,
      status: states[n % states.length],
    });
}

async function tab({ skip }: TestContext): Promise<Tab> {
  if (!browser) return skip(NONE);
  return browser.page();
}

async function doorOf(affiliate = 'jane'): Promise<string> {
  const { body } = await site.post(`/v1/affiliates/${affiliate}/portal-token`, {});
  return String(body.data['portalUrl']);
}

async function tokenOf(affiliate = 'jane'): Promise<string> {
  const { body } = await site.post('/v1/embed/token', { affiliate_id: affiliate });
  return String(body.data['publicToken']);
}

const WIDTH = 'document.documentElement.scrollWidth';
const GROUND = 'getComputedStyle(document.body).backgroundColor';
const HEADING = `document.querySelector('h1').textContent`;

/** Nothing wrong with it, nothing outside the window, nothing asked for elsewhere. */
async function expectSound(page: Tab, width: number): Promise<void> {
  expect(await page.faults()).toEqual([]);
  expect(await page.evaluate<number>(WIDTH)).toBeLessThanOrEqual(width);
  expect(page.requests.filter((url) => !url.startsWith(site.url) && !url.startsWith('data:'))).toEqual([]);
}

for (const scheme of ['light', 'dark'] as const)
  for (const width of [320, 1280])
    test(`the portal, ${scheme} and ${width} pixels wide`, async (context) => {
      const page = await tab(context);
      await page.look(width, scheme);
      await page.goto(await doorOf());
      expect(await page.evaluate<string>('location.href')).toBe(`${site.url}/portal`);
      await expectSound(page, width);
      // The style is there, so its hash is the one that the policy names.
      expect(await page.evaluate(GROUND)).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(22, 22, 22)');
      expect(await page.evaluate('document.cookie')).toBe('');
      expect(page.complaints).toEqual([]);
    });

test('a click selects the whole link, to be copied', async (context) => {
  const page = await tab(context);
  await page.look(1280, 'light');
  await page.goto(await doorOf());
  const at = await page.evaluate<{ x: number; y: number; text: string }>(
    `(() => { const code = document.querySelector('.copy'); const { x, y } = code.getBoundingClientRect();
      return { x: x + 40, y: y + 15, text: code.textContent } })()`,
  );
  for (const type of ['mousePressed', 'mouseReleased'])
    await page.send('Input.dispatchMouseEvent', { type, x: at.x, y: at.y, button: 'left', clickCount: 1 });
  expect(await page.evaluate('getSelection().toString().trim()')).toBe(at.text);
});

test('older commissions, and out', async (context) => {
  const page = await tab(context);
  await page.look(320, 'light');
  await page.goto(await doorOf());
  await page.goto(() => page.evaluate(`document.querySelector('nav[aria-label=Commissions] a').click()`));
  expect(await page.evaluate('location.search')).toBe('?page=2&payouts=1');
  await expectSound(page, 320);
  await page.goto(() => page.evaluate(`document.querySelector('form button').click()`));
  expect(await page.evaluate(HEADING)).toBe('You are signed out');
  await expectSound(page, 320);
  await page.goto(`${site.url}/portal`);
  expect(await page.evaluate(HEADING)).toBe('You are not signed in');
  await expectSound(page, 320);
});

test('what is told to who comes too late', async (context) => {
  const page = await tab(context);
  const door = await doorOf();
  await page.look(320, 'dark');
  await page.goto(door);
  await page.goto(door);
  expect(await page.evaluate(HEADING)).toBe('This link opens the portal no more');
  await expectSound(page, 320);
});

test('within a page of another origin the embedded page is shown, and the portal is not', async (context) => {
  const page = await tab(context);
  const token = await tokenOf();
  const embedded = `${site.url}/embed/referrals?token=${token}&theme=dark`;
  const shop = await serving(`<iframe src="${embedded}"></iframe><iframe src="${site.url}/portal"></iframe>`);
  await page.goto(`http://127.0.0.1:${(shop.address() as AddressInfo).port}/`);
  const { frameTree } = await page.send('Page.getFrameTree');
  const { childFrames } = frameTree as { childFrames: { frame: { url: string } }[] };
  expect(childFrames.map(({ frame }) => frame.url)).toEqual([embedded, 'chrome-error://chromewebdata/']);
  shop.closeAllConnections();
  shop.close();
  for (const theme of ['light', 'dark']) {
    await page.goto(`${site.url}/embed/referrals?token=${token}&theme=${theme}`);
    expect(await page.evaluate(GROUND)).toBe(theme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(22, 22, 22)');
    expect(await page.faults()).toEqual([]);
  }
});

async function serving(html: string): Promise<Server> {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
