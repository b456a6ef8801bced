/**
 * Lists of a workspace after random histories (test/property), page by page, against plain statements that look at every
 * row: which are shown, in which order, and how many there are in all.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PayoutFilter } from '../../src/core/payout-desk.ts';
import { createRng } from '../../src/simulator/rng.ts';
import { listCommissions, listConversions } from '../../src/store/conversion-lists.ts';
import { listEarnings } from '../../src/store/earnings.ts';
import { listInbox } from '../../src/store/inbox.ts';
import { listTransfers } from '../../src/store/ledger.ts';
import { listClicks } from '../../src/store/links.ts';
import type { Limits } from '../../src/store/pages.ts';
import { listPayouts } from '../../src/store/payouts.ts';
import { listReferrals } from '../../src/store/referrals.ts';
import { hearOne, playOf } from '../property/rehearsal.ts';
import { prepare } from '../property/situation.ts';
import { createDatabase } from '../support/database.ts';
import { expectShown } from '../support/shown.ts';
import type { TestDatabase } from '../support/server.ts';
import type { Stage } from '../support/stage.ts';

const SEED = process.env['LISTS_SEED'] ?? String(Math.floor(Math.random() * 1e9));
/** As many histories as this, and more until what is rare occurred in one of them. */
const RUNS = 12;
const MOST_RUNS = 200;
const DAY = 86_400_000;

let on: TestDatabase;
const stages: Stage[] = [];

beforeAll(async () => {
  on = await createDatabase();
  for (let index = 0; index < RUNS || (index < MOST_RUNS && !(await isVaried())); index += 1) {
    const { situation, deliveries } = playOf(`lists/${SEED}/${index}`, index);
    const stage = await prepare(on, situation);
    for (const one of deliveries.toSorted((a, b) => a.at - b.at))
      await hearOne(stage, { ...one, rules: stage.versions.late });
    await stage.pass(400);
    await visits(stage, index);
    stages.push(stage);
  }
}, 300_000);

afterAll(() => on.drop());

/** What is rare and has to occur: somebody was paid; somebody earned of a sale of whom they recruited. */
const RARE = ["m.status = 'paid'", 'm.affiliate_id <> c.affiliate_id AND m.earned > 0'];

async function isVaried(): Promise<boolean> {
  const places = await Promise.all(stages.map((stage) => Promise.all(RARE.map((what) => occurs(stage, what)))));
  return RARE.every((_, index) => places.some((found) => found[index]));
}

async function occurs(stage: Stage, what: string): Promise<boolean> {
  const found = await stage.ask(
    `SELECT FROM commissions m JOIN conversions c USING (workspace_id, conversion_id)
     WHERE m.workspace_id = $1 AND m.livemode AND c.status <> 'void' AND ${what} LIMIT 1`,
  );
  return found.length > 0;
}

/** Clicks and sign-ups of many moments, some of them at the same one. */
async function visits(stage: Stage, index: number): Promise<void> {
  const rng = createRng(`visits/${SEED}/${index}`);
  for (let n = 0; n < 60; n += 1) {
    const at = new Date(Date.UTC(2026, 5, 1) + rng.int(0, 9) * DAY).toISOString();
    await stage.ask(
      `INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, created_at, clicked_at, external_user_id, test_only)
       VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN $6::timestamptz END, $8, $9)`,
      [
        `ref_${n}`,
        rng.pick(['ann', 'bob', null]),
        stage.program,
        rng.pick(['click', 'click', 'lead', 'customer', 'rejected']),
        at,
        rng.chance(0.8),
        rng.chance(0.3) ? `user ${n % 7}` : null,
        rng.chance(0.1),
      ],
    );
  }
}

type Read = (limits: Limits) => Promise<{ readonly rows: readonly unknown[]; readonly total: number }>;

/** All pages one after another give what is expected, each says how many there are, and those that do not are the same. */
async function expectPages(read: Read, expected: readonly unknown[], what: string): Promise<void> {
  for (const limit of [3, 50]) {
    const seen: unknown[] = [];
    for (let offset = 0; offset <= expected.length; offset += limit) {
      const { rows, total } = await read({ limit, offset });
      expect(total, what).toBe(expected.length);
      expect((await read({ limit, offset, uncounted: true })).rows, what).toEqual(rows);
      seen.push(...rows);
    }
    expect(seen, what).toEqual(expected);
  }
}

const only = (column: string, value: string | null): string => (value === null ? '' : ` AND ${column} = '${value}'`);

const idsOf = async (stage: Stage, text: string): Promise<string[]> =>
  (await stage.ask<{ id: string }>(text)).map(({ id }) => id);

/** Every sale that has a commission, with it: whatever is the affiliate's own and was not replaced by one in another currency. */
const COMMISSIONS = `(SELECT DISTINCT ON (c.conversion_id) c.*, m.commission_id, m.status AS standing FROM conversions c
  JOIN commissions m ON m.workspace_id = c.workspace_id AND m.conversion_id = c.conversion_id AND m.affiliate_id = c.affiliate_id
    AND NOT (m.currency <> c.currency AND m.status = 'declined' AND m.earned = 0)
  WHERE c.workspace_id = $1 AND c.status <> 'void' AND c.kind = 'sale'
  ORDER BY c.conversion_id, m.status = 'declined' AND m.earned = 0, m.earned = 0, m.currency <> c.currency, m.commission_id DESC) s`;

test(`what lists read is what it follows from, LISTS_SEED=${SEED}`, async () => {
  expect(await expectShown(on)).toBeGreaterThan(RUNS);
});

test('conversions, by kind and by whom they credit', async () => {
  for (const stage of stages)
    for (const livemode of [true, false])
      for (const kind of [null, 'sale', 'refund'])
        for (const creditedTo of [null, 'anybody', 'ann', 'bob']) {
          const credited =
            creditedTo === 'anybody' ? ' AND affiliate_id IS NOT NULL' : only('affiliate_id', creditedTo);
          const expected = await idsOf(
            stage,
            `SELECT conversion_id AS id FROM conversions WHERE workspace_id = $1 AND livemode = ${livemode} AND status <> 'void'
             ${only('kind', kind)}${credited} ORDER BY occurred_at DESC, conversion_id DESC`,
          );
          const world = { workspace: stage.workspace, livemode };
          const read: Read = async (limits) => {
            const page = await listConversions(on.database.of(stage.workspace), world, { kind, creditedTo }, limits);
            return { ...page, rows: page.rows.map(({ id }) => id) };
          };
          await expectPages(read, expected, `conversions ${stage.workspace} ${livemode} ${kind} ${creditedTo}`);
        }
});

const ALL = {
  status: null,
  saleStatus: null,
  referralId: null,
  affiliateId: null,
  from: null,
  to: null,
  newestFirst: true,
} as const;

test('commissions, by every filter', async () => {
  let shown = 0;
  for (const stage of stages) {
    const [middle] = await stage.ask<{ at: Date }>(
      `SELECT occurred_at AS at FROM conversions WHERE workspace_id = $1 ORDER BY 1 OFFSET (SELECT count(*) / 2 FROM conversions
        WHERE workspace_id = $1) LIMIT 1`,
    );
    const at = middle?.at.getTime() ?? 0;
    const filters = [
      {},
      { newestFirst: false },
      ...['ready_for_payment', 'declined', 'refunded', 'paid'].map((status) => ({ status })),
      ...['complete', 'partial_refunded', 'refunded'].map((saleStatus) => ({ saleStatus })),
      { referralId: 'ref_a1' },
      { affiliateId: 'ann' },
      { affiliateId: 'bob', status: 'ready_for_payment', newestFirst: false },
      { from: at },
      { to: at, saleStatus: 'complete' },
      { from: at - DAY, to: at + DAY, status: 'ready_for_payment' },
    ];
    for (const filter of filters.map((one) => ({ ...ALL, ...one }))) {
      const { status, saleStatus, referralId, affiliateId, from, to, newestFirst } = filter;
      const direction = newestFirst ? 'DESC' : 'ASC';
      const moments = `${from === null ? '' : ` AND occurred_at >= '${new Date(from).toISOString()}'`}
        ${to === null ? '' : ` AND occurred_at <= '${new Date(to).toISOString()}'`}`;
      const expected = await stage.ask<{ id: string; commission: string }>(
        `SELECT conversion_id AS id, commission_id AS commission FROM ${COMMISSIONS} WHERE livemode ${only('standing', status)}
         ${only('status', saleStatus)}${only('referral_id', referralId)}${only('affiliate_id', affiliateId)}${moments}
         ORDER BY occurred_at ${direction}, conversion_id ${direction}`,
      );
      shown += expected.length;
      const world = { workspace: stage.workspace, livemode: true };
      const read: Read = async (limits) => {
        const page = await listCommissions(on.database.of(stage.workspace), world, { ...filter, ...limits });
        return { ...page, rows: page.rows.map(({ id, commission }) => ({ id, commission: commission?.id })) };
      };
      await expectPages(read, expected, `commissions ${stage.workspace} ${JSON.stringify(filter)}`);
    }
  }
  expect(shown).toBeGreaterThan(RUNS);
});

/** What was paid out and when, from the transfers and what was said of the payment. */
const PAYOUTS = `(
  SELECT m.commission_id, m.affiliate_id, m.updated_at, CASE WHEN m.status = 'processing_payout' THEN 'processing' ELSE 'completed' END AS status,
    CASE WHEN m.status = 'processing_payout' THEN COALESCE((SELECT sum((one ->> 'amount')::bigint)::bigint
      FROM json_array_elements(w.amounts) AS one
      WHERE one ->> 'affiliateId' = m.affiliate_id AND one ->> 'currency' = m.currency), m.earned - m.reversed)
      ELSE t.paid END AS amount,
    COALESCE(w.began, o.ms) AS created, COALESCE(CASE WHEN m.status = 'processing_payout' THEN w.began ELSE w.paid END, o.ms) AS processed
  FROM commissions m
  JOIN conversions c ON c.workspace_id = m.workspace_id AND c.conversion_id = m.conversion_id
  JOIN payments p ON p.workspace_id = c.workspace_id AND p.payment_id = c.payment_id
  CROSS JOIN LATERAL (SELECT (extract(epoch FROM c.occurred_at) * 1000)::bigint AS ms) o
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(CASE WHEN credit = 'paid' THEN amount ELSE -amount END), 0)::bigint AS paid FROM transfers
    WHERE workspace_id = m.workspace_id AND commission_id = m.commission_id AND (debit = 'paid' OR credit = 'paid')
  ) t
  CROSS JOIN LATERAL (SELECT COALESCE(max(n), 0) AS n FROM json_array_elements(p.state -> 'rulings') WITH ORDINALITY AS e(word, n)
    WHERE word ->> 'status' IN ('ready_for_payment', 'pending', 'pending_manual_approval')) b
  CROSS JOIN LATERAL (
    SELECT min((word #>> '{stamp,at}')::bigint) FILTER (WHERE word ->> 'status' IN ('processing_payout', 'paid')) AS began,
      min((word #>> '{stamp,at}')::bigint) FILTER (WHERE word ->> 'status' = 'paid') AS paid,
      (array_agg(word -> 'amounts' ORDER BY e.n) FILTER (WHERE word ->> 'status' = 'processing_payout'))[1] AS amounts
    FROM json_array_elements(p.state -> 'rulings') WITH ORDINALITY AS e(word, n) WHERE e.n > b.n
  ) w
  WHERE m.workspace_id = $1 AND m.livemode AND (m.status IN ('processing_payout', 'paid') OR t.paid <> 0)
) AS payout`;

type Paid = { readonly id: string; readonly amount: bigint; readonly created: bigint; readonly processed: bigint };

test('payouts, by every filter and in every order', async () => {
  let shown = 0;
  const by = { created: 'created', processed: 'processed', updated: 'updated_at', amount: 'amount' } as const;
  for (const stage of stages)
    for (const [sort, column] of Object.entries(by) as [keyof typeof by, string][])
      for (const descending of [true, false])
        for (const own of [{}, { status: 'processing' }, { status: 'completed', affiliateId: 'ann' }] as const) {
          const filter = {
            status: null,
            affiliateId: null,
            from: null,
            to: null,
            ...own,
          } satisfies Partial<PayoutFilter>;
          const direction = descending ? 'DESC' : 'ASC';
          const expected = await stage.ask<Paid>(
            `SELECT commission_id AS id, amount, created, processed FROM ${PAYOUTS} WHERE true ${only('status', filter.status)}
             ${only('affiliate_id', filter.affiliateId)} ORDER BY ${column} ${direction}, commission_id ${direction}`,
          );
          shown += expected.length;
          const world = { workspace: stage.workspace, livemode: true };
          const read: Read = async (limits) => {
            const asked = { ...filter, sort: { by: sort, descending }, ...limits };
            const page = await listPayouts(on.database.of(stage.workspace), world, asked);
            const rows = page.rows.map(({ commission, amount, createdAt, processedAt }) => ({
              id: commission.id,
              amount,
              created: BigInt(createdAt),
              processed: BigInt(processedAt),
            }));
            return { ...page, rows };
          };
          await expectPages(read, expected, `payouts ${stage.workspace} ${sort} ${JSON.stringify(own)}`);
        }
  expect(shown).toBeGreaterThan(0);
});

test('events of the inbox by state, transfers and clicks of an affiliate', async () => {
  for (const stage of stages) {
    const { workspace } = stage;
    const tx = on.database.of(workspace);
    for (const state of [null, 'done', 'ignored', 'parked', 'failed', 'pending'])
      await expectPages(
        async (limits) => {
          const page = await listInbox(tx, workspace, { state, livemode: true, ...limits });
          return { ...page, rows: page.rows.map((row) => row.event_key) };
        },
        await idsOf(
          stage,
          `SELECT event_key AS id FROM inbox WHERE workspace_id = $1 AND livemode ${only('state', state)} ORDER BY received_at DESC, event_key`,
        ),
        `inbox ${workspace} ${state}`,
      );
    await expectPages(
      async (limits) => {
        const page = await listTransfers(tx, workspace, true, 'ann', limits);
        return { ...page, rows: page.rows.map(({ id }) => id) };
      },
      await idsOf(
        stage,
        `SELECT transfer_id AS id FROM transfers WHERE workspace_id = $1 AND affiliate_id = 'ann' AND livemode ORDER BY at DESC, transfer_id DESC`,
      ),
      `transfers ${workspace}`,
    );
    await expectPages(
      async (limits) => {
        const page = await listClicks(tx, { workspace, livemode: true }, { affiliateId: 'bob', ...limits });
        return { ...page, rows: page.rows.map(({ id }) => id) };
      },
      await idsOf(
        stage,
        `SELECT referral_id AS id FROM referrals WHERE workspace_id = $1 AND affiliate_id = 'bob' AND clicked_at IS NOT NULL
           AND NOT test_only ORDER BY clicked_at DESC, referral_id DESC`,
      ),
      `clicks ${workspace}`,
    );
  }
});

test('what an affiliate earned, of recruits too', async () => {
  const of = new Map<boolean, number>();
  for (const stage of stages)
    for (const affiliate of ['ann', 'bob', 'carl', 'dora']) {
      const expected = await stage.ask<{ id: string; own: boolean }>(
        `SELECT m.commission_id AS id, c.affiliate_id IS NOT DISTINCT FROM m.affiliate_id AS own
         FROM commissions m JOIN conversions c USING (workspace_id, conversion_id)
         WHERE m.workspace_id = $1 AND m.affiliate_id = '${affiliate}' AND m.livemode AND c.status <> 'void'
           AND NOT (m.status = 'declined' AND m.earned = 0) ORDER BY c.occurred_at DESC, m.commission_id DESC`,
      );
      for (const { own } of expected) of.set(own, (of.get(own) ?? 0) + 1);
      const seen: string[] = [];
      const world = { workspace: stage.workspace, livemode: true };
      for (let more = true; more;) {
        const limits = { limit: 4, offset: seen.length };
        const { rows, hasMore } = await listEarnings(on.database.of(stage.workspace), world, affiliate, limits);
        seen.push(...rows.map(({ id }) => id));
        more = hasMore;
      }
      expect(seen).toEqual(expected.map(({ id }) => id));
    }
  expect([...of.keys()].toSorted()).toEqual([false, true]);
});

test('referrals after and before a cursor, by every filter', async () => {
  const none = { affiliateId: null, externalUserId: null, status: null, from: null, to: null };
  const [from, to] = [Date.UTC(2026, 5, 3), Date.UTC(2026, 5, 7)];
  const filters = [{}, { affiliateId: 'ann' }, { externalUserId: 'user 3' }, { status: 'lead' }, { from, to }];
  for (const stage of stages)
    for (const own of filters)
      for (const newestFirst of [true, false])
        for (const livemode of [true, false]) {
          const filter = { ...none, ...own };
          const direction = newestFirst ? 'DESC' : 'ASC';
          const expected = await idsOf(
            stage,
            `SELECT referral_id AS id FROM referrals WHERE workspace_id = $1 AND status <> 'click' AND affiliate_id IS NOT NULL
             ${livemode ? 'AND NOT test_only' : ''}${only('affiliate_id', filter.affiliateId)}${only('external_user_id', filter.externalUserId)}
             ${only('status', filter.status)}${filter.from === null ? '' : ` AND created_at BETWEEN to_timestamp(${from / 1000}) AND to_timestamp(${to / 1000})`}
             ORDER BY created_at ${direction}, referral_id ${direction}`,
          );
          const page = (startingAfter: string | null, endingBefore: string | null) =>
            listReferrals(on.database.of(stage.workspace), stage.workspace, {
              ...filter,
              limit: 4,
              startingAfter,
              endingBefore,
              newestFirst,
              livemode,
            });
          const seen: string[] = [];
          for (let more = true; more;) {
            const { rows, hasMore } = await page(seen.at(-1) ?? null, null);
            seen.push(...rows.map(({ id }) => id));
            more = hasMore;
          }
          expect(seen).toEqual(expected);
          const back: string[] = [];
          for (let before = expected.at(-1) ?? null; before !== null;) {
            const { rows, hasMore } = await page(null, before);
            back.unshift(...rows.map(({ id }) => id));
            before = hasMore ? (rows[0]?.id ?? null) : null;
          }
          expect(back).toEqual(expected.slice(0, -1));
          expect(await page('ref_of_nobody', null)).toEqual({ rows: [], hasMore: false });
        }
});
