/** Tests of an integration: events that were told as tests, and a rehearsal of a whole sale. Nothing here is money. */
import type { Caller } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';

type Answer<T> = Promise<T | Refusal>;

export const TRIAL_KINDS = ['click', 'lead', 'sale', 'refund'] as const;
export type TrialKind = (typeof TRIAL_KINDS)[number];

export type TrialView = { readonly number: number; readonly kind: TrialKind; readonly at: Moment };

export type TrialSums = {
  readonly counts: Readonly<Record<TrialKind, number>>;
  /** The latest of each kind; null: there is none. */
  readonly latest: Readonly<Record<TrialKind, TrialView | null>>;
  /** How the latest rehearsal ended; null: there was none. */
  readonly rehearsed: Verdict | null;
};

/** `pending`: it waits for something, an exchange rate for example. */
export const STEP_ENDS = ['attributed', 'unattributed', 'wrong_partner', 'pending'] as const;
type StepEnd = (typeof STEP_ENDS)[number];

export type Verdict = { readonly click: StepEnd; readonly lead: StepEnd; readonly sale: StepEnd };

export type Rehearsal = {
  /** Of a link that exists in the rehearsal only. */
  readonly code: string;
  readonly customerKey: string;
  readonly verdict: Verdict;
};

export type TrialDesk = {
  /** `limited`: counts towards the runs that a program has in an hour. */
  tellTrial(
    caller: Caller,
    trial: {
      readonly programId: string;
      readonly kind: TrialKind;
      readonly details: Readonly<Record<string, unknown>>;
      readonly limited?: true;
    },
  ): Answer<TrialView>;
  /** Those of the last 30 days. */
  trials(caller: Caller, programId: string): Promise<TrialSums>;
  /**
   * Click, lead and sale of an affiliate who exists for this alone, decided by the workspace's own rules in memory:
   * three events of a test are kept, and nothing else. Refused with `rate_limited` more than ten times an hour.
   */
  rehearse(caller: Caller, programId: string): Answer<Rehearsal>;
};
