/** `/v1/affiliates` (apis.md 2.2). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { terms, translators } from '../../support/stage.ts';
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

const create = (body: unknown): Promise<Answer> => site.post('/v1/affiliates', body);
const put = (id: unknown, body: unknown): Promise<Answer> =>
  site.send('PUT', `/v1/affiliates/${String(id)}`, JSON.stringify(body));

async function made(name: string): Promise<string> {
  const { body } = await create({ name, email: `${name.replaceAll(/\W/g, '')}@partner.example` });
  return String(body.data['id']);
}

async function rules(): Promise<{ version: bigint; history: (id: string) => Promise<unknown> }> {
  const [row] = await site.stage.ask<{ rules_version: bigint }>(
    'SELECT rules_version FROM workspaces WHERE workspace_id = $1',
  );
  return {
    version: row?.rules_version ?? 0n,
    history: async (id) =>
      (
        await site.stage.ask<{ history: unknown }>(
          'SELECT history FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2',
          [id],
        )
      )[0]?.history,
  };
}

describe('creating', () => {
  test('answers 201 with the affiliate, approved and upper case, with a tracking id made from the name', async () => {
    const { status, body } = await create({
      name: "Zoë's Shop",
      email: 'zoe@shop.example',
      unknown: 1,
      metadata: { a: 1 },
    });
    expect(status).toBe(201);
    expect(body.data).toEqual({
      id: expect.stringMatching(/^aff_/) as string,
      name: "Zoë's Shop",
      email: 'zoe@shop.example',
      tracking_id: 'zoes-shop',
      source: 'api',
      partnership_status: 'APPROVED',
      onboarding_completed: false,
      program_id: 'prog_default',
      group_id: null,
      external_user_id: null,
      company_name: null,
      country_code: null,
      payout_method: null,
      payout_details: null,
      metadata: { a: 1 },
      created_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as string,
    });
    expect(await (await rules()).history(String(body.data['id']))).toEqual([
      { since: 0, groupId: null, status: 'approved', email: 'zoe@shop.example' },
    ]);
  });

  test('takes every documented field, payout details in either case', async () => {
    const { status, body } = await create({
      name: 'Full',
      email: 'full@partner.example',
      program_id: 'prog_default',
      tracking_id: 'full-1',
      group_id: 'gold',
      external_user_id: 'u-1',
      company_name: 'Full Ltd',
      country_code: 'de',
      payout_method: 'wise',
      payout_details: { accountHolder: 'Full', account_number: '1' },
      partnership_status: 'PENDING',
    });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      tracking_id: 'full-1',
      group_id: 'gold',
      external_user_id: 'u-1',
      company_name: 'Full Ltd',
      country_code: 'DE',
      payout_method: 'wise',
      payout_details: { account_holder: 'Full', account_number: '1' },
      partnership_status: 'PENDING',
    });
  });

  test('a known e-mail, in any case, is linked and not an error', async () => {
    const first = await create({ name: 'Twice', email: 'twice@partner.example' });
    const second = await create({
      name: 'Other name',
      email: 'TWICE@partner.example',
      tracking_id: 'free-one',
    });
    expect(second.status).toBe(201);
    expect(second.body.data).toEqual(first.body.data);
  });

  test('the same name twice gets a tracking id with a suffix', async () => {
    await create({ name: 'Same Name', email: 'same1@partner.example' });
    const second = await create({ name: 'Same Name', email: 'same2@partner.example' });
    expect(second.body.data['tracking_id']).toMatch(/^same-name-[a-z0-9]+$/);
  });

  test('twenty at once with one name all get their own', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => create({ name: 'Crowd', email: `crowd${n}@partner.example` })),
    );
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 201));
    expect(new Set(all.map(({ body }) => body.data['tracking_id'])).size).toBe(20);
  });

  test('a tracking id of another affiliate is 409', async () => {
    await create({ name: 'Owner', email: 'owner@partner.example', tracking_id: 'taken' });
    const { status, body } = await create({
      name: 'Late',
      email: 'late@partner.example',
      tracking_id: 'taken',
    });
    expect(status).toBe(409);
    expect(body.error).toMatchObject({ code: 'DUPLICATE_ERROR', field: 'tracking_id' });
  });
});

describe('a code that is a link of somebody else', () => {
  /** Clicks through the code are those of the link's affiliate, whoever has it as tracking id. */
  async function linked(code: string): Promise<string> {
    const owner = await made(`Owner of ${code}`);
    const { key } = await site.keyFor(true, ['*'], undefined, affixo.keys);
    const link = { affiliate_id: owner, ref_param: code, destination_url: 'https://shop.example/' };
    expect((await site.post('/v1/links', link, { key })).status).toBe(201);
    return owner;
  }

  test('is nobody’s tracking id: a made one gets a suffix, one that is sent is 409', async () => {
    await linked('promo');
    const { body } = await create({ name: 'Promo', email: 'promo@partner.example' });
    expect(body.data['tracking_id']).toMatch(/^promo-/);
    const wanted = await create({ name: 'P', email: 'promo2@partner.example', tracking_id: 'promo' });
    const changed = await put(body.data['id'], { tracking_id: 'promo' });
    for (const answer of [wanted, changed])
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
        409,
        'DUPLICATE_ERROR',
        'tracking_id',
      ]);
  });

  test('that somebody had before the link does not keep their whole object from being put back', async () => {
    await linked('older');
    const { body } = await create({ name: 'Older', email: 'older@partner.example', tracking_id: 'older-still' });
    const id = String(body.data['id']);
    // As it could be before links and tracking ids were kept apart.
    await site.stage.ask(`UPDATE affiliates SET tracking_id = 'older' WHERE workspace_id = $1 AND affiliate_id = $2`, [
      id,
    ]);
    const stands = (await site.get(`/v1/affiliates/${id}`)).body.data;
    expect(await put(id, stands)).toMatchObject({ status: 200, body: { data: stands } });
    expect((await put('aff_nobody', { tracking_id: 'older' })).status).toBe(404);
  });

  test('may be the tracking id of the link’s own affiliate', async () => {
    const owner = await linked('own-code');
    expect((await put(owner, { tracking_id: 'own-code' })).body.data['tracking_id']).toBe('own-code');
    expect((await put(owner, { tracking_id: 'own-code' })).status).toBe(200);
  });
});

const BAD: readonly (readonly [string, Record<string, unknown>, number, string])[] = [
  ['no name', { email: 'a@b.example' }, 400, 'name'],
  ['an empty name', { name: ' ', email: 'a@b.example' }, 400, 'name'],
  ['a long name', { name: 'x'.repeat(101), email: 'a@b.example' }, 400, 'name'],
  ['a name that is a number', { name: 5, email: 'a@b.example' }, 400, 'name'],
  ['no e-mail', { name: 'A' }, 400, 'email'],
  ['no e-mail address', { name: 'A', email: 'nobody' }, 400, 'email'],
  ['a NUL', { name: 'A\0', email: 'a@b.example' }, 400, 'name'],
  ['half a character', { name: 'A', email: 'a@b.example', metadata: { x: '\ud800' } }, 400, 'metadata.x'],
  ['an upper-case tracking id', { name: 'A', email: 'a@b.example', tracking_id: 'JANE' }, 400, 'tracking_id'],
  ['a long tracking id', { name: 'A', email: 'a@b.example', tracking_id: 'j'.repeat(101) }, 400, 'tracking_id'],
  ['an unknown program', { name: 'A', email: 'a@b.example', program_id: 'prog_nobody' }, 404, 'program_id'],
  ["another workspace's program", { name: 'A', email: 'a@b.example', program_id: 'prog_other' }, 404, 'program_id'],
  ['a country of three letters', { name: 'A', email: 'a@b.example', country_code: 'DEU' }, 400, 'country_code'],
  ['an unknown payout method', { name: 'A', email: 'a@b.example', payout_method: 'gold' }, 400, 'payout_method'],
  ['payout details that are a list', { name: 'A', email: 'a@b.example', payout_details: [1] }, 400, 'payout_details'],
  ['an unknown status', { name: 'A', email: 'a@b.example', partnership_status: 'GREAT' }, 400, 'partnership_status'],
  ['metadata that is text', { name: 'A', email: 'a@b.example', metadata: 'x' }, 400, 'metadata'],
];

test.each(BAD)('%s is refused and nothing is stored', async (_, body, status, field) => {
  const before = await site.everything();
  const answer = await create(body);
  expect(answer.status).toBe(status);
  expect(answer.body.error.field).toBe(field);
  expect(await site.everything()).toBe(before);
});

describe('changing', () => {
  test('group and status are new rules versions in the history, other fields are not', async () => {
    const id = await made('Changing');
    const before = await rules();
    const { status, body } = await put(id, { group_id: 'gold', name: 'Changed' });
    expect([status, body.data['group_id'], body.data['name']]).toEqual([200, 'gold', 'Changed']);
    await put(id, { partnership_status: 'paused' });
    await put(id, { name: 'Again', metadata: { a: 1 }, company_name: 'Ltd' });
    await put(id, { group_id: 'gold', status: 'PAUSED' });
    const cleared = await put(id, { group_id: null, metadata: null });
    expect(cleared.body.data).toMatchObject({
      group_id: null,
      metadata: { a: 1 },
      company_name: 'Ltd',
      name: 'Again',
    });
    const { version, history } = await rules();
    const first = Number(before.version);
    expect(version).toBe(before.version + 3n);
    expect(await history(id)).toMatchObject([
      { since: 0, groupId: null, status: 'approved' },
      { since: first + 1, groupId: 'gold', status: 'approved' },
      { since: first + 2, groupId: 'gold', status: 'paused' },
      { since: first + 3, groupId: null, status: 'paused' },
    ]);
  });

  test('ten changes at once leave ten versions, each once', async () => {
    const id = await made('Busy');
    await Promise.all(Array.from({ length: 10 }, (_, n) => put(id, { group_id: `g${n}` })));
    const history = (await (await rules()).history(id)) as {
      since: number;
      groupId: string | null;
    }[];
    expect(history).toHaveLength(11);
    expect(history.map(({ since }) => since)).toEqual(history.map(({ since }) => since).toSorted((a, b) => a - b));
    expect(new Set(history.map(({ since }) => since)).size).toBe(11);
  });

  test("another's e-mail or tracking id is 409", async () => {
    await made('First');
    const id = await made('Second');
    expect((await put(id, { email: 'first@PARTNER.example' })).body.error).toMatchObject({
      code: 'DUPLICATE_ERROR',
      field: 'email',
    });
    expect((await put(id, { tracking_id: 'first' })).body.error).toMatchObject({
      code: 'DUPLICATE_ERROR',
      field: 'tracking_id',
    });
  });

  test.each([
    { name: '' },
    { email: 'x' },
    { status: 'x' },
    { group_id: 1 },
    { group_id: '' },
    { tracking_id: 'A' },
    [],
  ])('%j is refused', async (body) => {
    const id = await made('Stable');
    const before = await site.everything();
    expect((await put(id, body)).status).toBe(400);
    expect(await site.everything()).toBe(before);
  });
});

test('deleting hides it, ends its earning, frees its names, keeps its ledger', async () => {
  const id = await made('Leaver');
  const gone = await site.send('DELETE', `/v1/affiliates/${id}`, undefined);
  expect([gone.status, gone.body['success'], typeof gone.body['message']]).toEqual([200, true, 'string']);
  expect((await site.get(`/v1/affiliates/${id}`)).status).toBe(404);
  expect((await put(id, { name: 'x' })).status).toBe(404);
  expect((await site.send('DELETE', `/v1/affiliates/${id}`, undefined)).status).toBe(404);
  expect((await site.get(`/v1/affiliates/${id}/balance`)).status).toBe(200);
  expect((await site.get(`/v1/affiliates/${id}/ledger`)).status).toBe(200);
  expect(await made('Leaver')).not.toBe(id);
  const history = (await (await rules()).history(id)) as { status: string }[];
  expect(history.at(-1)?.status).toBe('deleted');
});

describe('reading', () => {
  test('a page is told with its pagination, newest first', async () => {
    for (const n of [1, 2, 3]) {
      site.stage.clock.now += 1000;
      await create({ name: `Listed ${n}`, email: `listed${n}@partner.example` });
    }
    const { body } = await site.get('/v1/affiliates?search=LISTED&limit=2&page=1');
    const names = (answer: Answer): unknown[] =>
      (answer.body.data as unknown as { name: string }[]).map((row) => row.name);
    expect(names({ body } as Answer)).toEqual(['Listed 3', 'Listed 2']);
    expect(body['pagination']).toEqual({
      page: 1,
      limit: 2,
      total: 3,
      total_pages: 2,
      has_next_page: true,
      has_prev_page: false,
    });
    expect(names(await site.get('/v1/affiliates?search=listed&limit=2&page=2'))).toEqual(['Listed 1']);
    expect((await site.get('/v1/affiliates?search=listed&page=9')).body['pagination']).toMatchObject({ total: 3 });
  });

  test('the status filter is lower case and finds', async () => {
    const { body } = await site.get('/v1/affiliates?status=pending');
    expect((body.data as unknown as { partnership_status: string }[]).map((row) => row.partnership_status)).toEqual([
      'PENDING',
    ]);
  });

  test.each([
    ['partnership_status=pending', ['Filter 2']],
    ['partnership_status=APPROVED', ['Filter 3', 'Filter 1']],
    ['group_id=filtered', ['Filter 3', 'Filter 2']],
    ['group_id=nobody', []],
    ['program_id=prog_default', ['Filter 3', 'Filter 2', 'Filter 1']],
    ['program_id=prog_nobody', []],
    ['sort=createdAt:asc', ['Filter 1', 'Filter 2', 'Filter 3']],
    ['sort=name:desc&limit=1', ['Filter 3']],
    ['sort=email:asc', ['Filter 3', 'Filter 2', 'Filter 1']],
    ['dateFrom=2031-01-02', ['Filter 3', 'Filter 2']],
    ['dateTo=2031-01-02', ['Filter 2', 'Filter 1']],
    ['dateFrom=2031-01-02&dateTo=2031-01-02&partnership_status=pending', ['Filter 2']],
  ])('?%s finds', async (query, names) => {
    const { now } = site.stage.clock;
    for (const n of [1, 2, 3]) {
      site.stage.clock.now = Date.parse(`2031-01-0${n}T12:00:00Z`);
      const more = n === 1 ? {} : { group_id: 'filtered', partnership_status: n === 2 ? 'pending' : 'approved' };
      await create({ name: `Filter ${n}`, email: `${4 - n}filter@partner.example`, ...more });
    }
    site.stage.clock.now = now;
    const { body } = await site.get(`/v1/affiliates?search=filter@&${query}`);
    expect((body.data as unknown as { name: string }[]).map(({ name }) => name)).toEqual(names);
  });

  test.each([
    'partnership_status=great',
    'sort=created',
    'sort=toString:asc',
    'sort=name:down',
    'dateFrom=1.1.2026',
    'dateTo=',
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1&limit=2',
    'page=0',
    'page=-1',
    'page=1e9',
    'status=great',
    'search=%00',
  ])('?%s is 400', async (query) => {
    const { status, body } = await site.get(`/v1/affiliates?${query}`);
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  });

  test("unknown ids and another workspace's are 404 everywhere", async () => {
    const foreign = await other.post('/v1/affiliates', {
      name: 'Foreign',
      email: 'foreign@partner.example',
    });
    for (const id of ['aff_nobody', String(foreign.body.data['id'])]) {
      expect((await site.get(`/v1/affiliates/${id}`)).body.error.code).toBe('NOT_FOUND');
      expect((await put(id, { name: 'Mine' })).status).toBe(404);
      expect((await site.send('DELETE', `/v1/affiliates/${id}`, undefined)).status).toBe(404);
      expect((await site.get(`/v1/affiliates/${id}/balance`)).status).toBe(404);
      expect((await site.get(`/v1/affiliates/${id}/ledger`)).status).toBe(404);
    }
    expect((await other.get(`/v1/affiliates/${foreign.body.data['id'] as string}`)).body.data['name']).toBe('Foreign');
  });

  test('a key without the permission is 403', async () => {
    const { key } = await site.keyFor(true, ['read:affiliates']);
    expect((await site.get('/v1/affiliates', { key })).status).toBe(200);
    expect((await site.post('/v1/affiliates', {}, { key })).status).toBe(403);
  });
});

describe('what a change means for money', () => {
  const sell = async (referral: string, event: string): Promise<Record<string, unknown>> =>
    (
      await site.post('/v1/conversions', {
        referral_id: referral,
        sale_amount: 100,
        external_event_id: event,
      })
    ).body.data;

  test('payments known before keep group and status as they were, later ones see the change', async () => {
    await site.stage.incentive('inc_all', terms('30'));
    await site.stage.incentive('inc_gold', terms('50', { groupId: 'gold' }));
    const id = await made('Climber');
    const referral = await site.post('/v1/referrals', {
      affiliate_id: id,
      email: 'climber@shop.example',
    });
    const ref = String(referral.body.data['id']);
    const plain = await sell(ref, 'plain');
    await put(id, { group_id: 'gold' });
    const gold = await sell(ref, 'gold');
    await put(id, { status: 'paused' });
    const paused = await sell(ref, 'paused');
    await put(id, { status: 'approved' });
    await site.send('DELETE', `/v1/affiliates/${id}`, undefined);
    const late = await sell(ref, 'late');
    for (const { id: sale } of [plain, gold, paused, late])
      await site.post(`/v1/conversions/${String(sale)}/refund`, { amount: 10 });
    const { body } = await site.get(`/v1/conversions?kind=sale&limit=200`);
    const rows = body.data as unknown as Record<string, unknown>[];
    const told = [plain, gold, paused, late].map(({ id: sale }) => {
      const row = rows.find((one) => one['id'] === sale);
      return [row?.['commission_amount'], row?.['reason']];
    });
    expect(told).toEqual([
      [27, null],
      [45, null],
      [0, 'affiliate_not_approved'],
      [0, 'affiliate_not_approved'],
    ]);
    expect((await verifyWorkspace(scene.db.database, translators, 'default')).differences).toEqual([]);
  });
});
