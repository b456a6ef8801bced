/** Which click of a visitor a payment is credited to that names only the visitor. */
import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/core/time.ts';
import { referralNamed, visitAt, type VisitorClick } from '../../src/core/visitors.ts';

const PAID_AT = 1_000 * DAY_MS;

/** A click `days` before the payment, by way of the affiliate whose name is its own. */
function click(id: string, days: number, lastingDays: number | null = null): VisitorClick {
  return {
    referral: { id, affiliateId: id.split('_')[0] ?? id, programId: 'prog', rejected: false },
    at: PAID_AT - days * DAY_MS,
    lastingSince: lastingDays === null ? null : PAID_AT - lastingDays * DAY_MS,
    windowDays: 30,
  };
}

const whom = (...clicks: VisitorClick[]): string | undefined => visitAt('jane_v', clicks, PAID_AT)?.id;

describe('of several clicks', () => {
  test('the last one counts', () => expect(whom(click('max', 1), click('jane', 2))).toBe('max'));
  test('but for one that something had come of', () => expect(whom(click('max', 1), click('jane', 2, 2))).toBe('jane'));
  test('and that was before the money moved', () => expect(whom(click('max', 1), click('jane', 2, -1))).toBe('max'));
  test('the first of two such', () => expect(whom(click('max', 9, 1), click('jane', 8, 8))).toBe('max'));
  test('one within its window', () => expect(whom(click('jane', 31))).toBeUndefined());
  test('one that lasts, however long ago', () => expect(whom(click('jane', 400, 399))).toBe('jane'));
  test('none that came after', () => expect(whom(click('jane', -1))).toBeUndefined());
  test('one of the same second', () => expect(whom(click('jane', -0.00001))).toBe('jane'));
  test('the one that the visitor is named by, of one moment', () =>
    expect(whom(click('jane_v', 1), click('max', 1))).toBe('jane_v'));
  test('the later by id of one moment, in any order', () => {
    expect(whom(click('a', 1), click('b', 1))).toBe('b');
    expect(whom(click('b', 1), click('a', 1))).toBe('b');
  });
});

describe('a token', () => {
  const first = click('jane_v', 2);
  const named = (exact: boolean, ...clicks: VisitorClick[]): string | undefined =>
    referralNamed('jane_v', exact ? first.referral : undefined, clicks, PAID_AT)?.id;

  test('that is a referral, and no visitor, leads to it', () => expect(named(true)).toBe('jane_v'));
  test('leads to it also where clicks of others carry it', () => expect(named(true, click('max', 1))).toBe('jane_v'));
  test('that is both leads to the later click of somebody else', () =>
    expect(named(true, first, click('max', 1))).toBe('max'));
  test('but stays where it was with a later click of the same', () =>
    expect(named(true, first, click('jane_2', 1))).toBe('jane_v'));
  test('or where no click counts any more', () => expect(named(true, click('jane_v', 50))).toBe('jane_v'));
  test('that is only a visitor leads to their click', () => expect(named(false, click('max', 1))).toBe('max'));
  test('that nobody knows leads nowhere', () => expect(named(false)).toBeUndefined());
});
