/**
 * What a company shows an affiliate of their own (apis.md 2.2): `POST /v1/embed/token`, `GET /v1/embed/data` and
 * `POST /v1/affiliates/{id}/portal-token`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRateLimits } from '../../../src/pipeline/limits.ts';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { createSchedule, forgetting } from '../../../src/work/schedule.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms, translators } from '../../support/stage.ts';
import { openSite, type Answer, type Asked, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let other: Site;

const MINUTE = 60_000;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db, { publicUrl: 'https://money.example.com/commissions' });
  other = await openSite(db, { workspace: 'other' });
  await site.stage.affiliate('jane');
  await site.stage.referral('ref_1', 'jane');
  await site.stage.incentive('inc_all', terms('30', { holdPeriodDays: 14 }));
  await other.stage.affiliate('theirs');
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await other.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

type Fields = Record<string, unknown>;

const change = (path: string, body: Fields): Promise<Answer> => site.send('PATCH', path, JSON.stringify(body));
const access = (mode: string): Promise<Answer> => change('/v1/program', { access_mode: mode });
const ask = (body: Fields, asked?: Asked): Promise<Answer> => site.post('/v1/embed/token', body, asked);
const show = (token: string, on = site): Promise<Answer> =>
  on.get(`/v1/embed/data?token=${encodeURIComponent(token)}`, { key: null });
const tokenOf = ({ body }: Answer): string => String(body.data['publicToken']);
const affiliates = async (email: string): Promise<Fields[]> =>
  site.stage.ask<Fields>(
    `SELECT affiliate_id, name, tracking_id, status, group_id, external_user_id, metadata, details FROM affiliates
     WHERE workspace_id = $1 AND email = $2`,
    [email],
  );

function expectRefused(answer: Answer, status: number, code: string, message: string, field?: string): void {
  const { message: said, field: about } = answer.body.error;
  expect([answer.status, answer.body.error.code, said, about]).toEqual([status, code, message, field]);
  expect(answer.body['success']).toBe(false);
}

const JANE = { email: 'jane@partner.example' };

describe('a token for a page', () => {
  test('makes whoever is new an affiliate, as the program lets people in', async () => {
    for (const [mode, status] of [
      ['public', 'approved'],
      ['private', 'pending'],
    ] as const) {
      await access(mode);
      const email = `${mode}@new.example`;
      const answer = await ask({ programId: 'prog_default', partner: { email, name: `${mode} Person` } });
      expect([answer.status, answer.body]).toEqual([
        201,
        {
          success: true,
          data: {
            publicToken: expect.stringMatching(/^emb_[\w-]{43}$/),
            expiresAt: new Date(site.stage.clock.now + 30 * MINUTE).toISOString(),
            link: null,
            portalUrl: `https://money.example.com/commissions/portal/open?token=${tokenOf(answer)}`,
            partnershipStatus: status.toUpperCase(),
          },
        },
      ]);
      expect(await affiliates(email)).toMatchObject([
        { name: `${mode} Person`, tracking_id: `${mode}-person`, status, group_id: null, metadata: {} },
      ]);
    }
  });

  test('lets nobody in whom a program for invited people does not know', async () => {
    await access('invite');
    const stranger = await ask({ partner: { email: 'stranger@new.example' } });
    const why = 'The program is for invited people only: make the affiliate first.';
    expectRefused(stranger, 400, 'VALIDATION_ERROR', why, 'partner');
    expect(await affiliates('stranger@new.example')).toEqual([]);
    const invited = await ask({ partner: JANE });
    expect([invited.status, invited.body.data['partnershipStatus']]).toEqual([201, 'APPROVED']);
    await access('public');
  });

  test('takes what is told of somebody new, and the program without saying which', async () => {
    const partner = { email: 'Full@New.example', image: 'https://new.example/full.png' };
    const more = { groupId: 'gold', externalUserId: 'user_full', metadata: { plan: 'pro' } };
    expect((await ask({ partner, ...more })).status).toBe(201);
    expect(await affiliates('Full@New.example')).toMatchObject([
      {
        name: 'Full',
        group_id: 'gold',
        external_user_id: 'user_full',
        metadata: { plan: 'pro' },
        details: { image: 'https://new.example/full.png' },
      },
    ]);
  });

  test('joins the default group where none is named', async () => {
    const { body } = await site.post('/v1/program/groups', { name: 'Everybody', is_default: true });
    await ask({ partner: { email: 'grouped@new.example' } });
    expect(await affiliates('grouped@new.example')).toMatchObject([{ group_id: body.data['id'] }]);
    await site.send('PATCH', `/v1/program/groups/${String(body.data['id'])}`, '{"is_default":false}');
  });

  test('changes user id, metadata and picture of somebody known, and nothing else', async () => {
    const version = async () =>
      (await site.stage.ask<{ v: bigint }>('SELECT rules_version AS v FROM workspaces WHERE workspace_id = $1'))[0]?.v;
    const before = await version();
    const told = { externalUserId: 'user_jane', metadata: { plan: 'team', since: 2 } };
    const image = 'https://new.example/jane.png';
    await ask({
      partner: { ...JANE, email: 'JANE@partner.example', name: 'Somebody Else', image },
      groupId: 'gold',
      ...told,
    });
    const known = {
      name: 'jane',
      status: 'approved',
      group_id: null,
      external_user_id: 'user_jane',
      details: { image },
    };
    expect(await affiliates('jane@partner.example')).toMatchObject([{ ...known, metadata: told.metadata }]);
    await ask({ partner: JANE });
    await ask({ partner: JANE, externalUserId: null, metadata: null });
    expect(await affiliates('jane@partner.example')).toMatchObject([{ ...known, metadata: told.metadata }]);
    expect(await version()).toBe(before);
  });

  test('writes nothing of an affiliate whom it says nothing new of', async () => {
    const stamp = () =>
      site.stage.ask('SELECT updated_at FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2', ['jane']);
    const before = await stamp();
    const metadata = { since: 2, plan: 'team' };
    expect((await ask({ partner: JANE, externalUserId: 'user_jane', metadata })).status).toBe(201);
    expect(await stamp()).toEqual(before);
  });

  test('is asked for in the words of older clients too', async () => {
    const flat = await ask({
      email: 'flat@new.example',
      name: 'Flat',
      external_user_id: 'user_flat',
      metadata: { a: 1 },
    });
    expect(flat.status).toBe(201);
    expect(await affiliates('flat@new.example')).toMatchObject([
      { name: 'Flat', external_user_id: 'user_flat', metadata: { a: 1 } },
    ]);
    const byId = await ask({ affiliate_id: 'jane' });
    expect((await show(tokenOf(byId))).body.data['affiliate']).toMatchObject({ trackingId: 'jane' });
  });

  test('says how the partnership stands, whatever it is', async () => {
    for (const status of ['rejected', 'paused', 'banned']) {
      await site.stage.affiliate(`is-${status}`, null, status);
      const { body } = await ask({ partner: { email: `is-${status}@partner.example` } });
      expect(body.data['partnershipStatus']).toBe(status.toUpperCase());
    }
  });

  test('is refused for fields that do not fit', async () => {
    const none = 'partner must have an email: whose numbers are they?';
    expectRefused(await ask({}), 400, 'VALIDATION_ERROR', none, 'partner');
    expectRefused(await ask({ partner: { name: 'x' } }), 400, 'VALIDATION_ERROR', none, 'partner');
    for (const [body, message, field] of [
      [{ partner: 'x' }, 'partner must be an object', 'partner'],
      [{ partner: { email: 'x' } }, 'partner.email must be an e-mail address', 'partner'],
      [{ partner: { ...JANE, name: 'x'.repeat(256) } }, 'partner.name must be at most 255 characters', 'partner'],
      [
        { partner: { ...JANE, image: 'javascript:alert(1)' } },
        'partner.image must be an http or https URL of at most 2000 characters, such as https://example.com',
        'partner',
      ],
      [
        { partner: JANE, externalUserId: 'x'.repeat(256) },
        'externalUserId must be at most 255 characters',
        'externalUserId',
      ],
      [{ partner: JANE, metadata: [] }, 'metadata must be an object', 'metadata'],
    ] as const)
      expectRefused(await ask(body), 400, 'VALIDATION_ERROR', message, field);
    const nobody = await ask({ partner: JANE, programId: 'prog_other' });
    expectRefused(nobody, 404, 'NOT_FOUND', 'There is no program "prog_other".', 'programId');
    const theirs = await ask({ affiliate_id: 'theirs' });
    expectRefused(theirs, 404, 'NOT_FOUND', 'There is no affiliate "theirs".', 'affiliate_id');
  });

  test('names one person: an id with the e-mail of another, or two e-mails, say nothing', async () => {
    await site.stage.affiliate('ben');
    await site.stage.affiliate('mailless');
    await site.stage.ask(`UPDATE affiliates SET email = '' WHERE workspace_id = $1 AND affiliate_id = 'mailless'`);
    const count = async () => (await site.stage.ask('SELECT 1 FROM passes WHERE workspace_id = $1')).length;
    const before = await count();
    for (const [id, mail] of [
      ['jane', 'ben@partner.example'],
      ['jane', 'nobody@partner.example'],
      ['mailless', 'ben@partner.example'],
    ] as const)
      for (const body of [{ email: mail }, { partner: { email: mail } }]) {
        const why = `affiliate_id "${id}" has another e-mail: whose numbers are they?`;
        expectRefused(await ask({ affiliate_id: id, ...body }), 400, 'VALIDATION_ERROR', why, 'affiliate_id');
      }
    const two = await ask({ partner: JANE, email: 'ben@partner.example' });
    const why = 'email must be the same as partner.email: whose numbers are they?';
    expectRefused(two, 400, 'VALIDATION_ERROR', why, 'email');
    expect([await affiliates('nobody@partner.example'), await count()]).toEqual([[], before]);
    for (const body of [
      { affiliate_id: 'jane', partner: { email: 'JANE@partner.example' }, email: 'jane@Partner.example' },
      { affiliate_id: 'mailless', email: 'mailless@new.example' },
    ])
      expect((await ask(body)).status).toBe(201);
  });

  test('needs a key with the permission', async () => {
    expect((await ask({ partner: JANE }, { key: null })).body.error.code).toBe('MISSING_API_KEY');
    const { key } = await site.keyFor(true, ['read:affiliates']);
    const poor = await ask({ partner: JANE }, { key });
    expect([poor.status, poor.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS']);
  });

  test('100 of somebody new at once: one affiliate, 100 tokens that all work', async () => {
    const partner = { email: 'crowd@new.example', name: 'Crowd' };
    const more = { externalUserId: 'user_crowd', metadata: { a: 1 } };
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask({ partner, ...more })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(tokenOf)).size).toBe(100);
    expect(await affiliates('crowd@new.example')).toHaveLength(1);
    const shown: Answer[] = [];
    // As one person looks: of many looks of one affiliate at once some are told to wait.
    for (const answer of answers) shown.push(await show(tokenOf(answer)));
    expect(new Set(shown.map(({ body }) => (body.data['affiliate'] as Fields)['email']))).toEqual(
      new Set(['crowd@new.example']),
    );
  });
});

describe('what a page shows', () => {
  let token: string;

  beforeAll(async () => {
    await change('/v1/program', {
      name: 'Acme',
      website_url: 'https://acme.example',
      logo_url: 'https://acme.example/l.png',
    });
    await change('/v1/program/tracking', { default_referral_parameter: 'via' });
    await change('/v1/program/portal', { primary_color: '#881337', secondary_color: '#f0f0f0' });
    const sale = { referral_id: 'ref_1', sale_amount_currency: 'USD' };
    for (const [amount, id, status] of [
      [100, 'order_1', 'ready_for_payment'],
      [50, 'order_2', undefined],
      [10, 'order_3', 'paid'],
      [20, 'order_4', 'declined'],
    ] as const) {
      site.stage.clock.now += 1000;
      await site.post('/v1/conversions', { ...sale, sale_amount: amount, external_event_id: id, status });
    }
    await site.post('/v1/coupons', {
      affiliate_id: 'jane',
      code: 'JANE20',
      discount_type: 'percentage',
      discount_value: 20,
      duration: 'forever',
    });
    await site.post('/v1/program/creatives', {
      name: 'Banner',
      category: 'banner',
      url: 'https://acme.example/b.png',
      dimensions: { width: 300, height: 250 },
    });
    await site.post('/v1/clicks', { trackingId: 'jane' });
    token = tokenOf(await ask({ partner: JANE }));
  });

  test('everything that is documented', async () => {
    const { status, headers, body } = await show(token);
    const sold = (amount: number, commission: number, said: string) => ({
      id: expect.stringMatching(/^earn_/),
      customerId: 'ref_1',
      date: expect.stringMatching(/^2026-01-05T/),
      amount,
      commission,
      status: said,
    });
    expect([status, body]).toEqual([
      200,
      {
        success: true,
        data: {
          affiliate: {
            name: 'jane',
            email: 'jane@partner.example',
            trackingId: 'jane',
            avatarUrl: 'https://new.example/jane.png',
          },
          link: 'https://acme.example?via=jane',
          websiteUrl: 'https://acme.example',
          rewards: { type: 'percentage', amount: 30, recurring: true, duration: 'lifetime' },
          incentives: [expect.objectContaining({ id: 'inc_all', amount: 30, is_percentage: true })],
          stats: {
            clicks: 1,
            leads: 1,
            sales: 4,
            salesAmount: 180,
            earnings: { pending: 15, approved: 30, paid: 3 },
          },
          earnings: [sold(20, 6, 'REJECTED'), sold(10, 3, 'PAID'), sold(50, 15, 'PENDING'), sold(100, 30, 'APPROVED')],
          portalUrl: `https://money.example.com/commissions/portal/open?token=${token}`,
          coupon: { code: 'JANE20', discountType: 'percentage', discountValue: 20 },
          couponBlueprint: null,
          creatives: [
            {
              id: expect.stringMatching(/^creative_/),
              name: 'Banner',
              description: null,
              category: 'banner',
              url: 'https://acme.example/b.png',
              dimensions: { width: 300, height: 250 },
            },
          ],
          program: { name: 'Acme', logoUrl: 'https://acme.example/l.png' },
          theme: { primaryColor: '#881337', secondaryColor: '#f0f0f0' },
          token,
        },
      },
    ]);
    expect([headers.get('cache-control'), headers.get('access-control-allow-origin')]).toEqual(['no-store', '*']);
    expect((await ask({ partner: JANE })).body.data['link']).toBe('https://acme.example?via=jane');
  });

  test('the ten latest sales, and what went back', async () => {
    await site.stage.affiliate('busy');
    await site.stage.referral('ref_busy', 'busy');
    for (let n = 1; n <= 11; n += 1) {
      site.stage.clock.now += 1000;
      const sale = { referral_id: 'ref_busy', sale_amount: n, external_event_id: `busy_${n}` };
      const { body } = await site.post('/v1/conversions', sale);
      if (n === 11) await site.post(`/v1/conversions/${String(body.data['id'])}/refund`, { amount: 5.5 });
    }
    const { body } = await show(tokenOf(await ask({ affiliate_id: 'busy' })));
    const rows = body.data['earnings'] as Fields[];
    expect(rows.map(({ amount }) => amount)).toEqual([5.5, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    expect(rows[0]).toMatchObject({ commission: 1.65, status: 'PENDING' });
  });

  test('the share of a recruiter, without whose sale it is and what it brought', async () => {
    await site.post('/v1/affiliates', { name: 'Boss', email: 'boss@new.example', tracking_id: 'boss' });
    const [boss] = await affiliates('boss@new.example');
    await site.post('/v1/affiliates', {
      name: 'Hand',
      email: 'hand@new.example',
      tracking_id: 'hand',
      parent_id: boss?.['affiliate_id'],
    });
    await site.stage.incentive('inc_all', terms('30', { holdPeriodDays: 14, parentRatio: { num: 10n, den: 100n } }));
    const { body: clicked } = await site.post('/v1/clicks', { trackingId: 'hand' });
    const sale = { click_id: clicked.data['id'], sale_amount: 100, external_event_id: 'handed' };
    expect((await site.post('/v1/conversions', sale)).status).toBe(201);
    const { body } = await show(tokenOf(await ask({ partner: { email: 'boss@new.example' } })));
    expect(body.data['earnings']).toMatchObject([{ customerId: null, amount: 0, commission: 10 }]);
    expect(body.data['stats']).toMatchObject({ sales: 0, earnings: { pending: 10 } });
  });

  test('nothing where there is nothing yet', async () => {
    await site.stage.affiliate('fresh');
    const { body } = await show(tokenOf(await ask({ affiliate_id: 'fresh' })));
    const zero = { pending: 0, approved: 0, paid: 0 };
    expect(body.data).toMatchObject({
      stats: { clicks: 0, leads: 0, sales: 0, salesAmount: 0, earnings: zero },
      earnings: [],
      coupon: null,
    });
  });

  test('the incentives that may pay this affiliate, in their order', async () => {
    await site.stage.affiliate('golden', 'gold');
    await site.stage.incentive('inc_own', terms('50', { affiliateId: 'golden', maxPayments: 1 }));
    await site.stage.incentive('inc_gold', terms('40', { groupId: 'gold', maxMonths: 12 }));
    await site.stage.incentive('inc_silver', terms('1', { groupId: 'silver' }));
    const idsFor = async (id: string) => {
      const { body } = await show(tokenOf(await ask({ affiliate_id: id })));
      return [(body.data['incentives'] as Fields[]).map((one) => one['id']), body.data['rewards']];
    };
    expect(await idsFor('golden')).toEqual([
      ['inc_own', 'inc_gold', 'inc_all'],
      { type: 'percentage', amount: 50, recurring: false, duration: 'payment_limited' },
    ]);
    expect((await idsFor('fresh'))[0]).toEqual(['inc_all']);
  });

  test('no incentive that is over, or has not begun', async () => {
    await site.stage.affiliate('timely');
    const { now } = site.stage.clock;
    const own = { affiliateId: 'timely' };
    await site.stage.incentive('inc_over', terms('90', { ...own, effectiveUntil: now }));
    await site.stage.incentive('inc_later', terms('80', { ...own, effectiveFrom: now + 1 }));
    await site.stage.incentive('inc_now', terms('70', { ...own, effectiveFrom: now, effectiveUntil: now + 1 }));
    const shown = async () => {
      const { body } = await show(tokenOf(await ask({ affiliate_id: 'timely' })));
      return [
        (body.data['incentives'] as Fields[]).map((one) => one['id']),
        (body.data['rewards'] as Fields)['amount'],
      ];
    };
    expect(await shown()).toEqual([['inc_now', 'inc_all'], 70]);
    site.stage.clock.now += 1;
    expect(await shown()).toEqual([['inc_later', 'inc_all'], 80]);
  });

  test('the page of their group before the program’s, and no link that is no page', async () => {
    const { body: made } = await site.post('/v1/program/groups', {
      name: 'Blog',
      custom_website_url: 'https://acme.example/blog?x=1#top',
    });
    await site.stage.affiliate('blogger', String(made.data['id']));
    const linkFor = async (id: string) => (await ask({ affiliate_id: id })).body.data['link'];
    expect(await linkFor('blogger')).toBe('https://acme.example/blog?x=1&via=blogger#top');
    // As it may have been kept before only pages were taken.
    await site.stage.ask(
      `UPDATE programs SET details = jsonb_set(details::jsonb, '{program,website_url}', '"javascript:alert(1)"') WHERE workspace_id = $1`,
    );
    const { body } = await show(token);
    expect([body.data['link'], body.data['websiteUrl'], await linkFor('jane')]).toEqual([null, null, null]);
    expect(body.data['program']).toMatchObject({ logoUrl: 'https://acme.example/l.png' });
    await site.stage.ask(
      `UPDATE programs SET details = jsonb_set(details::jsonb, '{program,logo_url}', '"javascript:alert(1)"') WHERE workspace_id = $1`,
    );
    await site.stage.ask(`UPDATE creatives SET url = 'data:text/html,x' WHERE workspace_id = $1`);
    await site.stage.ask(
      `UPDATE affiliates SET details = '{"image":"javascript:alert(1)"}' WHERE workspace_id = $1 AND affiliate_id = 'jane'`,
    );
    expect((await show(token)).body.data).toMatchObject({
      program: { logoUrl: null },
      affiliate: { avatarUrl: null },
      creatives: [{ name: 'Banner', url: null }],
    });
    await change('/v1/program', { website_url: 'https://acme.example/?a=b' });
    expect(await linkFor('jane')).toBe('https://acme.example/?a=b&via=jane');
  });

  test('the world of the key that made the token', async () => {
    const sale = { referral_id: 'ref_1', sale_amount: 777, external_event_id: 'tested' };
    await site.post('/v1/conversions', sale, { key: site.test });
    const { body } = await show(tokenOf(await ask({ partner: JANE }, { key: site.test })));
    expect(body.data).toMatchObject({ stats: { clicks: 0, sales: 1, salesAmount: 777 }, earnings: [{ amount: 777 }] });
    expect(JSON.stringify((await show(token)).body)).not.toContain('777');
  });

  test('the workspace of the key, wherever it is asked for', async () => {
    await site.stage.ask(
      `UPDATE affiliates SET email = 'same@partner.example' WHERE workspace_id = $1 AND affiliate_id = 'fresh'`,
    );
    await other.stage.ask(
      `UPDATE affiliates SET email = 'same@partner.example' WHERE workspace_id = $1 AND affiliate_id = 'theirs'`,
    );
    const same = { partner: { email: 'same@partner.example' } };
    const [own, foreign] = [await ask(same), await other.post('/v1/embed/token', same)];
    for (const on of [site, other]) {
      expect((await show(tokenOf(own), on)).body.data['affiliate']).toMatchObject({ trackingId: 'fresh' });
      expect((await show(tokenOf(foreign), on)).body.data['affiliate']).toMatchObject({ trackingId: 'theirs' });
    }
  });

  test('pages of any origin may ask, and need not ask before', async () => {
    const asked = { key: null, headers: { origin: 'https://app.example' } };
    const preflight = await site.send('OPTIONS', '/v1/embed/data', undefined, asked);
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET']);
    expect((await site.get('/v1/embed/data?token=x', asked)).headers.get('access-control-allow-origin')).toBe('*');
    const closed = await site.send('OPTIONS', '/v1/embed/token', undefined, asked);
    expect([closed.status, closed.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });
});

describe('a token', () => {
  const UNKNOWN = 'This token is not known here. Ask for a new one.';
  const EXPIRED = 'This token has expired. Ask for a new one.';

  test('that is none, or was made for something else, shows nothing', async () => {
    expectRefused(
      await site.get('/v1/embed/data', { key: null }),
      400,
      'VALIDATION_ERROR',
      'token must be a string',
      'token',
    );
    const { body } = await site.post('/v1/affiliates/jane/portal-token', {});
    const real = tokenOf(await ask({ partner: JANE }));
    const portal = String(body.data['token']);
    for (const wrong of [
      'x',
      `emb_${'a'.repeat(43)}`,
      real.slice(0, -1),
      `${real}a`,
      real.toUpperCase(),
      portal,
      site.live,
    ])
      expectRefused(await show(wrong), 401, 'UNAUTHORIZED', UNKNOWN);
    expect((await site.get('/v1/embed/data?token=x')).status).toBe(401);
  });

  test('is kept as a hash only', async () => {
    const real = tokenOf(await ask({ partner: JANE }));
    const rows = await site.stage.ask<{ said: string }>(
      `SELECT to_jsonb(p)::text AS said FROM passes p WHERE workspace_id = $1`,
    );
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.map(({ said }) => said).join('\n')).not.toContain(real.slice(4));
  });

  test('shows as often as it lasts: 30 minutes', async () => {
    const real = tokenOf(await ask({ partner: JANE }));
    site.stage.clock.now += 30 * MINUTE - 1;
    expect([(await show(real)).status, (await show(real)).status]).toEqual([200, 200]);
    site.stage.clock.now += 1;
    expectRefused(await show(real), 401, 'UNAUTHORIZED', EXPIRED);
  });

  test('ends with its affiliate', async () => {
    const real = tokenOf(await ask({ partner: { email: 'leaving@new.example' } }));
    const [gone] = await affiliates('leaving@new.example');
    await site.send('DELETE', `/v1/affiliates/${String(gone?.['affiliate_id'])}`, undefined);
    expectRefused(await show(real), 401, 'UNAUTHORIZED', UNKNOWN);
  });

  test('is forgotten a day after it expired, and then is unknown', async () => {
    const { stage } = site;
    const forget = createSchedule(stage.work, [forgetting(stage.work)]);
    const real = tokenOf(await ask({ partner: JANE }));
    stage.clock.now += 24 * 60 * MINUTE + 30 * MINUTE;
    await forget();
    expectRefused(await show(real), 401, 'UNAUTHORIZED', EXPIRED);
    const later = tokenOf(await ask({ partner: JANE }));
    stage.clock.now += 60 * MINUTE;
    await forget();
    expectRefused(await show(real), 401, 'UNAUTHORIZED', UNKNOWN);
    expectRefused(await show(later), 401, 'UNAUTHORIZED', EXPIRED);
    expect(await stage.ask('SELECT 1 FROM passes WHERE workspace_id = $1')).toHaveLength(1);
  });

  test('is asked for so often by one address only', async () => {
    const set = new Map([['affonso', [{ points: 2, seconds: 3600 }]]]);
    const now = () => site.stage.clock.now;
    const limiting = { rates: createRateLimits(db.database, now), now, set };
    const limited = await openSite(db, { work: site.work, limiting });
    const answers = [await show('x', limited), await show('x', limited), await show('x', limited)];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 429]);
    expect(answers.at(-1)?.body.error.message).toMatch(/^Too many calls from this address\. Try again in \d+ s\.$/);
    await limited.close();
  });
});

test.each([
  ['https', 'money.example.com', /^https:\/\/money\.example\.com$/],
  ['HTTPS', 'my_app:3000', /^https:\/\/my_app:3000$/],
  ['javascript', '[2001:db8::1]:80', /^http:\/\/\[2001:db8::1\]:80$/],
  ['data:,', 'a.example"><script>', /^http:\/\/127\.0\.0\.1:\d+$/],
  ['https', 'a.example/x?', /^https:\/\/127\.0\.0\.1:\d+$/],
  ['https', 'me@a.example', /^https:\/\/a\.example$/],
  ['https', 'a'.repeat(262), /^https:\/\/127\.0\.0\.1:\d+$/],
])('a proxy that says %s and %s: addresses that can be followed', async (scheme, host, origin) => {
  const proxied = await openSite(db, { work: site.work, trustedProxies: 1 });
  const headers = { 'x-forwarded-proto': scheme, 'x-forwarded-host': host };
  const { body } = await proxied.post('/v1/embed/token', { partner: JANE }, { headers });
  const [before, after] = String(body.data['portalUrl']).split('/portal/open?token=');
  expect([before, after]).toEqual([expect.stringMatching(origin), body.data['publicToken']]);
  await proxied.close();
});

describe('a token for the portal', () => {
  const give = (id: string, asked?: Asked): Promise<Answer> =>
    site.send('POST', `/v1/affiliates/${id}/portal-token`, undefined, asked);

  test('lasts five minutes and needs no body', async () => {
    const { status, body } = await give('jane');
    const token = String(body.data['token']);
    expect([status, body]).toEqual([
      201,
      {
        success: true,
        data: {
          token: expect.stringMatching(/^prt_[\w-]{43}$/),
          portalUrl: `https://money.example.com/commissions/portal/open?token=${token}`,
          expiresAt: new Date(site.stage.clock.now + 5 * MINUTE).toISOString(),
        },
      },
    ]);
  });

  test('is for approved affiliates only', async () => {
    await site.stage.affiliate('is-pending', null, 'pending');
    for (const status of ['pending', 'rejected', 'paused', 'banned']) {
      const why = `Affiliate "is-${status}" is ${status}: the portal opens for approved ones only.`;
      expectRefused(await give(`is-${status}`), 400, 'VALIDATION_ERROR', why);
    }
  });

  test('is for the affiliates of the workspace', async () => {
    for (const id of ['nobody', 'theirs'])
      expectRefused(await give(id), 404, 'NOT_FOUND', `There is no affiliate "${id}".`);
  });

  test('needs a key with the permission', async () => {
    expect((await give('jane', { key: null })).body.error.code).toBe('MISSING_API_KEY');
    const { key } = await site.keyFor(true, ['read:affiliates']);
    const poor = await give('jane', { key });
    expect([poor.status, poor.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS']);
  });
});
