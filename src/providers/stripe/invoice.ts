/** Invoices: the authority on what was sold (stripe.md 1.2, 2.1), and the payments that tie cash to them. */
import type { ClaimStatus, EventRef, PaymentFact, Translation } from '../../core/facts.ts';
import { claimOf } from './claim.ts';
import { customerFacts, idOf, identityOf, key, moneyKey, moneyKeys } from './identity.ts';
import { ignore } from './ignored.ts';
import { type Billed, billedLines, originOf } from './lines.ts';
import { couponTouches } from './coupon.ts';
import { optedOutBy } from './opt-out.ts';
import { priceFacts, priceOf } from './price.ts';
import { read, stampOf } from './read.ts';
import { Invoice, type InvoiceObject, InvoicePayment, type InvoicePaymentObject, InvoicePayments } from './schema.ts';
import { RANK, touchesOf } from './touches.ts';

/** Ascending with finality. Uncollectible is not final: it can still be paid (trap 55). */
const STATUS_RANK: Readonly<Record<string, number>> = {
  draft: 0,
  open: 10,
  uncollectible: 20,
  void: 30,
  paid: 40,
};

/** The status in Stripe's words; very old shapes only have `paid`. */
function stripeStatus(invoice: InvoiceObject): string {
  return invoice.status ?? (invoice.paid === true ? 'paid' : 'open');
}

function claimStatus(status: string): ClaimStatus {
  return status === 'paid' || status === 'void' || status === 'uncollectible' ? status : 'open';
}

/** In the same second `invoice.paid` is the earlier proof than its twin, whichever arrives first. */
function rankOf(status: string, type: string): number {
  return (STATUS_RANK[status] ?? 0) + (type === 'invoice.payment_succeeded' ? 1 : 0);
}

/** The subscription: basil's parent, the old field, else that of a recurring line (an accepted quote's invoice). */
function subscriptionOf(invoice: InvoiceObject): string | null {
  const named = idOf(invoice.parent?.subscription_details?.subscription) ?? idOf(invoice.subscription);
  if (named !== null) return key(named);
  for (const line of invoice.lines.data) {
    const { subscription, recurring } = originOf(line);
    if (recurring && subscription !== null) return key(subscription);
  }
  return null;
}

/** Money that did not move through Stripe; basil webhooks do not tell (`amount_paid_off_stripe` is API only). */
function isOutOfBand(invoice: InvoiceObject): boolean {
  return invoice.paid_out_of_band === true || (invoice.amount_paid_off_stripe ?? 0) > 0;
}

/**
 * Cash, in minor units. What was due stands in for it where old versions leave `amount_paid` at 0 because the invoice
 * was paid out of band (stripe.md 1.2), and where a very old shape has no such field.
 */
function paidOf(invoice: InvoiceObject): bigint {
  const due = BigInt(invoice.amount_due ?? 0);
  if (invoice.amount_paid == null) return stripeStatus(invoice) === 'paid' ? due : 0n;
  return invoice.paid_out_of_band === true && invoice.amount_paid === 0 ? due : BigInt(invoice.amount_paid);
}

/**
 * Part of the total that was paid from the buyer's balance: what the total asks for beyond what was due. Credit notes
 * made before the payment lowered what was due as well.
 */
function fromBalance(invoice: InvoiceObject, status: string): bigint | null {
  if (status !== 'paid' || invoice.amount_due == null) return null;
  const credited = BigInt(invoice.pre_payment_credit_notes_amount ?? 0);
  const rest = BigInt(invoice.total) - credited - BigInt(invoice.amount_due);
  return rest > 0n ? rest : 0n;
}

/** What was asked for is told in full, so no payload that comes later says it better. */
const isAnswer = ({ type }: EventRef): boolean => type === 'answer.invoice';

/** The subscription's metadata as frozen at finalisation; session metadata is never copied here (trap 50). */
function frozenOf(invoice: InvoiceObject): unknown {
  return invoice.parent?.subscription_details?.metadata ?? invoice.subscription_details?.metadata;
}

type Buyer = { readonly party: string | null; readonly subscription: string | null };

function billFact(invoice: InvoiceObject, bill: Billed, buyer: Buyer, ref: EventRef): Omit<PaymentFact, 'touches'> {
  const status = stripeStatus(invoice);
  const paidAt = invoice.status_transitions?.paid_at;
  return {
    kind: 'payment',
    keys: moneyKeys(['invoice', invoice.id], ['ch', invoice.charge], ['pi', invoice.payment_intent]),
    claim: claimOf({
      kind: 'bill',
      key: moneyKey('invoice', invoice.id),
      stamp: stampOf(ref, rankOf(status, ref.type)),
      status: claimStatus(status),
      currency: invoice.currency.toLowerCase(),
      total: BigInt(invoice.total),
      paid: paidOf(invoice),
      net: bill.net,
      paidAt: paidAt == null ? null : paidAt * 1000,
      lines: bill.lines,
      linesIncomplete: bill.incomplete,
      ...(isAnswer(ref) ? { detail: 2 } : {}),
      flags: bill.flags,
      standalone: true,
      party: buyer.party,
      subscription: buyer.subscription,
      trial: invoice.total === 0 && (invoice.subtotal ?? 0) === 0 && buyer.subscription !== null,
      outOfBand: isOutOfBand(invoice),
      fromBalance: fromBalance(invoice, status),
      optOut: optedOutBy({ subscription: frozenOf(invoice), invoice: invoice.metadata }),
    }),
    optOut: null,
  };
}

/** `invoice.paid`, `.payment_succeeded`, `.voided`, `.marked_uncollectible`. */
export function translateInvoice(object: unknown, ref: EventRef): Translation {
  const invoice = read(Invoice, object, ref);
  const subscription = subscriptionOf(invoice);
  const frozen = frozenOf(invoice);
  const { customer, customer_account, customer_email: email, metadata } = invoice;
  const identity = identityOf({ customer, customer_account, email, metadata: [frozen, metadata] });
  const carriers = [
    { rank: RANK.subscription, metadata: frozen },
    { rank: RANK.invoice, metadata },
  ];
  const discounts = [
    invoice.discount,
    ...(invoice.discounts ?? []),
    ...invoice.lines.data.flatMap((line) => line.discounts ?? []),
  ];
  const coupons = couponTouches(discounts, ref.at, RANK.invoice, subscription);
  // A bare `di_…` cannot be asked for by itself (trap 48): whoever gave coupons to affiliates asks for the invoice.
  const unnamed = coupons.length === 0 && discounts.some((one) => typeof one === 'string');
  const touches = [...touchesOf(carriers, ref.at, subscription), ...coupons];
  const billed = billedLines(invoice);
  const flags = unnamed ? [...billed.flags, 'discount_unnamed'] : billed.flags;
  const bill = billFact(invoice, { ...billed, flags }, { party: identity.party, subscription }, ref);
  const prices = priceFacts(invoice.lines.data.map(priceOf), ref);
  const paying = invoice.payments?.data.flatMap(tie) ?? [];
  return { facts: [{ ...bill, touches }, ...customerFacts(identity, touches), ...prices, ...paying] };
}

/**
 * `invoice_payment.paid`: on the basil family the only word on which cash belongs to which invoice (stripe.md 1.4). A
 * payment record is money from outside Stripe: it ties nothing, and says how much (cases.md 38).
 */
export function translateInvoicePayment(object: unknown, ref: EventRef): Translation {
  const facts = tie(read(InvoicePayment, object, ref));
  return facts.length === 0 ? ignore('no_invoice_payment') : { facts };
}

/** What pays an invoice with one payment intent, as an answer lists it. An empty list says nothing yet. */
export function translateInvoicePayments(object: unknown, ref: EventRef): Translation {
  const facts = read(InvoicePayments, object, ref).data.flatMap(tie);
  return facts.length === 0 ? ignore('no_invoice_payment') : { facts };
}

/** What was given up pays nothing, and ties nothing. */
function tie({ id, invoice, payment, status, amount_paid: amount }: InvoicePaymentObject): PaymentFact[] {
  if (status === 'canceled') return [];
  const keys = moneyKeys(['invoice', invoice], ['pi', payment.payment_intent], ['ch', payment.charge]);
  const tied: PaymentFact = { kind: 'payment', keys, claim: null, touches: [], optOut: null };
  if (payment.type !== 'payment_record') return [tied];
  return [{ ...tied, outside: { key: key(id), amount: BigInt(amount ?? 0) } }];
}
