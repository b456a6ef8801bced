/** Converting what a sale may earn to the program's currency (cases.md 61, 62). */
import { decimalsOf, divideRounded } from './money.ts';
import type { ExchangeRate, Rules } from './rules.ts';
import { DAY_MS, type Moment } from './time.ts';

/** A rate is used for its own day and at most for this many days after, so that a weekend has Friday's. */
const MOST_DAYS = 7;

const RATE = 'fx:';

/** The key under which a payment waits for the rate of a pair of currencies. */
export function rateKey(from: string, to: string): string {
  return `${RATE}${from}:${to}`;
}

/** Whether what is awaited is an exchange rate, and nothing of the catalogue. */
export function isRateKey(key: string): boolean {
  return key.startsWith(RATE);
}

/**
 * The rate of the day the money moved, or of the last day before it. Rates that were known when the payment became known
 * come first, so that a rate given later never changes what was converted already; without one, the first that was given.
 */
export function rateAt(rules: Rules, from: string, to: string, paidAt: Moment, known: number): ExchangeRate | null {
  const oldest = paidAt - (MOST_DAYS + 1) * DAY_MS;
  const fitting = rules.rates.filter(
    (rate) => rate.from === from && rate.to === to && rate.day <= paidAt && rate.day > oldest,
  );
  const newest = (a: ExchangeRate, b: ExchangeRate): number => b.day - a.day || a.since - b.since;
  const before = fitting.filter(({ since }) => since <= known).toSorted(newest)[0];
  return before ?? fitting.toSorted((a, b) => a.since - b.since || newest(a, b))[0] ?? null;
}

/** Minor units of one currency as minor units of the other, rounded once, half away from zero. */
export function converted(amount: bigint, { from, to, ratio }: ExchangeRate): bigint {
  const num = amount * ratio.num * 10n ** BigInt(decimalsOf(to));
  return divideRounded(num, ratio.den * 10n ** BigInt(decimalsOf(from)));
}

/** A rate as it is kept with what it converted: `1.0873 ecb 2026-01-05` is written by whoever shows it. */
export function rateInWords({ from, to, ratio, source }: ExchangeRate): string {
  return `1 ${from.toUpperCase()} = ${ratio.num}/${ratio.den} ${to.toUpperCase()} (${source})`;
}
