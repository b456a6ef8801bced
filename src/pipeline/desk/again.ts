/** Brings a change that is no fact (a referral rejected, taken back into favour or deleted) to the payments it concerns. */
import type { PaymentName } from '../../store/referrals.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';

const PAYMENTS_AT_ONCE = 200;

/** Whether a referral counts is read with every decision, so a change of it is brought to the payments it concerns. */
export async function decideAgain(work: Clockwork, workspace: string, payments: readonly PaymentName[]): Promise<void> {
  for (const livemode of [true, false]) {
    const clock = payments.filter((one) => one.livemode === livemode).map(({ id }) => ({ paymentId: id, clock: {} }));
    for (let from = 0; from < clock.length; from += PAYMENTS_AT_ONCE)
      await runBatch(work, {
        workspace,
        livemode,
        source: 'operator',
        items: [],
        clock: clock.slice(from, from + PAYMENTS_AT_ONCE),
      });
  }
}
