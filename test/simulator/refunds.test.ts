import { describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';

const START = Date.UTC(2026, 0, 5) / 1000;

function open(family: Family, more = {}): SimulatedAccount {
  return createAccount({ family, seed: 'refunds', startAt: START, ...more });
}

/** What each event says of the refund, or of the charge. */
function told(account: SimulatedAccount, act: () => void): string[] {
  return account.during(act).map(({ type, object }) => {
    const { object: kind, status, amount_refunded } = object.data.object as Record<string, string>;
    return `${type} ${kind === 'charge' ? amount_refunded : status}`;
  });
}

describe.each<Family>(['old', 'acacia', 'basil'])('refunds, %s', (family) => {
  test('pending for days, then succeeded', () => {
    const account = open(family);
    const payment = account.paymentIntent({ amount: 1_000 });
    const said = told(account, () => {
      account.settleRefund(account.refund(payment, { amount: 400, pending: true }), { afterDays: 5 });
    });
    expect(said).toEqual([
      'refund.created pending',
      'charge.refunded 400',
      'charge.refund.updated succeeded',
      'refund.updated succeeded',
    ]);
    expect(account.now).toBeGreaterThan(START + 5 * 86_400);
  });

  test('failed, with the twin of the old name; the charge has its money back', () => {
    const account = open(family);
    const payment = account.paymentIntent({ amount: 1_000 });
    const refund = account.refund(payment, { amount: 400 });
    expect(told(account, () => account.failRefund(refund, { afterDays: 20 }))).toEqual([
      'charge.refund.updated failed',
      'refund.updated failed',
      'refund.failed failed',
    ]);
    expect(account.objects.get(payment.charge ?? '')).toMatchObject({ amount_refunded: 0 });
    expect(account.objects.get(refund.id)).toMatchObject({ status: 'failed', failure_reason: expect.any(String) });
  });

  test('cancelled while pending: no refund.failed', () => {
    const account = open(family);
    const refund = account.refund(account.paymentIntent({ amount: 1_000 }), { pending: true });
    expect(told(account, () => account.failRefund(refund, { canceled: true }))).toEqual([
      'charge.refund.updated canceled',
      'refund.updated canceled',
    ]);
  });

  test.each([
    ['both', ['refund.created succeeded', 'charge.refunded 300']],
    ['charge-only', ['charge.refunded 300']],
    ['refund-only', ['refund.created succeeded']],
    ['none', []],
  ] as const)('told %s', (telling, expected) => {
    const account = open(family);
    const payment = account.paymentIntent({ amount: 1_000 });
    const said = told(account, () => account.refund(payment, { amount: 300, told: telling }));
    expect(said.filter((each) => !each.includes('updated'))).toEqual(expected);
    expect(account.objects.list('refund', { charge: payment.charge })).toMatchObject([{ amount: 300 }]);
  });

  test('an edit of metadata changes no money', () => {
    const account = open(family);
    const refund = account.refund(account.legacyCharge({ amount: 700 }));
    expect(told(account, () => account.editRefund(refund, { ticket: '12' }))).toEqual([
      'charge.refund.updated succeeded',
      'refund.updated succeeded',
    ]);
    expect(account.events.at(-1)?.object.data.object).toMatchObject({ metadata: { ticket: '12' }, amount: 700 });
  });
});

test('the released rest of a partial capture can be a refund of its own, and is no refund of the sale', () => {
  const account = open('old');
  const payment = account.manualCapture({ amount: 1_000, captured: 400, releaseTold: true });
  expect(payment.amount).toBe(400);
  expect(payment.refunds).toMatchObject([{ amount: 600, reason: 'expired_uncaptured_charge' }]);
  expect(account.objects.get(payment.charge ?? '')).toMatchObject({
    amount_captured: 400,
    amount_refunded: 600,
    refunded: false,
  });
  expect(account.refund(payment).spec.amount).toBe(400);
  expect(account.objects.get(payment.charge ?? '')).toMatchObject({ amount_refunded: 1_000, refunded: true });
});

test('what the API answers embeds no refunds, though the old webhooks do', () => {
  const account = open('old', { embedRefunds: true });
  const payment = account.paymentIntent({ amount: 1_000 });
  account.refund(payment, { amount: 100 });
  expect(account.events.find(({ type }) => type === 'charge.refunded')?.object.data.object).toHaveProperty('refunds');
  expect(account.objects.get(payment.charge ?? '')).not.toHaveProperty('refunds');
});
