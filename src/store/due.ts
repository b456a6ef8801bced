import type { Tx } from './tx.ts';

export type DuePayments = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly payments: readonly { id: string; parked: string | null }[];
};

/** Payments whose moment has come (a hold ends, a deferral's deadline passes), of one world of one workspace. */
export async function duePayments(tx: Tx, now: number, limit: number): Promise<DuePayments | null> {
  const { rows } = await tx.query<{
    workspace_id: string;
    livemode: boolean;
    payment_id: string;
    parked: string | null;
  }>({
    name: 'due_payments',
    text: `SELECT workspace_id, livemode, payment_id, parked FROM payments
           WHERE wake_at <= $1 AND (workspace_id, livemode) = (
             SELECT workspace_id, livemode FROM payments WHERE wake_at <= $1 ORDER BY wake_at LIMIT 1)
           ORDER BY wake_at, payment_id LIMIT $2`,
    values: [new Date(now).toISOString(), limit],
  });
  const [first] = rows;
  if (!first) return null;
  const payments = rows.map((row) => ({ id: row.payment_id, parked: row.parked }));
  return { workspace: first.workspace_id, livemode: first.livemode, payments };
}

/**
 * Which of these waiting cash legs look like the payment of an invoice that names none: the same buyer, the same cash,
 * within a day. Without `invoice_payment.paid` events nothing says so, and to count both would pay twice.
 */
export async function likelyInvoicePayments(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  paymentIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ payment_id: string }>({
    text: `SELECT p.payment_id FROM payments p
           CROSS JOIN LATERAL (
             SELECT max((c.value ->> 'paid')::bigint) AS cash, min((c.value -> 'stamp' ->> 'at')::bigint) AS at,
               min(c.value ->> 'currency') AS currency
             FROM json_each(p.state -> 'claims') c) leg
           WHERE p.workspace_id = $1 AND p.payment_id = ANY ($3::text[]) AND EXISTS (
             SELECT 1 FROM payments b
             JOIN conversions v ON v.workspace_id = b.workspace_id AND v.payment_id = b.payment_id AND v.kind = 'sale'
             WHERE b.workspace_id = $1 AND b.livemode = $2 AND b.customer_key = p.customer_key AND b.payment_id <> p.payment_id
               AND b.state ->> 'keys' LIKE '%:invoice:%' AND b.state ->> 'keys' NOT LIKE '%:pi:%' AND b.state ->> 'keys' NOT LIKE '%:ch:%'
               AND v.amount = leg.cash AND v.currency = leg.currency
               AND abs(extract(epoch FROM b.paid_at) * 1000 - leg.at) <= 86400000)`,
    values: [workspace, livemode, paymentIds],
  });
  return new Set(rows.map((row) => row.payment_id));
}

/** Asks again later about payments that could not be decided when their moment came. */
export async function postpone(tx: Tx, workspace: string, paymentIds: readonly string[], until: number): Promise<void> {
  await tx.query({
    text: 'UPDATE payments SET wake_at = $3 WHERE workspace_id = $1 AND payment_id = ANY ($2::text[]) AND wake_at IS NOT NULL',
    values: [workspace, paymentIds, new Date(until).toISOString()],
  });
}

export type WakeCall = { readonly id: string; readonly version: number; readonly wakeAt: number | null };

/** Moves the moments of payments that were read as not due; a payment that was written since keeps its own. */
export async function setWakeCalls(tx: Tx, workspace: string, calls: readonly WakeCall[]): Promise<void> {
  await tx.query({
    text: `UPDATE payments p SET wake_at = s.wake_at
           FROM unnest($2::text[], $3::int[], $4::timestamptz[]) AS s(payment_id, version, wake_at)
           WHERE p.workspace_id = $1 AND p.payment_id = s.payment_id AND p.version = s.version`,
    values: [
      workspace,
      calls.map(({ id }) => id),
      calls.map(({ version }) => version),
      calls.map(({ wakeAt }) => (wakeAt === null ? null : new Date(wakeAt).toISOString())),
    ],
  });
}
