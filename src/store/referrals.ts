/** Referrals: customers credited to an affiliate. Clicks live in the same rows (status `click`) and are not shown here. */
import type { ReferralView } from '../core/views.ts';
import { conditionsOf, windowOf } from './pages.ts';
import type { Tx } from './tx.ts';

export const REFERRAL = `referral_id, affiliate_id, program_id, status, email, name, customer_id, external_user_id,
  subscription_id, metadata, created_at, converted_at, test_only, email_unproven, user_unproven`;

export type ReferralFields = {
  referral_id: string;
  affiliate_id: string | null;
  program_id: string;
  status: ReferralView['status'];
  email: string | null;
  name: string | null;
  customer_id: string | null;
  external_user_id: string | null;
  subscription_id: string | null;
  metadata: Record<string, unknown>;
  created_at: Date;
  converted_at: Date | null;
  test_only: boolean;
  email_unproven: boolean;
  user_unproven: boolean;
};

export function referralOf(row: ReferralFields): ReferralView {
  const unproven = [
    ...(row.email_unproven ? (['email'] as const) : []),
    ...(row.user_unproven ? (['externalUserId'] as const) : []),
  ];
  return {
    id: row.referral_id,
    affiliateId: row.affiliate_id ?? '',
    programId: row.program_id,
    status: row.status,
    email: row.email,
    name: row.name,
    customerId: row.customer_id,
    externalUserId: row.external_user_id,
    subscriptionId: row.subscription_id,
    metadata: row.metadata,
    createdAt: row.created_at.getTime(),
    convertedAt: row.converted_at?.getTime() ?? null,
    ...(row.test_only ? { testOnly: true } : {}),
    ...(unproven.length > 0 ? { unproven } : {}),
  };
}

/** A referral or a click; null: there is none. */
export async function findReferral(tx: Tx, workspace: string, id: string): Promise<ReferralView | null> {
  const { rows } = await tx.query<ReferralFields>({
    text: `SELECT ${REFERRAL} FROM referrals WHERE workspace_id = $1 AND referral_id = $2`,
    values: [workspace, id],
  });
  return rows[0] ? referralOf(rows[0]) : null;
}

export async function referralsById(tx: Tx, workspace: string, ids: readonly string[]): Promise<ReferralView[]> {
  const { rows } = await tx.query<ReferralFields>({
    text: `SELECT ${REFERRAL} FROM referrals WHERE workspace_id = $1 AND referral_id = ANY ($2::text[])`,
    values: [workspace, ids],
  });
  return rows.map(referralOf);
}

export type ReferralFilter = {
  readonly limit: number;
  readonly startingAfter: string | null;
  readonly endingBefore: string | null;
  readonly affiliateId: string | null;
  readonly externalUserId: string | null;
  readonly status: string | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly newestFirst: boolean;
  /** The live world shows none that is only a test. */
  readonly livemode: boolean;
};

const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

const AT_CURSOR = '(SELECT created_at FROM referrals WHERE workspace_id = $1 AND referral_id = $3)';

/**
 * A page after (or before) the referral a cursor names, in the order of the list. An unknown cursor gives nothing.
 * `hasMore`: there are more in the direction that was read.
 */
export async function listReferrals(
  tx: Tx,
  workspace: string,
  filter: ReferralFilter,
): Promise<{ rows: ReferralView[]; hasMore: boolean }> {
  const backwards = filter.startingAfter === null && filter.endingBefore !== null;
  const descending = filter.newestFirst !== backwards;
  const order = descending ? 'DESC' : 'ASC';
  const cursor = filter.startingAfter ?? filter.endingBefore;
  const { where, values } = conditionsOf(
    [workspace, filter.livemode, ...(cursor === null ? [] : [cursor])],
    [
      `workspace_id = $1 AND status <> 'click' AND affiliate_id IS NOT NULL AND NOT (test_only AND $2)`,
      ...(cursor === null ? [] : [`(created_at, referral_id) ${descending ? '<' : '>'} (${AT_CURSOR}, $3)`]),
      ['affiliate_id =', filter.affiliateId],
      ['external_user_id =', filter.externalUserId],
      ['status =', filter.status],
      ['created_at >=', iso(filter.from)],
      ['created_at <=', iso(filter.to)],
    ],
  );
  const { rows } = await tx.query<ReferralFields>({
    text: `SELECT ${REFERRAL} FROM referrals WHERE ${where}
           ORDER BY created_at ${order}, referral_id ${order} ${windowOf({ limit: filter.limit + 1, offset: 0 })}`,
    values: [...values],
  });
  const page = rows.slice(0, filter.limit).map(referralOf);
  return { rows: backwards ? page.toReversed() : page, hasMore: rows.length > filter.limit };
}

export type ReferralSums = {
  readonly currency: string;
  /** Minor units, less what was refunded. */
  readonly revenue: bigint;
  /** Minor units that stand: earned less reversed, without declined commissions. */
  readonly commission: bigint;
  readonly orders: number;
  readonly lastOrderAt: number;
};

/** What a referral bought and earned in one world, per currency, the currency bought in last first. */
export async function referralSums(tx: Tx, workspace: string, livemode: boolean, id: string): Promise<ReferralSums[]> {
  const { rows } = await tx.query<{
    currency: string;
    revenue: bigint;
    commission: bigint;
    orders: number;
    last_at: Date;
  }>({
    text: `SELECT v.currency, sum(v.amount - v.refunded)::bigint AS revenue, count(*)::int AS orders, max(v.occurred_at) AS last_at,
             COALESCE(sum(c.earned - c.reversed) FILTER (WHERE c.status NOT IN ('declined', 'refunded')), 0)::bigint AS commission
           FROM payments p
           JOIN conversions v ON v.workspace_id = p.workspace_id AND v.payment_id = p.payment_id AND v.kind = 'sale'
             AND v.status NOT IN ('void', 'trialing', 'open', 'failed') AND v.amount > 0
           LEFT JOIN commissions c ON c.workspace_id = v.workspace_id AND c.conversion_id = v.conversion_id
             AND c.affiliate_id = v.affiliate_id AND c.currency = v.currency
           WHERE p.workspace_id = $1 AND p.livemode = $2 AND p.referral_id = $3
           GROUP BY v.currency ORDER BY last_at DESC, v.currency`,
    values: [workspace, livemode, id],
  });
  return rows.map(({ last_at, ...sums }) => ({ ...sums, lastOrderAt: last_at.getTime() }));
}

/** A referral with money is kept: what it earned has to stay explainable. */
export async function deleteReferral(
  tx: Tx,
  workspace: string,
  id: string,
): Promise<'deleted' | 'has_money' | 'missing'> {
  const { rows } = await tx.query<{ known: boolean; used: boolean }>({
    text: `WITH own AS (
        SELECT referral_id FROM referrals WHERE workspace_id = $1 AND referral_id = $2 AND status <> 'click' FOR UPDATE
      ), used AS (
        SELECT EXISTS (SELECT 1 FROM payments WHERE workspace_id = $1 AND livemode IN (true, false) AND referral_id = $2) AS used
      ), gone AS (
        DELETE FROM referrals r USING own, used WHERE r.workspace_id = $1 AND r.referral_id = own.referral_id AND NOT used.used
        RETURNING 1)
      SELECT EXISTS (SELECT 1 FROM own) AS known, used FROM used`,
    values: [workspace, id],
  });
  const [row] = rows;
  if (!row?.known) return 'missing';
  return row.used ? 'has_money' : 'deleted';
}

export type PaymentName = { readonly id: string; readonly livemode: boolean };

/**
 * Every payment that is, was or could be credited to a referral: named by its own objects (also as a visitor), by its buyer, or by who its
 * buyer is known as. Reads whole tables; asked only when a referral is rejected or taken back into favour.
 */
export async function paymentsThatName(tx: Tx, workspace: string, referral: string): Promise<PaymentName[]> {
  const { rows } = await tx.query<{ payment_id: string; livemode: boolean }>({
    text: `WITH names AS (
        SELECT ARRAY[$2, visitor_id] AS tokens FROM referrals WHERE workspace_id = $1 AND referral_id = $2
      ), nodes AS (
        SELECT livemode, customer_key FROM customers, names WHERE workspace_id = $1 AND customers.tokens && names.tokens
      ), parties AS (
        SELECT livemode, customer_key FROM nodes
        UNION SELECT c.livemode, c.customer_key FROM customers c
          JOIN nodes n ON n.livemode = c.livemode AND n.customer_key = ANY (c.links) WHERE c.workspace_id = $1
      )
      SELECT p.payment_id, p.livemode FROM payments p JOIN parties USING (livemode, customer_key)
        WHERE p.workspace_id = $1 AND p.merged_into IS NULL
      UNION SELECT payment_id, livemode FROM payments, names
        WHERE workspace_id = $1 AND merged_into IS NULL AND (referral_id = $2 OR payments.tokens && names.tokens)
      ORDER BY payment_id`,
    values: [workspace, referral],
  });
  return rows.map((row) => ({ id: row.payment_id, livemode: row.livemode }));
}
