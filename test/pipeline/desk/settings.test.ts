/** `/v1/program/settings`: every setting shown, changed, refused. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/core/rules.ts';
import { SETTINGS } from '../../../src/web/admin/settings-fields.ts';
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

const PATH = '/v1/program/settings';
const patch = (body: unknown): Promise<Answer> => site.send('PATCH', PATH, JSON.stringify(body));

const DEFAULTS = {
  defer_minutes: 10,
  hold_period_days: null,
  trust_out_of_band: false,
  exclude_out_of_band: false,
  sell_uncollectible: false,
  credit_notes: 'cash',
  precedence: 'coupon',
  provisional_disputes: false,
  warning_days: 14,
  lock_rates: false,
  limits_per: 'customer',
  count_prorations: false,
  net_of_platform_fee: false,
  currency: null,
  tiers: [],
  loss_threshold: null,
  loss_days: 90,
  loss_minimum_sales: 10,
  lead_auth: 'optional',
  keyless_buyers: 3,
  unique_invoice_ids: false,
  self_referrals: 'detect',
};

test('every setting of the core has a name outside, a default and a place in the document', async () => {
  expect(SETTINGS.map(({ setting }) => setting).toSorted()).toEqual(Object.keys(DEFAULT_SETTINGS).toSorted());
  const { status, body } = await site.get(PATH);
  expect([status, body.data]).toEqual([200, DEFAULTS]);
  const document = await readFile(new URL('../../../docs/settings.md', import.meta.url), 'utf8');
  for (const { name } of SETTINGS) expect(document).toContain(`| \`${name}\``);
});

test('each is changed by itself and together, and read again as it was sent', async () => {
  const all = {
    defer_minutes: 0,
    hold_period_days: 30,
    trust_out_of_band: true,
    exclude_out_of_band: true,
    sell_uncollectible: true,
    credit_notes: 'accrual',
    precedence: 'click',
    provisional_disputes: true,
    warning_days: 7,
    lock_rates: true,
    limits_per: 'subscription',
    count_prorations: true,
    net_of_platform_fee: true,
    currency: 'EUR',
    tiers: [
      { group_id: 'silver', min_sales: 10, min_amount: null, days: null },
      { group_id: 'gold', min_sales: 50, min_amount: 1_000_000, days: 365 },
    ],
    loss_threshold: 20,
    loss_days: 30,
    loss_minimum_sales: 5,
    lead_auth: 'server_required',
    keyless_buyers: 0,
    unique_invoice_ids: true,
    self_referrals: 'block',
  };
  const expected: Record<string, unknown> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(all)) {
    expected[name] = value;
    const { status, body } = await patch({ [name]: value });
    expect([status, body.data]).toEqual([200, expected]);
  }
  expect((await site.get(PATH)).body.data).toEqual(all);
  expect((await patch({})).body.data).toEqual(all);
  expect((await patch(DEFAULTS)).body.data).toEqual(DEFAULTS);
});

test.each([
  ['an unknown name', { hold_days: 3 }, ['hold_days'], /there are defer_minutes, hold_period_days/],
  ['two mistakes', { lock_rates: 'yes', precedence: 'both' }, ['lock_rates', 'precedence'], /coupon or click/],
  ['half a day', { hold_period_days: 1.5 }, ['hold_period_days'], /whole number from 0/],
  ['null where there is no null', { warning_days: null }, ['warning_days'], /whole number/],
  ['a currency of four letters', { currency: 'EURO' }, ['currency'], /three-letter/],
  ['a tier without a limit', { tiers: [{ group_id: 'a' }] }, ['tiers.0'], /min_sales/],
  ['a group twice', { tiers: [1, 2].map((n) => ({ group_id: 'a', min_sales: n })) }, ['tiers'], /each group once/],
  ['tiers that are none', { tiers: 'gold' }, ['tiers'], /list of tiers/],
  ['no percent', { loss_threshold: 0 }, ['loss_threshold'], /from 1 to 100/],
  ['too many percent', { loss_threshold: 101 }, ['loss_threshold'], /from 1 to 100/],
])('%s is refused with what is allowed, and nothing changes', async (_, body, fields, words) => {
  const before = await site.everything();
  const answer = await patch(body);
  expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  expect(answer.body.error.details?.map(({ field }) => field)).toEqual(fields);
  expect(answer.body.error.message).toMatch(words);
  expect(await site.everything()).toBe(before);
});

test('a list, text and a key without its scope are refused', async () => {
  expect((await patch([])).status).toBe(400);
  expect((await patch('x')).status).toBe(400);
  const { key } = await site.keyFor(true, ['read:incentives']);
  expect((await site.get(PATH, { key })).status).toBe(403);
});
