/**
 * Figures and events of a program against a plain computation over the same random rows: many at one moment, refunded,
 * of both worlds, of two programs, rejected, told as tests, credited to nobody, taken back, in two currencies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DayFigures, EventKind, Span } from '../../src/core/figures.ts';
import { createRng, type Rng } from '../../src/simulator/rng.ts';
import { activityOf, dailyFigures, firstTracked, listEvents } from '../../src/store/figures.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { expectShown } from '../support/shown.ts';

const SEED = process.env['FIGURES_SEED'] ?? String(Math.floor(Math.random() * 1e9));
const DAY = 86_400_000;
const T0 = Date.UTC(2026, 1, 26);
const DAYS = 20;
const PROGRAMS = ['prog_a', 'prog_b'] as const;

type Referral = {
  readonly referral_id: string;
  readonly number: number;
  readonly affiliate_id: string | null;
  readonly program_id: string;
  readonly status: string;
  readonly clicked_at: number | null;
  readonly lead_at: number | null;
  readonly test_only: boolean;
  readonly created_at: number;
};

type Conversion = {
  readonly conversion_id: string;
  readonly payment_id: string;
  readonly number: number;
  readonly kind: string;
  readonly livemode: boolean;
  readonly status: string;
  readonly referral_id: string | null;
  readonly affiliate_id: string | null;
  readonly program_id: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly refunded: number;
  readonly occurred_at: number;
};

type Commission = {
  readonly commission_id: string;
  readonly conversion_id: string;
  readonly livemode: boolean;
  readonly affiliate_id: string;
  readonly program_id: string;
  readonly status: string;
  readonly currency: string;
  readonly earned: number;
  readonly reversed: number;
  readonly shown: boolean;
};

type World = {
  readonly affiliates: readonly { id: string; program_id: string; created_at: number; deleted: boolean }[];
  readonly referrals: readonly Referral[];
  readonly conversions: readonly Conversion[];
  readonly commissions: readonly Commission[];
};

const numbered = <T>(count: number, one: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => one(n));

/** Few moments, so that many things happen at the same one; some at the very ends of a day. */
function momentOf(rng: Rng): number {
  const day = T0 + rng.int(0, DAYS - 1) * DAY;
  return day + rng.pick([0, 1, 6 * 3_600_000, 12 * 3_600_000, DAY - 1]);
}

function worldOf(rng: Rng): World {
  const affiliates = numbered(8, (n) => ({
    id: `aff_${n}`,
    program_id: rng.pick(PROGRAMS),
    created_at: momentOf(rng),
    deleted: rng.chance(0.2),
  }));
  const referrals = numbered(160, (n): Referral => referralOf(rng, n));
  const conversions = numbered(500, (n) => conversionOf(rng, n, referrals));
  return { affiliates, referrals, conversions, commissions: conversions.flatMap((one) => commissionsOf(rng, one)) };
}

function referralOf(rng: Rng, n: number): Referral {
  const at = momentOf(rng);
  return {
    referral_id: `ref_${n}`,
    number: 1000 + ((n * 7919) % 160),
    affiliate_id: rng.chance(0.9) ? `aff_${rng.int(0, 7)}` : null,
    program_id: rng.chance(0.8) ? 'prog_a' : 'prog_b',
    status: rng.pick(['click', 'click', 'lead', 'active', 'rejected']),
    clicked_at: rng.chance(0.8) ? at : null,
    lead_at: rng.chance(0.5) ? momentOf(rng) : null,
    test_only: rng.chance(0.15),
    created_at: at,
  };
}

const STATUSES = [
  'complete',
  'complete',
  'complete',
  'partial_refunded',
  'refunded',
  'void',
  'open',
  'trialing',
  'failed',
];

function conversionOf(rng: Rng, n: number, referrals: readonly Referral[]): Conversion {
  const referral = rng.chance(0.8) ? rng.pick(referrals.slice(0, 60)) : null;
  const status = rng.pick(STATUSES);
  const amount = rng.int(0, 9_999);
  return {
    conversion_id: `com_${String((n * 7) % 500).padStart(3, '0')}`,
    payment_id: `pay_${n}`,
    number: 5000 + ((n * 31) % 500),
    kind: rng.chance(0.85) ? 'sale' : rng.pick(['refund', 'dispute']),
    livemode: rng.chance(0.75),
    status,
    referral_id: referral?.referral_id ?? null,
    affiliate_id: referral?.affiliate_id ?? null,
    // A referral does not change its program; that one does not count in the other's figures is asked all the same.
    program_id: referral === null ? null : rng.chance(0.9) ? referral.program_id : rng.pick(PROGRAMS),
    currency: rng.chance(0.8) ? 'usd' : 'eur',
    amount,
    refunded: status === 'refunded' ? amount : status === 'partial_refunded' ? Math.floor(amount / 3) : 0,
    occurred_at: momentOf(rng),
  };
}

/** What it credits earns something or nothing; beside it a recruiter, and what was taken back in another currency. */
function commissionsOf(rng: Rng, sale: Conversion): Commission[] {
  if (sale.kind !== 'sale' || sale.affiliate_id === null || sale.program_id === null || rng.chance(0.1)) return [];
  const { conversion_id, livemode, program_id, status, affiliate_id } = sale;
  const common = { conversion_id, livemode, program_id };
  const earned = rng.int(1, 3_000);
  const stands = rng.pick(['pending', 'ready_for_payment', 'declined', 'refunded', 'dispute']);
  const currency = rng.chance(0.9) ? sale.currency : 'usd';
  const id = `earn_${sale.payment_id}`;
  const reversed = rng.chance(0.3) ? rng.int(0, earned) : 0;
  const shown = status !== 'void';
  const own = { ...common, commission_id: id, affiliate_id, status: stands, currency, earned, reversed, shown };
  const beside = { ...own, commission_id: `${id}r`, affiliate_id: 'aff_recruiter', status: 'pending', shown: false };
  const taken = {
    ...own,
    commission_id: `${id}t`,
    status: 'declined',
    currency: 'gbp',
    earned: 0,
    reversed: 0,
    shown: false,
  };
  return [own, ...(rng.chance(0.3) ? [beside] : []), ...(rng.chance(0.2) ? [taken] : [])];
}

const isSale = (one: Conversion): boolean =>
  one.kind === 'sale' && one.affiliate_id !== null && !['void', 'open', 'trialing', 'failed'].includes(one.status);

/** Plain: everything is gone through for every question. */
function plain(world: World, livemode: boolean, program: string) {
  const ofProgram = world.referrals.filter((one) => livemode && one.program_id === program);
  const clicks = ofProgram.flatMap((one) => (one.clicked_at === null ? [] : [{ ...one, at: one.clicked_at }]));
  const leads = ofProgram.flatMap((one) =>
    one.lead_at === null || one.status === 'rejected' || one.test_only ? [] : [{ ...one, at: one.lead_at }],
  );
  const sales = world.conversions.flatMap((one) =>
    isSale(one) && one.livemode === livemode && one.program_id === program ? [{ ...one, at: one.occurred_at }] : [],
  );
  const firsts = [...new Set(sales.flatMap(({ referral_id }) => referral_id ?? []))].map((id) => ({
    at: Math.min(...sales.filter((one) => one.referral_id === id).map(({ at }) => at)),
  }));
  return { clicks, leads, sales, firsts };
}

function plainDays(
  world: World,
  livemode: boolean,
  program: string,
  { from, to }: Span,
  currency: string,
): DayFigures[] {
  const all = plain(world, livemode, program);
  const days: DayFigures[] = [];
  for (let day = Math.floor(from / DAY) * DAY; day <= to; day += DAY) {
    const on = <T extends { at: number }>(those: readonly T[]): T[] =>
      those.filter(({ at }) => at >= from && at <= to && at >= day && at < day + DAY);
    const sold = on(all.sales);
    const earned = sold.flatMap((sale) =>
      world.commissions.filter(
        (one) =>
          one.conversion_id === sale.conversion_id &&
          one.affiliate_id === sale.affiliate_id &&
          one.currency === currency &&
          one.status !== 'declined' &&
          one.status !== 'refunded',
      ),
    );
    const sum = (amounts: readonly number[]): bigint => BigInt(amounts.reduce((total, one) => total + one, 0));
    const partners = world.affiliates.filter((one) => one.program_id === program && !one.deleted);
    days.push({
      day: new Date(day).toISOString().slice(0, 10),
      clicks: on(all.clicks).length,
      leads: on(all.leads).length,
      conversions: on(all.firsts).length,
      sales: sold.length,
      revenue: sum(sold.map((one) => (one.currency === currency ? one.amount - one.refunded : 0))),
      partners: on(partners.map((one) => ({ at: one.created_at }))).length,
      commission: sum(earned.map((one) => one.earned - one.reversed)),
    });
  }
  return days;
}

type Told = { readonly kind: EventKind; readonly number: number; readonly at: number };

function plainEvents(world: World, livemode: boolean, program: string): Told[] {
  const { clicks, leads, sales } = plain(world, livemode, program);
  const told = (kind: EventKind, those: readonly { number: number; at: number }[]): Told[] =>
    those.map(({ number, at }) => ({ kind, number, at }));
  const order = (a: Told, b: Told): number =>
    b.at - a.at || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : b.number - a.number);
  return [...told('click', clicks), ...told('lead', leads), ...told('conversion', sales)].toSorted(order);
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

async function write({ database }: TestDatabase, workspace: string, world: World): Promise<void> {
  const rows = async (text: string, given: readonly object[]): Promise<void> => {
    await database.pool.query(text, [workspace, JSON.stringify(given)]);
  };
  await createWorkspace(database.pool, workspace, workspace, 'prog_a');
  await rows(`INSERT INTO programs (workspace_id, program_id, name) SELECT $1, 'prog_b', $2::text`, []);
  await rows(
    `INSERT INTO affiliates (workspace_id, affiliate_id, program_id, name, email, tracking_id, status, created_at, deleted_at)
     SELECT $1, id, program_id, id, '', id, 'approved', created_at, CASE WHEN deleted THEN now() END
     FROM jsonb_to_recordset($2::jsonb) AS r(id text, program_id text, created_at timestamptz, deleted boolean)`,
    [...world.affiliates, { id: 'aff_recruiter', program_id: 'prog_a', created_at: 0, deleted: true }].map((one) => ({
      ...one,
      created_at: iso(one.created_at),
    })),
  );
  await rows(
    `INSERT INTO referrals (workspace_id, referral_id, number, affiliate_id, program_id, status, clicked_at, lead_at, test_only, created_at)
     SELECT $1, r.* FROM jsonb_to_recordset($2::jsonb) AS r(referral_id text, number bigint, affiliate_id text, program_id text, status text,
       clicked_at timestamptz, lead_at timestamptz, test_only boolean, created_at timestamptz)`,
    world.referrals.map((one) => ({
      ...one,
      clicked_at: iso(one.clicked_at),
      lead_at: iso(one.lead_at),
      created_at: iso(one.created_at),
    })),
  );
  const sold = world.conversions.map((one) => ({ ...one, occurred_at: iso(one.occurred_at), counts: isSale(one) }));
  const SOLD = `jsonb_to_recordset($2::jsonb) AS r(conversion_id text, payment_id text, number bigint, kind text, livemode boolean,
    status text, referral_id text, affiliate_id text, program_id text, currency text, amount bigint, refunded bigint, occurred_at timestamptz,
    counts boolean)`;
  await rows(
    `INSERT INTO payments (workspace_id, payment_id, livemode, version, referral_id, paid_at, program_id, state, posted)
     SELECT $1, payment_id, livemode, 1, referral_id, occurred_at, CASE WHEN counts THEN program_id END, '{"rulings":[]}', '{}' FROM ${SOLD}`,
    sold,
  );
  await rows(
    `INSERT INTO conversions (workspace_id, conversion_id, payment_id, money_key, number, kind, livemode, status, source, external_event_id,
       referral_id, affiliate_id, program_id, currency, amount, refunded, base, occurred_at, created_at, updated_at)
     SELECT $1, conversion_id, payment_id, conversion_id, number, kind, livemode, status, 'affitor', 'order ' || conversion_id,
       referral_id, affiliate_id, program_id, currency, amount, refunded, amount, occurred_at, now(), now() FROM ${SOLD}`,
    sold,
  );
  await rows(
    `INSERT INTO commissions (workspace_id, commission_id, conversion_id, livemode, affiliate_id, referral_id, program_id, status, currency,
       base, earned, reversed, available_at, created_at, updated_at, parts, sold_at, sale_status)
     SELECT $1, r.commission_id, r.conversion_id, r.livemode, r.affiliate_id, c.referral_id, r.program_id, r.status, r.currency,
       c.base, r.earned, r.reversed, now(), now(), now(), '[]', CASE WHEN shown OR c.status <> 'void' AND r.earned > 0 THEN c.occurred_at END, CASE WHEN shown THEN c.status END
     FROM jsonb_to_recordset($2::jsonb) AS r(commission_id text, conversion_id text, livemode boolean, affiliate_id text, program_id text,
       status text, currency text, earned bigint, reversed bigint, shown boolean)
     JOIN conversions c ON c.workspace_id = $1 AND c.conversion_id = r.conversion_id`,
    world.commissions,
  );
}

const WORKSPACES = ['left', 'right'] as const;
const worlds = new Map(WORKSPACES.map((name) => [name, worldOf(createRng(`figures/${SEED}/${name}`))]));

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  for (const [name, world] of worlds) await write(db, name, world);
  await db.database.pool.query('ANALYZE');
});

afterAll(() => db.drop());

test('the rows are such as the service writes', async () => {
  expect(await expectShown(db)).toBeGreaterThan(500);
});

describe.each([...worlds])(`%s, FIGURES_SEED=${SEED}`, (workspace, world) => {
  const rng = createRng(`asked/${SEED}/${workspace}`);
  const tx = () => db.database.of(workspace);
  const sides = [true, false].flatMap((livemode) =>
    [...PROGRAMS, 'prog_none'].map((program) => ({ livemode, program })),
  );

  test.each(sides)('days of $program, live $livemode', async ({ livemode, program }) => {
    const spans = [
      { from: T0, to: T0 + DAYS * DAY - 1 },
      { from: T0 - 3 * DAY, to: T0 - 1 },
      ...numbered(25, () => {
        const from = momentOf(rng) + rng.pick([0, 1, -1]);
        return { from, to: from + rng.int(0, 9) * DAY + rng.pick([0, 1, 7_200_000]) };
      }),
    ];
    for (const span of spans)
      for (const currency of ['usd', 'eur'])
        expect(await dailyFigures(tx(), { workspace, livemode }, program, span, currency)).toEqual(
          plainDays(world, livemode, program, span, currency),
        );
  });

  test.each(sides)('the first and the last of $program, live $livemode', async ({ livemode, program }) => {
    const { clicks, leads, sales } = plain(world, livemode, program);
    const last = (those: readonly { at: number }[]) =>
      those.length === 0 ? null : Math.max(...those.map(({ at }) => at));
    const all = [...clicks, ...leads, ...sales].map(({ at }) => at);
    expect(await firstTracked(tx(), { workspace, livemode }, program)).toBe(all.length === 0 ? null : Math.min(...all));
    for (const since of numbered(5, () => momentOf(rng))) {
      const { last: latest, lastDay } = await activityOf(tx(), { workspace, livemode }, program, since, 'key_1');
      expect(latest).toEqual({ clicks: last(clicks), leads: last(leads), sales: last(sales) });
      const count = (those: readonly { at: number }[]): number => those.filter(({ at }) => at >= since).length;
      expect(lastDay).toEqual({ clicks: count(clicks), leads: count(leads), sales: count(sales) });
    }
  });

  test.each(sides)('events of $program, live $livemode, in pages', async ({ livemode, program }) => {
    const every = plainEvents(world, livemode, program);
    for (const kind of [null, 'click', 'lead', 'conversion'] as const)
      for (const [from, to] of [
        [null, null],
        [momentOf(rng), null],
        [null, momentOf(rng)],
        [T0 + 2 * DAY, T0 + 9 * DAY],
      ] as const) {
        const expected = every.filter(
          (one) =>
            (kind === null || one.kind === kind) && (from === null || one.at >= from) && (to === null || one.at <= to),
        );
        const limit = rng.pick([7, 23, 100]);
        const seen: Told[] = [];
        for (let offset = 0; offset <= expected.length; offset += limit) {
          const filter = { kind, from, to, limit, offset };
          const { rows, total } = await listEvents(tx(), { workspace, livemode }, program, 'affitor', filter);
          expect(total).toBe(expected.length);
          seen.push(...rows.map((row) => ({ kind: row.kind, number: Number(row.number), at: row.at.getTime() })));
        }
        expect(seen).toEqual(expected);
      }
  });
});
