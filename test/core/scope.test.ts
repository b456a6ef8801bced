/** Scope: of everything real events say, the keys of the provider move and nothing else does. */
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/facts.ts';
import {
  bareEventId,
  bareSource,
  publicNames,
  scopedEventId,
  scopedKey,
  scopeFacts,
  scopeOf,
} from '../../src/core/scope.ts';
import { providers } from '../../src/providers/index.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { FAMILIES } from '../stories/theatre.ts';

/** Facts of a year in which a customer does most of what customers do. */
function everythingSaid(family: (typeof FAMILIES)[number]): Fact[] {
  const account = createAccount({ family, seed: 5, startAt: 1_767_600_000, embedRefunds: family === 'old' });
  const customer = account.customer({
    email: 'buyer@customer.example',
    metadata: { affonso_referral: 'stripe:not_a_key', user_id: 'u_1' },
  });
  const price = account.price({ amount: 10_000 });
  const sub = account.subscribe({ customer, price, coupon: { percentOff: 20, duration: 'once' } });
  account.renew(sub);
  account.advance({ days: 1 });
  const refund = account.refund(sub.firstPayment, { amount: 1_000 });
  void refund;
  const dispute = account.dispute(sub.firstPayment);
  void dispute;
  const stripe = providers.get('stripe');
  return account.events.flatMap(({ body }) => {
    const payload = JSON.parse(body) as { id: string; type: string; created: number };
    const at = payload.created * 1000;
    const ref = { source: 'stripe', id: payload.id, type: payload.type, at, livemode: true, rules: 1, received: at };
    const said = stripe?.translate(ref, payload);
    return said && 'facts' in said ? [...said.facts] : [];
  });
}

/** Every string of a value with the way to it. */
function strings(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => strings(member, `${path}.${name}`));
}

describe.each(FAMILIES)('facts of the %s family', (family) => {
  const facts = everythingSaid(family);
  const scoped = scopeFacts(facts, 'acct_2');

  test('of every kind that events make are looked at', () => {
    expect(new Set(facts.map(({ kind }) => kind))).toEqual(new Set(['payment', 'refund', 'customer', 'price']));
  });

  test('every key moves, and nothing else does', () => {
    const [before, after] = [strings(facts), strings(scoped)];
    expect(after.map(([path]) => path)).toEqual(before.map(([path]) => path));
    const wanted = before.map(([path, text]) => {
      if (path.endsWith('.token')) return [path, text];
      if (text === 'stripe') return [path, 'stripe@acct_2'];
      return [path, text.startsWith('stripe:') ? text.replace('stripe:', 'stripe@acct_2:') : text];
    });
    expect(after).toEqual(wanted);
    expect(after.filter(([, text]) => text.startsWith('stripe@')).length).toBeGreaterThan(50);
    expect(after.filter(([, text]) => text === 'email:buyer@customer.example').length).toBeGreaterThan(0);
  });

  test('numbers, moments and amounts stay', () => {
    const bare = (value: unknown): string =>
      JSON.stringify(value, (_, one: unknown) =>
        typeof one === 'string' ? '' : typeof one === 'bigint' ? `${one}` : one,
      );
    expect(bare(scoped)).toBe(bare(facts));
  });

  test("the primary account's are the very same", () => {
    expect(scopeFacts(facts, '')).toBe(facts);
  });
});

test('a ruling is in the scope of the payment it names', () => {
  const ruling: Fact = {
    kind: 'ruling',
    keys: ['stripe:invoice:in_1', 'affonso:sale:stripe:x'],
    ruling: { stamp: { at: 1, rank: 0, event: 'ruling:1' }, status: 'declined' },
  };
  expect(scopeFacts([ruling], 'acct_2')).toEqual([
    { ...ruling, keys: ['stripe@acct_2:invoice:in_1', 'affonso:sale:stripe:x'] },
  ]);
});

describe('names', () => {
  test.each(['acct_2', 'a', 'with:colon', 'with%3Acolon', '%25', '100%', 'ünïcode@x'])(
    'a scope %j is read back',
    (scope) => {
      const key = scopedKey('stripe:invoice:in_1', scope);
      expect(key.split(':').slice(1)).toEqual(['invoice', 'in_1']);
      expect(scopeOf(key)).toBe(scope);
      expect(bareSource(key.split(':')[0] ?? '')).toBe('stripe');
      expect(bareEventId(scopedEventId('evt_1', scope))).toBe('evt_1');
    },
  );

  test('what has no scope stays', () => {
    expect(scopedKey('stripe:invoice:in_1', '')).toBe('stripe:invoice:in_1');
    expect(scopedKey('email:a@b', 'acct_2')).toBe('email:a@b');
    for (const key of ['stripe:invoice:in_1', 'affonso:sale:stripe@acct_2:x', 'nothing', ''])
      expect(scopeOf(key)).toBe('');
    expect(scopedEventId('evt_1', '')).toBe('evt_1');
    expect(bareEventId('evt_1')).toBe('evt_1');
    expect(bareSource('affonso')).toBe('affonso');
  });

  test("the public record shows Stripe's own id, and a caller's as it is", () => {
    expect(publicNames({ source: 'stripe@acct_2', externalEventId: 'acct_2/evt_1' })).toEqual({
      source: 'stripe',
      externalEventId: 'evt_1',
    });
    const called = { source: 'affonso', externalEventId: 'order/1' };
    expect(publicNames(called)).toEqual(called);
  });
});
