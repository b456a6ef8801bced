/** What an affiliate has, and every transfer that made it. */
import type { OfficeDesk } from '../../core/desk.ts';
import { affiliatesById } from '../../store/affiliates.ts';
import { balancesAt, balancesNow, listTransfers } from '../../store/ledger.ts';
import type { Clockwork } from '../clockwork.ts';
import { noAffiliate } from './affiliates.ts';

/** Deleted affiliates are answered too: their ledger stays. */
export function balanceDesk(work: Clockwork): Pick<OfficeDesk, 'balance' | 'ledger'> {
  const { of } = work.database;
  const isKnown = async (workspace: string, id: string): Promise<boolean> =>
    (await affiliatesById(of(workspace), workspace, [id])).length > 0;
  return {
    balance: async ({ workspace, livemode }, id, at) => {
      if (!(await isKnown(workspace, id))) return noAffiliate(id);
      return at === null
        ? balancesNow(of(workspace), workspace, livemode, id)
        : balancesAt(of(workspace), workspace, livemode, id, at);
    },
    ledger: async ({ workspace, livemode }, id, filter) =>
      (await isKnown(workspace, id)) ? listTransfers(of(workspace), workspace, livemode, id, filter) : noAffiliate(id),
  };
}
