import { describe, expect, test } from 'vitest';
import type { Commission } from '../../src/core/decide.ts';
import type { PaidOut, Ruling } from '../../src/core/facts.ts';
import { EMPTY_STANDING } from '../../src/core/ledger.ts';
import { payoutIn, shownOf, type Sold } from '../../src/core/shown.ts';

const SOLD: Sold = { conversionId: 'com_1', status: 'complete', currency: 'usd', at: 1_000, affiliateId: 'jane' };

const commission = (own: Partial<Commission> = {}): Commission => ({
  affiliateId: 'jane',
  referralId: 'ref_1',
  programId: 'prog_1',
  status: 'ready_for_payment',
  currency: 'usd',
  base: 9_900n,
  earned: 2_970n,
  reversed: 0n,
  incentiveId: 'inc_1',
  incentiveVersion: 1,
  holdDays: null,
  availableAt: 1_000,
  releasedAt: 1_000,
  wakeAt: null,
  standing: EMPTY_STANDING,
  parts: [],
  ...own,
});

describe('a sale shows', () => {
  const own = commission();
  const euros = commission({ currency: 'eur' });
  const recruiter = commission({ affiliateId: 'carl' });
  const nothing = commission({ currency: 'eur', status: 'declined', earned: 0n });
  const left = commission({ currency: 'gbp', status: 'paid', base: 0n, earned: 0n });
  const taken = { affiliateId: 'jane', currency: 'usd' };
  const takenEuros = { affiliateId: 'jane', currency: 'eur' };

  test.each([
    ['what it earns whom it credits', [own, recruiter], [], own],
    ['that also in another currency', [euros], [], euros],
    ['that before what was taken back', [euros], [taken], euros],
    ['that before what an earlier payout left', [euros, left], [taken], euros],
    ['what an earlier payout left where nothing is earned', [left], [taken], left],
    ['what was taken back where nothing else is there', [], [takenEuros, taken], taken],
    ['nothing where that was in another currency', [], [takenEuros], null],
    ['nothing of nothing in another currency', [nothing], [], null],
    ['what was taken back before that', [nothing], [taken], taken],
    ['nothing of a recruiter alone', [recruiter], [], null],
  ])('%s', (_, wanted, before, shown) => {
    expect(shownOf(SOLD, wanted, before)).toBe(shown);
  });

  test('nothing where it is no sale any more, or credits nobody', () => {
    expect(shownOf(null, [own], [taken])).toBeNull();
    expect(shownOf({ ...SOLD, affiliateId: null }, [own], [taken])).toBeNull();
  });
});

const said = (at: number, status: string | null, amounts?: readonly PaidOut[]): Ruling => ({
  stamp: { at, rank: 0, event: `ruling ${at}` },
  status,
  ...(amounts ? { amounts } : {}),
});

const paid = (amount: bigint, own: Partial<PaidOut> = {}): PaidOut => ({
  affiliateId: 'jane',
  referralId: 'ref_1',
  programId: 'prog_1',
  currency: 'usd',
  amount,
  ...own,
});

describe('a payout', () => {
  const done = commission({ status: 'paid', standing: { ...EMPTY_STANDING, paid: 2_970n } });
  const onItsWay = commission({ status: 'processing_payout', reversed: 70n });

  test('is none where nothing was paid and nothing is on its way', () => {
    expect(payoutIn([said(2_000, 'ready_for_payment')], commission(), SOLD.at)).toBeNull();
  });

  test('was begun by the first word and is over since it was paid', () => {
    const words = [said(2_000, 'processing_payout'), said(3_000, 'paid'), said(4_000, 'paid')];
    expect(payoutIn(words, done, SOLD.at)).toEqual({ at: 2_000, processedAt: 3_000, amount: 2_970n });
  });

  test('begins anew when what was said before was taken back; an order of the amount takes nothing back', () => {
    const words = [said(2_000, 'paid'), said(3_000, 'pending'), said(4_000, 'paid'), said(5_000, null)];
    expect(payoutIn(words, done, SOLD.at)).toEqual({ at: 4_000, processedAt: 4_000, amount: 2_970n });
  });

  test('that was told with the sale is as old as the sale', () => {
    expect(payoutIn([], done, SOLD.at)).toEqual({ at: 1_000, processedAt: 1_000, amount: 2_970n });
  });

  test('stays one when its sale is disputed after it, or went back', () => {
    const refunded = { ...done, status: 'refunded' } as const;
    expect(payoutIn([said(2_000, 'paid')], refunded, SOLD.at)).toEqual({
      at: 2_000,
      processedAt: 2_000,
      amount: 2_970n,
    });
  });

  test('on its way is what was said to whom when it began, else what is left', () => {
    const words = (amounts?: readonly PaidOut[]) => [
      said(2_000, 'processing_payout', amounts),
      said(3_000, 'processing_payout'),
    ];
    const amounts = [paid(2_000n), paid(900n), paid(7n, { affiliateId: 'carl' }), paid(5n, { currency: 'eur' })];
    const at = { at: 2_000, processedAt: 2_000 };
    expect(payoutIn(words(amounts), onItsWay, SOLD.at)).toEqual({ ...at, amount: 2_900n });
    expect(payoutIn(words(amounts.slice(2)), onItsWay, SOLD.at)).toEqual({ ...at, amount: 2_900n });
    expect(payoutIn(words(), onItsWay, SOLD.at)).toEqual({ ...at, amount: 2_900n });
    expect(payoutIn(words([paid(1n)]), onItsWay, SOLD.at)).toEqual({ ...at, amount: 1n });
  });
});
