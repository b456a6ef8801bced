/** Exchange rates on their way in: decimal text becomes an exact ratio, and whoever waited for it is decided. */
import type { Ratio } from '../core/money.ts';
import type { RateView } from '../core/views.ts';
import { isRetryable } from '../store/database.ts';
import { insertRates, otherRates, paymentsAwaitingRates, type NewRate } from '../store/rates.ts';
import type { Clockwork } from './clockwork.ts';
import { decideAgain } from './desk/again.ts';

const RATE = /^(\d{1,12})(?:\.(\d{1,18}))?$/;

/** "1.0873" → 10873/10000, exactly; null: it is no decimal above 0 with at most 12 and 18 digits. */
export function ratioOfDecimal(decimal: string): Ratio | null {
  const match = RATE.exec(decimal);
  if (!match) return null;
  const [, whole = '', fraction = ''] = match;
  const num = BigInt(whole + fraction);
  return num > 0n ? { num, den: 10n ** BigInt(fraction.length) } : null;
}

/** What rates came to: how many are new, and the days that are known with another rate and keep it. */
type Added = { readonly fresh: number; readonly others: readonly RateView[] };

const AT_ONCE = 5_000;

/**
 * Adds the rates that are new and decides the payments that waited for them. Each part is one rules version, newest days
 * first: whoever waits takes the newest fitting day of the first part that has one, and no later rate changes it.
 */
export async function addRates(work: Clockwork, workspace: string, rates: readonly NewRate[]): Promise<Added> {
  const { of } = work.database;
  const ordered = rates.toSorted((a, b) => b.day - a.day);
  const others: RateView[] = [];
  let fresh = 0;
  for (let from = 0; from < ordered.length; from += AT_ONCE) {
    const part = ordered.slice(from, from + AT_ONCE);
    fresh += await patiently(() => insertRates(of(workspace), workspace, part, work.now()));
    // Asked after the insert, so that whoever gave another rate at the same time is seen.
    others.push(...(await otherRates(of(workspace), workspace, part)));
  }
  await decideAgain(work, workspace, await paymentsAwaitingRates(of(workspace), workspace, rates));
  return { fresh, others };
}

const MOST_TRIES = 8;

/** The rates and a batch that is about to wait for them meet at the same rows; whoever is told to yield does it again. */
async function patiently<T>(insert: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await insert();
    } catch (error) {
      if (!isRetryable(error) || attempt >= MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * attempt));
    }
  }
}
