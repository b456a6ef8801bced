/** Affiliates, links, lists and the report; what an affiliate reads with a key of their own (apis.md 1.3). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/core/desk.ts';
import { isRefusal } from '../../../src/core/refusals.ts';
import { createDesk } from '../../../src/pipeline/desk/index.ts';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { native } from '../../../src/surfaces/index.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms, translators } from '../../support/stage.ts';
import { openSite, type Answer, type Asked, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let reader: string;
let tracker: string;
let jane: Record<string, unknown>;

type Rows = readonly Record<string, unknown>[];
const rowsOf = ({ body }: Answer): Rows => body.data as unknown as Rows;

const get = (path: string, asked?: Asked): Promise<Answer> => site.get(`/affixo/v1/${path}`, asked);
const post = (path: string, body: unknown, asked?: Asked): Promise<Answer> =>
  site.post(`/affixo/v1/${path}`, body, asked);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Affixo's API approves nobody; the operator does. */
async function approve(refCode: string): Promise<void> {
  const { key } = await site.keyFor(true, ['*'], 'default', native.keys);
  const list = await site.get(`/v1/affiliates?search=${refCode}`, { key });
  const [found] = rowsOf(list);
  const changed = await site.send('PUT', `/v1/affiliates/${String(found?.['id'])}`, '{"status":"approved"}', { key });
  expect(changed.status).toBe(200);
}

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db, { family: affixo.keys });
  reader = (await site.keyFor(true, ['read'])).key;
  tracker = (await site.keyFor(true, ['track'])).key;
  await site.stage.incentive('inc_all', terms('30'));
  const made = await post('affiliates', { email: 'jane@partner.example', name: 'Jane', ref_code: 'Jane' });
  jane = made.body.data;
  await approve('jane');
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

describe('affiliates', () => {
  test('are created as documented', async () => {
    const { status, body } = await post('affiliates', { email: 'zoe@partner.example', name: 'Zoe', ref_code: 'zoe' });
    expect(status).toBe(201);
    expect(body).toEqual({
      object: 'affiliate',
      data: {
        id: expect.stringMatching(UUID),
        ref_code: 'zoe',
        email: 'zoe@partner.example',
        name: 'Zoe',
        status: 'pending',
        created_at: expect.stringMatching(MOMENT),
      },
    });
    const read = await get(`affiliates/${String(body.data['id'])}`);
    expect(read.body.data).toEqual(body.data);
  });

  test('need an e-mail or a name; the code is made where none is given, or it is taken', async () => {
    const named = await post('affiliates', { email: null, name: 'Only A Name', ref_code: null });
    expect(named.body.data).toMatchObject({ email: null, ref_code: 'only-a-name' });
    const mailed = await post('affiliates', { email: 'mail@partner.example' });
    expect(mailed.body.data).toMatchObject({ name: 'mail', ref_code: 'mail' });
    const taken = await post('affiliates', { name: 'Another', ref_code: 'jane' });
    expect([taken.status, taken.body.data['ref_code']]).toEqual([201, 'jane-2']);
  });

  test.each([
    ['nothing', {}, 'email_or_name_required'],
    ['nulls', { email: null, name: ' ' }, 'email_or_name_required'],
    ['what is no e-mail', { email: 'jane' }, 'invalid_email'],
  ])('%s is refused', async (_name, body, error) => {
    const answer = await post('affiliates', body);
    expect([answer.status, answer.body.error]).toEqual([400, error]);
  });

  test('are listed by status and search, newest first; other filters are ignored', async () => {
    site.stage.clock.now += 1000;
    await post('affiliates', { name: 'Newest' });
    const all = rowsOf(await get('affiliates?sort=email&limit=nonsense'));
    expect(all[0]).toMatchObject({ name: 'Newest' });
    expect(rowsOf(await get('affiliates?limit=1&offset=1'))).toEqual([all[1]]);
    expect(rowsOf(await get('affiliates?q=JANE@'))).toEqual([expect.objectContaining({ ref_code: 'jane' })]);
    expect(rowsOf(await get('affiliates?status=approved')).map(({ name }) => name)).toEqual(['Jane']);
  });

  test('an unknown one is not found', async () => {
    for (const id of ['nobody', '018f0000-0000-7000-8000-000000000000']) {
      const answer = await get(`affiliates/${id}`);
      expect([answer.status, answer.body.error]).toEqual([404, 'unknown_resource']);
    }
  });
});

describe('links', () => {
  test('are created as documented, and lead to their affiliate', async () => {
    const [campaign] = rowsOf(await get('campaigns'));
    const given = { affiliate_id: jane['id'], destination_url: 'https://shop.example/', ref_param: 'Spring' };
    const { status, body } = await post('links', { ...given, campaign_id: campaign?.['id'] });
    expect(status).toBe(201);
    expect(body).toEqual({
      object: 'link',
      data: {
        id: expect.stringMatching(UUID),
        ...given,
        campaign_id: campaign?.['id'],
        domain_id: null,
        created_at: expect.stringMatching(MOMENT),
      },
    });
    expect((await post('track/click', { ref: 'Spring' })).status).toBe(200);
    expect((await post('track/click', { ref: 'spring' })).body.error).toBe('link_not_found');
    expect(rowsOf(await get('links'))).toContainEqual(body.data);
    expect(rowsOf(await get(`links?affiliate_id=${String(jane['id'])}&limit=1`))).toHaveLength(1);
  });

  test('get a code of their own where it is taken or none is given', async () => {
    const again = await post('links', { affiliate_id: jane['id'], ref_param: 'Spring' });
    expect(again.body.data['ref_param']).toMatch(/^Spring-/);
    const none = await post('links', { affiliate_id: jane['id'], ref_param: null, destination_url: null });
    expect(none.body.data).toMatchObject({ ref_param: expect.stringMatching(/^jane/), destination_url: null });
    const affiliate = await post('affiliates', { name: 'Clash', ref_code: 'Spring' });
    expect(affiliate.body.data['ref_code']).toMatch(/^spring/);
  });

  test.each([
    ['nobody', {}, 400, 'affiliate_id_required'],
    ['a null affiliate', { affiliate_id: null }, 400, 'affiliate_id_required'],
    ['an unknown affiliate', { affiliate_id: '018f0000-0000-7000-8000-000000000000' }, 404, 'unknown_resource'],
    ['an id that is no text', { affiliate_id: 5 }, 400, 'invalid_affiliate_id'],
  ])('of %s are refused', async (_name, body, status, error) => {
    const answer = await post('links', body);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  test('of an unknown campaign are refused', async () => {
    const answer = await post('links', { affiliate_id: jane['id'], campaign_id: 'prog_other' });
    expect([answer.status, answer.body.error]).toEqual([404, 'unknown_resource']);
  });
});

describe('what came of it', () => {
  let conversion: string;

  beforeAll(async () => {
    await post('track/click', { ref: 'jane', visitor_id: 'v1', url: 'https://shop.example/?ref=jane' });
    await post('track/lead', { visitor_id: 'v1', email: 'bob@buyer.example' });
    const sale = { visitor_id: 'v1', amount: 99, external_id: 'o1' };
    conversion = String((await post('track/sale', sale)).body['conversion_id']);
    await post('track/sale', { ...sale, external_id: 'a test', is_test: true });
    site.stage.clock.now += 1000;
    await post('track/sale', { ...sale, amount: 1.5, external_id: 'o2' });
    await post('track/refund', { external_id: 'o2' });
  });

  test('campaigns are programs', async () => {
    expect(rowsOf(await get('campaigns'))).toEqual([
      { id: 'prog_default', name: 'default', status: 'active', cookie_window_days: 60 },
    ]);
  });

  test('conversions are the sales that credit somebody, of the live world', async () => {
    const rows = rowsOf(await get('conversions'));
    expect(rows).toEqual([
      expect.objectContaining({ external_id: 'o2', status: 'reversed', amount: 0 }),
      {
        id: conversion,
        affiliate_id: jane['id'],
        email: 'bob@buyer.example',
        amount: 99,
        currency: 'usd',
        status: 'approved',
        created_at: expect.stringMatching(MOMENT),
        external_id: 'o1',
      },
    ]);
    expect(rowsOf(await get('conversions?limit=1&offset=1'))).toEqual([rows[1]]);
    expect(rowsOf(await get('conversions', { key: site.test }))).toMatchObject([{ external_id: 'a test' }]);
  });

  test('commissions are in major units', async () => {
    expect(rowsOf(await get('commissions'))[1]).toEqual({
      id: expect.stringMatching(UUID),
      affiliate_id: jane['id'],
      conversion_id: conversion,
      amount: 29.7,
      currency: 'usd',
      status: 'approved',
      created_at: expect.stringMatching(MOMENT),
    });
  });

  test('no payouts were made', async () => {
    const { status, body } = await get('payouts');
    expect([status, body]).toEqual([200, { data: [] }]);
  });

  test('the report adds up, tests left out', async () => {
    const rows = rowsOf(await get('reports/affiliates'));
    const clicks = await site.stage.ask(
      `SELECT 1 FROM referrals r JOIN affiliates a USING (workspace_id, affiliate_id)
       WHERE workspace_id = $1 AND a.tracking_id = 'jane' AND clicked_at IS NOT NULL`,
    );
    expect(rows.find(({ ref_code }) => ref_code === 'jane')).toEqual({
      affiliate_id: jane['id'],
      ref_code: 'jane',
      email: 'jane@partner.example',
      clicks: clicks.length,
      conversions: 3,
      leads: 1,
      sales: 2,
      revenue: 99,
      commissions_earned: 29.7,
      commissions_paid: 0,
    });
    expect(rows.find(({ ref_code }) => ref_code === 'zoe')).toMatchObject({ clicks: 0, sales: 0, revenue: 0 });
  });

  test('a sale that goes back after its commission was paid out is reversed', async () => {
    const { key } = await site.keyFor(true, ['*'], 'default', native.keys);
    const external_id = 'paid, then back';
    await post('affiliates', { name: 'Petra', ref_code: 'petra' });
    await approve('petra');
    const sale = await post('track/sale', { ref: 'petra', amount: 40, external_id });
    const id = sale.body['conversion_id'];
    const listed = rowsOf(await site.get('/v1/commissions?limit=100', { key }));
    const earned = String(listed.find((one) => one['sale_amount'] === 40)?.['id']);
    await site.send('PUT', `/v1/commissions/${earned}`, '{"status":"paid"}', { key });
    const shown = async (): Promise<unknown[]> => {
      const conversion = rowsOf(await get('conversions')).find((one) => one['id'] === id);
      const commission = rowsOf(await get('commissions')).find((one) => one['conversion_id'] === id);
      return [conversion, commission].map((one) => [one?.['status'], one?.['amount']]);
    };
    expect(await shown()).toEqual([
      ['paid', 40],
      ['paid', 12],
    ]);
    await post('track/refund', { external_id });
    expect(await shown()).toEqual([
      ['reversed', 0],
      ['reversed', 0],
    ]);
    expect(rowsOf(await get('payouts'))).toMatchObject([{ amount: 12, status: 'paid' }]);
  });

  describe('read by the affiliate', () => {
    const own = async (path: string, affiliateId: string | null): Promise<unknown> => {
      const found = affixo.routes.find((one) => one.path === `/v1/affiliate/${path}`);
      if (!found) throw new Error(`there is no route ${path}`);
      const caller: Caller = { workspace: 'default', livemode: true, keyId: 'key_1', scopes: ['read'], affiliateId };
      const headers = { idempotencyKey: null, origin: '', userAgent: '' };
      const call = { caller, params: {}, query: found.query?.parse({}), body: undefined, raw: '', ...headers };
      const answer = await found.run(call, createDesk(site.work, translators));
      return isRefusal(answer) ? affixo.problem(answer, '') : answer;
    };
    const idOf = async (code: string): Promise<string> => {
      const sql = 'SELECT affiliate_id FROM affiliates WHERE workspace_id = $1 AND tracking_id = $2';
      return (await site.stage.ask<{ affiliate_id: string }>(sql, [code]))[0]?.affiliate_id ?? '';
    };

    test('it is what is theirs', async () => {
      const id = await idOf('jane');
      expect(await own('me', id)).toMatchObject({ status: 200, body: { data: { id: jane['id'], ref_code: 'jane' } } });
      expect(await own('conversions', id)).toMatchObject({
        body: { data: [{ external_id: 'o2' }, { external_id: 'o1' }] },
      });
      expect(await own('commissions', id)).toMatchObject({ body: { data: [{ amount: 0 }, { amount: 29.7 }] } });
      const clicks = (await own('clicks', id)) as { body: { data: Rows } };
      expect(clicks.body.data).toContainEqual({
        id: expect.stringMatching(UUID),
        visitor_id: 'v1',
        ref_param: 'jane',
        url: 'https://shop.example/?ref=jane',
        referrer: null,
        created_at: expect.stringMatching(MOMENT),
      });
      const links = (await own('links', id)) as { body: { data: Rows } };
      expect(links.body.data.map(({ ref_param }) => ref_param)).toContain('Spring');
    });

    test.each(['conversions', 'commissions', 'clicks', 'links', 'payouts'])(
      'it is no %s of somebody else',
      async (path) => {
        expect(await own(path, await idOf('zoe'))).toMatchObject({ status: 200, body: { data: [] } });
      },
    );

    test.each(['me', 'conversions', 'commissions', 'clicks', 'links', 'payouts'])(
      '%s is locked to other keys',
      async (path) => {
        expect(await own(path, null)).toMatchObject({ status: 401, body: { error: 'unauthorized' } });
        const answer = await get(`affiliate/${path}`);
        expect([answer.status, answer.body.error]).toEqual([401, 'unauthorized']);
      },
    );
  });
});

describe('the key', () => {
  const reads = ['affiliates', 'affiliates/x', 'links', 'campaigns', 'commissions', 'conversions', 'payouts'];
  test.each([...reads, 'reports/affiliates'])('%s needs one that may read', async (path) => {
    const none = await get(path, { key: null });
    expect([none.status, none.body.error]).toEqual([401, 'unauthorized']);
    const other = await get(path, { key: tracker });
    expect(other.status).toBe(403);
    expect(other.body).toMatchObject({ error: 'insufficient_scope', need: 'read' });
  });

  test.each(['affiliates', 'links'])('creating %s needs one that may write', async (path) => {
    const none = await site.send('POST', `/affixo/v1/${path}`, '{', { key: null });
    expect([none.status, none.body.error]).toEqual([401, 'unauthorized']);
    const other = await post(path, {}, { key: reader });
    expect(other.body).toMatchObject({ error: 'insufficient_scope', need: 'write' });
    const broken = await site.send('POST', `/affixo/v1/${path}`, '{');
    expect([broken.status, broken.body.error]).toEqual([400, 'invalid_json']);
  });
});

describe('a crowd', () => {
  test('of affiliates gets codes, however many of them want the same', async () => {
    for (let many = 0; many < 53; many += 1) {
      const { status, body } = await post('affiliates', { name: 'Crowd', ref_code: 'wanted' });
      expect([status, body.data['ref_code']]).toEqual([201, expect.stringMatching(/^(wanted|crowd)/)]);
    }
  });
});
