import type { Interval } from '../calendar.ts';
import type { JsonObject, Metadata } from '../json.ts';
import { customerObject } from '../objects/customer.ts';
import { priceObject } from '../objects/price.ts';
import type { SimulatedCustomer, SimulatedPrice } from '../state.ts';
import { plain } from '../shelf.ts';
import type { World } from '../world.ts';

/** A new customer: `customer.created`. */
export function customer(
  world: World,
  { email = null, metadata = {} }: { email?: string | null; metadata?: Metadata } = {},
): SimulatedCustomer {
  world.beginCall();
  const made: SimulatedCustomer = {
    id: world.ids.next('cus'),
    created: world.time,
    email,
    metadata,
    balance: 0,
  };
  world.tell('customer.created', plain(customerObject), { ...made, livemode: world.livemode });
  return made;
}

/** The old values of the keys that differ, as `previous_attributes.metadata` has them: null for a key that is new. */
export function changedMetadata(before: Metadata, after: Metadata): JsonObject {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(keys.filter((key) => before[key] !== after[key]).map((key) => [key, before[key] ?? null]));
}

/** Changes a customer: `customer.updated` with the old values. */
export function updateCustomer(
  world: World,
  whom: SimulatedCustomer,
  change: { email?: string | null; metadata?: Metadata; balance?: number },
): void {
  const before: JsonObject = {
    ...Object.fromEntries(Object.keys(change).map((key) => [key, whom[key as keyof typeof change]])),
    ...(change.metadata ? { metadata: changedMetadata(whom.metadata, change.metadata) } : {}),
  };
  Object.assign(whom, change);
  world.tell('customer.updated', plain(customerObject), { ...whom, livemode: world.livemode }, before);
}

/** Deletes a customer: `customer.deleted`. */
export function deleteCustomer(world: World, whom: SimulatedCustomer): void {
  world.beginCall();
  world.tell('customer.deleted', plain(customerObject), { ...whom, livemode: world.livemode });
  world.keep((_family, { id }: SimulatedCustomer) => ({ id, object: 'customer', deleted: true }), whom);
}

/** What a price is made from; `interval: null` is a one-time price. Amount in minor units. */
export interface PriceArguments {
  amount: number;
  interval?: Interval | null | undefined;
  intervalCount?: number | undefined;
  product?: string | undefined;
  currency?: string | undefined;
  id?: string | undefined;
  metadata?: Metadata | undefined;
  /** True for inline price data: the id exists, but no event ever announced it. */
  silent?: boolean | undefined;
}

/** A new price: `price.created`. */
export function price(world: World, given: PriceArguments): SimulatedPrice {
  world.beginCall();
  const made: SimulatedPrice = {
    id: given.id ?? world.ids.next('price'),
    product: given.product ?? world.ids.next('prod'),
    currency: given.currency ?? 'usd',
    amount: given.amount,
    interval: given.interval === undefined ? 'month' : given.interval,
    intervalCount: given.intervalCount ?? 1,
    created: world.time,
    livemode: world.livemode,
    metadata: given.metadata ?? {},
  };
  world.keep(plain(priceObject), made);
  if (!given.silent) world.tell('price.created', plain(priceObject), made);
  return made;
}
