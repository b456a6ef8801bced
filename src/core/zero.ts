/** Why a sale brought nothing that may earn: the word that is kept with it. */
import type { Sale } from './collect.ts';
import type { Settings } from './rules.ts';

/** Why a sale has nothing that may earn. */
export function zeroReason(sale: Sale, settings: Settings): string {
  if (sale.trial) return 'trial';
  if (sale.total <= 0n) return 'nothing_to_pay';
  if (sale.cash === 0n)
    return sale.outOfBand && settings.excludeOutOfBand ? 'paid_out_of_band' : 'paid_from_credit_balance';
  return 'no_commissionable_amount';
}
