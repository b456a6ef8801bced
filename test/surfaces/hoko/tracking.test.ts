/** Leads and sales against the document they come from (reference/documents/003_…) and apis.md 3.3, 5.2, 5.6. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { createRateLimits } from '../../../src/pipeline/limits.ts';
import { createAccount } from '../../../src/simulator/account.ts';
import type { Family } from '../../../src/simulator/family.ts';
import { hoko } from '../../../src/surfaces/hoko/index.ts';
import { native, surfaces } from '../../../src/surfaces/index.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { translators } from '../../support/stage.ts';
import { openSite, type Answer } from '../../web/site.ts';
import { INVALID, MOMENT, NO_KEY, noScope, openShop, UUID, type Row, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
let jane: Row & { shortUrl: string };
let max: Row & { shortUrl: string };
let collectionId: string;

beforeAll(async () => {
  db = await createDatabase({ poolSize: 16 });
  shop = await openShop(db);
  const [one, two] = [
    await shop.make('partners', { name: 'Jane', email: 'jane@partner.example' }),
    await shop.make('partners', { name: 'Max' }),
  ];
  jane = await shop.link({
    url: 'https://example.com',
    partnerId: one.id,
    tenantId: 'tenant_456',
    externalId: 'ext_789',
  });
  collectionId = String(jane['collectionId']);
  max = await shop.link({ partnerId: two.id });
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await shop.site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

let customers = 0;

/** A customer nobody told of yet. */
const fresh = (): { customerExternalId: string; customerName: string } => ({
  customerExternalId: `fresh_${(customers += 1)}`,
  customerName: 'Somebody',
});

const later = (): void => {
  shop.site.stage.clock.now += 1000;
};

const commissionsOf = (customerExternalId: string) =>
  shop.site.stage.ask<{
    amount: bigint;
    currency: string;
    earned: bigint | null;
    reason: string | null;
    name: string | null;
  }>(
    `SELECT v.amount, v.currency, m.earned, v.reason, a.name FROM payments p
     JOIN conversions v USING (workspace_id, payment_id) LEFT JOIN commissions m USING (workspace_id, conversion_id)
     LEFT JOIN affiliates a ON a.workspace_id = v.workspace_id AND a.affiliate_id = v.affiliate_id
     WHERE p.workspace_id = $1 AND p.customer_key = $2 AND v.kind = 'sale' AND v.status <> 'void' ORDER BY v.occurred_at`,
    [`user:${customerExternalId}`],
  );

const names = (customerExternalId: string): Promise<(string | null)[]> =>
  commissionsOf(customerExternalId).then((rows) => rows.map(({ name }) => name));

/** The document's own request. */
const DOCUMENT = {
  customerExternalId: 'customer_123',
  amount: 12900,
  currency: 'usd',
  eventName: 'Invoice paid',
  customerName: 'John Doe',
  customerEmail: 'john@example.com',
};

const LEAD = { eventName: 'Signed up', customerExternalId: 'customer_123', customerName: 'John Doe' };

/** The document's own reply, with what is ours in place of its examples. */
const documented = (clickId: string) => ({
  click: { id: clickId },
  link: {
    id: jane.id,
    url: 'https://example.com',
    shortUrl: jane.shortUrl,
    qrCode: `${shop.site.url}/qrcode?text=${encodeURIComponent(`${jane.shortUrl}?qr=1`)}&size=512&errorCorrection=H&foreground=000000&background=FFFFFF&margin=1&format=svg`,
    title: null,
    description: null,
    image: null,
    utm: null,
    collectionId,
    partnerId: expect.stringMatching(UUID),
    tenantId: 'tenant_456',
    externalId: 'ext_789',
    createdAt: expect.stringMatching(MOMENT),
  },
  customer: {
    id: expect.stringMatching(UUID),
    name: 'John Doe',
    email: 'john@example.com',
    phone: null,
    avatar: null,
    externalId: 'customer_123',
  },
});

describe('the documented sale', () => {
  let click: string;

  beforeAll(async () => {
    click = await shop.visit(jane);
    const lead = await shop.track('lead', { ...LEAD, clickId: click });
    expect(lead.status).toBe(201);
    later();
  });

  test('5.6 S3: the document’s curl body: 201, the documented reply', async () => {
    const before = await shop.payable('Jane');
    const { status, body, headers } = await shop.track('sale', DOCUMENT);
    expect(status).toBe(201);
    expect(body).toEqual({
      ...documented(click),
      sale: { amount: 12900, currency: 'usd', eventName: 'Invoice paid', metadata: null },
    });
    expect(Object.keys(body['link'] as object)).toHaveLength(13);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect((await shop.payable('Jane')) - before).toBe(3870n);
  });

  test('5.6 S3: body twice: two sales; 5.2 Hoko replay: two 201s, two sales', async () => {
    const before = await shop.payable('Jane');
    const rows = await shop.count('conversions', `kind = 'sale'`);
    const answers = [await shop.track('sale', DOCUMENT), await shop.track('sale', DOCUMENT)];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
    expect(await shop.count('conversions', `kind = 'sale'`)).toBe(rows + 2);
    expect((await shop.payable('Jane')) - before).toBe(2n * 3870n);
  });

  test('metadata is kept and shown; the defaults are usd and Purchase', async () => {
    const metadata = { invoiceId: 'inv_123', lines: [{ sku: 'a', quantity: 2 }], nothing: null };
    const { customerExternalId, customerName, amount } = DOCUMENT;
    const { status, body } = await shop.track('sale', { customerExternalId, customerName, amount, metadata });
    expect(status).toBe(201);
    expect(body['sale']).toEqual({ amount: 12900, currency: 'usd', eventName: 'Purchase', metadata });
  });

  test.each([
    ['5.6 S3: amount:-100', { customerExternalId: 'customer_123', amount: -100, customerName: 'John Doe' }],
    ['5.6 S3: a customer without lead and no clickId', { ...DOCUMENT, customerExternalId: 'nobody' }],
    ['no customer', { ...DOCUMENT, customerExternalId: undefined }],
    ['an empty customer', { ...DOCUMENT, customerExternalId: '' }],
    ['a customer of 101 characters', { ...DOCUMENT, customerExternalId: 'x'.repeat(101) }],
    ['no name', { ...DOCUMENT, customerName: undefined }],
    ['a null name', { ...DOCUMENT, customerName: null }],
    ['an empty name', { ...DOCUMENT, customerName: '' }],
    ['a name of 101 characters', { ...DOCUMENT, customerName: 'x'.repeat(101) }],
    ['no amount', { ...DOCUMENT, amount: undefined }],
    ['a null amount', { ...DOCUMENT, amount: null }],
    ['an amount in words', { ...DOCUMENT, amount: '12900' }],
    ['part of a minor unit', { ...DOCUMENT, amount: 0.5 }],
    ['more than can be counted', { ...DOCUMENT, amount: 1e30 }],
    ['a currency of four letters', { ...DOCUMENT, currency: 'euro' }],
    ['an event of 256 characters', { ...DOCUMENT, eventName: 'x'.repeat(256) }],
    ['what is no e-mail', { ...DOCUMENT, customerEmail: 'john' }],
    ['an empty e-mail', { ...DOCUMENT, customerEmail: '' }],
    ['an avatar that is no URL', { ...DOCUMENT, customerAvatar: 'me.png' }],
    ['an avatar that is a script', { ...DOCUMENT, customerAvatar: 'javascript:alert(1)' }],
    ['metadata that is a list', { ...DOCUMENT, metadata: [1] }],
    ['an unknown clickId', { ...DOCUMENT, clickId: 'click_abc123' }],
    ['a list', [DOCUMENT]],
    ['nothing', undefined],
    ['text', 'sale'],
  ])('%s: 400 in both languages, nothing stored', async (_name, body) => {
    const before = await shop.site.everything();
    const answer = await shop.track('sale', body);
    expect([answer.status, answer.body]).toEqual([400, INVALID]);
    expect(answer.headers.get('x-error-reason')).toMatch(/./);
    expect(await shop.site.everything()).toBe(before);
  });

  test('unknown fields are ignored, nulls are as good as absent', async () => {
    const nulls = { currency: null, eventName: null, metadata: null, leadEventName: null, clickId: null };
    const { status, body } = await shop.track('sale', { ...DOCUMENT, ...nulls, anything: { else: [1] } });
    expect([status, body['sale']]).toEqual([
      201,
      { amount: 12900, currency: 'usd', eventName: 'Purchase', metadata: null },
    ]);
  });

  test('0 is a sale that earns nothing', async () => {
    const before = await shop.payable('Jane');
    const { status, body } = await shop.track('sale', { ...DOCUMENT, amount: 0 });
    expect([status, body['sale']]).toMatchObject([201, { amount: 0 }]);
    expect(await shop.payable('Jane')).toBe(before);
  });
});

describe('the key', () => {
  const send = (what: string, key: string | null, headers = {}): Promise<Answer> =>
    shop.site.send('POST', `/api/track/${what}`, undefined, { key, headers });

  test.each(['sale', 'lead'])(
    '5.6 S3: %s with a key without scope and no body: 403 with missingScopes',
    async (what) => {
      const { key } = await shop.site.keyFor(true, ['linksRead', 'linksWrite']);
      const answer = await send(what, key);
      expect([answer.status, answer.body]).toEqual([403, noScope('conversionsWrite')]);
    },
  );

  test.each(['sale', 'lead'])('5.6 S3: %s with a bad key, another family’s or none, and no body: 401', async (what) => {
    for (const key of [null, 'invalid_key', 'hoko_0123456789abcdef0123456789', 'sk_live_0123456789abcdef0123456789']) {
      const answer = await send(what, key);
      expect([answer.status, answer.body]).toEqual([401, NO_KEY]);
    }
  });

  test('a bare key without the word Bearer passes', async () => {
    const answer = await send('sale', null, { authorization: shop.site.live, 'content-type': 'application/json' });
    expect([answer.status, answer.body]).toEqual([400, INVALID]);
  });

  test('5.2 auth before body: broken JSON with a bad key is 401, with a good one 400', async () => {
    const broken = (key: string) => shop.site.send('POST', '/api/track/sale', '{"amount":', { key });
    expect((await broken('invalid_key')).body).toEqual(NO_KEY);
    expect((await broken(shop.site.live)).body).toEqual(INVALID);
  });

  test('too many calls without a body: 429 with retryAfter and the headers', async () => {
    const now = () => shop.site.stage.clock.now;
    const set = new Map([['hoko', [{ points: 1, seconds: 3600 }]]]);
    const limiting = { rates: createRateLimits(db.database, now), now, set };
    const limited = await openSite(db, { work: shop.site.work, surfaces, limiting, family: hoko.keys });
    const { key } = await limited.keyFor(true, ['conversionsWrite']);
    await limited.post('/api/track/sale', DOCUMENT, { key });
    const answer = await limited.send('POST', '/api/track/sale', undefined, { key });
    expect(answer.status).toBe(429);
    expect(answer.body).toEqual({
      error: { en: 'Rate limit exceeded', ar: 'تم تجاوز حد المعدل' },
      retryAfter: expect.any(Number),
    });
    expect(answer.headers.get('x-ratelimit-limit')).toBe('1');
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(answer.headers.get('x-ratelimit-reset'))).toBeGreaterThan(now() / 1000);
    await limited.close();
  });

  test('other methods and paths', async () => {
    const wrong = await shop.api('GET', 'track/sale');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    const unknown = await shop.api('POST', 'track/refund', {});
    expect([unknown.status, unknown.body]).toEqual([404, { error: { en: 'Not found', ar: 'غير موجود' } }]);
    expect((await shop.site.post('/hoko/api/track/sale', DOCUMENT)).status).toBe(201);
  });
});

describe('the documented lead', () => {
  test('is answered with click, link, customer and what was told', async () => {
    const click = await shop.visit(jane);
    const metadata = { plan: 'pro' };
    const told = { ...LEAD, customerEmail: 'john@example.com', customerAvatar: null, clickId: click, metadata };
    const { status, body } = await shop.track('lead', told);
    expect(status).toBe(201);
    expect(body).toEqual({ ...documented(click), lead: { eventName: 'Signed up', metadata } });
  });

  test('turns its click into a lead, once for each call', async () => {
    const who = fresh();
    const click = await shop.visit(jane);
    const told = { ...who, clickId: click, eventName: 'Twice', customerEmail: 'twice@buyer.example' };
    const [one, two] = [await shop.track('lead', told), await shop.track('lead', told)];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.text).toBe(two.text);
    expect(await shop.count('leads', 'external_id = $2', who.customerExternalId)).toBe(2);
    const bound = `referral_id = $2 AND status = 'lead' AND email = 'twice@buyer.example' AND external_user_id = $3`;
    expect(await shop.count('referrals', bound, click, who.customerExternalId)).toBe(1);
  });

  test('with an empty clickId: the click of the latest lead of the customer', async () => {
    const who = fresh();
    const [first, second] = [await shop.visit(jane), await shop.visit(max)];
    await shop.track('lead', { ...who, clickId: first, eventName: 'One' });
    later();
    await shop.track('lead', { ...who, clickId: second, eventName: 'Two' });
    later();
    const deferred = await shop.track('lead', { ...who, clickId: '', eventName: 'Three' });
    expect([deferred.status, deferred.body['click']]).toEqual([201, { id: second }]);
    expect(deferred.body['lead']).toEqual({ eventName: 'Three', metadata: null });
  });

  test.each([
    ['an empty clickId and no lead before', { ...LEAD, customerExternalId: 'nobody', clickId: '' }],
    ['an unknown clickId', { ...LEAD, clickId: 'click_abc123' }],
    ['no clickId', LEAD],
    ['a null clickId', { ...LEAD, clickId: null }],
    ['no eventName', { ...LEAD, clickId: '', eventName: undefined }],
    ['an empty eventName', { ...LEAD, clickId: '', eventName: '' }],
    ['an eventName of 256 characters', { ...LEAD, clickId: '', eventName: 'x'.repeat(256) }],
    ['no customer', { ...LEAD, clickId: '', customerExternalId: undefined }],
    ['no name', { ...LEAD, clickId: '', customerName: null }],
    ['metadata that is text', { ...LEAD, clickId: '', metadata: 'x' }],
    ['what is no e-mail', { ...LEAD, clickId: '', customerEmail: 'john' }],
    ['a list', [{ ...LEAD, clickId: '' }]],
  ])('%s: 400 in both languages, nothing stored', async (_name, body) => {
    const before = await shop.site.everything();
    const answer = await shop.track('lead', body);
    expect([answer.status, answer.body]).toEqual([400, INVALID]);
    expect(await shop.site.everything()).toBe(before);
  });

  test('whose e-mail is another referral’s counts all the same', async () => {
    const [one, two] = [fresh(), fresh()];
    const email = { customerEmail: 'shared@buyer.example' };
    await shop.track('lead', { ...one, ...email, clickId: await shop.visit(jane), eventName: 'One' });
    const click = await shop.visit(max);
    const answer = await shop.track('lead', { ...two, ...email, clickId: click, eventName: 'Two' });
    expect([answer.status, answer.body['customer']]).toMatchObject([201, { email: 'shared@buyer.example' }]);
    expect(await shop.count('referrals', `referral_id = $2 AND status = 'lead' AND email IS NULL`, click)).toBe(1);
  });
});

describe('who is credited', () => {
  const sale = { amount: 1000 };

  test('the lead of the name, before the click that is given', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'Trial' });
    later();
    await shop.track('lead', { ...who, clickId: await shop.visit(max), eventName: 'Demo' });
    later();
    const clickId = await shop.visit(max);
    await shop.track('sale', { ...who, ...sale, leadEventName: 'Trial', clickId });
    expect(await names(who.customerExternalId)).toEqual(['Jane']);
  });

  test('the latest lead of the name, when there are several', async () => {
    const who = fresh();
    for (const link of [jane, max]) {
      await shop.track('lead', { ...who, clickId: await shop.visit(link), eventName: 'Trial' });
      later();
    }
    await shop.track('sale', { ...who, ...sale, leadEventName: 'Trial' });
    expect(await names(who.customerExternalId)).toEqual(['Max']);
  });

  test('the click, when no lead has the name; then the latest lead', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'Trial' });
    later();
    await shop.track('sale', { ...who, ...sale, leadEventName: 'trial', clickId: await shop.visit(max) });
    later();
    await shop.track('sale', { ...who, ...sale, leadEventName: 'trial' });
    expect(await names(who.customerExternalId)).toEqual(['Max', 'Jane']);
  });

  test('the click before the latest lead, whoever the customer was credited to; the latest lead else', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'Trial' });
    later();
    await shop.track('sale', { ...who, ...sale, clickId: await shop.visit(max) });
    later();
    await shop.track('sale', { ...who, ...sale });
    later();
    await shop.track('lead', { ...who, clickId: await shop.visit(max), eventName: 'Again' });
    later();
    await shop.track('sale', { ...who, ...sale });
    expect(await names(who.customerExternalId)).toEqual(['Max', 'Jane', 'Max']);
  });

  test('an unknown click is refused, also where a lead would do', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'Trial' });
    const before = await shop.site.everything();
    const answer = await shop.track('sale', { ...who, ...sale, clickId: 'ref_unknown' });
    expect([answer.status, answer.body]).toEqual([400, INVALID]);
    expect(await shop.site.everything()).toBe(before);
  });

  test('no lead of another customer, and no sale is a lead', async () => {
    const [one, two] = [fresh(), fresh()];
    await shop.track('lead', { ...one, clickId: await shop.visit(jane), eventName: 'Trial' });
    expect((await shop.track('sale', { ...two, ...sale, leadEventName: 'Trial' })).status).toBe(400);
    await shop.track('sale', { ...two, ...sale, clickId: await shop.visit(jane) });
    expect((await shop.track('sale', { ...two, ...sale })).status).toBe(400);
  });

  test('5.2 renewals: by customerExternalId alone', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'Trial' });
    for (const _month of [1, 2, 3]) {
      shop.site.stage.clock.now += 31 * 86_400_000;
      expect((await shop.track('sale', { ...who, ...sale })).status).toBe(201);
    }
    expect(await names(who.customerExternalId)).toEqual(['Jane', 'Jane', 'Jane']);
  });

  test('whose lead was rejected or deleted', async () => {
    const [one, two] = [fresh(), fresh()];
    const clicks = [await shop.visit(jane), await shop.visit(jane)];
    await shop.track('lead', { ...one, clickId: clicks[0], eventName: 'Trial' });
    await shop.track('lead', { ...two, clickId: clicks[1], eventName: 'Trial' });
    const { key } = await shop.site.keyFor(true, ['*'], 'default', native.keys);
    await shop.site.send('PUT', `/v1/referrals/${clicks[0]}`, '{"status":"rejected"}', { key });
    await shop.site.send('DELETE', `/v1/referrals/${clicks[1]}`, undefined, { key });
    expect((await shop.track('sale', { ...one, ...sale })).status).toBe(201);
    expect(await commissionsOf(one.customerExternalId)).toMatchObject([{ earned: null, reason: 'referral_rejected' }]);
    expect((await shop.track('sale', { ...two, ...sale })).status).toBe(400);
  });

  test('nobody who buys with the e-mail of the partner, before somebody looked', async () => {
    const who = { ...fresh(), customerEmail: 'Jane@Partner.example' };
    const before = await shop.payable('Jane');
    await shop.track('sale', { ...who, ...sale, clickId: await shop.visit(jane) });
    expect(await shop.payable('Jane')).toBe(before);
    expect((await shop.site.stage.balance(await shop.affiliateOf('Jane'))).review).toBe(300n);
  });
});

describe('the customer', () => {
  const customer = async (externalId: string): Promise<Record<string, unknown> | undefined> => {
    const list = await shop.api('GET', `customers?externalId=${externalId}`);
    return (list.body as unknown as Record<string, unknown>[])[0];
  };

  test('is made by the first call and updated by later ones: absent leaves, null clears', async () => {
    const who = fresh();
    const [id, clickId] = [who.customerExternalId, await shop.visit(jane)];
    const avatar = 'https://shop.example/me.png';
    const first = { ...who, clickId, eventName: 'One', customerEmail: 'a@buyer.example', customerAvatar: avatar };
    await shop.track('lead', first);
    expect(await customer(id)).toMatchObject({ name: 'Somebody', email: 'a@buyer.example', avatar, phone: null });
    later();
    const renamed = await shop.track('sale', { ...who, customerName: 'Renamed', amount: 1 });
    expect(renamed.body['customer']).toMatchObject({ name: 'Renamed', email: 'a@buyer.example', avatar });
    await shop.track('sale', { ...who, amount: 1, customerEmail: null });
    expect(await customer(id)).toMatchObject({ name: 'Somebody', email: null, avatar });
    await shop.track('lead', {
      ...who,
      clickId: '',
      eventName: 'Two',
      customerAvatar: null,
      customerEmail: 'b@buyer.example',
    });
    const last = await customer(id);
    expect(last).toMatchObject({ email: 'b@buyer.example', avatar: null });
    expect(Date.parse(String(last?.['updatedAt']))).toBeGreaterThan(Date.parse(String(last?.['createdAt'])));
  });

  test('is not touched by a call that is refused', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
    const known = await customer(who.customerExternalId);
    await shop.track('sale', { ...who, customerName: 'Other', amount: 1, clickId: 'unknown' });
    await shop.track('sale', { ...who, customerName: 'Other', amount: -1 });
    expect(await customer(who.customerExternalId)).toEqual(known);
  });
});

describe('told once', () => {
  const once = (key: string) => ({ headers: { 'idempotency-key': key } });

  test('a sale with an Idempotency-Key, a hundred times at once: one sale, one answer', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
    const body = { ...who, amount: 9900, eventName: 'First', metadata: { n: 1 } };
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.track('sale', body, once('hundred'))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await commissionsOf(who.customerExternalId)).toMatchObject([{ earned: 2970n }]);
  });

  test('the repetition says what the first said, whoever is credited by now; other money is refused', async () => {
    const who = fresh();
    const clickId = await shop.visit(jane);
    await shop.track('lead', { ...who, clickId, eventName: 'One' });
    const first = await shop.track('sale', { ...who, amount: 500, eventName: 'First' }, once('again'));
    later();
    await shop.track('lead', { ...who, clickId: await shop.visit(max), eventName: 'Two' });
    const before = await shop.site.everything();
    const again = await shop.track(
      'sale',
      { ...who, customerName: 'X', amount: 500, eventName: 'Other' },
      once('again'),
    );
    expect([again.status, again.text]).toEqual([201, first.text]);
    const other = await shop.track('sale', { ...who, amount: 501 }, once('again'));
    expect([other.status, other.body]).toEqual([400, INVALID]);
    expect(await shop.site.everything()).toBe(before);
  });

  test('keys of live and test world, of sales and leads, are apart', async () => {
    const who = fresh();
    const clickId = await shop.visit(jane);
    const lead = { ...who, clickId, eventName: 'One' };
    const test = { key: shop.site.test, ...once('both') };
    expect((await shop.track('lead', lead, once('both'))).status).toBe(201);
    expect((await shop.track('sale', { ...who, amount: 1 }, once('both'))).status).toBe(201);
    expect((await shop.track('sale', { ...who, amount: 2 }, test)).status).toBe(400);
    expect((await shop.track('lead', lead, test)).status).toBe(201);
    expect((await shop.track('sale', { ...who, amount: 2 }, test)).status).toBe(201);
  });

  test('a lead with an Idempotency-Key, a hundred times at once: one lead, one answer', async () => {
    const who = fresh();
    const body = { ...who, clickId: await shop.visit(jane), eventName: 'One', customerEmail: 'hundred@buyer.example' };
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.track('lead', body, once('lead'))));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(await shop.count('leads', 'external_id = $2', who.customerExternalId)).toBe(1);
    const other = await shop.track('lead', { ...body, eventName: 'Other' }, once('lead'));
    expect([other.status, other.text]).toEqual([201, answers[0]?.text]);
  });

  test('5.2 concurrent replays without a key: a hundred calls, a hundred sales, never a 500', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
    const before = await shop.payable('Jane');
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.track('sale', { ...who, amount: 100 })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await commissionsOf(who.customerExternalId)).toHaveLength(100);
    expect((await shop.payable('Jane')) - before).toBe(3000n);
  });

  test('a hundred leads of one customer at once, never a 500', async () => {
    const who = fresh();
    const body = { ...who, clickId: await shop.visit(jane), eventName: 'One' };
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.track('lead', body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await shop.count('leads', 'external_id = $2', who.customerExternalId)).toBe(100);
  });

  test('the repetition of a lead whose referral was deleted since is refused', async () => {
    const who = fresh();
    const clickId = await shop.visit(jane);
    const lead = { ...who, clickId, eventName: 'One' };
    await shop.track('lead', lead, once('deleted'));
    const { key } = await shop.site.keyFor(true, ['*'], 'default', native.keys);
    expect((await shop.site.send('DELETE', `/v1/referrals/${clickId}`, undefined, { key })).status).toBe(200);
    const again = await shop.track('lead', lead, once('deleted'));
    expect([again.status, again.body]).toEqual([400, INVALID]);
  });

  test('a key that is too long is refused', async () => {
    const answer = await shop.track('sale', DOCUMENT, once('x'.repeat(256)));
    expect([answer.status, answer.body]).toEqual([400, INVALID]);
  });

  test('an invoice id names nothing, until the workspace says so', async () => {
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
    const body = { ...who, amount: 100, metadata: { invoiceId: 'inv_123' } };
    for (const _each of [1, 2]) expect((await shop.track('sale', body)).status).toBe(201);
    expect(await commissionsOf(who.customerExternalId)).toHaveLength(2);
    await shop.site.stage.settings({ uniqueInvoiceIds: true });
    const answers = [await shop.track('sale', body), await shop.track('sale', body), await shop.track('sale', body)];
    await shop.site.stage.settings({ uniqueInvoiceIds: false });
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await commissionsOf(who.customerExternalId)).toHaveLength(3);
  });
});

test('an invoice id may be a number: the same as its digits', async () => {
  await shop.site.stage.settings({ uniqueInvoiceIds: true });
  const who = fresh();
  await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
  const body = { ...who, amount: 100 };
  const answers = [1042, 1042, '1042'].map((invoiceId) => ({ ...body, metadata: { invoiceId } }));
  for (const one of answers) expect((await shop.track('sale', one)).status).toBe(201);
  await shop.site.stage.settings({ uniqueInvoiceIds: false });
  expect(await commissionsOf(who.customerExternalId)).toHaveLength(1);
});

describe('one payment told twice', () => {
  const orders = [
    ['webhook', 'old', 5],
    ['webhook', 'basil', 6],
    ['call', 'old', 7],
    ['call', 'basil', 8],
  ] as const;

  test.each(orders)('the %s first (%s), it is one sale that earns once', async (first, family, seed) => {
    await shop.site.stage.settings({ uniqueInvoiceIds: true });
    const who = fresh();
    await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
    const account = createAccount({
      family: family as Family,
      seed,
      startAt: Math.floor(shop.site.stage.clock.now / 1000),
    });
    const price = account.price({ amount: 9900 });
    const { firstPayment } = account.subscribe({ customer: account.customer({}), price });
    const before = await shop.payable('Jane');
    const metadata = { invoiceId: firstPayment.invoice?.id ?? '' };
    const sell = () => shop.track('sale', { ...who, amount: 9900, metadata });
    if (first === 'webhook') await shop.site.stage.hearAll(account.events);
    const told = await sell();
    expect([told.status, told.body['sale']]).toMatchObject([201, { amount: 9900, metadata }]);
    if (first === 'call') await shop.site.stage.hearAll(account.events);
    await shop.site.stage.drain();
    expect((await sell()).text).toBe(told.text);
    expect((await shop.payable('Jane')) - before).toBe(2970n);
    await shop.site.stage.settings({ uniqueInvoiceIds: false });
  });
});

test('an invoice that Stripe says is not paid is refused, nothing stored', async () => {
  await shop.site.stage.settings({ uniqueInvoiceIds: true });
  const who = fresh();
  await shop.track('lead', { ...who, clickId: await shop.visit(jane), eventName: 'One' });
  const account = createAccount({ family: 'old', seed: 60, startAt: Math.floor(shop.site.stage.clock.now / 1000) });
  const open = account.invoice({ customer: account.customer({}), lines: [{ amount: 9900 }], outcome: 'void' });
  await shop.site.stage.hearAll(account.events);
  const invoice = open.invoice?.id ?? '';
  const before = await shop.site.everything();
  const answer = await shop.track('sale', {
    ...who,
    customerName: 'X',
    amount: 9900,
    metadata: { invoiceId: invoice },
  });
  expect([answer.status, answer.body]).toEqual([400, INVALID]);
  expect(await shop.site.everything()).toBe(before);
  await shop.site.stage.settings({ uniqueInvoiceIds: false });
});

describe('Stripe', () => {
  let seed = 20;
  const subscribe = async (metadata: Record<string, string>, email?: string): Promise<void> => {
    const startAt = Math.floor(shop.site.stage.clock.now / 1000);
    const account = createAccount({ family: 'basil', seed: (seed += 1), startAt });
    const customer = account.customer({ metadata, ...(email === undefined ? {} : { email }) });
    account.subscribe({ customer, price: account.price({ amount: 9900 }) });
    await shop.site.stage.hearAll(account.events);
    await shop.site.stage.drain();
  };

  test.each(['hoko_id', 'hokoClickId'])('credits the click that %s carries', async (name) => {
    const before = await shop.payable('Max');
    await subscribe({ [name]: await shop.visit(max) });
    expect((await shop.payable('Max')) - before).toBe(2970n);
  });

  test('credits the lead of the customer that hokoCustomerExternalId names, before or after', async () => {
    const [one, two] = [fresh(), fresh()];
    const before = await shop.payable('Max');
    await shop.track('lead', { ...one, clickId: await shop.visit(max), eventName: 'One' });
    await subscribe({ hokoCustomerExternalId: one.customerExternalId });
    expect((await shop.payable('Max')) - before).toBe(2970n);
    await subscribe({ hokoCustomerExternalId: two.customerExternalId });
    await shop.track('lead', { ...two, clickId: await shop.visit(max), eventName: 'One' });
    expect((await shop.payable('Max')) - before).toBe(2n * 2970n);
  });

  test('credits who has the e-mail of a lead', async () => {
    const before = await shop.payable('Max');
    const lead = {
      ...fresh(),
      customerEmail: 'stripe@buyer.example',
      clickId: await shop.visit(max),
      eventName: 'One',
    };
    await shop.track('lead', lead);
    await subscribe({}, 'Stripe@Buyer.example');
    expect((await shop.payable('Max')) - before).toBe(2970n);
  });

  test('knows a customer whose own id is Stripe’s', async () => {
    const startAt = Math.floor(shop.site.stage.clock.now / 1000);
    const account = createAccount({ family: 'old', seed: 40, startAt });
    const buyer = account.customer({});
    const before = await shop.payable('Max');
    const who = { customerExternalId: buyer.id, customerName: 'Of Stripe' };
    await shop.track('lead', { ...who, clickId: await shop.visit(max), eventName: 'One' });
    account.subscribe({ customer: buyer, price: account.price({ amount: 9900 }) });
    await shop.site.stage.hearAll(account.events);
    await shop.site.stage.drain();
    expect((await shop.payable('Max')) - before).toBe(2970n);
    expect((await shop.track('sale', { ...who, amount: 100 })).status).toBe(201);
    expect((await shop.payable('Max')) - before).toBe(3000n);
  });
});

describe('a link of nobody', () => {
  test('records leads and sales and credits nobody: no commission, no balance', async () => {
    const link = await shop.link({ url: 'https://shop.example/ours' });
    expect(link['partnerId']).toBeNull();
    const who = fresh();
    const clickId = await shop.visit(link);
    const commissions = await shop.count('commissions');
    const balances = await shop.site.stage.ask('SELECT * FROM balances WHERE workspace_id = $1 ORDER BY 2, 3, 4');
    const lead = await shop.track('lead', { ...who, clickId, eventName: 'One', customerEmail: 'ours@buyer.example' });
    expect([lead.status, lead.body['link']]).toMatchObject([201, { id: link.id, partnerId: null }]);
    const sale = await shop.track('sale', { ...who, amount: 9900 });
    expect([sale.status, sale.body['link']]).toMatchObject([201, { id: link.id, partnerId: null }]);
    expect(await commissionsOf(who.customerExternalId)).toEqual([
      { amount: 9900n, currency: 'usd', earned: null, reason: 'link_of_nobody', name: null },
    ]);
    expect(await shop.count('commissions')).toBe(commissions);
    expect(await shop.site.stage.ask('SELECT * FROM balances WHERE workspace_id = $1 ORDER BY 2, 3, 4')).toEqual(
      balances,
    );
    expect(await shop.count('referrals', `referral_id = $2 AND status = 'customer'`, clickId)).toBe(1);
  });

  test('also with a Stripe payment that carries its click; and the trace says why', async () => {
    const clickId = await shop.visit(await shop.link());
    const startAt = Math.floor(shop.site.stage.clock.now / 1000);
    const account = createAccount({ family: 'basil', seed: 50, startAt });
    const price = account.price({ amount: 9900 });
    const { firstPayment } = account.subscribe({
      customer: account.customer({ metadata: { hoko_id: clickId } }),
      price,
    });
    const commissions = await shop.count('commissions');
    await shop.site.stage.hearAll(account.events);
    await shop.site.stage.drain();
    expect(await shop.count('commissions')).toBe(commissions);
    const { key } = await shop.site.keyFor(true, ['*'], 'default', native.keys);
    const trace = await shop.site.get(`/v1/trace/${firstPayment.invoice?.id}`, { key });
    expect(trace.text).toContain('the link that was followed belongs to no affiliate');
    const click = await shop.site.get(`/v1/trace/${clickId}`, { key });
    expect(click.text).toMatch(new RegExp(`Referral ${clickId} \\(cus_[^)]*\\) of nobody`));
    expect((await shop.site.get(`/v1/referrals/${clickId}`, { key })).status).toBe(404);
    expect((await shop.site.get('/v1/referrals?limit=100', { key })).text).not.toContain(clickId);
  });

  test('is no obstacle for calls of other dialects that name its click', async () => {
    const clickId = await shop.visit(await shop.link());
    const { key } = await shop.site.keyFor(true, ['*'], 'default', native.keys);
    const email = 'elsewhere@buyer.example';
    const signup = await shop.site.post('/v1/signups', { click_id: clickId, email }, { key });
    expect([signup.status, signup.body.data['id']]).toEqual([201, clickId]);
    const sale = { click_id: clickId, sale_amount: 10, external_event_id: 'nobody of affonso' };
    const sold = await shop.site.post('/v1/conversions', sale, { key });
    expect([sold.status, sold.body.data['affiliate_id'], sold.body.data['commission_amount']]).toEqual([201, null, 0]);
  });

  test('that is given to a partner later credits them with clicks from then on', async () => {
    const link = await shop.link();
    const [one, two] = [fresh(), fresh()];
    const early = await shop.visit(link);
    const partners = await shop.api('GET', 'partners?take=10000');
    const partnerId = (partners.body as unknown as Row[]).find(({ name }) => name === 'Max')?.id;
    await shop.api('PUT', 'links', [{ id: link.id, partnerId }]);
    const late = await shop.visit(link);
    await shop.track('sale', { ...one, amount: 100, clickId: early });
    await shop.track('sale', { ...two, amount: 100, clickId: late });
    expect([await names(one.customerExternalId), await names(two.customerExternalId)]).toEqual([[null], ['Max']]);
  });
});

describe('a test key', () => {
  test('writes to the test world and reaches no balance; its leads are not the live ones', async () => {
    const who = fresh();
    const clickId = await shop.visit(jane);
    const test = { key: shop.site.test };
    const before = await shop.payable('Jane');
    expect((await shop.track('lead', { ...who, clickId, eventName: 'One' }, test)).status).toBe(201);
    expect(await shop.count('referrals', `referral_id = $2 AND status = 'click'`, clickId)).toBe(1);
    expect((await shop.track('sale', { ...who, amount: 9900 }, test)).status).toBe(201);
    expect(await shop.payable('Jane')).toBe(before);
    expect((await shop.track('sale', { ...who, amount: 9900 })).status).toBe(400);
    const seen = async (asked = {}) =>
      (await shop.api('GET', `customers?externalId=${who.customerExternalId}`, undefined, asked)).text;
    expect(await seen()).toBe('[]');
    expect(await seen(test)).toContain(who.customerExternalId);
  });
});

test('the click of a test visit is unknown in the live world', async () => {
  const who = fresh();
  const [program] = await shop.site.stage.ask<{ program_id: string }>(
    'SELECT program_id FROM programs WHERE workspace_id = $1',
    [],
  );
  const visit = { programId: program?.program_id, trackingId: String(jane.shortUrl).split('/').at(-1), atp: 'test' };
  const seen = await shop.site.post('/v1/track', visit, { key: null });
  const clickId = String((seen.body as Record<string, unknown>)['cid']);
  expect(clickId).toMatch(/^ref_/);
  const before = await shop.site.everything();
  for (const body of [
    { ...who, amount: 100 },
    { ...who, eventName: 'One' },
  ])
    expect((await shop.track('amount' in body ? 'sale' : 'lead', { ...body, clickId })).status).toBe(400);
  expect(await shop.site.everything()).toBe(before);
  const test = { key: shop.site.test };
  expect((await shop.track('lead', { ...who, clickId, eventName: 'One' }, test)).status).toBe(201);
});

describe('amounts', () => {
  test.each([
    ['USD', 9900, 2970n],
    ['JPY', 500, 150n],
    ['KWD', 1234, 370n],
    ['usd', 1, 0n],
  ])('5.2 amount units: %s %i in minor units earns %i', async (currency, amount, earned) => {
    const who = fresh();
    const answer = await shop.track('sale', { ...who, amount, currency, clickId: await shop.visit(jane) });
    expect(answer.body['sale']).toMatchObject({ amount, currency: currency.toLowerCase() });
    expect(await commissionsOf(who.customerExternalId)).toMatchObject([
      { amount: BigInt(amount), currency: currency.toLowerCase(), earned },
    ]);
  });

  test('5.2: 9900 here is 99.00 of Affonso', async () => {
    const { key } = await shop.site.keyFor(true, ['*'], 'default', native.keys);
    const body = { click_id: await shop.visit(jane), sale_amount: 99.0, external_event_id: 'same as hoko' };
    const affonso = await shop.site.post('/v1/conversions', body, { key });
    expect([affonso.status, affonso.body.data['commission_amount']]).toEqual([201, 29.7]);
  });
});

describe('what goes wrong inside', () => {
  test('is a 500 of the dialect, and nothing is kept', async () => {
    const who = fresh();
    const clickId = await shop.visit(jane);
    const sales = await shop.count('conversions');
    await db.database.pool.query('ALTER TABLE payloads RENAME TO payloads_away');
    const answers = [
      await shop.track('sale', { ...who, amount: 9, clickId }),
      await shop.track('lead', { ...who, eventName: 'One', clickId }),
    ];
    await db.database.pool.query('ALTER TABLE payloads_away RENAME TO payloads');
    for (const { status, body, headers } of answers) {
      expect([status, body]).toEqual([500, { error: { en: 'Internal server error', ar: 'خطأ داخلي في الخادم' } }]);
      expect(headers.get('x-error-reason')).not.toContain('payloads');
    }
    expect(await shop.count('conversions')).toBe(sales);
    expect(await shop.count('profiles', 'external_id = $2', who.customerExternalId)).toBe(0);
    expect(await shop.count('leads', 'external_id = $2', who.customerExternalId)).toBe(0);
  });
});

describe('odd input', () => {
  test('of Unicode and code is text like any other; half characters and NUL are refused', async () => {
    const clickId = await shop.visit(jane);
    for (const [index, text] of ['Ünï→code 🎉', "'; DROP TABLE leads; --", '%s\\', 'مرحبا'].entries()) {
      const who = { customerExternalId: `${text} ${index}`, customerName: text };
      const answer = await shop.track('lead', { ...who, clickId, eventName: text, metadata: { [text]: text } });
      expect([answer.status, answer.body['lead']]).toEqual([201, { eventName: text, metadata: { [text]: text } }]);
      const sale = await shop.track('sale', { ...who, amount: 1, leadEventName: text });
      expect([sale.status, sale.body['customer']]).toMatchObject([201, { name: text, externalId: `${text} ${index}` }]);
    }
    for (const text of ['a\u0000b', '\ud800']) {
      const answer = await shop.track('sale', { ...DOCUMENT, customerName: text });
      expect([answer.status, answer.body]).toEqual([400, INVALID]);
    }
  });

  test('of another workspace is unknown', async () => {
    const other = await openShop(db, { workspace: 'other' });
    const foreign = await other.visit(await other.link());
    expect(foreign).toMatch(/^ref_/);
    const before = await shop.site.everything();
    for (const what of ['lead', 'sale'] as const)
      expect((await shop.track(what, { ...DOCUMENT, clickId: foreign })).status).toBe(400);
    expect(await shop.site.everything()).toBe(before);
    await other.site.close();
  });
});
