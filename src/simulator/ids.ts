import { createRng } from './rng.ts';

/** Makes Stripe-looking ids that never repeat. */
export interface IdSource {
  /** An id with this prefix (`in`, `pi`, `cus`, …), without the underscore. */
  next(prefix: string): string;
  /** A Checkout Session id, which names its mode. */
  session(livemode: boolean): string;
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SHORT = new Set(['cus', 'prod', 'req', 'sub_sched']);
/** Objects of the payments shard start with 3, the rest with 1. */
const PAYMENT_SHARD = new Set(['pi', 'ch', 'py', 're', 'pyr', 'txn', 'evt_3']);

function base62(value: number, width: number): string {
  let text = '';
  for (let rest = value, i = 0; i < width; i++, rest = Math.floor(rest / 62)) text = DIGITS.charAt(rest % 62) + text;
  return text;
}

/** The id source of a seed. Accounts that must not share an id (two families of one merchant) share one source. */
export function createIds(seed: number | string): IdSource {
  const rng = createRng(`ids/${seed}`);
  const accountTag = rng.token(10);
  let count = 0;
  const next = (prefix: string): string => {
    count += 1;
    // the counter makes ids unique by construction; the rest makes them look real
    if (SHORT.has(prefix)) return `${prefix}_${rng.token(9)}${base62(count, 5)}`;
    const shard = PAYMENT_SHARD.has(prefix) ? '3' : '1';
    const shown = prefix === 'evt_3' ? 'evt' : prefix;
    return `${shown}_${shard}${rng.token(5)}${accountTag}${base62(count, 5)}${rng.token(3)}`;
  };
  const session = (livemode: boolean): string => {
    count += 1;
    return `cs_${livemode ? 'live' : 'test'}_a1${rng.token(51)}${base62(count, 5)}`;
  };
  return { next, session };
}

/** An id that follows from another one, for parts nobody named (line items of an invoice). */
export function derivedId(prefix: string, owner: string, part: string | number): string {
  return `${prefix}_1${createRng(`${prefix}/${owner}/${part}`).token(23)}`;
}
