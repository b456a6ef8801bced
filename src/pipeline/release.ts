/**
 * Release: decisions of the clock. A hold that is over makes money payable; a payment intent that no invoice claimed
 * within its deadline becomes a one-time sale. Both are recorded on the payment, because no event can tell them again.
 */
import { duePayments } from '../store/due.ts';
import { runBatch, type ClockItem } from './batch.ts';
import type { Clockwork } from './clockwork.ts';

const BATCH_SIZE = 200;

/** Decides one batch of due payments again. Returns how many; 0: nothing is due. Safe to run anywhere at once. */
export async function releaseNext(work: Clockwork): Promise<number> {
  const now = work.now();
  const due = await duePayments(work.database.pool, now, BATCH_SIZE);
  if (!due) return 0;
  const clock: ClockItem[] = due.payments.map(({ id, parked }) => ({
    paymentId: id,
    clock: parked === null ? { released: now } : { matured: now },
  }));
  await runBatch(work, { workspace: due.workspace, livemode: due.livemode, source: 'clock', items: [], clock });
  return due.payments.length;
}
