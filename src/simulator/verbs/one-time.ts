import { DAY } from '../calendar.ts';
import type { Metadata } from '../json.ts';
import { chargeObject, type ChargeSpec } from '../objects/charge.ts';
import { checkoutSessionObject, type CheckoutSessionSpec } from '../objects/checkout-session.ts';
import type { InvoiceSpec } from '../objects/invoice.ts';
import { paymentIntentObject } from '../objects/payment-intent.ts';
import { taxOf } from '../shares.ts';
import type { CouponTerms, SimulatedCustomer, SimulatedPayment, SimulatedPrice, TaxTerms } from '../state.ts';
import type { World } from '../world.ts';
import {
  announceIntent,
  announceInvoicePayment,
  announceMoney,
  announcePaid,
  issueInvoice,
  paidInvoice,
  paymentOf,
  planTaking,
  type Taken,
} from './money.ts';
import { couponId, discountOf, offOf } from './terms.ts';

/** A one-time purchase through Checkout. Amounts in minor units. */
export interface CheckoutPaymentArguments {
  /** Null or absent for a guest. */
  customer?: SimulatedCustomer | null | undefined;
  /** Accounts v2 identity, instead of or beside the customer. */
  customerAccount?: string | undefined;
  email?: string | null | undefined;
  /** Gross of tax when the tax is inclusive, net of it otherwise; shipping comes on top. */
  amount: number;
  currency?: string | undefined;
  invoiceCreation?: boolean | undefined;
  metadata?: Metadata | undefined;
  /** The invoice's own metadata, when there is an invoice. */
  invoiceMetadata?: Metadata | undefined;
  /** Metadata of the payment intent and its charge; the session's is not copied there. */
  paymentMetadata?: Metadata | undefined;
  clientReferenceId?: string | undefined;
  paymentLink?: string | undefined;
  /** A bank debit that settles, or bounces, four days later. */
  asyncMethod?: 'succeeds' | 'fails' | undefined;
  tax?: TaxTerms | undefined;
  shipping?: number | undefined;
  /** Shown on the invoice's line when there is an invoice. */
  price?: SimulatedPrice | undefined;
  /** Taken off the amount, before tax, and named by the session. */
  coupon?: CouponTerms | undefined;
  /** Overrides the discounts that the session names. */
  discounts?: readonly { coupon: string | null; promotionCode: string | null }[] | undefined;
  applicationFee?: number | undefined;
  transferDestination?: string | undefined;
  presentment?: { amount: number; currency: string } | undefined;
  conversion?: CheckoutSessionSpec['conversion'];
}

interface Purchase {
  given: CheckoutPaymentArguments;
  taken: Taken;
  session: string;
  invoice: InvoiceSpec | null;
  total: number;
  tax: number;
  /** What the coupon took off. */
  off: number;
}

/** A Checkout payment (scenarios 1, 2, 3 and 16). A bounced one returns amount 0 and no charge. */
export function checkoutPayment(world: World, given: CheckoutPaymentArguments): SimulatedPayment {
  world.beginCall();
  const purchase = planPurchase(world, given);
  announceIntent(world, purchase.taken);
  world.time += 30;
  if (given.asyncMethod) return settleLater(world, purchase, given.asyncMethod === 'succeeds');
  const taken = announceMoney(world, purchase.taken);
  announceSession(world, 'checkout.session.completed', purchase, 'paid');
  return finish(world, purchase, taken);
}

function planPurchase(world: World, given: CheckoutPaymentArguments): Purchase {
  const off = given.coupon ? offOf(given.coupon, given.amount) : 0;
  const tax = given.tax ? taxOf(given.amount - off, given.tax.percent, given.tax.inclusive) : 0;
  const total = given.amount - off + (given.tax && !given.tax.inclusive ? tax : 0) + (given.shipping ?? 0);
  const email = given.email ?? given.customer?.email ?? null;
  const { applicationFee, transferDestination, presentment } = given;
  const taken = planTaking(world, {
    amount: total,
    currency: given.currency ?? 'usd',
    customer: given.customer?.id ?? null,
    customerAccount: given.customerAccount,
    email,
    metadata: given.paymentMetadata,
    method: given.asyncMethod ? 'sepa_debit' : 'card',
    applicationFee,
    transferDestination,
    presentment,
  });
  const purchase: Purchase = {
    given,
    taken,
    session: world.ids.session(world.livemode),
    invoice: null,
    total,
    tax,
    off,
  };
  return given.invoiceCreation ? { ...purchase, invoice: receiptInvoice(world, purchase, email) } : purchase;
}

function receiptInvoice(world: World, { given, tax, off, session }: Purchase, email: string | null): InvoiceSpec {
  const id = world.ids.next('in');
  const currency = given.currency ?? 'usd';
  const customer = given.customer?.id ?? null;
  const discount = given.coupon
    ? discountOf(world, given.coupon, { customer, subscription: null, currency, session, invoice: id })
    : undefined;
  return {
    id,
    created: world.time,
    currency,
    customer,
    ...(given.customerAccount ? { customerAccount: given.customerAccount } : {}),
    customerEmail: email,
    billingReason: 'manual',
    livemode: world.livemode,
    metadata: given.invoiceMetadata ?? {},
    discount,
    lines: [
      {
        amount: given.amount,
        description: 'One-time purchase',
        price: given.price ?? null,
        kind: 'invoiceitem',
        discountAmounts: discount ? [{ amount: off, discount: discount.id }] : [],
        taxes: given.tax ? [{ amount: tax, inclusive: given.tax.inclusive }] : [],
      },
    ],
    ...(given.shipping ? { shippingCost: { amountSubtotal: given.shipping } } : {}),
  };
}

/** Invoice of the receipt kind, made after the money, and the late `charge.updated`. */
function finish(world: World, purchase: Purchase, taken: Taken): SimulatedPayment {
  let paid: InvoiceSpec | null = null;
  if (purchase.invoice) {
    const open = issueInvoice(world, { ...purchase.invoice, created: world.time });
    paid = paidInvoice(world, open, taken);
    announcePaid(world, paid);
    announceInvoicePayment(world, paid, taken);
  }
  world.time += 3;
  world.beginAutomatic();
  const settled: ChargeSpec = {
    ...taken.charge,
    invoice: paid?.id ?? null,
    balanceTransaction: world.ids.next('txn'),
  };
  world.tell('charge.updated', chargeObject, settled, { balance_transaction: null });
  return paymentOf(paid, [{ ...taken, charge: settled }], purchase.session);
}

function announceSession(
  world: World,
  type: string,
  { given, taken, session, invoice, total, tax, off }: Purchase,
  paymentStatus: 'paid' | 'unpaid',
): void {
  world.tell(type, checkoutSessionObject, {
    id: session,
    mode: 'payment',
    created: taken.charge.created - 60,
    currency: given.currency ?? 'usd',
    amountSubtotal: given.amount,
    amountTotal: total,
    amountTax: tax,
    amountDiscount: off,
    amountShipping: given.shipping,
    paymentStatus,
    customer: given.customer?.id ?? null,
    customerAccount: given.customerAccount,
    email: given.email ?? given.customer?.email,
    clientReferenceId: given.clientReferenceId,
    metadata: given.metadata,
    invoice: paymentStatus === 'paid' ? (invoice?.id ?? null) : null,
    invoiceCreation: given.invoiceCreation,
    paymentIntent: taken.intent.id,
    paymentLink: given.paymentLink,
    discounts: given.discounts ?? named(given.coupon),
    presentment: given.presentment,
    conversion: given.conversion,
    lineItems: [
      {
        description: 'One-time purchase',
        price: given.price ?? null,
        quantity: 1,
        amountSubtotal: given.amount,
        amountDiscount: off,
        amountTax: tax,
        amountTotal: total - (given.shipping ?? 0),
      },
    ],
    livemode: world.livemode,
  });
}

function named(coupon: CouponTerms | undefined): CheckoutSessionSpec['discounts'] {
  return coupon ? [{ coupon: couponId(coupon), promotionCode: coupon.promotionCode ?? null }] : undefined;
}

function settleLater(world: World, purchase: Purchase, succeeds: boolean): SimulatedPayment {
  const pending: Taken = {
    charge: { ...purchase.taken.charge, status: 'pending', created: world.time },
    intent: {
      ...purchase.taken.intent,
      status: 'processing',
      latestCharge: purchase.taken.charge.id,
    },
  };
  world.tell('charge.pending', chargeObject, pending.charge);
  world.tell('payment_intent.processing', paymentIntentObject, pending.intent);
  announceSession(world, 'checkout.session.completed', purchase, 'unpaid');
  world.time += 4 * DAY;
  world.beginAutomatic();
  if (succeeds) {
    const taken = announceMoney(world, pending);
    announceSession(world, 'checkout.session.async_payment_succeeded', purchase, 'paid');
    return finish(world, purchase, taken);
  }
  world.tell('charge.failed', chargeObject, { ...pending.charge, status: 'failed' });
  world.tell('payment_intent.payment_failed', paymentIntentObject, {
    ...pending.intent,
    status: 'requires_payment_method',
  });
  announceSession(world, 'checkout.session.async_payment_failed', purchase, 'unpaid');
  return {
    ...paymentOf(null, [], purchase.session),
    paymentIntent: pending.intent.id,
    customer: pending.charge.customer ?? null,
  };
}
