/** Well-formed events of every kind in every family, from which damaged ones are made. */
import { EVENT_TYPES } from '../../src/providers/stripe/events.ts';
import { createAccount } from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';
import { randomHistory } from '../../src/simulator/random.ts';

export const FAMILIES: readonly Family[] = ['old', 'acacia', 'basil'];

export type Told = { readonly type: string; readonly body: string };

/** A few buyers' lives in one family, with at least one event of every type. */
export function corpusOf(seed: string, family: Family, referrals: readonly (string | null)[]): Told[] {
  const told: Told[] = [
    ...randomHistory(seed, { kinds: 'all', customers: 6, minEvents: 220, families: [family], referrals }).events,
    ...rarities(seed, family),
  ];
  for (const type of EVENT_TYPES.filter((one) => told.every((event) => event.type !== one))) {
    // The same object under another name: `charge.updated` shows what `charge.succeeded` showed.
    const like = told.find((event) => kindOf(event.type) === kindOf(type));
    if (like) told.push({ type, body: like.body.replace(`"type":"${like.type}"`, `"type":"${type}"`) });
  }
  return told;
}

/** `charge.refund.updated` is a refund, `charge.dispute.closed` a dispute. */
function kindOf(type: string): string {
  return type === 'charge.refund.updated' ? 'refund' : type.split('.').slice(0, -1).join('.');
}

function rarities(seed: string, family: Family): Told[] {
  const account = createAccount({ family, seed: `rarities/${seed}`, startAt: 1_767_600_000 });
  const customer = account.customer({ email: 'rare@customers.example' });
  const price = account.price({ amount: 2_000 });
  const coupon = account.promotionCode({ code: 'RARE', coupon: { percentOff: 20 } });
  const discount = account.giveDiscount(coupon, { customer });
  account.endDiscount(discount);
  const sub = account.subscribe({ customer, price, coupon });
  account.editSubscription(sub, { affonso_referral: 'ref_1' });
  account.deleteCustomer(customer);
  return [...account.events];
}
