import { addInterval, DAY } from '../calendar.ts';
import type { InvoiceSpec } from '../objects/invoice.ts';
import type { InvoiceLineSpec } from '../objects/line.ts';
import type { SubscriptionSpec } from '../objects/subscription.ts';
import { invoiceTotals } from '../objects/totals.ts';
import type { JsonObject } from '../json.ts';
import type { SimulatedPrice, SimulatedSubscription } from '../state.ts';
import type { World } from '../world.ts';
import { updateCustomer } from './catalog.ts';
import { withTerms } from './terms.ts';

/** The subscription as it stands. */
export function subscriptionNow(
  world: World,
  sub: SimulatedSubscription,
  extra: { cancelAtPeriodEnd?: boolean; endedAt?: number; reason?: string } = {},
): SubscriptionSpec {
  return {
    id: sub.id,
    customer: sub.customer.id,
    currency: sub.currency,
    created: sub.created,
    status: sub.status,
    items: sub.items,
    period: sub.period,
    metadata: sub.metadata,
    discount: sub.discount,
    trial: sub.trial,
    latestInvoice: sub.latestInvoice?.id ?? null,
    cancelAtPeriodEnd: extra.cancelAtPeriodEnd,
    canceledAt: extra.reason ? world.time : null,
    endedAt: extra.endedAt,
    cancellationReason: extra.reason,
    livemode: world.livemode,
  };
}

/** The end of a billing period of this price that starts at `start` (unix seconds). */
export function periodEnd(price: SimulatedPrice, start: number, anchorDay: number): number {
  return addInterval(start, price.interval ?? 'month', price.intervalCount, anchorDay);
}

/** One line per item for a period; free ones during a trial. */
export function itemLines(
  sub: SimulatedSubscription,
  period: { start: number; end: number },
  free = false,
): InvoiceLineSpec[] {
  return sub.items.map(({ price, quantity }) => ({
    amount: free ? 0 : price.amount * quantity,
    description: free
      ? 'Trial period'
      : `${quantity} × Riverbend (every ${price.intervalCount} ${price.interval ?? 'month'})`,
    price,
    quantity,
    period,
    metadata: sub.metadata,
    kind: 'subscription',
  }));
}

/** An invoice of the subscription over these lines, with discount, tax and customer balance applied. */
export function invoiceFor(
  world: World,
  sub: SimulatedSubscription,
  billingReason: string,
  lines: readonly InvoiceLineSpec[],
  startingBalance = sub.customer.balance,
): InvoiceSpec {
  const invoice: InvoiceSpec = {
    id: world.ids.next('in'),
    created: world.time,
    currency: sub.currency,
    customer: sub.customer.id,
    customerEmail: sub.customer.email,
    subscription: sub.id,
    subscriptionMetadata: sub.metadata,
    billingReason,
    startingBalance,
    discount: sub.discount,
    livemode: world.livemode,
    period: { start: sub.period.start, end: sub.period.end },
    lines: withTerms(lines, sub.discount, sub.tax),
  };
  sub.latestInvoice = invoice;
  return invoice;
}

/** Moves the clock to a moment unless it is already later. */
export function waitUntil(world: World, moment: number): void {
  world.time = Math.max(world.time, Math.floor(moment));
}

/** `invoice.upcoming`, three days ahead, when the clock is not past that. */
export function announceUpcoming(
  world: World,
  sub: SimulatedSubscription,
  preview: (spec: InvoiceSpec) => JsonObject,
): void {
  const notice = sub.period.end - 3 * DAY;
  if (world.time > notice) return;
  waitUntil(world, notice);
  world.beginAutomatic();
  const held = sub.latestInvoice;
  const spec = invoiceFor(world, sub, 'upcoming', [...sub.pendingLines, ...itemLines(sub, sub.period)]);
  sub.latestInvoice = held;
  world.emit('invoice.upcoming', preview({ ...spec, id: `upcoming_${spec.id}`, status: 'draft' }));
}

/** The finalised invoice took from, or gave to, the customer's credit balance. */
export function applyBalance(world: World, sub: SimulatedSubscription, invoice: InvoiceSpec): void {
  const { startingBalance, endingBalance } = invoiceTotals(invoice);
  const moved = endingBalance - startingBalance;
  if (moved !== 0) updateCustomer(world, sub.customer, { balance: sub.customer.balance + moved });
}
