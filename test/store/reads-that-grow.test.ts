/**
 * What a read looks at, in pages of 8 kB, when the workspace holds ten times as much: a page of a list, a week of figures
 * and the first and last of all look at no more; exact totals look at indexes alone, hundreds of entries a page.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { activityOf, dailyFigures, firstTracked, listEvents } from '../../src/store/figures.ts';
import { listCommissions, listConversions } from '../../src/store/conversion-lists.ts';
import { listEarnings } from '../../src/store/earnings.ts';
import { listInbox } from '../../src/store/inbox.ts';
import { listTransfers } from '../../src/store/ledger.ts';
import { listClicks } from '../../src/store/links.ts';
import { listPayouts, listPayoutsOf } from '../../src/store/payouts.ts';
import { listReferrals } from '../../src/store/referrals.ts';
import { clicksOfLinks } from '../../src/store/short-links.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import type { Tx } from '../../src/store/tx.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

const WORKSPACE = 'grown';
const PROGRAM = 'prog_grown';
const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 1);
/** Twenty sales, clicks and sign-ups a day. */
const A_DAY = 20;
const [FEW, MANY] = [1_000, 10_000];

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createWorkspace(db.database.pool, WORKSPACE, WORKSPACE, PROGRAM);
  await ask(
    `INSERT INTO affiliates (workspace_id, affiliate_id, program_id, name, email, tracking_id, status)
     SELECT $1, 'aff_' || n, $2, 'Jane', '', 'a' || n, 'approved' FROM generate_series(0, 49) n`,
    [PROGRAM],
  );
});

afterAll(() => db.drop());

async function ask(text: string, values: unknown[] = []): Promise<void> {
  await db.database.pool.query(text, [WORKSPACE, ...values]);
}

/** When the row of this number happened. */
const momentOf = (n: number): number => START + (n * DAY) / A_DAY;

/** Rows number `from` to `to`, each a little later than the one before it. */
async function grow(from: number, to: number): Promise<void> {
  const rows = `(SELECT n, lpad(n::text, 9, '0') AS id, $2::timestamptz + n * interval '${DAY / A_DAY} ms' AS at,
    'ref_' || lpad((n % 500 + n / 5000 * 500)::text, 9, '0') AS buyer, 'aff_' || n % 50 AS who FROM generate_series($3::int, $4::int) n) s`;
  const values = [new Date(START).toISOString(), from, to];
  const of = (text: string): Promise<void> => ask(text.replace('FROM s', `FROM ${rows}`), values);
  await of(`INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, created_at, clicked_at, lead_at, link_id, external_user_id)
    SELECT $1, 'ref_' || id, who, '${PROGRAM}', CASE WHEN n % 4 = 0 THEN 'lead' ELSE 'click' END, at, at, CASE WHEN n % 4 = 0 THEN at END,
      'link_' || n % 90, 'user_' || n FROM s`);
  await of(`INSERT INTO inbox (workspace_id, source, event_key, type, livemode, state, reason, rules, occurred_at, received_at)
    SELECT $1, 'stripe', 'evt_' || id, 'invoice.paid', true, CASE WHEN n % 10 = 0 THEN 'ignored' ELSE 'done' END, 'none', 1, at, at FROM s`);
  await of(`INSERT INTO payments (workspace_id, payment_id, livemode, version, referral_id, paid_at, program_id, state, posted)
    SELECT $1, 'pay_' || id, true, 1, buyer, at, '${PROGRAM}', '{"claims":{},"keys":[]}', json_build_object('x', repeat('x', 1500)) FROM s`);
  await of(`INSERT INTO conversions (workspace_id, conversion_id, payment_id, money_key, kind, livemode, status, source, external_event_id,
      referral_id, affiliate_id, program_id, currency, amount, refunded, base, occurred_at, created_at, updated_at)
    SELECT $1, 'com_' || id, 'pay_' || id, 'in_' || id, 'sale', true, 'complete', 'stripe', 'evt_' || id, buyer, who, '${PROGRAM}', 'usd', 9900,
      0, 9900, at, at, at FROM s`);
  await of(`INSERT INTO commissions (workspace_id, commission_id, conversion_id, livemode, affiliate_id, referral_id, program_id, status, currency,
      base, earned, reversed, available_at, created_at, updated_at, parts, sold_at, sale_status, payout_at, processed_at, payout_amount)
    SELECT $1, 'earn_' || id, 'com_' || id, true, who, buyer, '${PROGRAM}', CASE WHEN n % 3 = 0 THEN 'paid' ELSE 'pending' END, 'usd', 9900,
      2970, 0, at, at, at, '[]', at, 'complete', CASE WHEN n % 3 = 0 THEN at END, CASE WHEN n % 3 = 0 THEN at END,
      CASE WHEN n % 3 = 0 THEN 2970 END FROM s`);
  await of(`INSERT INTO transfers (workspace_id, transfer_id, livemode, commission_id, affiliate_id, debit, credit, amount, currency, reason, at)
    SELECT $1, 'tr_' || id, true, 'earn_' || id, who, 'program', 'pending', 2970, 'usd', 'earned', at FROM s`);
  await vacuum();
}

/** What is not yet safe on disk is not marked as visible to everybody, and test servers do not wait for the disk. */
async function vacuum(): Promise<void> {
  const client = await db.database.pool.connect();
  await client.query('SET synchronous_commit = on');
  await client.query('UPDATE workspaces SET name = name');
  await client.query('VACUUM ANALYZE');
  await client.query('RESET synchronous_commit');
  client.release();
}

type Plan = { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value);

/** How many pages each statement of a read looks at, planned as the service has it planned: for any values. */
async function pagesOf(read: (tx: Tx) => Promise<unknown>): Promise<number[]> {
  const asked: { text: string; values: unknown[] }[] = [];
  const tx = db.database.of(WORKSPACE);
  await read({
    query: (query) => {
      asked.push({ text: query.text, values: query.values ?? [] });
      return tx.query(query);
    },
  });
  const client = await db.database.pool.connect();
  const pages: number[] = [];
  try {
    await client.query(`BEGIN; SET LOCAL ROLE tributary_app; SET LOCAL tributary.workspace = '${WORKSPACE}'`);
    for (const { text, values } of asked) {
      await client.query(`PREPARE asked AS ${text}`);
      const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked(${values.map(literal).join(', ')})`,
      );
      await client.query('DEALLOCATE asked');
      const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
      pages.push((plan?.['Shared Hit Blocks'] ?? NaN) + (plan?.['Shared Read Blocks'] ?? NaN));
    }
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  return pages;
}

const world = { workspace: WORKSPACE, livemode: true };
const page = { limit: 20, offset: 20 };
const newest = { take: 20, skip: 20, newestFirst: true };
const anything = { kind: null, from: null, to: null };
const commissions = { status: null, saleStatus: null, referralId: null, affiliateId: null, from: null, to: null };
const referrals = { startingAfter: null, endingBefore: null, affiliateId: null, externalUserId: null, status: null };
const payouts = {
  status: null,
  affiliateId: null,
  from: null,
  to: null,
  sort: { by: 'created', descending: true },
} as const;
const last = { ...referrals, from: null, to: null, newestFirst: true, livemode: true, limit: 20 };

/** The last statement of each reads the rows; what stands before it counts all. */
const LISTS: Readonly<Record<string, (tx: Tx) => Promise<unknown>>> = {
  events: (tx) => listEvents(tx, world, PROGRAM, 'affitor', { ...anything, ...page }),
  clicks: (tx) => listEvents(tx, world, PROGRAM, 'affitor', { ...anything, kind: 'click', ...page }),
  'sales as events': (tx) => listEvents(tx, world, PROGRAM, 'affitor', { ...anything, kind: 'conversion', ...page }),
  conversions: (tx) => listConversions(tx, world, { kind: null }, page),
  sales: (tx) => listConversions(tx, world, { kind: 'sale' }, page),
  'sales of anybody': (tx) =>
    listConversions(tx, world, { kind: 'sale', creditedTo: 'anybody' }, { ...page, uncounted: true }),
  commissions: (tx) => listCommissions(tx, world, { ...commissions, newestFirst: true, ...page }),
  'paid commissions': (tx) =>
    listCommissions(tx, world, { ...commissions, status: 'paid', newestFirst: true, ...page }),
  payouts: (tx) => listPayouts(tx, world, { ...payouts, ...page }),
  inbox: (tx) => listInbox(tx, WORKSPACE, { state: null, livemode: true, ...page }),
  'ignored events': (tx) => listInbox(tx, WORKSPACE, { state: 'ignored', livemode: true, ...page }),
  'failed events': (tx) => listInbox(tx, WORKSPACE, { state: 'failed', livemode: true, ...page, uncounted: true }),
  referrals: (tx) => listReferrals(tx, WORKSPACE, last),
  'referrals of a user': (tx) => listReferrals(tx, WORKSPACE, { ...last, externalUserId: 'user_400' }),
  'clicks on links': (tx) =>
    clicksOfLinks(tx, WORKSPACE, { linkId: null, affiliateId: null, from: null, to: null, ...newest }),
  'clicks of an affiliate': (tx) => listClicks(tx, world, { affiliateId: 'aff_7', ...page, limit: 5, offset: 5 }),
  'earnings of an affiliate': (tx) => listEarnings(tx, world, 'aff_7', { limit: 5, offset: 5 }),
  'payouts of an affiliate': (tx) => listPayoutsOf(tx, world, 'aff_7', { limit: 5, offset: 5 }),
  'transfers of an affiliate': (tx) => listTransfers(tx, WORKSPACE, true, 'aff_7', { limit: 5, offset: 5 }),
};

/** What is asked of a span at the end of all. */
function figuresAt(rows: number): Readonly<Record<string, (tx: Tx) => Promise<unknown>>> {
  const week = { from: momentOf(rows) - 7 * DAY, to: momentOf(rows) - 1 };
  return {
    'a week': (tx) => dailyFigures(tx, world, PROGRAM, week, 'usd'),
    'the first of all': (tx) => firstTracked(tx, world, PROGRAM),
    'the first of a program without any': (tx) => firstTracked(tx, world, 'prog_none'),
    'the last of all': (tx) => activityOf(tx, world, PROGRAM, week.to - DAY, 'key_1'),
    'events of a week': (tx) => listEvents(tx, world, PROGRAM, 'affitor', { ...anything, ...week, ...page }),
  };
}

const readsAt = (rows: number) => Object.entries({ ...LISTS, ...figuresAt(rows) });

describe('with ten times as many rows', () => {
  const few = new Map<string, number[]>();

  beforeAll(async () => {
    await grow(0, FEW - 1);
    for (const [name, read] of readsAt(FEW)) few.set(name, await pagesOf(read));
    await grow(FEW, MANY - 1);
  }, 120_000);

  test.each(readsAt(MANY))('%s: what is shown looks at no more pages', async (name, read) => {
    const [before, after] = [few.get(name)?.at(-1) ?? NaN, (await pagesOf(read)).at(-1) ?? NaN];
    // An index that is a level deeper is one page more for each look into it.
    expect(after).toBeLessThan(before * 3 + 10);
  });

  test.each(Object.entries(LISTS))('%s: what is counted looks at indexes alone', async (name, read) => {
    const pages = await pagesOf(read);
    for (const one of pages.slice(0, -1)) expect(one, name).toBeLessThan((3 * MANY) / 80);
  });
});
