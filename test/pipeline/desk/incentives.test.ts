/** `/v1/program/incentives` (DESIGN.md section 6): what is taken, what is refused, and which version pays. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { translators } from '../../support/stage.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let other: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  other = await openSite(db, { workspace: 'other' });
  await site.stage.affiliate('jane');
  await site.stage.referral('ref_1', 'jane');
  await other.stage.affiliate('foreign');
});

afterAll(async () => {
  await site.close();
  await other.close();
  await db.drop();
});

const PATH = '/v1/program/incentives';
const THIRTY = { name: 'Thirty', type: 'percentage', amount: 30 };
const create = (body: unknown): Promise<Answer> => site.post(PATH, body);
const put = (id: string, body: unknown): Promise<Answer> => site.send('PUT', `${PATH}/${id}`, JSON.stringify(body));
const end = (id: string): Promise<Answer> => site.send('DELETE', `${PATH}/${id}`, undefined);

async function endAll(): Promise<void> {
  const { body } = await site.get(`${PATH}?limit=200`);
  for (const { id } of body.data as unknown as { id: string }[]) await end(id);
}

const sell = async (event: string, more: Record<string, unknown> = {}): Promise<Record<string, unknown>> =>
  (
    await site.post('/v1/conversions', {
      referral_id: 'ref_1',
      sale_amount: 100,
      external_event_id: event,
      ...more,
    })
  ).body.data;

describe('creating', () => {
  test('needs a name, a type and an amount; everything else has its default', async () => {
    const { status, body } = await create({ ...THIRTY, unknown: true });
    expect(status).toBe(201);
    expect(body.data).toEqual({
      id: expect.stringMatching(/^inc_/) as string,
      version: 1,
      ...THIRTY,
      currency: 'USD',
      per: 'sale',
      may_exceed_base: false,
      refund_policy: 'proportional',
      parent_amount: null,
      price_ids: [],
      product_ids: [],
      interval: null,
      is_subscription: null,
      apply_to: 'all',
      max_payments: null,
      max_months: null,
      max_amount: null,
      approval_type: 'automatic',
      manual_above: null,
      hold_period_days: null,
      program_id: 'prog_default',
      group_id: null,
      affiliate_id: null,
      priority: 0,
      effective_from: null,
      effective_until: null,
      ended: false,
      created_at: expect.any(String) as string,
    });
    expect((await site.get(`${PATH}/${String(body.data['id'])}`)).body.data).toEqual(body.data);
  });

  test('shows every field as it was sent', async () => {
    const all = {
      name: 'All of it',
      type: 'fixed',
      amount: 12.345,
      currency: 'KWD',
      per: 'unit',
      may_exceed_base: true,
      refund_policy: 'when_full',
      parent_amount: 2.5,
      price_ids: ['price_1', 'price_2'],
      product_ids: ['prod_1'],
      interval: 'half_yearly',
      is_subscription: true,
      apply_to: 'recurring',
      max_payments: 12,
      max_months: 24,
      max_amount: 1000.5,
      approval_type: 'manual',
      manual_above: 0,
      hold_period_days: 0,
      program_id: 'prog_default',
      group_id: 'gold',
      affiliate_id: 'jane',
      priority: -5,
      effective_from: '2026-01-01T00:00:00.000Z',
      effective_until: '2027-01-01T00:00:00.000Z',
    };
    const { status, body } = await create(all);
    expect([status, body.data]).toEqual([201, expect.objectContaining(all)]);
  });

  test.each([33.3333, 0.0001, 100, 7.5])('%d percent is kept exactly', async (amount) => {
    expect((await create({ ...THIRTY, amount })).body.data['amount']).toBe(amount);
  });

  test.each(['daily', 'weekly', 'monthly', 'quarterly', 'half_yearly', 'yearly'])('interval %s', async (interval) => {
    expect((await create({ ...THIRTY, interval })).body.data['interval']).toBe(interval);
  });
});

const BAD: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['nothing', {}, ['name', 'type', 'amount']],
  ['a list', [], ['body']],
  [
    'three wrong fields and a cross problem',
    { ...THIRTY, amount: 101, interval: 'hourly', max_payments: 1.5, effective_from: 'x' },
    ['interval', 'max_payments', 'effective_from', 'amount'],
  ],
  ['0 percent', { ...THIRTY, amount: 0 }, ['amount']],
  ['a negative percentage', { ...THIRTY, amount: -1 }, ['amount']],
  ['more than 100 percent', { ...THIRTY, amount: 100.0001 }, ['amount']],
  ['five decimals of a percent', { ...THIRTY, amount: 0.00001 }, ['amount']],
  ['a percentage as text', { ...THIRTY, amount: '30' }, ['amount']],
  ['a tenth of a cent', { ...THIRTY, type: 'fixed', amount: 0.001 }, ['amount']],
  ['half a yen', { ...THIRTY, type: 'fixed', amount: 10.5, currency: 'JPY' }, ['amount']],
  ['an enormous sum', { ...THIRTY, type: 'fixed', amount: 1e300 }, ['amount']],
  ['a type that is none', { ...THIRTY, type: 'tiered' }, ['type']],
  ['a currency of four letters', { ...THIRTY, currency: 'EURO' }, ['currency']],
  ['a name of 101 letters', { ...THIRTY, name: 'x'.repeat(101) }, ['name']],
  ['price ids that are text', { ...THIRTY, price_ids: 'price_1' }, ['price_ids']],
  ['an empty price id', { ...THIRTY, price_ids: [''] }, ['price_ids.0']],
  ['is_subscription as text', { ...THIRTY, is_subscription: 'yes' }, ['is_subscription']],
  ['apply_to', { ...THIRTY, apply_to: 'second' }, ['apply_to']],
  ['per seat', { ...THIRTY, type: 'fixed', per: 'seat' }, ['per']],
  ['a percentage per unit', { ...THIRTY, per: 'unit' }, ['per']],
  ['a percentage above the base', { ...THIRTY, may_exceed_base: true }, ['may_exceed_base']],
  ['a percentage back only when full', { ...THIRTY, refund_policy: 'when_full' }, ['refund_policy']],
  ['may_exceed_base as text', { ...THIRTY, type: 'fixed', may_exceed_base: 'yes' }, ['may_exceed_base']],
  ['a refund policy that is none', { ...THIRTY, type: 'fixed', refund_policy: 'never' }, ['refund_policy']],
  ['a parent’s 0 percent', { ...THIRTY, parent_amount: 0 }, ['parent_amount']],
  ['a parent’s share as text', { ...THIRTY, parent_amount: '5' }, ['parent_amount']],
  ['no payments at all', { ...THIRTY, max_payments: 0 }, ['max_payments']],
  ['months without end', { ...THIRTY, max_months: 1e9 }, ['max_months']],
  ['a cap of nothing', { ...THIRTY, max_amount: 0 }, ['max_amount']],
  ['a cap with three decimals', { ...THIRTY, max_amount: 1.234 }, ['max_amount']],
  ['a negative threshold', { ...THIRTY, manual_above: -1 }, ['manual_above']],
  ['a negative hold', { ...THIRTY, hold_period_days: -1 }, ['hold_period_days']],
  ['a broken priority', { ...THIRTY, priority: 0.5 }, ['priority']],
  [
    'an end before its beginning',
    { ...THIRTY, effective_from: '2026-02-01', effective_until: '2026-01-01' },
    ['effective_until'],
  ],
  [
    'an unknown program and an unknown affiliate',
    { ...THIRTY, program_id: 'prog_nobody', affiliate_id: 'nobody' },
    ['program_id', 'affiliate_id'],
  ],
  [
    "another workspace's program and affiliate",
    { ...THIRTY, program_id: 'prog_other', affiliate_id: 'foreign' },
    ['program_id', 'affiliate_id'],
  ],
];

describe('bad input', () => {
  test.each(BAD)('%s: every problem is told, nothing is stored', async (_, body, fields) => {
    const before = await site.everything();
    const answer = await create(body);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.body.error.details?.map((one) => one.field).toSorted()).toEqual([...fields].toSorted());
    expect(await site.everything()).toBe(before);
  });

  test.each(BAD)('%s is refused in a change too', async (_, body) => {
    const { body: known } = await create(THIRTY);
    const before = await site.everything();
    const answer = await put(String(known.data['id']), body);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(await site.everything()).toBe(before);
  });

  test('1e400 and broken JSON', async () => {
    for (const text of ['{"name":"x","type":"fixed","amount":1e400}', '{"name":', 'null', '"x"']) {
      const { status, body } = await site.send('POST', PATH, text);
      expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    }
  });

  test("unknown and foreign ids are 404, and so is another workspace's incentive", async () => {
    const foreign = await other.post(PATH, THIRTY);
    expect(foreign.status).toBe(201);
    for (const id of ['inc_nobody', String(foreign.body.data['id'])]) {
      expect((await site.get(`${PATH}/${id}`)).body.error.code).toBe('NOT_FOUND');
      expect((await put(id, THIRTY)).status).toBe(404);
      expect((await end(id)).status).toBe(404);
    }
    expect((await other.get(PATH)).body['pagination']).toMatchObject({ total: 1 });
  });

  test.each(['limit=0', 'limit=1000', 'page=zero'])('listing with ?%s is 400', async (query) => {
    expect((await site.get(`${PATH}?${query}`)).status).toBe(400);
  });
});

describe('versions', () => {
  test('a payment known before a change keeps the version it was made with, a later one sees the new one', async () => {
    await endAll();
    const { body } = await create(THIRTY);
    const id = String(body.data['id']);
    const early = await sell('known early');
    expect([early['commission_amount'], early['matched_incentive_id']]).toEqual([30, id]);
    const changed = await put(id, { ...THIRTY, amount: 10, name: 'Ten' });
    expect([
      changed.status,
      changed.body.data['version'],
      changed.body.data['amount'],
      changed.body.data['id'],
    ]).toEqual([200, 2, 10, id]);
    expect(changed.body.data['created_at']).toBe(body.data['created_at']);
    const refunded = await site.post(`/v1/conversions/${String(early['id'])}/refund`, {
      amount: 50,
    });
    expect(refunded.body.data['commission_amount']).toBe(15);
    expect((await sell('known late'))['commission_amount']).toBe(10);
    const rows = await site.stage.ask<{ version: number; since: bigint; until: bigint | null }>(
      'SELECT version, since, until FROM incentives WHERE workspace_id = $1 AND incentive_id = $2 ORDER BY version',
      [id],
    );
    expect(rows[0]?.until).toBe(rows[1]?.since);
    expect(rows[1]?.until).toBeNull();
  });

  test('an ended incentive pays nothing that becomes known later; what it paid stays', async () => {
    await endAll();
    const { body } = await create(THIRTY);
    const id = String(body.data['id']);
    const paid = await sell('before the end');
    expect((await end(id)).body).toMatchObject({ success: true });
    expect((await sell('after the end'))['earning_id']).toBeNull();
    expect((await site.get(`/v1/commissions/${String(paid['id'])}`)).body.data['commission_amount']).toBe(30);
    expect((await site.get(`${PATH}/${id}`)).body.data).toMatchObject({ ended: true, version: 1 });
    expect((await site.get(PATH)).body['pagination']).toMatchObject({ total: 0 });
    expect((await put(id, THIRTY)).status).toBe(404);
    expect((await end(id)).status).toBe(404);
  });

  test('one created later does not reach back to known payments', async () => {
    await endAll();
    const early = await sell('nothing then');
    await create({ ...THIRTY, effective_from: '2020-01-01' });
    await site.post(`/v1/conversions/${String(early['id'])}/refund`, { amount: 1 });
    expect((await site.get(`/v1/conversions/${String(early['id'])}`)).body.data['commission_amount']).toBe(0);
  });

  test('what is left out of a change takes its default, and the program cannot change', async () => {
    const { body } = await create({ ...THIRTY, max_payments: 3, group_id: 'gold' });
    const id = String(body.data['id']);
    const changed = await put(id, { ...THIRTY, program_id: 'prog_default' });
    expect(changed.body.data).toMatchObject({ max_payments: null, group_id: null, version: 2 });
    const moved = await put(id, { ...THIRTY, program_id: 'prog_other' });
    expect([moved.status, moved.body.error.field]).toEqual([400, 'program_id']);
  });

  test('ten changes at once are ten versions in a row', async () => {
    const { body } = await create(THIRTY);
    const id = String(body.data['id']);
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => put(id, { ...THIRTY, amount: n + 1 })));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    const rows = await site.stage.ask<{ version: number; since: bigint; until: bigint | null }>(
      'SELECT version, since, until FROM incentives WHERE workspace_id = $1 AND incentive_id = $2 ORDER BY version',
      [id],
    );
    expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: 11 }, (_, n) => n + 1));
    for (const [index, row] of rows.entries()) expect(row.until).toBe(rows[index + 1]?.since ?? null);
    await endAll();
  });
});

test('after all of it the ledger is what the journal demands', async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  expect(proof.differences).toEqual([]);
  expect(proof.equal).toBe(true);
});
