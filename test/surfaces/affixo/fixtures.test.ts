/** The golden fixtures of apis.md 5.6 that come from Affixo's two documents, each by its row. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { families } from '../../../src/surfaces/index.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { furnish, openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let key: string;
let reading: string;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  await furnish(site.stage);
  const family = families.find(({ name }) => name === 'affixo');
  key = (await site.keyFor(true, ['track'], undefined, family)).key;
  reading = (await site.keyFor(true, ['read'], undefined, family)).key;
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const track = (what: string, body: unknown, own: string | null = key): Promise<Answer> =>
  site.post(`/v1/track/${what}`, body, { key: own });

test('5.6 S1: a click on the link ref_param=jane with visitor_id v1: the documented object', async () => {
  const { status, body } = await track('click', { ref: 'jane', visitor_id: 'v1' });
  expect(status).toBe(200);
  expect(body).toEqual({ ok: true, visitor_id: 'v1', match_method: 'cookie', match_confidence: 1 });
});

test('5.6 S1: nobody’s link, no ref, broken JSON, no key', async () => {
  const said = async (answer: Promise<Answer>): Promise<unknown[]> => {
    const { status, body } = await answer;
    return [status, body.error];
  };
  expect(await said(track('click', { ref: 'nobody' }))).toEqual([404, 'link_not_found']);
  expect(await said(track('click', {}))).toEqual([400, 'ref_required']);
  expect(await said(site.send('POST', '/v1/track/click', '{"ref":', { key }))).toEqual([400, 'invalid_json']);
  expect(await said(track('click', { ref: 'jane' }, null))).toEqual([401, 'unauthorized']);
});

test('5.6 S1: a key with only read, any body: 403 insufficient_scope, need track', async () => {
  for (const body of ['{"ref":"jane"}', '{}', '{"broken']) {
    const answer = await site.send('POST', '/v1/track/click', body, { key: reading });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ error: 'insufficient_scope', need: 'track' });
  }
});

test('5.6 S0: the sale of a visitor with a click, twice: the same conversion_id, one commission', async () => {
  await track('click', { ref: 'jane', visitor_id: 'v1' });
  const sale = { visitor_id: 'v1', amount: 99, external_id: 'o1' };
  const [first, second] = [await track('sale', sale), await track('sale', sale)];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.body).toEqual({ ok: true, attributed: true, conversion_id: expect.any(String) });
  expect(second.body).toEqual(first.body);
  expect((await site.stage.commissions()).map((row) => row.earned)).toEqual([2970n]);
});

test('5.6 S0: a sale without a click: attributed false, a visitor_id, no conversion_id', async () => {
  const { status, body } = await track('sale', { visitor_id: 'v9', amount: 99 });
  expect(status).toBe(200);
  expect(body).toEqual({ ok: true, attributed: false, visitor_id: 'v9' });
});
