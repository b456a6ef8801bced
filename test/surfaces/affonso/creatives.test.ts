/** `/v1/program/creatives` (apis.md 2.2): what affiliates are given to advertise with. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDesk } from '../../../src/pipeline/desk/index.ts';
import { translators } from '../../support/stage.ts';
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

const PATH = '/v1/program/creatives';
const make = (body: Fields): Promise<Answer> => site.post(PATH, body);
const send = (method: string, id: string, body: Fields = {}, key = site.live): Promise<Answer> =>
  site.send(method, `${PATH}/${id}`, JSON.stringify(body), { key });

async function made(body: Fields = {}): Promise<string> {
  const answer = await make(body);
  expect(answer.status).toBe(201);
  return String(answer.body.data['id']);
}

const BANNER = {
  name: 'Summer',
  description: 'For headers',
  category: 'banner',
  subcategory: 'leaderboard',
  url: 'https://x.example/728x90.png',
  content: '<b>Buy</b>',
  tags: ['summer', 'sale'],
  dimensions: { width: 728, height: 90 },
  usage_notes: 'On top',
  restrictions: 'Not in e-mails',
};

const EMPTY = {
  name: null,
  description: null,
  category: null,
  subcategory: null,
  url: null,
  content: null,
  tags: [],
  dimensions: null,
  usage_notes: null,
  restrictions: null,
};

describe('a creative', () => {
  test('is made, read, changed and deleted as documented', async () => {
    const { status, body } = await make(BANNER);
    expect(status).toBe(201);
    const at = new Date(site.stage.clock.now).toISOString();
    const id = String(body.data['id']);
    expect(body).toEqual({ success: true, data: { id, ...BANNER, created_at: at, updated_at: at } });
    expect(id).toMatch(/^creative_/);
    expect((await site.get(`${PATH}/${id}`)).body).toEqual(body);

    site.stage.clock.now += 1000;
    const later = new Date(site.stage.clock.now).toISOString();
    const changed = await send('PATCH', id, { name: 'Autumn', dimensions: { width: 300, height: 250 } });
    const autumn = { ...body.data, name: 'Autumn', dimensions: { width: 300, height: 250 }, updated_at: later };
    expect([changed.status, changed.body]).toEqual([200, { success: true, data: autumn }]);

    site.stage.clock.now += 1000;
    expect((await send('PATCH', id, {})).body.data).toEqual(autumn);

    const gone = await send('DELETE', id);
    expect([gone.status, gone.body]).toEqual([200, { success: true, message: expect.any(String) }]);
    for (const method of ['PATCH', 'DELETE', 'GET']) {
      const answer = method === 'GET' ? await site.get(`${PATH}/${id}`) : await send(method, id, { name: 'x' });
      expect([answer.status, answer.body.error.code]).toEqual([404, 'NOT_FOUND']);
      expect(answer.body.error.message).toContain(id);
    }
  });

  test('needs nothing, and null says nothing when it is made', async () => {
    expect((await make({})).body.data).toMatchObject(EMPTY);
    expect((await make({ ...EMPTY, tags: null })).body.data).toMatchObject(EMPTY);
  });

  test('loses by null what may be empty; tags are cleared by an empty list', async () => {
    const id = await made(BANNER);
    expect((await send('PATCH', id, { ...EMPTY, tags: null })).body.data).toMatchObject({
      ...EMPTY,
      tags: BANNER.tags,
    });
    expect((await send('PATCH', id, { tags: [] })).body.data['tags']).toEqual([]);
  });

  test('is of both worlds', async () => {
    const id = await made(BANNER);
    expect((await site.get(`${PATH}/${id}`, { key: site.test })).body.data['name']).toBe('Summer');
  });

  test('keeps every field of two changes at once', async () => {
    const id = await made();
    const names = ['name', 'description', 'subcategory', 'content', 'usage_notes', 'restrictions'];
    await Promise.all(names.map((name) => send('PATCH', id, { [name]: `by ${name}` })));
    const { body } = await site.get(`${PATH}/${id}`);
    expect(body.data).toMatchObject(Object.fromEntries(names.map((name) => [name, `by ${name}`])));
  });
});

describe('the list', () => {
  test('is by page, newest first, and by category', async () => {
    const ids: string[] = [];
    for (const category of ['video', 'document', 'video', 'video']) {
      site.stage.clock.now += 1000;
      ids.push(await made({ category }));
    }
    const of = async (query: string): Promise<[unknown, unknown]> => {
      const { body } = await site.get(`${PATH}?${query}`);
      return [(body.data as unknown as readonly Fields[]).map(({ id }) => id), body['pagination']];
    };
    expect(await of('category=video&limit=2')).toEqual([
      [ids[3], ids[2]],
      { page: 1, limit: 2, total: 3, total_pages: 2, has_next_page: true, has_prev_page: false },
    ]);
    expect(await of('category=video&limit=2&page=2')).toEqual([
      [ids[0]],
      { page: 2, limit: 2, total: 3, total_pages: 2, has_next_page: false, has_prev_page: true },
    ]);
    expect((await of('category=document'))[0]).toEqual([ids[1]]);
    expect((await of('limit=4'))[0]).toEqual(ids.toReversed());
  });

  test('refuses a category that there is not', async () => {
    const { status, body } = await site.get(`${PATH}?category=logo`);
    expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', 'category']);
  });

  test('is the desk’s, without a category', async () => {
    const desk = createDesk(site.stage.work, translators);
    const caller = { workspace: 'default', livemode: true, keyId: 'key', scopes: [] };
    const id = await made({ name: 'Newest', category: 'brand' });
    const { rows, total } = await desk.creatives(caller, { limit: 1, offset: 0 });
    expect(rows).toMatchObject([{ id, name: 'Newest', category: 'brand' }]);
    expect(total).toBeGreaterThan(1);
    expect(await desk.creatives({ ...caller, workspace: 'other' }, { limit: 1, offset: 0 })).toEqual({
      rows: [],
      total: 0,
    });
  });
});

describe('values that do not fit', () => {
  const long = (length: number): string => 'x'.repeat(length);
  const FITS: readonly Fields[] = [
    { name: long(255) },
    { description: long(5000), usage_notes: long(5000), restrictions: long(5000) },
    { subcategory: long(255) },
    { content: long(50_000) },
    { url: `https://x.example/${long(1982)}` },
    { tags: Array.from({ length: 50 }, () => long(100)) },
    { dimensions: { width: 1, height: 100_000 } },
  ];

  test('what just fits is kept as it is', async () => {
    for (const fields of FITS) expect((await make(fields)).body.data).toMatchObject(fields);
  });

  const cases: readonly [Fields, string, string?][] = [
    [{ name: long(256) }, 'name'],
    [{ name: 5 }, 'name'],
    [{ description: long(5001) }, 'description'],
    [{ category: 'logo' }, 'category'],
    [{ category: 'Banner' }, 'category'],
    [{ subcategory: long(256) }, 'subcategory'],
    [{ url: 'banner.png' }, 'url'],
    [{ url: 'javascript:alert(1)' }, 'url'],
    [{ url: 'data:text/html,x' }, 'url'],
    [{ url: 'ftp://x.example/a.png' }, 'url'],
    [{ url: '' }, 'url'],
    [{ url: `https://x.example/${long(1983)}` }, 'url'],
    [{ content: long(50_001) }, 'content'],
    [{ tags: 'summer' }, 'tags'],
    [{ tags: [''] }, 'tags', 'tags.0'],
    [{ tags: ['a', long(101)] }, 'tags', 'tags.1'],
    [{ tags: Array.from({ length: 51 }, () => 'a') }, 'tags'],
    [{ dimensions: '728x90' }, 'dimensions'],
    [{ dimensions: { width: 728 } }, 'dimensions', 'dimensions.height'],
    [{ dimensions: { width: 0, height: 90 } }, 'dimensions', 'dimensions.width'],
    [{ dimensions: { width: 1.5, height: 90 } }, 'dimensions', 'dimensions.width'],
    [{ dimensions: { width: 100_001, height: 90 } }, 'dimensions', 'dimensions.width'],
    [{ usage_notes: long(5001) }, 'usage_notes'],
    [{ restrictions: long(5001) }, 'restrictions'],
  ];

  test.each(cases.map(([body, field, at = field]) => [JSON.stringify(body).slice(0, 60), body, field, at] as const))(
    '%s is refused, made or changed',
    async (_said, body, field, at) => {
      const id = await made(BANNER);
      const before = await site.everything();
      for (const { status, body: said } of [await make(body), await send('PATCH', id, body)]) {
        expect([status, said.error.code, said.error.field]).toEqual([400, 'VALIDATION_ERROR', field]);
        expect(said.error.details?.[0]).toEqual({ field: at, message: expect.stringMatching(/^must/) });
      }
      expect(await site.everything()).toBe(before);
    },
  );
});

test('creatives of another workspace are nowhere to be seen', async () => {
  const id = await made({ name: 'Mine' });
  expect((await other.get(`${PATH}/${id}`)).status).toBe(404);
  expect((await other.get(PATH)).body.data).toEqual([]);
  expect((await other.send('DELETE', `${PATH}/${id}`, undefined)).status).toBe(404);
  expect((await other.send('PATCH', `${PATH}/${id}`, '{"name":"theirs"}')).status).toBe(404);
  expect((await site.get(`${PATH}/${id}`)).body.data['name']).toBe('Mine');
});

test('reading, writing and deleting need their permissions', async () => {
  const id = await made();
  const asked: readonly [string, readonly [string, string, Fields?][]][] = [
    [
      'read:program',
      [
        ['GET', PATH],
        ['GET', `${PATH}/${id}`],
      ],
    ],
    [
      'write:program',
      [
        ['POST', PATH, {}],
        ['PATCH', `${PATH}/${id}`, {}],
      ],
    ],
    ['delete:program', [['DELETE', `${PATH}/${id}`]]],
  ];
  for (const [scope, calls] of asked)
    for (const [method, path, body] of calls) {
      const others = asked.map(([one]) => one).filter((one) => one !== scope);
      const poor = await site.keyFor(true, others);
      const refused = await site.send(method, path, body && JSON.stringify(body), { key: poor.key });
      expect([refused.status, refused.body.error.code]).toEqual([403, 'INSUFFICIENT_PERMISSIONS']);
      const right = await site.keyFor(true, [scope]);
      expect((await site.send(method, path, body && JSON.stringify(body), { key: right.key })).status).toBeLessThan(
        300,
      );
    }
});

test('without a key: 401', async () => {
  const { status, body } = await site.get(PATH, { key: null });
  expect([status, body.error.code]).toEqual([401, 'MISSING_API_KEY']);
});
