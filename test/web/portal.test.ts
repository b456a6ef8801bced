/** The portal as an affiliate's browser meets it: once through the door, then as long as the session lasts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRateLimits } from '../../src/pipeline/limits.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import type { Database } from '../../src/store/database.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { terms, translators } from '../support/stage.ts';
import { furnish, openSite, type Setting, type Site } from './site.ts';

let db: TestDatabase;
let site: Site;
let other: Site;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  other = await openSite(db, { workspace: 'other' });
  await furnish(site.stage);
  await furnish(other.stage);
  await site.stage.ask(`UPDATE affiliates SET name = 'Jane Doe' WHERE workspace_id = $1`);
  await other.stage.ask(`UPDATE affiliates SET name = 'Other Jane' WHERE workspace_id = $1`);
  await other.post('/v1/conversions', { referral_id: 'ref_1', sale_amount: 4711, external_event_id: 'theirs' });
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await other.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

type Page = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text that is read, without tags. */
  readonly said: string;
};

type Wanted = {
  readonly method?: string;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly form?: Record<string, string>;
};

async function visit(
  path: string,
  { method = 'GET', cookie, headers = {}, form }: Wanted = {},
  on = site,
): Promise<Page> {
  const answer = await fetch(`${on.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(cookie === undefined ? {} : { cookie }), ...headers },
    ...(form ? { body: new URLSearchParams(form) } : {}),
  });
  const text = await answer.text();
  const [, body = ''] = text.split('<body>');
  const said = body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return { status: answer.status, headers: answer.headers, text, said };
}

type Asked = { readonly key?: string };

async function door(affiliate = 'jane', asked: Asked = {}, on = site): Promise<string> {
  const { body } = await on.post(`/v1/affiliates/${affiliate}/portal-token`, {}, asked);
  return String(body.data['token']);
}

async function embedded(affiliate = 'jane', asked: Asked = {}, on = site): Promise<string> {
  const { body } = await on.post('/v1/embed/token', { affiliate_id: affiliate }, asked);
  return String(body.data['publicToken']);
}

const open = (token: string, wanted: Wanted = {}, on = site): Promise<Page> =>
  visit(`/portal/open?token=${token}`, wanted, on);

const cookieOf = ({ headers }: Page): string => (headers.get('set-cookie') ?? '').split(';')[0] ?? '';

async function signedIn(affiliate = 'jane', asked: Asked = {}, on = site): Promise<string> {
  return cookieOf(await open(await door(affiliate, asked, on), {}, on));
}

const portal = (cookie: string, query = '', on = site): Promise<Page> => visit(`/portal${query}`, { cookie }, on);
const checkIn = ({ text }: Page): string => /name="check" value="([^"]+)"/.exec(text)?.[1] ?? '';

const POLICY =
  /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/;

/** A page that can run, load and send nothing, and that nobody keeps. */
function expectPage(page: Page, status: number, said: string | RegExp, policy = POLICY): void {
  expect([page.status, page.said]).toEqual([status, expect.stringMatching(said)]);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toMatch(policy);
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(page.headers.get('access-control-allow-origin')).toBeNull();
  expect(page.text).not.toMatch(/<script|<img|<iframe|\sstyle=|\son\w+=|https?:\/\/(?!acme\.example)/i);
}

const NEW_ONE = /Ask the company whose partner you are for a new one\.$/;
const OUT = /^You are not signed in/;

describe('the door', () => {
  test('gives a session that no script reads and no other site sends, and leads to the portal', async () => {
    const page = await open(await door());
    expect([page.status, page.headers.get('location'), page.text]).toEqual([303, '/portal', '']);
    expect(page.headers.get('set-cookie')).toMatch(
      /^portal_session=prs_[\w-]{43}; Path=\/portal; Max-Age=43200; HttpOnly; SameSite=Lax$/,
    );
    expect([page.headers.get('cache-control'), page.headers.get('referrer-policy')]).toEqual([
      'no-store',
      'no-referrer',
    ]);
    expectPage(await portal(cookieOf(page)), 200, /^Jane Doe /);
  });

  test('under an address of https the session is sent there only, under the path of the address', async () => {
    const away = await openSite(db, { work: site.work, publicUrl: 'https://money.example.com/commissions' });
    const page = await open(await door('jane', {}, away), {}, away);
    expect(page.headers.get('location')).toBe('/commissions/portal');
    expect(page.headers.get('set-cookie')).toMatch(
      /; Path=\/commissions\/portal; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect((await portal(cookieOf(page), '', away)).text).toContain('action="/commissions/portal/sign-out"');
    await away.close();
    const proxied = await openSite(db, { work: site.work, trustedProxies: 1 });
    const headers = { 'x-forwarded-proto': 'https' };
    expect((await open(await door(), { headers }, proxied)).headers.get('set-cookie')).toMatch(/; Secure$/);
    await proxied.close();
  });

  test('opens once', async () => {
    const token = await door();
    expect((await open(token)).status).toBe(303);
    const again = await open(token);
    expectPage(again, 410, NEW_ONE);
    expect(again.headers.get('set-cookie')).toBeNull();
  });

  test('of 100 who open it at once one is let in', async () => {
    const token = await door();
    const before = await site.stage.ask(`SELECT 1 FROM passes WHERE workspace_id = $1 AND purpose = 'session'`);
    const pages = await Promise.all(Array.from({ length: 100 }, () => open(token)));
    const count = (status: number): number => pages.filter((page) => page.status === status).length;
    expect([count(303), count(410)]).toEqual([1, 99]);
    expect(new Set(pages.map(cookieOf)).size).toBe(2);
    const after = await site.stage.ask(`SELECT 1 FROM passes WHERE workspace_id = $1 AND purpose = 'session'`);
    expect(after.length - before.length).toBe(1);
  });

  test('is shut after five minutes', async () => {
    const [soon, late] = [await door(), await door()];
    site.stage.clock.now += 5 * MINUTE - 1;
    expect((await open(soon)).status).toBe(303);
    site.stage.clock.now += 1;
    expectPage(await open(late), 410, NEW_ONE);
  });

  test('is shut to what is no token, and to tokens of other things', async () => {
    const session = (await signedIn()).split('=')[1] ?? '';
    for (const wrong of ['', 'x', `prt_${'a'.repeat(43)}`, session, site.live, '%00', 'a&token=b'])
      expectPage(await open(wrong), 401, NEW_ONE);
    expectPage(await visit('/portal/open'), 401, NEW_ONE);
  });

  test('is not used up by who only looks, or fetches ahead', async () => {
    const token = await door();
    const ahead = { headers: { 'sec-purpose': 'prefetch;prerender' } };
    for (const wanted of [{ method: 'HEAD' }, ahead]) {
      const page = await open(token, wanted);
      expect([page.status, page.headers.get('set-cookie'), page.text]).toEqual([204, null, '']);
    }
    expect((await open(token)).status).toBe(303);
  });

  test('is shut to affiliates who were turned away since, and to what they had when they are approved again', async () => {
    const put = (id: string, status: string) =>
      site.send('PUT', `/v1/affiliates/${id}`, JSON.stringify({ status, parent_id: null }));
    for (const status of ['rejected', 'paused', 'banned']) {
      const id = `was-${status}`;
      await site.stage.affiliate(id);
      const tokens = [await door(id), await embedded(id)];
      const cookie = await signedIn(id);
      await put(id, status);
      for (const given of ['now', 'approved']) {
        if (given === 'approved') await put(id, given);
        for (const token of tokens) expectPage(await open(token), 401, NEW_ONE);
        expectPage(await portal(cookie), 401, OUT);
      }
      expect((await portal(await signedIn(id))).status).toBe(200);
    }
  });

  test('is not opened by the token of a page that somebody who was turned away is shown', async () => {
    await site.stage.affiliate('out', null, 'banned');
    const page = await open(await embedded('out'));
    expectPage(page, 403, /^The portal is not open to you/);
    expect(page.headers.get('set-cookie')).toBeNull();
  });

  test('of who is turned away at that moment nothing is left open', async () => {
    for (let n = 0; n < 10; n += 1) {
      const id = `racing${n}`;
      await site.stage.affiliate(id);
      const tokens = await Promise.all(Array.from({ length: 8 }, () => door(id)));
      await Promise.all([
        ...tokens.map((token) => open(token)),
        site.send('PUT', `/v1/affiliates/${id}`, '{"status":"banned"}'),
      ]);
      const left = 'SELECT purpose FROM passes WHERE workspace_id = $1 AND affiliate_id = $2';
      expect(await site.stage.ask(left, [id])).toEqual([]);
    }
  });

  test('opens with the token of a page too, as often and as long as that lasts', async () => {
    const token = await embedded();
    site.stage.clock.now += 10 * MINUTE;
    const pages = [await open(token), await open(token)];
    expect(pages.map((page) => [page.status, /Max-Age=(\d+)/.exec(page.headers.get('set-cookie') ?? '')?.[1]])).toEqual(
      [
        [303, '1200'],
        [303, '1200'],
      ],
    );
    const cookie = cookieOf(pages[0] as Page);
    site.stage.clock.now += 20 * MINUTE - 1;
    expect((await portal(cookie)).status).toBe(200);
    site.stage.clock.now += 1;
    expectPage(await portal(cookie), 401, OUT);
    expectPage(await open(token), 410, NEW_ONE);
  });
});

describe('a link of somebody else, followed by who is signed in', () => {
  const fields = ({ text }: Page): Record<string, string> =>
    Object.fromEntries(
      [...text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
  const push = (cookie: string | undefined, form: Record<string, string>): Promise<Page> =>
    visit('/portal/open', { method: 'POST', form, ...(cookie === undefined ? {} : { cookie }) });

  beforeAll(() => site.stage.affiliate('mallory'));

  test('asks first, and takes the place of the session only when told to', async () => {
    other.stage.clock.now = site.stage.clock.now;
    for (const token of [await door('mallory'), await embedded('mallory'), await door('jane', {}, other)]) {
      const cookie = await signedIn();
      const asked = await open(token, { cookie });
      expectPage(asked, 200, /^This link is somebody else’s .* Open it Stay signed in$/);
      expect([asked.headers.get('set-cookie'), fields(asked)['token']]).toEqual([null, token]);
      expect((await portal(cookie)).said).toMatch(/^Jane Doe/);
      const opened = await push(cookie, fields(asked));
      expect([opened.status, opened.headers.get('location')]).toEqual([303, '/portal']);
      expect((await portal(cookieOf(opened))).said).toMatch(/^(mallory|Other Jane) /);
      expectPage(await portal(cookie), 401, OUT);
    }
  });

  test('is not opened by a form of another site or another session', async () => {
    const token = await door('mallory');
    const [cookie, another] = [await signedIn(), await signedIn()];
    const { check = '' } = fields(await open(token, { cookie }));
    const foreign = fields(await open(token, { cookie: another }))['check'] ?? '';
    const out = checkIn(await portal(cookie));
    for (const [given, form] of [
      [undefined, { token, check }],
      [cookie, { token }],
      [cookie, { token, check: foreign }],
      [cookie, { token, check: out }],
    ] as const) {
      const page = await push(given, form);
      expectPage(page, 403, /^Nothing was opened/);
      expect(page.headers.get('set-cookie')).toBeNull();
    }
    expectPage(await push(cookie, { token: 'x', check }), 401, NEW_ONE);
    expect((await portal(cookie)).status).toBe(200);
    expect((await push(cookie, { token, check })).status).toBe(303);
  });

  test('is told when it opens nothing; one’s own opens at once', async () => {
    const cookie = await signedIn();
    const used = await door('mallory');
    await open(used);
    expectPage(await open(used, { cookie }), 410, NEW_ONE);
    expectPage(await open('x', { cookie }), 401, NEW_ONE);
    expect((await open(await door(), { cookie })).status).toBe(303);
    const over = await signedIn();
    site.stage.clock.now += 12 * HOUR;
    expect((await open(await door('mallory'), { cookie: over })).status).toBe(303);
  });
});

describe('a session', () => {
  test('lasts twelve hours, and its cookie is taken away when it is over', async () => {
    const cookie = await signedIn();
    site.stage.clock.now += 12 * HOUR - 1;
    expect((await portal(cookie)).status).toBe(200);
    site.stage.clock.now += 1;
    const page = await portal(cookie);
    expectPage(page, 401, OUT);
    expect(page.headers.get('set-cookie')).toBe('portal_session=; Path=/portal; Max-Age=0; HttpOnly; SameSite=Lax');
  });

  test('is nobody’s without its cookie, or with another', async () => {
    expectPage(await visit('/portal'), 401, OUT);
    const token = await door();
    for (const wrong of ['x', `prs_${'a'.repeat(43)}`, token, await embedded()])
      expectPage(await portal(`portal_session=${wrong}`), 401, OUT);
  });

  test('ends with its affiliate', async () => {
    await site.stage.affiliate('leaving');
    const cookie = await signedIn('leaving');
    await site.send('DELETE', '/v1/affiliates/leaving', undefined);
    expectPage(await portal(cookie), 401, OUT);
    expect(await site.stage.ask(`SELECT 1 FROM passes WHERE workspace_id = $1 AND affiliate_id = 'leaving'`)).toEqual(
      [],
    );
  });

  test('is ended by a form that only its own page has', async () => {
    const [cookie, another] = [await signedIn(), await signedIn()];
    const check = checkIn(await portal(cookie));
    const signOut = (given: string, form?: Record<string, string>): Promise<Page> =>
      visit('/portal/sign-out', { method: 'POST', cookie: given, ...(form ? { form } : {}) });
    const forged = [undefined, {}, { check: '' }, { check: 'x' }, { check: checkIn(await portal(another)) }];
    for (const form of [...forged, { check, more: 'x'.repeat(2_000) }])
      expectPage(await signOut(cookie, form), 403, /^You are still signed in/);
    expect((await portal(cookie)).status).toBe(200);
    const page = await signOut(cookie, { check });
    expectPage(page, 200, /^You are signed out/);
    expect(page.headers.get('set-cookie')).toMatch(/^portal_session=; .*Max-Age=0/);
    expectPage(await portal(cookie), 401, OUT);
    expect((await portal(another)).status).toBe(200);
  });

  test('is not ended by another site, whose browser sends no cookie along', async () => {
    const check = checkIn(await portal(await signedIn()));
    for (const cookie of [undefined, 'portal_session='])
      for (const form of [{}, { check }]) {
        const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
        const page = await visit('/portal/sign-out', {
          method: 'POST',
          headers,
          form,
          ...(cookie === undefined ? {} : { cookie }),
        });
        expectPage(page, 401, OUT);
        expect(page.headers.get('set-cookie')).toBeNull();
      }
  });
});

describe('what is shown', () => {
  beforeAll(async () => {
    const program = { name: 'Acme', website_url: 'https://acme.example/' };
    await site.send('PATCH', '/v1/program', JSON.stringify(program));
    const support = { support_email_status: true, support_email_value: 'help@acme.example' };
    await site.send('PATCH', '/v1/program/portal', JSON.stringify(support));
  });

  /** Somebody with a referral of their own, whose first sale is held for two weeks. */
  async function partner(id: string): Promise<string> {
    await site.stage.affiliate(id);
    await site.stage.incentive(`inc_${id}`, terms('30', { affiliateId: id, holdPeriodDays: 14 }));
    return site.stage.referral(`ref_${id}`, id);
  }

  let sold = 0;
  async function sale(referral: string, amount: number, more: Record<string, unknown> = {}): Promise<string> {
    site.stage.clock.now += 1000;
    sold += 1;
    const told = { referral_id: referral, sale_amount: amount, external_event_id: `sale_${sold}`, ...more };
    const { status, body } = await site.post('/v1/conversions', told);
    expect(status).toBe(201);
    return String(body.data['id']);
  }

  const look = async (id: string, query = ''): Promise<Page> => portal(await signedIn(id), query);

  test('link, codes, balances, commissions and why each stands as it does, payouts', async () => {
    const referral = await partner('ann');
    await site.stage.coupon('coup_ann', 'ann', 'ANN20', {
      details: { discount_type: 'percentage', discount_value: 20 },
    });
    const sent = await sale(referral, 200);
    await site.send('PUT', `/v1/commissions/${sent}`, '{"status":"paid"}');
    await sale(referral, 100);
    const page = await look('ann');
    expectPage(
      page,
      200,
      /^ann Acme · Approved Your link https:\/\/acme\.example\/\?ref=ann Your codes ANN20 20 % off/,
    );
    expect(page.said).toContain(
      'Balances In review $0.00 On hold $30.00 Ready for payout $0.00 Paid $60.00 Clicks 0 Leads 1 Sales 2',
    );
    const today = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
    const now = today.format(site.stage.clock.now);
    const held = today.format(site.stage.clock.now + 14 * 24 * HOUR);
    expect(page.said).toContain(
      `Commissions ${now} · sale of $100.00 $30.00 On hold Until ${held}, in case the sale is refunded. ${now} · sale of $200.00 $60.00 Paid`,
    );
    expect(page.said).toContain(
      `Payouts ${now} · for the sale of ${now} $60.00 Paid Questions? help@acme.example Sign out`,
    );
  });

  test('every state in words', async () => {
    const referral = await partner('bea');
    for (const [status, words] of [
      ['pending_manual_approval', 'In review The company has to approve it.'],
      ['ready_for_payment', 'Ready for payout The next payout brings it.'],
      ['processing_payout', 'On its way Its payout was started.'],
      ['declined', 'Declined The company declined it.'],
      ['refunded', 'Taken back The sale was taken back, and the commission with it.'],
      ['dispute', 'Disputed The buyer disputes the payment. It waits for how that ends.'],
    ] as const) {
      await sale(referral, 10, { status });
      expect((await look('bea')).said).toContain(`$3.00 ${words}`);
    }
    const partly = await sale(referral, 100);
    await site.post(`/v1/conversions/${partly}/refund`, { amount: 25 });
    expect((await look('bea')).said).toMatch(
      /sale of \$75\.00 \$22\.50 On hold Until .* refunded\. \$7\.50 of \$30\.00 went back/,
    );
    await site.send('PUT', `/v1/commissions/${partly}`, '{"status":"pending"}');
    site.stage.clock.now += 15 * 24 * HOUR;
    expect((await look('bea')).said).toContain('On hold The company has not released it yet.');
  });

  test('each currency by itself, with its own decimals', async () => {
    const referral = await partner('cleo');
    await sale(referral, 1000, { sale_amount_currency: 'JPY' });
    await sale(referral, 1.5, { sale_amount_currency: 'KWD' });
    await sale(referral, 9.99, { sale_amount_currency: 'EUR' });
    const { said } = await look('cleo');
    for (const words of ['€9.99 €3.00', 'KWD 1.500 KWD 0.450', '¥1,000 ¥300'])
      expect(said.replaceAll('\u00a0', ' ')).toContain(`sale of ${words}`);
    for (const held of ['On hold €3.00', 'On hold KWD 0.450', 'On hold ¥300'])
      expect(said.replaceAll('\u00a0', ' ')).toContain(held);
  });

  test('what is owed back', async () => {
    const referral = await partner('dora');
    const paid = await sale(referral, 100);
    await site.send('PUT', `/v1/commissions/${paid}`, '{"status":"paid"}');
    await site.post(`/v1/conversions/${paid}/refund`, {});
    expect((await look('dora')).said).toContain(
      'Ready for payout -$30.00 Paid $30.00 Refunds came after a payout: $30.00 is kept from the next one.',
    );
  });

  test('older ones page by page', async () => {
    const referral = await partner('ella');
    for (let n = 1; n <= 41; n += 1) {
      const id = await sale(referral, n);
      if (n <= 21) await site.send('PUT', `/v1/commissions/${id}`, '{"status":"paid"}');
    }
    const cookie = await signedIn('ella');
    const salesOn = ({ said }: Page): number[] =>
      [...said.matchAll(/· sale of \$(\d+)\.00/g)].map(([, n]) => Number(n));
    const first = await portal(cookie);
    expect([salesOn(first)[0], salesOn(first).length]).toEqual([41, 20]);
    const links = ({ text }: Page): string[] =>
      [...text.matchAll(/href="([^"]*payouts[^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
    expect(links(first)).toEqual(['/portal?page=2&payouts=1', '/portal?page=1&payouts=2']);
    const last = await portal(cookie, '?page=3&payouts=2');
    expect([salesOn(last), links(last)]).toEqual([[1], ['/portal?page=2&payouts=2', '/portal?page=3&payouts=1']]);
    expect(last.said.match(/for the sale of/g)).toHaveLength(1);
    expect((await portal(cookie, '?page=9')).said).toContain('Commissions No more.');
    for (const wrong of ['?page=0', '?page=-1', '?page=x', '?page=1&page=2', '?page=999999999999'])
      expect(salesOn(await portal(cookie, wrong))[0]).toBe(41);
  });

  test('the share of a recruiter, without the sale', async () => {
    await partner('fay');
    await site.stage.affiliate('gil');
    await site.send('PUT', '/v1/affiliates/gil', '{"parent_id":"fay"}');
    await site.stage.incentive('inc_gil', terms('30', { affiliateId: 'gil', parentRatio: { num: 10n, den: 100n } }));
    await site.stage.referral('ref_gil', 'gil');
    await sale('ref_gil', 123);
    const { said } = await look('fay');
    expect(said).toContain('$12.30 Ready for payout Your share of what a partner sold whom you recruited.');
    expect(said).not.toContain('$123.00');
  });

  test('that commissions are looked at before they are paid, and not why', async () => {
    await site.stage.affiliate('held');
    const hold = `UPDATE affiliates SET held_reason = 'too many refunds', held_at = now() WHERE workspace_id = $1 AND affiliate_id = 'held'`;
    await site.stage.ask(hold);
    const { said } = await look('held');
    expect(said).toContain('The company looks at your commissions before they are paid.');
    expect(said).not.toContain('too many refunds');
  });

  test('a commission that was declined crossed out', async () => {
    const referral = await partner('kim');
    await sale(referral, 10, { status: 'declined' });
    expect((await look('kim')).text).toContain('<s class="amount">$3.00</s>');
  });

  test('what they may advertise with, as links and text only', async () => {
    const content = '<a href="https://acme.example"><img src="https://acme.example/b.png"></a>';
    const notes = { description: 'For blogs', usage_notes: 'Above the fold', restrictions: 'No <b>mail</b>' };
    const size = { dimensions: { width: 300, height: 250 } };
    for (const body of [
      { name: 'Banner', url: 'https://acme.example/b.png', content, ...notes, ...size },
      { category: 'video' },
    ])
      expect((await site.post('/v1/program/creatives', body)).status).toBe(201);
    await site.stage.affiliate('lea');
    await site.stage.ask(
      `INSERT INTO creatives (workspace_id, creative_id, program_id, name, url, created_at)
       SELECT $1, 'creative_old', 'prog_default', 'Old', 'javascript:alert(1)', to_timestamp(0)`,
    );
    const page = await look('lea');
    expect([page.said.includes('Old'), page.text.includes('javascript:')]).toEqual([true, false]);
    expectPage(page, 200, /To advertise with video Banner · 300 × 250 For blogs Above the fold No &lt;b&gt;mail/);
    expect(page.text).toContain(
      '<a href="https://acme.example/b.png" target="_blank" rel="noreferrer noopener">Banner</a>',
    );
    expect(page.text).toContain('&lt;img src=&quot;https://acme.example/b.png&quot;&gt;');
    expect((await portal(await signedIn('jane', {}, other), '', other)).said).not.toContain('To advertise with');
  });

  test('of long texts to advertise with as much as a page has room for, on the first page only', async () => {
    const long = { description: 'd'.repeat(5_000), usage_notes: 'u'.repeat(5_000), restrictions: 'r'.repeat(5_000) };
    for (let n = 0; n < 49; n += 1)
      await site.post('/v1/program/creatives', { name: `Long ${n}`, content: '<'.repeat(50_000), ...long });
    await site.post('/v1/program/creatives', { name: 'Fits', content: '\u{1F600}'.repeat(5_000) });
    await site.stage.affiliate('moe');
    const cookie = await signedIn('moe');
    const page = await portal(cookie);
    expect(page.text.length).toBeLessThan(500_000);
    expect(page.said).toContain(`Fits ${'\u{1F600}'.repeat(5_000)} Long 48`);
    const beginning = `${'d'.repeat(1_000)}… ${'u'.repeat(1_000)}… ${'r'.repeat(1_000)}… ${'&lt;'.repeat(5_000)}…`;
    expect(page.said).toContain(
      `Long 48 ${beginning} It is longer than this page shows. Ask the company for all of it. Long 47`,
    );
    expect(page.said).toContain('Long 1 There is no room for its texts on this page. Ask the company.');
    for (const query of ['?page=2', '?payouts=2', '?page=2&payouts=2'])
      expect((await portal(cookie, query)).said).not.toContain('To advertise with');
    await site.stage.ask('DELETE FROM creatives WHERE workspace_id = $1');
  });

  test('nothing where there is nothing', async () => {
    await site.stage.affiliate('hana');
    const { said } = await look('hana');
    expect(said).toContain('On hold $0.00');
    expect(said).toContain('None yet. They appear as soon as somebody buys through your link.');
    expect(said).not.toContain('Your codes');
  });

  test('names and codes as text, whatever is in them', async () => {
    const evil = '<script>alert(1)</script>"\'&<b onclick=x>';
    await site.stage.affiliate('ivy');
    await site.stage.ask(
      `UPDATE affiliates SET name = $2, tracking_id = $3 WHERE workspace_id = $1 AND affiliate_id = 'ivy'`,
      [evil, '"><img src=x>'],
    );
    await site.stage.coupon('coup_ivy', 'ivy', '"><svg/onload=x>', {
      details: { discount_type: 'fixed', discount_value: 5, currency: '<i>' },
    });
    const { text } = await look('ivy');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;b onclick=x&gt;');
    expect(text).toContain('ref=%22%3E%3Cimg%20src%3Dx%3E');
    expect(text).not.toMatch(/<script|<img|<svg|<b |<i>/);
    await site.send('PATCH', '/v1/program/portal', '{"support_email_value":"javascript:alert(1)"}');
    expect((await look('ivy')).said).not.toContain('Questions?');
  });

  test('who is not approved yet reads it, and test data says that it is', async () => {
    await site.stage.affiliate('joy', null, 'pending');
    const waiting = await portal(cookieOf(await open(await embedded('joy'))));
    expect(waiting.said).toContain('Not approved yet The company is looking at your application.');
    await site.post(
      '/v1/conversions',
      { referral_id: 'ref_1', sale_amount: 888, external_event_id: 't' },
      { key: site.test },
    );
    const tested = await portal(await signedIn('jane', { key: site.test }));
    expect(tested.said).toContain('Test data: none of this is paid.');
    expect(tested.said).toContain('sale of $888.00');
    expect((await look('jane')).said).not.toMatch(/Test data|888/);
  });

  test('to nobody what is another’s: of the workspace, of another, or of the other world', async () => {
    other.stage.clock.now = site.stage.clock.now;
    const own = await look('jane');
    const foreign = await portal(await signedIn('jane', {}, other));
    expect(own.said).not.toMatch(/4,711|Other Jane|\bann\b|ANN20|\$100\.00/);
    expect(foreign.said).toMatch(/^Other Jane .*sale of \$4,711\.00/);
    expect(foreign.said).not.toMatch(/Acme|Jane Doe/);
    // The same site answers for both: what is shown depends on the session alone.
    expect((await portal(await signedIn('jane', {}, other), '', site)).said).toBe(foreign.said);
  });
});

describe('within a page of the company’s', () => {
  const FRAMED =
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors \*$/;
  const frame = (token: string, more = ''): Promise<Page> => visit(`/embed/referrals?token=${token}${more}`);

  test('the same is shown to whoever has the token, without a session', async () => {
    const token = await embedded();
    const page = await frame(token);
    expectPage(page, 200, /^Jane Doe Acme · Approved/, FRAMED);
    expect(page.headers.get('set-cookie')).toBeNull();
    expect(page.text).not.toMatch(/<form|<button/);
    const session = await portal(await signedIn());
    expect(session.said).toBe(`${page.said} Sign out`);
  });

  test.each([
    ['', 'data-theme="light"'],
    ['&theme=dark', 'data-theme="dark"'],
    ['&theme=system', '<html lang="en" >'],
    ['&theme="><b>', 'data-theme="light"'],
  ])('looks as it is asked to (%s)', async (more, shown) => {
    expect((await frame(await embedded(), more)).text).toContain(shown);
  });

  test('older commissions are asked for with the token', async () => {
    const token = await embedded('ella');
    const { text } = await frame(token, '&theme=dark');
    expect(text).toContain(`href="?token=${token}&amp;theme=dark&amp;page=2&amp;payouts=1"`);
  });

  test('a token that is none, or has expired, is told within the page too', async () => {
    expectPage(await frame('x'), 401, NEW_ONE, FRAMED);
    expectPage(await frame(await door()), 401, NEW_ONE, FRAMED);
    const token = await embedded();
    site.stage.clock.now += 30 * MINUTE;
    expectPage(await frame(token), 410, NEW_ONE, FRAMED);
  });
});

describe('other calls', () => {
  test.each([
    ['POST', '/portal', 'GET, HEAD'],
    ['PUT', '/portal/open', 'GET, HEAD, POST'],
    ['GET', '/portal/sign-out', 'POST'],
    ['POST', '/embed/referrals', 'GET, HEAD'],
  ])('%s %s is not how', async (method, path, allow) => {
    const page = await visit(path, { method });
    expect([page.status, page.headers.get('allow')]).toEqual([405, allow]);
  });

  test.each(['/portal/', '/portal/x', '/portal/open/', '/portal/portal.css'])('%s is nothing', async (path) => {
    expectPage(await visit(path), 404, /^Nothing here/);
  });

  test('too many of one address have to wait; another need not', async () => {
    const now = () => site.stage.clock.now;
    const limiting = { rates: createRateLimits(db.database, now), now, set: new Map() };
    const limited = await openSite(db, { work: site.work, limiting, trustedProxies: 1 } satisfies Setting);
    const from = (address: string): Promise<Page> =>
      visit('/portal', { headers: { 'x-forwarded-for': address } }, limited);
    const pages: Page[] = [];
    for (let n = 0; n < 121; n += 1) pages.push(await from('192.0.2.1'));
    expect(pages.filter(({ status }) => status === 401)).toHaveLength(120);
    expectPage(pages.at(-1) as Page, 429, /^Too many visits/);
    const wait = Number(pages.at(-1)?.headers.get('retry-after'));
    expect([wait > 0, wait <= 60]).toEqual([true, true]);
    expect((await from('192.0.2.2')).status).toBe(401);
    await limited.close();
  });

  test('a surprise is a page too, and tells nothing of itself', async () => {
    const broken = { query: () => Promise.reject(new Error('secret')) } as unknown as Database['across'];
    const down = await openSite(db, { work: { ...site.work, database: { ...db.database, across: broken } } });
    const token = await door();
    const FRAMED = /form-action 'none'; frame-ancestors \*$/;
    expectPage(await open(token, {}, down), 500, /^Something went wrong/);
    expectPage(await visit(`/embed/referrals?token=${token}`, {}, down), 500, /^Something went wrong/, FRAMED);
    expect((await open(token, {}, down)).text).not.toContain('secret');
    await down.close();
  });

  test('an address that a header tells is not remembered beyond what an address has', async () => {
    const now = () => site.stage.clock.now;
    const limiting = { rates: createRateLimits(db.database, now), now, set: new Map() };
    const limited = await openSite(db, { work: site.work, limiting, trustedProxies: 1 } satisfies Setting);
    for (let n = 0; n < 5; n += 1)
      await visit('/portal', { headers: { 'x-forwarded-for': 'x'.repeat(64 + n) } }, limited);
    expect(limiting.rates.remembered().addresses).toBe(1);
    await limited.close();
  });

  test('a database that is away is a page with 503, and nothing is used up', async () => {
    const token = await door();
    const gone = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    const away = { query: () => Promise.reject(gone) } as unknown as Database['across'];
    const database: Database = { ...db.database, across: away };
    const down = await openSite(db, { work: { ...site.work, database } });
    const page = await open(token, {}, down);
    expectPage(page, 503, /^Not at the moment/);
    expect(page.headers.get('retry-after')).toBe('5');
    await down.close();
    expect((await open(token)).status).toBe(303);
  });
});
