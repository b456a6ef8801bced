/**
 * A commission that a caller set itself: what the sale earns whoever is credited, in place of what incentives say
 * (apis.md 2.2, Commission). Everything after it is as always: refunds take their share of it back, holds, approvals and
 * payouts apply, and what a recruiter earns beside it stays the incentive's.
 */
import { converted, rateAt, rateInWords, rateKey } from './exchange.ts';
import type { Ruling } from './facts.ts';
import type { ExchangeRate, Rules } from './rules.ts';
import type { Moment } from './time.ts';

export type Ordered = NonNullable<Ruling['ordered']>;

/** The newest word on the amount and the newest on the hold, each by itself; null: none. `rulings` in time order. */
export function ordersIn(rulings: readonly Ruling[]): { amount: Ordered | null; holdDays: number | null } {
  const amount = rulings.findLast(({ ordered }) => ordered !== undefined)?.ordered ?? null;
  const holdDays = rulings.findLast((one) => one.holdDays !== undefined)?.holdDays ?? null;
  return { amount, holdDays };
}

/** What was ordered, in the currency in which the program earns; `awaits`: the rate that is missing for it. */
export type OrderedMoney =
  | { readonly amount: bigint; readonly currency: string; readonly rate: string | null }
  | { readonly awaits: string };

/** `own`: the program's currency; null: it has none, and what was ordered stays in the currency it was ordered in. */
export function orderedMoney(
  { amount, currency }: Ordered,
  own: string | null,
  rules: Rules,
  paidAt: Moment,
  known: number,
): OrderedMoney {
  if (own === null || own === currency) return { amount, currency, rate: null };
  const rate: ExchangeRate | null = rateAt(rules, currency, own, paidAt, known);
  if (!rate) return { awaits: rateKey(currency, own) };
  return { amount: converted(amount, rate), currency: own, rate: rateInWords(rate) };
}
