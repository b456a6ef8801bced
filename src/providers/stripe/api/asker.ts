/** Asking Stripe: questions in, answers and typed refusals out. */
import Stripe from 'stripe';
import { KeyRefused, RateLimited, Unreachable, type Answer, type Asker } from '../../../core/answers.ts';
import type { Access } from '../../provider.ts';
import { createClient } from './client.ts';
import { request } from './requests.ts';

/** An asker for one account. Opens no connection before the first question. */
export function asker(access: Access): Asker {
  const stripe = createClient(access);
  return {
    ask: (question) => request(stripe, question).catch(refused),
  };
}

/** Not found is an answer; everything else is a refusal of the line or a question that Stripe does not take. */
function refused(error: unknown): Answer {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const { statusCode = 0, code, message } = error;
  // Also 400: a list that is filtered by something that does not exist.
  if (statusCode === 404 || code === 'resource_missing') return { missing: true };
  if (statusCode === 429) throw new RateLimited(retryAfterOf(error), code !== 'lock_timeout');
  if (statusCode === 401) throw new KeyRefused(message, true);
  if (statusCode === 403) throw new KeyRefused(message, false);
  if (statusCode >= 500 || error instanceof Stripe.errors.StripeConnectionError) throw new Unreachable(message);
  throw error;
}

/** Seconds in the header as milliseconds; null when it is missing or is no number. */
function retryAfterOf(error: Stripe.errors.StripeError): number | null {
  const seconds = Number(error.headers?.['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
