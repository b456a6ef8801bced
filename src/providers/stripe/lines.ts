/** The arithmetic of invoice lines: what each line is worth without tax, discounts and credit grants (stripe.md 6.3). */
import type { Interval, Line } from '../../core/facts.ts';
import { divideRounded, split } from '../../core/money.ts';
import { wholeLine } from './claim.ts';
import { idOf } from './identity.ts';
import { priceInterval, priceOf } from './price.ts';
import type { InvoiceLineObject, InvoiceObject } from './schema.ts';
import type { TaxObject } from './schema-parts.ts';

/** An invoice's lines, reconciled with its totals. `net`: their sum, in minor units. */
export type Billed = {
  readonly lines: readonly Line[];
  readonly net: bigint;
  readonly incomplete: boolean;
  readonly flags: readonly string[];
};

type Amounts = readonly { readonly amount: number }[];

function sumOf(amounts: Amounts | null | undefined): bigint {
  let sum = 0n;
  for (const { amount } of amounts ?? []) sum += BigInt(amount);
  return sum;
}

const netOf = (lines: readonly Line[]): bigint => lines.reduce((sum, line) => sum + line.net, 0n);

/** `tax_behavior` is basil's word, `inclusive` the old one; the new one first (stripe.md 0.1). */
function isInclusive(tax: TaxObject): boolean {
  return tax.tax_behavior ? tax.tax_behavior === 'inclusive' : tax.inclusive === true;
}

function creditsOf(line: InvoiceLineObject, type: string): bigint {
  return sumOf(line.pretax_credit_amounts?.filter((credit) => credit.type === type));
}

/**
 * `amount − discounts − credit grants − inclusive tax`. Exclusive tax is never inside `amount`. Credits of type
 * `discount` repeat the discounts (trap 11), so they only count where `discount_amounts` is missing altogether.
 */
export function lineNet(line: InvoiceLineObject): bigint {
  const discounts = line.discount_amounts ? sumOf(line.discount_amounts) : creditsOf(line, 'discount');
  const grants = creditsOf(line, 'credit_balance_transaction');
  const inclusive = sumOf((line.taxes ?? line.tax_amounts)?.filter(isInclusive));
  return BigInt(line.amount) - discounts - grants - inclusive;
}

type Origin = {
  readonly subscription: string | null;
  readonly proration: boolean;
  readonly recurring: boolean;
};

/**
 * Where a line comes from. Prorations are recurring wherever they hang: only a subscription item can be prorated. An
 * item merely added to a subscription's invoice (a setup fee) is not.
 */
export function originOf(line: InvoiceLineObject): Origin {
  const ofItem = line.parent?.type === 'subscription_item_details';
  const details = ofItem ? line.parent?.subscription_item_details : line.parent?.invoice_item_details;
  const subscription = idOf(details?.subscription ?? line.subscription);
  const proration = (details ? details.proration : line.proration) === true;
  const item = details ? ofItem : line.type === 'subscription';
  return { subscription, proration, recurring: item || (proration && subscription !== null) };
}

/** Whole periods by their length in days, for when no price says how it recurs (cases.md 44). */
function intervalOfDays(days: number): Interval | null {
  if (days < 1) return null;
  if (days >= 28 && days <= 31) return 'month:1';
  if (days >= 89 && days <= 92) return 'month:3';
  if (days >= 181 && days <= 184) return 'month:6';
  if (days === 365 || days === 366) return 'month:12';
  return `day:${days}`;
}

function periodOf(line: InvoiceLineObject, origin: Origin): Interval | null {
  if (!origin.recurring || origin.proration || !line.period) return null;
  return intervalOfDays(Math.round((line.period.end - line.period.start) / 86_400));
}

function lineOf(line: InvoiceLineObject): Line {
  const origin = originOf(line);
  // basil names a price; old lines carry it whole, and only they know how it recurs (trap 8).
  const price = priceOf(line);
  const details = line.pricing?.price_details;
  const priceId = idOf(details?.price) ?? price?.id ?? null;
  const product = idOf(details?.product) ?? idOf(price?.product);
  return {
    id: line.id,
    net: lineNet(line),
    prices: priceId === null ? [] : [priceId],
    products: product === null ? [] : [product],
    interval: price === null ? null : priceInterval(price),
    period: periodOf(line, origin),
    recurring: origin.recurring,
    proration: origin.proration,
    quantity: line.quantity ?? 1,
  };
}

/** Shipping without tax: not a line, yet inside every total. Taken from the total, which holds for inclusive tax too. */
export function shippingNet(invoice: InvoiceObject): bigint {
  const cost = invoice.shipping_cost;
  if (!cost) return BigInt(invoice.amount_shipping ?? 0);
  if (cost.amount_total == null) return BigInt(cost.amount_subtotal);
  return BigInt(cost.amount_total) - BigInt(cost.amount_tax ?? 0);
}

/** The invoice's total without tax as it states it or as its taxes imply; null: no tax field of any kind exists. */
function statedNet(invoice: InvoiceObject): bigint | null {
  if (invoice.total_excluding_tax != null) return BigInt(invoice.total_excluding_tax);
  if (invoice.tax != null) return BigInt(invoice.total) - BigInt(invoice.tax);
  const taxes = invoice.total_taxes ?? invoice.total_tax_amounts;
  return taxes ? BigInt(invoice.total) - sumOf(taxes) : null;
}

/** The difference to what is known in total, on a line that matches no price. */
function restLine(net: bigint, recurring: boolean): Line {
  return { ...wholeLine('rest', net), recurring };
}

/**
 * Scales lines to `goal`, exactly and keeping their signs: positive and negative lines each get their share, split by
 * size. Null when no scale leads there (nothing to scale, or the sum has the other sign).
 */
export function scaleLines(lines: readonly Line[], goal: bigint): readonly Line[] | null {
  const sum = netOf(lines);
  if (sum === 0n || (goal !== 0n && sum < 0n !== goal < 0n)) return null;
  const ups = lines.map((line) => (line.net > 0n ? line.net : 0n));
  const downs = lines.map((line) => (line.net < 0n ? -line.net : 0n));
  const up = ups.reduce((total, net) => total + net, 0n);
  const size = sum < 0n ? -sum : sum;
  const upGoal = divideRounded(up * (goal < 0n ? -goal : goal), size);
  const raised = split(upGoal, ups);
  const lowered = split(upGoal - goal, downs);
  return lines.map((line, index) => ({
    ...line,
    net: (raised[index] ?? 0n) - (lowered[index] ?? 0n),
  }));
}

/** Lines that do not add up to what the invoice says are bent to it, and that is said. */
export function reconciled(lines: readonly Line[], goal: bigint, flags: readonly string[]): Billed {
  const net = netOf(lines);
  if (net === goal) return { lines, net, incomplete: false, flags };
  const bent = scaleLines(lines, goal) ?? [...lines, restLine(goal - net, false)];
  return { lines: bent, net: goal, incomplete: false, flags: ['scaled_to_total', ...flags] };
}

/** Lines beyond the first ten are not in a webhook (trap 10): the total is right, the missing lines are one line. */
function cutOff(lines: readonly Line[], goal: bigint, flags: readonly string[]): Billed {
  const rest = goal - netOf(lines);
  const recurring = lines.some((line) => line.recurring);
  const all = rest === 0n ? lines : [...lines, restLine(rest, recurring)];
  return { lines: all, net: goal, incomplete: true, flags };
}

/**
 * The lines of an invoice, reconciled with its total without tax and shipping. Where no tax field of any kind exists
 * (very old shapes), lines that add up to the total prove that there was none; else the lower of both is taken and the
 * doubt is flagged (cases.md 29: flag rather than guess).
 */
export function billedLines(invoice: InvoiceObject): Billed {
  const lines = invoice.lines.data.map(lineOf);
  const shipping = shippingNet(invoice);
  const incomplete = invoice.lines.has_more === true;
  const stated = statedNet(invoice);
  if (stated !== null) return (incomplete ? cutOff : reconciled)(lines, stated - shipping, []);
  const total = BigInt(invoice.total) - shipping;
  if (incomplete) return cutOff(lines, total, ['tax_unknown']);
  const sum = netOf(lines);
  return reconciled(lines, sum < total ? sum : total, sum === total ? [] : ['tax_unknown']);
}
