/** `/v1/program/groups` (apis.md 2.2): groups with names, who is in them, and what pays them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixed, terms } from '../../support/stage.ts';
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

const PATH = '/v1/program/groups';
const make = (body: Fields): Promise<Answer> => site.post(PATH, body);
const send = (method: string, id: string, body: Fields = {}, key = site.live): Promise<Answer> =>
  site.send(method, `${PATH}/${id}`, JSON.stringify(body), { key });
const list = async (query = ''): Promise<readonly Fields[]> =>
  (await site.get(`${PATH}${query}`)).body.data as unknown as readonly Fields[];

async function made(name: string, more: Fields = {}): Promise<string> {
  const { status, body } = await make({ name, ...more });
  expect(status).toBe(201);
  return String(body.data['id']);
}

let people = 0;

async function join(more: Fields = {}): Promise<Fields> {
  people += 1;
  const { body } = await site.post('/v1/affiliates', {
    name: `Partner ${people}`,
    email: `p${people}@x.example`,
    ...more,
  });
  return body.data;
}

test('a group is made, read, changed and deleted as documented', async () => {
  const { status, body } = await make({
    name: 'VIP',
    description: 'The best',
    custom_website_url: 'https://vip.example',
  });
  expect(status).toBe(201);
  expect(body).toEqual({
    success: true,
    data: {
      id: expect.stringMatching(/^grp_/),
      name: 'VIP',
      description: 'The best',
      custom_website_url: 'https://vip.example',
      is_default: false,
      affiliate_count: 0,
      created_at: new Date(site.stage.clock.now).toISOString(),
    },
  });
  const id = String(body.data['id']);
  expect((await site.get(`${PATH}/${id}`)).body.data).toEqual(body.data);
  for (const method of ['PATCH', 'PUT']) {
    const changed = await send(method, id, { description: null, name: `by ${method}` });
    expect(changed.body.data).toEqual({ ...body.data, description: null, name: `by ${method}` });
  }
  expect((await send('PATCH', id, {})).body.data).toMatchObject({
    name: 'by PUT',
    custom_website_url: 'https://vip.example',
  });
  const gone = await send('DELETE', id);
  expect(gone.body).toEqual({ success: true, message: expect.any(String) });
  for (const method of ['PATCH', 'PUT', 'DELETE']) expect((await send(method, id, { name: 'x' })).status).toBe(404);
  expect((await site.get(`${PATH}/${id}`)).body.error.code).toBe('NOT_FOUND');
});

test('an affiliate is put into a group and out of it, and is counted', async () => {
  const id = await made('Movers');
  const affiliate = await join({ group_id: id });
  expect(affiliate['group_id']).toBe(id);
  expect((await site.get(`${PATH}/${id}`)).body.data['affiliate_count']).toBe(1);
  const put = (group: string | null): Promise<Answer> =>
    site.send('PUT', `/v1/affiliates/${String(affiliate['id'])}`, JSON.stringify({ group_id: group }));
  expect((await put(null)).body.data['group_id']).toBeNull();
  expect((await site.get(`${PATH}/${id}`)).body.data['affiliate_count']).toBe(0);
  expect((await put(id)).body.data['group_id']).toBe(id);
  await site.send('DELETE', `/v1/affiliates/${String(affiliate['id'])}`, undefined);
  expect((await site.get(`${PATH}/${id}`)).body.data['affiliate_count']).toBe(0);
});

test('the default group is one at a time, and who joins without a group is in it', async () => {
  expect((await join())['group_id']).toBeNull();
  const first = await made('First', { is_default: true });
  expect((await join())['group_id']).toBe(first);
  const second = await made('Second', { is_default: true });
  expect((await join())['group_id']).toBe(second);
  expect((await join({ group_id: first }))['group_id']).toBe(first);
  const groups = await list();
  expect(groups[0]).toMatchObject({ id: second, is_default: true });
  expect(groups.filter(({ is_default: one }) => one)).toHaveLength(1);
  await send('PATCH', first, { is_default: true });
  expect((await list())[0]).toMatchObject({ id: first, is_default: true });
  await send('PATCH', first, { is_default: false });
  expect((await join())['group_id']).toBeNull();
});

test('a group that is only used is listed by its id, and made by a change', async () => {
  await join({ group_id: 'gold' });
  await site.stage.incentive('inc_silver', terms('10', { groupId: 'silver' }));
  const groups = await list();
  expect(groups.find(({ id }) => id === 'gold')).toMatchObject({ name: 'gold', affiliate_count: 1, is_default: false });
  expect(groups.find(({ id }) => id === 'silver')).toMatchObject({ name: 'silver', affiliate_count: 0 });
  expect((await send('PATCH', 'gold', { name: 'Gold partners' })).body.data).toMatchObject({
    id: 'gold',
    name: 'Gold partners',
  });
  expect((await site.get(`${PATH}/gold`)).body.data).toMatchObject({ name: 'Gold partners', affiliate_count: 1 });
});

test('a group in use stays', async () => {
  await site.stage.settings({ tiers: [{ groupId: 'gold', minSales: 3, minAmount: null, days: null }] });
  await site.stage.incentive('inc_gold', terms('40', { groupId: 'gold' }));
  const answer = await send('DELETE', 'gold');
  expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  expect(answer.body.error.message).toContain('1 affiliate, 1 incentive, 1 tier');
  expect((await site.get(`${PATH}/gold`)).status).toBe(200);
});

describe('expand=incentives', () => {
  test('shows what may pay the group, its own first, in the documented shape', async () => {
    const id = await made('Paid');
    await site.stage.incentive('inc_program', terms('20', { maxMonths: 12, holdPeriodDays: 14 }));
    await site.stage.incentive(
      'inc_paid',
      fixed(750n, { groupId: id, productIds: ['pro'], maxPayments: 3, approvalType: 'manual' }),
    );
    await site.stage.incentive('inc_first', terms('33.3333', { groupId: id, applyTo: 'first' }));
    const affiliate = await join();
    await site.stage.incentive('inc_own', terms('50', { affiliateId: String(affiliate['id']) }));
    const { body } = await site.get(`${PATH}/${id}?expand=incentives`);
    const incentives = body.data['incentives'] as readonly Fields[];
    expect(incentives.map(({ id: one }) => one)).toEqual(['inc_paid', 'inc_first', 'inc_program']);
    expect(incentives[2]).toEqual({
      id: 'inc_program',
      incentive_id: 'inc_program',
      name: 'everything',
      type: 'commission',
      incentive_type: 'commission',
      amount: 20,
      is_percentage: true,
      incentive_length: 'time_limited',
      length_value: 12,
      approval_type: 'hold_period',
      hold_period_days: 14,
      variable_commission: false,
      variable_config: null,
      apply_to: 'all_plans',
      product_ids: [],
    });
    expect(incentives[0]).toMatchObject({
      amount: 7.5,
      is_percentage: false,
      incentive_length: 'payment_limited',
      length_value: 3,
      approval_type: 'manual',
      apply_to: 'specific_plans',
      product_ids: ['pro'],
    });
    expect(incentives[1]).toMatchObject({
      amount: 33.3333,
      incentive_length: 'payment_limited',
      length_value: 1,
      approval_type: 'automatic',
    });
  });

  test('also in lists, by comma or repeated; else there is none', async () => {
    for (const query of [
      '?expand=incentives,multi_level_incentives',
      '?expand=incentives&expand=multi_level_incentives',
    ])
      for (const group of await list(query))
        expect(group).toMatchObject({ incentives: expect.any(Array), multi_level_incentives: [] });
    for (const group of await list()) expect(Object.keys(group)).not.toContain('incentives');
  });
});

test.each<[Fields, string]>([
  [{}, 'name'],
  [{ name: ' ' }, 'name'],
  [{ name: 'x'.repeat(256) }, 'name'],
  [{ name: 'x', is_default: 'yes' }, 'is_default'],
  [{ name: 'x', description: 5 }, 'description'],
  [{ name: 'x', custom_website_url: 'x'.repeat(2001) }, 'custom_website_url'],
])('%j is refused', async (body, field) => {
  const { status, body: said } = await make(body);
  expect([status, said.error.code, said.error.field]).toEqual([400, 'VALIDATION_ERROR', field]);
});

test('groups of another workspace are nowhere to be seen', async () => {
  const id = await made('Mine');
  expect((await other.get(`${PATH}/${id}`)).status).toBe(404);
  expect((await other.get(PATH)).body.data).toEqual([]);
  expect((await other.send('DELETE', `${PATH}/${id}`, undefined)).status).toBe(404);
  expect((await other.send('PATCH', `${PATH}/${id}`, '{"name":"theirs"}')).status).toBe(404);
  expect((await site.get(`${PATH}/${id}`)).body.data['name']).toBe('Mine');
});

test('reading, changing and deleting need their permissions', async () => {
  const { key } = await site.keyFor(true, ['read:program']);
  expect((await site.get(PATH, { key })).status).toBe(200);
  expect((await site.post(PATH, { name: 'x' }, { key })).status).toBe(403);
  for (const method of ['PATCH', 'PUT', 'DELETE']) expect((await send(method, 'gold', {}, key)).status).toBe(403);
});

test('twenty made at once as the default one: one is', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => make({ name: `At once ${index}`, is_default: true })),
  );
  expect(answers.filter(({ status }) => status !== 201 && status !== 503)).toEqual([]);
  expect((await list()).filter(({ is_default: one }) => one)).toHaveLength(1);
});
