import { derivedId } from '../ids.ts';
import { hasAddedFields, hasRemovedFields } from '../family.ts';
import { lineId, type InvoiceLineSpec } from '../objects/line.ts';
import { planObject, priceObject } from '../objects/price.ts';
import { roundMinor } from '../shares.ts';
import type { SimulatedPayment, SimulatedPrice, SimulatedSubscription } from '../state.ts';
import { subscriptionObject } from '../objects/subscription.ts';
import type { World } from '../world.ts';
import { issueInvoice, settleInvoice } from './money.ts';
import { applyBalance, invoiceFor, periodEnd, subscriptionNow, waitUntil } from './subscriptions.ts';

/** How a price is changed. */
export interface ChangeArguments {
  /** Default `create_prorations`, as at Stripe. */
  behavior?: 'always_invoice' | 'create_prorations' | undefined;
  /** How much of the period has passed, 0 to 1; default 0.5. The clock moves there. */
  fractionUsed?: number | undefined;
  quantity?: number | undefined;
}

type Proration = InvoiceLineSpec & { price: SimulatedPrice; invoiceItem: string };

/**
 * Swaps the (first) price of a subscription (scenarios 8 to 11). `always_invoice` returns what was billed, with
 * amount 0 when a downgrade went to the credit balance; `create_prorations` returns null and leaves the lines
 * to the next renewal.
 */
export function changePrice(
  world: World,
  sub: SimulatedSubscription,
  to: SimulatedPrice,
  given: ChangeArguments = {},
): SimulatedPayment | null {
  const from = sub.items[0];
  if (!from) throw new RangeError('changePrice: the subscription has no items');
  const used = given.fractionUsed ?? 0.5;
  waitUntil(world, sub.period.start + (sub.period.end - sub.period.start) * used);
  world.beginCall();
  const quantity = given.quantity ?? from.quantity;
  const switched = to.interval !== from.price.interval || to.intervalCount !== from.price.intervalCount;
  const lines = prorations(world, sub, { to, quantity, left: 1 - used, switched });
  const before = {
    items: {
      data: [
        {
          id: derivedId('si', sub.id, from.price.id),
          price: priceObject(from.price),
          quantity: from.quantity,
        },
      ],
    },
  };
  sub.items = [{ price: to, quantity }, ...sub.items.slice(1)];
  if (switched) restartPeriod(world, sub, to);
  world.tell('customer.subscription.updated', subscriptionObject, subscriptionNow(world, sub), before);
  for (const line of lines) world.emit('invoiceitem.created', invoiceItemObject(world, sub, line));
  if (given.behavior !== 'always_invoice' && !switched) {
    sub.pendingLines.push(...lines);
    return null;
  }
  return billNow(world, sub, lines);
}

/** A change of interval resets the anchor. */
function restartPeriod(world: World, sub: SimulatedSubscription, price: SimulatedPrice): void {
  sub.anchorDay = new Date(world.time * 1000).getUTCDate();
  sub.period = { start: world.time, end: periodEnd(price, world.time, sub.anchorDay) };
}

function billNow(world: World, sub: SimulatedSubscription, lines: readonly InvoiceLineSpec[]): SimulatedPayment {
  const open = issueInvoice(world, invoiceFor(world, sub, 'subscription_update', lines));
  applyBalance(world, sub, open);
  const payment = settleInvoice(world, open);
  sub.latestInvoice = payment.invoice;
  sub.payments.push(payment);
  return payment;
}

/** The unused rest of the old price goes back, the rest of the new one is charged, both net of a percent coupon. */
function prorations(
  world: World,
  sub: SimulatedSubscription,
  change: { to: SimulatedPrice; quantity: number; left: number; switched: boolean },
): Proration[] {
  const old = sub.items[0];
  if (!old) return [];
  const keep = 1 - (sub.discount?.product === undefined ? (sub.discount?.percentOff ?? 0) : 0) / 100;
  const end = change.switched
    ? periodEnd(change.to, world.time, new Date(world.time * 1000).getUTCDate())
    : sub.period.end;
  const common = {
    proration: true,
    metadata: sub.metadata,
    kind: change.switched ? ('subscription' as const) : ('invoiceitem' as const),
  };
  const credited = sub.latestInvoice;
  const unused: Proration = {
    ...common,
    amount: roundMinor(-old.price.amount * old.quantity * change.left * keep),
    description: 'Unused time on previous plan',
    price: old.price,
    quantity: old.quantity,
    period: { start: world.time, end: sub.period.end },
    invoiceItem: world.ids.next('ii'),
    ...(credited
      ? {
          creditedItems: {
            invoice: credited.id,
            lines: credited.lines.map((line, index) => lineId(credited.id, index, line)).slice(0, 1),
          },
        }
      : {}),
  };
  const charged: Proration = {
    ...common,
    amount: roundMinor(change.to.amount * change.quantity * (change.switched ? 1 : change.left) * keep),
    description: 'Remaining time on new plan',
    price: change.to,
    quantity: change.quantity,
    period: { start: world.time, end },
    invoiceItem: world.ids.next('ii'),
  };
  return [unused, charged];
}

function invoiceItemObject(world: World, sub: SimulatedSubscription, line: Proration) {
  const details = {
    subscription: sub.id,
    subscription_item: derivedId('si', sub.id, line.price.id),
  };
  const removed = {
    plan: planObject(line.price),
    price: priceObject(line.price),
    subscription: sub.id,
    unit_amount: line.price.amount,
  };
  const added = {
    parent: { subscription_details: details, type: 'subscription_details' },
    pricing: {
      price_details: { price: line.price.id, product: line.price.product },
      type: 'price_details',
      unit_amount_decimal: String(line.price.amount),
    },
  };
  return {
    id: line.invoiceItem,
    object: 'invoiceitem',
    amount: line.amount,
    currency: sub.currency,
    customer: sub.customer.id,
    date: world.time,
    description: line.description ?? null,
    discountable: false,
    discounts: [],
    invoice: null,
    livemode: world.livemode,
    metadata: sub.metadata,
    period: line.period ?? null,
    ...(hasRemovedFields(world.family) ? removed : {}),
    ...(hasAddedFields(world.family) ? added : {}),
    proration: true,
    quantity: line.quantity ?? 1,
    tax_rates: [],
  };
}
