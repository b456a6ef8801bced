/** cases.md 6.2: from payment to sale. */
import { expect } from 'vitest';
import { toMajor } from '../../src/core/money.ts';
import type { SimulatedAccount } from '../../src/simulator/account.ts';
import { dig } from '../../src/simulator/json.ts';
import { fixed, terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, referred, rewritten, theatre } from './theatre.ts';

const { story } = theatre();

/** What each incentive paid for on the only sale: `inc_a 10.00 of 100.00`. */
async function partsOf(stage: Stage): Promise<string[]> {
  const [commission] = await stage.commissions();
  return (commission?.parts ?? [])
    .map(
      (part) =>
        `${part.incentive} ${toMajor(BigInt(part.commission), commission?.currency ?? 'usd')} of ${toMajor(BigInt(part.base), commission?.currency ?? 'usd')}`,
    )
    .toSorted();
}

/** The bases of the only sale's lines, minor units, by size. */
async function basesOf(stage: Stage): Promise<bigint[]> {
  const [sale] = await stage.sales();
  return (sale?.explanation?.lines ?? []).map((line) => BigInt(line.base)).toSorted((a, b) => Number(a - b));
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

story(23, 'a trial is recorded as trialing, earns nothing and uses up neither the first payment nor the clock', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_first', terms('50', { applyTo: 'first', priority: 1 }));
    await stage.incentive('inc_two_months', terms('10', { maxMonths: 2 }));
  },
  play(account) {
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
      trialDays: 60,
    });
    account.trialEnd(sub);
    account.renew(sub);
  },
  stands: [
    'sale 0.00 usd trialing, base 0.00 (trial)',
    'sale 100.00 usd complete, base 100.00: jane 50.00 ready_for_payment',
    // Three months after the trial began, one after the first money: within two months of the payment only.
    'sale 100.00 usd complete, base 100.00: jane 10.00 ready_for_payment',
    'jane usd: payable 60.00',
  ],
});

story(24, 'the first paid invoice after a trial is the first sale, though Stripe calls it a cycle', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_first', terms('50', { applyTo: 'first' }));
    await stage.incentive('inc_later', terms('10', { applyTo: 'recurring' }));
  },
  play(account) {
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
      trialDays: 14,
      via: 'api',
    });
    return account.trialEnd(sub);
  },
  stands: [
    'sale 0.00 usd trialing, base 0.00 (trial)',
    'sale 100.00 usd complete, base 100.00: jane 50.00 ready_for_payment',
    'jane usd: payable 50.00',
  ],
  ledger: ['program -> payable 50.00 earned'],
  also({ account }, first) {
    const paid = account.events.filter(
      ({ type, object }) => type === 'invoice.paid' && dig(object.data.object, 'id') === first.invoice?.id,
    );
    expect(paid.map(({ object }) => dig(object.data.object, 'billing_reason'))).toEqual(['subscription_cycle']);
  },
});

story(25, 'an invoice under a 100 % coupon earns nothing and says why', {
  play(account) {
    const price = account.price({ amount: 10_000 });
    account.subscribe({ customer: referred(account), price, coupon: { percentOff: 100 } });
  },
  stands: ['sale 0.00 usd complete, base 0.00 (nothing_to_pay)'],
  ledger: [],
});

story(25, 'an invoice paid wholly from the credit balance earns nothing and says why', {
  play(account) {
    const customer = referred(account);
    account.updateCustomer(customer, { balance: -25_000 });
    account.subscribe({ customer, price: account.price({ amount: 10_000 }), via: 'api' });
  },
  stands: ['sale 0.00 usd complete, base 0.00 (paid_from_credit_balance)'],
  ledger: [],
});

story(26, 'exclusive tax is not in the base', {
  play(account) {
    const price = account.price({ amount: 9_995 });
    account.subscribe({
      customer: referred(account),
      price,
      tax: { percent: 19, inclusive: false },
    });
  },
  // 18.99 of tax on top; 30 % of 99.95 is 29.985, half away from zero.
  stands: ['sale 118.94 usd complete, base 99.95: jane 29.99 ready_for_payment', 'jane usd: payable 29.99'],
});

story(27, 'inclusive tax is not in the base either', {
  play(account) {
    const price = account.price({ amount: 9_990 });
    account.subscribe({
      customer: referred(account),
      price,
      tax: { percent: 19, inclusive: true },
    });
  },
  // 99.90 / 1.19 = 83.95.
  stands: ['sale 99.90 usd complete, base 83.95: jane 25.19 ready_for_payment', 'jane usd: payable 25.19'],
});

story(27, 'inclusive tax is taken from the lines that carry it, and from no other', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_taxed', terms('10', { productIds: ['prod_taxed'] }));
    await stage.incentive('inc_free', terms('50', { productIds: ['prod_free'] }));
  },
  play(account) {
    const taxed = account.price({ amount: 11_900, product: 'prod_taxed' });
    const free = account.price({ amount: 5_000, product: 'prod_free' });
    account.invoice({
      customer: referred(account),
      lines: [
        { amount: 11_900, price: taxed, taxes: [{ amount: 1_900, inclusive: true }] },
        { amount: 5_000, price: free },
      ],
    });
  },
  stands: ['sale 169.00 usd complete, base 150.00: jane 35.00 ready_for_payment', 'jane usd: payable 35.00'],
  async also({ stage }) {
    expect(await partsOf(stage)).toEqual(['inc_free 25.00 of 50.00', 'inc_taxed 10.00 of 100.00']);
    expect((await stage.sales())[0]?.explanation?.flags).toBeUndefined();
  },
});

story(28, 'with tax and credit balance the base is the cash times the share that is not tax', {
  play(account) {
    const customer = referred(account);
    account.updateCustomer(customer, { balance: -3_333 });
    account.subscribe({
      customer,
      price: account.price({ amount: 10_000 }),
      via: 'api',
      tax: { percent: 19, inclusive: false },
    });
  },
  // 85.67 of 119.00 came in cash: 85.67 × 100 / 119 = 71.99. Neither 85.67 nor 66.67 nor 100.00.
  stands: ['sale 85.67 usd complete, base 71.99: jane 21.60 ready_for_payment', 'jane usd: payable 21.60'],
});

/** An invoice of one line of 100.00 and 19.00 tax on it. */
function taxedInvoice(account: SimulatedAccount, legacyTaxOnly = false): void {
  const price = account.price({ amount: 10_000 });
  const taxes = [{ amount: 1_900, inclusive: false }];
  account.invoice({
    customer: referred(account),
    legacyTaxOnly,
    lines: [{ amount: 10_000, price, taxes }],
  });
}

const TAXED = ['sale 119.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];

story(29, 'where only the number `tax` is known the base is derived from it', {
  play: (account) => taxedInvoice(account, true),
  stands: TAXED,
});

story(29, 'where only the list of taxes is known the base is derived from their sum', {
  play: (account) => taxedInvoice(account),
  heard: (events) =>
    events.map((event) =>
      event.type.startsWith('invoice.')
        ? rewritten(event, ({ tax: _tax, total_excluding_tax: _net, ...rest }) => rest)
        : event,
    ),
  stands: TAXED,
});

story(29, 'where no tax is known and the lines do not add up, the lower sum counts and the doubt is flagged', {
  play: (account) => taxedInvoice(account),
  heard: (events) =>
    events.map((event) =>
      event.type.startsWith('invoice.')
        ? rewritten(
            event,
            ({ tax: _tax, total_excluding_tax: _net, total_taxes: _new, total_tax_amounts: _old, ...rest }) => rest,
          )
        : event,
    ),
  stands: TAXED,
  async also({ stage }) {
    expect((await stage.sales())[0]?.explanation?.flags).toEqual(['tax_unknown']);
  },
});

story(30, 'a percent coupon is allotted to the lines, and their sum is the total to the cent', {
  play(account) {
    const prices = [1_000, 2_000, 3_333].map((amount) => account.price({ amount }));
    account.subscribe({
      customer: referred(account),
      items: prices.map((price) => ({ price })),
      coupon: { percentOff: 33 },
    });
  },
  // 6.70 + 13.40 + 22.33.
  stands: ['sale 42.43 usd complete, base 42.43: jane 12.73 ready_for_payment', 'jane usd: payable 12.73'],
  async also({ stage }) {
    expect(await basesOf(stage)).toEqual([670n, 1_340n, 2_233n]);
  },
});

story(30, 'with credit balance on top the lines still sum to the base to the cent', {
  play(account) {
    const customer = referred(account);
    account.updateCustomer(customer, { balance: -1_000 });
    const prices = [1_000, 1_000, 1_000].map((amount) => account.price({ amount }));
    account.subscribe({
      customer,
      items: prices.map((price) => ({ price })),
      coupon: { percentOff: 10 },
      via: 'api',
    });
  },
  // 17.00 in cash over three equal lines of 9.00.
  stands: ['sale 17.00 usd complete, base 17.00: jane 5.10 ready_for_payment', 'jane usd: payable 5.10'],
  async also({ stage }) {
    const bases = await basesOf(stage);
    expect(bases).toEqual([566n, 567n, 567n]);
    expect(sum(bases)).toBe(1_700n);
  },
});

story(31, 'a coupon for one product lowers only the base of its line', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_app', terms('10', { productIds: ['prod_app'] }));
    await stage.incentive('inc_addon', terms('20', { productIds: ['prod_addon'] }));
  },
  play(account) {
    const app = account.price({ amount: 10_000, product: 'prod_app' });
    const addon = account.price({ amount: 5_000, product: 'prod_addon' });
    const items = [{ price: app }, { price: addon }];
    account.subscribe({
      customer: referred(account),
      items,
      coupon: { percentOff: 50, product: 'prod_addon' },
    });
  },
  stands: ['sale 125.00 usd complete, base 125.00: jane 15.00 ready_for_payment', 'jane usd: payable 15.00'],
  async also({ stage }) {
    expect(await partsOf(stage)).toEqual(['inc_addon 5.00 of 25.00', 'inc_app 10.00 of 100.00']);
  },
});

/** 10 % of the old price, 20 % of the new one, and nothing of anything else. */
async function oldAndNewPrice(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_old', terms('10', { priceIds: ['price_old'] }));
  await stage.incentive('inc_new', terms('20', { priceIds: ['price_new'] }));
}

story(32, 'an upgrade earns on what it really cost: the credit for the old price is taken from the new one', {
  rules: oldAndNewPrice,
  play(account) {
    const from = account.price({ amount: 2_000, id: 'price_old' });
    const to = account.price({ amount: 10_000, id: 'price_new', product: from.product });
    const sub = account.subscribe({ customer: referred(account), price: from });
    account.changePrice(sub, to, { behavior: 'always_invoice', fractionUsed: 0.5 });
  },
  stands: [
    'sale 20.00 usd complete, base 20.00: jane 2.00 ready_for_payment',
    'sale 40.00 usd complete, base 40.00: jane 8.00 ready_for_payment',
    'jane usd: payable 10.00',
  ],
});

story(32, 'a credit is netted against the price it came from before it touches another', {
  rules: oldAndNewPrice,
  play(account) {
    const customer = referred(account);
    const from = account.price({ amount: 3_000, id: 'price_old' });
    const to = account.price({ amount: 5_000, id: 'price_new' });
    const sub = account.subscribe({ customer: account.customer(), price: from, via: 'api' });
    account.at(account.now + 60);
    account.invoice({
      customer,
      subscription: sub,
      billingReason: 'subscription_cycle',
      lines: [
        { amount: -1_000, price: from, proration: true },
        { amount: 5_000, price: to },
        { amount: 3_000, price: from },
      ],
    });
  },
  // Old 30 − 10 = 20 at 10 %, new 50 at 20 %; taking the credit from both in proportion would give 11.38.
  stands: [
    'sale 30.00 usd complete, base 30.00 (unattributed)',
    'sale 70.00 usd complete, base 70.00: jane 12.00 ready_for_payment',
    'jane usd: payable 12.00',
  ],
});

story(33, 'a downgrade moves no cash: no sale, no reversal, and the next invoice is lower by itself', {
  play(account) {
    const dear = account.price({ amount: 10_000 });
    const cheap = account.price({ amount: 6_000, product: dear.product });
    const sub = account.subscribe({ customer: referred(account), price: dear });
    account.changePrice(sub, cheap, { behavior: 'always_invoice', fractionUsed: 0.5 });
    account.renew(sub);
    account.renew(sub);
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 40.00 usd complete, base 40.00: jane 12.00 ready_for_payment',
    'sale 60.00 usd complete, base 60.00: jane 18.00 ready_for_payment',
    'jane usd: payable 60.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'program -> payable 12.00 earned', 'program -> payable 18.00 earned'],
});

story(34, 'an invoice of prorations only is a recurring sale and does not use up one of N payments', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_two', terms('30', { maxPayments: 2, isSubscription: true }));
  },
  play(account) {
    const small = account.price({ amount: 2_000 });
    const large = account.price({ amount: 10_000, product: small.product });
    const sub = account.subscribe({ customer: referred(account), price: small });
    account.changePrice(sub, large, { behavior: 'always_invoice', fractionUsed: 0.5 });
    account.renew(sub);
    account.renew(sub);
  },
  stands: [
    'sale 20.00 usd complete, base 20.00: jane 6.00 ready_for_payment',
    'sale 40.00 usd complete, base 40.00: jane 12.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
    'jane usd: payable 48.00',
  ],
});

story(35, 'billing credits on a line are not in the base', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_app', terms('30', { productIds: ['prod_app'] }));
  },
  play(account) {
    const app = account.price({ amount: 10_000, product: 'prod_app' });
    const usage = account.price({ amount: 5_000, product: 'prod_usage' });
    const customer = referred(account);
    account.invoice({
      customer,
      lines: [
        { amount: 10_000, price: app, creditGrants: [3_000, 1_000] },
        { amount: 5_000, price: usage },
      ],
    });
  },
  stands: ['sale 110.00 usd complete, base 110.00: jane 18.00 ready_for_payment', 'jane usd: payable 18.00'],
});

story(36, 'an invoice paid in several payments is one sale for the whole', {
  // Older families know no partial payments of an invoice.
  families: ['basil'],
  play: (account) =>
    account.payInvoiceInParts({
      customer: referred(account),
      lines: [{ amount: 10_000, price: account.price({ amount: 10_000 }) }],
      parts: [2_500, 5_000, 2_500],
    }),
  days: 1,
  stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
  ledger: ['program -> payable 30.00 earned'],
  async also({ stage }, payment) {
    expect((await stage.sales()).map((sale) => sale.money_key)).toEqual([`stripe:invoice:${payment.invoice?.id}`]);
  },
});

story(36, 'partial payments alone create no sale, however long they wait', {
  families: ['basil'],
  play: (account) =>
    account.payInvoiceInParts({
      customer: referred(account),
      lines: [{ amount: 10_000, price: account.price({ amount: 10_000 }) }],
      parts: [2_500, 5_000],
    }),
  days: 400,
  stands: [],
  waits: ['charge.succeeded', 'invoice_payment.paid', 'payment_intent.succeeded'].flatMap((type) => [
    `${type}: parked invoice_not_seen`,
    `${type}: parked invoice_not_seen`,
  ]),
});

story(40, 'a manual one-off invoice is a one-time sale', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_subscriptions', terms('50', { isSubscription: true, priority: 9 }));
    await stage.incentive('inc_once', terms('20', { isSubscription: false }));
  },
  play(account) {
    const price = account.price({ amount: 25_000, interval: null });
    account.invoice({
      customer: referred(account),
      billingReason: 'manual',
      lines: [{ amount: 25_000, price }],
    });
  },
  stands: ['sale 250.00 usd complete, base 250.00: jane 50.00 ready_for_payment', 'jane usd: payable 50.00'],
});

story(41, 'plan, setup fee and an excluded line are each matched on their own', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_plan', terms('30', { priceIds: ['price_plan'] }));
    await stage.incentive('inc_setup', fixed(1_500n, { priceIds: ['price_setup'] }));
  },
  play(account) {
    const plan = account.price({ amount: 10_000, id: 'price_plan' });
    const setup = account.price({ amount: 5_000, id: 'price_setup', interval: null });
    const hardware = account.price({ amount: 40_000, id: 'price_hardware', interval: null });
    account.subscribe({
      customer: referred(account),
      price: plan,
      extraLines: [
        { amount: 5_000, price: setup, kind: 'invoiceitem' },
        { amount: 40_000, price: hardware, kind: 'invoiceitem' },
      ],
    });
  },
  stands: ['sale 550.00 usd complete, base 550.00: jane 45.00 ready_for_payment', 'jane usd: payable 45.00'],
  async also({ stage }) {
    expect(await partsOf(stage)).toEqual(['inc_plan 30.00 of 100.00', 'inc_setup 15.00 of 50.00']);
  },
});

story(42, 'a fixed incentive pays once per sale, not once per seat', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_fixed', fixed(500n));
  },
  play: (account) =>
    account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 1_000 }),
      quantity: 7,
    }),
  stands: ['sale 70.00 usd complete, base 70.00: jane 5.00 ready_for_payment', 'jane usd: payable 5.00'],
});

const INTERVALS = [
  ['day', 1, 'daily'],
  ['week', 1, 'weekly'],
  ['day', 7, 'weekly'],
  ['month', 1, 'monthly'],
  ['month', 3, 'quarterly'],
  ['month', 6, 'half_yearly'],
  ['month', 12, 'yearly'],
  ['year', 1, 'yearly'],
] as const;

for (const [interval, intervalCount, name] of INTERVALS) {
  story(45, `a price every ${intervalCount} ${interval} is ${name} and nothing else`, {
    async rules(stage) {
      await janeBroughtOne(stage);
      for (const other of new Set(INTERVALS.map((one) => one[2])))
        await stage.incentive(`inc_${other}`, terms(other === name ? '30' : '99', { interval: other }));
    },
    play: (account) =>
      account.subscribe({
        customer: referred(account),
        price: account.price({ amount: 10_000, interval, intervalCount }),
      }),
    stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
    async also({ stage }) {
      expect(await partsOf(stage)).toEqual([`inc_${name} 30.00 of 100.00`]);
    },
  });
}

story(45, 'a price every 2 months or 2 years is none of the named intervals', {
  async rules(stage) {
    await janeBroughtOne(stage);
    for (const other of new Set(INTERVALS.map((one) => one[2])))
      await stage.incentive(`inc_${other}`, terms('99', { interval: other }));
  },
  play(account) {
    account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000, interval: 'month', intervalCount: 2 }),
    });
    account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 20_000, interval: 'year', intervalCount: 2 }),
    });
  },
  stands: [
    'sale 100.00 usd complete, base 100.00 (no_incentive_matched)',
    'sale 200.00 usd complete, base 200.00 (no_incentive_matched)',
  ],
});

story(48, 'dunning that succeeds at the fourth try earns one commission, when the money came', {
  play(account) {
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
    });
    account.failThenPay(sub, 3);
    return account.now;
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 60.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'program -> payable 30.00 earned'],
  async also({ stage }, paidAt) {
    expect((await stage.sales())[1]?.occurred_at.getTime()).toBe(paidAt * 1000);
  },
});

story(51, 'a checkout payment without an invoice is one sale named by its payment intent', {
  play: (account) =>
    account.checkoutPayment({
      customer: account.customer(),
      amount: 10_000,
      clientReferenceId: 'ref_1',
      tax: { percent: 25, inclusive: false },
    }),
  days: 1,
  stands: ['sale 125.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'],
  ledger: ['program -> payable 30.00 earned'],
  async also({ stage }, payment) {
    expect((await stage.sales()).map((sale) => sale.money_key)).toEqual([`stripe:pi:${payment.paymentIntent}`]);
  },
});

story(54, 'a checkout that only stores a card is nothing', {
  play: (account) => account.setupSession({ customer: account.customer(), clientReferenceId: 'ref_1' }),
  days: 1,
  stands: [],
  async also({ stage }) {
    expect(await stage.inbox()).toContainEqual(
      expect.objectContaining({
        type: 'checkout.session.completed',
        state: 'ignored',
        reason: 'setup_session',
      }),
    );
  },
});

story(58, 'JPY 1000 are a thousand yen, and 20 % of them two hundred', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('20'));
  },
  play: (account) =>
    account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 1_000, currency: 'jpy' }),
    }),
  stands: ['sale 1000 jpy complete, base 1000: jane 200 ready_for_payment', 'jane jpy: payable 200'],
  async also({ stage }) {
    expect(await stage.balance('jane', 'jpy')).toMatchObject({ payable: 200n });
    expect(await stage.balance('jane', 'usd')).toMatchObject({ payable: 0n });
  },
});

story(59, 'KWD 10.000 arrive as 10000, and 20 % of them are 2.000', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('20'));
  },
  play: (account) =>
    account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000, currency: 'kwd' }),
    }),
  stands: ['sale 10.000 kwd complete, base 10.000: jane 2.000 ready_for_payment', 'jane kwd: payable 2.000'],
  async also({ stage }) {
    expect(await stage.balance('jane', 'kwd')).toMatchObject({ payable: 2_000n });
  },
});
