/** Scope: of everything real events say, the keys of the provider move and nothing else does. */
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/facts.ts';
import { bareEventId, scopedEventId, scopedKey, scopeFacts, scopeOf } from '../../src/core/scope.ts';
import { isCouponToken, sourceName } from '../../src/core/keys.ts';
import { providers } from '../../src/providers/index.ts';
import { randomHistory } from '../../src/simulator/random.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { FAMILIES } from '../stories/theatre.ts';

/** Facts of everything that happens to customers of a merchant, and of one who signs a referral that looks like a key. */
function everythingSaid(family: (typeof FAMILIES)[number]): Fact[] {
  const account = createAccount({ family, seed: 5, startAt: 1_767_600_000 });
  const metadata = { affonso_referral: 'stripe:not_a_key', user_id: 'u_1' };
  const customer = account.customer({ email: 'buyer@customer.example', metadata });
  account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  const { events } = randomHistory('scope', { families: [family], kinds: 'all', minEvents: 600, customers: 8 });
  const stripe = providers.get('stripe');
  return [...account.events, ...events].flatMap(({ body }) => {
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
    expect(new Set(facts.map(({ kind }) => kind))).toEqual(
      new Set(['payment', 'refund', 'dispute', 'warning', 'note', 'customer', 'price', 'promotion']),
    );
  });

  test('every key moves, and nothing else does', () => {
    const [before, after] = [strings(facts), strings(scoped)];
    expect(after.map(([path]) => path)).toEqual(before.map(([path]) => path));
    const wanted = before.map(([path, text]) => {
      if (path.endsWith('.token') && !isCouponToken(text)) return [path, text];
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
      expect(sourceName(key.split(':')[0] ?? '')).toBe('stripe');
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
  });
});
