/** Prices: the only source of an interval on basil-family invoices, whose lines name a price but not how it recurs. */
import { type EventRef, type Interval, intervalOf, type PriceFact, type Translation } from '../../core/facts.ts';
import { idOf, key } from './identity.ts';
import { ignore } from './ignored.ts';
import { read, stampOf } from './read.ts';
import { type PriceReference } from './schema-parts.ts';
import { type PlanObject, Price, type PriceObject } from './schema-parts.ts';

/** The interval of a recurring price; null for a one-time price and for a unit nobody knows. Trap 9: with the count. */
export function priceInterval(price: PriceObject): Interval | null {
  if (!price.recurring) return null;
  return intervalOf(price.recurring.interval, price.recurring.interval_count ?? 1);
}

type Priced = {
  readonly price?: PriceObject | null | undefined;
  readonly plan?: PlanObject | null | undefined;
  readonly pricing?:
    | { readonly price_details?: { readonly price?: PriceReference } | null | undefined }
    | null
    | undefined;
};

/** A price, the plan it was called before 2020, or the price that an answer shows in the place of its id. */
export function priceOf(item: Priced): PriceObject | null {
  if (item.price) return item.price;
  const shown = item.pricing?.price_details?.price;
  // Without a word on recurrence it is the stub of a deleted price.
  if (typeof shown === 'object' && shown?.recurring !== undefined) return shown;
  if (!item.plan) return null;
  const { id, product, interval, interval_count } = item.plan;
  return { id, product, recurring: { interval, interval_count } };
}

/** One fact per distinct price. A recurrence in an unknown unit says nothing: null would call it a one-time price. */
export function priceFacts(prices: readonly (PriceObject | null)[], ref: EventRef): PriceFact[] {
  const facts: PriceFact[] = [];
  for (const price of prices) {
    if (price === null || facts.some((fact) => fact.key === key(price.id))) continue;
    const interval = priceInterval(price);
    if (interval === null && price.recurring) continue;
    facts.push({
      kind: 'price',
      key: key(price.id),
      stamp: stampOf(ref, 0),
      product: idOf(price.product),
      interval,
    });
  }
  return facts;
}

/** `price.created|updated|deleted`. A deleted price keeps what it was: old invoices still name it. */
export function translatePrice(object: unknown, ref: EventRef): Translation {
  const facts = priceFacts([read(Price, object, ref)], ref);
  return facts.length === 0 ? ignore('unknown_interval') : { facts };
}
