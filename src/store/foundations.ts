/** Sums over the payments of a referral, for rules that look across them. Each function is one statement. */
import { readSummary, type Foundation } from '../core/earlier.ts';
import type { Moment } from '../core/time.ts';
import type { Tx } from './tx.ts';

/** One payment that needs to know the payments of its referral before it; `subscription`: only those of this one. */
export type FoundationAsk = {
  readonly paymentId: string;
  readonly referralId: string;
  readonly paidAt: Moment;
  readonly moneyKey: string;
  readonly subscription: string | null;
};

export type Founded = Foundation & {
  /** There are payments of the referral at or after its moment that are not at hand. */
  readonly hasLater: boolean;
};

type World = { readonly workspace: string; readonly livemode: boolean };

type Row = {
  payments: bigint;
  full_payments: bigint;
  first_at: Date | null;
  first_key: string | null;
  first_rules: string | null;
  earned: Record<string, string> | null;
  others: unknown[] | null;
  has_later: boolean;
};

/** Before the asking payment in the order the money moved; ties by the name of the money, compared by bytes. */
const BEFORE = `(p.paid_at < a.paid_at OR (p.paid_at = a.paid_at AND p.summary->>'moneyKey' < a.money_key COLLATE "C"))`;
const OWN = `p.workspace_id = $1 AND p.livemode = $2 AND p.referral_id = a.referral_id AND p.payment_id <> ALL ($8::text[])`;
const EARLIER = `${OWN} AND p.paid_at <= a.paid_at AND ${BEFORE} AND p.summary IS NOT NULL
  AND (a.subscription IS NULL OR p.summary->>'subscription' = a.subscription)`;
/** No loss after the asking payment's moment: it sees what stands now. */
const SETTLED = '(p.lost_at IS NULL OR p.lost_at <= a.paid_at)';

const TEXT = `SELECT s.payments, s.full_payments, f.paid_at AS first_at, f.summary->>'moneyKey' AS first_key,
    f.summary->>'rules' AS first_rules, e.earned, o.others,
    EXISTS (SELECT 1 FROM payments p WHERE ${OWN} AND p.paid_at >= a.paid_at AND p.summary IS NOT NULL) AS has_later
  FROM unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[]) WITH ORDINALITY
    AS a(referral_id, paid_at, money_key, subscription, place)
  CROSS JOIN LATERAL (SELECT count(*) AS payments, count(*) FILTER (WHERE p.counts = 2) AS full_payments
    FROM payments p WHERE ${EARLIER} AND ${SETTLED} AND p.counts > 0) s
  LEFT JOIN LATERAL (SELECT p.paid_at, p.summary FROM payments p WHERE ${EARLIER} AND ${SETTLED} AND p.counts > 0
    ORDER BY p.paid_at, p.summary->>'moneyKey' COLLATE "C" LIMIT 1) f ON true
  LEFT JOIN LATERAL (SELECT jsonb_object_agg(key, sum) AS earned FROM (
    SELECT l.key, sum(l.value::numeric)::text AS sum FROM payments p, jsonb_each_text(p.summary->'left') l
    WHERE $7::boolean AND ${EARLIER} AND ${SETTLED} AND p.counts > 0 GROUP BY l.key) sums) e ON true
  LEFT JOIN LATERAL (SELECT jsonb_agg(p.summary) AS others FROM payments p WHERE ${EARLIER} AND p.lost_at > a.paid_at) o ON true
  ORDER BY a.place`;

/** What each asking payment rests on, in the order asked; payments at hand are left out. `sums`: some rule has a cap. */
export async function loadFoundations(
  tx: Tx,
  { workspace, livemode }: World,
  asks: readonly FoundationAsk[],
  atHand: readonly string[],
  sums: boolean,
): Promise<Founded[]> {
  const { rows } = await tx.query<Row>({
    text: TEXT,
    values: [
      workspace,
      livemode,
      asks.map((ask) => ask.referralId),
      asks.map((ask) => new Date(ask.paidAt).toISOString()),
      asks.map((ask) => ask.moneyKey),
      asks.map((ask) => ask.subscription),
      sums,
      atHand,
    ],
  });
  return rows.map(foundedOf);
}

function foundedOf(row: Row): Founded {
  const { first_at: at, first_key: moneyKey, first_rules: rules } = row;
  return {
    payments: Number(row.payments),
    fullPayments: Number(row.full_payments),
    first: at === null ? null : { paidAt: at.getTime(), moneyKey: moneyKey ?? '', rules: Number(rules) },
    earned: Object.fromEntries(Object.entries(row.earned ?? {}).map(([key, sum]) => [key, BigInt(sum)])),
    others: (row.others ?? []).map((summary) => readSummary(JSON.stringify(summary))),
    hasLater: row.has_later,
  };
}

/** Payments of referrals from a moment on that are not at hand. */
export async function paymentsFrom(
  tx: Tx,
  { workspace, livemode }: World,
  from: ReadonlyMap<string, Moment>,
  atHand: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ payment_id: string }>({
    text: `SELECT p.payment_id FROM unnest($3::text[], $4::timestamptz[]) AS a(referral_id, since)
           JOIN payments p ON p.workspace_id = $1 AND p.livemode = $2 AND p.referral_id = a.referral_id
             AND p.paid_at >= a.since AND p.payment_id <> ALL ($5::text[])`,
    values: [workspace, livemode, [...from.keys()], [...from.values()].map((at) => new Date(at).toISOString()), atHand],
  });
  return rows.map((row) => row.payment_id);
}
