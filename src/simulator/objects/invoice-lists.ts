import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject } from '../json.ts';
import type { InvoiceSpec } from './invoice-spec.ts';
import { invoiceLine, newTaxes, oldTaxes } from './line.ts';
import { invoiceTotals, type InvoiceTotals } from './totals.ts';

const EMBEDDED_LINES = 10;

/** `shipping_cost`: shipping is not a line. */
export function shipping(spec: InvoiceSpec, totals: InvoiceTotals): Json {
  if (!spec.shippingCost) return null;
  const taxes = spec.shippingCost.taxes ?? [];
  return {
    amount_subtotal: spec.shippingCost.amountSubtotal,
    amount_tax: taxes.reduce((sum, tax) => sum + tax.amount, 0),
    amount_total: totals.shippingTotal,
    shipping_rate: null,
    taxes: taxes.map((tax) => ({
      amount: tax.amount,
      rate: {
        id: derivedId('txr', spec.id, String(tax.inclusive)),
        object: 'tax_rate',
        inclusive: tax.inclusive,
      },
      taxability_reason: 'standard_rated',
      taxable_amount: null,
    })),
  };
}

/** `lines` as a webhook holds them: the first ten. */
export function linesList(family: Family, spec: InvoiceSpec): JsonObject {
  const shown = spec.hasMore === false ? spec.lines : spec.lines.slice(0, EMBEDDED_LINES);
  const data = shown.map((line, index) =>
    invoiceLine(family, line, {
      invoice: spec.id,
      index,
      currency: spec.currency,
      created: spec.created,
      subscription: spec.subscription ?? null,
      livemode: spec.livemode ?? true,
      legacyTaxOnly: spec.legacyTaxOnly === true && family !== 'basil',
    }),
  );
  return {
    object: 'list',
    data,
    has_more: shown.length < spec.lines.length,
    total_count: spec.lines.length,
    url: `/v1/invoices/${spec.id}/lines`,
  };
}

/** The `total_*` lists, summed over lines and shipping. */
export function taxAndDiscountLists(family: Family, spec: InvoiceSpec): JsonObject {
  const discounts = new Map<string, number>();
  for (const { amount, discount } of spec.lines.flatMap((line) => line.discountAmounts ?? [])) {
    discounts.set(discount, (discounts.get(discount) ?? 0) + amount);
  }
  const listed = [...discounts].map(([discount, amount]) => ({ amount, discount }));
  const grants = invoiceTotals(spec).creditGrants;
  const granted =
    grants === 0
      ? []
      : [
          {
            amount: grants,
            credit_balance_transaction: derivedId('cbtxn', spec.id, '0/0'),
            type: 'credit_balance_transaction',
          },
        ];
  const pretax = [...listed.map((d) => ({ ...d, type: 'discount' })), ...granted];
  const taxes = summedTaxes(spec);
  const legacy = spec.legacyTaxOnly === true && family !== 'basil';
  return {
    total_discount_amounts: listed,
    ...(hasAddedFields(family) || granted.length > 0 ? { total_pretax_credit_amounts: pretax } : {}),
    ...(hasRemovedFields(family) ? { total_tax_amounts: legacy ? [] : oldTaxes(taxes, spec.id) } : {}),
    ...(hasAddedFields(family) ? { total_taxes: newTaxes(taxes, spec.id) } : {}),
  };
}

function summedTaxes(spec: InvoiceSpec): { amount: number; inclusive: boolean }[] {
  const all = [...spec.lines.flatMap((line) => line.taxes ?? []), ...(spec.shippingCost?.taxes ?? [])];
  return [false, true]
    .filter((inclusive) => all.some((tax) => tax.inclusive === inclusive))
    .map((inclusive) => ({
      inclusive,
      amount: all.filter((tax) => tax.inclusive === inclusive).reduce((sum, tax) => sum + tax.amount, 0),
    }));
}
