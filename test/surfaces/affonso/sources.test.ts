/** `POST /v1/sources/…/events` (apis.md 2.2): Segment's payloads, and sources of one's own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { terms } from '../../support/stage.ts';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;

beforeAll(async () => {
  scene = await openScene({ poolSize: 16 });
  ({ site } = scene);
  await site.stage.affiliate('jane');
  await site.stage.incentive('inc_all', terms('30'));
  await site.stage.incentive('inc_pro', terms('50', { productIds: ['pro'] }));
});

afterAll(() => scene.close());

let made = 0;
const fresh = (word: string): string => `${word}_${(made += 1)}`;

const segment = (body: Record<string, unknown>, source = 'segment'): Promise<Answer> =>
  site.post(`/v1/sources/${source}/events`, body);

/** A click of jane's that a customer and an app user are known by. */
async function known(): Promise<{ id: string; customer: string; user: string }> {
  const click = await site.post('/v1/clicks', { trackingId: 'jane' });
  const id = String(click.body.data['id']);
  const [customer, user] = [fresh('cust'), fresh('user')];
  await site.post('/v1/events', {
    event_name: 'known',
    referral_id: id,
    customer_id: customer,
    external_user_id: user,
  });
  return { id, customer, user };
}

describe('Segment', () => {
  test('a completed order is a conversion: revenue, currency, products, userId and messageId', async () => {
    const { id, customer } = await known();
    const messageId = fresh('msg');
    const body = {
      type: 'track',
      event: 'Order Completed',
      messageId,
      userId: customer,
      timestamp: '2025-06-22T12:00:00.000Z',
      properties: { revenue: 100, currency: 'USD', products: [{ product_id: 'pro' }, { name: 'no id' }] },
      context: { library: { name: 'analytics-node' } },
    };
    const answer = await segment(body);
    expect(answer.status).toBe(201);
    expect(answer.body.data).toMatchObject({
      referral_id: id,
      sale_amount: 100,
      sale_amount_currency: 'USD',
      commission_amount: 50,
      matched_incentive_id: 'inc_pro',
      external_event_id: messageId,
      created_at: '2025-06-22T12:00:00.000Z',
      replayed: false,
    });
    const again = await segment(body);
    expect([again.status, again.body.data]).toEqual([200, { ...answer.body.data, replayed: true }]);
    const told = { referral_id: id, sale_amount: 100, external_event_id: messageId };
    expect((await site.post('/v1/conversions', told)).status).toBe(200);
  });

  test.each([
    ['Order Completed', 'conversion'],
    ['Completed Order', 'conversion'],
    ['purchase', 'conversion'],
    ['qualified_lead', 'lead'],
    ['demo_booked', 'lead'],
    ['trial_started', 'trial'],
    ['KYC Passed', 'milestone'],
  ])('%s is a %s', async (event, type) => {
    const { customer } = await known();
    const properties = type === 'conversion' ? { revenue: 5, currency: 'usd' } : {};
    const { status, body } = await segment({ event, messageId: fresh('msg'), userId: customer, properties });
    expect(status).toBe(201);
    if (type === 'conversion') expect(body.data['id']).toMatch(/^com_/);
    else expect(body.data).toMatchObject({ event_name: event, event_type: type, transaction_id: null });
  });

  test.each([
    [{ revenue: 1, amount: 2, value: 3, total: 4 }, 1],
    [{ amount: 2, value: 3, total: 4 }, 2],
    [{ value: 3, total: 4 }, 3],
    [{ revenue: null, total: '39.95' }, 39.95],
  ])('the amount of %j is %d', async (amounts, expected) => {
    const { customer } = await known();
    const properties = { ...amounts, sale_amount_currency: 'EUR' };
    const { body } = await segment({ event: 'purchase', messageId: fresh('msg'), userId: customer, properties });
    expect(body.data).toMatchObject({ sale_amount: expected, sale_amount_currency: 'EUR' });
  });

  test.each([
    ['properties', 'external_user_id'],
    ['properties', 'externalUserId'],
    ['context.traits', 'external_user_id'],
    ['context.traits', 'externalUserId'],
  ])('an app user is read where it is said so: %s.%s', async (where, name) => {
    const { id, user } = await known();
    const said = where === 'properties' ? { properties: { [name]: user } } : { context: { traits: { [name]: user } } };
    const { status, body } = await segment({ event: 'seen', messageId: fresh('msg'), ...said });
    expect([status, body.data['referral_id']]).toEqual([201, id]);
  });

  test('a referral or click id among the properties binds who is named beside it', async () => {
    const click = await site.post('/v1/clicks', { trackingId: 'jane' });
    const id = String(click.body.data['id']);
    const customer = fresh('cust');
    const properties = { affonso_referral: id };
    const first = await segment({ event: 'qualified_lead', messageId: fresh('msg'), userId: customer, properties });
    expect(first.body.data).toMatchObject({ referral_id: id, referral_status: 'lead' });
    const later = await segment({ event: 'trial_started', messageId: fresh('msg'), userId: customer });
    expect(later.body.data).toMatchObject({ referral_id: id, referral_status: 'trialing' });
  });

  test('identify is a lead whose traits say who it is', async () => {
    const { id, customer } = await known();
    const user = fresh('user');
    const { status, body } = await segment({
      type: 'identify',
      messageId: fresh('msg'),
      userId: customer,
      traits: { externalUserId: user, email: 'buyer@shop.example', plan: 'pro' },
    });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({ referral_id: id, event_name: 'identify', event_type: 'lead' });
    const later = await site.post('/v1/events', { event_name: 'later', external_user_id: user });
    expect(later.body.data['referral_id']).toBe(id);
  });

  test.each([
    ['page', { type: 'page' }, 'type', /^Only Segment track payloads are supported/],
    ['group', { type: 'group', event: 'x' }, 'type', /this one is group/],
    ['no messageId', { event: 'x', userId: 'c' }, 'messageId', /^messageId is needed/],
    ['no event', { messageId: 'm', userId: 'c' }, 'event', /^event is needed/],
    ['nobody', { event: 'x', messageId: 'm', anonymousId: 'a' }, 'userId', /require either userId or an explicit/],
    ['no revenue', { event: 'purchase', messageId: 'm', userId: 'c' }, 'properties', /^properties.revenue is needed/],
    [
      'revenue in words',
      { event: 'purchase', messageId: 'm', userId: 'c', properties: { revenue: 'much', currency: 'USD' } },
      'properties',
      /^properties.revenue must be a number/,
    ],
    [
      'no currency',
      { event: 'purchase', messageId: 'm', userId: 'c', properties: { revenue: 1 } },
      'properties',
      /^properties.currency is needed/,
    ],
    ['a time in words', { event: 'x', messageId: 'm', userId: 'c', timestamp: 'now' }, 'timestamp', /^timestamp must/],
    [
      'a day that does not exist',
      { event: 'x', messageId: 'm', userId: 'c', timestamp: '2024-02-31' },
      'timestamp',
      /^timestamp must be an ISO 8601 time that exists/,
    ],
    [
      'a time of such a day',
      { event: 'x', messageId: 'm', userId: 'c', timestamp: '2024-02-31T00:00:00Z' },
      'timestamp',
      /^timestamp must be an ISO 8601 time that exists/,
    ],
    ['properties that are none', { event: 'x', messageId: 'm', userId: 'c', properties: [] }, 'properties', /object/],
  ])('%s is refused in its words', async (_name, body, field, message) => {
    const before = await site.everything();
    for (const source of ['segment', 'segment_webhook']) {
      const answer = await segment(body, source);
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
        400,
        'VALIDATION_ERROR',
        field,
      ]);
      expect(answer.body.error.message).toMatch(message);
    }
    expect(await site.everything()).toBe(before);
  });

  test('who is unknown: 404', async () => {
    const { status, body } = await segment({ event: 'x', messageId: fresh('msg'), userId: 'stranger' });
    expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a source of your own', () => {
  test('sends the fields of an event, and shares its ids', async () => {
    const { id } = await known();
    const body = {
      event_name: 'kyc_passed',
      referral_id: id,
      event_type: 'milestone',
      external_event_id: fresh('evt'),
    };
    const answer = await segment(body, 'custom');
    expect(answer.status).toBe(201);
    expect(answer.body.data).toMatchObject({ event_name: 'kyc_passed', event_type: 'milestone', replayed: false });
    const again = await site.post('/v1/events', body);
    expect([again.status, again.body.data]).toEqual([200, { ...answer.body.data, replayed: true }]);
  });

  test('or payloads like Segment’s', async () => {
    const { id, customer } = await known();
    const body = { type: 'track', event: 'trial_started', messageId: fresh('msg'), userId: customer };
    for (const source of ['rudderstack', 'segment_webhook']) {
      const answer = await segment({ ...body, messageId: fresh('msg') }, source);
      expect(answer.body.data).toMatchObject({ referral_id: id, referral_status: 'trialing' });
    }
  });

  test('is refused by the names it sent', async () => {
    const { status, body } = await segment({ event_name: 'x', event_type: 'sale', occurred_at: 'now' }, 'custom');
    expect([status, body.error.field]).toEqual([400, 'event_type']);
    expect(body.error.details?.map(({ field }) => field)).toEqual(['event_type', 'occurred_at']);
    expect((await segment({ referral_id: 'ref' }, 'custom')).body.error.field).toBe('event_name');
  });

  test('a hundred equal deliveries at once are one event', async () => {
    const { customer } = await known();
    const body = { event: 'demo_booked', messageId: fresh('hundred'), userId: customer };
    const answers = await Promise.all(Array.from({ length: 100 }, () => segment(body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
  });
});
