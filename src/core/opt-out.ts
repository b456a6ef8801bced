/** Who asked to be left out: on the payment's own objects, on its subscription, on the buyer (cases.md 65). */
import type { Nodes } from './attribution.ts';
import type { Sale } from './collect.ts';
import type { PaymentState } from './state.ts';

/** A buyer is often written down in the moment they pay; what was asked within the hour counts for that payment. */
const GRACE_MS = 3_600_000;

/**
 * The carrier whose metadata asked for it; null: nobody did. On a buyer or a subscription the last word before the
 * money moved counts, so that asking later takes nothing back.
 */
export function optedOutOn(state: PaymentState, sale: Sale, nodes: Nodes): string | null {
  if (state.optOut !== null) return state.optOut;
  if (sale.party === null) return null;
  const own = nodes.customer(sale.party);
  for (const key of [sale.party, ...(own?.links ?? [])]) {
    const words = (key === sale.party ? own : nodes.customer(key))?.optOuts ?? [];
    if (words.length === 0) continue;
    const before = words.filter(({ at }) => at <= sale.paidAt + GRACE_MS);
    const ofBuyer = before.findLast(({ of }) => of === key);
    const ofSubscription = before.findLast(({ of }) => of === sale.subscription);
    const found = [ofBuyer, ofSubscription].find((word) => word?.on === true);
    if (found) return found.carrier;
  }
  return null;
}
