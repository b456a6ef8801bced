import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject, StripeObject } from '../json.ts';

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
  refund?: { id: string; amount: number } | undefined;
  /** The `cbtxn`-like id of money that went to the customer's credit balance. */
  customerBalanceTransaction?: string | null | undefined;
  outOfBandAmount?: number | undefined;
  /** The invoice line it is about; without one the note has a custom line. */
  invoiceLine?: string | undefined;
  voidedAt?: number | null | undefined;
  livemode?: boolean | undefined;
}

/** A CreditNote. */
export function creditNoteObject(family: Family, spec: CreditNoteSpec): StripeObject {
  return {
    id: spec.id,
    object: 'credit_note',
    amount: spec.amount,
    amount_shipping: 0,
    created: spec.created,
    currency: spec.currency,
    customer: spec.customer,
    customer_balance_transaction: spec.customerBalanceTransaction ?? null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: spec.created,
    invoice: spec.invoice,
    lines: {
      object: 'list',
      data: [line(family, spec)],
      has_more: false,
      url: `/v1/credit_notes/${spec.id}/lines`,
    },
    livemode: spec.livemode ?? true,
    memo: null,
    metadata: {},
    number: `${spec.id.slice(-8).toUpperCase()}-CN-01`,
    out_of_band_amount: spec.outOfBandAmount ?? null,
    pdf: `https://pay.stripe.com/credit_notes/acct_1Riverbend/live_${spec.id}/pdf?s=ap`,
    reason: null,
    ...(hasAddedFields(family) ? addedFields(spec) : {}),
    ...(hasRemovedFields(family) ? { refund: spec.refund?.id ?? null } : {}),
    shipping_cost: null,
    status: spec.voidedAt ? 'void' : 'issued',
    subtotal: spec.amount,
    subtotal_excluding_tax: spec.amount,
    total: spec.amount,
    total_excluding_tax: spec.amount,
    type: spec.prePayment ? 'pre_payment' : 'post_payment',
    voided_at: spec.voidedAt ?? null,
  };
}

function addedFields(spec: CreditNoteSpec): JsonObject {
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
    post_payment_amount: spec.prePayment ? 0 : spec.amount,
    pre_payment_amount: spec.prePayment ? spec.amount : 0,
    refunds,
    total_taxes: [],
  };
}

function line(family: Family, spec: CreditNoteSpec): JsonObject {
  return {
    id: derivedId('cnli', spec.id, 0),
    object: 'credit_note_line_item',
    amount: spec.amount,
    description: 'Credit',
    discount_amount: 0,
    discount_amounts: [],
    ...(spec.invoiceLine ? { invoice_line_item: spec.invoiceLine } : {}),
    livemode: spec.livemode ?? true,
    quantity: 1,
    ...(hasRemovedFields(family) ? { tax_amounts: [] } : {}),
    tax_rates: [],
    ...(hasAddedFields(family) ? { taxes: [] } : {}),
    type: spec.invoiceLine ? 'invoice_line_item' : 'custom_line_item',
    unit_amount: spec.amount,
    unit_amount_decimal: String(spec.amount),
  };
}
