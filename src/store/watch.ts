/** The look at affiliates as time goes by: what they sold and lost, and the history entries that follow from it. */
import { historyEntry } from './affiliates.ts';
import type { Settings } from '../core/rules.ts';
import type { Tx } from './tx.ts';

/** Workspaces whose present settings ask for a look and that had none since a moment. */
export async function workspacesToWatch(tx: Tx, before: number): Promise<string[]> {
  const { rows } = await tx.query<{ workspace_id: string }>({
    text: `SELECT w.workspace_id FROM workspaces w LEFT JOIN watches l USING (workspace_id)
           WHERE (l.looked_at IS NULL OR l.looked_at <= $1) AND (
             w.settings -> -1 -> 'settings' ->> 'lossThreshold' IS NOT NULL
             OR COALESCE(w.settings -> -1 -> 'settings' -> 'tiers', '[]') <> '[]')
           ORDER BY w.workspace_id`,
    values: [iso(before)],
  });
  return rows.map((row) => row.workspace_id);
}

const iso = (moment: number): string => new Date(moment).toISOString();

type Last = { readonly lookedAt: number; readonly sweptAt: number };

/** Takes the workspace's turn until the transaction ends, with when it was looked at before; null: somebody else has it. */
export async function takeTurn(tx: Tx, workspace: string): Promise<Last | null> {
  await tx.query({
    text: `INSERT INTO watches (workspace_id, looked_at, swept_at) VALUES ($1, '-infinity', '-infinity') ON CONFLICT DO NOTHING`,
    values: [workspace],
  });
  const { rows } = await tx.query<{ looked: string; swept: string }>({
    text: `SELECT (CASE WHEN isfinite(looked_at) THEN extract(epoch FROM looked_at) * 1000 ELSE 0 END)::bigint::text AS looked,
             (CASE WHEN isfinite(swept_at) THEN extract(epoch FROM swept_at) * 1000 ELSE 0 END)::bigint::text AS swept
           FROM watches WHERE workspace_id = $1 FOR UPDATE SKIP LOCKED`,
    values: [workspace],
  });
  const [row] = rows;
  return row ? { lookedAt: Number(row.looked), sweptAt: Number(row.swept) } : null;
}

export async function endTurn(tx: Tx, workspace: string, { lookedAt, sweptAt }: Last): Promise<void> {
  await tx.query({
    text: 'UPDATE watches SET looked_at = $2, swept_at = $3 WHERE workspace_id = $1',
    values: [workspace, iso(lookedAt), iso(sweptAt)],
  });
}

/** What one affiliate sold, of live sales that earned; amounts in minor units of one currency. */
export type Standing = {
  readonly affiliateId: string;
  readonly groupId: string | null;
  readonly held: boolean;
  /** Place of the highest tier that is reached, from 0; null: none is. */
  readonly tier: number | null;
  /** Within the days of the loss watch. */
  readonly sales: bigint;
  readonly lostSales: bigint;
  readonly amount: bigint;
  readonly lostAmount: bigint;
};

type StandingRow = {
  affiliate_id: string;
  group_id: string | null;
  held: boolean;
  place: number | null;
  sales: bigint;
  lost_sales: bigint;
  amount: string;
  lost_amount: string;
};

/**
 * Everybody of whose sales something changed since a moment (null: everybody who sold anything). A sale counts with what
 * may earn of it and is left of it, in the program's currency; one in another currency counts as a number only.
 */
export async function standings(
  tx: Tx,
  workspace: string,
  { since, now, currency, settings }: { since: number | null; now: number; currency: string; settings: Settings },
): Promise<Standing[]> {
  const { rows } = await tx.query<StandingRow>({
    text: STANDINGS,
    values: [
      workspace,
      since === null ? null : iso(since),
      iso(now),
      currency,
      JSON.stringify(settings.tiers),
      settings.lossDays,
    ],
  });
  return rows.map((row) => ({
    affiliateId: row.affiliate_id,
    groupId: row.group_id,
    held: row.held,
    tier: row.place === null ? null : row.place - 1,
    sales: row.sales,
    lostSales: row.lost_sales,
    amount: BigInt(row.amount),
    lostAmount: BigInt(row.lost_amount),
  }));
}

const STANDINGS = `
WITH who AS (
  SELECT affiliate_id, group_id, held_reason IS NOT NULL AS held, judged_from FROM affiliates
  WHERE workspace_id = $1 AND deleted_at IS NULL AND ($2::timestamptz IS NULL OR affiliate_id = ANY (ARRAY(
    SELECT DISTINCT affiliate_id FROM conversions
    WHERE workspace_id = $1 AND affiliate_id IS NOT NULL AND updated_at > $2)))
), tiers AS (
  SELECT place::int, (tier ->> 'minSales')::bigint AS min_sales, (tier ->> 'minAmount')::numeric AS min_amount,
    CASE WHEN tier ->> 'days' IS NULL THEN '-infinity' ELSE $3::timestamptz - make_interval(days => (tier ->> 'days')::int) END AS from_at
  FROM jsonb_array_elements($5::jsonb) WITH ORDINALITY AS t(tier, place)
), sales AS (
  SELECT DISTINCT ON (v.conversion_id) w.affiliate_id, w.judged_from, v.payment_id, v.occurred_at, v.amount,
    LEAST(v.refunded, v.amount) AS gone,
    CASE WHEN v.currency = $4 THEN v.base WHEN c.currency = $4 THEN c.base ELSE 0 END::numeric AS base
  FROM who w
  JOIN commissions c ON c.workspace_id = $1 AND c.affiliate_id = w.affiliate_id AND c.status <> 'declined'
  JOIN conversions v ON v.workspace_id = $1 AND v.conversion_id = c.conversion_id AND v.affiliate_id = c.affiliate_id
  WHERE v.livemode AND v.kind = 'sale' AND v.amount > 0 AND v.status IN ('complete', 'partial_refunded', 'refunded')
  ORDER BY v.conversion_id, c.commission_id
), reached AS (
  SELECT affiliate_id, place FROM sales JOIN tiers ON occurred_at > from_at
  GROUP BY affiliate_id, place, min_sales, min_amount
  HAVING count(*) FILTER (WHERE gone < amount) >= COALESCE(min_sales, 0)
    AND sum(round(base * (amount - gone) / amount)) >= COALESCE(min_amount, 0)
), tops AS (
  SELECT affiliate_id, max(place) AS place FROM reached GROUP BY 1
), judged AS (
  SELECT s.affiliate_id, s.amount, s.base, LEAST(s.amount, s.gone + COALESCE((
    SELECT sum(d.amount) FROM conversions d
    WHERE d.workspace_id = $1 AND d.payment_id = s.payment_id AND d.kind = 'dispute' AND d.status = 'open'), 0)) AS lost
  FROM sales s
  WHERE s.occurred_at > GREATEST($3::timestamptz - make_interval(days => $6::int), COALESCE(s.judged_from, '-infinity'))
)
SELECT w.affiliate_id, w.group_id, w.held, t.place,
  count(j.amount) AS sales, count(j.amount) FILTER (WHERE j.lost > 0) AS lost_sales,
  COALESCE(sum(j.base), 0)::text AS amount, COALESCE(sum(round(j.base * j.lost / j.amount)), 0)::text AS lost_amount
FROM who w LEFT JOIN judged j USING (affiliate_id) LEFT JOIN tops t USING (affiliate_id)
GROUP BY w.affiliate_id, w.group_id, w.held, t.place ORDER BY w.affiliate_id`;

/** What the look decided of one affiliate. */
export type Move = {
  readonly affiliateId: string;
  /** The group they were seen in; when it changed meanwhile, nothing happens. */
  readonly seenIn: string | null;
  readonly groupId: string | null;
  /** Why they are held from now on; null: the look says nothing about it. */
  readonly hold: string | null;
};

const ENTRY = {
  group: 'w.group_id',
  status: 'a.status',
  parent: 'a.parent_id',
  held: 'COALESCE(a.held_reason, w.hold)',
  email: 'a.email',
};

/** One statement, one new rules version for all of them, an entry in each history. Returns whom it moved. */
export async function moveAll(tx: Tx, workspace: string, moves: readonly Move[], now: number): Promise<string[]> {
  const { rows } = await tx.query<{ affiliate_id: string }>({
    text: `WITH wanted AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS w(affiliate_id, seen_in, group_id, hold)
      ), own AS (
        SELECT a.affiliate_id FROM affiliates a JOIN wanted w ON w.affiliate_id = a.affiliate_id
        WHERE a.workspace_id = $1 AND a.deleted_at IS NULL AND a.group_id IS NOT DISTINCT FROM w.seen_in
        ORDER BY a.affiliate_id FOR NO KEY UPDATE OF a
      ), bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1
        WHERE workspace_id = $1 AND EXISTS (SELECT 1 FROM own) RETURNING rules_version
      )
      UPDATE affiliates a SET group_id = w.group_id, held_reason = COALESCE(a.held_reason, w.hold),
        held_at = CASE WHEN COALESCE(a.held_reason, w.hold) IS NULL THEN NULL ELSE COALESCE(a.held_at, $6) END,
        history = a.history || ${historyEntry('bumped.rules_version', ENTRY)}
      FROM bumped, own JOIN wanted w USING (affiliate_id)
      WHERE a.workspace_id = $1 AND a.affiliate_id = own.affiliate_id RETURNING a.affiliate_id`,
    values: [
      workspace,
      moves.map(({ affiliateId }) => affiliateId),
      moves.map(({ seenIn }) => seenIn),
      moves.map(({ groupId }) => groupId),
      moves.map(({ hold }) => hold),
      iso(now),
    ],
  });
  return rows.map((row) => row.affiliate_id);
}
