import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACCOUNTS, applied, EMPTY_STANDING, movements, standing, type Standing } from '../../src/core/ledger.ts';

// Below zero, too: `payable` is after a refund that came after the payout.
const amount = fc.bigInt({ min: -1_000n, max: 1_000n });
const standings: fc.Arbitrary<Standing> = fc.record({
  review: amount,
  pending: amount,
  payable: amount,
  paid: amount,
});
const total = (stand: Standing): bigint => ACCOUNTS.reduce((sum, account) => sum + stand[account], 0n);

describe('movements', () => {
  test('lead from what stands to what should stand, exactly', () => {
    fc.assert(
      fc.property(standings, standings, (have, want) => {
        expect(applied(have, movements(have, want))).toEqual(want);
      }),
    );
  });

  test('are never zero, negative, or from an account to itself', () => {
    fc.assert(
      fc.property(standings, standings, (have, want) => {
        for (const { debit, credit, amount: moved } of movements(have, want)) {
          expect(moved > 0n).toBe(true);
          expect(debit).not.toBe(credit);
        }
      }),
    );
  });

  test('are none when nothing changed, and never more than there are accounts', () => {
    fc.assert(
      fc.property(standings, standings, (have, want) => {
        expect(movements(have, have)).toEqual([]);
        expect(movements(have, want).length).toBeLessThanOrEqual(ACCOUNTS.length);
      }),
    );
  });

  test('take from the program only what the sum grew by, and give back only what it shrank by', () => {
    fc.assert(
      fc.property(standings, standings, (have, want) => {
        const moves = movements(have, want);
        const sum = (side: 'debit' | 'credit'): bigint =>
          moves.reduce((all, move) => (move[side] === 'program' ? all + move.amount : all), 0n);
        const grown = total(want) - total(have);
        expect([sum('debit'), sum('credit')]).toEqual(grown > 0n ? [grown, 0n] : [0n, -grown]);
      }),
    );
  });

  test('release a hold in one step', () => {
    expect(movements({ ...EMPTY_STANDING, pending: 30n }, { ...EMPTY_STANDING, payable: 30n })).toEqual([
      { debit: 'pending', credit: 'payable', amount: 30n },
    ]);
  });

  test('take back the reversed part while they release the rest', () => {
    expect(movements({ ...EMPTY_STANDING, pending: 30n }, { ...EMPTY_STANDING, payable: 21n })).toEqual([
      { debit: 'pending', credit: 'payable', amount: 21n },
      { debit: 'pending', credit: 'program', amount: 9n },
    ]);
  });
});

describe('standing', () => {
  const asked = {
    net: 30n,
    held: 0n,
    wholly: false,
    manual: false,
    released: true,
    ruling: null,
    paidOut: 0n,
    provisional: false,
  };
  const at = (account: keyof Standing): Standing => ({ ...EMPTY_STANDING, [account]: 30n });

  test.each([
    ['earned without a hold', {}, 'ready_for_payment', at('payable')],
    ['on hold', { released: false }, 'pending', at('pending')],
    ['to be approved', { manual: true }, 'pending_manual_approval', at('review')],
    ['to be approved and on hold', { manual: true, released: false }, 'pending_manual_approval', at('review')],
    ['approved', { manual: true, ruling: 'pending' }, 'ready_for_payment', at('payable')],
    ['approved within the hold', { manual: true, released: false, ruling: 'pending' }, 'pending', at('pending')],
    [
      'declared payable within the hold',
      { released: false, ruling: 'ready_for_payment' },
      'ready_for_payment',
      at('payable'),
    ],
    ['paid', { ruling: 'paid', paidOut: 30n }, 'paid', at('paid')],
    [
      'refunded after it was paid',
      { ruling: 'paid', wholly: true, net: 0n, paidOut: 30n },
      'paid',
      { ...at('paid'), payable: -30n },
    ],
    [
      'refunded in part after it was paid',
      { ruling: 'paid', net: 20n, paidOut: 30n },
      'paid',
      { ...at('paid'), payable: -10n },
    ],
    [
      'refunded while the payout is on its way',
      { ruling: 'processing_payout', wholly: true, net: 0n },
      'processing_payout',
      EMPTY_STANDING,
    ],
    ['in dispute', { held: 30n }, 'dispute', at('review')],
    ['in dispute in part', { held: 10n }, 'dispute', { ...EMPTY_STANDING, review: 10n, payable: 20n }],
    [
      'in dispute in part and on hold',
      { held: 10n, released: false },
      'dispute',
      { ...EMPTY_STANDING, review: 10n, pending: 20n },
    ],
    ['in dispute and to be approved', { held: 10n, manual: true }, 'dispute', at('review')],
    ['in dispute after it was paid', { held: 30n, ruling: 'paid', paidOut: 30n }, 'paid', at('paid')],
    [
      'in dispute after it was paid, where that counts at once',
      { held: 30n, ruling: 'paid', provisional: true, paidOut: 30n },
      'paid',
      { ...at('paid'), review: 30n, payable: -30n },
    ],
    ['disputed', { ruling: 'dispute' }, 'dispute', at('review')],
    ['declined', { ruling: 'declined' }, 'declined', EMPTY_STANDING],
    ['refunded', { wholly: true, net: 0n }, 'refunded', EMPTY_STANDING],
    [
      'declined after it was paid',
      { ruling: 'declined', paidOut: 30n },
      'declined',
      { ...EMPTY_STANDING, paid: 30n, payable: -30n },
    ],
    [
      'refunded after it was approved',
      { wholly: true, net: 0n, ruling: 'ready_for_payment' },
      'refunded',
      EMPTY_STANDING,
    ],
    ['declined and then refunded', { wholly: true, net: 0n, ruling: 'declined' }, 'declined', EMPTY_STANDING],
  ])('%s', (_, more, status, stand) => {
    expect(standing({ ...asked, ...more })).toEqual({ status, stand });
  });

  test('stands for the net or for nothing, in one account', () => {
    const question = fc.record({
      net: fc.bigInt({ min: 0n, max: 1_000n }),
      held: fc.constant(0n),
      paidOut: fc.bigInt({ min: 0n, max: 1_000n }),
      provisional: fc.boolean(),
      wholly: fc.boolean(),
      manual: fc.boolean(),
      released: fc.boolean(),
      ruling: fc.constantFrom(
        null,
        'pending',
        'pending_manual_approval',
        'ready_for_payment',
        'processing_payout',
        'paid',
        'declined',
        'refunded',
        'dispute',
      ),
    });
    fc.assert(
      fc.property(question, (asking) => {
        const { status, stand } = standing(asking);
        const nothing = status === 'declined' || status === 'refunded';
        expect(total(stand)).toBe(nothing ? 0n : asking.net);
        if (stand.paid === 0n)
          expect(ACCOUNTS.filter((account) => stand[account] !== 0n).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
