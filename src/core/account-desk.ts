/** What the desk does with Stripe accounts and alerts. Secrets go in and never come out; moments in milliseconds UTC. */
import type { Caller, Paging } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { Page } from './views.ts';

export type SecretView = {
  readonly id: string;
  readonly label: string;
  /** Prefix and last four characters. */
  readonly shown: string;
  readonly expiresAt: Moment | null;
  readonly createdAt: Moment;
};

export type ApiKeyView = {
  readonly livemode: boolean;
  readonly shown: string;
  readonly createdAt: Moment;
  readonly refusedAt: Moment | null;
  readonly refusedReason: string | null;
};

export type StripeAccountView = {
  readonly id: string;
  readonly name: string;
  /** '' for the primary account: the one whose events name no account. Never changes. */
  readonly scope: string;
  readonly createdAt: Moment;
  readonly connectedAt: Moment;
  readonly disconnectedAt: Moment | null;
  readonly secrets: readonly SecretView[];
  readonly apiKeys: readonly ApiKeyView[];
};

export type AlertView = {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  /** What happened and what to do. */
  readonly message: string;
  readonly times: number;
  readonly firstAt: Moment;
  readonly lastAt: Moment;
  readonly resolvedAt: Moment | null;
};

type Answer<T> = Promise<T | Refusal>;

export type AccountDesk = {
  /** Registers an account or connects it again; `primary` asks for scope ''. */
  addAccount(
    caller: Caller,
    input: {
      readonly id: string;
      readonly name: string | null;
      readonly primary: boolean;
      /** The platform's endpoint delivers its events here: the word of whoever runs the service, never of a tenant's key. */
      readonly routed: boolean;
    },
  ): Answer<{ readonly account: StripeAccountView; readonly created: boolean }>;
  account(caller: Caller, id: string): Answer<StripeAccountView>;
  accounts(caller: Caller, filter: Paging): Promise<Page<StripeAccountView>>;
  renameAccount(caller: Caller, id: string, name: string): Answer<StripeAccountView>;
  removeAccount(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
  /** `othersExpireAt`: the account's other secrets end then at the latest; null: they stay. */
  addSecret(
    caller: Caller,
    id: string,
    input: {
      readonly secret: string;
      readonly label: string | null;
      readonly expiresAt: Moment | null;
      readonly othersExpireAt: Moment | null;
    },
  ): Answer<SecretView>;
  removeSecret(caller: Caller, id: string, secretId: string): Answer<{ readonly deleted: true }>;
  /** The key's own prefix says for which world it is. */
  putApiKey(caller: Caller, id: string, key: string): Answer<ApiKeyView>;
  /** `livemode` null: the keys of both worlds. */
  removeApiKey(caller: Caller, id: string, livemode: boolean | null): Answer<{ readonly deleted: true }>;
  alerts(caller: Caller, filter: Paging & { readonly state: 'open' | 'resolved' | null }): Promise<Page<AlertView>>;
  resolveAlert(caller: Caller, id: string): Answer<AlertView>;
};
