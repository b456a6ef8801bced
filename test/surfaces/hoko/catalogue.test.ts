/** Links, collections, tags, partners, customers and clicks (apis.md 3.3). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { hoko } from '../../../src/surfaces/hoko/index.ts';
import { native } from '../../../src/surfaces/index.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { translators } from '../../support/stage.ts';
import type { Answer, Asked } from '../../web/site.ts';
import { BROWSER, INVALID, MOMENT, NO_KEY, noScope, openShop, rowsOf, UUID, type Row, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
let other: Shop;
let collectionId: string;

beforeAll(async () => {
  db = await createDatabase({ poolSize: 12 });
  shop = await openShop(db);
  other = await openShop(db, { workspace: 'other' });
  collectionId = (await shop.make('collections', { name: 'First' })).id;
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await shop.site.close();
  await other.site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

const api = (method: string, path: string, body?: unknown, asked?: Asked): Promise<Answer> =>
  shop.api(method, path, body, asked);

const later = (): void => {
  shop.site.stage.clock.now += 1000;
};

const said = ({ status, body }: Answer): unknown[] => [status, body];

/** What each kind takes and answers, to hold all of them to the same rules. */
const KINDS: readonly {
  readonly path: string;
  readonly fields: () => Record<string, unknown>;
  readonly change: Record<string, unknown>;
  readonly needed: readonly string[];
  readonly shape: Record<string, unknown>;
}[] = [
  {
    path: 'collections',
    fields: () => ({ name: 'Marketing Campaigns', description: 'All marketing links' }),
    change: { name: 'Renamed' },
    needed: ['name'],
    shape: {
      name: 'Marketing Campaigns',
      description: 'All marketing links',
      createdAt: expect.stringMatching(MOMENT),
      updatedAt: expect.stringMatching(MOMENT),
    },
  },
  {
    path: 'tags',
    fields: () => ({ name: 'Marketing', color: 'blue' }),
    change: { color: 'green' },
    needed: ['name'],
    shape: { name: 'Marketing', color: 'blue' },
  },
  {
    path: 'partners',
    fields: () => ({ name: 'Partner Name', phone: '+1234567890' }),
    change: { phone: '+49' },
    needed: ['name'],
    shape: {
      name: 'Partner Name',
      email: null,
      phone: '+1234567890',
      createdAt: expect.stringMatching(MOMENT),
      updatedAt: expect.stringMatching(MOMENT),
    },
  },
  {
    path: 'links',
    fields: () => ({ url: 'https://example.com', collectionId }),
    change: { title: 'Changed' },
    needed: ['url', 'collectionId'],
    shape: {
      url: 'https://example.com',
      shortUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/l\/[0-9a-z]{8}$/),
      qrCode: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/qrcode\?text=http%3A%2F%2F/),
      title: null,
      description: null,
      image: null,
      utm: null,
      collectionId: expect.stringMatching(UUID),
      partnerId: null,
      tenantId: null,
      externalId: null,
      createdAt: expect.stringMatching(MOMENT),
      updatedAt: expect.stringMatching(MOMENT),
    },
  },
];

describe.each(KINDS)('$path', ({ path, fields, change, needed, shape }) => {
  test('POST makes a list, 201, in its order', async () => {
    const { status, body } = await api('POST', path, [fields(), { ...fields(), anything: 1, id: 'ignored' }]);
    expect(status).toBe(201);
    expect(body).toEqual([
      { id: expect.stringMatching(UUID), ...shape },
      { id: expect.stringMatching(UUID), ...shape },
    ]);
    const [one, two] = rowsOf({ body } as Answer);
    expect(one?.id).not.toBe(two?.id);
    expect(rowsOf(await api('GET', `${path}?id=${one?.id}`))).toEqual([one]);
  });

  test('GET lists the newest first, or the oldest; take and skip', async () => {
    later();
    const old = rowsOf(await api('POST', path, [fields(), fields()]));
    later();
    const young = rowsOf(await api('POST', path, [fields(), fields()]));
    const ids = ({ body }: Answer) => (body as unknown as Row[]).map(({ id }) => id);
    const made = [...old, ...young].map(({ id }) => id);
    expect(ids(await api('GET', `${path}?take=4`))).toEqual(made.toReversed());
    expect(ids(await api('GET', `${path}?take=2&skip=1&sort=desc`))).toEqual(made.toReversed().slice(1, 3));
    expect(ids(await api('GET', `${path}?take=10000&sort=asc`)).slice(-4)).toEqual(made);
    expect(ids(await api('GET', path)).length).toBeLessThanOrEqual(50);
    expect(await api('GET', `${path}?skip=1000000`)).toMatchObject({ status: 200, text: '[]' });
    expect(await api('GET', `${path}?id=00000000-0000-7000-8000-000000000000`)).toMatchObject({ text: '[]' });
  });

  test.each([
    'take=0',
    'take=10001',
    'take=-1',
    'take=x',
    'take=1&take=2',
    'skip=-1',
    'skip=x',
    'sort=up',
    'id=a&id=b',
  ])('GET ?%s: 400', async (query) => {
    expect(said(await api('GET', `${path}?${query}`))).toEqual([400, INVALID]);
  });

  test('PUT changes what has an id and makes what has none, in the order of the list', async () => {
    const [one, two] = rowsOf(await api('POST', path, [fields(), fields()]));
    later();
    const { status, body } = await api('PUT', path, [{ id: two?.id, ...change }, fields(), { id: one?.id }]);
    expect(status).toBe(200);
    const [changed, made, touched] = body as unknown as Row[];
    const moment = one?.['updatedAt'] === undefined ? {} : { updatedAt: expect.stringMatching(MOMENT) };
    expect(changed).toEqual({ ...two, ...change, ...moment });
    expect(touched).toEqual({ ...one, ...moment });
    expect(made).toEqual({ id: expect.stringMatching(UUID), ...shape });
    if (one?.['updatedAt'] !== undefined) expect(changed?.['updatedAt']).not.toBe(two?.['updatedAt']);
    expect(rowsOf(await api('GET', `${path}?id=${two?.id}`))).toEqual([changed]);
  });

  test('PUT with a null id makes one; nulls of what is needed change nothing', async () => {
    const nulls = Object.fromEntries(needed.map((name) => [name, null]));
    const [made] = rowsOf(await api('PUT', path, [{ id: null, ...fields() }]));
    const [same] = rowsOf(await api('PUT', path, [{ id: made?.id, ...nulls }]));
    expect(same).toMatchObject(Object.fromEntries(needed.map((name) => [name, made?.[name]])));
  });

  test('lists are written whole or not at all', async () => {
    const [known] = rowsOf(await api('POST', path, [fields()]));
    const before = await shop.site.everything();
    const unknown = '00000000-0000-7000-8000-000000000000';
    const wrong: readonly (readonly [string, unknown])[] = [
      ['POST', [fields(), {}]],
      ['POST', [fields(), null]],
      ['POST', fields()],
      ['POST', []],
      ['POST', {}],
      ['POST', undefined],
      [
        'PUT',
        [
          { id: known?.id, ...change },
          { id: unknown, ...change },
        ],
      ],
      ['PUT', [{ id: known?.id, ...change }, {}]],
      [
        'PUT',
        [
          { id: known?.id, ...change },
          { id: known?.id, ...change },
        ],
      ],
      ['PUT', [fields(), { id: 5 }]],
      ['PUT', []],
      ['DELETE', [known?.id, unknown]],
      ['DELETE', [known?.id, 'not an id']],
      ['DELETE', [known?.id, 5]],
      ['DELETE', []],
      ['DELETE', { id: known?.id }],
      ['DELETE', undefined],
      ...needed.map((name) => ['POST', [fields(), { ...fields(), [name]: null }]] as const),
      ...needed.map(
        (name) =>
          [
            'PUT',
            [
              { id: known?.id, ...change },
              { ...fields(), [name]: undefined },
            ],
          ] as const,
      ),
    ];
    for (const [method, body] of wrong)
      expect([method, body, ...said(await api(method, path, body))]).toEqual([method, body, 400, INVALID]);
    expect(await shop.site.everything()).toBe(before);
  });

  test('DELETE hides them and says which; then they are unknown', async () => {
    const [one, two] = rowsOf(await api('POST', path, [fields(), fields()]));
    const { status, body } = await api('DELETE', path, [two?.id, one?.id, two?.id]);
    expect([status, body]).toEqual([200, { deletedIds: [two?.id, one?.id] }]);
    expect((await api('GET', `${path}?id=${one?.id}`)).text).toBe('[]');
    for (const [method, again] of [
      ['DELETE', [one?.id]],
      ['PUT', [{ id: one?.id, ...change }]],
    ] as const)
      expect(said(await api(method, path, again))).toEqual([400, INVALID]);
  });

  test('more than 10,000 are refused', async () => {
    const many = Array.from({ length: 10_001 }, () => 'x');
    expect(said(await api('DELETE', path, many))).toEqual([400, INVALID]);
  });

  test('the key and its permission come first', async () => {
    const poor = (await shop.site.keyFor(true, ['analyticsRead'])).key;
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const broken = method === 'GET' ? undefined : '[{"broken';
      const needs = `${path}${method === 'GET' ? 'Read' : 'Write'}`;
      const send = (key: string | null) => shop.site.send(method, `/api/${path}`, broken, { key });
      for (const key of [null, 'invalid_key']) expect(said(await send(key))).toEqual([401, NO_KEY]);
      expect(said(await send(poor))).toEqual([403, noScope(needs)]);
      const { key: rich } = await shop.site.keyFor(true, [needs]);
      expect((await send(rich)).status).toBe(method === 'GET' ? 200 : 400);
    }
  });

  test('another workspace’s are unknown', async () => {
    const foreignCollection = await other.make('collections', { name: 'Theirs' });
    const theirs = path === 'links' ? { url: 'https://example.com', collectionId: foreignCollection.id } : fields();
    const foreign = await other.make(path, theirs);
    const before = await other.site.everything();
    expect((await api('GET', `${path}?id=${foreign.id}`)).text).toBe('[]');
    expect((await api('GET', `${path}?take=10000`)).text).not.toContain(foreign.id);
    expect(said(await api('PUT', path, [{ id: foreign.id, ...change }]))).toEqual([400, INVALID]);
    expect(said(await api('DELETE', path, [foreign.id]))).toEqual([400, INVALID]);
    expect(await other.site.everything()).toBe(before);
  });

  test('a test key sees and writes the same: they serve both worlds', async () => {
    const [made] = rowsOf(await api('POST', path, [fields()], { key: shop.site.test }));
    expect(rowsOf(await api('GET', `${path}?id=${made?.id}`))).toEqual([made]);
  });
});

describe('links', () => {
  const utm = { source: 'news', medium: 'mail', campaign: 'spring', term: 't', content: 'c', referral: 'r' };
  const full = () => ({
    url: 'https://example.com/a?b=c#d',
    collectionId,
    title: 'Title',
    description: 'Description',
    image: 'https://example.com/i.png',
    utm,
    tenantId: 'tenant_456',
  });

  test('keep everything that is documented', async () => {
    const { id: partnerId } = await shop.make('partners', { name: 'Whose' });
    const fields = { ...full(), partnerId, externalId: 'everything' };
    const made = await shop.make('links', fields);
    expect(made).toMatchObject(fields);
    for (const query of [`partnerId=${partnerId}`, 'externalId=everything', `tenantId=tenant_456&id=${made.id}`])
      expect(rowsOf(await api('GET', `links?${query}`))).toEqual([made]);
    expect((await api('GET', 'links?tenantId=nobody')).text).toBe('[]');
  });

  test('change field by field; of utm only the names that are sent; null clears', async () => {
    const { id } = await shop.make('links', { ...full(), externalId: 'field by field' });
    const put = async (fields: unknown) => rowsOf(await api('PUT', 'links', [{ id, ...(fields as object) }]))[0];
    expect(await put({ utm: { source: 'web', term: null } })).toMatchObject({
      title: 'Title',
      utm: { source: 'web', medium: 'mail', campaign: 'spring', content: 'c', referral: 'r' },
    });
    const bare = { title: null, description: null, image: null, utm: null, tenantId: null, externalId: null };
    expect(await put(bare)).toMatchObject({ ...bare, url: full().url, collectionId });
    expect(await put({ utm: { source: null } })).toMatchObject({ utm: null });
    expect(await put({ title: '', url: 'https://example.com/new' })).toMatchObject({
      title: null,
      url: 'https://example.com/new',
    });
  });

  test('an externalId is unique among the links in use', async () => {
    const one = await shop.make('links', { ...full(), externalId: 'once' });
    const before = await shop.site.everything();
    const taken = { ...full(), externalId: 'once' };
    const twice = { ...full(), externalId: 'both' };
    const two = await shop.make('links', full());
    for (const [method, body] of [
      ['POST', [full(), taken]],
      ['POST', [twice, twice]],
      ['PUT', [{ id: two.id, externalId: 'once' }]],
    ] as const) {
      const answer = await api(method, 'links', body);
      expect(said(answer)).toEqual([400, INVALID]);
      expect(answer.headers.get('x-error-reason')).toContain('externalId');
    }
    expect(await shop.count('links', `external_id = 'both'`)).toBe(0);
    await api('DELETE', 'links', [two.id]);
    expect(await shop.site.everything()).not.toBe(before);
    await api('DELETE', 'links', [one.id]);
    expect((await api('POST', 'links', [taken])).status).toBe(201);
  });

  test('change places with their externalIds, or give them to a new one, within one list', async () => {
    const [one, two, three] = rowsOf(
      await api(
        'POST',
        'links',
        ['place 1', 'place 2', 'place 3'].map((externalId) => ({ ...full(), externalId })),
      ),
    );
    const put = async (list: unknown) => {
      const answer = await api('PUT', 'links', list);
      return [answer.status, answer.status === 200 ? rowsOf(answer).map((row) => row['externalId']) : null];
    };
    const swapped = [
      { id: one?.id, externalId: 'place 2' },
      { id: two?.id, externalId: 'place 1' },
    ];
    expect(await put(swapped)).toEqual([200, ['place 2', 'place 1']]);
    const passed = [
      { id: one?.id, externalId: 'place 1' },
      { id: two?.id, externalId: null },
    ];
    expect(await put(passed)).toEqual([200, ['place 1', null]]);
    const given = [
      { ...full(), externalId: 'place 1' },
      { id: one?.id, externalId: null },
    ];
    expect(await put(given)).toEqual([200, ['place 1', null]]);
    const before = await shop.site.everything();
    const taken = [
      { id: one?.id, externalId: 'place 3' },
      { id: two?.id, externalId: 'place 4' },
    ];
    expect(await put(taken)).toEqual([400, null]);
    expect(await put(taken.map((row) => ({ ...row, externalId: 'place 5' })))).toEqual([400, null]);
    expect(await shop.site.everything()).toBe(before);
    expect(rowsOf(await api('GET', `links?id=${three?.id}`))).toEqual([three]);
  });

  test('whose lists pass their externalIds around at once never wait for each other', async () => {
    const name = (n: number): string => `around ${n % 6}`;
    const made = await api(
      'POST',
      'links',
      Array.from({ length: 6 }, (_, n) => ({ ...full(), externalId: name(n) })),
    );
    const ids = rowsOf(made).map(({ id }) => id);
    const lists = Array.from({ length: 60 }, (_, n) => [
      { id: ids[n % 6], externalId: name(n + 3) },
      { id: ids[(n * 5 + 1) % 6], externalId: null },
    ]);
    const answers = await Promise.all(lists.map((list) => api('PUT', 'links', list)));
    expect(answers.filter(({ status }) => status !== 200 && status !== 400)).toEqual([]);
    const left = rowsOf(await api('GET', 'links?take=10000')).map((row) => row['externalId']);
    const around = left.filter((externalId) => String(externalId).startsWith('around'));
    expect(new Set(around).size).toBe(around.length);
  });

  test.each([
    ['a collection that is unknown', { collectionId: '00000000-0000-7000-8000-000000000000' }],
    ['a partner who is unknown', { partnerId: '00000000-0000-7000-8000-000000000000' }],
    ['no URL', { url: 'example.com' }],
    ['a script', { url: 'javascript:alert(1)' }],
    ['a file', { url: 'file:///etc/passwd' }],
    ['a mail address', { url: 'mailto:a@b.example' }],
    ['data', { url: 'data:text/html,<script>alert(1)</script>' }],
    ['a URL without a host', { url: 'https://' }],
    ['a URL with a line in it', { url: 'https://example.com/\r\nSet-Cookie: a=b' }],
    ['a URL of 2001 characters', { url: `https://example.com/${'x'.repeat(1981)}` }],
    ['an image that is none', { image: 'i.png' }],
    ['a title that is a number', { title: 5 }],
    ['a utm that is text', { utm: 'news' }],
    ['a utm of numbers', { utm: { source: 1 } }],
    ['an externalId of 256 characters', { externalId: 'x'.repeat(256) }],
  ])('with %s are refused, made or changed', async (_name, wrong) => {
    const { id } = await shop.make('links', full());
    const before = await shop.site.everything();
    expect(said(await api('POST', 'links', [{ ...full(), ...wrong }]))).toEqual([400, INVALID]);
    expect(said(await api('PUT', 'links', [{ id, ...wrong }]))).toEqual([400, INVALID]);
    expect(await shop.site.everything()).toBe(before);
  });

  test('in a deleted collection stay, and none can be put there', async () => {
    const gone = await shop.make('collections', { name: 'Gone' });
    const link = await shop.make('links', { ...full(), collectionId: gone.id });
    await api('DELETE', 'collections', [gone.id]);
    expect(rowsOf(await api('GET', `links?id=${link.id}`))).toEqual([link]);
    expect(said(await api('POST', 'links', [{ ...full(), collectionId: gone.id }]))).toEqual([400, INVALID]);
    const other = await shop.make('links', full());
    expect(said(await api('PUT', 'links', [{ id: other.id, collectionId: gone.id }]))).toEqual([400, INVALID]);
  });

  test('can be put back as they are, also when their collection and their partner are gone', async () => {
    const gone = await shop.make('collections', { name: 'Gone' });
    const partner = await shop.make('partners', { name: 'Gone' });
    const link = await shop.make('links', { ...full(), collectionId: gone.id, partnerId: partner.id });
    await api('DELETE', 'collections', [gone.id]);
    await api('DELETE', 'partners', [partner.id]);
    const back = await api('PUT', 'links', [{ ...link, title: 'New' }]);
    expect([back.status, rowsOf(back)[0]]).toEqual([
      200,
      { ...link, title: 'New', updatedAt: expect.stringMatching(MOMENT) },
    ]);
    const other = await shop.make('links', full());
    expect(said(await api('PUT', 'links', [{ id: other.id, partnerId: partner.id }]))).toEqual([400, INVALID]);
  });

  test('of other dialects are listed when they lead to a page; nothing but a page is kept', async () => {
    const { key } = await shop.site.keyFor(
      true,
      ['*'],
      'default',
      (await import('../../../src/surfaces/affixo/index.ts')).affixo.keys,
    );
    const partner = await shop.make('partners', { name: 'Of Affixo' });
    const link = { affiliate_id: partner.id, ref_param: 'Odd code/é' };
    const made = await shop.site.post(
      '/affixo/v1/links',
      { ...link, destination_url: 'https://shop.example/x' },
      { key },
    );
    await shop.site.post('/affixo/v1/links', link, { key });
    const rows = rowsOf(await api('GET', `links?partnerId=${partner.id}`));
    expect(rows).toEqual([
      expect.objectContaining({
        id: made.body.data['id'],
        url: 'https://shop.example/x',
        collectionId: null,
        shortUrl: `${shop.site.url}/l/Odd%20code%2F%C3%A9`,
      }),
    ]);
    expect(await shop.visit(rows[0] as unknown as { shortUrl: string })).toMatch(/^ref_/);
    for (const destination_url of ['javascript:alert(1)', 'shop.example']) {
      const refused = await shop.site.post('/affixo/v1/links', { ...link, destination_url }, { key });
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_destination_url']);
    }
    const sneak = shop.site.stage.ask(
      `UPDATE links SET destination_url = 'javascript:alert(1)' WHERE workspace_id = $1`,
    );
    await expect(sneak).rejects.toThrow('links_destination_check');
  });

  test('are named by the public URL, and by their workspace where it is not the default', async () => {
    const public_ = await openShop(db, { workspace: 'named', publicUrl: 'https://go.example.com/x' });
    const link = await public_.link();
    expect(link.shortUrl).toMatch(/^https:\/\/go\.example\.com\/x\/l\/named\/[0-9a-z]{8}$/);
    expect(link['qrCode']).toContain(
      `https://go.example.com/x/qrcode?text=${encodeURIComponent(link.shortUrl)}%3Fqr%3D1&`,
    );
    await public_.site.close();
  });

  test('changed by two lists at once are never a deadlock', async () => {
    const made = rowsOf(await api('POST', 'links', Array.from({ length: 50 }, full))).map(({ id }) => id);
    const list = (ids: string[], title: string) =>
      api(
        'PUT',
        'links',
        ids.map((id) => ({ id, title })),
      );
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => list(n % 2 === 0 ? made : made.toReversed(), `t${n}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const titles = rowsOf(await api('GET', 'links?take=50')).map(({ title }) => title);
    expect(new Set(titles).size).toBe(1);
  });
});

describe('partners', () => {
  test('are affiliates who may earn from the first moment on', async () => {
    const partner = await shop.make('partners', { name: 'Zoë’s Shop', email: 'Zoe@Partner.example', phone: '1' });
    const { key } = await shop.site.keyFor(true, ['*'], 'default', native.keys);
    const found = await shop.site.get('/v1/affiliates?search=zoe@partner.example', { key });
    const [affiliate] = found.body.data as unknown as Record<string, unknown>[];
    expect(affiliate).toMatchObject({ name: 'Zoë’s Shop', email: 'Zoe@Partner.example' });
    expect(String(affiliate?.['tracking_id'])).toMatch(/^zoes-shop-/);
    const link = await shop.link({ partnerId: partner.id });
    const sale = { customerExternalId: 'of zoe', customerName: 'Z', amount: 1000, clickId: await shop.visit(link) };
    await shop.track('sale', sale);
    expect(await shop.payable('Zoë’s Shop')).toBe(300n);
  });

  test('an e-mail that one gives up a new one may have, in the same list', async () => {
    const { id } = await shop.make('partners', { name: 'Gives', email: 'given@partner.example' });
    const given = [
      { name: 'Gets', email: 'given@partner.example' },
      { id, email: null },
    ];
    const answer = await api('PUT', 'partners', given);
    expect([answer.status, rowsOf(answer).map(({ email }) => email)]).toEqual([200, ['given@partner.example', null]]);
  });

  test('an e-mail is of one partner; null takes it away', async () => {
    const one = await shop.make('partners', { name: 'One', email: 'one@partner.example' });
    const two = await shop.make('partners', { name: 'Two' });
    const before = await shop.site.everything();
    for (const [method, body] of [
      ['POST', [{ name: 'Three' }, { name: 'Four', email: 'ONE@partner.example' }]],
      [
        'POST',
        [
          { name: 'Five', email: 'f@partner.example' },
          { name: 'Six', email: 'F@partner.example' },
        ],
      ],
      ['PUT', [{ id: two.id, email: 'one@partner.example' }]],
      ['PUT', [{ id: two.id, email: 'none' }]],
    ] as const)
      expect(said(await api(method, 'partners', body))).toEqual([400, INVALID]);
    expect(await shop.site.everything()).toBe(before);
    const cleared = await api('PUT', 'partners', [
      { id: one.id, email: null, phone: null },
      { id: two.id, name: 'Two B' },
    ]);
    expect(rowsOf(cleared)).toMatchObject([{ email: null, phone: null }, { name: 'Two B' }]);
    expect((await api('PUT', 'partners', [{ id: two.id, email: 'one@partner.example' }])).status).toBe(200);
  });

  test('who change their e-mail buy for themselves with the new one from then on', async () => {
    const partner = await shop.make('partners', { name: 'Self', email: 'old@partner.example' });
    const link = await shop.link({ partnerId: partner.id });
    const buy = async (customerEmail: string, customerExternalId: string) =>
      shop.track('sale', {
        customerExternalId,
        customerName: 'S',
        customerEmail,
        amount: 1000,
        clickId: await shop.visit(link),
      });
    await buy('new@partner.example', 'self 1');
    await api('PUT', 'partners', [{ id: partner.id, email: 'new@partner.example' }]);
    await buy('new@partner.example', 'self 2');
    expect(await shop.site.stage.balance(await shop.affiliateOf('Self'))).toMatchObject({
      payable: 300n,
      review: 300n,
    });
  });

  test('who are deleted earn no more, and keep what they earned', async () => {
    const partner = await shop.make('partners', { name: 'Leaving' });
    const link = await shop.link({ partnerId: partner.id });
    const buy = async (customerExternalId: string) =>
      shop.track('sale', { customerExternalId, customerName: 'L', amount: 1000, clickId: await shop.visit(link) });
    await buy('leaving 1');
    expect((await api('DELETE', 'partners', [partner.id])).status).toBe(200);
    expect((await buy('leaving 2')).status).toBe(201);
    expect(await shop.payable('Leaving')).toBe(300n);
    expect(
      said(await api('POST', 'links', [{ url: 'https://a.example', collectionId, partnerId: partner.id }])),
    ).toEqual([400, INVALID]);
  });
});

describe('tags', () => {
  test('are slate when no color is given, and of no other color than documented', async () => {
    expect(await shop.make('tags', { name: 'Plain', color: null })).toMatchObject({ color: 'slate' });
    expect(said(await api('POST', 'tags', [{ name: 'Odd', color: 'black' }]))).toEqual([400, INVALID]);
  });
});

describe('many at a time', () => {
  // Short enough for the limit of a body, which is 1 MiB.
  const many = <T>(make: (n: number) => T): T[] => Array.from({ length: 10_000 }, (_, n) => make(n));

  test('10,000 links are made, changed and deleted by a list each', async () => {
    const made = await api(
      'POST',
      'links',
      many((n) => ({ url: `https://a.b/${n}`, collectionId: collectionId })),
    );
    expect(made.status).toBe(201);
    const rows = rowsOf(made);
    expect(rows).toHaveLength(10_000);
    expect(rows.map(({ url }) => url)).toEqual(many((n) => `https://a.b/${n}`));
    expect(new Set(rows.map(({ shortUrl }) => shortUrl)).size).toBe(10_000);
    const changed = await api(
      'PUT',
      'links',
      rows.map(({ id }, n) => ({ id, title: `t${n}` })),
    );
    expect(changed.status).toBe(200);
    expect(rowsOf(changed).map(({ title }) => title)).toEqual(many((n) => `t${n}`));
    const list = await api('GET', 'links?take=10000&sort=desc');
    expect(rowsOf(list).map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toReversed());
    const deleted = await api(
      'DELETE',
      'links',
      rows.map(({ id }) => id),
    );
    expect(deleted.body).toEqual({ deletedIds: rows.map(({ id }) => id) });
  });

  test.each([
    ['collections', (n: number) => ({ name: `c${n}` })],
    ['tags', (n: number) => ({ name: `t${n}` })],
    ['partners', (n: number) => ({ name: `p`, email: `p${n}@many.example` })],
  ])('10,000 %s', async (path, fields) => {
    const made = await api('POST', path, many(fields));
    expect([made.status, rowsOf(made).length]).toEqual([201, 10_000]);
    const changed = await api(
      'PUT',
      path,
      rowsOf(made).map(({ id }) => ({ id, name: 'changed' })),
    );
    expect([changed.status, new Set(rowsOf(changed).map(({ name }) => name))]).toEqual([200, new Set(['changed'])]);
    const deleted = await api(
      'DELETE',
      path,
      rowsOf(made).map(({ id }) => id),
    );
    expect(deleted.status).toBe(200);
  });

  test('a body over the limit is 413', async () => {
    const answer = await api(
      'POST',
      'tags',
      many(() => ({ name: 'x'.repeat(200) })),
    );
    expect([answer.status, Object.keys(answer.body)]).toEqual([413, ['error']]);
  });
});

describe('customers', () => {
  let link: Row & { shortUrl: string };

  beforeAll(async () => {
    link = await shop.link();
    for (const n of [1, 2, 3]) {
      later();
      const who = { customerExternalId: `listed ${n}`, customerName: `N${n}`, customerEmail: `n${n}@buyer.example` };
      await shop.track('lead', { ...who, clickId: await shop.visit(link), eventName: 'One' });
    }
  });

  test('are listed as documented', async () => {
    const rows = rowsOf(await api('GET', 'customers?take=3'));
    expect(rows.map(({ externalId }) => externalId)).toEqual(['listed 3', 'listed 2', 'listed 1']);
    expect(rows[0]).toEqual({
      id: expect.stringMatching(UUID),
      externalId: 'listed 3',
      name: 'N3',
      email: 'n3@buyer.example',
      phone: null,
      avatar: null,
      createdAt: expect.stringMatching(MOMENT),
      updatedAt: expect.stringMatching(MOMENT),
    });
    expect(rowsOf(await api('GET', `customers?id=${rows[1]?.id}`))).toEqual([rows[1]]);
    expect(rowsOf(await api('GET', 'customers?externalId=listed%201'))).toEqual([rows[2]]);
    expect(rowsOf(await api('GET', 'customers?take=1&skip=1&sort=desc'))).toEqual([rows[1]]);
    expect((await api('GET', 'customers?externalId=nobody')).text).toBe('[]');
  });

  test('are read only, with a key that may', async () => {
    const wrong = await api('POST', 'customers', [{ name: 'x' }]);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    const { key } = await shop.site.keyFor(true, ['conversionsWrite']);
    expect(said(await api('GET', 'customers', undefined, { key }))).toEqual([403, noScope('customersRead')]);
    expect(said(await api('GET', 'customers', undefined, { key: null }))).toEqual([401, NO_KEY]);
    expect(said(await api('GET', 'customers?take=10001'))).toEqual([400, INVALID]);
    expect((await other.api('GET', 'customers')).text).toBe('[]');
  });
});

describe('analytics', () => {
  let link: Row & { shortUrl: string };
  let partnerId: string;
  let day: number;
  const iso = (offset: number): string => new Date(day + offset).toISOString();

  beforeAll(async () => {
    partnerId = (await shop.make('partners', { name: 'Counted' })).id;
    link = await shop.link({ partnerId, utm: { source: 'news' } });
    day = Date.UTC(2027, 0, 1);
    shop.site.stage.clock.now = day;
    const iPhone =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1';
    await shop.visit(link, { referer: 'https://news.example/a' });
    shop.site.stage.clock.now = day + 3_600_000;
    await shop.open(`${link.shortUrl}?qr=1`, { 'user-agent': iPhone });
    shop.site.stage.clock.now = day + 86_400_000;
    await shop.visit(link);
  });

  const clicks = async (query: string): Promise<readonly Row[]> =>
    rowsOf(await api('GET', `analytics?linkId=${link.id}${query}`));

  test('are clicks one by one, the latest first', async () => {
    const rows = await clicks('');
    expect(rows.map(({ createdAt }) => createdAt)).toEqual([iso(86_400_000), iso(3_600_000), iso(0)]);
    expect(rows[2]).toEqual({
      id: expect.stringMatching(/^ref_/),
      linkId: link.id,
      partnerId,
      referrer: 'https://news.example/a',
      userAgent: BROWSER,
      device: 'desktop',
      browser: 'Chrome',
      os: 'Windows',
      country: null,
      city: null,
      qr: false,
      utm: { source: 'news' },
      createdAt: iso(0),
    });
    expect(rows[1]).toMatchObject({ device: 'mobile', browser: 'Safari', os: 'iOS', qr: true, referrer: null });
  });

  test('by partner, by time, in parts', async () => {
    const all = await clicks('');
    expect(rowsOf(await api('GET', `analytics?partnerId=${partnerId}`))).toEqual(all);
    expect(await clicks('&sort=asc&take=2')).toEqual(all.toReversed().slice(0, 2));
    expect(await clicks('&skip=1&take=1')).toEqual([all[1]]);
    expect(await clicks(`&startDate=${iso(3_600_000)}`)).toEqual(all.slice(0, 2));
    expect(await clicks(`&endDate=${iso(3_600_000)}`)).toEqual(all.slice(1));
    expect(await clicks('&startDate=2027-01-01&endDate=2027-01-01')).toEqual(all.slice(1));
    expect(await clicks('&startDate=2027-01-02T00:00:00%2B00:00')).toEqual(all.slice(0, 1));
    expect(await clicks('&endDate=2027-01-01T01:00:00')).toEqual(all.slice(1));
    expect(await clicks('&startDate=2027-01-03')).toEqual([]);
    expect(rowsOf(await api('GET', 'analytics?take=1'))).toEqual([all[0]]);
    expect((await api('GET', 'analytics?linkId=00000000-0000-7000-8000-000000000000')).text).toBe('[]');
  });

  test('stay when the link is deleted', async () => {
    const gone = await shop.link();
    await shop.visit(gone);
    await api('DELETE', 'links', [gone.id]);
    expect(rowsOf(await api('GET', `analytics?linkId=${gone.id}`))).toHaveLength(1);
  });

  test.each([
    'take=10001',
    'take=0',
    'skip=x',
    'sort=x',
    'startDate=yesterday',
    'startDate=0000-01-01',
    'endDate=9999-12-31T23:59:59-14:00',
    'endDate=2027-13-01',
    'startDate=2024-02-31',
    'endDate=2024-02-31',
    'startDate=2024-02-31T00:00:00Z',
    'endDate=2023-02-29T00:00:00',
    'endDate=2024-01-01T24:00:00Z',
    'linkId=a&linkId=b',
  ])('?%s: 400', async (query) => {
    expect(said(await api('GET', `analytics?${query}`))).toEqual([400, INVALID]);
  });

  test('need their permission, and show no other workspace’s', async () => {
    const { key } = await shop.site.keyFor(true, ['linksRead']);
    expect(said(await api('GET', 'analytics', undefined, { key }))).toEqual([403, noScope('analyticsRead')]);
    expect(said(await api('GET', 'analytics', undefined, { key: null }))).toEqual([401, NO_KEY]);
    expect((await other.api('GET', `analytics?linkId=${link.id}`)).text).toBe('[]');
    expect((await other.api('GET', 'analytics')).text).toBe('[]');
  });
});

test('every route says what it is for and what it answers', () => {
  for (const { method, path, summary, answers } of hoko.routes)
    expect([method, path, summary?.length ?? 0, Object.keys(answers ?? {})]).toEqual([
      method,
      path,
      expect.toSatisfy((length: number) => length > 10),
      [path.startsWith('/api/track') || method === 'POST' ? '201' : '200'],
    ]);
});
