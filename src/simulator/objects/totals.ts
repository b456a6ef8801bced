import type { InvoiceLineSpec, LineTax } from './line.ts';

/** What the totals of an invoice follow from. All amounts in minor units. */
export interface TotalsInput {
  lines: readonly InvoiceLineSpec[];
  shippingCost?: { amountSubtotal: number; taxes?: readonly LineTax[] | undefined } | undefined;
  /** Customer balance before the invoice: negative is credit, positive is debt. */
  startingBalance?: number | undefined;
  /** Below the least that can be charged: paid with nothing, and the customer owes it with the next invoice. */
  tooSmall?: boolean | undefined;
}

/** The coherent totals of an invoice (reference/stripe.md 6.3), minor units. */
export interface InvoiceTotals {
  subtotal: number;
  subtotalExcludingTax: number;
  discount: number;
  creditGrants: number;
  exclusiveTax: number;
  inclusiveTax: number;
  shippingNet: number;
  shippingTotal: number;
  total: number;
  totalExcludingTax: number;
  startingBalance: number;
  endingBalance: number;
  /** What the customer has to pay after the balance was applied; never negative. */
  amountDue: number;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function taxSum(taxes: readonly LineTax[], inclusive: boolean): number {
  return sum(taxes.filter((tax) => tax.inclusive === inclusive).map((tax) => tax.amount));
}

/** Net of one line: gross less discounts, credit grants and inclusive tax. Exclusive tax is never inside. */
export function lineNet(line: InvoiceLineSpec): number {
  const discount = sum((line.discountAmounts ?? []).map((d) => d.amount));
  return line.amount - discount - sum(line.creditGrants ?? []) - taxSum(line.taxes ?? [], true);
}

/** Adds an invoice up. Everything follows from lines, shipping and the starting balance. */
export function invoiceTotals(input: TotalsInput): InvoiceTotals {
  const lineTaxes = input.lines.flatMap((line) => line.taxes ?? []);
  const shippingTaxes = input.shippingCost?.taxes ?? [];
  const shippingSubtotal = input.shippingCost?.amountSubtotal ?? 0;
  const subtotal = sum(input.lines.map((line) => line.amount));
  const discount = sum(input.lines.flatMap((line) => (line.discountAmounts ?? []).map((d) => d.amount)));
  const creditGrants = sum(input.lines.flatMap((line) => line.creditGrants ?? []));
  const shippingTotal = shippingSubtotal + taxSum(shippingTaxes, false);
  const shippingNet = shippingSubtotal - taxSum(shippingTaxes, true);
  const total = subtotal - discount - creditGrants + taxSum(lineTaxes, false) + shippingTotal;
  const startingBalance = input.startingBalance ?? 0;
  return {
    subtotal,
    subtotalExcludingTax: subtotal - taxSum(lineTaxes, true),
    discount,
    creditGrants,
    exclusiveTax: taxSum([...lineTaxes, ...shippingTaxes], false),
    inclusiveTax: taxSum([...lineTaxes, ...shippingTaxes], true),
    shippingNet,
    shippingTotal,
    total,
    totalExcludingTax: sum(input.lines.map(lineNet)) + shippingNet,
    startingBalance,
    endingBalance: input.tooSmall ? total + startingBalance : Math.min(0, total + startingBalance),
    amountDue: input.tooSmall ? 0 : Math.max(0, total + startingBalance),
  };
}
