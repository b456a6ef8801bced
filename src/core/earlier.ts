/** Payments of one referral in the eyes of the later ones. */
import type { Sale } from './collect.ts';
import { wholeAt, type Counted } from './counted.ts';
import type { Earning } from './earn.ts';
import { capKey, type Earlier } from './incentives.ts';
import { reversedOf } from './reversal.ts';
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

/**
 * The payments of a referral before one payment that are not at hand: those that no loss after it changes as sums, the
 * others one by one.
 */
export type Foundation = {
  readonly payments: number;
  readonly fullPayments: number;
  readonly first: { readonly paidAt: Moment; readonly moneyKey: string; readonly rules: number } | null;
  readonly earned: Readonly<Record<string, bigint>>;
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

/**
 * The earlier payments of a referral as they stood at `paidAt`: a first sale that was wholly refunded before does not
 * count any more (cases.md 70), a refund that came later changes nothing for this one.
 */
export function earlierThan(
  summaries: readonly Summary[],
  paidAt: Moment,
  moneyKey: string,
  foundation?: Foundation,
): Earlier {
  const before = [...summaries, ...(foundation?.others ?? [])].filter(
    (one) =>
      (one.paidAt < paidAt || (one.paidAt === paidAt && one.moneyKey < moneyKey)) &&
      !(one.refundedAt !== null && one.refundedAt <= paidAt),
  );
  const earned: Record<string, bigint> = { ...foundation?.earned };
  for (const one of before)
    for (const [key, left] of Object.entries(leftAt(one, paidAt))) earned[key] = (earned[key] ?? 0n) + left;
  const first = firstOf([...before, ...(foundation?.first ? [foundation.first] : [])]);
  return {
    payments: before.length + (foundation?.payments ?? 0),
    fullPayments: before.filter((one) => !one.prorationOnly).length + (foundation?.fullPayments ?? 0),
    firstPaidAt: first?.paidAt ?? null,
    firstRules: first?.rules ?? null,
    earned,
  };
}

type Placed = Pick<Summary, 'paidAt' | 'moneyKey' | 'rules'>;

function firstOf(payments: readonly Placed[]): Placed | undefined {
  return payments.reduce<Placed | undefined>((first, one) => {
    if (!first) return one;
    return (one.paidAt - first.paidAt || compareText(one.moneyKey, first.moneyKey)) < 0 ? one : first;
  }, undefined);
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

/** As the column keeps it; `left` is what stands now, for sums. */
export function writeSummary(summary: Summary): string {
  const left = leftAt(summary, Number.MAX_SAFE_INTEGER);
  return JSON.stringify({ ...summary, left }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

type Written = Omit<Summary, 'earned' | 'refunds' | 'cash'> & {
  earned: Record<string, string>;
  refunds: { at: Moment; amount: string }[];
  cash: string;
};

/** Reads what `writeSummary` wrote. */
export function readSummary(text: string): Summary {
  const { earned, refunds, cash, paidAt, moneyKey, prorationOnly, refundedAt, subscription, rules } = JSON.parse(
    text,
  ) as Written;
  return {
    paidAt,
    moneyKey,
    prorationOnly,
    refundedAt,
    earned: Object.fromEntries(Object.entries(earned).map(([key, amount]) => [key, BigInt(amount)])),
    refunds: refunds.map(({ at, amount }) => ({ at, amount: BigInt(amount) })),
    cash: BigInt(cash),
    subscription,
    rules,
  };
}
