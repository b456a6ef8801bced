/** Payments of one referral in the eyes of the later ones. */
import type { Sale } from './collect.ts';
import { wholeAt, type Counted } from './counted.ts';
import type { Earning } from './earn.ts';
import { capKey, type Earlier } from './incentives.ts';
import { reversedOf } from './reversal.ts';
import type { Settings } from './rules.ts';
import { compareText } from './stamp.ts';
import type { Moment } from './time.ts';

/** One payment in the eyes of the later payments of its referral. */
export type Summary = {
  readonly paidAt: Moment;
  readonly moneyKey: string;
  readonly prorationOnly: boolean;
  readonly refundedAt: Moment | null;
  /** Commission per `capKey`, and the share of it reversed by each moment. */
  readonly earned: Readonly<Record<string, bigint>>;
  readonly refunds: readonly { readonly at: Moment; readonly amount: bigint }[];
  readonly cash: bigint;
  readonly subscription: string | null;
  /** Version of the rules it was decided by. */
  readonly rules: number;
};

/** Sums over the payments before one payment, as they stood when it was made. */
export type Before = {
  readonly per: Settings['limitsPer'];
  readonly payments: number;
  readonly fullPayments: number;
  readonly earned: Readonly<Record<string, bigint>>;
};

/**
 * The payments of a referral before one payment that are not at hand, without reading them all: the last of them with
 * what it knew itself, those that lost money after that, and the first that still counts.
 */
export type Foundation = {
  readonly last: Summary | null;
  readonly before: Before | null;
  readonly first: Summary | null;
  readonly others: readonly Summary[];
};

/** The name of a foundation: a payment may be credited to another referral once more is known. */
export function foundationKey(paymentId: string, referralId: string): string {
  return `${paymentId}\n${referralId}`;
}

export function summaryOf(sale: Sale, earning: Earning, counted: readonly Counted[], rules: number): Summary {
  const earned: Record<string, bigint> = {};
  // Caps are the affiliate's own; what their recruiter earns beside it uses up nothing.
  for (const part of earning.gains[0]?.parts ?? []) {
    const key = capKey(part.incentive, earning.currency);
    earned[key] = (earned[key] ?? 0n) + part.commission;
  }
  return {
    paidAt: sale.paidAt,
    moneyKey: sale.moneyKey,
    prorationOnly: sale.lines.length > 0 && sale.lines.every((line) => line.proration),
    refundedAt: wholeAt(counted, sale.cash),
    earned,
    refunds: counted.filter(({ effect }) => effect === 'gone').map(({ at, amount }) => ({ at, amount })),
    cash: sale.cash,
    subscription: sale.subscription,
    rules,
  };
}

/** What is left of a payment's commissions at a moment. */
function leftAt({ earned, refunds, cash }: Summary, moment: Moment): Record<string, bigint> {
  const back = refunds.filter(({ at }) => at <= moment).reduce((sum, { amount }) => sum + amount, 0n);
  const left: Record<string, bigint> = {};
  for (const [key, amount] of Object.entries(earned))
    left[key] = amount - (cash > 0n ? reversedOf(amount, back, cash) : 0n);
  return left;
}

const countsAt = ({ refundedAt }: Summary, moment: Moment): boolean => refundedAt === null || refundedAt > moment;

type Placed = Pick<Summary, 'paidAt' | 'moneyKey'>;

const compare = (a: Placed, b: Placed): number => a.paidAt - b.paidAt || compareText(a.moneyKey, b.moneyKey);

type Sums = { payments: number; fullPayments: number; earned: Record<string, bigint> };

/** Adds a payment as it stood at a moment, or takes it off. */
function add(sums: Sums, one: Summary, moment: Moment, sign: 1 | -1): void {
  if (!countsAt(one, moment)) return;
  sums.payments += sign;
  if (!one.prorationOnly) sums.fullPayments += sign;
  for (const [key, left] of Object.entries(leftAt(one, moment)))
    sums.earned[key] = (sums.earned[key] ?? 0n) + BigInt(sign) * left;
}

/**
 * The earlier payments of a referral as they stood at `paidAt`: a first sale that was wholly refunded before does not
 * count any more (cases.md 70), a refund that came later changes nothing for this one. `summaries` are at hand, the
 * foundation stands for the others.
 */
export function earlierThan(
  summaries: readonly Summary[],
  paidAt: Moment,
  moneyKey: string,
  foundation?: Foundation,
): Earlier {
  const { last = null, before = null, first = null, others = [] } = foundation ?? {};
  const sums: Sums = {
    payments: before?.payments ?? 0,
    fullPayments: before?.fullPayments ?? 0,
    earned: { ...before?.earned },
  };
  const own = summaries.filter((one) => compare(one, { paidAt, moneyKey }) < 0);
  if (last) add(sums, last, paidAt, 1);
  for (const one of [...others, ...own]) {
    add(sums, one, paidAt, 1);
    // The last one knew of it already, as it stood then.
    if (last && compare(one, last) < 0) add(sums, one, last.paidAt, -1);
  }
  const known = [...own, ...others, ...[last, first].filter((one) => one !== null)];
  const earliest = known.filter((one) => countsAt(one, paidAt)).toSorted(compare)[0];
  return {
    payments: sums.payments,
    fullPayments: sums.fullPayments,
    firstPaidAt: earliest?.paidAt ?? null,
    firstRules: earliest?.rules ?? null,
    earned: sums.earned,
  };
}

/** What a payment knows of those before it, for those after it. */
export function beforeOf({ payments, fullPayments, earned }: Earlier, per: Settings['limitsPer']): Before {
  // Nothing left is nothing: the same sums are the same text, whichever way they were reached.
  const left = Object.entries(earned).filter(([, amount]) => amount !== 0n);
  return { per, payments, fullPayments, earned: Object.fromEntries(left) };
}

/** From which moment on later payments see something else than before; null: they see the same. */
export function changedFrom(before: Summary | null, after: Summary | null): Moment | null {
  if (before === null || after === null) return (before ?? after)?.paidAt ?? null;
  if (fixedPart(before) !== fixedPart(after)) return Math.min(before.paidAt, after.paidAt);
  const moments: Moment[] = [];
  for (let index = 0; index < Math.max(before.refunds.length, after.refunds.length); index += 1) {
    const [old, now] = [before.refunds[index], after.refunds[index]];
    if (old?.at === now?.at && old?.amount === now?.amount) continue;
    moments.push(...[old, now].flatMap((one) => (one ? [one.at] : [])));
    break;
  }
  if (before.refundedAt !== after.refundedAt)
    moments.push(...[before.refundedAt, after.refundedAt].filter((at) => at !== null));
  return moments.length === 0 ? null : Math.min(...moments);
}

function fixedPart({ paidAt, moneyKey, prorationOnly, earned, cash, subscription, rules }: Summary): string {
  const amounts = Object.entries(earned).map(([key, amount]) => [key, String(amount)]);
  return JSON.stringify([paidAt, moneyKey, prorationOnly, amounts, String(cash), subscription, rules]);
}

const amountsAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const amountsOf = (written: Readonly<Record<string, string>>): Record<string, bigint> =>
  Object.fromEntries(Object.entries(written).map(([key, amount]) => [key, BigInt(amount)]));

/** As the column keeps it. */
export function writeSummary(summary: Summary): string {
  return JSON.stringify(summary, amountsAsText);
}

type Written = Omit<Summary, 'earned' | 'refunds' | 'cash'> & {
  earned: Record<string, string>;
  refunds: { at: Moment; amount: string }[];
  cash: string;
};

/** Reads what `writeSummary` wrote. */
export function readSummary(text: string): Summary {
  const written = JSON.parse(text) as Written;
  return {
    ...written,
    earned: amountsOf(written.earned),
    refunds: written.refunds.map(({ at, amount }) => ({ at, amount: BigInt(amount) })),
    cash: BigInt(written.cash),
  };
}

/** As the column keeps it, with its keys in one order, so that equal sums are equal text. */
export function writeBefore({ per, payments, fullPayments, earned }: Before): string {
  const keys = Object.keys(earned).toSorted(compareText);
  const amounts = Object.fromEntries(keys.map((key) => [key, String(earned[key])]));
  return JSON.stringify({ per, payments, fullPayments, earned: amounts });
}

/** Reads what `writeBefore` wrote. */
export function readBefore(text: string): Before {
  const written = JSON.parse(text) as Omit<Before, 'earned'> & { earned: Record<string, string> };
  return { ...written, earned: amountsOf(written.earned) };
}
