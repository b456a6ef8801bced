/**
 * What one sale earns: base per line (stripe.md 6.3), an incentive per line, a commission per incentive.
 */
import type { Referral } from './attribution.ts';
import type { Sale } from './collect.ts';
import type { Interval, Line } from './facts.ts';
import { objectKey } from './keys.ts';
import {
  capKey,
  matchIncentive,
  NO_EARLIER,
  specificity,
  type Earlier,
  type Incentive,
  type Rejected,
} from './incentives.ts';
import type { PaymentState, PriceState } from './merge.ts';
import { portion } from './money.ts';
import { basesOf, type Group } from './base.ts';
import { affiliateAt, settingsAt, type AffiliateView, type Rules } from './rules.ts';

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

/** Where a line's interval came from, in the order of trust (stripe.md 1.3, cases.md 44). */
export type IntervalSource = 'payload' | 'price' | 'period' | 'none';

export type LineView = {
  readonly id: string;
  readonly prices: readonly string[];
  readonly products: readonly string[];
  readonly interval: Interval | null;
  readonly intervalFrom: IntervalSource;
  readonly base: bigint;
  readonly incentive: string | null;
  readonly rejected: readonly Rejected[];
};

export type Earning = {
  /** null: no commission row at all, because nobody is credited or nothing matched. */
  readonly amount: bigint | null;
  readonly reason: string | null;
  readonly base: bigint;
  readonly parts: readonly Part[];
  readonly lines: readonly LineView[];
  readonly manual: boolean;
  readonly holdDays: number | null;
  readonly awaitsPrices: readonly string[];
};

type Input = {
  readonly state: PaymentState;
  readonly sale: Sale;
  readonly referral: Referral | null;
  readonly affiliate: AffiliateView | undefined;
  readonly rules: Rules;
  readonly price: (key: string) => PriceState | undefined;
  readonly earlier: () => Earlier | null;
};

function intervalOfLine(
  line: Line,
  sale: Sale,
  price: Input['price'],
): { interval: Interval | null; from: IntervalSource; awaits: string[] } {
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

const nothing = (reason: string | null, base: bigint, awaitsPrices: readonly string[] = []): Earning => ({
  amount: null,
  reason,
  base,
  parts: [],
  lines: [],
  manual: false,
  holdDays: null,
  awaitsPrices,
});

/** Sale statuses of the caller's own that mean: no money yet. */
const NOT_YET = new Set(['open', 'trialing', 'failed']);

/** What the sale earns for its referral. Never throws for odd money: the reason says why it earned nothing. */
export function earn(input: Input): Earning {
  const { sale, referral, state } = input;
  const { base, groups } = basesOf(sale);
  const told = sale.report?.saleStatus;
  if (told && NOT_YET.has(told)) return nothing(`sale_${told}`, 0n);
  if (base === 0n) return nothing(zeroReason(sale), 0n);
  if (!referral) return nothing(null, base);
  if (state.optOut !== null) return nothing('opted_out', base);
  const affiliate = affiliateAt(input.affiliate, state.rules ?? input.rules.version);
  if (affiliate?.status !== 'approved') return nothing('affiliate_not_approved', base);
  return earnLines(input, referral, affiliate.groupId, base, groups);
}

function zeroReason(sale: Sale): string {
  if (sale.trial) return 'trial';
  if (sale.total <= 0n) return 'nothing_to_pay';
  if (sale.cash === 0n) return 'paid_from_credit_balance';
  return 'no_commissionable_amount';
}

type Matched = { incentive: Incentive; base: bigint; lines: string[] };

function earnLines(
  input: Input,
  referral: Referral,
  groupId: string | null,
  base: bigint,
  groups: readonly (Group & { base: bigint })[],
): Earning {
  const { sale, rules, state } = input;
  const earlier = (rules.lookAcross ? input.earlier() : null) ?? NO_EARLIER;
  const views: LineView[] = [];
  const awaits = new Set<string>();
  const matched = new Map<string, Matched>();
  for (const group of groups) {
    const [line] = group.lines;
    if (!line) continue;
    const known = longestInterval(group.lines, sale, input.price);
    for (const key of known.awaits) awaits.add(key);
    const { incentive, rejected } = matchIncentive(rules.incentives, {
      programId: referral.programId,
      affiliateId: referral.affiliateId,
      groupId,
      rules: state.rules ?? rules.version,
      paidAt: sale.paidAt,
      currency: sale.currency,
      prices: line.prices,
      products: line.products,
      interval: known.interval,
      isSubscription: sale.subscription !== null || line.recurring,
      earlier,
    });
    const ids = group.lines.map((one) => one.id);
    views.push({
      id: ids.join(','),
      prices: line.prices,
      products: line.products,
      interval: known.interval,
      intervalFrom: known.from,
      base: group.base,
      incentive: incentive?.id ?? null,
      rejected,
    });
    if (!incentive || group.base === 0n) continue;
    const before = matched.get(incentive.id);
    matched.set(incentive.id, {
      incentive,
      base: (before?.base ?? 0n) + group.base,
      lines: [...(before?.lines ?? []), ...ids],
    });
  }
  return earningOf(input, base, [...matched.values()], views, [...awaits].toSorted(), earlier);
}

/** A proration's short period says nothing, so a whole-period line of the same price speaks for the group. */
function longestInterval(lines: readonly Line[], sale: Sale, price: Input['price']): ReturnType<typeof intervalOfLine> {
  const all = lines.map((line) => intervalOfLine(line, sale, price));
  return all.find((one) => one.interval !== null) ?? all[0] ?? { interval: null, from: 'none', awaits: [] };
}

function earningOf(
  input: Input,
  base: bigint,
  matched: readonly Matched[],
  lines: readonly LineView[],
  awaitsPrices: readonly string[],
  earlier: Earlier,
): Earning {
  const parts = matched.map((one) => partOf(one, input.sale.currency, earlier));
  const first = matched[0];
  if (!first) return { ...nothing('no_incentive_matched', base, awaitsPrices), lines };
  const amount = parts.reduce((sum, part) => sum + part.commission, 0n);
  const settings = settingsAt(input.rules, input.state.rules ?? input.rules.version);
  const holds = matched.map(({ incentive }) => incentive.terms.holdPeriodDays ?? settings.holdPeriodDays);
  const known = holds.filter((days) => days !== null);
  return {
    amount,
    reason: null,
    base,
    parts: parts.toSorted((a, b) => (a.commission === b.commission ? 0 : a.commission > b.commission ? -1 : 1)),
    lines,
    manual:
      matched.some(({ incentive }) => needsApproval(incentive, amount, input.sale.currency)) ||
      (input.sale.outOfBand && !settings.trustOutOfBand) ||
      (input.sale.linesIncomplete && choosesByLine(input)),
    holdDays: known.length === 0 ? null : Math.max(...known),
    awaitsPrices,
  };
}

/**
 * Lines are missing from the payload and some incentive looks at them: the total is right, who pays for which part of it
 * is not certain, so a person looks at it (cases.md 19).
 */
function choosesByLine({ rules, referral }: Input): boolean {
  return rules.incentives.some(({ programId, terms }) => programId === referral?.programId && specificity(terms) < 5);
}

/** A limit in another currency cannot be compared with the amount, so a person looks. */
function needsApproval({ terms }: Incentive, amount: bigint, currency: string): boolean {
  if (terms.approvalType === 'manual') return true;
  return terms.manualAbove !== null && (terms.currency !== currency || amount > terms.manualAbove);
}

/** Commission of one incentive: a share of its base, or a fixed sum never larger than the base (cases.md 79). */
function partOf({ incentive, base, lines }: Matched, currency: string, earlier: Earlier): Part {
  const { terms } = incentive;
  const fixed = terms.amount ?? 0n;
  const full = terms.ratio ? portion(base, terms.ratio) : fixed > base ? base : fixed;
  const used = earlier.earned[capKey(incentive.id, currency)] ?? 0n;
  const rest = terms.maxAmount !== null && terms.currency === currency ? terms.maxAmount - used : full;
  const commission = rest < full ? (rest < 0n ? 0n : rest) : full;
  return {
    incentive: incentive.id,
    version: incentive.version,
    rate: terms.ratio ? `${terms.ratio.num}/${terms.ratio.den}` : `fixed ${fixed}`,
    base,
    commission,
    capped: commission < full,
    lines,
  };
}
