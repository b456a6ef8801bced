/**
 * Figures of one program in one world, summed by the database. Clicks, leads and sales of a program each have an index by
 * time: what is asked of a span reads that span, and what is asked of all reads the index alone.
 */
import type { Activity, DayFigures, EventKind, Span } from '../core/figures.ts';
import type { World } from './conversions.ts';
import { windowOf, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

/** Sales that credit somebody and stand, of program $3 in world $2. */
const SALES = `conversions c WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.kind = 'sale' AND c.program_id = $3
  AND c.affiliate_id IS NOT NULL AND c.status NOT IN ('void', 'open', 'trialing', 'failed')`;
/** What such sales earned whom they credit, in currency $6, as far as it stands. */
const EARNED = `commissions m WHERE m.workspace_id = $1 AND m.livemode = $2 AND m.program_id = $3 AND m.currency = $6
  AND m.sale_status IS NOT NULL AND m.sale_status NOT IN ('open', 'trialing', 'failed') AND m.status NOT IN ('declined', 'refunded')`;
/** Clicks and sign-ups serve both worlds and are told in the live one. */
const CLICKS = `referrals r WHERE r.workspace_id = $1 AND $2 AND r.program_id = $3 AND r.clicked_at IS NOT NULL`;
const LEADS = `referrals r WHERE r.workspace_id = $1 AND $2 AND r.program_id = $3 AND r.lead_at IS NOT NULL AND r.status <> 'rejected'
  AND NOT r.test_only`;

const dayOf = (moment: string): string => `(${moment} AT TIME ZONE 'UTC')::date AS day`;
const within = (moment: string): string => `${moment} BETWEEN $4::timestamptz AND $5::timestamptz`;

/** What the referral `f` bought before $4. OFFSET keeps it a look at one referral: joined, it would read every payment. */
const SOLD_BEFORE = `SELECT 1 FROM payments p WHERE p.workspace_id = $1 AND p.livemode = $2 AND p.referral_id = f.referral_id
  AND p.paid_at < $4 AND p.program_id = $3 OFFSET 0`;

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
      sold AS (SELECT c.referral_id, ${dayOf('c.occurred_at')},
        CASE WHEN c.currency = $6 THEN c.amount - c.refunded ELSE 0 END AS revenue
        FROM ${SALES} AND ${within('c.occurred_at')}),
      sales AS (SELECT day, count(*)::int AS n, sum(revenue)::bigint AS revenue FROM sold GROUP BY 1),
      firsts AS (SELECT day, count(*)::int AS n FROM (
        SELECT referral_id, min(day) AS day FROM sold WHERE referral_id IS NOT NULL GROUP BY 1 ORDER BY 1) f
        WHERE NOT EXISTS (${SOLD_BEFORE}) GROUP BY 1),
      earned AS (SELECT ${dayOf('m.sold_at')}, sum(m.earned - m.reversed)::bigint AS commission FROM ${EARNED} AND ${within('m.sold_at')}
        GROUP BY 1),
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

/** One kind of event: where its rows are, and their moment and id. */
const KINDS: Readonly<Record<EventKind, { readonly from: string; readonly at: string; readonly columns: string }>> = {
  click: { from: CLICKS, at: 'r.clicked_at', columns: 'r.number, r.referral_id AS id' },
  lead: { from: LEADS, at: 'r.lead_at', columns: 'r.number, r.referral_id AS id' },
  conversion: { from: SALES, at: 'c.occurred_at', columns: 'c.number, c.conversion_id AS id' },
};

/** The kinds that are asked for, each with its rows between the moments that are asked for: $4 and $5, or only $4. */
function askedKinds({ kind, from, to }: EventFilter): { kind: EventKind; at: string; columns: string; rows: string }[] {
  const asked = kind === null ? (Object.keys(KINDS) as EventKind[]) : [kind];
  return asked.map((one) => {
    const { from: table, at, columns } = KINDS[one];
    const since = from === null ? '' : ` AND ${at} >= $4`;
    const until = to === null ? '' : ` AND ${at} <= $${from === null ? 4 : 5}`;
    return { kind: one, at, columns, rows: table + since + until };
  });
}

/** What the caller sent, as the journal of this dialect keeps it: a sign-up by its click, a sale by its own id. */
const toldBy = (source: string): string => `CASE p.kind
    WHEN 'lead' THEN (SELECT y.body FROM payloads y WHERE y.workspace_id = $1 AND y.source = ${source}
      AND y.event_key >= 'signup:' || p.id || ':' AND y.event_key < 'signup:' || p.id || ';' ORDER BY y.event_key LIMIT 1)
    WHEN 'conversion' THEN (SELECT y.body FROM payloads y WHERE y.workspace_id = $1 AND y.source = ${source}
      AND y.event_key = CASE WHEN $2 THEN 'sale:' ELSE 'test:sale:' END || c.external_event_id) END`;

/** The latest first. Each kind gives as many as the page could need, then they are merged. `source`: the dialect. */
export async function listEvents(
  tx: Tx,
  { workspace, livemode }: World,
  program: string,
  source: string,
  filter: EventFilter,
): Promise<{ rows: EventRow[]; total: number }> {
  const { from, to, limit, offset } = filter;
  const kinds = askedKinds(filter);
  const values = [workspace, livemode, program, ...[from, to].flatMap((moment) => iso(moment) ?? [])];
  const counts = kinds.map(({ rows }) => `(SELECT count(*) FROM ${rows})`);
  const count = await tx.query<{ total: bigint }>({ text: `SELECT ${counts.join(' + ')} AS total`, values });
  const total = Number(count.rows[0]?.total ?? 0n);
  if (offset >= total) return { rows: [], total };
  const most = windowOf({ limit: limit + offset, offset: 0 });
  const picked = kinds.map(
    ({ kind, at, columns, rows }) =>
      `(SELECT '${kind}' AS kind, ${at} AS at, ${columns} FROM ${rows} ORDER BY at DESC, number DESC ${most})`,
  );
  const { rows } = await tx.query<EventRow>({
    text: `WITH picked AS (
        SELECT * FROM (${picked.join('\nUNION ALL ')}) x ORDER BY at DESC, kind, number DESC ${windowOf(filter)})
      SELECT p.kind, p.number, p.at, COALESCE(r.visitor_id, r.referral_id, c.referral_id) AS click_id,
        COALESCE(r.status NOT IN ('click', 'lead'), false) AS converted, r.external_user_id AS customer_key, r.click AS details,
        ${toldBy(`$${values.length + 1}`)} AS told, c.amount, c.refunded, c.currency, c.external_event_id,
        EXISTS (SELECT 1 FROM payments y, json_each(y.state -> 'claims') s WHERE y.workspace_id = $1
          AND y.payment_id = c.payment_id AND s.value ->> 'subscription' IS NOT NULL) AS is_subscription
      FROM picked p
      LEFT JOIN referrals r ON p.kind <> 'conversion' AND r.workspace_id = $1 AND r.referral_id = p.id
      LEFT JOIN conversions c ON p.kind = 'conversion' AND c.workspace_id = $1 AND c.conversion_id = p.id
      ORDER BY p.at DESC, p.kind, p.number DESC`,
    values: [...values, source],
  });
  return { rows, total };
}
