/** What Stripe's API answers, in facts: the shapes that webhooks never have. */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/simulator/json.ts';
import {
  checkoutSessionObject,
  invoiceObject,
  invoicePaymentObject,
  priceObject,
  type InvoiceSpec,
  type PriceSpec,
} from '../../../src/simulator/objects.ts';
import { said, translated } from './said.ts';

const T = 1_767_600_000;

const yearly: PriceSpec = {
  id: 'price_year',
  product: 'prod_1',
  currency: 'usd',
  amount: 20_000,
  interval: 'year',
  intervalCount: 1,
};

const bill: InvoiceSpec = {
  id: 'in_1',
  created: T,
  currency: 'usd',
  customer: 'cus_1',
  lines: [{ amount: 20_000, price: yearly, subscription: null }],
};

const payment = { id: 'inpay_1', invoice: 'in_1', amountPaid: 20_000, currency: 'usd', created: T };
const list = (...data: Json[]): JsonObject => ({ object: 'list', data, has_more: false });

/** The invoice with another price in the place of its line's. */
function priced(price: Json): JsonObject {
  const invoice = invoiceObject('basil', bill);
  const [line] = (invoice['lines'] as { data: JsonObject[] }).data;
  const pricing = { type: 'price_details', price_details: { price, product: 'prod_1' } };
  return { ...invoice, lines: list({ ...line, pricing }) };
}

function claimOf(type: string, object: JsonObject) {
  for (const fact of said(type, object)) if (fact.kind === 'payment' && fact.claim) return fact.claim;
  throw new Error('there is no claim');
}

describe('an invoice', () => {
  test('is told in full: no payload that comes later says its lines better', () => {
    expect(claimOf('answer.invoice', invoiceObject('basil', bill))).toMatchObject({
      detail: 2,
      linesIncomplete: false,
    });
    expect(claimOf('invoice.paid', invoiceObject('basil', bill))).toMatchObject({ detail: 1 });
  });

  test('may show its prices whole: then how they recur is known', () => {
    const answer = priced(priceObject(yearly));
    expect(claimOf('answer.invoice', answer).lines).toMatchObject([
      { prices: ['price_year'], products: ['prod_1'], interval: 'month:12', net: 20_000n },
    ]);
    expect(said('answer.invoice', answer)).toContainEqual(
      expect.objectContaining({ kind: 'price', key: 'stripe:price_year', interval: 'month:12' }),
    );
  });

  test('with a deleted price says its name and nothing about how it recurred', () => {
    const answer = priced({ id: 'price_year', object: 'price', deleted: true });
    expect(claimOf('answer.invoice', answer).lines).toMatchObject([{ prices: ['price_year'], interval: null }]);
    expect(said('answer.invoice', answer).filter(({ kind }) => kind === 'price')).toEqual([]);
  });

  test('says what paid it, without what was given up, and what came from outside', () => {
    const payments = list(
      invoicePaymentObject({ ...payment, paymentIntent: 'pi_1' }),
      invoicePaymentObject({ ...payment, id: 'inpay_2', charge: 'ch_2' }),
      { ...invoicePaymentObject({ ...payment, id: 'inpay_3', paymentIntent: 'pi_3' }), status: 'canceled' },
      invoicePaymentObject({ ...payment, id: 'inpay_4', paymentRecord: 'prec_1', amountPaid: 5_000 }),
    );
    const facts = said('answer.invoice', { ...invoiceObject('basil', bill), payments });
    const tied = facts.flatMap((fact) => (fact.kind === 'payment' && !fact.claim ? [fact] : []));
    expect(tied.map(({ keys, outside }) => [keys, outside?.amount])).toEqual([
      [['stripe:invoice:in_1', 'stripe:pi:pi_1'], undefined],
      [['stripe:invoice:in_1', 'stripe:ch:ch_2'], undefined],
      [['stripe:invoice:in_1'], 5_000n],
    ]);
  });
});

describe('the payments of an intent', () => {
  test('lead to its invoice', () => {
    expect(said('answer.invoice_payments', list(invoicePaymentObject({ ...payment, paymentIntent: 'pi_1' })))).toEqual([
      { kind: 'payment', keys: ['stripe:invoice:in_1', 'stripe:pi:pi_1'], claim: null, touches: [], optOut: null },
    ]);
  });

  test('that do not exist, or were given up, say nothing', () => {
    const canceled = { ...invoicePaymentObject({ ...payment, paymentIntent: 'pi_1' }), status: 'canceled' };
    for (const answer of [list(), list(canceled)])
      expect(translated('answer.invoice_payments', answer)).toEqual({ ignored: 'no_invoice_payment' });
  });
});

describe('a session', () => {
  const session = checkoutSessionObject('basil', {
    id: 'cs_1',
    mode: 'payment',
    created: T,
    currency: 'usd',
    amountTotal: 13_700,
    amountTax: 1_200,
    amountShipping: 500,
    paymentStatus: 'paid',
    paymentIntent: 'pi_1',
    customer: 'cus_1',
  });
  const book = priceObject({ ...yearly, id: 'price_book', product: 'prod_book', interval: null, amount: 2_000 });
  const course = priceObject({ ...yearly, id: 'price_course', product: 'prod_course', interval: null, amount: 10_000 });
  const line = (id: string, total: number, tax: number, price: JsonObject | null): JsonObject => ({
    id,
    object: 'item',
    amount_total: total,
    amount_tax: tax,
    quantity: 2,
    price,
  });

  test('says what was bought, each line without its tax', () => {
    const bought = list(line('li_1', 2_200, 200, book), line('li_2', 11_000, 1_000, course));
    const claim = claimOf('answer.checkout_session', { ...session, line_items: bought });
    expect(claim).toMatchObject({ detail: 2, net: 12_000n, total: 13_700n, paid: 13_700n, flags: [] });
    expect(claim.lines).toMatchObject([
      { id: 'li_1', net: 2_000n, prices: ['price_book'], products: ['prod_book'], recurring: false, quantity: 2 },
      { id: 'li_2', net: 10_000n, prices: ['price_course'], products: ['prod_course'], recurring: false },
    ]);
  });

  test('whose lines do not add up to its total is bent to it, and says so', () => {
    const claim = claimOf('answer.checkout_session', { ...session, line_items: list(line('li_1', 6_000, 0, null)) });
    expect(claim.lines).toMatchObject([{ id: 'li_1', net: 12_000n, prices: [] }]);
    expect(claim.flags).toEqual(['scaled_to_total']);
  });

  test('without lines is one line, and was asked for all the same', () => {
    const claim = claimOf('answer.checkout_session', { ...session, line_items: list() });
    expect(claim).toMatchObject({ detail: 2, lines: [{ net: 12_000n, prices: [] }] });
    expect(claimOf('checkout.session.completed', session)).toMatchObject({ detail: 1 });
  });

  test('of a subscription says its prices; its money is on invoices', () => {
    const subscribed = { ...session, mode: 'subscription', subscription: 'sub_1' };
    const line_items = list(line('li_1', 20_000, 0, priceObject(yearly)));
    expect(said('answer.checkout_session', { ...subscribed, line_items }).map(({ kind }) => kind)).toContain('price');
  });
});

test('a price says how it recurs', () => {
  expect(said('answer.price', priceObject(yearly))).toMatchObject([{ kind: 'price', interval: 'month:12' }]);
});
