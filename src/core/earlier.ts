/** Payments of one referral in the eyes of the later ones. */
import type { Sale } from './collect.ts';
import type { Counted } from './counted.ts';
import type { Earning } from './earn.ts';
import { capKey, type Earlier } from './incentives.ts';
import { split } from './money.ts';
import type { Settings } from './rules.ts';
import { compareText } from './stamp.ts';
import type { Moment } from './time.ts';

/** One payment in the eyes of the later payments of its referral. */
export type Summary = {
  readonly paidAt: Moment;
  readonly moneyKey: string;
  readonly prorationOnly: boolean;
  readonly refundedAt: Moment | null;
  /** Commission per `capKey`. */
  readonly earned: Readonly<Record<string, bigint>>;
  /** What was left of it after each loss, by the same arithmetic as the ledger. */
  readonly losses: readonly { readonly at: Moment; readonly left: Readonly<Record<string, bigint>> }[];
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

/** `lostBy`: what is gone of the cash, and of the credited affiliate's commission, when only some of the losses are heard. */
export function summaryOf(
  sale: Sale,
  earning: Earning,
  counted: readonly Counted[],
  rules: number,
  lostBy: (counted: readonly Counted[]) => Lost,
): Summary {
  const earned: Record<string, bigint> = {};
  // Caps are the affiliate's own; what their recruiter earns beside it uses up nothing.
  for (const part of earning.gains[0]?.parts ?? []) {
    const key = capKey(part.incentive, earning.currency);
    earned[key] = (earned[key] ?? 0n) + part.commission;
  }
  const gone = counted.filter(({ effect }) => effect === 'gone');
  const lost = gone.map(({ at }, index) => ({ at, ...lostBy(gone.slice(0, index + 1)) }));
  const whole = sale.report?.saleStatus === 'refunded' ? sale.paidAt : null;
  return {
    paidAt: sale.paidAt,
    moneyKey: sale.moneyKey,
    prorationOnly: sale.lines.length > 0 && sale.lines.every((line) => line.proration),
    refundedAt: whole ?? lost.find((one) => one.gone >= sale.cash)?.at ?? null,
    earned,
    losses: lost.map(({ at, reversed }) => ({ at, left: leftOf(earned, reversed) })),
    subscription: sale.subscription,
    rules,
  };
}

export type Lost = { readonly gone: bigint; readonly reversed: bigint };

/** What is left of each commission when so much of all of them went back. */
function leftOf(earned: Readonly<Record<string, bigint>>, reversed: bigint): Record<string, bigint> {
  const keys = Object.keys(earned).toSorted(compareText);
  if (keys.length === 0) return {};
  const back = split(
    reversed,
    keys.map((key) => earned[key] ?? 0n),
  );
  return Object.fromEntries(keys.map((key, index) => [key, (earned[key] ?? 0n) - (back[index] ?? 0n)]));
}

/** What is left of a payment's commissions at a moment. */
function leftAt({ earned, losses }: Summary, moment: Moment): Readonly<Record<string, bigint>> {
  return losses.findLast(({ at }) => at <= moment)?.left ?? earned;
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
  for (let index = 0; index < Math.max(before.losses.length, after.losses.length); index += 1) {
    const [old, now] = [before.losses[index], after.losses[index]];
    if (old && now && old.at === now.at && amountsInWords(old.left) === amountsInWords(now.left)) continue;
    moments.push(...[old, now].flatMap((one) => (one ? [one.at] : [])));
    break;
  }
  if (before.refundedAt !== after.refundedAt)
    moments.push(...[before.refundedAt, after.refundedAt].filter((at) => at !== null));
  return moments.length === 0 ? null : Math.min(...moments);
}

function amountsInWords(amounts: Readonly<Record<string, bigint>>): string {
  return JSON.stringify(
    Object.keys(amounts)
      .toSorted(compareText)
      .map((key) => [key, String(amounts[key])]),
  );
}

function fixedPart({ paidAt, moneyKey, prorationOnly, earned, subscription, rules }: Summary): string {
  return JSON.stringify([paidAt, moneyKey, prorationOnly, amountsInWords(earned), subscription, rules]);
}

function amountsAsText(amounts: Readonly<Record<string, bigint>>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const key of Object.keys(amounts)) texts[key] = String(amounts[key]);
  return texts;
}

const amountsOf = (written: Readonly<Record<string, string>>): Record<string, bigint> =>
  Object.fromEntries(Object.entries(written).map(([key, amount]) => [key, BigInt(amount)]));

/** As the column keeps it. */
export function writeSummary(summary: Summary): string {
  const losses = summary.losses.map(({ at, left }) => ({ at, left: amountsAsText(left) }));
  return JSON.stringify({ ...summary, earned: amountsAsText(summary.earned), losses });
}

type Written = Omit<Summary, 'earned' | 'losses'> & {
  earned: Record<string, string>;
  losses: { at: Moment; left: Record<string, string> }[];
};

/** Reads what `writeSummary` wrote. */
export function readSummary(text: string): Summary {
  const written = JSON.parse(text) as Written;
  return {
    ...written,
    earned: amountsOf(written.earned),
    losses: written.losses.map(({ at, left }) => ({ at, left: amountsOf(left) })),
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
