/** Payouts at the desk, as they are read. */
import type { PayoutDesk } from '../../core/payout-desk.ts';
import { refuse } from '../../core/refusals.ts';
import { findPayout, listPayouts } from '../../store/payouts.ts';
import type { Clockwork } from '../clockwork.ts';

export function payoutDesk({ database }: Clockwork): PayoutDesk {
  return {
    payouts: (caller, filter) => listPayouts(database.of(caller.workspace), caller, filter),
    payout: async (caller, id) =>
      (await findPayout(database.of(caller.workspace), caller, id)) ??
      refuse('not_found', `There is no payout "${id}".`),
  };
}
