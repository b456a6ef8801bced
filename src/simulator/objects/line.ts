import { type Family, hasAddedFields, hasRemovedFields } from '../family.ts';
import { derivedId } from '../ids.ts';
import type { Json, JsonObject, Metadata, StripeObject } from '../json.ts';
import { planObject, priceObject, type PriceSpec } from './price.ts';

/** One tax on one line; minor units, negative on credit lines. */
export interface LineTax {
  amount: number;
  inclusive: boolean;
}

/** One invoice line as the merchant sees it. */
export interface InvoiceLineSpec {
  id?: string | undefined;
  /** Gross of discounts, with inclusive tax, minor units; may be negative. */
  amount: number;
  description?: string | undefined;
  /** Null for an ad-hoc amount without a price. */
  price?: PriceSpec | null | undefined;
  quantity?: number | undefined;
  proration?: boolean | undefined;
  /** What a negative proration gives back. */
  creditedItems?: { invoice: string; lines: readonly string[] } | undefined;
  discountAmounts?: readonly { amount: number; discount: string }[] | undefined;
  /** Money from billing credit grants, minor units each. */
  creditGrants?: readonly number[] | undefined;
  taxes?: readonly LineTax[] | undefined;
  /** Service period, unix seconds. */
  period?: { start: number; end: number } | undefined;
  metadata?: Metadata | undefined;
  /** Overrides the invoice's subscription; null detaches the line from it. */
  subscription?: string | null | undefined;
  subscriptionItem?: string | null | undefined;
  /** `subscription` lines come from a subscription item, `invoiceitem` ones were added. */
  kind?: 'subscription' | 'invoiceitem' | undefined;
  invoiceItem?: string | null | undefined;
}

/** What a line takes over from its invoice. */
export interface LineSurroundings {
  invoice: string;
  index: number;
  currency: string;
  created: number;
  subscription: string | null;
  livemode: boolean;
  /** Only the invoice's `tax` number exists; lines carry no tax details. */
  legacyTaxOnly: boolean;
}

/** The id a line without one gets. */
export function lineId(invoice: string, index: number, line: InvoiceLineSpec): string {
  return line.id ?? derivedId('il', invoice, index);
}

/** One entry of `invoice.lines.data`. */
export function invoiceLine(family: Family, line: InvoiceLineSpec, around: LineSurroundings): StripeObject {
  const subscription = line.subscription === undefined ? around.subscription : line.subscription;
  const ownDiscounts = (line.discountAmounts ?? []).map((d) => ({
    amount: d.amount,
    discount: d.discount,
  }));
  return {
    id: lineId(around.invoice, around.index, line),
    object: 'line_item',
    amount: line.amount,
    ...(hasRemovedFields(family) ? removedLineFields(line, around) : {}),
    currency: around.currency,
    description: line.description ?? 'Subscription',
    discount_amounts: ownDiscounts,
    discountable: line.proration !== true,
    discounts: ownDiscounts.map((d) => d.discount),
    invoice: around.invoice,
    livemode: around.livemode,
    metadata: line.metadata ?? {},
    ...(hasAddedFields(family) ? addedLineFields(line, around, subscription) : {}),
    ...pretaxCredits(family, line, around),
    period: line.period ?? { start: around.created, end: around.created },
    quantity: line.quantity ?? 1,
    subscription,
  };
}

function kindOf(line: InvoiceLineSpec, subscription: string | null): 'subscription' | 'invoiceitem' {
  return (
    line.kind ??
    (subscription !== null && line.price?.interval && line.proration !== true ? 'subscription' : 'invoiceitem')
  );
}

function itemIds(
  line: InvoiceLineSpec,
  around: LineSurroundings,
): { invoiceItem: string | null; subscriptionItem: string | null } {
  const subscription = line.subscription === undefined ? around.subscription : line.subscription;
  const added = kindOf(line, subscription) === 'invoiceitem' || line.proration === true;
  return {
    invoiceItem: line.invoiceItem ?? (added ? derivedId('ii', around.invoice, around.index) : null),
    subscriptionItem:
      line.subscriptionItem ??
      (subscription !== null && line.price ? derivedId('si', subscription, line.price.id) : null),
  };
}

function credited(line: InvoiceLineSpec): Json {
  if (!line.creditedItems) return { credited_items: null };
  return {
    credited_items: {
      invoice: line.creditedItems.invoice,
      invoice_line_items: [...line.creditedItems.lines],
    },
  };
}

function unitDecimal(line: InvoiceLineSpec): string {
  return String(line.price ? line.price.amount : Math.round(line.amount / (line.quantity ?? 1)));
}

function removedLineFields(line: InvoiceLineSpec, around: LineSurroundings): JsonObject {
  const subscription = line.subscription === undefined ? around.subscription : line.subscription;
  const inclusive = (line.taxes ?? []).reduce((sum, tax) => sum + (tax.inclusive ? tax.amount : 0), 0);
  const { invoiceItem, subscriptionItem } = itemIds(line, around);
  return {
    amount_excluding_tax: around.legacyTaxOnly ? null : line.amount - inclusive,
    ...(invoiceItem === null ? {} : { invoice_item: invoiceItem }),
    plan: line.price ? planObject(line.price) : null,
    price: line.price ? priceObject(line.price) : null,
    proration: line.proration ?? false,
    proration_details: credited(line),
    ...(subscriptionItem === null ? {} : { subscription_item: subscriptionItem }),
    tax_amounts: around.legacyTaxOnly ? [] : oldTaxes(line.taxes ?? [], around.invoice),
    tax_rates: [],
    type: kindOf(line, subscription),
    unit_amount_excluding_tax: around.legacyTaxOnly ? null : unitDecimal(line),
  };
}

function addedLineFields(line: InvoiceLineSpec, around: LineSurroundings, subscription: string | null): JsonObject {
  return {
    parent: lineParent(line, around, subscription),
    pricing: line.price
      ? {
          price_details: { price: line.price.id, product: line.price.product },
          type: 'price_details',
          unit_amount_decimal: unitDecimal(line),
        }
      : null,
    quantity_decimal: String(line.quantity ?? 1),
    subtotal: line.amount,
    taxes: newTaxes(line.taxes ?? [], around.invoice),
  };
}

function lineParent(line: InvoiceLineSpec, around: LineSurroundings, subscription: string | null): JsonObject {
  const { invoiceItem, subscriptionItem } = itemIds(line, around);
  const shared = {
    invoice_item: invoiceItem,
    proration: line.proration ?? false,
    proration_details: credited(line),
    subscription,
  };
  if (kindOf(line, subscription) === 'subscription') {
    return {
      invoice_item_details: null,
      subscription_item_details: { ...shared, subscription_item: subscriptionItem },
      type: 'subscription_item_details',
    };
  }
  return {
    invoice_item_details: shared,
    subscription_item_details: null,
    type: 'invoice_item_details',
  };
}

/** Old versions show the field only when there are credit grants: without it the totals could not be explained. */
function pretaxCredits(family: Family, line: InvoiceLineSpec, around: LineSurroundings): JsonObject {
  const grants = (line.creditGrants ?? []).map((amount, index) => ({
    amount,
    credit_balance_transaction: derivedId('cbtxn', around.invoice, `${around.index}/${index}`),
    type: 'credit_balance_transaction',
  }));
  if (!hasAddedFields(family) && grants.length === 0) return {};
  const discounts = (line.discountAmounts ?? []).map((d) => ({
    amount: d.amount,
    discount: d.discount,
    type: 'discount',
  }));
  return { pretax_credit_amounts: [...discounts, ...grants] };
}

/** Taxes as old versions list them (`tax_amounts`, `total_tax_amounts`). */
export function oldTaxes(taxes: readonly LineTax[], owner: string): Json[] {
  return taxes.map((tax) => ({
    amount: tax.amount,
    inclusive: tax.inclusive,
    tax_rate: derivedId('txr', owner, String(tax.inclusive)),
    taxability_reason: 'standard_rated',
    taxable_amount: null,
  }));
}

/** Taxes as the basil family lists them (`taxes`, `total_taxes`). */
export function newTaxes(taxes: readonly LineTax[], owner: string): Json[] {
  return taxes.map((tax) => ({
    amount: tax.amount,
    tax_behavior: tax.inclusive ? 'inclusive' : 'exclusive',
    tax_rate_details: { tax_rate: derivedId('txr', owner, String(tax.inclusive)) },
    taxability_reason: 'standard_rated',
    taxable_amount: null,
    type: 'tax_rate_details',
  }));
}
