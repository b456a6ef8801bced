import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { dig } from '../../src/simulator/json.ts';

const START = Date.UTC(2026, 0, 5) / 1000;

function open(family: 'old' | 'basil', more = {}): SimulatedAccount {
  return createAccount({ family, seed: 'objects', startAt: START, ...more });
}

describe.each(['old', 'basil'] as const)('the read side, %s', (family) => {
  test('shows the basil shape, whatever the webhooks look like', () => {
    const account = open(family);
    const price = account.price({ amount: 2_900, interval: 'month', intervalCount: 3 });
    const customer = account.customer({ email: 'a@b.example' });
    const sub = account.subscribe({ customer, price });
    const invoice = account.objects.get(sub.firstPayment.invoice?.id ?? '');
    expect(invoice).toMatchObject({
      object: 'invoice',
      status: 'paid',
      amount_paid: 2_900,
      parent: { subscription_details: { subscription: sub.id } },
    });
    expect(invoice).not.toHaveProperty('charge');
    expect(account.objects.get(sub.id)).toMatchObject({ status: 'active', latest_invoice: invoice?.id });
    expect(account.objects.get(price.id)).toMatchObject({ recurring: { interval: 'month', interval_count: 3 } });
    expect(account.objects.list('charge', { customer: customer.id })).toHaveLength(1);
  });

  test('finds the invoice of a payment intent', () => {
    const account = open(family);
    const { invoice, paymentIntent } = account.invoice({ lines: [{ amount: 700 }] });
    const found = account.objects.list('invoice_payment', { 'payment.payment_intent': paymentIntent });
    expect(found).toMatchObject([{ invoice: invoice?.id, amount_paid: 700, status: 'paid' }]);
    expect(account.objects.list('invoice_payment', { 'payment.payment_intent': 'pi_unknown' })).toEqual([]);
  });

  test('gives every line, while the event shows ten', () => {
    const account = open(family);
    const lines = Array.from({ length: 25 }, (_, index) => ({ amount: 100 + index }));
    const paid = account.invoice({ lines });
    const event = account.events.find(({ type }) => type === 'invoice.paid');
    expect(dig(event?.object, 'data.object.lines.has_more')).toBe(true);
    expect(dig(event?.object, 'data.object.lines.data')).toHaveLength(10);
    const all = account.linesOf(paid.invoice?.id ?? '');
    expect(all.map(({ amount }) => amount)).toEqual(lines.map(({ amount }) => amount));
    expect(new Set(all.map(({ id }) => id)).size).toBe(25);
    expect(dig(account.objects.get(paid.invoice?.id ?? ''), 'lines.has_more')).toBe(true);
  });

  test('follows what happens: refunds, failures, deletions', () => {
    const account = open(family, { refundEvents: 'refund-only' });
    const customer = account.customer();
    const payment = account.paymentIntent({ amount: 1_000, customer });
    const refund = account.refund(payment, { amount: 300 });
    expect(account.objects.get(payment.charge ?? '')).toMatchObject({ amount_refunded: 300 });
    account.failRefund(refund);
    expect(account.objects.get(payment.charge ?? '')).toMatchObject({ amount_refunded: 0 });
    expect(account.objects.list('refund', { charge: payment.charge })).toMatchObject([
      { id: refund.id, status: 'failed' },
    ]);
    account.deleteCustomer(customer);
    expect(account.objects.get(customer.id)).toEqual({ id: customer.id, object: 'customer', deleted: true });
    expect(account.objects.list('customer')).toEqual([]);
  });

  test('lists newest first, also when the clock was set back', () => {
    const account = open(family);
    const [late, early] = [START + 5_000, START].map((moment) => {
      account.at(moment);
      return account.paymentIntent({ amount: 100 }).charge;
    });
    expect(account.objects.list('charge').map(({ id }) => id)).toEqual([late, early]);
  });

  test('knows what a session sold', () => {
    const account = open(family);
    const tax = { percent: 20, inclusive: false };
    const bought = account.checkoutPayment({ email: 'g@b.example', amount: 1_000, tax });
    expect(account.objects.get(bought.session ?? '')).not.toHaveProperty('line_items');
    expect(account.objects.lineItemsOf(bought.session ?? '')).toMatchObject([
      { amount_subtotal: 1_000, amount_tax: 200, amount_total: 1_200, price: { object: 'price' } },
    ]);
  });

  test('shows no preview of an invoice, and prices that no event announced', () => {
    const account = open(family);
    const price = account.price({ amount: 500, silent: true });
    account.renew(account.subscribe({ customer: account.customer(), price }));
    expect(account.objects.list('invoice').filter(({ id }) => id.startsWith('upcoming_'))).toEqual([]);
    expect(account.objects.get(price.id)).toMatchObject({ unit_amount: 500 });
  });
});
