/** `POST /v1/events` (apis.md 2.2): sales, leads, trials and milestones, told under one space of ids. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { terms } from '../../support/stage.ts';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene({ poolSize: 16 });
  ({ site, other } = scene);
  const { stage } = site;
  await stage.affiliate('jane');
  await stage.affiliate('max');
  await stage.incentive('inc_all', terms('30'));
});

afterAll(() => scene.close());

const tell = (body: Record<string, unknown>, key?: string): Promise<Answer> =>
  site.post('/v1/events', body, key === undefined ? {} : { key });

let made = 0;

/** A click of jane's, or of whoever is named. */
async function click(trackingId = 'jane'): Promise<string> {
  const { body } = await site.post('/v1/clicks', { trackingId });
  return String(body.data['id']);
}

/** An id that is new in this run. */
const fresh = (word: string): string => `${word} ${(made += 1)}`;

const referral = async (id: string): Promise<Record<string, unknown>> =>
  (await site.get(`/v1/referrals/${id}`)).body.data;

const KEYS = [
  'referral_id',
  'transaction_id',
  'event_name',
  'event_type',
  'external_event_id',
  'action',
  'referral_status',
  'replayed',
  'source_event_id',
];

describe('what is no sale', () => {
  test('a lead, a trial and a milestone are answered as documented, each moving the referral on', async () => {
    const id = await click();
    const said = { click_id: id, customer_id: fresh('cust') };
    const steps = [
      [{ event_name: 'kyc_passed' }, 'milestone', 'lead'],
      [{ event_name: 'signup_completed', event_type: 'lead' }, 'lead', 'lead'],
      [{ event_name: 'trial_started', event_type: 'trial' }, 'trial', 'trialing'],
      [{ event_name: 'activated', event_type: 'milestone' }, 'milestone', 'trialing'],
    ] as const;
    for (const [body, type, status] of steps) {
      const external = fresh('evt');
      const answer = await tell({ ...said, ...body, external_event_id: external });
      expect(answer.status).toBe(201);
      expect(Object.keys(answer.body)).toEqual(['success', 'data']);
      expect(Object.keys(answer.body.data)).toEqual(KEYS);
      expect(answer.body).toEqual({
        success: true,
        data: {
          referral_id: id,
          transaction_id: null,
          event_name: body.event_name,
          event_type: type,
          external_event_id: external,
          action: 'referral_updated',
          referral_status: status,
          replayed: false,
          source_event_id: `affonso:sale:${external}`,
        },
      });
      expect(await referral(id)).toMatchObject({ status, customer_id: said.customer_id });
    }
    const [row] = await site.stage.ask<{ lead_at: Date }>(
      'SELECT lead_at FROM referrals WHERE workspace_id = $1 AND referral_id = $2',
      [id],
    );
    expect(row?.lead_at.getTime()).toBe(site.stage.clock.now);
  });

  test('a customer or app user who was named beside a referral needs no other name later', async () => {
    const id = await click();
    const [customer, user] = [fresh('cust'), fresh('user')];
    await tell({ event_name: 'signed up', event_type: 'lead', referral_id: id, customer_id: customer });
    await tell({ event_name: 'linked', customer_id: customer, external_user_id: user });
    const trial = await tell({ event_name: 'trial_started', event_type: 'trial', external_user_id: user });
    expect(trial.body.data).toMatchObject({ referral_id: id, referral_status: 'trialing' });
    const sale = await site.post('/v1/conversions', {
      external_user_id: user,
      sale_amount: 10,
      external_event_id: fresh('sale'),
    });
    expect(sale.body.data).toMatchObject({ referral_id: id, affiliate_id: 'jane', commission_amount: 3 });
    expect(await referral(id)).toMatchObject({ customer_id: customer, external_user_id: user, status: 'customer' });
  });

  test.each(['affonso_id', 'affonso_referral', 'referralId', 'clickId', 'affonsoId', 'affonsoReferral', 'click_id'])(
    '%s names a referral',
    async (name) => {
      const id = await click();
      const { status, body } = await tell({ event_name: 'reached', [name]: id });
      expect([status, body.data['referral_id']]).toEqual([201, id]);
    },
  );

  test('a referral never goes back: a customer stays one, whoever is rejected or has cancelled stays it', async () => {
    const id = await click();
    await site.post('/v1/conversions', { click_id: id, sale_amount: 5, external_event_id: fresh('sale') });
    const late = await tell({ event_name: 'late', event_type: 'trial', referral_id: id });
    expect(late.body.data['referral_status']).toBe('customer');
    for (const status of ['rejected', 'canceled']) {
      await site.send('PUT', `/v1/referrals/${id}`, JSON.stringify({ status }));
      const answer = await tell({ event_name: 'late', event_type: 'trial', referral_id: id });
      expect([answer.status, answer.body.data['referral_status']]).toEqual([201, status]);
      expect((await referral(id))['status']).toBe(status);
    }
  });

  test('without an id of the caller each is an event of its own', async () => {
    const id = await click();
    const [first, second] = [
      await tell({ event_name: 'again', referral_id: id }),
      await tell({ event_name: 'again', referral_id: id }),
    ];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.body.data['external_event_id']).toBeNull();
    expect(first.body.data['source_event_id']).not.toBe(second.body.data['source_event_id']);
  });

  test('is kept where source_event_id says, and may be replayed from there', async () => {
    const id = await click();
    const { body } = await tell({ event_name: 'kept', referral_id: id, external_event_id: fresh('evt') });
    const kept = String(body.data['source_event_id']);
    const again = await site.post(`/v1/inbox/${encodeURIComponent(kept)}/replay`, {});
    expect(again.body.data).toMatchObject({ id: kept, type: 'affonso.event', state: 'pending' });
    await site.stage.drain();
    const list = await site.get('/v1/inbox?state=done&limit=200');
    expect(list.body.data).toContainEqual(expect.objectContaining({ id: kept, state: 'done' }));
  });
});

describe('a sale', () => {
  test('is answered as a conversion, and is one', async () => {
    const id = await click();
    const external = fresh('inv');
    const answer = await tell({
      event_name: 'invoice_paid',
      event_type: 'conversion',
      referral_id: id,
      sale_amount: 99.0,
      sale_amount_currency: 'USD',
      external_event_id: external,
      occurred_at: '2025-06-22T12:00:00Z',
      interval: 'monthly',
    });
    expect(answer.status).toBe(201);
    const { replayed, source_event_id: kept, ...conversion } = answer.body.data;
    expect([replayed, kept]).toEqual([false, `affonso:sale:${external}`]);
    expect(conversion).toMatchObject({
      referral_id: id,
      sale_amount: 99,
      commission_amount: 29.7,
      external_event_id: external,
      created_at: '2025-06-22T12:00:00.000Z',
    });
    const told = await site.post('/v1/conversions', {
      referral_id: id,
      sale_amount: 99,
      external_event_id: external,
    });
    expect([told.status, told.body.data]).toEqual([200, conversion]);
    const again = await tell({
      event_name: 'whatever',
      event_type: 'conversion',
      referral_id: id,
      sale_amount: 99,
      sale_amount_currency: 'usd',
      external_event_id: external,
    });
    expect([again.status, again.body.data]).toEqual([200, { ...conversion, replayed: true, source_event_id: kept }]);
  });

  const whole = {
    event_name: 'paid',
    event_type: 'conversion',
    sale_amount: 9,
    sale_amount_currency: 'USD',
    external_event_id: 'never stored',
  };
  test.each([
    ['sale_amount', { sale_amount: undefined }],
    ['sale_amount', { sale_amount: null }],
    ['sale_amount', { sale_amount: 0 }],
    ['sale_amount', { sale_amount: '9' }],
    ['sale_amount', { sale_amount: 9.999 }],
    ['sale_amount_currency', { sale_amount_currency: undefined }],
    ['sale_amount_currency', { sale_amount_currency: 'dollars' }],
    ['external_event_id', { external_event_id: undefined }],
    ['external_event_id', { external_event_id: ' ' }],
    ['interval', { interval: 'weekly' }],
    ['interval', { interval: 'monthly', is_subscription: false }],
    ['occurred_at', { occurred_at: '2999-01-01' }],
    ['occurred_at', { occurred_at: 'soon' }],
    ['event_name', { event_name: undefined }],
    ['event_name', { event_name: '' }],
    ['event_type', { event_type: 'sale' }],
    ['metadata', { metadata: [] }],
  ])('without a fitting %s is refused: %j', async (field, more) => {
    const id = await click();
    const before = await site.everything();
    const { status, body } = await tell({ ...whole, referral_id: id, ...more });
    expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', field]);
    expect(body.error.message.startsWith(field)).toBe(true);
    expect(await site.everything()).toBe(before);
  });
});

describe('who is meant', () => {
  test('nobody: 400 with all four names', async () => {
    for (const event_type of ['milestone', 'conversion']) {
      const { status, body } = await tell({ event_name: 'x', event_type });
      expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', 'referral_id']);
      expect(body.error.details?.map(({ field }) => field)).toEqual([
        'referral_id',
        'customer_id',
        'external_user_id',
        'click_id',
      ]);
    }
  });

  test('somebody unknown: 404; two referrals at once: 400; and nothing is kept', async () => {
    const [mine, theirs, customer] = [await click(), await click('max'), fresh('cust')];
    await tell({ event_name: 'x', referral_id: theirs, customer_id: customer });
    const before = await site.everything();
    for (const body of [
      { referral_id: 'ref_nobody' },
      { click_id: 'ref_nobody', customer_id: customer },
      { customer_id: 'cust_nobody' },
      { external_user_id: 'user_nobody' },
    ]) {
      const { status, body: said } = await tell({ event_name: 'x', external_event_id: 'unknown', ...body });
      expect([status, said.error.code]).toEqual([404, 'NOT_FOUND']);
    }
    for (const [body, field] of [
      [{ referral_id: mine, customer_id: customer }, 'customer_id'],
      [{ referral_id: mine, affonsoId: theirs }, 'affonsoId'],
    ] as const) {
      const { status, body: said } = await tell({ event_name: 'x', external_event_id: 'both', ...body });
      expect([status, said.error.code, said.error.field]).toEqual([400, 'VALIDATION_ERROR', field]);
    }
    expect(await site.everything()).toBe(before);
  });

  test('a referral of another workspace is nobody', async () => {
    const id = await click();
    const { status } = await other.post('/v1/events', { event_name: 'x', referral_id: id });
    expect(status).toBe(404);
  });

  test('a key without write:commissions may not tell', async () => {
    const { key } = await site.keyFor(true, ['read:commissions', 'write:referrals']);
    const { status, body } = await tell({ event_name: 'x', referral_id: 'ref' }, key);
    expect([status, body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS']);
  });
});

describe('the same id again', () => {
  test('is answered as it was the first time, whatever has become of the referral since', async () => {
    const id = await click();
    const external = fresh('evt');
    const first = await tell({
      event_name: 'signup',
      event_type: 'lead',
      referral_id: id,
      external_event_id: external,
    });
    await tell({ event_name: 'trial', event_type: 'trial', referral_id: id });
    const before = await site.everything();
    const again = await tell({
      event_name: 'other',
      event_type: 'trial',
      customer_id: 'x',
      external_event_id: external,
    });
    expect(again.status).toBe(200);
    expect(again.body.data).toEqual({ ...first.body.data, replayed: true });
    expect(await site.everything()).toBe(before);
  });

  test('as a lead, of what was a sale: the conversion', async () => {
    const id = await click();
    const external = fresh('sale');
    const sale = await site.post('/v1/conversions', { referral_id: id, sale_amount: 7, external_event_id: external });
    const lead = await tell({ event_name: 'lead', event_type: 'lead', referral_id: id, external_event_id: external });
    expect(lead.status).toBe(200);
    expect(lead.body.data).toEqual({
      ...sale.body.data,
      replayed: true,
      source_event_id: `affonso:sale:${external}`,
    });
  });

  test('as a sale, of what was a lead: refused, because the money would vanish', async () => {
    const id = await click();
    const external = fresh('lead');
    await tell({ event_name: 'signup', event_type: 'lead', referral_id: id, external_event_id: external });
    const before = await site.everything();
    const sale = { referral_id: id, sale_amount: 7, sale_amount_currency: 'USD', external_event_id: external };
    for (const answer of [
      await site.post('/v1/conversions', sale),
      await tell({ ...sale, event_name: 'paid', event_type: 'conversion' }),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.body.error).toMatchObject({ code: 'DUPLICATE_ERROR', field: 'external_event_id' });
      expect(answer.body.error.message).toContain('lead event "signup"');
    }
    expect(await site.everything()).toBe(before);
  });

  test('in the test world is another event, and leaves what both worlds share as it is', async () => {
    const id = await click();
    const body = { event_name: 'trial', event_type: 'trial', referral_id: id, external_event_id: fresh('both') };
    const there = await tell(body, site.test);
    expect(there.status).toBe(201);
    expect(there.body.data).toMatchObject({
      referral_status: 'trialing',
      source_event_id: `affonso:test:sale:${body.external_event_id}`,
    });
    const rows = await site.stage.ask<{ status: string }>(
      'SELECT status FROM referrals WHERE workspace_id = $1 AND referral_id = $2',
      [id],
    );
    expect(rows).toEqual([{ status: 'click' }]);
    expect((await tell(body)).status).toBe(201);
    expect((await tell(body, site.test)).status).toBe(200);
  });

  test('a hundred times at once makes one event: one 201, ninety-nine 200', async () => {
    const id = await click();
    const body = { event_name: 'x', event_type: 'trial', referral_id: id, customer_id: fresh('c') };
    const external = fresh('hundred');
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => tell({ ...body, external_event_id: external })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 99 }, () => 200),
      201,
    ]);
    const said = answers.map(({ body: { data } }) => JSON.stringify({ ...data, replayed: false }));
    expect(new Set(said).size).toBe(1);
    const rows = await site.stage.ask('SELECT 1 FROM inbox WHERE workspace_id = $1 AND event_key = $2', [
      `sale:${external}`,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('a hundred sales at once are one sale', async () => {
    const id = await click();
    const body = {
      event_name: 'paid',
      event_type: 'conversion',
      referral_id: id,
      sale_amount: 10,
      sale_amount_currency: 'USD',
      external_event_id: fresh('hundred sales'),
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => tell(body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
    expect(new Set(answers.map(({ body: { data } }) => data['id'])).size).toBe(1);
  });

  test('a hundred times at once as a lead and as a sale: one of both, and never a 500', async () => {
    const id = await click();
    const shared = { referral_id: id, external_event_id: fresh('either') };
    const sale = { ...shared, sale_amount: 3, sale_amount_currency: 'USD' };
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0
          ? tell({ ...shared, event_name: 'lead', event_type: 'lead' })
          : tell({ ...sale, event_name: 'paid', event_type: 'conversion' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => ![200, 201, 409].includes(status))).toEqual([]);
    const rows = await site.stage.ask('SELECT 1 FROM inbox WHERE workspace_id = $1 AND event_key = $2', [
      `sale:${shared.external_event_id}`,
    ]);
    expect(rows).toHaveLength(1);
  });
});
