/** Payments of one referral in the eyes of the later ones, and what a refund takes back. */
import type { Sale } from './collect.ts';
import type { Earning } from './earn.ts';
import { capKey, type Earlier } from './incentives.ts';
import { wholeAt, type Counted } from './counted.ts';
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

/**
 * The earlier payments of a referral as they stood at `paidAt`: a first sale that was wholly refunded before does not
 * count any more (cases.md 70), a refund that came later changes nothing for this one.
 */
export function earlierThan(summaries: readonly Summary[], paidAt: Moment, moneyKey: string): Earlier {
  const before = summaries.filter(
    (one) =>
      (one.paidAt < paidAt || (one.paidAt === paidAt && one.moneyKey < moneyKey)) &&
      !(one.refundedAt !== null && one.refundedAt <= paidAt),
  );
  const earned: Record<string, bigint> = {};
  for (const one of before) {
    const back = one.refunds.filter((refund) => refund.at <= paidAt).reduce((sum, refund) => sum + refund.amount, 0n);
    for (const [id, amount] of Object.entries(one.earned))
      earned[id] = (earned[id] ?? 0n) + amount - (one.cash > 0n ? reversedOf(amount, back, one.cash) : 0n);
  }
  return {
    payments: before.length,
    fullPayments: before.filter((one) => !one.prorationOnly).length,
    firstPaidAt: before.length === 0 ? null : Math.min(...before.map((one) => one.paidAt)),
    firstRules: firstOf(before)?.rules ?? null,
    earned,
  };
}

function firstOf(summaries: readonly Summary[]): Summary | undefined {
  return summaries.toSorted((a, b) => a.paidAt - b.paidAt || compareText(a.moneyKey, b.moneyKey))[0];
}
