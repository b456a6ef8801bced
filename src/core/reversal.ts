/**
 * What goes back of a commission. A target, not a sum of events: commission × gone ÷ cash, so that parts that add up to
 * everything leave exactly zero, and tax, being in both numbers, cancels out (cases.md 81 to 85).
 */
import type { Counted } from './counted.ts';
import { divideRounded, portion } from './money.ts';

/** The lines of one price, what they came to without tax, and what of the commission they earned. */
export type Share = {
  readonly lines: readonly string[];
  readonly net: bigint;
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
 * The same where a credit note says which lines went back: of these what it says, measured without tax, so that lines of
 * different tax rates are not mixed up (cases.md 94); the rest in proportion to what is left. `gone` bounds it all.
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
  const { taken, rest } = takenOf(shares, counted, gone);
  const left = cash - (gone - rest);
  // Exact until the one rounding at the end: parts rounded by themselves would let a larger refund take a cent less.
  let [num, den] = [0n, 1n];
  for (const [index, share] of shares.entries()) {
    const { part, of } = goneOfShare(share, taken[index] ?? 0n, rest, left);
    [num, den] = [num * of + share.commission * part * den, den * of];
  }
  return divideRounded(num, den);
}

/** The part of a share that is gone: `taken` of the line itself, and of what it has left `rest` in `left`. */
function goneOfShare(
  { net, onlyWhole }: Share,
  taken: bigint,
  rest: bigint,
  left: bigint,
): { part: bigint; of: bigint } {
  if (net <= 0n) return { part: 0n, of: 1n };
  if (taken >= net) return { part: 1n, of: 1n };
  if (onlyWhole) return { part: 0n, of: 1n };
  return { part: taken * left + (net - taken) * rest, of: net * left };
}

/** What credit notes take of each share, without tax, and what of `gone` is of no line in particular. */
function takenOf(
  shares: readonly Share[],
  counted: readonly Counted[],
  gone: bigint,
): { taken: bigint[]; rest: bigint } {
  const taken = shares.map(() => 0n);
  let rest = gone;
  for (const { effect, lines } of counted) {
    if (effect !== 'gone') continue;
    for (const { line, amount, net } of lines) {
      const index = shares.findIndex((share) => share.lines.includes(line));
      const room = (shares[index]?.net ?? 0n) - (taken[index] ?? 0n);
      if (room <= 0n || net <= 0n) continue;
      // Of a note that says more than there is, only so much: what is too much belongs to no line.
      const within = net > room ? divideRounded(amount * room, net) : amount;
      const part = within > rest ? rest : within;
      taken[index] =
        (taken[index] ?? 0n) + (part === within ? (net > room ? room : net) : divideRounded(net * part, amount));
      rest -= part;
    }
  }
  return { taken, rest };
}
