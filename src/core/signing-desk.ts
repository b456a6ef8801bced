/** What callers sign their requests with, where a workspace asks for it. The secret is told once, by whoever makes it. */
import type { Caller } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';

export type SigningView = {
  /** Prefix and last four characters. */
  readonly shown: string;
  readonly createdAt: Moment;
};

type Answer<T> = Promise<T | Refusal>;

export type SigningDesk = {
  /** null: requests need no signature. */
  signing(caller: Caller): Promise<SigningView | null>;
  /** From now on requests must be signed, in every process within seconds. `secret` null: one is made. Replaces the one before. */
  startSigning(
    caller: Caller,
    secret: string | null,
  ): Answer<{ readonly view: SigningView; /** null: it was brought along. */ readonly secret: string | null }>;
  stopSigning(caller: Caller): Answer<{ readonly deleted: true }>;
};
