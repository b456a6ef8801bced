import { describe, expect, test } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { dig } from '../../src/simulator/json.ts';
import { randomHistory } from '../../src/simulator/random.ts';
import { createRng, int, pick, shuffle } from '../../src/simulator/rng.ts';
import { playSaas } from '../../src/simulator/saas.ts';

const START = 1_767_600_000;

function saas(seed: number) {
  return playSaas({
    seed,
    startAt: START,
    referralFor: (index) => (index % 4 === 3 ? null : `clk${index}`),
  });
}

describe('random histories', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i is long, mixed and in order', (seed) => {
    const { events, customers, payments } = randomHistory(seed);
    expect(events.length).toBeGreaterThanOrEqual(40);
    expect(new Set(customers.map(({ family }) => family))).toEqual(new Set(['old', 'basil']));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(events.map(({ created }) => created)).toEqual(
      events.map(({ created }) => created).toSorted((a, b) => a - b),
    );
    expect(payments.length).toBeGreaterThan(0);
  });

  test('a seed is a history, byte for byte', () => {
    const bodies = (seed: number) => randomHistory(seed).events.map(({ body }) => body);
    expect(bodies(7)).toEqual(bodies(7));
    expect(bodies(7)).not.toEqual(bodies(8));
  });

  test('a long one tells every kind of story', () => {
    const { events } = randomHistory('all', { minEvents: 600, customers: 8 });
    const types = new Set(events.map(({ type }) => type));
    for (const type of [
      'invoice.paid',
      'invoice_payment.paid',
      'checkout.session.completed',
      'charge.refunded',
      'refund.created',
      'refund.failed',
      'charge.dispute.created',
      'credit_note.created',
      'charge.captured',
      'customer.subscription.deleted',
      'invoice.payment_failed',
    ]) {
      expect(types).toContain(type);
    }
  });

  test('no refund exceeds its charge', () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const { charges } of randomHistory(seed).payments) {
        for (const charge of charges) {
          const refunded = charge.amountRefunded ?? 0;
          expect(refunded).toBeGreaterThanOrEqual(0);
          expect(refunded).toBeLessThanOrEqual(charge.amount);
        }
      }
    }
  });

  test('events are snapshots: looking at one does not change another', () => {
    const account = createAccount({ family: 'old', seed: 1, startAt: START });
    const [first] = account.during(() => account.price({ amount: 100 }));
    Object.assign(first?.object.data.object ?? {}, { unit_amount: 999 });
    expect(dig(JSON.parse(first?.body ?? '{}'), 'data.object.unit_amount')).toBe(100);
  });

  test('a connected account signs its events', () => {
    const account = createAccount({ family: 'basil', seed: 1, startAt: START, account: 'acct_1X' });
    account.customer();
    expect(account.events[0]?.object.account).toBe('acct_1X');
  });
});

describe('random histories of all kinds', () => {
  const all = (seed: number | string, more = {}) =>
    randomHistory(seed, { kinds: 'all', referrals: ['clk_1', null], ...more });

  test('the spine is what it is without the option', () => {
    const bodies = (options: object) => randomHistory(3, options).events.map(({ body }) => body);
    expect(bodies({ kinds: 'spine' })).toEqual(bodies({}));
    expect(bodies({ kinds: 'all' })).not.toEqual(bodies({}));
  });

  test('a seed is a history, byte for byte', () => {
    expect(all(7).events.map(({ body }) => body)).toEqual(all(7).events.map(({ body }) => body));
  });

  test('a long one tells every kind of loss and oddity', () => {
    const optOut = { no_commission: 'yes' };
    const { events } = all('all', { minEvents: 2_500, customers: 10, optOut });
    const types = new Set(events.map(({ type }) => type));
    for (const type of [
      'charge.dispute.created',
      'charge.dispute.updated',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.funds_reinstated',
      'charge.dispute.closed',
      'radar.early_fraud_warning.created',
      'radar.early_fraud_warning.updated',
      'refund.failed',
      'credit_note.created',
      'credit_note.voided',
      'promotion_code.created',
      'promotion_code.updated',
      'customer.discount.created',
      'checkout.session.async_payment_failed',
      'invoice.marked_uncollectible',
      'invoice.payment_failed',
      'invoice_payment.paid',
    ]) {
      expect(types).toContain(type);
    }
    const endings = events
      .filter(({ type }) => type === 'charge.dispute.closed')
      .map(({ object }) => object.data.object.status);
    expect(new Set(endings)).toEqual(new Set(['won', 'lost', 'warning_closed', 'prevented']));
    const bodies = events.map(({ body }) => body).join('');
    for (const word of ['"no_commission": "yes"', '"payment_record"', '"canceled"', '"affonso_referral": "clk_1"']) {
      expect(bodies).toContain(word);
    }
  });

  test('no refund exceeds its charge, and the read side agrees', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { accounts, events } = all(seed, { families: ['old', 'acacia', 'basil'] });
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      for (const { objects } of accounts) {
        for (const charge of objects.list('charge')) {
          const refunded = objects
            .list('refund', { charge: charge.id })
            .filter(({ status }) => status !== 'failed' && status !== 'canceled')
            .reduce((sum, { amount }) => sum + Number(amount), 0);
          expect(refunded).toBeLessThanOrEqual(Number(charge.amount));
          const released = Number(charge.amount) - Number(charge.amount_captured);
          expect([refunded, refunded + released]).toContain(charge.amount_refunded);
        }
      }
    }
  });
});

describe('the SaaS story', () => {
  test('has the size and the variety of a demo', () => {
    const { events, summary } = saas(1);
    expect(events.length).toBeGreaterThan(1_800);
    expect(events.length).toBeLessThan(3_500);
    expect(Object.keys(summary.happened)).toEqual(
      expect.arrayContaining(['renewals', 'trials', 'upgrades', 'partial refunds', 'dunning']),
    );
    expect(new Set(summary.customers.map(({ family }) => family)).size).toBe(2);
  });

  test('ids are unique over both accounts, and nothing lies in the future', () => {
    const { events } = saas(2);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(Math.max(...events.map(({ created }) => created))).toBeLessThanOrEqual(START + 180 * 86_400);
  });

  test('is the same for the same seed', () => {
    expect(saas(3).events.map(({ body }) => body)).toEqual(saas(3).events.map(({ body }) => body));
  });

  test('referrals stand in client_reference_id or in metadata', () => {
    const { events, summary } = saas(1);
    const bodies = events.map(({ body }) => body).join('\n');
    const referred = summary.customers.filter(({ referral }) => referral !== null);
    expect(referred.filter(({ referral }) => !bodies.includes(`"${referral}"`))).toEqual([]);
    expect(bodies.includes('"affonso_referral": "clk1"')).toBe(true);
    expect(bodies.includes('"client_reference_id": "clk0"')).toBe(true);
  });
});

describe('the generator', () => {
  test('keeps within its bounds', () => {
    const rng = createRng(1);
    const drawn = Array.from({ length: 1_000 }, () => rng.int(3, 5));
    expect(new Set(drawn)).toEqual(new Set([3, 4, 5]));
    expect(rng.token(12)).toMatch(/^[0-9A-Za-z]{12}$/);
    expect(() => rng.pick([])).toThrow(RangeError);
  });

  test('shuffle, pick and int follow the seed', () => {
    const list = Array.from({ length: 20 }, (_, index) => index);
    expect(shuffle(list, 1)).toEqual(shuffle(list, '1'));
    expect(shuffle(list, 1).toSorted((a, b) => a - b)).toEqual(list);
    expect(shuffle(list, 1)).not.toEqual(shuffle(list, 2));
    expect(list).toContain(pick(list, createRng(4)));
    expect(int(0, 9, 5)).toBe(int(0, 9, 5));
  });
});
