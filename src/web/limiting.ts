/** Limits of who calls: keys by themselves, everybody else by where they call from. */
import type { Context } from 'koa';
import type { Caller } from '../core/desk.ts';
import type { Door } from '../core/doors.ts';
import type { RateWindow } from '../core/families.ts';
import type { RateLimits } from '../pipeline/limits.ts';

/** The counters, the time, and what the operator set instead of the windows of a dialect or a door. */
export type Limiting = {
  readonly rates: RateLimits;
  readonly now: () => number;
  readonly set: ReadonlyMap<string, readonly RateWindow[]>;
};

/**
 * Who calls without a key is told from others by where the call comes from. Each dialect and each door counts for itself:
 * `at` names it.
 */
export function keylessAt(at: string, address: string): Caller {
  return { workspace: 'default', livemode: true, keyId: `${at} from ${networkOf(address)}`, scopes: [], keyless: true };
}

/** Longer than any address: what a header says instead of one is not remembered whole. */
const LONGEST_ADDRESS = 64;

/**
 * Somebody with one address of version 6 has 2^64 of them: the first half says who it is. Some proxies write the port of
 * the connection behind the address; every new connection has another.
 */
function networkOf(header: string): string {
  const told = header.slice(0, LONGEST_ADDRESS);
  const address = /^\[(.*)\](?::\d+)?$/.exec(told)?.[1] ?? /^([\d.]+):\d+$/.exec(told)?.[1] ?? told;
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}

/** Spends one visit of the address at a door. null: it is within the limits; else the seconds to wait. */
export async function tooOften(limiting: Limiting | null, ctx: Context, door: Door): Promise<number | null> {
  if (!limiting) return null;
  const windows = limiting.set.get(door.name) ?? door.windows;
  const allowance = await limiting.rates.spend(keylessAt(door.name, ctx.ip), windows);
  return allowance === null || allowance.allowed ? null : secondsUntil(limiting, allowance.resetsAt);
}

/** Whole seconds until a moment in milliseconds UTC, at least one: what `Retry-After` says. */
export function secondsUntil({ now }: Pick<Limiting, 'now'>, moment: number): number {
  return Math.max(1, Math.ceil((moment - now()) / 1000));
}
