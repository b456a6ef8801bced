/** A sale as a caller tells it, from what their dialect has words for. */
import type { NewSale } from './desk.ts';

/** What a dialect may have no word for, as it is when nobody said it. */
const UNSAID = {
  referralId: null,
  clickId: null,
  customerId: null,
  externalUserId: null,
  priceIds: [],
  productIds: [],
  interval: null,
  isSubscription: false,
  commissionStatus: null,
  saleStatus: null,
  occurredAt: null,
  metadata: {},
} as const satisfies Partial<NewSale>;

type Unsaid = keyof typeof UNSAID;
type Id = NewSale['externalEventId'];
type Named<T extends Id> = { readonly externalEventId: T };
type Needed = Omit<NewSale, Unsaid | 'externalEventId'>;

/** The sale, with what nobody said as it is by default: nobody named, nothing ruled, paid when it is told. */
export function newSale<T extends Id>(
  said: Needed & Partial<Pick<NewSale, Unsaid>> & Named<T>,
): Omit<NewSale, 'externalEventId'> & Named<T> {
  return { ...UNSAID, ...said };
}
