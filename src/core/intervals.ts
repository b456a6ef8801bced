/** How the lines of a sale recur, and where that is known from (reference/stripe.md 1.3, cases.md 44). */
import type { Sale } from './collect.ts';
import type { Interval, Line } from './facts.ts';
import { objectKey } from './keys.ts';
import type { PriceState } from './state.ts';

/** Where a line's interval came from, in the order of trust (stripe.md 1.3, cases.md 44). */
export type IntervalSource = 'payload' | 'price' | 'period' | 'none';

export type KnownInterval = {
  readonly interval: Interval | null;
  readonly from: IntervalSource;
  /** Keys of prices that would say it better. */
  readonly awaits: readonly string[];
};

type PriceOf = (key: string) => PriceState | undefined;

function intervalOfLine(line: Line, sale: Sale, price: PriceOf): KnownInterval {
  if (line.interval !== null) return { interval: line.interval, from: 'payload', awaits: [] };
  // What only a caller tells of is never announced by a price; what a provider proved is, also under a caller's ids.
  const reported = sale.report !== null && sale.report.source === sale.source;
  const keys = reported ? [] : line.prices.map((id) => objectKey(sale.source, id));
  for (const key of keys) {
    const known = price(key);
    if (known?.stamp) return { interval: known.interval, from: known.interval === null ? 'none' : 'price', awaits: [] };
  }
  // Unknown price: the whole period's length until the price is seen, then it is decided again. That holds for a
  // one-off line too, because its price may turn out to recur. What a caller reports is never announced by a price.
  return { interval: line.period, from: line.period === null ? 'none' : 'period', awaits: keys };
}

/** A proration's short period says nothing, so a whole-period line of the same price speaks for the group. */
export function longestInterval(lines: readonly Line[], sale: Sale, price: PriceOf): KnownInterval {
  const all = lines.map((line) => intervalOfLine(line, sale, price));
  return all.find((one) => one.interval !== null) ?? all[0] ?? { interval: null, from: 'none', awaits: [] };
}
