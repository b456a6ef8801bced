/** Who asked to be left out: on the payment's own objects, on its subscription, on the buyer (cases.md 65). */
import type { Nodes } from './attribution.ts';
import type { Sale } from './collect.ts';
import { compareText } from './stamp.ts';
import type { PaymentState } from './state.ts';

/** A buyer is often written down in the moment they pay; what was asked within the hour counts for that payment. */
const GRACE_MS = 3_600_000;

/**
 * The carrier whose metadata asks for it; null: nobody does. On the payment's own objects the last word counts; on a
 * buyer or a subscription the last word before the money moved, so that asking later takes nothing back.
 */
export function optedOutOn(state: PaymentState, sale: Sale, nodes: Nodes): string | null {
  const own = [state.optOut, ...Object.values(state.claims).map((claim) => claim.optOut)];
  const [asked] = own.filter((carrier) => carrier !== null).toSorted(compareText);
  if (asked !== undefined) return asked;
  if (sale.party === null) return null;
  const buyer = nodes.customer(sale.party);
  for (const key of [sale.party, ...(buyer?.links ?? [])]) {
    const words = (key === sale.party ? buyer : nodes.customer(key))?.optOuts ?? [];
    if (words.length === 0) continue;
    const before = words.filter(({ at }) => at <= sale.paidAt + GRACE_MS);
    const ofBuyer = before.findLast(({ of }) => of === key);
    const ofSubscription = before.findLast(({ of }) => of === sale.subscription);
    const found = [ofBuyer, ofSubscription].find((word) => word?.on === true);
    if (found) return found.carrier;
  }
  return null;
}
