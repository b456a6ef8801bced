/** Who is credited when a buyer was named with a key and without one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attribute } from '../../src/core/attribution.ts';
import { PROVISIONAL, UNPROVEN, type Touch } from '../../src/core/facts.ts';
import { EMPTY_CUSTOMER, EMPTY_PAYMENT, mergeCustomers, type CustomerState } from '../../src/core/merge.ts';
import { DEFAULT_SETTINGS, type Rules } from '../../src/core/rules.ts';
import { DAY_MS } from '../../src/core/time.ts';

const RULES: Rules = {
  version: 1,
  settings: [{ since: 1, settings: DEFAULT_SETTINGS }],
  incentives: [],
  lookAcross: false,
  coupons: [],
  rates: [],
  partners: new Map(),
};

const PAID_AT = 1_000 * DAY_MS;
const PARTY = 'stripe:cus_1';
const NODES = [PARTY, 'user:u_1', 'email:b@buyer.example'] as const;

type Said = { readonly node: (typeof NODES)[number]; readonly rank: number; readonly at: number };

/** Whom a payment is credited to after this was said, in this order; each was said of a referral of its own. */
function creditedTo(said: readonly (Said & { readonly token: string })[], paidAt = PAID_AT): string | null {
  const customers = new Map<string, CustomerState>([[PARTY, { ...EMPTY_CUSTOMER, links: NODES.slice(1) }]]);
  for (const { node, ...touch } of said) {
    const told: Touch = { ...touch, subscription: null };
    customers.set(node, mergeCustomers(customers.get(node) ?? EMPTY_CUSTOMER, { ...EMPTY_CUSTOMER, touches: [told] }));
  }
  const world = {
    rules: RULES,
    customer: (key: string) => customers.get(key),
    referral: (id: string) => ({ id, affiliateId: `of ${id}`, programId: 'prog_1', rejected: false }),
    price: () => undefined,
  };
  const bought = { party: PARTY, subscription: null, paidAt, moneyKey: 'm' };
  return attribute(EMPTY_PAYMENT, bought, world, DEFAULT_SETTINGS).referral?.id ?? null;
}

const said = fc.record({
  node: fc.constantFrom(...NODES),
  rank: fc.constantFrom(0, 4, UNPROVEN, PROVISIONAL),
  at: fc.integer({ min: 990 * DAY_MS, max: 1_010 * DAY_MS }),
});
const all = fc
  .array(said, { minLength: 1, maxLength: 12 })
  .map((list) => list.map((one, index) => ({ ...one, token: `ref_${index}` })));

test('nothing that was said without a key comes before what had been said with one, by whatever name and order', () => {
  fc.assert(
    fc.property(
      all.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        const credited = creditedTo(list);
        expect(creditedTo(shuffled)).toBe(credited);
        const inTime = ({ at }: Said): boolean => at <= PAID_AT + DAY_MS;
        const winner = list.find(({ token }) => token === credited);
        const bySort = [
          list.filter((one) => one.rank < UNPROVEN && inTime(one)),
          list.filter((one) => one.rank === UNPROVEN && inTime(one)),
          list.filter((one) => one.rank < UNPROVEN && !inTime(one)),
          list.filter((one) => one.rank === PROVISIONAL && inTime(one)),
        ];
        const first = bySort.find(({ length }) => length > 0);
        if (winner === undefined) expect(first).toBeUndefined();
        else expect(first).toContain(winner);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([
  ['both before', 1, 2, 'keyed'],
  ['the key a day after the payment', 1, 1_001, 'keyed'],
  ['the key more than a day after it', 1, 1_001.1, 'keyless'],
  ['both long after it', 1_003, 1_005, 'keyed'],
])('%s (without one on day %d, with one on day %d, paid on day 1000): %s', (_name, keyless, keyed, credited) => {
  const list = [
    { node: NODES[1], rank: UNPROVEN, at: keyless * DAY_MS, token: 'keyless' },
    { node: NODES[2], rank: 0, at: keyed * DAY_MS, token: 'keyed' },
  ];
  expect([creditedTo(list), creditedTo(list.toReversed())]).toEqual([credited, credited]);
});
