/** What a crowd in front of the portal can and cannot do to the rest of the service. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Site } from './site.ts';

let db: TestDatabase;
let site: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  await furnish(site.stage);
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const visit = (path: string, cookie = ''): Promise<Response> =>
  fetch(`${site.url}${path}`, { redirect: 'manual', headers: { cookie } });

async function embedded(affiliate: string): Promise<string> {
  return String((await site.post('/v1/embed/token', { affiliate_id: affiliate })).body.data['publicToken']);
}

async function signedIn(affiliate: string): Promise<string> {
  const { body } = await site.post(`/v1/affiliates/${affiliate}/portal-token`, {});
  const page = await visit(`/portal/open?token=${String(body.data['token'])}`);
  return (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** Everything that the pages read stands still; sales need nothing of it. */
async function standstill(): Promise<() => Promise<void>> {
  const client = await db.database.pool.connect();
  await client.query('BEGIN; LOCK TABLE creatives IN ACCESS EXCLUSIVE MODE');
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

test('however many pages wait for the database, sales do not wait for them', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `crowd${n}`);
  for (const name of names) await site.stage.affiliate(name);
  const cookies = await Promise.all(names.map(signedIn));
  const token = await embedded('jane');
  const go = await standstill();
  const pages = [...cookies, ...cookies, ...cookies].map((cookie) => visit('/portal', cookie));
  const framed = Array.from({ length: 4 }, () => visit(`/embed/referrals?token=${token}`));
  const told = Array.from({ length: 4 }, () => visit(`/v1/embed/data?token=${token}`));
  const began = performance.now();
  for (let n = 0; n < 5; n += 1) {
    const sale = { referral_id: 'ref_1', sale_amount: 10, external_event_id: `during_${n}` };
    expect((await site.post('/v1/conversions', sale)).status).toBe(201);
  }
  expect(performance.now() - began).toBeLessThan(4_000);
  for (const page of await Promise.all([...pages, ...framed])) {
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await page.text()).toContain('<h1>Not at the moment</h1>');
  }
  for (const answer of await Promise.all(told)) {
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.json()).toMatchObject({ success: false, error: { code: 'TEMPORARILY_UNAVAILABLE' } });
  }
  await go();
  expect((await visit('/portal', cookies[0])).status).toBe(200);
  expect((await visit(`/v1/embed/data?token=${token}`)).status).toBe(200);
}, 60_000);

test('one affiliate’s many pages leave room for another’s', async () => {
  await site.stage.affiliate('patient');
  const [loud, patient] = [await signedIn('jane'), await signedIn('patient')];
  const go = await standstill();
  const many = Array.from({ length: 40 }, () => visit('/portal', loud));
  const one = visit('/portal', patient);
  // Of the 40 one is inside and ten wait; the others are told at once.
  const first = await Promise.race(many);
  expect(first.status).toBe(503);
  await go();
  expect((await one).status).toBe(200);
  const statuses = (await Promise.all(many)).map(({ status }) => status);
  expect([200, 503].map((status) => statuses.filter((known) => known === status).length)).toEqual([11, 29]);
}, 60_000);
