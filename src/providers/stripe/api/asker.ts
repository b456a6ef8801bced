/** Asking Stripe: questions in, answers and typed refusals out. */
import type { Answer, Asker } from '../../../core/answers.ts';
import type { Access } from '../../provider.ts';
import { createClient } from './client.ts';
import { isMissing, refusalOf } from './refusals.ts';
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
  if (isMissing(error)) return { missing: true };
  throw refusalOf(error);
}
