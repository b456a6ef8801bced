/** Conversions and commissions as lists, newest first unless said otherwise. Void conversions are in none. */
import type { ConversionView } from '../core/views.ts';
import { conversionOf, SELECT_CONVERSIONS, type ConversionRow, type World } from './conversions.ts';
import { conditionsOf, pageOf, windowOf, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

type Listed = { rows: ConversionView[]; total: number };

/** A list that is read from one table: which rows, and their columns for the sale's moment and its conversion. */
type List = {
  readonly from: string;
  readonly where: string;
  readonly values: readonly unknown[];
  readonly order: string;
  readonly id: string;
  readonly direction: 'ASC' | 'DESC';
};

/** The ids of a page come from an index alone; only what is shown is read whole. */
function selectConversions(tx: Tx, list: List, limits: Limits): Promise<Listed> {
  const { from, where, values, order, id, direction } = list;
  return pageOf(tx, list, limits, async () => {
    const { rows } = await tx.query<ConversionRow>({
      text: `${SELECT_CONVERSIONS} WHERE c.workspace_id = $1 AND c.conversion_id = ANY (ARRAY(
               SELECT ${id} FROM ${from} WHERE ${where} ORDER BY ${order} ${direction}, ${id} ${direction} ${windowOf(limits)}))
             ORDER BY c.occurred_at ${direction}, c.conversion_id ${direction}`,
      values: [...values],
    });
    return rows.map(conversionOf);
  });
}

/** Sales and refunds, or only one kind; of one affiliate, or of `anybody` who is one. */
export function listConversions(
  tx: Tx,
  { workspace, livemode }: World,
  { kind, creditedTo = null }: { readonly kind: string | null; readonly creditedTo?: string | null },
  limits: Limits,
): Promise<Listed> {
  const asked = conditionsOf(
    [workspace, livemode],
    [
      `s.workspace_id = $1 AND s.livemode = $2 AND s.status <> 'void'`,
      ['s.kind =', kind],
      ...(creditedTo === 'anybody' ? ['s.affiliate_id IS NOT NULL'] : [['s.affiliate_id =', creditedTo] as const]),
    ],
  );
  const list = { from: 'conversions s', order: 's.occurred_at', id: 's.conversion_id', direction: 'DESC' } as const;
  return selectConversions(tx, { ...asked, ...list }, limits);
}

export type CommissionFilter = Limits & {
  readonly status: string | null;
  readonly saleStatus: string | null;
  readonly referralId: string | null;
  readonly affiliateId: string | null;
  /** When the sale was paid; both ends included. Milliseconds UTC. */
  readonly from: number | null;
  readonly to: number | null;
  readonly newestFirst: boolean;
};

const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

/** Sales by the referral they credit, read by their payments. */
const OF_REFERRAL = `o.conversion_id = ANY (ARRAY(SELECT v.conversion_id FROM payments p
  JOIN conversions v ON v.workspace_id = $1 AND v.payment_id = p.payment_id
  WHERE p.workspace_id = $1 AND p.livemode = $2 AND v.referral_id = p.referral_id AND p.referral_id =`;

/** Sales that have a commission. */
export function listCommissions(tx: Tx, { workspace, livemode }: World, filter: CommissionFilter): Promise<Listed> {
  const { referralId } = filter;
  const asked = conditionsOf(
    [workspace, livemode, ...(referralId === null ? [] : [referralId])],
    [
      'o.workspace_id = $1 AND o.livemode = $2 AND o.sale_status IS NOT NULL',
      ...(referralId === null ? [] : [`${OF_REFERRAL} $3))`]),
      ['o.affiliate_id =', filter.affiliateId],
      ['o.status =', filter.status],
      ['o.sale_status =', filter.saleStatus],
      ['o.sold_at >=', iso(filter.from)],
      ['o.sold_at <=', iso(filter.to)],
    ],
  );
  const direction = filter.newestFirst ? 'DESC' : 'ASC';
  const list = { from: 'commissions o', order: 'o.sold_at', id: 'o.conversion_id', direction } as const;
  return selectConversions(tx, { ...asked, ...list }, filter);
}

/** Sales and refunds of some payments, in the order the money moved. */
export async function conversionsOfPayments(
  tx: Tx,
  { workspace, livemode }: World,
  payments: readonly string[],
): Promise<ConversionView[]> {
  const { rows } = await tx.query<ConversionRow>({
    text: `${SELECT_CONVERSIONS} WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.status IS DISTINCT FROM 'void'
             AND c.payment_id = ANY ($3::text[])
           ORDER BY c.occurred_at, c.kind DESC, c.conversion_id`,
    values: [workspace, livemode, payments],
  });
  return rows.map(conversionOf);
}
