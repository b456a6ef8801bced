/**
 * What goes back of a commission. A target, not a sum of events: commission × gone ÷ cash, so that parts that add up to
 * everything leave exactly zero, and tax, being in both numbers, cancels out (cases.md 81 to 85).
 */
import type { Counted } from './counted.ts';
import { portion, split } from './money.ts';

/** The lines of one price, what they may earn, and what of the commission they earned. */
export type Share = {
  readonly lines: readonly string[];
  readonly base: bigint;
  readonly commission: bigint;
  /** Goes back only as a whole (a fixed commission of a program that wants it so, cases.md 92). */
  readonly onlyWhole: boolean;
};

/** Commission × gone ÷ cash, rounded once; everything gone is exactly the commission. */
export function reversedOf(earned: bigint, gone: bigint, cash: bigint): bigint {
  if (gone >= cash) return earned;
  return portion(earned, { num: gone, den: cash });
}

/**
 * The same where a credit note says which lines went back: these at their own frozen rate first, the rest in proportion
 * to what is left of every line (cases.md 94). `gone` bounds what the entries say.
 */
export function reversedByLine(
  shares: readonly Share[],
  counted: readonly Counted[],
  gone: bigint,
  cash: bigint,
): bigint {
  const earned = shares.reduce((total, { commission }) => total + commission, 0n);
  if (gone >= cash) return earned;
  const told = counted.some(({ effect, lines }) => effect === 'gone' && lines.length > 0);
  if (!shares.some(({ onlyWhole }) => onlyWhole) && (!told || shares.length < 2)) return reversedOf(earned, gone, cash);
  const whole = split(
    cash,
    shares.map(({ base }) => base),
  );
  const taken = takenOf(shares, whole, counted, gone);
  return shares.reduce((total, { commission, onlyWhole }, index) => {
    const [part = 0n, all = 0n] = [taken[index], whole[index]];
    if (all === 0n || (onlyWhole && part < all)) return total;
    return total + reversedOf(commission, part, all);
  }, 0n);
}

/** How much of each share's cash is gone. */
function takenOf(
  shares: readonly Share[],
  whole: readonly bigint[],
  counted: readonly Counted[],
  gone: bigint,
): bigint[] {
  const taken = whole.map(() => 0n);
  let rest = gone;
  for (const { effect, lines } of counted) {
    if (effect !== 'gone') continue;
    for (const { line, amount } of lines) {
      const index = shares.findIndex((share) => share.lines.includes(line));
      if (index < 0) continue;
      const left = (whole[index] ?? 0n) - (taken[index] ?? 0n);
      const part = [amount, left, rest].reduce((least, one) => (one < least ? one : least));
      taken[index] = (taken[index] ?? 0n) + part;
      rest -= part;
    }
  }
  const left = whole.map((all, index) => all - (taken[index] ?? 0n));
  const others = split(rest, left);
  return taken.map((part, index) => part + (others[index] ?? 0n));
}
