import type { Metadata } from '../json.ts';
import { invoiceAmounts, invoiceObject, type InvoiceSpec } from '../objects/invoice.ts';
import { invoiceTotals } from '../objects/totals.ts';
import type { CouponTerms, SimulatedCustomer, SimulatedPayment, SimulatedSubscription, TaxTerms } from '../state.ts';
import type { World } from '../world.ts';
import { updateCustomer } from './catalog.ts';
import {
  announceInvoicePayment,
  announcePaid,
  issueInvoice,
  paidInvoice,
  paymentOf,
  settleInvoice,
  type Taken,
} from './money.ts';
import { type PartArguments, payPart } from './parts.ts';
import { discountOf, offOf, withTerms } from './terms.ts';

/** An invoice of any description; see InvoiceSpec for the fields. */
export interface InvoiceArguments extends Partial<
  Omit<InvoiceSpec, 'customer' | 'subscription' | 'lines' | 'id' | 'created' | 'status'>
> {
  lines: InvoiceSpec['lines'];
  customer?: SimulatedCustomer | null | undefined;
  subscription?: SimulatedSubscription | null | undefined;
  /** What becomes of it; default `paid`. */
  outcome?: 'paid' | 'open' | 'void' | 'uncollectible' | undefined;
  /** Metadata of its payment intent and charge. */
  paymentMetadata?: Metadata | undefined;
  /** With `paidOutOfBand` on basil: `invoice_payment.paid` of type `payment_record` follows. */
  paymentRecord?: boolean | undefined;
  /** Discounts the whole invoice, or with `couponLine` only the line of that place from 0; then `tax` is put on. */
  coupon?: CouponTerms | undefined;
  couponLine?: number | undefined;
  tax?: TaxTerms | undefined;
  /** Starts from the customer's balance and moves it, with a `customer.updated`. */
  useBalance?: boolean | undefined;
}

/** A part of an invoice's money, minor units; `outOfBand` came outside Stripe. */
type Part = number | { amount: number; outOfBand?: boolean | undefined };

function draft(world: World, given: InvoiceArguments): InvoiceSpec {
  const { customer, subscription, outcome: _, paymentMetadata: _m, paymentRecord: _r, ...described } = given;
  const { useBalance, coupon: _c, couponLine: _l, tax: _t, ...rest } = described;
  const made: InvoiceSpec = {
    ...rest,
    id: world.ids.next('in'),
    created: world.time,
    currency: rest.currency ?? subscription?.currency ?? 'usd',
    customer: customer?.id ?? subscription?.customer.id ?? null,
    customerEmail: rest.customerEmail ?? customer?.email ?? subscription?.customer.email ?? null,
    subscription: subscription?.id ?? null,
    subscriptionMetadata: rest.subscriptionMetadata ?? subscription?.metadata,
    livemode: world.livemode,
    ...(useBalance && customer ? { startingBalance: customer.balance } : {}),
  };
  return given.coupon || given.tax ? priced(world, made, given) : made;
}

function priced(world: World, made: InvoiceSpec, { coupon, couponLine, tax }: InvoiceArguments): InvoiceSpec {
  const whom = { customer: made.customer ?? null, subscription: null, invoice: made.id, currency: made.currency };
  const discount = coupon ? discountOf(world, coupon, whom) : undefined;
  if (!discount || couponLine === undefined) {
    return { ...made, discount: discount ?? made.discount, lines: withTerms(made.lines, discount, tax) };
  }
  const discounted = made.lines.map((line, index) =>
    index === couponLine
      ? { ...line, discountAmounts: [{ amount: offOf(discount, line.amount), discount: discount.id }] }
      : line,
  );
  return { ...made, lines: withTerms(discounted, undefined, tax) };
}

function issue(world: World, given: InvoiceArguments): InvoiceSpec {
  const open = issueInvoice(world, draft(world, given));
  const { endingBalance } = invoiceTotals(open);
  if (given.useBalance && given.customer && given.customer.balance !== endingBalance) {
    updateCustomer(world, given.customer, { balance: endingBalance });
  }
  return open;
}

/** One invoice of the merchant's own making (scenarios 12 to 14 and 26): issued, then paid, left open or given up. */
export function invoice(world: World, given: InvoiceArguments): SimulatedPayment {
  world.beginCall();
  const open = issue(world, given);
  world.time += 60;
  const outcome = given.outcome ?? 'paid';
  if (outcome === 'paid') return settleInvoice(world, open, given);
  const rest = paymentOf(open, []);
  return outcome === 'open' ? rest : closeInvoice(world, rest, outcome);
}

/** Gives an unpaid invoice up: `invoice.voided` or `invoice.marked_uncollectible`. */
export function closeInvoice(
  world: World,
  unpaid: SimulatedPayment,
  outcome: 'void' | 'uncollectible',
): SimulatedPayment {
  if (!unpaid.invoice) throw new RangeError('closeInvoice: this payment has no invoice');
  world.beginCall();
  const closed: InvoiceSpec = { ...unpaid.invoice, status: outcome, paidAt: world.time };
  world.tell(outcome === 'void' ? 'invoice.voided' : 'invoice.marked_uncollectible', invoiceObject, closed);
  return { ...unpaid, invoice: closed };
}

/**
 * Pays an invoice that was left open, or even given up as uncollectible; after a part payment (basil) the rest of it.
 * `outOfBand` marks it as paid outside Stripe, with `paymentRecord` (basil) `invoice_payment.paid` as well.
 */
export function payInvoice(
  world: World,
  unpaid: SimulatedPayment,
  given: PartArguments & { paymentRecord?: boolean | undefined } = {},
): SimulatedPayment {
  const { invoice: open } = unpaid;
  if (!open) throw new RangeError('payInvoice: this payment has no invoice');
  if (open.paidInParts) return payPart(world, unpaid, invoiceAmounts(world.family, open).remaining, given);
  world.beginCall();
  return settleInvoice(world, given.outOfBand ? { ...open, paidOutOfBand: true } : open, given);
}

/**
 * An invoice paid by several charges (scenario 28, basil only). Parts in minor units. When they do not cover it
 * the invoice stays open, or is given up with `outcome: 'uncollectible'`; a surplus becomes `invoice.overpaid`.
 */
export function payInvoiceInParts(
  world: World,
  { parts, ...given }: InvoiceArguments & { parts: readonly Part[] },
): SimulatedPayment {
  if (world.family !== 'basil') throw new RangeError('payInvoiceInParts: only the basil family knows partial payments');
  world.beginCall();
  let payment = paymentOf(issue(world, given), []);
  for (const part of parts) {
    world.time += 600;
    const { amount, outOfBand } = typeof part === 'number' ? { amount: part } : part;
    payment = payPart(world, payment, amount, { outOfBand, paymentMetadata: given.paymentMetadata });
  }
  const unpaid = payment.invoice?.status !== 'paid';
  return unpaid && given.outcome === 'uncollectible' ? closeInvoice(world, payment, 'uncollectible') : payment;
}

/**
 * An invoice for money that a session or intent took earlier, or that came some other way: only the invoice's events.
 * On basil `invoice_payment.paid` follows at once, or `linkedAfter` seconds later.
 */
export function invoicePaidBy(
  world: World,
  given: InvoiceArguments & { linkedAfter?: number | undefined },
  by: SimulatedPayment,
): SimulatedPayment {
  const charge = by.charges[0];
  if (!charge || !by.paymentIntent) throw new RangeError('invoicePaidBy: the payment has no payment intent');
  world.beginCall();
  const { linkedAfter = 0, ...described } = given;
  const open = issueInvoice(world, draft(world, described));
  const intent = { ...charge, id: by.paymentIntent, status: 'succeeded' as const };
  const taken: Taken = { charge: { ...charge, invoice: open.id }, intent };
  const paid = paidInvoice(world, open, taken);
  announcePaid(world, paid);
  world.time += linkedAfter;
  announceInvoicePayment(world, paid, taken);
  return { ...paymentOf(paid, [taken]), refunds: by.refunds };
}
