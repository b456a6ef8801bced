/** What Stripe says when it does not answer, and waiting until it does. */
import Stripe from 'stripe';
import { KeyRefused, RateLimited, Unreachable } from '../../../core/answers.ts';

/** Also 400: a list that is filtered by something that does not exist. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  return error.statusCode === 404 || error.code === 'resource_missing';
}

/** The refusal of the line that an error of the SDK is; anything else as it came. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode = 0, code, message } = error;
  if (statusCode === 429) return new RateLimited(retryAfterOf(error), code !== 'lock_timeout');
  if (statusCode === 401) return new KeyRefused(message, true);
  if (statusCode === 403) return new KeyRefused(message, false);
  if (statusCode >= 500 || error instanceof Stripe.errors.StripeConnectionError) return new Unreachable(message);
  return error;
}

/** Seconds in the header as milliseconds; null when it is missing or is no number. */
function retryAfterOf(error: InstanceType<typeof Stripe.errors.StripeError>): number | null {
  const seconds = Number(error.headers?.['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

/** Waits between tries of one request of a list; together about two minutes. */
const WAITS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];

/** Sends a request until it is answered: a list of many pages must not end because one of them had to wait. */
export async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      const refusal = refusalOf(error);
      const wait = WAITS_MS[tries];
      const passes = refusal instanceof RateLimited || refusal instanceof Unreachable;
      if (!passes || wait === undefined) throw refusal;
      const told = refusal instanceof RateLimited ? refusal.retryAfterMs : null;
      // Spread out, so that all that wait do not come back at once.
      await new Promise((resolve) => setTimeout(resolve, (told ?? wait) + Math.random() * 200));
    }
  }
}
