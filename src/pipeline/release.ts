/**
 * Release: decisions of the clock. A hold that is over makes money payable; a payment intent that no invoice claimed
 * within its deadline becomes a one-time sale. Both are recorded on the payment, because no event can tell them again.
 */
import { duePayments, likelyInvoicePayments, postpone, setWakeCalls, type DuePayments } from '../store/due.ts';
import { isDatabaseAway } from '../store/database.ts';
import { runBatch, type ClockItem } from './batch.ts';
import type { Clockwork } from './clockwork.ts';

const BATCH_SIZE = 200;

const TRY_AGAIN_MS = 3_600_000;

/** A payment that looks like an invoice's is asked about once a day. */
const ASK_AGAIN_MS = 86_400_000;

/** Decides one batch of due payments again. Returns how many; 0: nothing is due. Safe to run anywhere at once. */
export async function releaseNext(work: Clockwork): Promise<number> {
  const now = work.now();
  const due = await duePayments(work.database.across, now, BATCH_SIZE);
  if (!due) return 0;
  const waiting = due.payments.filter(({ parked }) => parked !== null).map(({ id }) => id);
  const likely = await likelyOf(work, due, waiting);
  if (likely.size > 0) {
    work.log.warn(
      { workspace: due.workspace, payments: likely.size },
      'payments wait: each looks like the payment of an invoice that names none; subscribe the endpoint to invoice_payment.paid',
    );
    await postpone(work.database.of(due.workspace), due.workspace, [...likely], now + ASK_AGAIN_MS);
  }
  const ready = due.payments.filter(({ id }) => !likely.has(id));
  const clock: ClockItem[] = ready.map(({ id, parked }) => ({
    paymentId: id,
    clock: parked === null ? { released: now } : { matured: now },
  }));
  await runClock(work, due, clock);
  return due.payments.length;
}

/** All at once; when that fails one by one, so that a payment that cannot be decided never holds up the others. */
async function runClock(work: Clockwork, due: DuePayments, clock: readonly ClockItem[]): Promise<void> {
  const { workspace, livemode } = due;
  const [first] = clock;
  if (!first) return;
  try {
    const settled = await runBatch(work, { workspace, livemode, source: 'clock', items: [], clock });
    const { versions } = settled.session;
    // What turned out not to be due is asked about when it is, or never; as long as nobody has decided it since.
    const calls = clock.flatMap(({ paymentId: id }) => {
      const version = versions.payments.get(id);
      if (version === undefined || settled.posted.has(id)) return [];
      return [{ id, version, wakeAt: settled.decisions.get(id)?.wakeAt ?? null }];
    });
    if (calls.length > 0) await setWakeCalls(work.database.of(workspace), workspace, calls);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    if (clock.length > 1) {
      for (const item of clock) await runClock(work, due, [item]);
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    work.log.error(
      { workspace, payment: first.paymentId, reason },
      'a due payment could not be decided; asked again in an hour',
    );
    await postpone(work.database.of(workspace), workspace, [first.paymentId], work.now() + TRY_AGAIN_MS);
  }
}

function likelyOf(work: Clockwork, due: DuePayments, waiting: readonly string[]): Promise<Set<string>> {
  if (waiting.length === 0) return Promise.resolve(new Set());
  return likelyInvoicePayments(work.database.of(due.workspace), due.workspace, due.livemode, waiting);
}
