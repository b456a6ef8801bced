import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount, type SimulatedPayment } from '../../src/simulator/account.ts';
import { dig } from '../../src/simulator/json.ts';

const START = Date.UTC(2026, 0, 5) / 1000;

function open(family: 'old' | 'basil' = 'basil'): SimulatedAccount {
  return createAccount({ family, seed: 'disputes', startAt: START });
}

type Disputed = { status: string; balance_transactions: unknown[] };

/** What each event says: its name, the dispute's status, and how many movements of money it shows. */
function told(account: SimulatedAccount, act: () => void): string[] {
  return account.during(act).map(({ type, object }) => {
    const { status, balance_transactions: moves } = object.data.object as unknown as Disputed;
    return `${type.replace('charge.dispute.', '')} ${status} ${moves.length}`;
  });
}

function scene(family: 'old' | 'basil' = 'basil'): { account: SimulatedAccount; payment: SimulatedPayment } {
  const account = open(family);
  return { account, payment: account.paymentIntent({ amount: 1_000 }) };
}

describe('disputes', () => {
  test('an inquiry is closed without money', () => {
    const { account, payment } = scene();
    expect(
      told(account, () => account.closeDispute(account.dispute(payment, { inquiry: true }), 'warning_closed')),
    ).toEqual(['created warning_needs_response 0', 'closed warning_closed 0']);
  });

  test('an inquiry escalates and is lost', () => {
    const { account, payment } = scene();
    const said = told(account, () => {
      const inquiry = account.dispute(payment, { inquiry: true });
      account.answerDispute(inquiry);
      account.escalateDispute(inquiry);
      account.answerDispute(inquiry);
      account.closeDispute(inquiry, 'lost', { afterDays: 0 });
    });
    expect(said).toEqual([
      'created warning_needs_response 0',
      'updated warning_under_review 0',
      'updated needs_response 0',
      'funds_withdrawn needs_response 1',
      'updated under_review 1',
      'closed lost 1',
    ]);
    expect(account.now).toBeLessThan(START + 60);
  });

  test.each([
    [
      'told',
      ['created needs_response 0', 'funds_withdrawn needs_response 1', 'updated under_review 1', 'closed lost 1'],
    ],
    ['shown', ['created needs_response 1', 'updated under_review 1', 'closed lost 1']],
    ['untold', ['created needs_response 0', 'updated under_review 0', 'closed lost 1']],
  ] as const)('lost, the withdrawal %s', (funds, expected) => {
    const { account, payment } = scene('old');
    expect(told(account, () => account.closeDispute(account.dispute(payment, { funds }), 'lost'))).toEqual(expected);
  });

  test('won in part: less comes back than was taken', () => {
    const { account, payment } = scene();
    account.closeDispute(account.dispute(payment), 'won', { reinstated: 600 });
    const last = account.events.at(-1);
    expect(last?.type).toBe('charge.dispute.funds_reinstated');
    expect(dig(last?.object, 'data.object.balance_transactions.0.amount')).toBe(-1_000);
    expect(dig(last?.object, 'data.object.balance_transactions.1.amount')).toBe(600);
  });

  test('several, partial, in another currency, on one charge', () => {
    const { account, payment } = scene();
    const first = account.dispute(payment, { amount: 300 });
    const second = account.dispute(payment, { amount: 420, currency: 'eur', reason: 'duplicate' });
    expect(first.spec).toMatchObject({ amount: 300, currency: 'usd', charge: payment.charge });
    expect(second.spec).toMatchObject({ amount: 420, currency: 'eur', charge: payment.charge });
    expect(account.objects.list('dispute', { charge: payment.charge })).toHaveLength(2);
    expect(account.objects.get(payment.charge ?? '')).toMatchObject({ disputed: true });
  });

  test('on one charge of an invoice paid by several', () => {
    const account = open();
    const paid = account.payInvoiceInParts({ lines: [{ amount: 3_000 }], parts: [1_000, 2_000] });
    expect(account.dispute(paid, { charge: 1 }).spec).toMatchObject({ amount: 2_000, charge: paid.charges[1]?.id });
  });

  test('a bank debit that comes back is lost in one go', () => {
    const account = open();
    const payment = account.checkoutPayment({ email: 'g@b.example', amount: 900, asyncMethod: 'succeeds' });
    account.advance({ days: 20 });
    const at = account.now;
    expect(told(account, () => account.bankReturn(payment, { reason: 'debit_not_authorized' }))).toEqual([
      'created lost 0',
      'funds_withdrawn lost 1',
      'closed lost 1',
    ]);
    expect(account.now).toBe(at);
  });

  test('prevented costs nothing', () => {
    const { account, payment } = scene();
    expect(told(account, () => account.preventedDispute(payment, { amount: 500 }))).toEqual([
      'created prevented 0',
      'closed prevented 0',
    ]);
  });
});

test('an early fraud warning is about a charge, and ends when nothing is left to do', () => {
  const { account, payment } = scene();
  const warning = account.fraudWarning(payment, { fraudType: 'made_with_stolen_card' });
  account.updateFraudWarning(warning);
  const [created, updated] = account.events.slice(-2);
  expect(created?.object.data.object).toEqual({
    id: warning.id,
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: payment.charge,
    created: account.now,
    fraud_type: 'made_with_stolen_card',
    livemode: true,
    payment_intent: payment.paymentIntent,
  });
  expect(warning.id).toMatch(/^issfr_/);
  expect(updated?.object.data).toMatchObject({
    object: { actionable: false },
    previous_attributes: { actionable: true },
  });
});
