import { describe, expect, test } from 'vitest';
import type { Family } from '../../src/simulator/family.ts';
import { dig, type Json, type JsonObject } from '../../src/simulator/json.ts';
import { randomHistory } from '../../src/simulator/random.ts';
import type { SimulatedEvent } from '../../src/simulator/world.ts';

/** Fields basil removed, by object (reference/stripe.md section 0 and 1). */
const REMOVED: Record<string, readonly string[]> = {
  invoice: [
    'charge',
    'payment_intent',
    'paid',
    'paid_out_of_band',
    'subscription',
    'subscription_details',
    'quote',
    'tax',
    'total_tax_amounts',
    'discount',
    'application_fee_amount',
    'transfer_data',
  ],
  line_item: [
    'price',
    'plan',
    'type',
    'proration',
    'proration_details',
    'invoice_item',
    'subscription_item',
    'tax_amounts',
    'tax_rates',
    'amount_excluding_tax',
    'unit_amount_excluding_tax',
  ],
  charge: ['invoice', 'parent', 'refunds'],
  payment_intent: ['invoice', 'charges'],
  credit_note: ['refund'],
  subscription: ['current_period_start', 'current_period_end', 'discount'],
  discount: ['coupon'],
  promotion_code: ['coupon'],
  'checkout.session': ['currency_conversion', 'line_items'],
  refund: ['invoice', 'livemode'],
};

/** Fields only basil and later have. */
const ADDED: Record<string, readonly string[]> = {
  invoice: [
    'parent',
    'payments',
    'amount_overpaid',
    'total_taxes',
    'total_pretax_credit_amounts',
    'confirmation_secret',
    'customer_account',
  ],
  line_item: ['parent', 'pricing', 'taxes', 'quantity_decimal', 'subtotal'],
  charge: ['parent', 'refunds'],
  refund: ['customer', 'payment_method', 'pending_reason', 'invoice', 'livemode'],
  credit_note: ['refunds', 'pre_payment_amount', 'post_payment_amount'],
  subscription: ['billing_mode'],
  subscription_item: ['current_period_start', 'current_period_end'],
  discount: ['source'],
  promotion_code: ['promotion'],
};

function* objects(value: Json): Generator<JsonObject> {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const each of value) yield* objects(each);
    return;
  }
  const object = value as JsonObject;
  if (typeof object.object === 'string') yield object;
  for (const each of Object.values(object)) yield* objects(each);
}

function present(events: readonly SimulatedEvent[], table: Record<string, readonly string[]>): string[] {
  const found = new Set<string>();
  for (const event of events) {
    for (const object of objects(event.object.data.object)) {
      const kind = typeof object.object === 'string' ? object.object : '';
      for (const key of table[kind] ?? []) if (key in object) found.add(`${kind}.${key}`);
    }
  }
  return [...found];
}

function history(family: Family): readonly SimulatedEvent[] {
  const { events, accounts } = randomHistory('families', { families: [family], minEvents: 600 });
  const code = accounts[0]?.during(() => accounts[0]?.promotionCode({ code: 'SPRING', coupon: { percentOff: 10 } }));
  return [...events, ...(code ?? [])];
}

describe('field sets', () => {
  test('nothing that basil removed is left in basil', () => {
    expect(present(history('basil'), REMOVED)).toEqual([]);
  });

  test('nothing that basil added is in old versions', () => {
    expect(present(history('old'), ADDED)).toEqual([]);
  });

  test('acacia shows both sides', () => {
    const found = [...present(history('acacia'), REMOVED), ...present(history('acacia'), ADDED)];
    for (const field of ['subscription', 'parent', 'charge', 'total_taxes']) {
      expect(found).toContain(`invoice.${field}`);
    }
    expect(found).toEqual(expect.arrayContaining(['line_item.price', 'line_item.pricing']));
  });

  test.each<Family>(['old', 'basil'])('an invoice event is of realistic size, %s', (family) => {
    const sizes = history(family)
      .filter(({ type, object }) => {
        const lines = dig(object.data.object, 'lines.data');
        return type === 'invoice.paid' && Array.isArray(lines) && lines.length === 1;
      })
      .map(({ body }) => body.length);
    expect(Math.min(...sizes)).toBeGreaterThan(4_000);
    expect(Math.max(...sizes)).toBeLessThan(9_000);
  });

  test.each<Family>(['old', 'basil'])('events carry the version and mode, %s', (family) => {
    const versions = new Set(history(family).map(({ object }) => object.api_version));
    expect([...versions]).toEqual([family === 'old' ? '2024-06-20' : '2026-10-28.endive']);
    expect(history(family).every(({ object }) => object.livemode)).toBe(true);
  });
});
