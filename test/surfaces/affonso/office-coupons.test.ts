/** `/v1/coupons` (apis.md 2.2): what is taken, what is refused, and from when on a code counts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;
let other: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site, other } = scene);
  await site.stage.affiliate('jane');
  await site.stage.affiliate('bob');
  await other.stage.affiliate('foreign');
});

afterAll(() => scene.close());

const PATH = '/v1/coupons';
const create = (body: unknown): Promise<Answer> => site.post(PATH, body);
const end = (id: unknown, on = site): Promise<Answer> => on.send('DELETE', `${PATH}/${String(id)}`, undefined);

async function bumps(act: () => Promise<unknown>): Promise<bigint> {
  const version = async (): Promise<bigint> =>
    (await site.stage.ask<{ rules_version: bigint }>('SELECT rules_version FROM workspaces WHERE workspace_id = $1'))[0]
      ?.rules_version ?? 0n;
  const before = await version();
  await act();
  return (await version()) - before;
}

describe('giving', () => {
  test('needs an affiliate and a code; everything else is shown and decides nothing', async () => {
    const { status, body } = await create({ affiliate_id: 'jane', code: ' Jane20 ', unknown: 1 });
    expect(status).toBe(201);
    expect(body.data).toEqual({
      id: expect.stringMatching(/^coup_/) as string,
      affiliate_id: 'jane',
      program_id: 'prog_default',
      code: 'Jane20',
      discount_type: null,
      discount_value: null,
      duration: null,
      duration_in_months: null,
      currency: null,
      product_ids: [],
      provider: 'stripe',
      provider_coupon_id: null,
      provider_promo_code_id: null,
      created_at: expect.any(String) as string,
      updated_at: expect.any(String) as string,
    });
    expect((await site.get(`${PATH}/${String(body.data['id'])}`)).body.data).toEqual(body.data);
  });

  test('shows every field as it was sent', async () => {
    const all = {
      affiliate_id: 'bob',
      program_id: 'prog_default',
      code: 'BOB-7.5',
      discount_type: 'fixed',
      discount_value: 7.5,
      duration: 'repeating',
      duration_in_months: 3,
      currency: 'EUR',
      product_ids: ['prod_1'],
      provider: 'paddle',
      provider_coupon_id: 'dsc_1',
      provider_promo_code_id: 'promo_1',
    };
    const { status, body } = await create(all);
    expect(status).toBe(201);
    expect(body.data).toMatchObject(all);
  });

  test('is a new rules version, and so is ending; being refused is none', async () => {
    let id: unknown;
    expect(await bumps(async () => (id = (await create({ affiliate_id: 'jane', code: 'ONCE' })).body.data['id']))).toBe(
      1n,
    );
    expect(await bumps(() => create({ affiliate_id: 'bob', code: 'once' }))).toBe(0n);
    expect(await bumps(() => end(id))).toBe(1n);
    expect(await bumps(() => end(id))).toBe(0n);
  });

  test('a code is one partner’s, without case, until it is ended', async () => {
    const first = await create({ affiliate_id: 'jane', code: 'Taken' });
    const again = await create({ affiliate_id: 'bob', code: 'tAKEN' });
    expect([again.status, again.body.error.code, again.body.error.field]).toEqual([409, 'DUPLICATE_ERROR', 'code']);
    expect((await end(first.body.data['id'])).status).toBe(200);
    expect((await create({ affiliate_id: 'bob', code: 'TAKEN' })).status).toBe(201);
    await other.post(PATH, { affiliate_id: 'foreign', code: 'Mine' });
    expect((await create({ affiliate_id: 'bob', code: 'Mine' })).status).toBe(201);
  });

  test('ten at once with one code are one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => create({ affiliate_id: index % 2 ? 'jane' : 'bob', code: 'RACE' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
  });
});

const BAD: readonly (readonly [string, Record<string, unknown>, number, string])[] = [
  ['no affiliate', { code: 'X' }, 400, 'affiliate_id'],
  ['no code', { affiliate_id: 'jane' }, 400, 'code'],
  ['a blank code', { affiliate_id: 'jane', code: '  ' }, 400, 'code'],
  ['an unknown affiliate', { affiliate_id: 'nobody', code: 'X' }, 404, 'affiliate_id'],
  ['an affiliate of another workspace', { affiliate_id: 'foreign', code: 'X' }, 404, 'affiliate_id'],
  ['another program', { affiliate_id: 'jane', code: 'X', program_id: 'prog_x' }, 400, 'program_id'],
  [
    '101 percent',
    { affiliate_id: 'jane', code: 'X', discount_type: 'percentage', discount_value: 101 },
    400,
    'discount_value',
  ],
  ['a value without a type', { affiliate_id: 'jane', code: 'X', discount_value: 5 }, 400, 'discount_type'],
  ['a type without a value', { affiliate_id: 'jane', code: 'X', discount_type: 'fixed' }, 400, 'discount_value'],
  [
    'fixed without a currency',
    { affiliate_id: 'jane', code: 'X', discount_type: 'fixed', discount_value: 5 },
    400,
    'currency',
  ],
  [
    'half a yen',
    { affiliate_id: 'jane', code: 'X', discount_type: 'fixed', discount_value: 5.5, currency: 'jpy' },
    400,
    'discount_value',
  ],
  ['repeating without months', { affiliate_id: 'jane', code: 'X', duration: 'repeating' }, 400, 'duration_in_months'],
  [
    'months of a single one',
    { affiliate_id: 'jane', code: 'X', duration: 'once', duration_in_months: 2 },
    400,
    'duration_in_months',
  ],
  ['a provider that is none', { affiliate_id: 'jane', code: 'X', provider: 'cash' }, 400, 'provider'],
];

test.each(BAD)('%s is refused and nothing is stored', async (_, body, status, field) => {
  const before = await site.everything();
  const answer = await create(body);
  expect([answer.status, answer.body.error.field]).toEqual([status, field]);
  expect(await site.everything()).toBe(before);
});

describe('reading', () => {
  test('newest first, by affiliate, in pages; ended and foreign ones are not there', async () => {
    const ids: unknown[] = [];
    for (const code of ['L1', 'L2', 'L3']) {
      site.stage.clock.now += 1000;
      ids.unshift((await create({ affiliate_id: 'jane', code })).body.data['id']);
    }
    const page = await site.get(`${PATH}?limit=2&affiliate_id=jane`);
    const shown = page.body.data as unknown as { id: string; affiliate_id: string }[];
    expect(shown.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(page.body['pagination']).toMatchObject({ page: 1, limit: 2, has_next_page: true });
    await end(ids[0]);
    expect((await site.get(`${PATH}/${String(ids[0])}`)).status).toBe(404);
    const all = (await site.get(`${PATH}?limit=200`)).body.data as unknown as { id: string }[];
    expect(all.map(({ id }) => id)).not.toContain(ids[0]);
    expect((await other.get(`${PATH}/${String(ids[1])}`)).status).toBe(404);
    expect((await end(ids[1], other)).status).toBe(404);
    expect((await site.get(`${PATH}?limit=0`)).status).toBe(400);
  });

  test('finds by a part of the code and by program, in the order that is asked for', async () => {
    for (const code of ['FIND-B', 'find-a']) {
      site.stage.clock.now += 1000;
      await create({ affiliate_id: 'jane', code });
    }
    const codes = async (query: string): Promise<unknown> =>
      ((await site.get(`${PATH}?search=FIND&${query}`)).body.data as unknown as { code: string }[]).map(
        ({ code }) => code,
      );
    expect(await codes('')).toEqual(['find-a', 'FIND-B']);
    expect(await codes('sort=createdAt:asc')).toEqual(['FIND-B', 'find-a']);
    expect(await codes('sort=code:asc&program_id=prog_default')).toEqual(['find-a', 'FIND-B']);
    expect(await codes('program_id=prog_nobody')).toEqual([]);
    expect((await site.get(`${PATH}?sort=amount:asc`)).status).toBe(400);
  });

  test('needs its scope', async () => {
    const { key } = await site.keyFor(true, ['read:referrals']);
    for (const answer of [await site.get(PATH, { key }), await site.post(PATH, {}, { key })])
      expect([answer.status, answer.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS']);
  });
});
