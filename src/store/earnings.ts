/** What one affiliate earned, sale by sale, and where their link leads. */
import type { EarningView, ReferralPage } from '../core/portal-desk.ts';
import type { CommissionStatus } from '../core/ledger.ts';
import type { Cursor } from '../core/views.ts';
import type { World } from './conversions.ts';
import { selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

type Row = {
  commission_id: string;
  conversion_id: string;
  referral_id: string;
  status: CommissionStatus;
  currency: string;
  earned: bigint;
  reversed: bigint;
  available_at: Date;
  sale_amount: bigint;
  sale_currency: string;
  occurred_at: Date;
  own: boolean;
};

/**
 * The latest first. What an affiliate earns of somebody they recruited is among it; what was withdrawn, because the sale
 * turned out to be another's, is not.
 */
export async function listEarnings(
  tx: Tx,
  { workspace, livemode }: World,
  affiliate: string,
  { limit, offset }: Limits,
): Promise<Cursor<EarningView>> {
  const { rows } = await selectPage<Row>(
    tx,
    {
      columns: `m.commission_id, m.conversion_id, m.referral_id, m.status, m.currency, m.earned, m.reversed, m.available_at,
        c.amount - c.refunded AS sale_amount, c.currency AS sale_currency, c.occurred_at,
        c.affiliate_id IS NOT DISTINCT FROM m.affiliate_id AS own`,
      from: 'commissions m',
      joins: 'JOIN conversions c ON c.workspace_id = $1 AND c.conversion_id = m.conversion_id',
      where: `m.workspace_id = $1 AND m.affiliate_id = $3 AND m.livemode = $2 AND m.sold_at IS NOT NULL
        AND NOT (m.status = 'declined' AND m.earned = 0)`,
      order: 'm.sold_at DESC, m.commission_id DESC',
      values: [workspace, livemode, affiliate],
    },
    { limit: limit + 1, offset, uncounted: true },
  );
  return { rows: rows.slice(0, limit).map(earningOf), hasMore: rows.length > limit };
}

function earningOf(row: Row): EarningView {
  return {
    id: row.commission_id,
    conversionId: row.conversion_id,
    referralId: row.own ? row.referral_id : null,
    status: row.status,
    currency: row.currency,
    earned: row.earned,
    reversed: row.reversed,
    availableAt: row.available_at.getTime(),
    saleAmount: row.sale_amount,
    saleCurrency: row.sale_currency,
    occurredAt: row.occurred_at.getTime(),
  };
}

/** What an affiliate's link is made of: their group's page before the program's. */
export async function referralPage(tx: Tx, workspace: string, affiliate: string): Promise<ReferralPage> {
  const { rows } = await tx.query<{ website: string | null; parameter: string | null }>({
    name: 'referral_page',
    text: `SELECT COALESCE(NULLIF(g.custom_website_url, ''), p.details #>> '{program,website_url}') AS website,
             p.details #>> '{tracking,default_referral_parameter}' AS parameter
           FROM affiliates a JOIN programs p ON p.workspace_id = a.workspace_id AND p.program_id = a.program_id
             LEFT JOIN affiliate_groups g ON g.workspace_id = a.workspace_id AND g.group_id = a.group_id
           WHERE a.workspace_id = $1 AND a.affiliate_id = $2`,
    values: [workspace, affiliate],
  });
  return rows[0] ?? { website: null, parameter: null };
}
