/** Finds what an id names, and reads why it was decided as it was. Everything within one world of one workspace. */
import type { Part } from '../core/parts.ts';
import type { Explanation } from '../core/explain.ts';
import type { World } from './conversions.ts';
import type { InboxRow } from './inbox.ts';
import type { Tx } from './tx.ts';

/** Every spelling under which an id may be known. */
export type Spellings = {
  readonly id: string;
  readonly moneyKeys: readonly string[];
  readonly refundKeys: readonly string[];
  readonly customerKeys: readonly string[];
};

export type Found = { readonly kind: string; readonly paymentId: string };

/** More are not told in one answer; the newest are. */
const MOST_PAYMENTS = 50;

/**
 * Payments an id leads to, with what the id is: payment, sale, refund, commission, transfer, event, referral, customer.
 * At most 50 per kind, newest first.
 */
export async function findPayments(
  tx: Tx,
  { workspace, livemode }: World,
  { id, moneyKeys, refundKeys, customerKeys }: Spellings,
): Promise<Found[]> {
  const newest = `ORDER BY payment_id DESC LIMIT ${MOST_PAYMENTS}`;
  const { rows } = await tx.query<{ kind: string; payment_id: string }>({
    text: `SELECT 'payment' AS kind, payment_id FROM payment_keys WHERE workspace_id = $1 AND livemode = $2 AND key = ANY ($4::text[])
      UNION SELECT 'payment', payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND payment_id = $3
      UNION SELECT kind, payment_id FROM conversions WHERE workspace_id = $1 AND livemode = $2 AND conversion_id = $3
      UNION SELECT 'refund', payment_id FROM conversions
        WHERE workspace_id = $1 AND livemode = $2 AND kind = 'refund' AND money_key = ANY ($5::text[]) AND status <> 'void'
      UNION SELECT 'commission', v.payment_id FROM commissions m
        JOIN conversions v ON v.workspace_id = $1 AND v.conversion_id = m.conversion_id
        WHERE m.workspace_id = $1 AND m.livemode = $2 AND m.commission_id = $3
      UNION SELECT 'transfer', v.payment_id FROM transfers t
        JOIN commissions m ON m.workspace_id = $1 AND m.commission_id = t.commission_id
        JOIN conversions v ON v.workspace_id = $1 AND v.conversion_id = m.conversion_id
        WHERE t.workspace_id = $1 AND t.livemode = $2 AND t.transfer_id = $3
      UNION SELECT 'event', payment_id FROM conversions
        WHERE workspace_id = $1 AND livemode = $2 AND external_event_id = $3 AND status <> 'void'
      UNION (SELECT 'referral', payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND referral_id = $3 ${newest})
      UNION (SELECT 'customer', payment_id FROM payments
        WHERE workspace_id = $1 AND livemode = $2 AND customer_key = ANY ($6::text[]) ${newest})`,
    values: [workspace, livemode, id, moneyKeys, refundKeys, customerKeys],
  });
  return rows.map((row) => ({ kind: row.kind, paymentId: row.payment_id }));
}

/** Parked payments that hold a refund of one of these keys: it has no conversion yet, so only the state names it. */
export async function parkedWithRefund(
  tx: Tx,
  { workspace, livemode }: World,
  refundKeys: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ payment_id: string }>({
    text: `SELECT DISTINCT p.payment_id FROM inbox i
      JOIN payment_keys k ON k.workspace_id = $1 AND k.livemode = $2 AND k.key = i.subject
      JOIN payments p ON p.workspace_id = $1 AND p.payment_id = k.payment_id
      WHERE i.workspace_id = $1 AND i.livemode = $2 AND i.state = 'parked' AND p.parked IS NOT NULL
        AND EXISTS (SELECT 1 FROM unnest($3::text[]) AS r(key) WHERE position('"' || r.key || '"' IN p.state::text) > 0)`,
    values: [workspace, livemode, refundKeys],
  });
  return rows.map((row) => row.payment_id);
}

export type TracedEvent = InboxRow & { readonly payment_id: string | null };

/** Events of some sources under some keys, each with the payment its subject names. */
export async function findEvents(
  tx: Tx,
  { workspace, livemode }: World,
  sources: readonly string[],
  keys: readonly string[],
): Promise<TracedEvent[]> {
  const { rows } = await tx.query<TracedEvent>({
    text: `SELECT i.source, i.event_key, i.type, i.livemode, i.state, i.reason, i.subject, i.occurred_at, i.received_at,
        i.attempts, i.run_at, i.scope, k.payment_id
      FROM inbox i LEFT JOIN payment_keys k ON k.workspace_id = $1 AND k.livemode = $2 AND k.key = i.subject
      WHERE i.workspace_id = $1 AND i.livemode = $2 AND i.source = ANY ($3::text[]) AND i.event_key = ANY ($4::text[])
      ORDER BY i.source, i.event_key`,
    values: [workspace, livemode, sources, keys],
  });
  return rows;
}

export type TracedPayment = {
  readonly id: string;
  readonly parked: string | null;
  readonly wakeAt: number | null;
  /** As `readPayment` takes it. */
  readonly state: string;
};

/** The payments, each as the one that survived it, in the order of their ids. */
export async function survivors(
  tx: Tx,
  { workspace, livemode }: World,
  ids: readonly string[],
): Promise<TracedPayment[]> {
  const { rows } = await tx.query<{
    payment_id: string;
    parked: string | null;
    wake_at: Date | null;
    state: string;
  }>({
    text: `WITH RECURSIVE chain AS (
        SELECT payment_id, merged_into FROM payments
        WHERE workspace_id = $1 AND livemode = $2 AND payment_id = ANY ($3::text[])
        UNION
        SELECT p.payment_id, p.merged_into FROM chain c JOIN payments p ON p.workspace_id = $1 AND p.payment_id = c.merged_into
      )
      SELECT p.payment_id, p.parked, p.wake_at, p.state::text AS state FROM payments p JOIN chain c USING (payment_id)
      WHERE p.workspace_id = $1 AND c.merged_into IS NULL ORDER BY p.payment_id`,
    values: [workspace, livemode, ids],
  });
  return rows.map((row) => ({
    id: row.payment_id,
    parked: row.parked,
    wakeAt: row.wake_at?.getTime() ?? null,
    state: row.state,
  }));
}

/** Nodes of buyers under any of these keys; `state` as `readCustomer` takes it. */
export async function findCustomers(
  tx: Tx,
  { workspace, livemode }: World,
  keys: readonly string[],
): Promise<{ key: string; state: string }[]> {
  const { rows } = await tx.query<{ key: string; state: string }>({
    text: `SELECT customer_key AS key, state::text AS state FROM customers
           WHERE workspace_id = $1 AND livemode = $2 AND customer_key = ANY ($3::text[]) ORDER BY customer_key`,
    values: [workspace, livemode, keys],
  });
  return rows;
}

type StoredPart = Omit<Part, 'base' | 'commission'> & {
  readonly base: string;
  readonly commission: string;
};
export type Why = { readonly explanation: Explanation | null; readonly parts: readonly Part[] };

/** Why each sale earned what it earned, by conversion id. */
export async function whyOf(tx: Tx, { workspace }: World, conversions: readonly string[]): Promise<Map<string, Why>> {
  const { rows } = await tx.query<{
    id: string;
    explanation: Explanation | null;
    parts: StoredPart[] | null;
  }>({
    text: `SELECT v.conversion_id AS id, v.explanation, m.parts FROM conversions v
      LEFT JOIN commissions m ON m.workspace_id = $1 AND m.conversion_id = v.conversion_id AND m.affiliate_id = v.affiliate_id
        AND m.currency = v.currency
      WHERE v.workspace_id = $1 AND v.conversion_id = ANY ($2::text[])`,
    values: [workspace, conversions],
  });
  const partOf = (part: StoredPart): Part => ({
    ...part,
    base: BigInt(part.base),
    commission: BigInt(part.commission),
  });
  return new Map(rows.map((row) => [row.id, { explanation: row.explanation, parts: (row.parts ?? []).map(partOf) }]));
}
