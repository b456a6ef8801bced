/** One day in seconds. */
export const DAY = 86_400;
/** One hour in seconds. */
export const HOUR = 3_600;

/** Stripe's recurrence units. */
export type Interval = 'day' | 'week' | 'month' | 'year';

/**
 * Moves a moment (unix seconds UTC) by whole intervals. Months and years are calendar ones, clamped to the
 * end of the month and anchored on `anchorDay`, as Stripe does: 31 Jan, 28 Feb, 31 Mar.
 */
export function addInterval(moment: number, interval: Interval, count: number, anchorDay?: number): number {
  if (interval === 'day') return moment + count * DAY;
  if (interval === 'week') return moment + count * 7 * DAY;
  const date = new Date(moment * 1000);
  const months = interval === 'year' ? count * 12 : count;
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(anchorDay ?? date.getUTCDate(), lastDay);
  const midnight = Date.UTC(year, month, day) / 1000;
  return midnight + (((moment % DAY) + DAY) % DAY);
}
