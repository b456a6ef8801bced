/** What came of every affiliate's links, in one statement that reads each table once. */
import type { AffiliateSums } from '../core/visits.ts';
import type { World } from './conversions.ts';
import type { Limits } from './pages.ts';
import type { Tx } from './tx.ts';

type Row = Omit<AffiliateSums, 'affiliateId' | 'trackingId'> & { affiliate_id: string; tracking_id: string };

/** `page`: which affiliates, by parameters from $4 on. */
const sumsFor = (page: string): string => `WITH page AS (
        SELECT affiliate_id, tracking_id, email, created_at FROM affiliates WHERE workspace_id = $1 AND deleted_at IS NULL
        ${page}
      ), visits AS (
        SELECT affiliate_id, count(*) FILTER (WHERE clicked_at IS NOT NULL)::int AS clicks,
          count(*) FILTER (WHERE status NOT IN ('click', 'rejected'))::int AS leads
        FROM referrals WHERE workspace_id = $1 AND $2 AND NOT test_only
          AND affiliate_id = ANY (ARRAY(SELECT affiliate_id FROM page)) GROUP BY 1
      ), sold AS (
        SELECT affiliate_id, count(*)::int AS sales,
          COALESCE(sum(amount - refunded) FILTER (WHERE currency = $3), 0)::bigint AS revenue
        FROM conversions WHERE workspace_id = $1 AND livemode = $2 AND kind = 'sale'
          AND status NOT IN ('void', 'open', 'trialing', 'failed') AND affiliate_id = ANY (ARRAY(SELECT affiliate_id FROM page))
        GROUP BY 1
      ), earned AS (
        SELECT affiliate_id, sum(earned - reversed)::bigint AS earned
        FROM commissions WHERE workspace_id = $1 AND livemode = $2 AND currency = $3
          AND status NOT IN ('declined', 'refunded') AND affiliate_id = ANY (ARRAY(SELECT affiliate_id FROM page)) GROUP BY 1
      )
      SELECT p.affiliate_id, p.tracking_id, p.email, COALESCE(v.clicks, 0) AS clicks, COALESCE(v.leads, 0) AS leads,
        COALESCE(s.sales, 0) AS sales, COALESCE(s.revenue, 0) AS revenue, COALESCE(e.earned, 0) AS earned,
        COALESCE(b.paid, 0) AS paid
      FROM page p LEFT JOIN visits v USING (affiliate_id) LEFT JOIN sold s USING (affiliate_id)
        LEFT JOIN earned e USING (affiliate_id)
        LEFT JOIN balances b ON b.workspace_id = $1 AND b.affiliate_id = p.affiliate_id AND b.currency = $3 AND b.livemode = $2
      ORDER BY p.created_at DESC, p.affiliate_id DESC`;

async function select(tx: Tx, page: string, values: readonly unknown[]): Promise<AffiliateSums[]> {
  const { rows } = await tx.query<Row>({ text: sumsFor(page), values: [...values] });
  return rows.map(({ affiliate_id, tracking_id, ...sums }) => ({
    affiliateId: affiliate_id,
    trackingId: tracking_id,
    ...sums,
  }));
}

/**
 * Newest affiliates first; money in `currency` only. Clicks and leads serve both worlds and are told in the live one; a
 * lead is a click that something came of. `earned` is what stands after reversals, `paid` what was paid out of it.
 */
export function listSums(
  tx: Tx,
  { workspace, livemode }: World,
  currency: string,
  { limit, offset }: Limits,
): Promise<AffiliateSums[]> {
  const page = 'ORDER BY created_at DESC, affiliate_id DESC LIMIT $4 OFFSET $5';
  return select(tx, page, [workspace, livemode, currency, limit, offset]);
}

/** The same of one affiliate. Throws when there is none. */
export async function sumsOf(
  tx: Tx,
  { workspace, livemode }: World,
  currency: string,
  affiliate: string,
): Promise<AffiliateSums> {
  const [sums] = await select(tx, 'AND affiliate_id = $4', [workspace, livemode, currency, affiliate]);
  if (!sums) throw new Error(`there is no affiliate "${affiliate}"`);
  return sums;
}
