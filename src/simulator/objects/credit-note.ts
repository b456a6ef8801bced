import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';
import { type LineTax, newTaxes, oldTaxes } from './line.ts';

/** One line of a credit note; minor units. */
export interface CreditNoteLineSpec {
  /** Gross of discounts, without exclusive tax, with inclusive tax. */
  amount: number;
  /** The `il_…` it takes back; without one it is a custom line. */
  invoiceLine?: string | undefined;
  taxes?: readonly LineTax[] | undefined;
  discount?: number | undefined;
  quantity?: number | undefined;
  description?: string | undefined;
}

/** A credit note. Amounts in minor units, times in unix seconds. */
export interface CreditNoteSpec {
  id: string;
  invoice: string;
  customer: string | null;
  amount: number;
  currency: string;
  created: number;
  /** Lowers an unpaid invoice instead of giving money back. */
  prePayment?: boolean | undefined;
  /** The part that lowers what is unpaid; default all of it or nothing, by `prePayment`. */
  prePaymentAmount?: number | undefined;
  refund?: { id: string; amount: number } | undefined;
  /** Default: one custom line, or one for `invoiceLine`, over the whole amount. */
  lines?: readonly CreditNoteLineSpec[] | undefined;
  metadata?: Metadata | undefined;
  reason?: string | null | undefined;
  /** The `cbtxn`-like id of money that went to the customer's credit balance. */
  customerBalanceTransaction?: string | null | undefined;
  outOfBandAmount?: number | undefined;
  /** The invoice line it is about; without one the note has a custom line. */
  invoiceLine?: string | undefined;
  voidedAt?: number | null | undefined;
  livemode?: boolean | undefined;
}

/** What a line of a credit note comes to, with its exclusive tax; minor units. */
export function creditNoteLineTotal(line: CreditNoteLineSpec): number {
  return line.amount - (line.discount ?? 0) + taxSum([line], false);
}

function taxSum(lines: readonly CreditNoteLineSpec[], inclusive: boolean): number {
  const taxes = lines.flatMap((line) => line.taxes ?? []).filter((tax) => tax.inclusive === inclusive);
  return taxes.reduce((sum, tax) => sum + tax.amount, 0);
}

function typeOf(spec: CreditNoteSpec, prePayment: number): string {
  if (prePayment === 0) return 'post_payment';
  return prePayment === spec.amount ? 'pre_payment' : 'mixed';
}

/** A CreditNote. */
export function creditNoteObject(family: Family, spec: CreditNoteSpec): StripeObject {
  const lines = spec.lines ?? [{ amount: spec.amount, invoiceLine: spec.invoiceLine, description: 'Credit' }];
  const subtotal = lines.reduce((sum, line) => sum + line.amount, 0);
  const discount = lines.reduce((sum, line) => sum + (line.discount ?? 0), 0);
  const prePayment = spec.prePaymentAmount ?? (spec.prePayment ? spec.amount : 0);
  const taxes = lines.flatMap((line) => line.taxes ?? []);
  return {
    id: spec.id,
    object: 'credit_note',
    amount: spec.amount,
    amount_shipping: 0,
    created: spec.created,
    currency: spec.currency,
    customer: spec.customer,
    customer_balance_transaction: spec.customerBalanceTransaction ?? null,
    discount_amount: discount,
    discount_amounts: [],
    effective_at: spec.created,
    invoice: spec.invoice,
    lines: {
      object: 'list',
      data: lines.map((line, index) => noteLine(family, spec, line, index)),
      has_more: false,
      url: `/v1/credit_notes/${spec.id}/lines`,
    },
    livemode: spec.livemode ?? true,
    memo: null,
    metadata: spec.metadata ?? {},
    number: `${spec.id.slice(-8).toUpperCase()}-CN-01`,
    out_of_band_amount: spec.outOfBandAmount ?? null,
    pdf: `https://pay.stripe.com/credit_notes/acct_1Riverbend/live_${spec.id}/pdf?s=ap`,
    reason: spec.reason ?? null,
    ...(hasAddedFields(family) ? addedFields(spec, prePayment, taxes) : {}),
    ...(hasRemovedFields(family) ? { refund: spec.refund?.id ?? null, tax_amounts: oldTaxes(taxes, spec.id) } : {}),
    shipping_cost: null,
    status: spec.voidedAt ? 'void' : 'issued',
    subtotal,
    subtotal_excluding_tax: subtotal - taxSum(lines, true),
    total: spec.amount,
    total_excluding_tax: spec.amount - taxSum(lines, true) - taxSum(lines, false),
    type: typeOf(spec, prePayment),
    voided_at: spec.voidedAt ?? null,
  };
}

function addedFields(spec: CreditNoteSpec, prePayment: number, taxes: readonly LineTax[]): JsonObject {
  const refunds: Json[] = spec.refund
    ? [
        {
          amount_refunded: spec.refund.amount,
          payment_record_refund: null,
          refund: spec.refund.id,
          type: 'refund',
        },
      ]
    : [];
  return {
    post_payment_amount: spec.amount - prePayment,
    pre_payment_amount: prePayment,
    refunds,
    total_taxes: newTaxes(taxes, spec.id),
  };
}

function noteLine(family: Family, spec: CreditNoteSpec, line: CreditNoteLineSpec, index: number): JsonObject {
  const taxes = line.taxes ?? [];
  const quantity = line.quantity ?? 1;
  const unit = Math.round(line.amount / quantity);
  return {
    id: derivedId('cnli', spec.id, index),
    object: 'credit_note_line_item',
    amount: line.amount,
    description: line.description ?? 'Credit',
    discount_amount: line.discount ?? 0,
    discount_amounts: [],
    ...(line.invoiceLine ? { invoice_line_item: line.invoiceLine } : {}),
    livemode: spec.livemode ?? true,
    quantity,
    ...(hasRemovedFields(family) ? { tax_amounts: oldTaxes(taxes, spec.id) } : {}),
    tax_rates: [],
    ...(hasAddedFields(family) ? { taxes: newTaxes(taxes, spec.id) } : {}),
    type: line.invoiceLine ? 'invoice_line_item' : 'custom_line_item',
    unit_amount: unit,
    unit_amount_decimal: String(unit),
  };
}
