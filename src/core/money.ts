/**
 * Money is a `bigint` count of minor units plus a currency, everywhere.
 *
 * The scale is Stripe's wire scale, not ISO 4217's: ISK and UGX have no minor unit in life and two decimals on
 * Stripe's wire (docs.stripe.com/currencies, "special cases"). No library carries this table (reference/stripe.md 6.1).
 */

/** An exact fraction, e.g. 30 % as 300000/1000000. */
export type Ratio = { readonly num: bigint; readonly den: bigint };

const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));

/** Number of decimals between the major and the minor unit on Stripe's wire. `currency` in any case. */
export function decimalsOf(currency: string): number {
  const code = currency.toLowerCase();
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/** The one division of the product: half away from zero. `den` must be positive. */
export function divideRounded(num: bigint, den: bigint): bigint {
  if (den <= 0n) throw new RangeError(`denominator must be positive, got ${den}`);
  const half = den / 2n;
  const magnitude = ((num < 0n ? -num : num) + half) / den;
  // An odd denominator has no exact half, so adding the floored half rounds to nearest as well.
  return num < 0n ? -magnitude : magnitude;
}

/** `amount × ratio`, rounded once, half away from zero. */
export function portion(amount: bigint, ratio: Ratio): bigint {
  return divideRounded(amount * ratio.num, ratio.den);
}

/**
 * Splits `amount` in proportion to `weights` (each ≥ 0) so that the parts sum to `amount` exactly.
 * Remainders go to the largest fraction first, ties to the earlier part. All weights zero: everything to the first.
 */
export function split(amount: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) throw new RangeError('split needs at least one weight');
  if (weights.some((weight) => weight < 0n)) throw new RangeError('split takes no negative weight');
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) return weights.map((_, index) => (index === 0 ? amount : 0n));
  if (amount < 0n) return split(-amount, weights).map((part) => -part);
  const parts = weights.map((weight) => (amount * weight) / total);
  let rest = amount - parts.reduce((sum, part) => sum + part, 0n);
  const byFraction = weights
    .map((weight, index) => ({ index, fraction: (amount * weight) % total }))
    .toSorted((a, b) => (a.fraction === b.fraction ? a.index - b.index : a.fraction > b.fraction ? -1 : 1));
  for (const { index } of byFraction) {
    if (rest === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    rest -= 1n;
  }
  return parts;
}

/** Why a decimal text could not become minor units. */
export type DecimalProblem = 'not_a_number' | 'too_precise' | 'too_large';

/** Largest amount accepted from outside: what a JSON number can carry exactly. */
export const LARGEST_AMOUNT = 9_007_199_254_740_991n;

const DECIMAL = /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/**
 * Reads a decimal in major units ("99", "99.00", "1e3") as minor units, exactly, without passing through a float.
 * More digits than the currency has are refused, never rounded: 0.001 USD is a mistake of the caller.
 */
export function fromMajor(decimal: string, currency: string): bigint | DecimalProblem {
  const match = DECIMAL.exec(decimal);
  if (!match) return 'not_a_number';
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const shift = decimalsOf(currency) + Number(exponent) - fraction.length;
  if (Math.abs(shift) > 40 || whole.length + fraction.length > 40) return 'too_large';
  const digits = BigInt(whole + fraction);
  const scale = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && digits % scale !== 0n) return 'too_precise';
  const amount = shift < 0 ? digits / scale : digits * scale;
  if (amount > LARGEST_AMOUNT) return 'too_large';
  return sign === '-' ? -amount : amount;
}

/** Minor units as decimal text in major units: 2970 usd → "29.70", 1000 jpy → "1000". */
export function toMajor(amount: bigint, currency: string): string {
  const decimals = decimalsOf(currency);
  if (decimals === 0) return String(amount);
  const sign = amount < 0n ? '-' : '';
  const digits = String(amount < 0n ? -amount : amount).padStart(decimals + 1, '0');
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** A percentage such as "30" or "33.33" (up to 4 decimals, above 0, at most 100) as an exact ratio; null when it is not one. */
export function percentage(decimal: string): Ratio | null {
  const match = /^(\d{1,3})(?:\.(\d{1,4}))?$/.exec(decimal);
  if (!match) return null;
  const num = BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(4, '0'));
  return num > 0n && num <= 1_000_000n ? { num, den: 1_000_000n } : null;
}
