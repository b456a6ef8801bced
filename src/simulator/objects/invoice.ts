import { DAY } from '../calendar.ts';
import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import type { JsonObject, StripeObject } from '../json.ts';
import { discountObject } from './discount.ts';
import { linesList, shipping, taxAndDiscountLists } from './invoice-lists.ts';
import type { InvoiceSpec } from './invoice-spec.ts';
import { invoiceTotals, type InvoiceTotals } from './totals.ts';

export type { InvoiceSpec } from './invoice-spec.ts';

/** What the invoice shows as due, paid, overpaid and remaining; minor units. */
export function invoiceAmounts(
  family: Family,
  spec: InvoiceSpec,
): { due: number; paid: number; overpaid: number; remaining: number } {
  const due = Math.max(0, invoiceTotals(spec).amountDue - (spec.prePaymentCreditNotes ?? 0));
  const shown = (spec.status ?? 'paid') === 'paid' && !(spec.paidOutOfBand && hasRemovedFields(family)) ? due : 0;
  const paid = spec.amountPaid ?? shown;
  return { due, paid, overpaid: Math.max(0, paid - due), remaining: Math.max(0, due - paid) };
}

/** An Invoice as a webhook of the family shows it; all totals follow from the lines. */
export function invoiceObject(family: Family, spec: InvoiceSpec): StripeObject {
  const totals = invoiceTotals(spec);
  return {
    id: spec.id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Riverbend Software',
    account_tax_ids: null,
    ...amountFields(family, spec, totals),
    application: null,
    ...(hasRemovedFields(family) ? removedFields(spec, totals) : {}),
    ...(hasAddedFields(family) ? addedFields(spec) : {}),
    ...circumstances(spec),
    lines: linesList(family, spec),
    ...taxAndDiscountLists(family, spec),
  };
}

function amountFields(family: Family, spec: InvoiceSpec, totals: InvoiceTotals): JsonObject {
  const { due, paid, overpaid, remaining } = invoiceAmounts(family, spec);
  const legacy = spec.legacyTaxOnly === true && family !== 'basil';
  return {
    amount_due: due,
    ...(hasAddedFields(family) ? { amount_overpaid: overpaid } : {}),
    amount_paid: paid,
    amount_remaining: remaining,
    amount_shipping: totals.shippingTotal,
    ending_balance: spec.status === 'draft' ? null : totals.endingBalance,
    post_payment_credit_notes_amount: spec.postPaymentCreditNotes ?? 0,
    pre_payment_credit_notes_amount: spec.prePaymentCreditNotes ?? 0,
    shipping_cost: shipping(spec, totals),
    starting_balance: totals.startingBalance,
    subtotal: totals.subtotal,
    subtotal_excluding_tax: legacy ? null : totals.subtotalExcludingTax,
    total: totals.total,
    total_excluding_tax: legacy ? null : totals.totalExcludingTax,
  };
}

function circumstances(spec: InvoiceSpec): JsonObject {
  const status = spec.status ?? 'paid';
  const finalizedAt = status === 'draft' ? null : (spec.finalizedAt ?? spec.created);
  return {
    attempt_count: spec.attempts ?? (status === 'paid' ? 1 : 0),
    attempted: status === 'paid',
    auto_advance: status === 'draft' || status === 'open',
    automatic_tax: {
      disabled_reason: null,
      enabled: false,
      liability: null,
      provider: null,
      status: null,
    },
    automatically_finalizes_at: null,
    billing_reason: spec.billingReason ?? (spec.subscription ? 'subscription_cycle' : 'manual'),
    collection_method: 'charge_automatically',
    created: spec.created,
    currency: spec.currency,
    custom_fields: null,
    ...customerFields(spec),
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [...(spec.discount ? [spec.discount] : []), ...(spec.moreDiscounts ?? [])].map(({ id }) => id),
    due_date: null,
    effective_at: finalizedAt,
    footer: null,
    from_invoice: null,
    hosted_invoice_url:
      finalizedAt === null ? null : `https://invoice.stripe.com/i/acct_1Riverbend/live_${spec.id.slice(3)}?s=ap`,
    invoice_pdf:
      finalizedAt === null ? null : `https://pay.stripe.com/invoice/acct_1Riverbend/live_${spec.id.slice(3)}/pdf?s=ap`,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    livemode: spec.livemode ?? true,
    metadata: spec.metadata ?? {},
    next_payment_attempt: status === 'draft' ? spec.created + DAY / 24 : null,
    number: status === 'draft' ? null : (spec.number ?? `${spec.id.slice(-8).toUpperCase()}-0001`),
    on_behalf_of: spec.onBehalfOf ?? null,
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    period_end: spec.period?.end ?? spec.created,
    period_start: spec.period?.start ?? spec.created,
    receipt_number: null,
    rendering: null,
    shipping_details: null,
    statement_descriptor: null,
    status,
    status_transitions: transitions(spec, status, finalizedAt),
    test_clock: null,
    webhooks_delivered_at: finalizedAt,
  };
}

function customerFields(spec: InvoiceSpec): JsonObject {
  return {
    customer: spec.customer ?? null,
    customer_address: null,
    customer_email: spec.customerEmail ?? null,
    customer_name: spec.customerName ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
  };
}

function transitions(spec: InvoiceSpec, status: string, finalizedAt: number | null): JsonObject {
  return {
    finalized_at: finalizedAt,
    marked_uncollectible_at: status === 'uncollectible' ? (spec.paidAt ?? spec.created) : null,
    paid_at: status === 'paid' ? (spec.paidAt ?? spec.created) : null,
    voided_at: status === 'void' ? (spec.paidAt ?? spec.created) : null,
  };
}

function removedFields(spec: InvoiceSpec, totals: InvoiceTotals): JsonObject {
  const taxed = spec.lines.some((line) => (line.taxes ?? []).length > 0) || (spec.shippingCost?.taxes ?? []).length > 0;
  return {
    application_fee_amount: spec.applicationFee ?? null,
    charge: spec.charge ?? null,
    discount: spec.discount ? discountObject('old', spec.discount) : null,
    paid: (spec.status ?? 'paid') === 'paid',
    paid_out_of_band: spec.paidOutOfBand ?? false,
    payment_intent: spec.paymentIntent ?? null,
    quote: null,
    subscription: spec.subscription ?? null,
    subscription_details: {
      metadata: spec.subscription ? (spec.subscriptionMetadata ?? {}) : null,
    },
    tax: taxed ? totals.exclusiveTax + totals.inclusiveTax : null,
    transfer_data: spec.transferDestination ? { amount: null, destination: spec.transferDestination } : null,
  };
}

function addedFields(spec: InvoiceSpec): JsonObject {
  const details = {
    metadata: spec.subscriptionMetadata ?? {},
    subscription: spec.subscription ?? null,
  };
  return {
    ...(spec.customerAccount === undefined ? {} : { customer_account: spec.customerAccount }),
    parent: spec.subscription
      ? { quote_details: null, subscription_details: details, type: 'subscription_details' }
      : null,
  };
}
