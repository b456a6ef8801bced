import type { Metadata } from './json.ts';
import type { ChargeSpec } from './objects/charge.ts';
import type { CreditNoteSpec } from './objects/credit-note.ts';
import type { DiscountSpec } from './objects/discount.ts';
import type { DisputeSpec } from './objects/dispute.ts';
import type { FraudWarningSpec } from './objects/fraud-warning.ts';
import type { InvoiceSpec } from './objects/invoice.ts';
import type { InvoiceLineSpec } from './objects/line.ts';
import type { PriceSpec } from './objects/price.ts';
import type { RefundSpec } from './objects/refund.ts';
import type { SubscriptionSpec } from './objects/subscription.ts';

/** A customer as the simulated account knows it. `balance` in minor units, negative is credit. */
export interface SimulatedCustomer {
  readonly id: string;
  readonly created: number;
  email: string | null;
  metadata: Metadata;
  balance: number;
}

/** A price; immutable like Stripe's. */
export type SimulatedPrice = Readonly<PriceSpec>;

/** A coupon as the merchant gives it. */
export interface CouponTerms {
  id?: string | undefined;
  percentOff?: number | undefined;
  /** Minor units. */
  amountOff?: number | undefined;
  /** The only product it applies to. */
  product?: string | undefined;
  /** The `promo_…` id of the code the buyer typed. */
  promotionCode?: string | undefined;
  /** `once` discounts the first invoice only; default `forever`. */
  duration?: 'once' | 'forever' | undefined;
}

/** A coupon that a customer, or one of their subscriptions, holds. */
export interface SimulatedDiscount {
  readonly id: string;
  readonly subscription: SimulatedSubscription | null;
  spec: DiscountSpec;
}

/** A flat tax; `percent` of the net amount. */
export interface TaxTerms {
  percent: number;
  inclusive: boolean;
}

/** A subscription and what its next invoice needs. */
export interface SimulatedSubscription {
  readonly id: string;
  readonly customer: SimulatedCustomer;
  readonly currency: string;
  readonly created: number;
  metadata: Metadata;
  readonly tax: TaxTerms | undefined;
  /** The Checkout Session that made it. */
  readonly session: string | null;
  /** Day of month that renewals return to. */
  anchorDay: number;
  status: SubscriptionSpec['status'];
  items: { price: SimulatedPrice; quantity: number }[];
  /** Unix seconds. */
  period: { start: number; end: number };
  trial: { start: number; end: number } | undefined;
  coupon: CouponTerms | undefined;
  discount: DiscountSpec | undefined;
  /** Prorations that wait for the next invoice. */
  pendingLines: InvoiceLineSpec[];
  latestInvoice: InvoiceSpec | null;
  /** What its first invoice brought; amount 0 for a trial. */
  firstPayment: SimulatedPayment;
  /** Every invoice it paid, oldest first. */
  payments: SimulatedPayment[];
}

/** Money that moved once, under all names Stripe has for it. Amounts in minor units. */
export interface SimulatedPayment {
  /** Null for money without an invoice. */
  invoice: InvoiceSpec | null;
  session: string | null;
  /** The first charge's; null when no money moved or the charge has none. */
  paymentIntent: string | null;
  /** The first charge's id; null when no money moved on Stripe. */
  charge: string | null;
  /** All charges, oldest first; several when an invoice was paid in parts. */
  charges: ChargeSpec[];
  refunds: RefundSpec[];
  customer: string | null;
  /** Cash received on Stripe. */
  amount: number;
  currency: string;
}

/** Which events tell of a refund: those about its charge, those about itself, both, or none. */
export type RefundTelling = 'both' | 'charge-only' | 'refund-only' | 'none';

/** A refund and the payment it belongs to. */
export interface SimulatedRefund {
  readonly id: string;
  readonly payment: SimulatedPayment;
  /** Default: what the account's endpoint hears. */
  readonly told?: RefundTelling | undefined;
  spec: RefundSpec;
}

/** A dispute and the payment it belongs to. */
export interface SimulatedDispute {
  readonly id: string;
  readonly payment: SimulatedPayment;
  /** Who tells of the money: an event of its own, the dispute itself, or nobody before the end. */
  readonly funds: 'told' | 'shown' | 'untold';
  spec: DisputeSpec;
}

/** An early fraud warning and the payment it is about. */
export interface SimulatedFraudWarning {
  readonly id: string;
  readonly payment: SimulatedPayment;
  spec: FraudWarningSpec;
}

/** A credit note and the payment it belongs to. */
export interface SimulatedCreditNote {
  readonly id: string;
  readonly payment: SimulatedPayment;
  readonly refund: SimulatedRefund | null;
  /** Whose balance was credited, when the note's verb was told. */
  readonly credited: { customer: SimulatedCustomer; amount: number } | null;
  spec: CreditNoteSpec;
}
