import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { addInterval } from '../../src/simulator/calendar.ts';
import { dig } from '../../src/simulator/json.ts';

const START = Date.UTC(2026, 0, 31, 12) / 1000;

function open(family: 'old' | 'basil', more = {}): SimulatedAccount {
  return createAccount({ family, seed: 'sequences', startAt: START, ...more });
}

function types(account: SimulatedAccount, act: () => void): string[] {
  return account.during(act).map(({ type }) => type);
}

describe('sequences of reference/stripe.md section 2', () => {
  test('4: Checkout subscription on basil: the money comes before the invoice exists', () => {
    const account = open('basil');
    const customer = account.customer({ email: 'a@b.example' });
    const price = account.price({ amount: 2_900 });
    expect(types(account, () => account.subscribe({ customer, price }))).toEqual([
      'charge.succeeded',
      'payment_intent.succeeded',
      'customer.subscription.created',
      'invoice.created',
      'invoice.finalized',
      'invoice.updated',
      'invoice.paid',
      'invoice.payment_succeeded',
      'checkout.session.completed',
      'invoice_payment.paid',
    ]);
  });

  test('5: the same on old versions', () => {
    const account = open('old');
    const customer = account.customer();
    const price = account.price({ amount: 2_900 });
    expect(types(account, () => account.subscribe({ customer, price, via: 'api' }))).toEqual([
      'customer.subscription.created',
      'invoice.created',
      'invoice.finalized',
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'customer.subscription.updated',
      'invoice.paid',
      'invoice.payment_succeeded',
    ]);
  });

  test.each(['old', 'basil'] as const)('6: a trial costs nothing until it ends, %s', (family) => {
    const account = open(family);
    const sub = account.subscribe({
      customer: account.customer(),
      price: account.price({ amount: 2_900 }),
      trialDays: 14,
    });
    expect(sub.firstPayment).toMatchObject({ amount: 0, charge: null });
    const paid = account.trialEnd(sub);
    expect(paid).toMatchObject({ amount: 2_900, invoice: { billingReason: 'subscription_cycle' } });
    expect(account.now).toBeGreaterThanOrEqual(START + 14 * 86_400);
  });

  test('7: renewals keep to the anchor day', () => {
    const account = open('basil');
    const sub = account.subscribe({
      customer: account.customer(),
      price: account.price({ amount: 100 }),
    });
    account.renew(sub);
    expect(new Date(sub.period.start * 1000).toISOString()).toBe('2026-02-28T12:00:00.000Z');
    expect(new Date(sub.period.end * 1000).toISOString()).toBe('2026-03-31T12:00:00.000Z');
  });

  test.each(['old', 'basil'] as const)('8: an upgrade nets two prorations, %s', (family) => {
    const account = open(family);
    const sub = account.subscribe({
      customer: account.customer(),
      price: account.price({ amount: 2_000 }),
    });
    const better = account.price({ amount: 10_000 });
    const paid = account.changePrice(sub, better, {
      behavior: 'always_invoice',
      fractionUsed: 0.5,
    });
    expect(paid?.amount).toBe(4_000);
    expect(paid?.invoice?.lines.map(({ amount }) => amount)).toEqual([-1_000, 5_000]);
  });

  test('9 and 11: prorations wait for the renewal; a downgrade becomes credit', () => {
    const account = open('old');
    const cheap = account.price({ amount: 2_000 });
    const dear = account.price({ amount: 10_000 });
    const customer = account.customer();
    const sub = account.subscribe({ customer, price: cheap });
    expect(account.changePrice(sub, dear)).toBeNull();
    expect(account.renew(sub).amount).toBe(14_000);
    const down = account.changePrice(sub, cheap, { behavior: 'always_invoice' });
    expect(down?.amount).toBe(0);
    expect(customer.balance).toBe(-4_000);
    expect(account.renew(sub)).toMatchObject({ amount: 0 });
    expect(customer.balance).toBe(-2_000);
  });

  test('12: out of band says invoice.paid only', () => {
    const account = open('basil');
    const said = types(account, () => account.invoice({ lines: [{ amount: 500 }], paidOutOfBand: true }));
    expect(said).toEqual(['invoice.created', 'invoice.finalized', 'invoice.updated', 'invoice.paid']);
  });

  test('16: a bank debit is unpaid first', () => {
    const account = open('basil');
    const said = types(account, () =>
      account.checkoutPayment({ email: 'g@b.example', amount: 900, asyncMethod: 'fails' }),
    );
    expect(said).toEqual([
      'payment_intent.created',
      'charge.pending',
      'payment_intent.processing',
      'checkout.session.completed',
      'charge.failed',
      'payment_intent.payment_failed',
      'checkout.session.async_payment_failed',
    ]);
  });

  test.each([
    ['both', ['refund.created', 'charge.refunded', 'charge.refund.updated', 'refund.updated', 'refund.failed']],
    ['charge-only', ['charge.refunded', 'charge.refund.updated']],
    ['refund-only', ['refund.created', 'refund.updated', 'refund.failed']],
  ] as const)('18 to 21: refund events, %s', (refundEvents, expected) => {
    const account = open('old', { refundEvents, embedRefunds: true });
    const payment = account.paymentIntent({ amount: 1_000 });
    const said = types(account, () => {
      account.refund(payment, { amount: 300 });
      account.failRefund(account.refund(payment, { amount: 200 }));
    });
    expect(new Set(said)).toEqual(new Set(expected));
    expect(payment.charges[0]?.amountRefunded).toBe(300);
    expect(payment.refunds.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  });

  test('18: embedded refunds stand newest first', () => {
    const account = open('old', { embedRefunds: true });
    const payment = account.paymentIntent({ amount: 1_000 });
    account.refund(payment, { amount: 300 });
    account.refund(payment, { amount: 200 });
    const last = account.events.findLast(({ type }) => type === 'charge.refunded');
    expect(dig(last?.object, 'data.object.refunds.data.0.amount')).toBe(200);
    expect(dig(last?.object, 'data.object.amount_refunded')).toBe(500);
  });

  test('15: the released rest of an authorisation is not a full refund', () => {
    const account = open('old');
    const payment = account.manualCapture({
      amount: 1_000,
      captured: 400,
      releaseShownAsRefund: true,
    });
    const captured = account.events.findLast(({ type }) => type === 'charge.captured');
    expect(captured?.object.data.object).toMatchObject({
      amount_captured: 400,
      amount_refunded: 600,
      refunded: false,
    });
    expect(account.refund(payment).spec.amount).toBe(400);
    const last = account.events.findLast(({ type }) => type === 'charge.refunded');
    expect(last?.object.data.object).toMatchObject({ amount_refunded: 1_000, refunded: true });
  });

  test('24 and 25: a dispute is withdrawn, and given back when won', () => {
    const account = open('basil');
    const payment = account.paymentIntent({ amount: 1_000 });
    const said = types(account, () => account.closeDispute(account.dispute(payment), 'won'));
    expect(said).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.closed',
      'charge.dispute.funds_reinstated',
    ]);
  });

  test('28: partial payments belong to one invoice, on basil only', () => {
    const account = open('basil');
    const parts = { lines: [{ amount: 3_000 }], parts: [1_000, 2_500] };
    const said = types(account, () => account.payInvoiceInParts(parts));
    expect(said.filter((type) => type === 'invoice_payment.paid')).toHaveLength(2);
    expect(said.filter((type) => type === 'invoice.paid')).toHaveLength(1);
    expect(said.at(-1)).toBe('invoice.overpaid');
    expect(() => open('old').payInvoiceInParts(parts)).toThrow(/only the basil family/);
  });

  test('dunning ends in one payment, or in none', () => {
    const account = open('old');
    const price = account.price({ amount: 2_900 });
    const sub = account.subscribe({ customer: account.customer(), price });
    expect(account.failThenPay(sub, 3).amount).toBe(2_900);
    expect(account.failThenPay(sub, 2, { recovers: false }).amount).toBe(0);
    expect(sub.status).toBe('canceled');
  });

  test('credit, when it covers everything, leaves no charge', () => {
    const account = open('basil');
    const payment = account.invoice({ lines: [{ amount: 500 }], startingBalance: -700 });
    expect(payment).toMatchObject({ amount: 0, charge: null });
  });
});

test('months end where they end', () => {
  const at = (text: string) => Date.parse(text) / 1000;
  expect(addInterval(at('2026-01-31T10:00:00Z'), 'month', 1)).toBe(at('2026-02-28T10:00:00Z'));
  expect(addInterval(at('2028-02-29T10:00:00Z'), 'year', 1)).toBe(at('2029-02-28T10:00:00Z'));
  expect(addInterval(at('2026-02-28T10:00:00Z'), 'month', 1, 31)).toBe(at('2026-03-31T10:00:00Z'));
});
