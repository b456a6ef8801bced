import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  NOTHING_POSTED,
  readPayment,
  readPosted,
  writePayment,
  writePosted,
  type Posted,
} from '../../src/core/codec.ts';
import { EMPTY_PAYMENT } from '../../src/core/merge.ts';
import { together, universe } from './universe.ts';

test('a payment survives being written and read', () => {
  expect(readPayment(writePayment(EMPTY_PAYMENT))).toEqual(EMPTY_PAYMENT);
  fc.assert(
    fc.property(universe().map(together), (state) => {
      const text = writePayment(state);
      expect(readPayment(text)).toEqual(state);
      expect(writePayment(readPayment(text))).toBe(text);
    }),
  );
});

test('what is posted survives being written and read', () => {
  const name = fc.string({ minLength: 1 });
  const row = fc.record({ id: name, digest: name });
  // Far beyond what a float could carry.
  const amount = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  const posted: fc.Arbitrary<Posted> = fc.record({
    sale: fc.option(row, { nil: null }),
    refunds: fc.dictionary(
      name.filter((key) => key !== '__proto__'),
      row,
      { noNullPrototype: true },
    ),
    commissions: fc.array(
      fc.record({
        id: name,
        digest: name,
        conversionId: name,
        affiliateId: name,
        currency: fc.constantFrom('usd', 'jpy'),
        standing: fc.record({ review: amount, pending: amount, payable: amount, paid: amount }),
      }),
      { maxLength: 3 },
    ),
    referralId: fc.option(name, { nil: null }),
    parked: fc.option(name, { nil: null }),
  });
  expect(readPosted(writePosted(NOTHING_POSTED))).toEqual(NOTHING_POSTED);
  fc.assert(
    fc.property(posted, (all) => {
      expect(readPosted(writePosted(all))).toEqual(all);
    }),
  );
});
