/** What a payment has to know of the earlier ones of its referral, for rules that look across them. */
import { readBefore, readSummary, type Foundation } from '../core/earlier.ts';
import type { Moment } from '../core/time.ts';
import type { Tx } from './tx.ts';

/** One payment that needs to know the payments of its referral before it; `subscription`: only those of this one, '' for those of none; null: all. */
export type FoundationAsk = {
  readonly paymentId: string;
  readonly referralId: string;
  readonly paidAt: Moment;
  readonly moneyKey: string;
  readonly subscription: string | null;
};

/** `unknown`: the last of them was decided without looking across, so that nothing rests on it yet. */
export type Founded = { readonly foundation: Foundation | 'unknown'; readonly hasLater: boolean };

type World = { readonly workspace: string; readonly livemode: boolean };

type Row = {
  last: string | null;
  before: string | null;
  first: string | null;
  others: readonly string[] | null;
  has_later: boolean;
};

/** Before the asking payment in the order the money moved; ties by the name of the money, compared by bytes. */
const BEFORE = `(p.paid_at < a.paid_at OR (p.paid_at = a.paid_at AND p.summary->>'moneyKey' < a.money_key COLLATE "C"))`;
const OWN = `p.workspace_id = $1 AND p.livemode = $2 AND p.referral_id = a.referral_id AND p.summary IS NOT NULL
  AND p.payment_id <> ALL ($7::text[])`;
const EARLIER = `${OWN} AND p.paid_at <= a.paid_at AND ${BEFORE}
  AND (a.subscription IS NULL OR COALESCE(p.summary->>'subscription', '') = a.subscription)`;

/**
 * The last earlier payment with what it knew itself, those that lost money after it, the first that still counts: four
 * steps into an index, however many there are.
 */
const TEXT = `SELECT q.summary::text AS last, q.earlier::text AS before, f.summary::text AS first, o.others,
    EXISTS (SELECT 1 FROM payments p WHERE ${OWN} AND p.paid_at >= a.paid_at AND NOT ${BEFORE}) AS has_later
  FROM unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[]) WITH ORDINALITY
    AS a(referral_id, paid_at, money_key, subscription, place)
  LEFT JOIN LATERAL (SELECT p.payment_id, p.paid_at, p.summary, p.earlier FROM payments p WHERE ${EARLIER}
    ORDER BY p.paid_at DESC, p.summary->>'moneyKey' COLLATE "C" DESC LIMIT 1) q ON true
  LEFT JOIN LATERAL (SELECT p.summary FROM payments p WHERE ${EARLIER} AND p.counts > 0
    ORDER BY p.paid_at, p.summary->>'moneyKey' COLLATE "C" LIMIT 1) f ON true
  LEFT JOIN LATERAL (SELECT array_agg(p.summary::text) AS others FROM payments p
    WHERE ${EARLIER} AND p.lost_at > q.paid_at AND p.payment_id <> q.payment_id) o ON true
  ORDER BY a.place`;

const iso = (moment: Moment): string => new Date(moment).toISOString();

/** What each asking payment rests on, in the order asked; payments at hand are left out. One statement. */
export async function loadFoundations(
  tx: Tx,
  { workspace, livemode }: World,
  asks: readonly FoundationAsk[],
  atHand: readonly string[],
): Promise<Founded[]> {
  const { rows } = await tx.query<Row>({
    name: 'foundations',
    text: TEXT,
    values: [
      workspace,
      livemode,
      asks.map((ask) => ask.referralId),
      asks.map((ask) => iso(ask.paidAt)),
      asks.map((ask) => ask.moneyKey),
      asks.map((ask) => ask.subscription),
      atHand,
    ],
  });
  return rows.map((row, index) => foundedOf(row, asks[index]?.subscription == null ? 'customer' : 'subscription'));
}

function foundedOf(row: Row, per: 'customer' | 'subscription'): Founded {
  const hasLater = row.has_later;
  const first = row.first === null ? null : readSummary(row.first);
  const others = (row.others ?? []).map(readSummary);
  if (row.last === null) return { hasLater, foundation: { last: null, before: null, first, others } };
  const before = row.before === null ? null : readBefore(row.before);
  if (before?.per !== per) return { hasLater, foundation: 'unknown' };
  return { hasLater, foundation: { last: readSummary(row.last), before, first, others } };
}

/** Payments of referrals from a moment on that are not at hand. One statement. */
export async function paymentsFrom(
  tx: Tx,
  { workspace, livemode }: World,
  from: ReadonlyMap<string, Moment>,
  atHand: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ payment_id: string }>({
    name: 'payments_from',
    text: `SELECT p.payment_id FROM unnest($3::text[], $4::timestamptz[]) AS a(referral_id, since)
           JOIN payments p ON p.workspace_id = $1 AND p.livemode = $2 AND p.referral_id = a.referral_id
             AND p.paid_at >= a.since AND p.payment_id <> ALL ($5::text[])`,
    values: [workspace, livemode, [...from.keys()], [...from.values()].map(iso), atHand],
  });
  return rows.map((row) => row.payment_id);
}
