/** `/v1/program…` (apis.md 2.2): what is real acts, what is not is shown as it was given. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site, other } = scene);
});

afterAll(() => scene.close());

type Fields = Record<string, unknown>;

const get = async (section: string, on = site): Promise<Fields> => {
  const { status, body } = await on.get(`/v1/program${section}`);
  expect([status, body['success']]).toEqual([200, true]);
  return body.data;
};
const patch = (section: string, body: unknown, key = site.live): Promise<Answer> =>
  site.send('PATCH', `/v1/program${section}`, JSON.stringify(body), { key });

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('a program that nobody has set up', () => {
  test('is shown with every documented field', async () => {
    expect(await get('')).toEqual({
      id: 'prog_default',
      name: 'default',
      slug: null,
      tagline: null,
      category: null,
      description: null,
      website_url: null,
      logo_url: null,
      access_mode: 'private',
      affiliate_links_enabled: true,
      status: 'active',
      currency: 'USD',
      default_referral_parameter: 'ref',
      plan: { tier: null, postbacks: false, groups_limit: null },
      created_at: expect.stringMatching(MOMENT),
      updated_at: expect.stringMatching(MOMENT),
    });
  });

  test('shows its payment terms: nothing pays by default', async () => {
    expect(await get('/payment-terms')).toEqual({
      commission_type: 'percentage',
      commission_rate: 0,
      commission_duration: 'lifetime',
      commissions_limit: null,
      commissions_hold_days: null,
      payment_threshold: 0,
      payment_frequency: 'monthly',
      payment_methods: [],
      custom_payment_terms: null,
      auto_payout: false,
      invoice_rule: 'none',
      invoice_prefix: null,
      require_tax_forms: false,
      owner_company_name: null,
      owner_address_line_1: null,
      owner_address_line_2: null,
      owner_city: null,
      owner_postal_code: null,
      owner_country: null,
      owner_vat_id: null,
      owner_vat_rate: null,
      cookie_lifetime: 60,
    });
  });

  test('shows tracking, restrictions, portal, fraud rules and notifications', async () => {
    expect(await get('/tracking')).toEqual({
      default_referral_parameter: 'ref',
      enabled_referral_parameters: ['ref', 'via'],
      email_tracking_enabled: true,
      name_tracking_enabled: true,
      postbacks_enabled: false,
      append_affonso_id_enabled: false,
      tracking_template_enabled: false,
      tracking_template: null,
      cookie_lifetime: 60,
    });
    const restrictions = await get('/restrictions');
    expect(Object.keys(restrictions)).toHaveLength(11);
    expect(restrictions).toMatchObject({ websites: true, brand_bidding: true, additional_restrictions: null });
    expect(Object.keys(await get('/portal'))).toHaveLength(13);
    const off = ['cross_program_ban', 'duplicate_payout', 'suspicious_email', 'banned_referral', 'paid_traffic'];
    expect(await get('/fraud-rules')).toEqual({
      self_referral_mode: 'detect',
      self_referral: 'detect',
      ...Object.fromEntries(off.map((name) => [`${name}_mode`, 'off'])),
      blocked_country_mode: 'off',
      banned_referral_config: null,
      blocked_country_config: null,
      paid_traffic_config: null,
      duplicate_ip: 'off',
      vpn_proxy: 'off',
      suspicious_conversion: 'off',
    });
    expect(await get('/notifications')).toEqual([]);
  });
});

describe('a change', () => {
  test.each<[string, Fields, Fields]>([
    [
      '',
      { name: 'Acme', tagline: 'Best', access_mode: 'INVITE' },
      { name: 'Acme', tagline: 'Best', access_mode: 'invite' },
    ],
    ['', { tagline: null, name: null }, { tagline: null, name: 'Acme', access_mode: 'invite' }],
    [
      '/tracking',
      { cookie_lifetime: 90, default_referral_parameter: 'via' },
      { cookie_lifetime: 90, default_referral_parameter: 'via' },
    ],
    [
      '/tracking',
      { tracking_template: [{ key: 'ref', value: '{tracking_id}', type: 'macro' }] },
      { tracking_template: [{ key: 'ref', value: '{tracking_id}', type: 'macro' }], cookie_lifetime: 90 },
    ],
    [
      '/restrictions',
      { brand_bidding: false, additional_restrictions: 'no spam' },
      { brand_bidding: false, websites: true, additional_restrictions: 'no spam' },
    ],
    [
      '/portal',
      { primary_color: '#881337', custom_texts: { hello: 'Hi' } },
      { primary_color: '#881337', hide_branding: false, custom_texts: { hello: 'Hi' } },
    ],
    [
      '/fraud-rules',
      { duplicate_payout_mode: 'block', blocked_country_config: { countries: ['XX'] } },
      { duplicate_payout_mode: 'block', blocked_country_config: { countries: ['XX'] }, self_referral_mode: 'detect' },
    ],
    [
      '/payment-terms',
      {
        payment_threshold: 5000,
        payment_frequency: 'weekly',
        auto_payout: true,
        invoice_rule: 'SELF_BILLING',
        owner_country: 'DE',
        owner_vat_rate: 19,
        payment_methods: ['paypal', 'wise'],
      },
      {
        payment_threshold: 5000,
        payment_frequency: 'weekly',
        auto_payout: true,
        invoice_rule: 'self_billing',
        owner_country: 'DE',
        owner_vat_rate: 19,
        payment_methods: ['paypal', 'wise'],
        cookie_lifetime: 90,
      },
    ],
    [
      '/payment-terms',
      { owner_country: null, cookie_lifetime: 30, commission_rate: null },
      { owner_country: null, cookie_lifetime: 30, payment_threshold: 5000 },
    ],
  ])('of /v1/program%s with %j is answered and read again; the rest stays', async (section, body, expected) => {
    const answer = await patch(section, { ...body, unknown: 'ignored' });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject(expected);
    expect(answer.body.data).not.toHaveProperty('unknown');
    expect(await get(section)).toEqual(answer.body.data);
  });

  test('of the click window is what other dialects see, and the referral parameter is the program’s', async () => {
    await patch('/tracking', { cookie_lifetime: 45, default_referral_parameter: 'partner' });
    expect((await get(''))['default_referral_parameter']).toBe('partner');
    expect((await get('/payment-terms'))['cookie_lifetime']).toBe(45);
    const [row] = await site.stage.ask<{ days: number }>(
      'SELECT click_window_days AS days FROM programs WHERE workspace_id = $1 AND is_default',
    );
    expect(row).toEqual({ days: 45 });
  });

  test('of a notification is kept and listed by its kind', async () => {
    const first = await patch('/notifications/new_sale', { is_active: false, custom_subject: 'Sold!' });
    expect(first.body.data).toEqual({
      id: 'new_sale',
      email_type_id: 'new_sale',
      is_active: false,
      custom_subject: 'Sold!',
      custom_body: null,
      type: { name: 'new_sale', description: '', icon: '', is_customizable: true, target_audience: 'affiliate' },
    });
    const second = await patch('/notifications/new_sale', { custom_body: 'You sold.', custom_subject: null });
    expect(second.body.data).toMatchObject({ is_active: false, custom_subject: null, custom_body: 'You sold.' });
    await patch('/notifications/constructor', {});
    expect(await get('/notifications')).toMatchObject([{ id: 'constructor' }, second.body.data]);
    expect((await patch('/notifications/no%20spaces', {})).status).toBe(400);
  });

  test('moves updated_at, and nothing of another workspace', async () => {
    const before = await get('', other);
    site.stage.clock.now += 60_000;
    const { body } = await patch('', { description: 'new' });
    expect(body.data['updated_at']).toBe(new Date(site.stage.clock.now).toISOString());
    expect(await get('', other)).toEqual(before);
  });

  test.each<[string, Fields, string]>([
    ['', { name: '' }, 'name'],
    ['', { name: 5 }, 'name'],
    ['', { access_mode: 'open' }, 'access_mode'],
    ['', { affiliate_links_enabled: 'yes' }, 'affiliate_links_enabled'],
    ['', { tagline: 'x'.repeat(256) }, 'tagline'],
    ['/tracking', { cookie_lifetime: 0 }, 'cookie_lifetime'],
    ['/tracking', { cookie_lifetime: 366 }, 'cookie_lifetime'],
    ['/tracking', { cookie_lifetime: 1.5 }, 'cookie_lifetime'],
    ['/tracking', { enabled_referral_parameters: 'ref' }, 'enabled_referral_parameters'],
    ['/restrictions', { websites: 1 }, 'websites'],
    ['/portal', { custom_texts: [] }, 'custom_texts'],
    ['/fraud-rules', { self_referral_mode: 'warn' }, 'self_referral_mode'],
    ['/fraud-rules', { vpn_proxy: true }, 'vpn_proxy'],
    ['/payment-terms', { payment_threshold: -1 }, 'payment_threshold'],
    ['/payment-terms', { owner_vat_rate: 101 }, 'owner_vat_rate'],
    ['/payment-terms', { commission_rate: -1 }, 'commission_rate'],
    ['/payment-terms', { commission_rate: 101 }, 'commission_rate'],
    ['/payment-terms', { commission_rate: 1.23456 }, 'commission_rate'],
    ['/payment-terms', { commission_type: 'CREDITS', commission_rate: 1 }, 'commission_type'],
    ['/payment-terms', { commission_type: 'fixed', commission_rate: 1.234 }, 'commission_rate'],
    ['/payment-terms', { commission_duration: 'once' }, 'commission_rate'],
    ['/payment-terms', { commission_duration: 'a year' }, 'commission_duration'],
    ['/payment-terms', { commissions_limit: 0 }, 'commissions_limit'],
    ['/payment-terms', { commissions_hold_days: 1.5 }, 'commissions_hold_days'],
    ['/notifications/x', { is_active: 'no' }, 'is_active'],
  ])('of /v1/program%s with %j is refused, and nothing changes', async (section, body, field) => {
    const before = await site.everything();
    const answer = await patch(section, body);
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([400, 'VALIDATION_ERROR', field]);
    expect(await site.everything()).toBe(before);
  });

  test('needs its permission', async () => {
    const sections = ['', '/payment-terms', '/tracking', '/restrictions', '/portal', '/fraud-rules'];
    const { key } = await site.keyFor(true, ['read:program']);
    for (const section of [...sections, '/notifications']) {
      expect((await site.get(`/v1/program${section}`, { key })).status).toBe(200);
      expect((await site.get(`/v1/program${section}`, { key: null })).status).toBe(401);
    }
    for (const section of [...sections, '/notifications/x']) expect((await patch(section, {}, key)).status).toBe(403);
  });
});

describe('what pays by default', () => {
  const sell = async (external: string, more: Fields = {}): Promise<Fields> => {
    const sale = { referral_id: 'ref_1', sale_amount: 100, external_event_id: external, ...more };
    return (await site.post('/v1/conversions', sale)).body.data;
  };
  const terms = async (body: Fields): Promise<Fields> => {
    const answer = await patch('/payment-terms', body);
    expect(answer.status).toBe(200);
    return answer.body.data;
  };

  beforeAll(async () => {
    await site.stage.affiliate('jane');
    await site.stage.referral('ref_1', 'jane');
  });

  test('is an incentive of the program: made, changed in a new version, ended', async () => {
    expect(await terms({ commission_rate: 25 })).toMatchObject({ commission_type: 'percentage', commission_rate: 25 });
    const first = await sell('first');
    expect(first).toMatchObject({ commission_amount: 25, status: 'ready_for_payment' });
    expect(await terms({ commission_type: 'FIXED', commission_rate: 7.5 })).toMatchObject({
      commission_type: 'fixed',
      commission_rate: 7.5,
    });
    const second = await sell('second');
    expect(second).toMatchObject({ commission_amount: 7.5, matched_incentive_id: first['matched_incentive_id'] });
    expect((await site.get(`/v1/commissions/${String(first['id'])}`)).body.data['commission_amount']).toBe(25);
    const incentives = await site.get('/v1/program/incentives');
    expect(incentives.body.data).toMatchObject([{ id: first['matched_incentive_id'], version: 2, name: 'Default' }]);
    expect(await terms({ commission_rate: 0 })).toMatchObject({ commission_rate: 0 });
    expect(await sell('third')).toMatchObject({ commission_amount: 0, matched_incentive_id: null });
  });

  test.each<[Fields, Fields, Fields]>([
    [
      { commission_duration: 'payment_limited', commissions_limit: 12 },
      { commission_duration: 'payment_limited', commissions_limit: 12 },
      { max_payments: 12, max_months: null },
    ],
    [
      { commission_duration: 'time_limited', commissions_limit: 6 },
      { commission_duration: 'time_limited', commissions_limit: 6 },
      { max_payments: null, max_months: 6 },
    ],
    [{ commissions_limit: 3 }, { commission_duration: 'time_limited', commissions_limit: 3 }, { max_months: 3 }],
    [
      { commissions_limit: null },
      { commission_duration: 'lifetime', commissions_limit: null },
      { max_months: null, max_payments: null },
    ],
    [{ commissions_limit: 2 }, { commission_duration: 'payment_limited', commissions_limit: 2 }, { max_payments: 2 }],
    [
      { commission_duration: 'first_month' },
      { commission_duration: 'time_limited', commissions_limit: 1 },
      { max_months: 1 },
    ],
    [
      { commission_duration: 'once' },
      { commission_duration: 'payment_limited', commissions_limit: 1 },
      { max_payments: 1 },
    ],
    [
      { commission_duration: 'custom', commission_duration_value: 4 },
      { commission_duration: 'time_limited', commissions_limit: 4 },
      { max_months: 4 },
    ],
    [
      { commission_duration: 'forever' },
      { commission_duration: 'lifetime', commissions_limit: null },
      { max_months: null },
    ],
  ])('for so long: %j', async (body, shown, incentive) => {
    await terms({ commission_rate: 20 });
    expect(await terms(body)).toMatchObject(shown);
    expect((await site.get('/v1/program/incentives')).body.data).toMatchObject([incentive]);
  });

  test('a limit needs its number', async () => {
    for (const commission_duration of ['time_limited', 'payment_limited', 'custom'])
      expect((await patch('/payment-terms', { commission_duration })).body.error.field).toBe('commissions_limit');
    expect((await patch('/payment-terms', { commission_type: 'FIXED' })).body.error.field).toBe('commission_rate');
  });

  test('the hold is the program’s, also where the incentive had one of its own', async () => {
    await terms({ commission_rate: 20, commission_duration: 'lifetime' });
    expect(await terms({ commissions_hold_days: 14 })).toMatchObject({ commissions_hold_days: 14 });
    expect(await sell('held')).toMatchObject({ hold_period_days: 14, status: 'pending' });
    const [own] = (await site.get('/v1/program/incentives')).body.data as unknown as Fields[];
    await site.send(
      'PUT',
      `/v1/program/incentives/${String(own?.['id'])}`,
      JSON.stringify({ name: 'x', type: 'percentage', amount: 20, hold_period_days: 3 }),
    );
    expect(await get('/payment-terms')).toMatchObject({ commissions_hold_days: 3 });
    expect(await terms({ commissions_hold_days: 7 })).toMatchObject({ commissions_hold_days: 7 });
    expect(await sell('held 2')).toMatchObject({ hold_period_days: 7 });
    expect(await terms({ commissions_hold_days: null })).toMatchObject({ commissions_hold_days: null });
    expect(await sell('free')).toMatchObject({ hold_period_days: null, status: 'ready_for_payment' });
  });
});

describe('whoever buys from themselves', () => {
  const click = async (): Promise<string> =>
    String((await site.post('/v1/clicks', { trackingId: 'self' })).body.data['id']);

  beforeAll(async () => {
    await site.stage.affiliate('self');
    await patch('/payment-terms', { commission_rate: 20 });
  });

  test.each<[string, string, Fields]>([
    ['detect', 'lead', { status: 'pending_manual_approval', commission_amount: 20 }],
    ['off', 'lead', { status: 'ready_for_payment', commission_amount: 20 }],
    ['block', 'rejected', { commission_amount: 0, earning_id: null }],
  ])('%s: signs up as %s', async (mode, status, sale) => {
    const { body } = await patch('/fraud-rules', { self_referral: mode });
    expect(body.data).toMatchObject({ self_referral_mode: mode, self_referral: mode });
    const id = await click();
    const signup = await site.post('/v1/signups', {
      click_id: id,
      email: 'self@partner.example',
      external_user_id: `me ${mode}`,
    });
    expect([signup.status, signup.body.data['status']]).toEqual([201, status]);
    const again = await site.post('/v1/signups', {
      click_id: id,
      email: 'self@partner.example',
      external_user_id: `me ${mode}`,
    });
    expect([again.status, again.body.data['status']]).toEqual([200, status]);
    const sold = await site.post('/v1/conversions', {
      external_user_id: `me ${mode}`,
      sale_amount: 100,
      external_event_id: mode,
    });
    expect(sold.status).toBe(201);
    expect(sold.body.data).toMatchObject(sale);
    await site.send('PUT', `/v1/referrals/${id}`, JSON.stringify({ status: 'canceled' }));
    await site.stage.ask('UPDATE referrals SET email = NULL WHERE workspace_id = $1 AND referral_id = $2', [id]);
  });

  test('and is blocked by newer clients’ word too', async () => {
    expect((await patch('/fraud-rules', { self_referral_mode: 'block' })).body.data['self_referral']).toBe('block');
    expect((await site.get('/v1/program/settings')).body.data['self_referrals']).toBe('block');
    await patch('/fraud-rules', { self_referral_mode: 'detect' });
  });
});

test('e-mails and names that the program does not track are dropped at the sign-up, also from what is kept', async () => {
  await site.stage.affiliate('private');
  await patch('/tracking', { email_tracking_enabled: false, name_tracking_enabled: false });
  const { body } = await site.post('/v1/clicks', { trackingId: 'private' });
  const signup = await site.post('/v1/signups', {
    click_id: body.data['id'],
    email: 'secret@shop.example',
    name: 'Nobody Knows',
  });
  expect(signup.status).toBe(201);
  expect(signup.body.data).toMatchObject({ status: 'lead', email: null, name: null });
  const rows = await site.stage.ask<{ said: string }>(
    `SELECT p::text || r::text AS said FROM payloads p, referrals r WHERE p.workspace_id = $1 AND r.workspace_id = $1`,
  );
  expect(rows.filter(({ said }) => /secret@shop|Nobody Knows/.test(said))).toEqual([]);
  await patch('/tracking', { email_tracking_enabled: true, name_tracking_enabled: true });
});
