/** What affiliates are asked when they join, and what they answered. A workspace has one form. Moments in milliseconds UTC. */
import type { Caller } from './desk.ts';
import type { GivenAnswer, Question, Response } from './onboarding.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';

export type FormView = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
  /** Those that are asked, in the order in which they are. */
  readonly questions: readonly Question[];
};

/** `id` null: a new one. */
export type QuestionInput = Omit<Question, 'id'> & { readonly id: string | null };

export type FormInput = Pick<FormView, 'name' | 'description'> & { readonly questions: readonly QuestionInput[] };

/** The form as one affiliate answered it. */
export type Onboarding = {
  readonly form: FormView;
  /** null: nobody said that it is complete. */
  readonly completedAt: Moment | null;
  /** By the question's id; without an entry it has no answer. */
  readonly answers: ReadonlyMap<string, GivenAnswer>;
};

type Answer<T> = Promise<T | Refusal>;

export type OnboardingDesk = {
  onboardingForm(caller: Caller): Answer<FormView>;
  /** Refused while there is one; ids of questions are ours to make. */
  createOnboardingForm(caller: Caller, input: FormInput): Answer<FormView>;
  /**
   * Only what is given changes. `questions` take the place of those there are: one with an id changes, or is taken up
   * again; what is left out is asked no more, and stays for its answers: without any it is gone. Refused: an id of no question of
   * the form.
   */
  updateOnboardingForm(caller: Caller, changes: Partial<FormInput>): Answer<FormView>;
  /** With its questions and all answers to them. */
  deleteOnboardingForm(caller: Caller): Answer<{ readonly deleted: true }>;
  onboarding(caller: Caller, affiliateId: string): Answer<Onboarding>;
  /** Of several affiliates, by id; null: there is no form. */
  onboardings(caller: Caller, affiliateIds: readonly string[]): Promise<ReadonlyMap<string, Onboarding> | null>;
  /**
   * Keeps answers, each in place of an earlier one. `complete`: the affiliate is done, for the first time or again, and is
   * shown to be. Refused whole: a question that is not asked, an answer of the wrong kind; with `complete` also when a
   * required question has none after that.
   */
  answerOnboarding(
    caller: Caller,
    affiliateId: string,
    said: { readonly responses: readonly Response[]; readonly complete: boolean },
  ): Answer<Onboarding>;
};
