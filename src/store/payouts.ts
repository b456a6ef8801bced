/**
 * Payouts made by hand: commissions that were ruled to be on their way or paid. What was paid is what the transfers say;
 * when, is what the rulings of the payment say, and for a sale that was told as paid, when it happened.
 */
import type { PayoutFilter, PayoutStatus, PayoutView } from '../core/payout-desk.ts';
import type { World } from './conversions.ts';
import { selectPage } from './pages.ts';
import type { Tx } from './tx.ts';

type Row = {
  commission_id: string;
  number: bigint;
  status: PayoutStatus;
  affiliate_id: string;
  name: string;
  email: string;
  amount: bigint;
  currency: string;
  created_ms: bigint;
  processed_ms: bigint;
  updated_at: Date;
  conversion_id: string;
  sale_amount: bigint;
  sale_currency: string;
  due: bigint;
  occurred_at: Date;
};

const OF_PAYOUTS = "('processing_payout', 'paid')";

/** Words that say that nothing was paid: what was said before them is over. */
const TAKEN_BACK = "('ready_for_payment', 'pending', 'pending_manual_approval')";

const RULINGS = "json_array_elements(p.state -> 'rulings') WITH ORDINALITY AS e(word, n)";

/**
 * Both halves of the condition have an index of their own, and neither holds what was never paid out; one affiliate's are
 * found among their own.
 */
const candidates = (whose: string): string => `SELECT commission_id FROM commissions
    WHERE workspace_id = $1 AND livemode = $2 AND status IN ${OF_PAYOUTS}${whose}
  UNION SELECT commission_id FROM transfers
    WHERE workspace_id = $1 AND livemode = $2 AND (debit = 'paid' OR credit = 'paid')${whose}`;

/** `whose`: a condition on the affiliate, or none. */
const payouts = (whose = ''): string => `(
  SELECT m.commission_id, m.number, m.affiliate_id, a.name, a.email, m.currency, m.updated_at,
    CASE WHEN m.status = 'processing_payout' THEN 'processing' ELSE 'completed' END AS status,
    CASE WHEN m.status = 'processing_payout' THEN COALESCE((SELECT sum((one ->> 'amount')::bigint)::bigint
      FROM json_array_elements(w.amounts) AS one
      WHERE one ->> 'affiliateId' = m.affiliate_id AND one ->> 'currency' = m.currency), m.earned - m.reversed)
      ELSE t.paid END AS amount,
    COALESCE(w.began, o.ms) AS created_ms,
    COALESCE(CASE WHEN m.status = 'processing_payout' THEN w.began ELSE w.paid END, o.ms) AS processed_ms,
    c.conversion_id, c.amount - c.refunded AS sale_amount, c.currency AS sale_currency, m.earned - m.reversed AS due, c.occurred_at
  FROM commissions m
  JOIN conversions c ON c.workspace_id = m.workspace_id AND c.conversion_id = m.conversion_id
  JOIN payments p ON p.workspace_id = c.workspace_id AND p.payment_id = c.payment_id
  JOIN affiliates a ON a.workspace_id = m.workspace_id AND a.affiliate_id = m.affiliate_id
  CROSS JOIN LATERAL (SELECT (extract(epoch FROM c.occurred_at) * 1000)::bigint AS ms) o
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(CASE WHEN credit = 'paid' THEN amount ELSE -amount END), 0)::bigint AS paid FROM transfers
    WHERE workspace_id = m.workspace_id AND commission_id = m.commission_id AND (debit = 'paid' OR credit = 'paid')
  ) t
  CROSS JOIN LATERAL (
    SELECT min((word #>> '{stamp,at}')::bigint) FILTER (WHERE word ->> 'status' IN ${OF_PAYOUTS}) AS began,
      min((word #>> '{stamp,at}')::bigint) FILTER (WHERE word ->> 'status' = 'paid') AS paid,
      (array_agg(word -> 'amounts' ORDER BY n) FILTER (WHERE word ->> 'status' = 'processing_payout'))[1] AS amounts
    FROM ${RULINGS} WHERE n > COALESCE((SELECT max(n) FROM ${RULINGS} WHERE word ->> 'status' IN ${TAKEN_BACK}), 0)
  ) w
  WHERE m.workspace_id = $1 AND m.commission_id = ANY (ARRAY(${candidates(whose)}))
    AND (m.status IN ${OF_PAYOUTS} OR t.paid <> 0)
) AS payout`;

const ORDERS: Readonly<Record<PayoutFilter['sort']['by'], string>> = {
  created: 'created_ms',
  processed: 'processed_ms',
  updated: 'updated_at',
  amount: 'amount',
};

/** A payout has no row of its own: its id is its commission's under another prefix. */
const PAYOUT = 'payout_';
const COMMISSION = 'earn_';

function viewOf(row: Row): PayoutView {
  return {
    id: row.commission_id.replace(COMMISSION, PAYOUT),
    number: Number(row.number),
    status: row.status,
    affiliateId: row.affiliate_id,
    affiliateName: row.name,
    affiliateEmail: row.email,
    amount: row.amount,
    currency: row.currency,
    createdAt: Number(row.created_ms),
    processedAt: Number(row.processed_ms),
    updatedAt: row.updated_at.getTime(),
    commission: {
      id: row.commission_id,
      conversionId: row.conversion_id,
      saleAmount: row.sale_amount,
      saleCurrency: row.sale_currency,
      amount: row.due,
      occurredAt: row.occurred_at.getTime(),
    },
  };
}

export async function listPayouts(
  tx: Tx,
  { workspace, livemode }: World,
  filter: PayoutFilter,
): Promise<{ rows: PayoutView[]; total: number }> {
  const { sort } = filter;
  const direction = sort.descending ? 'DESC' : 'ASC';
  const { rows, total } = await selectPage<Row>(
    tx,
    {
      columns: '*',
      from: `${payouts(filter.affiliateId === null ? '' : ' AND affiliate_id = $4')} WHERE ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR affiliate_id = $4)
        AND ($5::bigint IS NULL OR created_ms >= $5) AND ($6::bigint IS NULL OR created_ms <= $6)`,
      order: `${ORDERS[sort.by]} ${direction}, commission_id ${direction}`,
      values: [workspace, livemode, filter.status, filter.affiliateId, filter.from, filter.to],
    },
    filter,
  );
  return { rows: rows.map(viewOf), total };
}

/** null: this world of the workspace has no such payout. */
export async function findPayout(tx: Tx, { workspace, livemode }: World, id: string): Promise<PayoutView | null> {
  const { rows } = await tx.query<Row>({
    text: `SELECT * FROM ${payouts()} WHERE commission_id = $3`,
    values: [workspace, livemode, id.replace(new RegExp(`^${PAYOUT}`), COMMISSION)],
  });
  return rows[0] ? viewOf(rows[0]) : null;
}
