/** Conversions and commissions as lists, newest first unless said otherwise. Void conversions are in none. */
import type { ConversionView } from '../core/views.ts';
import { CONVERSION_TABLES, conversionOf, SELECT_CONVERSIONS, type ConversionRow, type World } from './conversions.ts';
import type { Limits } from './pages.ts';
import type { Tx } from './tx.ts';

type Listed = { rows: ConversionView[]; total: number };

/** `where` filters `c` (the conversion) and `m` (its commission); its parameters are `values`. */
async function selectConversions(
  tx: Tx,
  where: string,
  values: readonly unknown[],
  order: 'ASC' | 'DESC',
  { limit, offset }: Limits,
): Promise<Listed> {
  const count = await tx.query<{ total: number }>({
    text: `SELECT count(*)::int AS total FROM ${CONVERSION_TABLES} WHERE ${where}`,
    values: [...values],
  });
  const next = values.length + 1;
  const { rows } = await tx.query<ConversionRow>({
    text: `${SELECT_CONVERSIONS} WHERE ${where} ORDER BY c.occurred_at ${order}, c.conversion_id ${order}
           LIMIT $${next} OFFSET $${next + 1}`,
    values: [...values, limit, offset],
  });
  return { rows: rows.map(conversionOf), total: count.rows[0]?.total ?? 0 };
}

const SHOWN = `c.workspace_id = $1 AND c.livemode = $2 AND c.status <> 'void'`;

type Condition = string | readonly [comparison: string, value: string | null];

/** Only what is asked for is in the statement, so that the index that fits is used. A value of null asks for nothing. */
function filtered(
  before: readonly unknown[],
  conditions: readonly Condition[],
): { readonly where: string; readonly values: readonly unknown[] } {
  const values = [...before];
  const asked = conditions.flatMap((one) => {
    if (typeof one === 'string') return [one];
    const [comparison, value] = one;
    return value === null ? [] : [`${comparison} $${values.push(value)}`];
  });
  return { where: asked.map((condition) => ` AND ${condition}`).join(''), values };
}

/** Sales and refunds, or only one kind; of one affiliate, or of `anybody` who is one. */
export function listConversions(
  tx: Tx,
  { workspace, livemode }: World,
  { kind, creditedTo = null }: { readonly kind: string | null; readonly creditedTo?: string | null },
  limits: Limits,
): Promise<Listed> {
  const asked = filtered(
    [workspace, livemode],
    [['c.kind =', kind], creditedTo === 'anybody' ? 'c.affiliate_id IS NOT NULL' : ['c.affiliate_id =', creditedTo]],
  );
  return selectConversions(tx, `${SHOWN}${asked.where}`, asked.values, 'DESC', limits);
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

/** Sales that have a commission. */
export function listCommissions(tx: Tx, { workspace, livemode }: World, filter: CommissionFilter): Promise<Listed> {
  const asked = filtered(
    [workspace, livemode],
    [
      ['m.status =', filter.status],
      ['c.status =', filter.saleStatus],
      ['c.referral_id =', filter.referralId],
      ['c.affiliate_id =', filter.affiliateId],
      ['c.occurred_at >=', iso(filter.from)],
      ['c.occurred_at <=', iso(filter.to)],
    ],
  );
  const where = `${SHOWN} AND c.kind = 'sale' AND m.commission_id IS NOT NULL${asked.where}`;
  return selectConversions(tx, where, asked.values, filter.newestFirst ? 'DESC' : 'ASC', filter);
}

/** Sales and refunds of some payments, in the order the money moved. */
export async function conversionsOfPayments(
  tx: Tx,
  { workspace, livemode }: World,
  payments: readonly string[],
): Promise<ConversionView[]> {
  const { rows } = await tx.query<ConversionRow>({
    text: `${SELECT_CONVERSIONS} WHERE ${SHOWN} AND c.payment_id = ANY ($3::text[])
           ORDER BY c.occurred_at, c.kind DESC, c.conversion_id`,
    values: [workspace, livemode, payments],
  });
  return rows.map(conversionOf);
}
