/** Figures of one program in one world, summed by the database. */
import type { Activity, DayFigures, EventKind, Span } from '../core/figures.ts';
import type { World } from './conversions.ts';
import type { Limits } from './pages.ts';
import type { Tx } from './tx.ts';

const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

/** Sales that credit somebody and stand, of program $3 in world $2. */
const SALES = `conversions c WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.kind = 'sale' AND c.program_id = $3
  AND c.affiliate_id IS NOT NULL AND c.status NOT IN ('void', 'open', 'trialing', 'failed')`;
/** Clicks and sign-ups serve both worlds and are told in the live one. */
const CLICKS = `referrals r WHERE r.workspace_id = $1 AND $2 AND r.program_id = $3 AND r.clicked_at IS NOT NULL`;
const LEADS = `referrals r WHERE r.workspace_id = $1 AND $2 AND r.program_id = $3 AND r.lead_at IS NOT NULL AND r.status <> 'rejected'
  AND NOT r.test_only`;

const dayOf = (moment: string): string => `(${moment} AT TIME ZONE 'UTC')::date AS day`;
const within = (moment: string): string => `${moment} BETWEEN $4::timestamptz AND $5::timestamptz`;

/** Every day from one moment to another, both included; money in `currency` only. */
export async function dailyFigures(
  tx: Tx,
  { workspace, livemode }: World,
  program: string,
  { from, to }: Span,
  currency: string,
): Promise<DayFigures[]> {
  const { rows } = await tx.query<DayFigures>({
    text: `WITH clicks AS (SELECT ${dayOf('r.clicked_at')}, count(*)::int AS n FROM ${CLICKS} AND ${within('r.clicked_at')} GROUP BY 1),
      leads AS (SELECT ${dayOf('r.lead_at')}, count(*)::int AS n FROM ${LEADS} AND ${within('r.lead_at')} GROUP BY 1),
      sold AS (SELECT c.conversion_id, c.affiliate_id, c.currency, ${dayOf('c.occurred_at')},
        CASE WHEN c.currency = $6 THEN c.amount - c.refunded ELSE 0 END AS revenue
        FROM ${SALES} AND ${within('c.occurred_at')}),
      sales AS (SELECT day, count(*)::int AS n, sum(revenue)::bigint AS revenue FROM sold GROUP BY 1),
      firsts AS (SELECT ${dayOf('f.at')}, count(*)::int AS n FROM (
        SELECT min(c.occurred_at) AS at FROM ${SALES} AND c.referral_id IS NOT NULL GROUP BY c.referral_id) f
        WHERE ${within('f.at')} GROUP BY 1),
      earned AS (SELECT s.day, sum(m.earned - m.reversed)::bigint AS commission FROM sold s
        JOIN commissions m ON m.workspace_id = $1 AND m.conversion_id = s.conversion_id AND m.affiliate_id = s.affiliate_id
        WHERE m.currency = $6 AND m.status NOT IN ('declined', 'refunded') GROUP BY 1),
      partners AS (SELECT ${dayOf('a.created_at')}, count(*)::int AS n FROM affiliates a
        WHERE a.workspace_id = $1 AND a.program_id = $3 AND a.deleted_at IS NULL AND ${within('a.created_at')} GROUP BY 1)
      SELECT to_char(d.at, 'YYYY-MM-DD') AS day, COALESCE(clicks.n, 0) AS clicks, COALESCE(leads.n, 0) AS leads,
        COALESCE(firsts.n, 0) AS conversions, COALESCE(sales.n, 0) AS sales, COALESCE(sales.revenue, 0)::bigint AS revenue,
        COALESCE(partners.n, 0) AS partners, COALESCE(earned.commission, 0)::bigint AS commission
      FROM generate_series(($4::timestamptz AT TIME ZONE 'UTC')::date, ($5::timestamptz AT TIME ZONE 'UTC')::date, interval '1 day') AS d(at)
        LEFT JOIN clicks ON clicks.day = d.at LEFT JOIN leads ON leads.day = d.at LEFT JOIN sales ON sales.day = d.at
        LEFT JOIN firsts ON firsts.day = d.at LEFT JOIN earned ON earned.day = d.at
        LEFT JOIN partners ON partners.day = d.at ORDER BY d.at`,
    values: [workspace, livemode, program, iso(from), iso(to), currency],
  });
  return rows;
}

/** When the first of all was tracked; null: nothing was. */
export async function firstTracked(tx: Tx, { workspace, livemode }: World, program: string): Promise<number | null> {
  const { rows } = await tx.query<{ at: Date | null }>({
    text: `SELECT LEAST((SELECT min(r.clicked_at) FROM ${CLICKS}), (SELECT min(r.lead_at) FROM ${LEADS}),
             (SELECT min(c.occurred_at) FROM ${SALES})) AS at`,
    values: [workspace, livemode, program],
  });
  return rows[0]?.at?.getTime() ?? null;
}

/** Counts since `since`, milliseconds UTC. */
export async function activityOf(
  tx: Tx,
  { workspace, livemode }: World,
  program: string,
  since: number,
  keyId: string,
): Promise<Omit<Activity, 'at'>> {
  const { rows } = await tx.query<{
    clicks: number;
    leads: number;
    sales: number;
    click_at: Date | null;
    lead_at: Date | null;
    sale_at: Date | null;
    partners: boolean;
    incentives: boolean;
    rotated_at: Date | null;
  }>({
    text: `SELECT (SELECT count(*)::int FROM ${CLICKS} AND r.clicked_at >= $4) AS clicks,
             (SELECT count(*)::int FROM ${LEADS} AND r.lead_at >= $4) AS leads,
             (SELECT count(*)::int FROM ${SALES} AND c.occurred_at >= $4) AS sales,
             (SELECT max(r.clicked_at) FROM ${CLICKS}) AS click_at, (SELECT max(r.lead_at) FROM ${LEADS}) AS lead_at,
             (SELECT max(c.occurred_at) FROM ${SALES}) AS sale_at,
             EXISTS (SELECT 1 FROM affiliates WHERE workspace_id = $1 AND program_id = $3 AND status = 'approved'
               AND deleted_at IS NULL) AS partners,
             EXISTS (SELECT 1 FROM incentives WHERE workspace_id = $1 AND program_id = $3 AND until IS NULL) AS incentives,
             (SELECT created_at FROM api_keys WHERE workspace_id = $1 AND key_id = $5 AND rotated_from IS NOT NULL) AS rotated_at`,
    values: [workspace, livemode, program, iso(since), keyId],
  });
  const [row] = rows;
  if (!row) throw new Error('a SELECT without FROM gives one row');
  const at = (moment: Date | null): number | null => moment?.getTime() ?? null;
  return {
    last: { clicks: at(row.click_at), leads: at(row.lead_at), sales: at(row.sale_at) },
    lastDay: { clicks: row.clicks, leads: row.leads, sales: row.sales },
    hasPartners: row.partners,
    hasIncentives: row.incentives,
    keyRotatedAt: at(row.rotated_at),
  };
}

export type EventFilter = Limits & {
  readonly kind: EventKind | null;
  readonly from: number | null;
  readonly to: number | null;
};

export type EventRow = {
  kind: EventKind;
  number: bigint;
  at: Date;
  click_id: string | null;
  converted: boolean;
  customer_key: string | null;
  details: Record<string, unknown> | null;
  /** The journal's entry of the call that told it, where it is kept. */
  told: string | null;
  amount: bigint;
  refunded: bigint;
  currency: string;
  external_event_id: string;
  is_subscription: boolean;
};

/** One kind of event: its rows of the program, within the moments and only when it is asked for ($4 to $6). */
function branch(kind: EventKind, moment: string, columns: string, from: string): string {
  return `SELECT '${kind}' AS kind, ${moment} AS at, ${columns} FROM ${from} AND ($4::text IS NULL OR $4 = '${kind}')
    AND ($5::timestamptz IS NULL OR ${moment} >= $5) AND ($6::timestamptz IS NULL OR ${moment} <= $6)`;
}

const BRANCHES = [
  branch('click', 'r.clicked_at', 'r.number, r.referral_id AS id', CLICKS),
  branch('lead', 'r.lead_at', 'r.number, r.referral_id AS id', LEADS),
  branch('conversion', 'c.occurred_at', 'c.number, c.conversion_id AS id', SALES),
];

/** What the caller sent, as the journal of this dialect keeps it: a sign-up by its click, a sale by its own id. */
const TOLD = `CASE p.kind WHEN 'lead' THEN (SELECT y.body FROM payloads y WHERE y.workspace_id = $1 AND y.source = $9
      AND y.event_key >= 'signup:' || p.id || ':' AND y.event_key < 'signup:' || p.id || ';' ORDER BY y.event_key LIMIT 1)
    WHEN 'conversion' THEN (SELECT y.body FROM payloads y WHERE y.workspace_id = $1 AND y.source = $9
      AND y.event_key = CASE WHEN $2 THEN 'sale:' ELSE 'test:sale:' END || c.external_event_id) END`;

/** The latest first. Each kind gives as many as the page could need, then they are merged. `source`: the dialect. */
export async function listEvents(
  tx: Tx,
  { workspace, livemode }: World,
  program: string,
  source: string,
  { kind, from, to, limit, offset }: EventFilter,
): Promise<{ rows: EventRow[]; total: number }> {
  const values = [workspace, livemode, program, kind, iso(from), iso(to)];
  const counted = BRANCHES.map((one) => `(SELECT count(*) FROM (${one}) x)`).join(' + ');
  const count = await tx.query<{ total: bigint }>({ text: `SELECT ${counted} AS total`, values });
  const total = Number(count.rows[0]?.total ?? 0n);
  if (offset >= total) return { rows: [], total };
  const picked = BRANCHES.map((one) => `(${one} ORDER BY at DESC LIMIT $7::int + $8::int)`).join('\nUNION ALL ');
  const { rows } = await tx.query<EventRow>({
    text: `WITH picked AS (SELECT * FROM (${picked}) x ORDER BY at DESC, kind, number DESC LIMIT $7 OFFSET $8)
      SELECT p.kind, p.number, p.at, COALESCE(r.visitor_id, r.referral_id, c.referral_id) AS click_id,
        COALESCE(r.status NOT IN ('click', 'lead'), false) AS converted, r.external_user_id AS customer_key, r.click AS details,
        ${TOLD} AS told, c.amount, c.refunded, c.currency, c.external_event_id,
        EXISTS (SELECT 1 FROM payments y, json_each(y.state -> 'claims') s WHERE y.workspace_id = $1
          AND y.payment_id = c.payment_id AND s.value ->> 'subscription' IS NOT NULL) AS is_subscription
      FROM picked p
      LEFT JOIN referrals r ON p.kind <> 'conversion' AND r.workspace_id = $1 AND r.referral_id = p.id
      LEFT JOIN conversions c ON p.kind = 'conversion' AND c.workspace_id = $1 AND c.conversion_id = p.id
      ORDER BY p.at DESC, p.kind, p.number DESC`,
    values: [...values, limit, offset, source],
  });
  return { rows, total };
}
