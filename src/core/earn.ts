/**
 * What one sale earns: base per line (stripe.md 6.3), an incentive per line, a commission per incentive.
 */
import type { Referral } from './attribution.ts';
import { isSelfReferral, waitsForApproval } from './approval.ts';
import { basesOf, type Group } from './base.ts';
import type { Sale } from './collect.ts';
import { converted, rateAt, rateInWords, rateKey } from './exchange.ts';
import type { Interval } from './facts.ts';
import { matchIncentive, NO_EARLIER, type Earlier, type Incentive, type Rejected } from './incentives.ts';
import { longestInterval, type IntervalSource } from './intervals.ts';
import { split } from './money.ts';
import { orderedMoney, ordersIn, type Ordered } from './ordered.ts';
import { byAmount, longestHold, partOf, parentPartsOf, sharesOf, sumOf, type Matched, type Part } from './parts.ts';
import type { Share } from './reversal.ts';
import { affiliateAt, type AffiliateView, type Rules, type Settings } from './rules.ts';
import type { PaymentState, PriceState } from './state.ts';
import { zeroReason } from './zero.ts';

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

/** What one affiliate gets of a sale. */
export type Gain = {
  readonly affiliateId: string;
  readonly amount: bigint;
  readonly parts: readonly Part[];
  /** The same by price, for what goes back of a single line. */
  readonly shares: readonly Share[];
};

export type Earning = {
  /** The credited affiliate's first; empty: no commission row at all, because nobody is credited or nothing matched. */
  readonly gains: readonly Gain[];
  readonly reason: string | null;
  /** What may earn, in the sale's currency. */
  readonly base: bigint;
  /** The same in the currency of the commission. */
  readonly commissionBase: bigint;
  readonly currency: string;
  /** The exchange rate in words; null: none was needed. */
  readonly rate: string | null;
  readonly lines: readonly LineView[];
  readonly manual: boolean;
  /** The buyer is the affiliate. */
  readonly selfReferral: boolean;
  readonly holdDays: number | null;
  /** The amount that a caller set in place of the incentives'; null: none did. */
  readonly ordered: Ordered | null;
  /** Keys of the catalogue, or of an exchange rate, that would change it. */
  readonly awaits: readonly string[];
};

type Input = {
  readonly state: PaymentState;
  readonly sale: Sale;
  readonly referral: Referral | null;
  readonly optedOut: string | null;
  /** Every name the buyer is known by. */
  readonly buyer: readonly string[];
  readonly affiliate: (id: string) => AffiliateView | undefined;
  readonly rules: Rules;
  readonly settings: Settings;
  readonly price: (key: string) => PriceState | undefined;
  /** null: no rule looks across payments. */
  readonly earlier: Earlier | null;
};

function nothing(reason: string | null, base: bigint, currency: string, awaits: readonly string[] = []): Earning {
  return {
    gains: [],
    reason,
    base,
    commissionBase: base,
    currency,
    rate: null,
    lines: [],
    manual: false,
    selfReferral: false,
    holdDays: null,
    ordered: null,
    awaits,
  };
}

/** Sale statuses of the caller's own that mean: no money yet. */
const NOT_YET = new Set(['open', 'trialing', 'failed']);

/** What the sale earns for its referral. Never throws for odd money: the reason says why it earned nothing. */
export function earn(input: Input): Earning {
  const { sale, referral, settings } = input;
  const fee = settings.netOfPlatformFee ? sale.platformFee : 0n;
  const { total, net, lines } = sale;
  const { base, groups } = basesOf({ cash: sale.cash > fee ? sale.cash - fee : 0n, total, net, lines });
  const told = sale.report?.saleStatus;
  if (told && NOT_YET.has(told)) return nothing(`sale_${told}`, 0n, sale.currency);
  if (base === 0n) return nothing(zeroReason(sale, settings), 0n, sale.currency);
  if (!referral) return nothing(null, base, sale.currency);
  if (input.optedOut !== null) return nothing(`opted_out_on_${input.optedOut}`, base, sale.currency);
  const { affiliateId } = referral;
  if (affiliateId === null) return nothing('link_of_nobody', base, sale.currency);
  if (partnerOf(input, affiliateId)?.status !== 'approved')
    return nothing('affiliate_not_approved', base, sale.currency);
  const credited = { ...referral, affiliateId };
  return asOrdered(input, credited, earnConverted(input, credited, base, groups));
}

/** A referral that somebody earns with. */
type Credited = Referral & { readonly affiliateId: string };

const knownAt = ({ state, rules }: Input): number => state.rules ?? rules.version;

function partnerOf(input: Input, id: string): AffiliateView['history'][number] | undefined {
  return affiliateAt(input.affiliate(id), knownAt(input));
}

/** With what a caller set itself, if one did: the amount, the days of the hold, or both. */
function asOrdered(input: Input, referral: Credited, usual: Earning): Earning {
  const { sale, settings, rules, state } = input;
  const { amount: ordered, holdDays } = ordersIn(state.rulings);
  if (usual.reason === 'self_referral') return usual;
  if (!ordered) return holdDays === null ? usual : { ...usual, holdDays };
  const money = orderedMoney(ordered, settings.currency, rules, sale.paidAt, knownAt(input));
  if ('awaits' in money) return nothing('no_exchange_rate', usual.base, sale.currency, [money.awaits]);
  const { amount, currency } = money;
  const { affiliateId, programId } = referral;
  const net = sale.lines.reduce((sum, line) => sum + line.net, 0n);
  const whole = { lines: sale.lines.map(({ id }) => id), net, commission: amount, onlyWhole: false };
  const partner = partnerOf(input, affiliateId);
  const selfReferral = settings.selfReferrals !== 'off' && isSelfReferral(input.buyer, partner);
  const asked = { sale, settings, rules, partner, programId, incentives: [], amount, currency, selfReferral };
  const comparable = usual.currency === currency;
  return {
    ...usual,
    gains: [{ affiliateId, amount, parts: [], shares: [whole] }, ...(comparable ? usual.gains.slice(1) : [])],
    reason: null,
    commissionBase: comparable ? usual.commissionBase : 0n,
    currency,
    rate: money.rate ?? (comparable ? usual.rate : null),
    manual: usual.manual || waitsForApproval(asked),
    selfReferral,
    holdDays: holdDays ?? usual.holdDays ?? settings.holdPeriodDays,
    ordered,
  };
}

type Based = Group & { base: bigint };

/** In the program's currency, if it has one of its own: everything is matched, limited and earned in it. */
function earnConverted(input: Input, referral: Credited, base: bigint, groups: readonly Based[]): Earning {
  const { sale, settings, rules } = input;
  const currency = settings.currency ?? sale.currency;
  if (currency === sale.currency) return earnLines(input, referral, { base, currency, rate: null }, base, groups);
  const rate = rateAt(rules, sale.currency, currency, sale.paidAt, knownAt(input));
  if (!rate) return nothing('no_exchange_rate', base, sale.currency, [rateKey(sale.currency, currency)]);
  const whole = converted(base, rate);
  const bases = groups.map((group) => group.base);
  const parts = groups.length === 0 ? [] : split(whole, bases);
  const own = groups.map((group, index) => ({ ...group, base: parts[index] ?? 0n }));
  return earnLines(input, referral, { base: whole, currency, rate: rateInWords(rate) }, base, own);
}

type Money = { readonly base: bigint; readonly currency: string; readonly rate: string | null };

function earnLines(input: Input, referral: Credited, money: Money, base: bigint, groups: readonly Based[]): Earning {
  const { sale, settings, rules } = input;
  const earlier = input.earlier ?? NO_EARLIER;
  const ask = {
    programId: referral.programId,
    affiliateId: referral.affiliateId,
    groupId: partnerOf(input, referral.affiliateId)?.groupId ?? null,
    rules: (settings.lockRates ? earlier.firstRules : null) ?? knownAt(input),
    paidAt: sale.paidAt,
    currency: money.currency,
    earlier: settings.countProrations ? { ...earlier, fullPayments: earlier.payments } : earlier,
  };
  const views: LineView[] = [];
  const awaits = new Set<string>();
  const matched = new Map<string, Matched>();
  for (const group of groups) {
    const [line] = group.lines;
    if (!line) continue;
    const known = longestInterval(group.lines, sale, input.price);
    for (const key of known.awaits) awaits.add(key);
    const { prices, products } = line;
    const isSubscription = sale.subscription !== null || line.recurring;
    const { incentive, rejected } = matchIncentive(rules.incentives, {
      ...ask,
      prices,
      products,
      interval: known.interval,
      isSubscription,
    });
    views.push(viewOf(group, known, incentive, rejected));
    if (!incentive || group.base === 0n) continue;
    const before = matched.get(incentive.id);
    matched.set(incentive.id, { incentive, groups: [...(before?.groups ?? []), group] });
  }
  const told = { base, lines: views, awaits: awaits.size === 0 ? NONE : [...awaits].toSorted() };
  return earningOf(input, referral, money, told, [...matched.values()], groups, earlier);
}

const NONE: readonly string[] = [];

function viewOf(
  group: Based,
  { interval, from }: { interval: Interval | null; from: IntervalSource },
  incentive: Incentive | null,
  rejected: readonly Rejected[],
): LineView {
  const [line] = group.lines;
  return {
    id: group.lines.map((one) => one.id).join(','),
    prices: line?.prices ?? [],
    products: line?.products ?? [],
    interval,
    intervalFrom: from,
    base: group.base,
    incentive: incentive?.id ?? null,
    rejected,
  };
}

function earningOf(
  input: Input,
  referral: Credited,
  { base: commissionBase, currency, rate }: Money,
  told: Pick<Earning, 'base' | 'lines' | 'awaits'>,
  matched: readonly Matched[],
  groups: readonly Based[],
  earlier: Earlier,
): Earning {
  if (matched.length === 0) return { ...nothing('no_incentive_matched', commissionBase, currency), ...told };
  const parts = matched.map((one) => partOf(one, currency, earlier));
  const own: Gain = {
    affiliateId: referral.affiliateId,
    amount: sumOf(parts),
    parts: byAmount(parts),
    shares: sharesOf(groups, matched, parts),
  };
  const partner = partnerOf(input, referral.affiliateId);
  const { sale, settings, rules } = input;
  const selfReferral = settings.selfReferrals !== 'off' && isSelfReferral(input.buyer, partner);
  if (selfReferral && settings.selfReferrals === 'block') return nothing('self_referral', commissionBase, currency);
  return {
    gains: [own, ...parentGain(input, referral, matched, groups)],
    reason: null,
    base: told.base,
    commissionBase,
    currency,
    rate,
    lines: told.lines,
    awaits: told.awaits,
    manual: waitsForApproval({
      sale,
      settings,
      rules,
      partner,
      programId: referral.programId,
      incentives: matched.map(({ incentive }) => incentive),
      amount: own.amount,
      currency,
      selfReferral,
    }),
    selfReferral,
    holdDays: longestHold(matched, settings.holdPeriodDays),
    ordered: null,
  };
}

/** Whoever recruited the affiliate earns of the same base, where the incentive says so and they are approved themselves. */
function parentGain(input: Input, referral: Credited, matched: readonly Matched[], groups: readonly Based[]): Gain[] {
  const parent = partnerOf(input, referral.affiliateId)?.parentId ?? null;
  if (parent === null || parent === referral.affiliateId) return [];
  if (partnerOf(input, parent)?.status !== 'approved') return [];
  const parts = parentPartsOf(matched);
  if (parts.length === 0) return [];
  const paying = matched.filter(({ incentive }) => incentive.terms.parentRatio != null);
  return [{ affiliateId: parent, amount: sumOf(parts), parts, shares: sharesOf(groups, paying, parts) }];
}
