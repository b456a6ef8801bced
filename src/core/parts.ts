/** What one incentive pays for the lines it matched, and how that is spread over them. */
import type { Group } from './base.ts';
import { capKey, type Earlier, type Incentive } from './incentives.ts';
import { portion, split } from './money.ts';
import type { Share } from './reversal.ts';

/** One incentive's share of a sale, with the lines it paid for. */
export type Part = {
  readonly incentive: string;
  readonly version: number;
  readonly rate: string;
  readonly base: bigint;
  readonly commission: bigint;
  readonly capped: boolean;
  readonly lines: readonly string[];
};

type Based = Group & { readonly base: bigint };
export type Matched = { readonly incentive: Incentive; readonly groups: readonly Based[] };

const baseOf = ({ groups }: Matched): bigint => groups.reduce((sum, { base }) => sum + base, 0n);

const linesOf = ({ groups }: Matched): string[] => groups.flatMap(({ lines }) => lines.map(({ id }) => id));

/** Units of what was sold; a proration sells none, it only moves a period. */
function unitsOf({ groups }: Matched): bigint {
  const lines = groups.flatMap((group) => group.lines).filter(({ proration, net }) => !proration && net > 0n);
  return lines.reduce((sum, { quantity }) => sum + BigInt(Math.max(quantity, 0)), 0n);
}

/** Before any limit: a share of the base, or a fixed sum, which is at most the base unless it may exceed it (cases.md 79). */
function fullOf(matched: Matched): bigint {
  const { terms } = matched.incentive;
  const base = baseOf(matched);
  if (terms.ratio) return portion(base, terms.ratio);
  const fixed = (terms.amount ?? 0n) * (terms.per === 'unit' ? unitsOf(matched) : 1n);
  return fixed > base && terms.mayExceedBase !== true ? base : fixed;
}

/** Commission of one incentive, cut to what is left of its cap. */
export function partOf(matched: Matched, currency: string, earlier: Earlier): Part {
  const { incentive } = matched;
  const { terms } = incentive;
  const full = fullOf(matched);
  const used = earlier.earned[capKey(incentive.id, currency)] ?? 0n;
  const rest = terms.maxAmount !== null && terms.currency === currency ? terms.maxAmount - used : full;
  const commission = rest < full ? (rest < 0n ? 0n : rest) : full;
  return {
    incentive: incentive.id,
    version: incentive.version,
    rate: terms.ratio ? `${terms.ratio.num}/${terms.ratio.den}` : `fixed ${terms.amount ?? 0n}`,
    base: baseOf(matched),
    commission,
    capped: commission < full,
    lines: linesOf(matched),
  };
}

/** Minor units. */
export const sumOf = (parts: readonly Part[]): bigint => parts.reduce((sum, part) => sum + part.commission, 0n);

/** The largest commission first. */
export const byAmount = (parts: readonly Part[]): Part[] =>
  parts.toSorted((a, b) => (a.commission === b.commission ? 0 : a.commission > b.commission ? -1 : 1));

/** What the recruiting partner gets of the same lines. */
export function parentPartsOf(matched: readonly Matched[]): Part[] {
  return matched.flatMap((one) => {
    const ratio = one.incentive.terms.parentRatio;
    if (!ratio) return [];
    const { id, version } = one.incentive;
    const base = baseOf(one);
    const rate = `${ratio.num}/${ratio.den}`;
    const commission = portion(base, ratio);
    return [{ incentive: id, version, rate, base, commission, capped: false, lines: linesOf(one) }];
  });
}

/** The commission of every price, those that earned nothing too: a refund of their line takes nothing back. */
export function sharesOf(groups: readonly Based[], matched: readonly Matched[], parts: readonly Part[]): Share[] {
  const earned = new Map<Based, { commission: bigint; onlyWhole: boolean }>();
  for (const [index, one] of matched.entries()) {
    const bases = one.groups.map(({ base }) => base);
    const amounts = split(parts[index]?.commission ?? 0n, bases);
    const onlyWhole = one.incentive.terms.refundOnlyWhole === true;
    for (const [at, group] of one.groups.entries()) earned.set(group, { commission: amounts[at] ?? 0n, onlyWhole });
  }
  return groups.map((group) => ({
    lines: group.lines.map(({ id }) => id),
    net: group.net,
    commission: earned.get(group)?.commission ?? 0n,
    onlyWhole: earned.get(group)?.onlyWhole ?? false,
  }));
}

/** Days of the longest hold among the incentives that paid; `ofProgram` for those without one of their own. */
export function longestHold(matched: readonly Matched[], ofProgram: number | null): number | null {
  const known = matched.flatMap(({ incentive }) => incentive.terms.holdPeriodDays ?? ofProgram ?? []);
  return known.length === 0 ? null : Math.max(...known);
}
