import type { Tx } from './tx.ts';

export type DuePayments = { readonly workspace: string; readonly livemode: boolean; readonly payments: readonly { id: string; parked: string | null }[] };

/** Payments whose moment has come (a hold ends, a deferral's deadline passes), of one world of one workspace. */
export async function duePayments(tx: Tx, now: number, limit: number): Promise<DuePayments | null> {
  const { rows } = await tx.query<{ workspace_id: string; livemode: boolean; payment_id: string; parked: string | null }>({
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
