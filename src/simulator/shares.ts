/**
 * Splits an amount (minor units) over weights so that the parts sum to the whole: floor first, then one unit
 * each to the largest remainders. Zero total weight puts everything on the first part.
 */
export function splitByWeight(amount: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length === 0) return [];
  if (total === 0) return weights.map((_, index) => (index === 0 ? amount : 0));
  const exact = weights.map((weight) => (amount * weight) / total);
  const parts = exact.map((share) => Math.floor(share));
  let rest = amount - parts.reduce((sum, part) => sum + part, 0);
  const order = exact
    .map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order) {
    if (rest <= 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    rest -= 1;
  }
  return parts;
}

/** Rounds half away from zero, never to negative zero. */
export function roundMinor(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) || 0;
}

/** The tax in or on an amount (minor units, negative for credits) at a percentage. */
export function taxOf(amount: number, percent: number, inclusive: boolean): number {
  return inclusive ? amount - roundMinor(amount / (1 + percent / 100)) : roundMinor((amount * percent) / 100);
}
