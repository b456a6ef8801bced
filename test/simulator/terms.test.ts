import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';
import { dig } from '../../src/simulator/json.ts';

const START = Date.UTC(2026, 0, 5) / 1000;
const OPT_OUT = { tributary_skip: 'true' };

function open(family: Family, more = {}): SimulatedAccount {
  return createAccount({ family, seed: 'terms', startAt: START, ...more });
}

function last(account: SimulatedAccount, type: string) {
  return account.events.findLast((event) => event.type === type)?.object.data.object;
}

function previous(account: SimulatedAccount, type: string) {
  return account.events.findLast((event) => event.type === type)?.object.data.previous_attributes;
}

describe.each<Family>(['old', 'acacia', 'basil'])('coupons, %s', (family) => {
  const code = (account: SimulatedAccount) =>
    account.promotionCode({ code: 'PARTNER', coupon: { id: 'TEN', percentOff: 10 }, metadata: { partner: 'p1' } });

  test('a promotion code is made, switched off and edited', () => {
    const account = open(family);
    const made = code(account);
    account.updatePromotionCode(made, { active: false, metadata: { partner: 'p2' } });
    expect(last(account, 'promotion_code.updated')).toMatchObject({ id: made.promotionCode, active: false });
    expect(previous(account, 'promotion_code.updated')).toEqual({ active: true, metadata: { partner: 'p1' } });
    expect(account.objects.get(made.promotionCode)).toMatchObject({ promotion: { coupon: 'TEN', type: 'coupon' } });
    expect(account.objects.get('TEN')).toMatchObject({ object: 'coupon', percent_off: 10 });
  });

  test('a subscription, its invoices and its session name the discount', () => {
    const account = open(family);
    const made = code(account);
    const price = account.price({ amount: 1_000 });
    const sub = account.subscribe({ customer: account.customer(), price, coupon: made, discountTold: true });
    const discount = last(account, 'customer.discount.created');
    expect(discount).toMatchObject({
      object: 'discount',
      promotion_code: made.promotionCode,
      subscription: sub.id,
      checkout_session: sub.session,
    });
    if (family !== 'basil') expect(discount).toMatchObject({ coupon: { id: 'TEN', percent_off: 10 } });
    if (family !== 'old') expect(discount).toMatchObject({ source: { coupon: 'TEN', type: 'coupon' } });
    for (const type of ['customer.subscription.created', 'invoice.paid']) {
      const object = last(account, type);
      expect(object).toMatchObject({ discounts: [discount?.id] });
      if (family === 'basil') expect(object).not.toHaveProperty('discount');
      else expect(object).toMatchObject({ discount: { id: discount?.id, promotion_code: made.promotionCode } });
    }
    expect(last(account, 'checkout.session.completed')).toMatchObject({
      discounts: [{ coupon: 'TEN', promotion_code: made.promotionCode }],
      total_details: { amount_discount: 100 },
    });
    expect(account.objects.get(discount?.id as string)).toMatchObject({ promotion_code: made.promotionCode });
  });

  test('a discount is given and taken away between invoices', () => {
    const account = open(family);
    const customer = account.customer();
    const sub = account.subscribe({ customer, price: account.price({ amount: 1_000 }) });
    const given = account.giveDiscount({ percentOff: 50 }, { customer, subscription: sub });
    expect(account.renew(sub).amount).toBe(500);
    account.endDiscount(given);
    expect(last(account, 'customer.discount.deleted')).toMatchObject({ id: given.id, end: account.now });
    expect(account.renew(sub).amount).toBe(1_000);
  });

  test('on a whole invoice, or on one of its lines', () => {
    const account = open(family);
    const lines = [{ amount: 1_000 }, { amount: 500 }];
    const tax = { percent: 20, inclusive: false };
    expect(account.invoice({ lines, coupon: { percentOff: 10 }, tax }).amount).toBe(1_620);
    expect(dig(last(account, 'invoice.paid'), 'discounts')).toHaveLength(1);
    expect(account.invoice({ lines, coupon: { amountOff: 200 }, couponLine: 1 }).amount).toBe(1_300);
    const object = last(account, 'invoice.paid');
    expect(object).toMatchObject({ discounts: [], total_discount_amounts: [{ amount: 200 }] });
    expect(dig(object, 'lines.data.0.discounts')).toEqual([]);
    expect(dig(object, 'lines.data.1.discounts')).toHaveLength(1);
  });

  test('at a one-time checkout, with and without an invoice', () => {
    const account = open(family);
    const coupon = code(account);
    const tax = { percent: 20, inclusive: false };
    for (const invoiceCreation of [false, true]) {
      const bought = account.checkoutPayment({ email: 'g@b.example', amount: 1_000, coupon, tax, invoiceCreation });
      expect(bought.amount).toBe(1_080);
      expect(last(account, 'checkout.session.completed')).toMatchObject({
        amount_subtotal: 1_000,
        amount_total: 1_080,
        total_details: { amount_discount: 100, amount_tax: 180 },
        discounts: [{ coupon: 'TEN', promotion_code: coupon.promotionCode }],
      });
      expect(account.objects.lineItemsOf(bought.session ?? '')).toMatchObject([{ amount_discount: 100 }]);
    }
    expect(last(account, 'invoice.paid')).toMatchObject({ total: 1_080, amount_paid: 1_080 });
  });
});

describe.each<Family>(['old', 'basil'])('metadata, %s', (family) => {
  test('stands where the merchant put it', () => {
    const account = open(family);
    const price = account.price({ amount: 1_000 });
    const own = (name: string) => ({ [name]: '1' });
    const sub = account.subscribe({
      customer: account.customer({ metadata: own('customer') }),
      price,
      sessionMetadata: own('session'),
      subscriptionMetadata: own('subscription'),
      invoiceMetadata: own('invoice'),
      paymentMetadata: own('payment'),
    });
    const where = {
      'customer.created': 'customer',
      'customer.subscription.created': 'subscription',
      'checkout.session.completed': 'session',
      'invoice.paid': 'invoice',
      'charge.succeeded': 'payment',
      'payment_intent.succeeded': 'payment',
    };
    for (const [type, name] of Object.entries(where)) expect(last(account, type)?.metadata).toEqual(own(name));
    account.renew(sub, { invoiceMetadata: own('second'), paymentMetadata: own('third') });
    expect(last(account, 'invoice.paid')?.metadata).toEqual(own('second'));
    expect(last(account, 'charge.succeeded')?.metadata).toEqual(own('third'));
    account.checkoutPayment({ amount: 500, invoiceCreation: true, invoiceMetadata: own('receipt') });
    expect(last(account, 'invoice.paid')?.metadata).toEqual(own('receipt'));
    account.invoice({ lines: [{ amount: 5 }], metadata: own('manual'), paymentMetadata: own('its charge') });
    expect(last(account, 'invoice.paid')?.metadata).toEqual(own('manual'));
    expect(last(account, 'charge.succeeded')?.metadata).toEqual(own('its charge'));
  });

  test('an edit tells the old value of the keys that differ, null for new ones', () => {
    const account = open(family);
    const customer = account.customer({ metadata: { keep: 'a', change: 'b', drop: 'c' } });
    account.updateCustomer(customer, { metadata: { keep: 'a', change: 'B', ...OPT_OUT } });
    expect(previous(account, 'customer.updated')).toEqual({
      metadata: { change: 'b', drop: 'c', tributary_skip: null },
    });
    const sub = account.subscribe({ customer, price: account.price({ amount: 1_000 }) });
    account.editSubscription(sub, OPT_OUT);
    expect(previous(account, 'customer.subscription.updated')).toEqual({ metadata: { tributary_skip: null } });
    account.editSubscription(sub, {});
    expect(previous(account, 'customer.subscription.updated')).toEqual({ metadata: { tributary_skip: 'true' } });
    expect(last(account, 'customer.subscription.updated')?.metadata).toEqual({});
    account.editInvoice(sub.firstPayment, OPT_OUT);
    expect(last(account, 'invoice.updated')?.metadata).toEqual(OPT_OUT);
    account.editCharge(sub.firstPayment, OPT_OUT);
    expect(last(account, 'charge.updated')?.metadata).toEqual(OPT_OUT);
    expect(account.objects.get(sub.firstPayment.charge ?? '')).toMatchObject({ metadata: OPT_OUT });
  });
});

describe.each<Family>(['old', 'basil'])('a subscription by bank debit, %s', (family) => {
  test.each([
    ['succeeds', 'async_payment_succeeded', 'paid', 1_000],
    ['fails', 'async_payment_failed', 'unpaid', 0],
  ] as const)('%s days later', (asyncMethod, type, status, amount) => {
    const account = open(family);
    const price = account.price({ amount: 1_000 });
    const sub = account.subscribe({ customer: account.customer(), price, asyncMethod });
    expect(sub.firstPayment.amount).toBe(amount);
    expect(last(account, 'checkout.session.completed')).toMatchObject({ payment_status: 'unpaid' });
    expect(last(account, `checkout.session.${type}`)).toMatchObject({ payment_status: status, subscription: sub.id });
    expect(account.events.some((event) => event.type === 'invoice.paid')).toBe(asyncMethod === 'succeeds');
  });
});

test('what the buyer saw stands beside what the merchant asked', () => {
  const shown = { amount: 920, currency: 'eur' };
  const basil = open('basil');
  basil.checkoutPayment({ amount: 1_000, presentment: shown });
  expect(last(basil, 'checkout.session.completed')).toMatchObject({
    currency: 'usd',
    presentment_details: { presentment_amount: 920, presentment_currency: 'eur' },
  });
  const old = open('old');
  const conversion = { sourceCurrency: 'usd', amountSubtotal: 1_000, amountTotal: 1_000, fxRate: '0.92' };
  old.checkoutPayment({ amount: 920, currency: 'eur', conversion });
  expect(last(old, 'checkout.session.completed')).toMatchObject({
    currency: 'eur',
    currency_conversion: { source_currency: 'usd', amount_total: 1_000 },
  });
});

test('Accounts v2 names the buyer without a customer', () => {
  const account = open('basil');
  account.checkoutPayment({ amount: 1_000, customerAccount: 'acct_1Buyer', invoiceCreation: true });
  for (const type of ['checkout.session.completed', 'payment_intent.succeeded', 'invoice.paid']) {
    expect(last(account, type)).toMatchObject({ customer: null, customer_account: 'acct_1Buyer' });
  }
});

test('a connected account takes the access away', () => {
  const account = open('basil', { account: 'acct_1Merchant' });
  account.deauthorize();
  expect(account.events.at(-1)?.object).toMatchObject({
    type: 'account.application.deauthorized',
    account: 'acct_1Merchant',
    data: { object: { object: 'application' } },
  });
});
