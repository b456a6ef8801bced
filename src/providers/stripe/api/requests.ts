/** Which request answers which question: one function each, by the names of the SDK. */
import type Stripe from 'stripe';
import type { Answer } from '../../../core/answers.ts';
import type { Question } from '../../../core/questions.ts';
import { PAGE } from './client.ts';

type Ask = (stripe: Stripe, id: string) => Promise<Answer>;

const one = (type: string, object: unknown): Answer => ({ found: [{ type, object }], final: true });

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of pages) found.push(entry);
  return found;
}

/**
 * The invoice with every line, what paid it and which codes were used. Prices stay ids: they are asked for once each and
 * known for ever, and to expand them would send them again with every line.
 */
async function invoice(stripe: Stripe, id: string): Promise<Answer> {
  const head = await stripe.invoices.retrieve(id, { expand: ['payments', 'discounts.promotion_code'] });
  const data = head.lines.has_more ? await all(stripe.invoices.listLineItems(id, { limit: PAGE })) : head.lines.data;
  const lines = { ...head.lines, data, has_more: false };
  const object = { ...head, lines, ...(await allPayments(stripe, head)) };
  // Whoever asks has seen money for it, so it is about to be paid.
  return { found: [{ type: 'answer.invoice', object }], final: head.status !== 'open' && head.status !== 'draft' };
}

async function allPayments(
  stripe: Stripe,
  { id, payments }: Stripe.Invoice,
): Promise<Pick<Stripe.Invoice, 'payments'>> {
  if (!payments?.has_more) return {};
  const data = await all(stripe.invoicePayments.list({ invoice: id, limit: PAGE }));
  return { payments: { ...payments, data, has_more: false } };
}

/** The only way from a payment intent to its invoice (stripe.md 1.4). While the list is empty it may yet be filled. */
async function invoicePayments(stripe: Stripe, id: string): Promise<Answer> {
  const data = await all(
    stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: id }, limit: PAGE }),
  );
  const object = { object: 'list', data, has_more: false };
  const final = data.some((payment) => payment.status !== 'canceled');
  return { found: [{ type: 'answer.invoice_payments', object }], final };
}

/** The session with what was bought: webhooks never show it. */
async function checkoutSession(stripe: Stripe, id: string): Promise<Answer> {
  const session = await stripe.checkout.sessions.retrieve(id, { expand: ['discounts.promotion_code'] });
  const data = await all(stripe.checkout.sessions.listLineItems(id, { limit: PAGE }));
  return one('answer.checkout_session', { ...session, line_items: { object: 'list', data, has_more: false } });
}

const REQUESTS: Readonly<Record<Question['kind'], Ask>> = {
  invoice,
  invoice_payments: invoicePayments,
  checkout_session: checkoutSession,
  price: async (stripe, id) => one('answer.price', await stripe.prices.retrieve(id)),
  charge: async (stripe, id) => one('answer.charge', await stripe.charges.retrieve(id)),
  promotion_code: async (stripe, id) => one('answer.promotion_code', await stripe.promotionCodes.retrieve(id)),
};

/** Sends the requests that a question needs. Throws what the SDK throws. */
export function request(stripe: Stripe, { kind, id }: Question): Promise<Answer> {
  return REQUESTS[kind](stripe, id);
}
