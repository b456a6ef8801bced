/**
 * What comes back when a provider's API is asked. An answer is an object as the API shows it now; it is stored as an
 * event and translated like one. Refusals of the line are thrown: they say nothing about the question.
 */
import type { Question } from './questions.ts';

/** One object, and the type of the event it is stored as: `answer.invoice`. */
export type Found = { readonly type: string; readonly object: unknown };

/** `final`: false when the API may know more a little later (a list that is still empty). */
export type Answer = { readonly found: readonly Found[]; readonly final: boolean } | { readonly missing: true };

/** Asks on behalf of one account; reads only. */
export type Asker = {
  /** Throws `RateLimited`, `KeyRefused` or `Unreachable`; any other error means that the question itself is wrong. */
  ask(question: Question): Promise<Answer>;
};

/** Too many requests. `whole`: the account as a whole is limited; false: only this object is locked for a moment. */
export class RateLimited extends Error {
  readonly retryAfterMs: number | null;
  readonly whole: boolean;
  constructor(retryAfterMs: number | null, whole: boolean) {
    super(whole ? 'too many requests' : 'the object is locked');
    this.retryAfterMs = retryAfterMs;
    this.whole = whole;
  }
}

/** The key is not accepted. `whole`: for anything; false: it lacks the permission for this kind of question. */
export class KeyRefused extends Error {
  readonly whole: boolean;
  constructor(message: string, whole: boolean) {
    super(message);
    this.whole = whole;
  }
}

/** The API was not reached or is broken; worth another try. */
export class Unreachable extends Error {}
