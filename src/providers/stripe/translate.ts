/** Which event says what. A table: an event type and the function that puts its object into facts. */
import { z } from 'zod';

import type { EventRef, Translation } from '../../core/facts.ts';
import { translateCharge } from './charge.ts';
import { translateDiscount, translatePromotionCode } from './coupon.ts';
import { translateCreditNote } from './credit-note.ts';
import { translateCustomer, translateSubscription } from './customer.ts';
import { translateDispute, translateFraudWarning } from './dispute.ts';
import { ignore } from './ignored.ts';
import { translateIntent } from './intent.ts';
import { translateInvoice, translateInvoicePayment, translateInvoicePayments } from './invoice.ts';
import { translatePrice } from './price.ts';
import { translateRefund } from './refund.ts';
import { translateSession } from './session.ts';

/** `previous`: what an update changed, as it was before. */
type Translator = (object: unknown, ref: EventRef, previous: unknown) => Translation;

const TRANSLATORS: ReadonlyMap<string, Translator> = new Map([
  ['invoice.paid', translateInvoice],
  ['invoice.payment_succeeded', translateInvoice],
  ['invoice.voided', translateInvoice],
  ['invoice.marked_uncollectible', translateInvoice],
  ['invoice_payment.paid', translateInvoicePayment],
  ['payment_intent.succeeded', translateIntent],
  ['charge.succeeded', translateCharge],
  ['charge.captured', translateCharge],
  ['charge.updated', translateCharge],
  ['charge.refunded', translateCharge],
  ['refund.created', translateRefund],
  ['refund.updated', translateRefund],
  ['refund.failed', translateRefund],
  ['charge.refund.updated', translateRefund],
  ['charge.failed', translateCharge],
  ['charge.dispute.created', translateDispute],
  ['charge.dispute.updated', translateDispute],
  ['charge.dispute.closed', translateDispute],
  ['charge.dispute.funds_withdrawn', translateDispute],
  ['charge.dispute.funds_reinstated', translateDispute],
  ['radar.early_fraud_warning.created', translateFraudWarning],
  ['radar.early_fraud_warning.updated', translateFraudWarning],
  ['credit_note.created', translateCreditNote],
  ['credit_note.updated', translateCreditNote],
  ['credit_note.voided', translateCreditNote],
  ['customer.discount.created', translateDiscount],
  ['customer.discount.updated', translateDiscount],
  ['customer.discount.deleted', translateDiscount],
  ['promotion_code.created', translatePromotionCode],
  ['promotion_code.updated', translatePromotionCode],
  ['checkout.session.completed', translateSession],
  ['checkout.session.async_payment_succeeded', translateSession],
  ['checkout.session.async_payment_failed', translateSession],
  ['customer.created', translateCustomer],
  ['customer.updated', translateCustomer],
  ['customer.deleted', translateCustomer],
  ['price.created', translatePrice],
  ['price.updated', translatePrice],
  ['price.deleted', translatePrice],
  // What the API answered (api/): objects as they are now, complete and sometimes expanded.
  ['answer.invoice', translateInvoice],
  ['answer.invoice_payments', translateInvoicePayments],
  ['answer.checkout_session', translateSession],
  ['answer.charge', translateCharge],
  ['answer.price', translatePrice],
  ['answer.promotion_code', translatePromotionCode],
  ['answer.customer', translateCustomer],
  ['answer.refund', translateRefund],
  ['answer.dispute', translateDispute],
  ['answer.credit_note', translateCreditNote],
]);

/** The types of events that are in the table; those of subscriptions come by their prefix. */
export const translatedTypes: readonly string[] = [...TRANSLATORS.keys()].filter((type) => !type.startsWith('answer.'));

/** All events of a subscription's life show the same object. */
const SUBSCRIPTION_PREFIX = 'customer.subscription.';

const Body = z.object({
  object: z.string().nullish(),
  data: z.object({ object: z.unknown().optional(), previous_attributes: z.unknown().optional() }).nullish(),
});

function translatorOf(type: string): Translator | undefined {
  return TRANSLATORS.get(type) ?? (type.startsWith(SUBSCRIPTION_PREFIX) ? translateSubscription : undefined);
}

/**
 * One stored event in facts, or why it has none. Pure; by the shape of the payload, never by `api_version`. Throws an
 * Error naming the path when a known type's object lacks what is needed.
 */
export function translate(ref: EventRef, payload: unknown): Translation {
  const body = Body.safeParse(payload).data;
  if (body?.object === 'v2.core.event') return ignore('thin_event');
  const translator = translatorOf(ref.type);
  return translator === undefined
    ? ignore('unhandled_type')
    : translator(body?.data?.object, ref, body?.data?.previous_attributes);
}
