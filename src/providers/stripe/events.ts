/** Which events we listen to: exactly those that `translate.ts` puts into facts. A test compares the two. */
import type Stripe from 'stripe';

type EventType = Stripe.WebhookEndpointCreateParams.EnabledEvent;

/**
 * Types that say something about money or who buys. Not `invoice.created`, whose failure delays a merchant's renewals
 * (trap 60), nor `invoice.upcoming`, nor everything.
 */
export const EVENT_TYPES = [
  'invoice.paid',
  'invoice.payment_succeeded',
  'invoice.voided',
  'invoice.marked_uncollectible',
  'invoice_payment.paid',
  'payment_intent.succeeded',
  'charge.succeeded',
  'charge.captured',
  'charge.updated',
  'charge.failed',
  'charge.refunded',
  'charge.refund.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'radar.early_fraud_warning.created',
  'radar.early_fraud_warning.updated',
  'credit_note.created',
  'credit_note.updated',
  'credit_note.voided',
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'customer.discount.created',
  'customer.discount.updated',
  'customer.discount.deleted',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'promotion_code.created',
  'promotion_code.updated',
  'price.created',
  'price.updated',
  'price.deleted',
] as const satisfies readonly EventType[];

/** Moves no money: the owner of a connected account takes the connection back. Only Connect endpoints hear it. */
export const DEAUTHORIZED = 'account.application.deauthorized' satisfies EventType;
