/**
 * The contract of a webhook source. A provider is one folder: it verifies, names and translates; it never stores or
 * decides, and calls the network only where it is asked to. The loader in `index.ts` finds the folders.
 */
import type { Asker } from '../core/answers.ts';
import type { EventRef, Translation } from '../core/facts.ts';
import type { Lister } from '../core/walks.ts';

/** An event as it came in, verified, not yet stored. */
export type ReceivedEvent = {
  /** The source's own id, unique per workspace and source. */
  readonly id: string;
  readonly type: string;
  /** When it happened, milliseconds UTC. */
  readonly at: number;
  readonly livemode: boolean;
  /** The connected account it speaks of; null: the endpoint's own. */
  readonly account: string | null;
  /** Which of several active secrets it was signed with, in words; absent when there is only one (cases.md 13). */
  readonly signedWith?: string;
  /** The place of that secret in the list that was given. */
  readonly matched: number;
  /** The exact text that was signed. */
  readonly body: string;
  /** The body, parsed once. */
  readonly payload: unknown;
};

/** Why a delivery was refused: a short code for the log and a hint that says what to check. */
export type Rejection = {
  readonly rejected: string;
  readonly hint: string;
  /** Another secret than those given may have made the signature. */
  readonly otherSecret?: true;
};

/** How a provider's API is reached for one account. */
export type Access = {
  readonly apiKey: string;
  /** Another address than the provider's own, for a mock or a fake; null: its own. */
  readonly base: string | null;
  /** Waited for before every request, so that no more are sent than the provider allows. */
  readonly pace?: () => Promise<void>;
};

/** The webhook endpoint that is wanted. */
export type EndpointWish = {
  readonly url: string;
  /** Of connected accounts, not of the account itself. */
  readonly connect: boolean;
  /** Changes nothing, and says what would be. */
  readonly dryRun: boolean;
};

/** What became of an endpoint, with the types of events it did not get, and those it got in vain. */
export type SetEndpoint = {
  readonly is: 'made' | 'updated' | 'right';
  /** null: it was not made, only wished for. */
  readonly id: string | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly wasDisabled: boolean;
  /** Its signing secret, told once; null: it is not told. */
  readonly secret: string | null;
  readonly apiVersion: string | null;
};

export type Provider = {
  readonly name: string;
  /**
   * Checks raw bytes and headers against every active secret. Pure but for cryptography; `now` in milliseconds.
   * Refuses: no or malformed signature, no match, timestamp more than 300 s away on either side, non-UTF-8, non-JSON.
   */
  verify(
    raw: Uint8Array,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    secrets: readonly string[],
    now: number,
  ): ReceivedEvent | Rejection;
  /** The connected account a stored event speaks of, as `verify` told it; null: the endpoint's own. */
  accountOf?(payload: unknown): string | null;
  /** Whether an event of this type ends the connection of the account it names. */
  disconnects?(type: string): boolean;
  /** Asks its API, with reads only; absent: it has none, or none that is needed. Opens no connection by itself. */
  asker?(access: Access): Asker;
  /** Lists what its API has, with reads only; absent: it has no lists. Opens no connection by itself. */
  lister?(access: Access): Lister;
  /** Registers our webhook endpoint: the only write there is. Throws the refusals that asking throws. */
  setEndpoint?(access: Access, wish: EndpointWish): Promise<SetEndpoint>;
  /** What a stored event says, in facts; reads only its arguments. A malformed known object throws with a reason. */
  translate(ref: EventRef, payload: unknown): Translation;
};
