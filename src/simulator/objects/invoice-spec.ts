import type { Metadata } from '../json.ts';
import type { DiscountSpec } from './discount.ts';
import type { InvoiceLineSpec } from './line.ts';
import type { TotalsInput } from './totals.ts';

/** Everything that decides how an invoice looks. Amounts in minor units, times in unix seconds UTC. */
export interface InvoiceSpec extends TotalsInput {
  id: string;
  created: number;
  currency: string;
  lines: readonly InvoiceLineSpec[];
  status?: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void' | undefined;
  billingReason?: string | undefined;
  customer?: string | null | undefined;
  /** Accounts v2 identity; basil family only. */
  customerAccount?: string | null | undefined;
  customerEmail?: string | null | undefined;
  customerName?: string | null | undefined;
  subscription?: string | null | undefined;
  /** The subscription's metadata as frozen at finalisation. */
  subscriptionMetadata?: Metadata | undefined;
  metadata?: Metadata | undefined;
  paymentIntent?: string | null | undefined;
  charge?: string | null | undefined;
  paidAt?: number | null | undefined;
  finalizedAt?: number | null | undefined;
  /** Overrides what was paid; more than due becomes `amount_overpaid`. */
  amountPaid?: number | undefined;
  /** `amountPaid` grew by part payments: what is left can be paid later. */
  paidInParts?: boolean | undefined;
  /** Paid outside Stripe: old versions then show 0 in `amount_paid`, basil includes the money. */
  paidOutOfBand?: boolean | undefined;
  prePaymentCreditNotes?: number | undefined;
  postPaymentCreditNotes?: number | undefined;
  discount?: DiscountSpec | undefined;
  /** Besides `discount`: discounts on single lines are not listed here. */
  moreDiscounts?: readonly DiscountSpec[] | undefined;
  applicationFee?: number | null | undefined;
  /** Connect destination charge: `transfer_data` in old versions, only the charge's in new ones. */
  transferDestination?: string | null | undefined;
  onBehalfOf?: string | null | undefined;
  livemode?: boolean | undefined;
  attempts?: number | undefined;
  period?: { start: number; end: number } | undefined;
  number?: string | null | undefined;
  /** `false` embeds every line, as no webhook does; otherwise lines after the tenth are cut off with `has_more`. */
  hasMore?: boolean | undefined;
  /** Only the number `tax` is known, as on very old versions: no tax lists, no `total_excluding_tax`. Old family. */
  legacyTaxOnly?: boolean | undefined;
}
