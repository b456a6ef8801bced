/** Coupons given to affiliates. Giving one and ending one is a new rules version each; a row is never edited otherwise. */
import type { CouponFilter, CouponView } from '../core/views.ts';
import { conditionsOf, selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

const SHOWN = `coupon_id, program_id, affiliate_id, code, provider, provider_coupon_id, provider_promo_code_id, details,
  created_at`;

type CouponRow = {
  coupon_id: string;
  program_id: string;
  affiliate_id: string;
  code: string;
  provider: string;
  provider_coupon_id: string | null;
  provider_promo_code_id: string | null;
  details: Record<string, unknown>;
  created_at: Date;
};

function viewOf(row: CouponRow): CouponView {
  return {
    id: row.coupon_id,
    programId: row.program_id,
    affiliateId: row.affiliate_id,
    code: row.code,
    provider: row.provider,
    providerCouponId: row.provider_coupon_id,
    providerPromoCodeId: row.provider_promo_code_id,
    details: row.details,
    createdAt: row.created_at.getTime(),
  };
}

/** Valid for payments that become known from the new rules version on. Throws 23505 when the code is in force already. */
export async function insertCoupon(tx: Tx, workspace: string, coupon: CouponView): Promise<void> {
  await tx.query({
    text: `WITH bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 RETURNING rules_version)
      INSERT INTO coupons (workspace_id, coupon_id, program_id, affiliate_id, code, provider, provider_coupon_id,
        provider_promo_code_id, details, since, created_at)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, rules_version, $10 FROM bumped`,
    values: [
      workspace,
      coupon.id,
      coupon.programId,
      coupon.affiliateId,
      coupon.code,
      coupon.provider,
      coupon.providerCouponId,
      coupon.providerPromoCodeId,
      JSON.stringify(coupon.details),
      new Date(coupon.createdAt).toISOString(),
    ],
  });
}

/** Payments that become known from the new rules version on do not see it. false: no such coupon is in force. */
export async function endCoupon(tx: Tx, workspace: string, id: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: `WITH bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 AND EXISTS (
          SELECT 1 FROM coupons WHERE workspace_id = $1 AND coupon_id = $2 AND until IS NULL)
        RETURNING rules_version)
      UPDATE coupons c SET until = bumped.rules_version FROM bumped
      WHERE c.workspace_id = $1 AND c.coupon_id = $2 AND c.until IS NULL RETURNING 1`,
    values: [workspace, id],
  });
  return rows.length > 0;
}

/** One in force; null: there is none. */
export async function findCoupon(tx: Tx, workspace: string, id: string): Promise<CouponView | null> {
  const { rows } = await tx.query<CouponRow>({
    text: `SELECT ${SHOWN} FROM coupons WHERE workspace_id = $1 AND coupon_id = $2 AND until IS NULL`,
    values: [workspace, id],
  });
  return rows[0] ? viewOf(rows[0]) : null;
}

const ORDERS = { created: 'created_at', code: 'lower(code)' } as const;

/** Those in force, newest first unless asked otherwise. `search` is looked for in the code, without case. */
export async function listCoupons(
  tx: Tx,
  workspace: string,
  filter: Limits & CouponFilter,
): Promise<{ rows: CouponView[]; total: number }> {
  const { by, descending } = filter.sort ?? { by: 'created', descending: true };
  const direction = descending ? 'DESC' : 'ASC';
  const asked = conditionsOf(
    [workspace, filter.search ?? null],
    [
      'workspace_id = $1 AND until IS NULL AND ($2::text IS NULL OR position(lower($2) IN lower(code)) > 0)',
      ['affiliate_id =', filter.affiliateId],
      ['program_id =', filter.programId ?? null],
    ],
  );
  const order = `${ORDERS[by]} ${direction}, coupon_id ${direction}`;
  const page = { columns: SHOWN, from: 'coupons', ...asked, order };
  const { rows, total } = await selectPage<CouponRow>(tx, page, filter);
  return { rows: rows.map(viewOf), total };
}
