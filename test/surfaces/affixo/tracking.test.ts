/** Click, lead, sale and refund against the documents they come from (reference/documents/000_…, 001_…). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { createAccount } from '../../../src/simulator/account.ts';
import type { Family } from '../../../src/simulator/family.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms, translators } from '../../support/stage.ts';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { native } from '../../../src/surfaces/index.ts';
import { openSite, type Answer, type Asked, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let readOnly: string;

beforeAll(async () => {
  db = await createDatabase({ poolSize: 16 });
  site = await openSite(db, { family: affixo.keys });
  await site.stage.affiliate('jane');
  await site.stage.affiliate('max');
  await site.stage.affiliate('pia', null, 'pending');
  await site.stage.incentive('inc_all', terms('30'));
  readOnly = (await site.keyFor(true, ['read'])).key;
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

const track = (what: string, body: unknown, asked?: Asked): Promise<Answer> =>
  site.post(`/affixo/v1/track/${what}`, body, asked);

const visit = (visitorId: string, ref = 'jane'): Promise<Answer> => track('click', { ref, visitor_id: visitorId });

async function count(table: string, where = 'true', ...values: unknown[]): Promise<number> {
  return (await site.stage.ask(`SELECT 1 FROM ${table} WHERE workspace_id = $1 AND ${where}`, values)).length;
}

const commissionOf = async (externalId: string) => {
  const rows = await site.stage.ask<{ earned: bigint; reversed: bigint; currency: string; livemode: boolean }>(
    `SELECT m.earned, m.reversed, m.currency, m.livemode FROM commissions m JOIN conversions c USING (workspace_id, conversion_id)
     WHERE workspace_id = $1 AND c.external_event_id = $2 AND c.kind = 'sale' AND c.status <> 'void'`,
    [externalId],
  );
  expect(rows.length).toBeLessThan(2);
  return rows[0];
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the documented click', () => {
  test('is answered with the documented object', async () => {
    const { status, body } = await visit('v1');
    expect(status).toBe(200);
    expect(body).toEqual({ ok: true, visitor_id: 'v1', match_method: 'cookie', match_confidence: 1 });
  });

  test.each([
    ['a ref nobody has', { ref: 'nobody' }, 404, 'link_not_found'],
    ['the link of somebody who is not approved', { ref: 'pia' }, 404, 'link_not_found'],
    ['no ref', {}, 400, 'ref_required'],
    ['a null ref', { ref: null }, 400, 'ref_required'],
    ['a blank ref', { ref: ' ' }, 400, 'ref_required'],
    ['a ref that is no text', { ref: 7 }, 400, 'invalid_ref'],
    ['a list', [], 400, 'invalid_json'],
  ])('%s is refused', async (_name, body, status, error) => {
    const before = await count('referrals');
    const answer = await track('click', body);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error, detail: expect.any(String) });
    expect(await count('referrals')).toBe(before);
  });

  test('broken JSON is refused, after the key', async () => {
    const broken = await site.send('POST', '/affixo/v1/track/click', '{"ref":');
    expect([broken.status, broken.body.error]).toEqual([400, 'invalid_json']);
    const without = await site.send('POST', '/affixo/v1/track/click', '{"ref":', { key: null });
    expect([without.status, without.body.error]).toEqual([401, 'unauthorized']);
  });

  test('nulls are as good as absent, unknown fields are ignored; a new visitor is given an id', async () => {
    const { status, body } = await track('click', {
      ref: 'jane',
      visitor_id: null,
      fingerprint: null,
      url: null,
      referrer: null,
      anything: { else: 1 },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: true, match_method: 'new', match_confidence: 1 });
    expect(body['visitor_id']).toEqual(expect.any(String));
    const sale = await track('sale', { visitor_id: body['visitor_id'], amount: 10, external_id: 'new visitor' });
    expect(sale.body).toMatchObject({ attributed: true });
  });

  test('a visitor without an id is known by the fingerprint', async () => {
    const first = await track('click', { ref: 'jane', fingerprint: 'fp-1' });
    const again = await track('click', { ref: 'max', fingerprint: 'fp-1' });
    expect(again.body).toMatchObject({
      visitor_id: first.body['visitor_id'],
      match_method: 'fingerprint',
      match_confidence: 0.8,
    });
  });

  test('every call is a click, also the same again', async () => {
    const before = await count('referrals', 'clicked_at IS NOT NULL');
    await Promise.all([visit('v-often'), visit('v-often'), visit('v-often')]);
    expect(await count('referrals', 'clicked_at IS NOT NULL')).toBe(before + 3);
  });
});

describe('the key', () => {
  const calls: [string, unknown][] = [
    ['click', { ref: 'jane' }],
    ['lead', { ref: 'jane' }],
    ['sale', { ref: 'jane', amount: 1 }],
    ['refund', { external_id: 'o1' }],
  ];
  test.each(calls)('%s needs one that works and may track', async (what, body) => {
    for (const key of [null, 'nonsense', 'sk_live_0123456789abcdef0123456789abcdef']) {
      const answer = await track(what, body, { key });
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ error: 'unauthorized', detail: expect.any(String) });
    }
    const answer = await track(what, body, { key: readOnly });
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ error: 'insufficient_scope', need: 'track', detail: expect.any(String) });
  });
});

describe('the documented sale', () => {
  test('is answered with its conversion, and the same again when repeated', async () => {
    await visit('v1');
    const first = await track('sale', { visitor_id: 'v1', amount: 99, external_id: 'o1' });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ ok: true, attributed: true, conversion_id: expect.stringMatching(UUID) });
    const before = await site.everything();
    const again = await track('sale', { visitor_id: 'v1', amount: 99, external_id: 'o1' });
    expect([again.status, again.text]).toEqual([200, first.text]);
    const other = await track('sale', { ref: 'nobody', amount: 5, currency: 'eur', external_id: 'o1' });
    expect([other.status, other.text]).toEqual([200, first.text]);
    expect(await site.everything()).toBe(before);
    expect(await commissionOf('o1')).toMatchObject({ earned: 2970n, currency: 'usd' });
  });

  test('of a visitor without a click credits nobody and stores nothing', async () => {
    const before = await site.everything();
    const answer = await track('sale', { visitor_id: 'v9', amount: 99 });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ok: true, attributed: false, visitor_id: 'v9' });
    const nameless = await track('sale', { amount: 99 });
    expect(nameless.status).toBe(200);
    expect(nameless.body).toEqual({ ok: true, attributed: false, visitor_id: expect.any(String) });
    expect(await site.everything()).toBe(before);
  });

  test('that credited nobody is looked at again when it is repeated', async () => {
    const body = { visitor_id: 'v-later', amount: 20, external_id: 'later' };
    expect((await track('sale', body)).body['attributed']).toBe(false);
    await visit('v-later');
    expect((await track('sale', body)).body['attributed']).toBe(true);
  });

  test.each([
    ['by one identifier', { visitor_id: 'v-100' }],
    ['by the ref alone', { ref: 'jane' }],
  ])('sent a hundred times at once %s is one conversion', async (name, who) => {
    await visit('v-100');
    const body = { ...who, amount: 99, external_id: `hundred ${name}` };
    const rows = await count('referrals');
    const answers = await Promise.all(Array.from({ length: 100 }, () => track('sale', body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.body['attributed']).toBe(true);
    expect(await count('conversions', 'external_event_id = $2', body.external_id)).toBe(1);
    expect(await commissionOf(body.external_id)).toMatchObject({ earned: 2970n, reversed: 0n });
    expect(await count('referrals')).toBe(rows + ('ref' in who ? 1 : 0));
  });

  test('without an order id is a sale each time', async () => {
    await visit('v-each');
    const one = await track('sale', { visitor_id: 'v-each', amount: 5, external_id: null });
    const two = await track('sale', { visitor_id: 'v-each', amount: 5 });
    expect(one.body['conversion_id']).not.toBe(two.body['conversion_id']);
  });

  test.each([
    ['no amount', {}, 'amount_required'],
    ['a null amount', { amount: null }, 'amount_required'],
    ['an amount in words', { amount: '99' }, 'invalid_amount'],
    ['a negative amount', { amount: -1 }, 'invalid_amount'],
    ['more decimals than dollars have', { amount: 0.001 }, 'invalid_amount'],
    ['more than can be counted', { amount: 1e30 }, 'invalid_amount'],
    ['decimals of yen', { amount: 0.5, currency: 'jpy' }, 'invalid_amount'],
    ['an unknown currency', { amount: 1, currency: 'dollars' }, 'invalid_currency'],
    ['a flag in words', { amount: 1, is_test: 'yes' }, 'invalid_is_test'],
  ])('%s is refused', async (_name, fields, error) => {
    const before = await site.everything();
    const answer = await track('sale', { visitor_id: 'v1', external_id: 'wrong', ...fields });
    expect([answer.status, answer.body.error]).toEqual([400, error]);
    expect(await site.everything()).toBe(before);
  });

  test('broken JSON is refused', async () => {
    for (const what of ['sale', 'lead', 'refund']) {
      const answer = await site.send('POST', `/affixo/v1/track/${what}`, 'not json');
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_json']);
    }
  });

  test('every field may be null but the amount; an amount of 0 earns nothing', async () => {
    await visit('v-zero');
    const nulls = { fingerprint: null, ref: null, manual_code: null, url: null, referrer: null };
    const answer = await track('sale', {
      visitor_id: 'v-zero',
      amount: 0,
      currency: null,
      is_test: null,
      external_id: 'zero',
      ...nulls,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ ok: true, attributed: true });
    expect(await commissionOf('zero')).toBeUndefined();
  });

  test.each([
    ['jpy', 500, 150n],
    ['KWD', 1.234, 370n],
    ['Usd', 0.1 + 0.7, null],
    ['usd', 19.99, 600n],
  ])('amounts in %s are exact', async (currency, amount, earned) => {
    const external_id = `scale ${currency}`;
    await visit('v-scale');
    const answer = await track('sale', { visitor_id: 'v-scale', amount, currency, external_id });
    // 0.1 + 0.7 is 0.7999999999999999: refused, never rounded.
    expect(answer.status).toBe(earned === null ? 400 : 200);
    expect(await commissionOf(external_id)).toEqual(
      earned === null ? undefined : { earned, reversed: 0n, currency: currency.toLowerCase(), livemode: true },
    );
  });
});

describe('who is credited', () => {
  const affiliateOf = async (externalId: string): Promise<string | undefined> => {
    const sql = 'SELECT affiliate_id FROM conversions WHERE workspace_id = $1 AND external_event_id = $2';
    return (await site.stage.ask<{ affiliate_id: string }>(sql, [externalId]))[0]?.affiliate_id;
  };

  test('the last click, until something came of one', async () => {
    await visit('v-two', 'jane');
    site.stage.clock.now += 1000;
    await visit('v-two', 'max');
    await track('sale', { visitor_id: 'v-two', amount: 10, external_id: 'two 1' });
    expect(await affiliateOf('two 1')).toBe('max');
    site.stage.clock.now += 1000;
    await visit('v-two', 'jane');
    await track('sale', { visitor_id: 'v-two', amount: 10, external_id: 'two 2' });
    expect(await affiliateOf('two 2')).toBe('max');
  });

  test('no click that is older than the window of its program', async () => {
    await visit('v-old');
    await visit('v-bought');
    await track('sale', { visitor_id: 'v-bought', amount: 10, external_id: 'first of two' });
    site.stage.clock.now += 61 * 86_400_000;
    expect((await track('sale', { visitor_id: 'v-old', amount: 10 })).body['attributed']).toBe(false);
    const renewal = await track('sale', { visitor_id: 'v-bought', amount: 10, external_id: 'renewal' });
    expect(renewal.body['attributed']).toBe(true);
  });

  test('the ref, when the visitor has no click; the fingerprint, when there is no visitor', async () => {
    await track('sale', { visitor_id: 'v-ref', ref: 'max', amount: 10, external_id: 'by ref' });
    expect(await affiliateOf('by ref')).toBe('max');
    await track('click', { ref: 'max', fingerprint: 'fp-2' });
    await track('sale', { fingerprint: 'fp-2', amount: 10, external_id: 'by fingerprint' });
    expect(await affiliateOf('by fingerprint')).toBe('max');
    const code = await track('sale', { manual_code: 'JANE', amount: 10 });
    expect(code.body['attributed']).toBe(false);
  });
});

describe('a test', () => {
  test('is kept in the test world and reaches no balance', async () => {
    await visit('v-test');
    const before = await site.stage.balance('jane');
    const body = { visitor_id: 'v-test', amount: 99, external_id: 'both worlds', is_test: true };
    const made = await track('sale', body);
    expect(made.body).toEqual({ ok: true, attributed: true, conversion_id: expect.stringMatching(UUID) });
    expect((await track('sale', body)).text).toBe(made.text);
    expect(await commissionOf('both worlds')).toMatchObject({ earned: 2970n, livemode: false });
    expect(await site.stage.balance('jane')).toEqual(before);
    expect((await track('refund', { external_id: 'both worlds' })).text).toBe(
      JSON.stringify({ ok: true, conversion_id: made.body['conversion_id'] }),
    );
    expect(await commissionOf('both worlds')).toMatchObject({ reversed: 2970n });
    const live = await track('sale', { ...body, is_test: false });
    expect(live.body['conversion_id']).not.toBe(made.body['conversion_id']);
  });

  const soldBy = async (externalId: string): Promise<string | null> => {
    const sales = await site.stage.sales();
    return sales.find((one) => one.external_event_id === externalId && one.livemode)?.affiliate_id ?? null;
  };

  test('binds no visitor of the live world: neither by the link it names nor by the click it sells to', async () => {
    await track('sale', { visitor_id: 'v-tried', ref: 'max', amount: 5, external_id: 'tried', is_test: true });
    const alone = await track('sale', { visitor_id: 'v-tried', amount: 5, external_id: 'tried live' });
    expect(alone.body['attributed']).toBe(false);
    await track('sale', { visitor_id: 'v-tried', ref: 'max', amount: 5, external_id: 'tried with link' });
    expect(await soldBy('tried with link')).toBe('max');

    await visit('v-twice');
    await track('sale', { visitor_id: 'v-twice', amount: 5, external_id: 'twice test', is_test: true });
    site.stage.clock.now += 1000;
    await visit('v-twice', 'max');
    await track('sale', { visitor_id: 'v-twice', amount: 5, external_id: 'twice live' });
    expect(await soldBy('twice live')).toBe('max');
  });

  test('makes no lead of a click', async () => {
    await visit('v-test-lead');
    const answer = await track('lead', { visitor_id: 'v-test-lead', is_test: true, external_id: 'test lead' });
    expect(answer.body).toMatchObject({ ok: true, attributed: true });
    expect(await count('referrals', `visitor_id = 'v-test-lead' AND status = 'click'`)).toBe(1);
  });
});

describe('a lead', () => {
  test('is attributed once for its order id', async () => {
    await visit('v-lead');
    const body = { visitor_id: 'v-lead', external_id: 'o1', email: 'lea@buyer.example' };
    const answers = await Promise.all(Array.from({ length: 100 }, () => track('lead', body)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.body).toEqual({ ok: true, attributed: true, conversion_id: expect.stringMatching(UUID) });
    expect(await count('referrals', `visitor_id = 'v-lead' AND status = 'lead' AND email = 'lea@buyer.example'`)).toBe(
      1,
    );
    expect(await count('inbox', `source = 'affixo' AND event_key = 'lead:o1'`)).toBe(1);
    await visit('v-somebody', 'max');
    const other = await track('lead', { visitor_id: 'v-somebody', external_id: 'o1' });
    expect(other.text).toBe(answers[0]?.text);
  });

  test('of nobody credits nobody; nulls are fine', async () => {
    const before = await site.everything();
    const answer = await track('lead', { visitor_id: 'v-unseen', external_id: null, ref: null });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ok: true, attributed: false, visitor_id: 'v-unseen' });
    expect(await site.everything()).toBe(before);
  });

  test('whose e-mail is another referral counts all the same', async () => {
    await visit('v-lead-2', 'max');
    const answer = await track('lead', { visitor_id: 'v-lead-2', email: 'lea@buyer.example' });
    expect(answer.body).toMatchObject({ attributed: true });
    expect(await count('referrals', `visitor_id = 'v-lead-2' AND status = 'lead' AND email IS NULL`)).toBe(1);
  });

  test('whose e-mail is longer than any counts without it', async () => {
    await visit('v-lead-3');
    // Letters that nothing compresses: no index takes so many.
    const email = `${randomBytes(4000).toString('hex')}@buyer.example`;
    const answer = await track('lead', { visitor_id: 'v-lead-3', email });
    expect(answer.body).toMatchObject({ ok: true, attributed: true });
    expect(await count('referrals', `visitor_id = 'v-lead-3' AND status = 'lead' AND email IS NULL`)).toBe(1);
  });
});

describe('a refund', () => {
  test('takes the whole sale back, once', async () => {
    await visit('v-back');
    const sale = await track('sale', { visitor_id: 'v-back', amount: 99, external_id: 'back' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => track('refund', { external_id: 'back' })));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set([`200 ${JSON.stringify({ ok: true, conversion_id: sale.body['conversion_id'] })}`]),
    );
    expect(await commissionOf('back')).toMatchObject({ earned: 2970n, reversed: 2970n });
    expect(await count('conversions', `kind = 'refund' AND external_event_id = 'refund:back'`)).toBe(1);
    // The sale is still the answer to its repetition.
    expect((await track('sale', { visitor_id: 'v-back', amount: 99, external_id: 'back' })).text).toBe(sale.text);
  });

  test.each([
    ['an unknown id', { external_id: 'nothing' }, 404, 'conversion_not_found'],
    ['no id', {}, 400, 'external_id_required'],
    ['a null id', { external_id: null }, 400, 'external_id_required'],
    ['an id that is no text', { external_id: 5 }, 400, 'invalid_external_id'],
  ])('of %s is refused', async (_name, body, status, error) => {
    const answer = await track('refund', body);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });
});

describe('one payment told twice', () => {
  const invoiced = (family: Family, seed: number) => {
    const account = createAccount({ family, seed, startAt: Math.floor(site.stage.clock.now / 1000) });
    const price = account.price({ amount: 9900 });
    const { firstPayment } = account.subscribe({ customer: account.customer({}), price });
    return { events: account.events, invoice: firstPayment.invoice?.id ?? '' };
  };

  const orders = [
    ['webhook', 'old', 5],
    ['webhook', 'basil', 6],
    ['call', 'old', 7],
    ['call', 'basil', 8],
  ] as const;
  test.each(orders)('the %s first (%s), it is one sale that earns once', async (first, family, seed) => {
    const visitorId = `v-stripe-${first}-${family}`;
    await visit(visitorId);
    const { events, invoice } = invoiced(family, seed);
    const before = await site.stage.balance('jane');
    const sales = await count('conversions', `kind = 'sale' AND status <> 'void'`);
    const sell = () => track('sale', { visitor_id: visitorId, amount: 99, external_id: invoice });
    if (first === 'webhook') await site.stage.hearAll(events);
    const told = await sell();
    expect(told.body).toMatchObject({ attributed: true, conversion_id: expect.stringMatching(UUID) });
    if (first === 'call') await site.stage.hearAll(events);
    await site.stage.drain();
    expect((await sell()).text).toBe(told.text);
    expect(await count('conversions', `kind = 'sale' AND status <> 'void'`)).toBe(sales + 1);
    expect((await site.stage.balance('jane')).payable - before.payable).toBe(2970n);
    const back = await track('refund', { external_id: invoice });
    expect(back.body).toEqual({ ok: true, conversion_id: told.body['conversion_id'] });
    expect(await site.stage.balance('jane')).toEqual(before);
  });
});

describe('odd input', () => {
  const odd: [string, unknown][] = [
    ['NUL', 'a\u0000b'],
    ['half a character', '\ud800'],
    ['256 characters', 'x'.repeat(256)],
    ['an object', { $ne: null }],
    ['a list', ['v1']],
    ['true', true],
  ];
  const fields: [string, string, Record<string, unknown>][] = [
    ['click', 'ref', {}],
    ['click', 'visitor_id', { ref: 'jane' }],
    ['lead', 'fingerprint', {}],
    ['sale', 'visitor_id', { amount: 1 }],
    ['sale', 'external_id', { amount: 1, ref: 'jane' }],
    ['refund', 'external_id', {}],
  ];
  test.each(fields)('of %s as %s is refused by its name, and nothing is stored', async (what, field, rest) => {
    const before = await site.everything();
    for (const [name, value] of odd) {
      const { status, body } = await track(what, { ...rest, [field]: value });
      expect({ name, status, error: body.error }).toEqual({ name, status: 400, error: `invalid_${field}` });
    }
    expect(await site.everything()).toBe(before);
  });

  test('inside a list is refused by the name of the list', async () => {
    for (const field of ['ref', 'visitor_id']) {
      const { status, body } = await track('click', { ref: 'jane', [field]: [{ deep: 'a\u0000b' }] });
      expect([status, body.error]).toEqual([400, `invalid_${field}`]);
    }
    expect((await track('click', { ref: 'jane', unheard_of: [{ deep: 'a\u0000b' }] })).status).toBe(200);
  });

  test('of an address that is longer than what is kept loses no click, lead or sale', async () => {
    // The last character kept would be half of one.
    const page = `https://shop.example/?utm=${'x'.repeat(1973)}😀${'y'.repeat(3000)}`;
    const long = { visitor_id: 'v-long', url: page, referrer: page };
    expect((await track('click', { ref: 'jane', ...long })).status).toBe(200);
    expect((await track('lead', long)).body).toMatchObject({ attributed: true });
    const sale = await track('sale', { ...long, amount: 10, external_id: 'long' });
    expect(sale.body).toMatchObject({ attributed: true });
    const [kept] = await site.stage.ask<{ click: { url: string } }>(
      `SELECT click FROM referrals WHERE workspace_id = $1 AND visitor_id = 'v-long'`,
    );
    expect([kept?.click.url.length, page.startsWith(kept?.click.url ?? '-')]).toEqual([1999, true]);
  });

  test('of an e-mail that no mail could carry loses no lead', async () => {
    await visit('v-mail');
    const email = `${randomBytes(3000).toString('hex')}@buyer.example`;
    const answer = await track('lead', { visitor_id: 'v-mail', email });
    expect([answer.status, answer.body['attributed']]).toEqual([200, true]);
    expect(await count('referrals', `visitor_id = 'v-mail' AND status = 'lead' AND email IS NULL`)).toBe(1);
  });

  test('of a Stripe look or with odd letters is an order id like any other', async () => {
    for (const external_id of ['re_1', 'in_', 'ref:1', 'Ünï→code', "'; DROP TABLE x; --"]) {
      const sale = await track('sale', { ref: 'jane', amount: 10, external_id });
      expect(sale.body).toMatchObject({ attributed: true });
      const back = await track('refund', { external_id });
      expect(back.body).toEqual({ ok: true, conversion_id: sale.body['conversion_id'] });
      expect(await commissionOf(external_id)).toMatchObject({ earned: 300n, reversed: 300n });
    }
  });

  test('of another media type is refused', async () => {
    const { status, body } = await track('sale', {}, { headers: { 'content-type': 'text/plain' } });
    expect([status, body.error]).toEqual([415, 'unsupported_media_type']);
  });
});

describe('what goes wrong inside', () => {
  test('is a 500 of the dialect, and nothing is kept', async () => {
    await visit('v-broken');
    const before = await count('conversions');
    await db.database.pool.query('ALTER TABLE payloads RENAME TO payloads_away');
    const answers = [
      await track('sale', { visitor_id: 'v-broken', amount: 9, external_id: 'broken' }),
      await track('lead', { visitor_id: 'v-broken', external_id: 'broken' }),
    ];
    await db.database.pool.query('ALTER TABLE payloads_away RENAME TO payloads');
    for (const { status, body } of answers) {
      expect(status).toBe(500);
      expect(body).toEqual({ error: 'conversion_failed', detail: expect.not.stringContaining('payloads') });
    }
    expect(await count('conversions')).toBe(before);
    const again = await track('sale', { visitor_id: 'v-broken', amount: 9, external_id: 'broken' });
    expect(again.body).toMatchObject({ ok: true, attributed: true });
  });
});

describe('a visitor', () => {
  test('who was given an id is known by it on a Stripe object too', async () => {
    const { body } = await track('click', { ref: 'max' });
    const before = await site.stage.balance('max');
    const account = createAccount({
      family: 'basil',
      seed: 9,
      startAt: Math.floor(site.stage.clock.now / 1000),
    });
    const buyer = account.customer({ metadata: { sa_visitor_id: String(body['visitor_id']) } });
    account.subscribe({ customer: buyer, price: account.price({ amount: 9900 }) });
    await site.stage.hearAll(account.events);
    await site.stage.drain();
    expect((await site.stage.balance('max')).payable - before.payable).toBe(2970n);
  });

  test('whose referral was rejected earns nobody anything', async () => {
    await visit('v-fraud');
    const lead = await track('lead', { visitor_id: 'v-fraud' });
    expect(lead.body['attributed']).toBe(true);
    await site.stage.ask(`UPDATE referrals SET status = 'rejected' WHERE workspace_id = $1 AND visitor_id = 'v-fraud'`);
    const sale = await track('sale', { visitor_id: 'v-fraud', amount: 9, external_id: 'fraud' });
    expect([sale.status, sale.body]).toEqual([200, { ok: true, attributed: false, visitor_id: 'v-fraud' }]);
  });
});

describe('the dialects', () => {
  test('99 is 99.00 of Affonso', async () => {
    await site.stage.referral('ref_affonso', 'jane');
    await visit('v-same');
    await track('sale', { visitor_id: 'v-same', amount: 99, external_id: 'same' });
    const { key } = await site.keyFor(true, ['*'], 'default', native.keys);
    const affonso = await site.post(
      '/v1/conversions',
      {
        referral_id: 'ref_affonso',
        sale_amount: 99.0,
        external_event_id: 'same',
      },
      { key },
    );
    expect(affonso.status).toBe(201);
    expect(affonso.body.data['commission_amount']).toBe(29.7);
    const rows = await site.stage.ask<{ source: string; earned: bigint }>(
      `SELECT c.source, m.earned FROM conversions c JOIN commissions m USING (workspace_id, conversion_id)
       WHERE workspace_id = $1 AND c.external_event_id = 'same' ORDER BY 1`,
    );
    expect(rows).toEqual([
      { source: 'affixo', earned: 2970n },
      { source: 'affonso', earned: 2970n },
    ]);
  });

  test('paths of its own need no prefix', async () => {
    const answer = await site.post('/v1/track/click', { ref: 'jane', visitor_id: 'v1' });
    expect(answer.body).toMatchObject({ ok: true, visitor_id: 'v1' });
    const unknown = await site.post('/v1/track/nothing', {});
    expect([unknown.status, unknown.body.error]).toEqual([404, 'unknown_resource']);
    const wrong = await site.get('/v1/track/sale');
    expect([wrong.status, wrong.body.error]).toEqual([405, 'method_not_allowed']);
  });
});
