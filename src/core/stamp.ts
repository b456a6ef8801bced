/** When something was said about an object, and which of two sights of it counts. */
import type { Moment } from './time.ts';

/** Orders what is said about one object: newest time, then higher rank of status, then larger event id. */
export type Stamp = { readonly at: Moment; readonly rank: number; readonly event: string };

/** Negative when `a` comes before `b`. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.at - b.at || a.rank - b.rank || compareText(a.event, b.event);
}

/** Code-unit order, the same on every machine (no locale). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
