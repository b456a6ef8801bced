/** `/v1/exchange_rates`: decimal text in, exact fractions kept, never changed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const PATH = '/v1/exchange_rates';
const RATE = { from: 'EUR', to: 'usd', day: '2026-01-05', rate: '1.0873', source: 'ecb' };
const add = (more: Record<string, unknown> = {}): Promise<Answer> => site.post(PATH, { ...RATE, ...more });

describe('adding', () => {
  test('answers 201 the first time, 200 again, 409 for another rate of a known day', async () => {
    const first = await add();
    expect([first.status, first.body.data]).toEqual([
      201,
      {
        from: 'EUR',
        to: 'USD',
        day: '2026-01-05',
        rate: '1.0873',
        numerator: '10873',
        denominator: '10000',
        source: 'ecb',
        created_at: expect.any(String) as string,
      },
    ]);
    expect((await add()).status).toBe(200);
    expect((await add({ rate: '1.08730' })).status, 'the same rate, written longer').toBe(200);
    const other = await add({ rate: '1.0874' });
    expect([other.status, other.body.error.code, other.body.error.field]).toEqual([409, 'DUPLICATE_ERROR', 'rate']);
    expect((await add({ day: '2026-01-06', rate: '1.0874' })).status).toBe(201);
  });

  test('of twenty different rates at once one is kept', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => add({ from: 'gbp', rate: `1.${index + 10}` })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  test('is exact with many digits', async () => {
    const rate = '0.000041234567890123';
    const { body } = await add({ from: 'vnd', rate });
    expect(body.data).toMatchObject({ numerator: '41234567890123', denominator: '1000000000000000000' });
  });

  test.each([
    ['a number', { rate: 1.0873 }, 'rate'],
    ['nothing', { rate: '0' }, 'rate'],
    ['0.000', { rate: '0.000' }, 'rate'],
    ['a negative rate', { rate: '-1' }, 'rate'],
    ['an exponent', { rate: '1e3' }, 'rate'],
    ['a comma', { rate: '1,08' }, 'rate'],
    ['nineteen decimals', { rate: '0.1234567890123456789' }, 'rate'],
    ['a currency of four letters', { from: 'EURO' }, 'from'],
    ['the same currency', { from: 'usd' }, 'to'],
    ['a day that is none', { day: '2026-02-30' }, 'day'],
    ['a time', { day: '2026-01-05T00:00:00Z' }, 'day'],
    ['no source', { source: '' }, 'source'],
  ])('%s is refused and nothing is stored', async (_, more, field) => {
    const before = await site.everything();
    const answer = await add(more);
    expect([answer.status, answer.body.error.field]).toEqual([400, field]);
    expect(await site.everything()).toBe(before);
  });
});

test('lists newest days first, by currency, in pages', async () => {
  const page = await site.get(`${PATH}?from=eur&to=USD&limit=1`);
  expect(page.body.data).toMatchObject([{ day: '2026-01-06', rate: '1.0874' }]);
  expect(page.body['pagination']).toMatchObject({ total: 2, has_next_page: true });
  expect((await site.get(`${PATH}?from=euro`)).status).toBe(400);
  const { key } = await site.keyFor(true, ['read:referrals']);
  expect((await site.get(PATH, { key })).status).toBe(403);
});
