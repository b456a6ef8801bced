/**
 * Payouts made by hand: commissions that were ruled to be on their way or paid. What was paid is what the transfers say;
 * when, is what the rulings of the payment say, and for a sale that was told as paid, when it happened. Both stand on the
 * commission's row (core/shown.ts).
 */
import type { PayoutFilter, PayoutStatus, PayoutView } from '../core/payout-desk.ts';
import type { Cursor } from '../core/views.ts';
import type { World } from './conversions.ts';
import { conditionsOf, selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

type Row = {
  commission_id: string;
  number: bigint;
  status: PayoutStatus;
  affiliate_id: string;
  name: string;
  email: string;
  payout_amount: bigint;
  currency: string;
  payout_at: Date;
  processed_at: Date;
  updated_at: Date;
  conversion_id: string;
  sale_amount: bigint;
  sale_currency: string;
  due: bigint;
  occurred_at: Date;
};

const SHOWN = `m.commission_id, m.number, m.affiliate_id, a.name, a.email, m.currency, m.updated_at,
  CASE WHEN m.status = 'processing_payout' THEN 'processing' ELSE 'completed' END AS status, m.payout_amount, m.payout_at,
  m.processed_at, c.conversion_id, c.amount - c.refunded AS sale_amount, c.currency AS sale_currency, m.earned - m.reversed AS due,
  c.occurred_at`;

const BESIDE = `JOIN conversions c ON c.workspace_id = $1 AND c.conversion_id = m.conversion_id
  JOIN affiliates a ON a.workspace_id = $1 AND a.affiliate_id = m.affiliate_id`;

const PAYOUTS = 'm.workspace_id = $1 AND m.livemode = $2 AND m.payout_at IS NOT NULL';

const ORDERS: Readonly<Record<PayoutFilter['sort']['by'], string>> = {
  created: 'm.payout_at',
  processed: 'm.processed_at',
  updated: 'm.updated_at',
  amount: 'm.payout_amount',
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
    amount: row.payout_amount,
    currency: row.currency,
    createdAt: row.payout_at.getTime(),
    processedAt: row.processed_at.getTime(),
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

const STATUSES: Readonly<Record<PayoutStatus, string>> = {
  processing: `m.status = 'processing_payout'`,
  completed: `m.status <> 'processing_payout'`,
};

const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

export async function listPayouts(
  tx: Tx,
  { workspace, livemode }: World,
  filter: PayoutFilter & Limits,
): Promise<{ rows: PayoutView[]; total: number }> {
  const { sort, status, affiliateId, from, to } = filter;
  const asked = conditionsOf(
    [workspace, livemode],
    [
      PAYOUTS,
      ...(status === null ? [] : [STATUSES[status]]),
      ['m.affiliate_id =', affiliateId],
      ['m.payout_at >=', iso(from)],
      ['m.payout_at <=', iso(to)],
    ],
  );
  const direction = sort.descending ? 'DESC' : 'ASC';
  const order = `${ORDERS[sort.by]} ${direction}, m.commission_id ${direction}`;
  const page = { columns: SHOWN, from: 'commissions m', joins: BESIDE, order, ...asked };
  const { rows, total } = await selectPage<Row>(tx, page, filter);
  return { rows: rows.map(viewOf), total };
}

/** What one affiliate was paid, the latest first and not counted. */
export async function listPayoutsOf(
  tx: Tx,
  world: World,
  affiliateId: string,
  { limit, offset }: Limits,
): Promise<Cursor<PayoutView>> {
  const all = { affiliateId, status: null, from: null, to: null, sort: { by: 'created', descending: true } } as const;
  const { rows } = await listPayouts(tx, world, { ...all, limit: limit + 1, offset, uncounted: true });
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** null: this world of the workspace has no such payout. */
export async function findPayout(tx: Tx, { workspace, livemode }: World, id: string): Promise<PayoutView | null> {
  const { rows } = await tx.query<Row>({
    text: `SELECT ${SHOWN} FROM commissions m ${BESIDE} WHERE ${PAYOUTS} AND m.commission_id = $3`,
    values: [workspace, livemode, id.replace(new RegExp(`^${PAYOUT}`), COMMISSION)],
  });
  return rows[0] ? viewOf(rows[0]) : null;
}
