/** One call of each of Affonso's operations that succeeds. */
import type { Example, ExampleCall, ExampleStage } from './example.ts';

type Fields = Record<string, unknown>;

const affiliate = ({ site, fresh }: ExampleStage): Promise<string> => site.stage.affiliate(fresh('aff'));

const steadies = new WeakMap<object, Promise<string>>();

/** The same affiliate of the workspace every time, for calls whose refusals name whom they sought. */
function steady(stage: ExampleStage): Promise<string> {
  const found = steadies.get(stage) ?? affiliate(stage);
  steadies.set(stage, found);
  return found;
}

/** A referral nobody bought by yet. */
async function referral(stage: ExampleStage): Promise<string> {
  return stage.site.stage.referral(stage.fresh('ref'), await affiliate(stage));
}

async function click(stage: ExampleStage): Promise<string> {
  const body = { trackingId: await affiliate(stage) };
  return made(await stage.call('POST', { path: '/v1/clicks', body }));
}

function made({ body }: { readonly body: { readonly data: Fields } }): string {
  return String(body.data['id']);
}

const saleBy = (stage: ExampleStage, referralId: string): Fields => ({
  referral_id: referralId,
  customer_id: stage.fresh('cust'),
  external_user_id: stage.fresh('user'),
  sale_amount: 99,
  sale_amount_currency: 'USD',
  product_ids: ['prod_1'],
  price_ids: ['price_monthly_usd'],
  interval: 'monthly',
  is_subscription: true,
  metadata: { plan: 'pro' },
});

/** The id of a sale of its own referral. */
async function sale(stage: ExampleStage): Promise<string> {
  const body = { ...saleBy(stage, await referral(stage)), external_event_id: stage.fresh('order') };
  return made(await stage.call('POST', { path: '/v1/conversions', body }));
}

/** The id of a payout: of a sale that somebody ruled to be on its way. */
async function payout(stage: ExampleStage): Promise<string> {
  const id = await sale(stage);
  await stage.call('PUT', { path: `/v1/commissions/${id}`, body: { status: 'processing_payout' } });
  const { body } = await stage.call('GET', { path: '/v1/payouts?limit=200' });
  for (const one of body.data as unknown as readonly Fields[]) {
    const found = await stage.call('GET', { path: `/v1/payouts/${String(one['id'])}` });
    const [paid] = found.body.data['transactions'] as readonly { commission: Fields }[];
    if (paid?.commission['id'] === id) return String(one['id']);
  }
  throw new Error('what was ruled to be on its way is no payout');
}

async function coupon(stage: ExampleStage): Promise<string> {
  const body = { affiliate_id: await affiliate(stage), code: stage.fresh('CODE') };
  return made(await stage.call('POST', { path: '/v1/coupons', body }));
}

async function group(stage: ExampleStage): Promise<string> {
  return made(await stage.call('POST', { path: '/v1/program/groups', body: { name: stage.fresh('Gold') } }));
}

async function creative(stage: ExampleStage): Promise<string> {
  const body = { name: stage.fresh('Banner'), category: 'banner', tags: ['summer'] };
  return made(await stage.call('POST', { path: '/v1/program/creatives', body }));
}

const FORM = '/v1/onboarding-form';

const form = ({ fresh }: ExampleStage): Fields => ({
  name: fresh('Form'),
  description: 'Tell us about you.',
  questions: [
    {
      question: 'Which channels will you use?',
      type: 'multiple_choice',
      is_required: true,
      options: ['Blog', 'Video'],
      order: 0,
    },
    { question: 'Who reads you?', type: 'textarea', order: 1 },
  ],
});

/** The ids of the questions of the workspace's form, which is made anew when it is not as it was made. */
async function questions(stage: ExampleStage): Promise<readonly string[]> {
  const { status, body } = await stage.call('GET', { path: FORM });
  const asked = (status === 200 ? body.data['questions'] : []) as readonly { id: string; type: string }[];
  if (asked[0]?.type === 'multiple_choice' && asked[1]?.type === 'textarea') return asked.map(({ id }) => id);
  await stage.call('DELETE', { path: FORM });
  await stage.call('POST', { path: FORM, body: form(stage) });
  return questions(stage);
}

async function response(stage: ExampleStage): Promise<{ readonly affiliate: string; readonly body: Fields }> {
  const [channels, readers] = await questions(stage);
  const responses = [
    { question_id: channels, answer: ['Blog'] },
    { question_id: readers, answer: 'Founders.' },
  ];
  return { affiliate: await affiliate(stage), body: { responses, mark_complete: true } };
}

/** The id of an affiliate who answered everything. */
async function responded(stage: ExampleStage): Promise<string> {
  const { affiliate: id, body } = await response(stage);
  await stage.call('POST', { path: `/v1/affiliates/${id}/onboarding-responses`, body });
  return id;
}

/** A call whose path ends with the id of something new, and perhaps with more words. */
function of(
  operation: string,
  make: (stage: ExampleStage) => Promise<string>,
  more: { readonly body?: Fields | ((stage: ExampleStage) => Fields); readonly query?: string } = {},
): Example {
  const [, path = ''] = operation.split(' ');
  return {
    operation,
    status: 200,
    async prepare(stage): Promise<ExampleCall> {
      const at = `${path.replace(':id', await make(stage))}${more.query ?? ''}`;
      if (more.body === undefined) return { path: at };
      return { path: at, body: typeof more.body === 'function' ? more.body(stage) : more.body };
    },
  };
}

/** A call that needs nothing but what the workspace has. */
function plain(operation: string, body?: Fields): Example {
  const [, path = ''] = operation.split(' ');
  return { operation, status: 200, prepare: () => Promise.resolve(body === undefined ? { path } : { path, body }) };
}

/** A list with something in it; `query` is told an id of what was made. */
function list(
  path: string,
  make: (stage: ExampleStage) => Promise<string>,
  query: (id: string, stage: ExampleStage) => string,
): Example {
  return {
    operation: `GET ${path}`,
    status: 200,
    async prepare(stage) {
      return { path: `${path}?${query(await make(stage), stage)}` };
    },
  };
}

const SINCE = '2020-01-01T00:00:00.000Z';

const money: readonly Example[] = [
  {
    operation: 'POST /v1/conversions',
    status: 201,
    async prepare(stage) {
      const body = { ...saleBy(stage, await referral(stage)), external_event_id: stage.fresh('order') };
      return { path: '/v1/conversions', body: { ...body, sales_status: 'complete', created_at: SINCE } };
    },
  },
  of('POST /v1/conversions/:id/refund', sale, {
    body: (stage) => ({
      amount: 49.5,
      currency: 'USD',
      reason: 'requested_by_customer',
      external_event_id: stage.fresh('refund'),
      refunded_at: '2026-01-02T00:00:00.000Z',
    }),
  }),
  of('GET /v1/conversions/:id', sale),
  list('/v1/conversions', sale, () => 'kind=sale&page=1&limit=10'),
  {
    operation: 'POST /v1/events',
    status: 201,
    async prepare(stage) {
      const body = { ...saleBy(stage, await referral(stage)), external_event_id: stage.fresh('event') };
      return {
        path: '/v1/events',
        body: { ...body, event_name: 'subscription_paid', event_type: 'conversion', occurred_at: SINCE },
      };
    },
  },
  {
    operation: 'POST /v1/sources/segment/events',
    status: 201,
    async prepare(stage) {
      const properties = {
        referral_id: await referral(stage),
        revenue: 39.95,
        currency: 'USD',
        price_ids: ['price_1'],
      };
      const body = { type: 'track', event: 'Order Completed', messageId: stage.fresh('message') };
      return {
        path: '/v1/sources/segment/events',
        body: { ...body, userId: stage.fresh('user'), timestamp: SINCE, properties, context: {} },
      };
    },
  },
  {
    operation: 'POST /v1/sources/:source/events',
    status: 201,
    async prepare(stage) {
      const body = { event_name: 'demo_booked', event_type: 'lead', external_event_id: stage.fresh('event') };
      return { path: '/v1/sources/crm/events', body: { ...body, referral_id: await referral(stage) } };
    },
  },
  list(
    '/v1/commissions',
    sale,
    () => `status=ready_for_payment&sort=createdAt:desc&dateFrom=${SINCE}&expand=affiliate`,
  ),
  {
    operation: 'POST /v1/commissions',
    status: 201,
    async prepare(stage) {
      const body = { referral_id: await referral(stage), sale_amount: 99, commission_amount: 29.7, status: 'pending' };
      const money = { sale_amount_currency: 'USD', commission_currency: 'USD', sales_status: 'complete' };
      const more = { payment_intent_id: stage.fresh('pay'), hold_period_days: 14, is_subscription: true };
      return { path: '/v1/commissions', body: { ...body, ...money, ...more, created_at: SINCE } };
    },
  },
  of('GET /v1/commissions/:id', sale, { query: '?expand=referral' }),
  of('PUT /v1/commissions/:id', sale, { body: { status: 'pending_manual_approval' } }),
  of('DELETE /v1/commissions/:id', sale),
  list('/v1/payouts', payout, () => `status=processing&sort=createdAt:desc&dateFrom=${SINCE}&page=1&limit=10`),
  of('GET /v1/payouts/:id', payout),
  of('PUT /v1/payouts/:id', payout, { body: { status: 'completed', paymentMethod: 'manual' } }),
];

/** What a page shows somebody, by a token that was made for it. */
async function embedToken(stage: ExampleStage): Promise<string> {
  const body = { partner: { email: `${stage.fresh('embed')}@partner.example` } };
  const { body: said } = await stage.call('POST', { path: '/v1/embed/token', body });
  return String(said.data['publicToken']);
}

const portal: readonly Example[] = [
  {
    operation: 'POST /v1/embed/token',
    status: 201,
    prepare(stage) {
      const partner = {
        email: `${stage.fresh('embed')}@partner.example`,
        name: 'Ann',
        image: 'https://a.example/a.png',
      };
      const more = { groupId: 'gold', externalUserId: stage.fresh('user'), metadata: { plan: 'pro' } };
      return Promise.resolve({
        path: '/v1/embed/token',
        body: { programId: stage.site.stage.program, partner, ...more },
      });
    },
  },
  list('/v1/embed/data', embedToken, (token) => `token=${token}`),
  {
    operation: 'POST /v1/affiliates/:id/portal-token',
    status: 201,
    async prepare(stage) {
      return { path: `/v1/affiliates/${await affiliate(stage)}/portal-token` };
    },
  },
];

const visits: readonly Example[] = [
  {
    operation: 'POST /v1/clicks',
    status: 201,
    async prepare(stage) {
      const body = { trackingId: await steady(stage), programId: stage.site.stage.program, createdAt: SINCE };
      return { path: '/v1/clicks', body: { ...body, sub1: 'a', referrer: 'https://blog.example/', utmSource: 'blog' } };
    },
  },
  {
    operation: 'POST /v1/track',
    status: 200,
    async prepare(stage) {
      const body = { programId: stage.site.stage.program, trackingId: await affiliate(stage), hasConsent: true };
      return { path: '/v1/track', body: { ...body, utmSource: 'blog', sub1: 'a', gclid: 'x' }, key: 'none' };
    },
  },
  {
    operation: 'POST /v1/signups',
    status: 201,
    async prepare(stage) {
      const name = stage.fresh('buyer');
      const body = { click_id: await click(stage), email: `${name}@x.example`, name };
      return { path: '/v1/signups', body: { ...body, external_user_id: stage.fresh('user') } };
    },
  },
  {
    operation: 'POST /v1/referrals',
    status: 201,
    async prepare(stage) {
      const name = stage.fresh('buyer');
      const body = { affiliate_id: await affiliate(stage), email: `${name}@x.example`, name, status: 'lead' };
      return { path: '/v1/referrals', body: { ...body, customer_id: stage.fresh('cust'), metadata: { from: 'fair' } } };
    },
  },
  list('/v1/referrals', referral, () => `status=lead&order=desc&created_gte=${SINCE}&limit=10&expand=affiliate`),
  of('GET /v1/referrals/:id', referral, { query: '?include=stats' }),
  of('PUT /v1/referrals/:id', referral, { body: { status: 'trialing', name: 'Zoe' } }),
  of('DELETE /v1/referrals/:id', referral),
];

const partners: readonly Example[] = [
  {
    operation: 'POST /v1/affiliates',
    status: 201,
    prepare({ fresh, site }) {
      const name = fresh('zoe');
      const body = { name, email: `${name}@partner.example`, tracking_id: name, program_id: site.stage.program };
      return Promise.resolve({
        path: '/v1/affiliates',
        body: { ...body, country_code: 'NL', payout_method: 'wise', payout_details: { accountNumber: '1' } },
      });
    },
  },
  list('/v1/affiliates', responded, () => 'status=approved&page=1&limit=10&expand=onboardingResponses'),
  of('GET /v1/affiliates/:id', responded, { query: '?expand=onboardingResponses' }),
  of('PUT /v1/affiliates/:id', affiliate, {
    body: { name: 'Zoe', company_name: 'Zoe & Co', onboarding_completed: true },
  }),
  of('GET /v1/affiliates/:id/onboarding-responses', responded),
  {
    operation: 'POST /v1/affiliates/:id/onboarding-responses',
    status: 200,
    async prepare(stage) {
      const { affiliate: id, body } = await response(stage);
      return { path: `/v1/affiliates/${id}/onboarding-responses`, body };
    },
  },
  of('DELETE /v1/affiliates/:id', affiliate),
  {
    operation: 'POST /v1/coupons',
    status: 201,
    async prepare(stage) {
      const body = { affiliate_id: await affiliate(stage), code: stage.fresh('CODE'), duration: 'forever' };
      return { path: '/v1/coupons', body: { ...body, product_ids: ['prod_1'], provider: 'stripe' } };
    },
  },
  list('/v1/coupons', coupon, () => 'page=1&limit=10'),
  of('GET /v1/coupons/:id', coupon),
  of('DELETE /v1/coupons/:id', coupon),
];

const program: readonly Example[] = [
  plain('GET /v1/program'),
  plain('PATCH /v1/program', { name: 'Shop', tagline: 'Tell your friends.', access_mode: 'private' }),
  plain('GET /v1/program/tracking'),
  plain('PATCH /v1/program/tracking', { cookie_lifetime: 60, enabled_referral_parameters: ['ref', 'via'] }),
  plain('GET /v1/program/restrictions'),
  plain('PATCH /v1/program/restrictions', { brand_bidding: false, additional_restrictions: 'No coupon sites.' }),
  plain('GET /v1/program/portal'),
  plain('PATCH /v1/program/portal', {
    primary_color: '#223344',
    show_leaderboard: true,
    custom_texts: { hello: 'Hi' },
  }),
  plain('GET /v1/program/fraud-rules'),
  plain('PATCH /v1/program/fraud-rules', { self_referral_mode: 'detect', blocked_country_mode: 'off' }),
  plain('GET /v1/program/payment-terms'),
  plain('PATCH /v1/program/payment-terms', { commission_rate: 30, payment_threshold: 50, payment_methods: ['wise'] }),
  {
    operation: 'GET /v1/program/notifications',
    status: 200,
    async prepare({ call }) {
      await call('PATCH', { path: '/v1/program/notifications/welcome', body: { is_active: true } });
      return { path: '/v1/program/notifications' };
    },
  },
  {
    operation: 'PATCH /v1/program/notifications/:emailTypeId',
    status: 200,
    prepare: () => {
      const body = { is_active: true, custom_subject: 'Welcome' };
      return Promise.resolve({ path: '/v1/program/notifications/welcome', body });
    },
  },
  {
    operation: 'POST /v1/program/groups',
    status: 201,
    prepare: ({ fresh }) => {
      const body = { name: fresh('Gold'), is_default: false };
      return Promise.resolve({
        path: '/v1/program/groups',
        body: { ...body, custom_website_url: 'https://x.example' },
      });
    },
  },
  {
    operation: 'GET /v1/program/groups',
    status: 200,
    async prepare(stage) {
      await group(stage);
      return { path: '/v1/program/groups?expand=incentives' };
    },
  },
  of('GET /v1/program/groups/:id', group, { query: '?expand=incentives,multi_level_incentives' }),
  of('PATCH /v1/program/groups/:id', group, { body: { name: 'Silver', is_default: false } }),
  of('PUT /v1/program/groups/:id', group, { body: { name: 'Silver', is_default: false } }),
  of('DELETE /v1/program/groups/:id', group),
  {
    operation: 'POST /v1/program/creatives',
    status: 201,
    prepare: ({ fresh }) => {
      const body = { name: fresh('Banner'), category: 'banner', subcategory: 'leaderboard', tags: ['summer', 'sale'] };
      const file = { url: 'https://x.example/728x90.png', dimensions: { width: 728, height: 90 }, content: '<b>x</b>' };
      const more = { description: 'For headers.', usage_notes: 'Above the text.', restrictions: 'Not in e-mails.' };
      return Promise.resolve({ path: '/v1/program/creatives', body: { ...body, ...file, ...more } });
    },
  },
  list('/v1/program/creatives', creative, () => 'category=banner&page=1&limit=10'),
  of('GET /v1/program/creatives/:id', creative),
  of('PATCH /v1/program/creatives/:id', creative, {
    body: { name: 'Autumn', dimensions: { width: 300, height: 250 }, tags: [] },
  }),
  of('DELETE /v1/program/creatives/:id', creative),
  {
    operation: `POST ${FORM}`,
    status: 201,
    async prepare(stage) {
      await stage.call('DELETE', { path: FORM });
      return { path: FORM, body: form(stage) };
    },
  },
  ...['GET', 'DELETE'].map((method) => ({
    operation: `${method} ${FORM}`,
    status: 200,
    async prepare(stage: ExampleStage) {
      await questions(stage);
      return { path: FORM };
    },
  })),
  {
    operation: `PATCH ${FORM}`,
    status: 200,
    async prepare(stage) {
      const [id] = await questions(stage);
      const channels = { question: 'Which channels do you use?', options: ['Blog', 'Video', 'Mail'], order: 0 };
      const known = { ...channels, id, type: 'multiple_choice', is_required: true };
      const added = { question: 'Who reads you?', type: 'textarea', order: 1 };
      return { path: FORM, body: { name: 'What we ask', description: null, questions: [known, added] } };
    },
  },
];

export const examples: readonly Example[] = [...money, ...visits, ...portal, ...partners, ...program];
