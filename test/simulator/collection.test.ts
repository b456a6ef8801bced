import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';

const START = Date.UTC(2026, 0, 5) / 1000;

function open(family: Family): SimulatedAccount {
  return createAccount({ family, seed: 'collection', startAt: START });
}

function types(account: SimulatedAccount, act: () => void): string[] {
  return account.during(act).map(({ type }) => type);
}

function last(account: SimulatedAccount, type: string) {
  return account.events.findLast((event) => event.type === type)?.object.data.object;
}

const due = { lines: [{ amount: 3_000 }] };

describe('money outside Stripe', () => {
  test('on basil a payment record tells of it', () => {
    const account = open('basil');
    const said = types(account, () => account.invoice({ ...due, paidOutOfBand: true, paymentRecord: true }));
    expect(said.slice(-3)).toEqual(['invoice.updated', 'invoice.paid', 'invoice_payment.paid']);
    expect(last(account, 'invoice_payment.paid')).toMatchObject({
      amount_paid: 3_000,
      payment: { type: 'payment_record', payment_record: expect.stringMatching(/^pr_/) },
    });
    expect(last(account, 'invoice.paid')).toMatchObject({ amount_paid: 3_000 });
  });

  test('old versions only mark the invoice', () => {
    const account = open('old');
    const said = types(account, () =>
      account.payInvoice(account.invoice({ ...due, outcome: 'open' }), { outOfBand: true, paymentRecord: true }),
    );
    expect(said.slice(-2)).toEqual(['invoice.updated', 'invoice.paid']);
    expect(last(account, 'invoice.paid')).toMatchObject({ paid_out_of_band: true, amount_paid: 0, amount_due: 3_000 });
    expect(account.objects.list('invoice_payment')).toMatchObject([{ amount_paid: 3_000 }]);
  });

  test('a part of it, first or last', () => {
    const account = open('basil');
    const outside = { amount: 1_000, outOfBand: true };
    const first = types(account, () => account.payInvoiceInParts({ ...due, parts: [outside, 2_000] }));
    expect(first.slice(-3)).toEqual(['invoice.updated', 'invoice.paid', 'invoice.payment_succeeded']);
    const payment = account.payInvoiceInParts({ ...due, parts: [2_000, outside] });
    expect(account.events.at(-1)?.type).toBe('invoice.paid');
    expect(payment).toMatchObject({ amount: 2_000, invoice: { amountPaid: 3_000 } });
    const told = account.objects.list('invoice_payment', { invoice: payment.invoice?.id ?? '' });
    expect(told.map(({ amount_paid }) => amount_paid)).toEqual([1_000, 2_000]);
  });
});

describe('invoices paid bit by bit', () => {
  test('given up after a part, and paid after all', () => {
    const account = open('basil');
    const partly = account.payInvoiceInParts({ ...due, parts: [1_000], outcome: 'uncollectible' });
    expect(last(account, 'invoice.marked_uncollectible')).toMatchObject({
      amount_paid: 1_000,
      amount_remaining: 2_000,
    });
    account.advance({ days: 30 });
    const paid = account.payInvoice(partly);
    expect(paid).toMatchObject({ amount: 3_000 });
    expect(paid.charges.map(({ amount }) => amount)).toEqual([1_000, 2_000]);
    expect(last(account, 'invoice.paid')).toMatchObject({ amount_paid: 3_000, status: 'paid' });
    account.refund(paid, { charge: 1 });
    expect(account.objects.get(paid.charges[1]?.id ?? '')).toMatchObject({ refunded: true });
    expect(account.objects.get(paid.charges[0]?.id ?? '')).toMatchObject({ refunded: false });
  });

  test('more than was asked', () => {
    const account = open('basil');
    account.payPart(account.invoice({ ...due, outcome: 'open' }), 3_500);
    expect(account.events.at(-1)?.type).toBe('invoice.overpaid');
    expect(last(account, 'invoice.overpaid')).toMatchObject({ amount_overpaid: 500, amount_paid: 3_500 });
  });

  test.each<Family>(['old', 'basil'])('too small to collect: owed with the next one, %s', (family) => {
    const account = open(family);
    const customer = account.customer();
    const tiny = { customer, lines: [{ amount: 30 }], tooSmall: true, useBalance: true };
    expect(account.invoice(tiny)).toMatchObject({ amount: 0, charge: null });
    expect(last(account, 'invoice.paid')).toMatchObject({
      total: 30,
      amount_due: 0,
      amount_paid: 0,
      ending_balance: 30,
    });
    expect(customer.balance).toBe(30);
    expect(account.invoice({ customer, lines: [{ amount: 970 }], useBalance: true }).amount).toBe(1_000);
    expect(last(account, 'invoice.paid')).toMatchObject({ total: 970, starting_balance: 30, amount_paid: 1_000 });
    expect(customer.balance).toBe(0);
  });
});

describe.each<Family>(['old', 'basil'])('bank debits on invoices, %s', (family) => {
  test('open for days, then paid', () => {
    const account = open(family);
    const unpaid = account.invoice({ ...due, outcome: 'open' });
    const said = types(account, () => account.payInvoiceByDebit(unpaid, { afterDays: 6 }));
    expect(said.slice(0, 5)).toEqual([
      'payment_intent.created',
      'charge.pending',
      'payment_intent.processing',
      'charge.succeeded',
      'payment_intent.succeeded',
    ]);
    expect(said).toContain('invoice.paid');
    expect(account.now).toBeGreaterThan(START + 6 * 86_400);
  });

  test('open for days, then failed, then paid by card', () => {
    const account = open(family);
    const failed = account.payInvoiceByDebit(account.invoice({ ...due, outcome: 'open' }), { outcome: 'fails' });
    expect(failed).toMatchObject({ amount: 0, invoice: { status: 'open' } });
    expect(account.events.at(-1)?.type).toBe('invoice.payment_failed');
    expect(account.payInvoice(failed).amount).toBe(3_000);
  });
});

test.each<Family>(['old', 'acacia', 'basil'])(
  'a destination charge names its fee and its destination, %s',
  (family) => {
    const account = open(family);
    account.invoice({ ...due, applicationFee: 300, transferDestination: 'acct_1Partner' });
    expect(last(account, 'charge.succeeded')).toMatchObject({
      application_fee_amount: 300,
      transfer_data: { destination: 'acct_1Partner' },
    });
    const invoice = last(account, 'invoice.paid');
    if (family === 'basil') expect(invoice).not.toHaveProperty('transfer_data');
    else
      expect(invoice).toMatchObject({ application_fee_amount: 300, transfer_data: { destination: 'acct_1Partner' } });
  },
);

test.each([
  ['day', 1],
  ['week', 2],
  ['month', 3],
  ['month', 6],
  ['month', 12],
  ['year', 1],
] as const)('every %s × %i renews', (interval, intervalCount) => {
  const account = open('basil');
  const price = account.price({ id: 'small-plan', amount: 500, interval, intervalCount });
  const sub = account.subscribe({ customer: account.customer(), price });
  expect(account.renew(sub).amount).toBe(500);
  expect(last(account, 'invoice.paid')).toMatchObject({
    lines: { data: [{ pricing: { price_details: { price: 'small-plan' } } }] },
  });
});

test.each<Family>(['old', 'basil'])('100 %% off is a paid invoice without money, %s', (family) => {
  const account = open(family);
  const price = account.price({ amount: 500 });
  const sub = account.subscribe({ customer: account.customer(), price, coupon: { percentOff: 100 } });
  expect(sub.firstPayment).toMatchObject({ amount: 0, charge: null });
  expect(last(account, 'invoice.paid')).toMatchObject({ total: 0, amount_paid: 0, subtotal: 500 });
});
