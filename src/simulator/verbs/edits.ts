import type { Metadata } from '../json.ts';
import { chargeObject } from '../objects/charge.ts';
import { invoiceObject } from '../objects/invoice.ts';
import { subscriptionObject } from '../objects/subscription.ts';
import type { SimulatedPayment, SimulatedSubscription } from '../state.ts';
import type { World } from '../world.ts';
import { changedMetadata } from './catalog.ts';
import { replaceCharge } from './refunds.ts';
import { subscriptionNow } from './subscriptions.ts';

/** Replaces a subscription's metadata: `customer.subscription.updated`. Invoices that were finalised keep theirs. */
export function editSubscription(world: World, sub: SimulatedSubscription, metadata: Metadata): void {
  world.beginCall();
  const previous = { metadata: changedMetadata(sub.metadata, metadata) };
  sub.metadata = metadata;
  world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), previous);
}

/** Replaces an invoice's own metadata: `invoice.updated`. */
export function editInvoice(world: World, payment: SimulatedPayment, metadata: Metadata): void {
  if (!payment.invoice) throw new RangeError('editInvoice: this payment has no invoice');
  world.beginCall();
  const previous = { metadata: changedMetadata(payment.invoice.metadata ?? {}, metadata) };
  payment.invoice = { ...payment.invoice, metadata };
  world.tell('invoice.updated', invoiceObject, payment.invoice, previous);
}

/** Replaces a charge's metadata: `charge.updated`. Its payment intent keeps its own. */
export function editCharge(
  world: World,
  payment: SimulatedPayment,
  metadata: Metadata,
  { charge: index = 0 }: { charge?: number } = {},
): void {
  const charge = payment.charges[index];
  if (!charge) throw new RangeError('editCharge: no money moved on Stripe');
  world.beginCall();
  const edited = { ...charge, metadata };
  replaceCharge(world, payment, edited);
  world.tell('charge.updated', chargeObject, edited, { metadata: changedMetadata(charge.metadata ?? {}, metadata) });
}

/** The connected account takes the platform's access away: `account.application.deauthorized`. */
export function deauthorize(world: World, application = 'ca_RiverbendPlatform'): void {
  world.beginCall();
  world.emit('account.application.deauthorized', { id: application, object: 'application', name: 'Riverbend' });
}
