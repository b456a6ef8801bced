/** What the desk does with API keys. A key is told once, by whoever makes it; moments in milliseconds UTC. */
import type { Caller, Paging } from './desk.ts';
import type { KeyFamily } from './families.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { Page } from './views.ts';

export type KeyView = {
  readonly id: string;
  readonly family: string;
  readonly name: string;
  /** Beginning and last four characters. */
  readonly shown: string;
  readonly livemode: boolean;
  readonly scopes: readonly string[];
  /** Host names that a browser's page may be on; empty: any. `*.example.com` stands for every name below it. */
  readonly hosts: readonly string[];
  /** Who holds it; null: the workspace itself. */
  readonly affiliateId: string | null;
  readonly createdAt: Moment;
  readonly expiresAt: Moment | null;
  readonly revokedAt: Moment | null;
  /** To the minute. */
  readonly lastUsedAt: Moment | null;
  /** The key it was made in place of. */
  readonly rotatedFrom: string | null;
};

export type KeyInput = {
  readonly family: KeyFamily;
  readonly name: string;
  readonly livemode: boolean;
  readonly scopes: readonly string[];
  readonly hosts: readonly string[];
  readonly affiliateId: string | null;
  readonly expiresAt: Moment | null;
  /** A key that exists, to be known by its hash; null: a new one is made. */
  readonly key: string | null;
};

/** A key just made, in clear text; null: it was brought along, so that whoever asks has it. */
export type MadeKey = { readonly view: KeyView; readonly key: string | null };

type Answer<T> = Promise<T | Refusal>;

export type KeyDesk = {
  addKey(caller: Caller, input: KeyInput): Answer<MadeKey>;
  keys(caller: Caller, filter: Paging): Promise<Page<KeyView>>;
  /** A new key in place of one that works, which goes on working for `overlapMs`. */
  rotateKey(
    caller: Caller,
    id: string,
    how: { readonly families: readonly KeyFamily[]; readonly overlapMs: number; readonly expiresAt: Moment | null },
  ): Answer<MadeKey>;
  revokeKey(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
};
