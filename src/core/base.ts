/** The part of a sale that may earn, and how it is shared among the prices of its lines (reference/stripe.md 6.3). */
import type { Sale } from './collect.ts';
import type { Line } from './facts.ts';
import { divideRounded, split } from './money.ts';

/** Lines of the same price as one: credits are netted against the price they came from (cases.md 32). */
export type Group = { readonly lines: Line[]; readonly net: bigint };

function groupsOf(lines: readonly Line[]): Group[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const name = JSON.stringify([line.prices, line.products, line.interval, line.recurring]);
    groups.set(name, [...(groups.get(name) ?? []), line]);
  }
  return [...groups.values()].map((own) => ({ lines: own, net: own.reduce((sum, line) => sum + line.net, 0n) }));
}

/**
 * The base of a sale: cash × net ÷ total, rounded once, then shared among the prices. A price whose lines are negative
 * in sum gets nothing, and its credit is taken from the others in proportion.
 */
export function basesOf(sale: Pick<Sale, 'cash' | 'total' | 'net' | 'lines'>): {
  base: bigint;
  groups: (Group & { base: bigint })[];
} {
  const cash = sale.cash > sale.total ? sale.total : sale.cash;
  const whole = sale.total > 0n && cash > 0n && sale.net > 0n ? divideRounded(sale.net * cash, sale.total) : 0n;
  const groups = groupsOf(sale.lines);
  const positive = groups.map((group) => (group.net > 0n ? group.net : 0n));
  const sum = positive.reduce((total, net) => total + net, 0n);
  const credit = groups.reduce((total, group) => (group.net < 0n ? total - group.net : total), 0n);
  if (groups.length === 0 || sum === 0n || credit >= sum)
    return { base: groups.length === 0 ? whole : 0n, groups: groups.map((group) => ({ ...group, base: 0n })) };
  const taken = split(credit, positive);
  const bases = split(
    whole,
    positive.map((net, index) => net - (taken[index] ?? 0n)),
  );
  return { base: whole, groups: groups.map((group, index) => ({ ...group, base: bases[index] ?? 0n })) };
}
