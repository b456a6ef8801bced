import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';

const START = Date.UTC(2026, 0, 5) / 1000;

function open(family: Family): SimulatedAccount {
  return createAccount({ family, seed: 'credit-notes', startAt: START });
}

const taxed = {
  lines: [
    { amount: 1_000, taxes: [{ amount: 200, inclusive: false }] },
    { amount: 1_200, taxes: [{ amount: 200, inclusive: true }] },
  ],
};

function lastNote(account: SimulatedAccount) {
  return account.events.findLast(({ type }) => type.startsWith('credit_note.'))?.object.data.object;
}

describe.each<Family>(['old', 'acacia', 'basil'])('credit notes, %s', (family) => {
  test('one note gives back by refund, balance and outside Stripe', () => {
    const account = open(family);
    const customer = account.customer();
    const paid = account.invoice({ customer, ...taxed });
    const note = account.creditNote(paid, { parts: { refund: 300, balance: 200, outOfBand: 100 }, customer });
    const object = lastNote(account);
    expect(object).toMatchObject({ amount: 600, total: 600, type: 'post_payment', out_of_band_amount: 100 });
    expect(object?.customer_balance_transaction).toMatch(/^cbtxn_/);
    if (family === 'basil') {
      expect(object).toMatchObject({
        refunds: [{ amount_refunded: 300, refund: note.refund?.id, type: 'refund', payment_record_refund: null }],
        post_payment_amount: 600,
        pre_payment_amount: 0,
      });
    } else expect(object).toMatchObject({ refund: note.refund?.id });
    expect(customer.balance).toBe(-200);
    expect(account.objects.get(paid.invoice?.id ?? '')).toMatchObject({ post_payment_credit_notes_amount: 600 });
  });

  test('lines name the lines they take back and their taxes', () => {
    const account = open(family);
    const paid = account.invoice(taxed);
    account.creditNote(paid, {
      as: 'out_of_band',
      lines: [
        { line: 0, amount: 500, taxes: [{ amount: 100, inclusive: false }] },
        { line: 1, amount: 600, taxes: [{ amount: 100, inclusive: true }] },
        { amount: 50 },
      ],
    });
    const [first, second] = account.linesOf(paid.invoice?.id ?? '');
    const object = lastNote(account);
    expect(object).toMatchObject({
      amount: 1_250,
      subtotal: 1_150,
      subtotal_excluding_tax: 1_050,
      total_excluding_tax: 1_050,
      lines: {
        data: [
          { amount: 500, invoice_line_item: first?.id, type: 'invoice_line_item' },
          { amount: 600, invoice_line_item: second?.id, type: 'invoice_line_item' },
          { amount: 50, type: 'custom_line_item' },
        ],
      },
    });
    const shown = family === 'basil' ? ['taxes'] : family === 'old' ? ['tax_amounts'] : ['taxes', 'tax_amounts'];
    for (const key of shown) expect(object).toHaveProperty(`lines.data.0.${key}.0.amount`, 100);
  });

  test('its refund is heard before it, after it, or never', () => {
    const heard = (more: object) => {
      const account = open(family);
      const paid = account.invoice(taxed);
      const said = account.during(() => account.creditNote(paid, { amount: 400, as: 'refund', ...more }));
      expect(account.objects.list('refund')).toMatchObject([{ amount: 400, status: 'succeeded' }]);
      return said.map(({ type }) => type).filter((type) => !type.endsWith('updated'));
    };
    expect(heard({})).toEqual(['refund.created', 'charge.refunded', 'credit_note.created']);
    expect(heard({ noteFirst: true })).toEqual(['credit_note.created', 'refund.created', 'charge.refunded']);
    expect(heard({ refundTold: 'none' })).toEqual(['credit_note.created']);
  });

  test('can name a refund that was made before', () => {
    const account = open(family);
    const paid = account.invoice(taxed);
    const refund = account.refund(paid, { amount: 250 });
    const said = account.during(() => account.creditNote(paid, { refund }));
    expect(said.map(({ type }) => type)).toEqual(['credit_note.created']);
    expect(lastNote(account)).toMatchObject({ amount: 250 });
    expect(account.objects.list('refund')).toHaveLength(1);
  });

  test('voiding undoes the counters and the balance', () => {
    const account = open(family);
    const customer = account.customer();
    const paid = account.invoice({ customer, ...taxed });
    const note = account.creditNote(paid, { amount: 700, as: 'balance', customer });
    expect(customer.balance).toBe(-700);
    account.voidCreditNote(note);
    expect(customer.balance).toBe(0);
    expect(lastNote(account)).toMatchObject({ status: 'void', voided_at: account.now });
    expect(account.objects.get(paid.invoice?.id ?? '')).toMatchObject({ post_payment_credit_notes_amount: 0 });
  });

  test('before payment the invoice simply costs less', () => {
    const account = open(family);
    const unpaid = account.invoice({ ...taxed, outcome: 'open' });
    account.creditNote(unpaid, { amount: 400, as: 'pre_payment' });
    expect(lastNote(account)).toMatchObject({ type: 'pre_payment' });
    expect(account.payInvoice(unpaid).amount).toBe(2_000);
  });
});

test('a note can lower what is unpaid and give back what was paid', () => {
  const account = open('basil');
  const partly = account.payInvoiceInParts({ lines: [{ amount: 3_000 }], parts: [1_000] });
  account.creditNote(partly, { parts: { prePayment: 2_000, refund: 400 } });
  expect(lastNote(account)).toMatchObject({
    type: 'mixed',
    amount: 2_400,
    pre_payment_amount: 2_000,
    post_payment_amount: 400,
  });
  const old = open('old');
  expect(() => old.creditNote(old.invoice(taxed), { parts: { prePayment: 100, refund: 100 } })).toThrow(/mixed/);
});

test('refuses parts and lines that do not come to the amount', () => {
  const account = open('basil');
  const paid = account.invoice(taxed);
  expect(() => account.creditNote(paid, { amount: 500, parts: { refund: 400 } })).toThrow(/must come to 500/);
});
