/** Reads what a workspace's decisions are made by, beside its incentives and rates: coupons, and partners behind them. */
import { couponKey, promotionKey } from '../core/keys.ts';
import type { AffiliateView, CouponBinding } from '../core/rules.ts';
import type { Tx } from './tx.ts';

/** Every coupon that was ever given to an affiliate. */
export async function loadCoupons(tx: Tx, workspace: string): Promise<CouponBinding[]> {
  const { rows } = await tx.query<{
    coupon_id: string;
    affiliate_id: string;
    program_id: string;
    code: string;
    provider: string;
    provider_coupon_id: string | null;
    provider_promo_code_id: string | null;
    since: bigint;
    until: bigint | null;
  }>({
    text: `SELECT coupon_id, affiliate_id, program_id, code, provider, provider_coupon_id, provider_promo_code_id, since, until
           FROM coupons WHERE workspace_id = $1`,
    values: [workspace],
  });
  return rows.map((row) => ({
    id: row.coupon_id,
    affiliateId: row.affiliate_id,
    programId: row.program_id,
    since: Number(row.since),
    until: row.until === null ? null : Number(row.until),
    tokens: [
      ...(row.provider_promo_code_id === null ? [] : [promotionKey(row.provider, row.provider_promo_code_id)]),
      ...(row.provider_coupon_id === null ? [] : [couponKey(row.provider, row.provider_coupon_id)]),
    ],
    code: row.code.toLowerCase(),
  }));
}

/**
 * Affiliates who ever had a coupon or were ever said to have recruited another: a payment may concern them without naming
 * them, and those from before a change are decided by what held then.
 */
export async function loadPartners(tx: Tx, workspace: string): Promise<AffiliateView[]> {
  const { rows } = await tx.query<{ affiliate_id: string; history: AffiliateView['history'] }>({
    // A list is looked up in the index; what is joined reads every affiliate there is.
    text: `SELECT affiliate_id, history FROM affiliates WHERE workspace_id = $1 AND affiliate_id = ANY (ARRAY(
             SELECT affiliate_id FROM coupons WHERE workspace_id = $1
             UNION SELECT entry ->> 'parentId' FROM affiliates a, jsonb_array_elements(a.history) entry
             WHERE a.workspace_id = $1 AND a.history @? '$[*].parentId'))`,
    values: [workspace],
  });
  return rows.map(({ affiliate_id: id, history }) => ({ id, history }));
}
