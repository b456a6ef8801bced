/** What a provider's API lists, oldest first: used to find what its webhooks did not bring. Moments in milliseconds UTC. */
import type { Moment } from './time.ts';

/** One thing of a list. */
export type Listed = {
  /** The event's own id; null: an object as it is now. */
  readonly event: { readonly id: string; readonly at: Moment; readonly livemode: boolean } | null;
  /** The id of the object; of an event its own. */
  readonly id: string;
  /** The type it is translated by: the event's, or `answer.refund`. */
  readonly type: string;
  /** The whole event, or the object. */
  readonly object: unknown;
};

/** Some of a list. Everything created before `reached` has been listed. */
export type ListedPage = { readonly listed: readonly Listed[]; readonly reached: Moment };

export type Stream = {
  /** `events`, or the kind of objects. */
  readonly name: string;
  /** The permissions a key needs for it, as the provider names them. */
  readonly needs: string;
};

/** Lists what one account has; reads only. */
export type Lister = {
  /** What there is to walk; `events` first. */
  readonly streams: readonly Stream[];
  /** How long the provider keeps events. */
  readonly eventsKeptMs: number;
  /**
   * What was created from `from` on and before `to`, oldest first, a page at a time. Waits out limits of rate; throws
   * `KeyRefused`, or `RateLimited` and `Unreachable` when they last.
   */
  walk(stream: string, from: Moment, to: Moment): AsyncIterable<ListedPage>;
};
