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

/** Sales and refunds, or only one kind; of one affiliate, or of `anybody` who is one. */
export function listConversions(
  tx: Tx,
  { workspace, livemode }: World,
  { kind, creditedTo = null }: { readonly kind: string | null; readonly creditedTo?: string | null },
  limits: Limits,
): Promise<Listed> {
  const where = `${SHOWN} AND ($3::text IS NULL OR c.kind = $3)
    AND ($4::text IS NULL OR c.affiliate_id = $4 OR ($4 = 'anybody' AND c.affiliate_id IS NOT NULL))`;
  return selectConversions(tx, where, [workspace, livemode, kind, creditedTo], 'DESC', limits);
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
  const where = `${SHOWN} AND c.kind = 'sale' AND m.commission_id IS NOT NULL
    AND ($3::text IS NULL OR m.status = $3) AND ($4::text IS NULL OR c.status = $4)
    AND ($5::text IS NULL OR c.referral_id = $5) AND ($6::text IS NULL OR c.affiliate_id = $6)
    AND ($7::timestamptz IS NULL OR c.occurred_at >= $7) AND ($8::timestamptz IS NULL OR c.occurred_at <= $8)`;
  const values = [
    workspace,
    livemode,
    filter.status,
    filter.saleStatus,
    filter.referralId,
    filter.affiliateId,
    iso(filter.from),
    iso(filter.to),
  ];
  return selectConversions(tx, where, values, filter.newestFirst ? 'DESC' : 'ASC', filter);
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
