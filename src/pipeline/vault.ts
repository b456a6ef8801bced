/**
 * The vault: what a workspace is served with, from the environment and from the database. Stored secrets are opened once
 * and believed for some seconds, so that an ordinary delivery asks the database nothing.
 */
import type { Logger } from 'pino';
import type { Database } from '../store/database.ts';
import { aboutRequestSecret, findRequestSecret } from '../store/request-secrets.ts';
import { createSeal, SealError, type Seal } from '../store/seal.ts';
import { apiKeysOf, workspacesWithKeys, type OpenedKey } from '../store/stripe-keys.ts';
import { aboutSecret, secretsOf, workspacesWithSecrets } from '../store/stripe-secrets.ts';
import type { Tx } from '../store/tx.ts';

/** A stored signing secret, opened, and the account it speaks for. */
export type SigningSecret = {
  readonly secret: string;
  readonly account: string;
  readonly scope: string;
  /** To recognise it in the log. */
  readonly words: string;
  /** Milliseconds UTC; null: never. */
  readonly expiresAt: number | null;
};

export type Stored = {
  /** Those that count now. */
  readonly secrets: readonly SigningSecret[];
  /** Why others could not be opened; null: all could. */
  readonly problem: string | null;
};

export type Environment = {
  /** Signing secrets the environment gives a workspace; they speak for its primary account. */
  readonly secretsOf: (workspace: string) => readonly string[];
  /** The environment's API key: of workspace `default`, its primary account. */
  readonly apiKey: string | null;
};

export type Vault = {
  readonly seal: Seal;
  readonly environment: Environment;
  /** Stored signing secrets of a workspace. Throws what the database throws when it is away. */
  storedSecrets(workspace: string, now: number): Promise<Stored>;
  /** What the workspace's callers sign their requests with; null: they need not. Throws when it cannot be opened. */
  requestSecret(workspace: string, now: number): Promise<string | null>;
  /** Has to be said after a change of a workspace's secrets, so that this process knows it at once. */
  forget(workspace: string): void;
  /** API keys of the connected accounts of all workspaces; the environment's first. */
  apiKeys(): Promise<OpenedKey[]>;
};

export const EMPTY_ENVIRONMENT: Environment = { secretsOf: () => [], apiKey: null };

/** For how long stored secrets are believed; other processes learn of a change within this time. */
export const BELIEVED_MS = 5_000;

type Believed<T> = { readonly since: number; readonly value: Promise<T> };

export function createVault(
  database: Database,
  log: Logger,
  environment: Environment = EMPTY_ENVIRONMENT,
  keys: readonly Buffer[] = [],
): Vault {
  const seal = createSeal(keys);
  const { of, across } = database;
  const names = believing(() => workspacesWithSecrets(across));
  const stored = new Map<string, (now: number) => Promise<Opened>>();
  const requests = new Map<string, (now: number) => Promise<string | null>>();
  return {
    seal,
    environment,
    async storedSecrets(workspace, now) {
      // Anybody can name a workspace in a path: only those that keep secrets are looked at.
      if (!(await names.of(now)).has(workspace)) return { secrets: [], problem: null };
      const of = stored.get(workspace) ?? believing(() => openAll(database, log, seal, workspace)).of;
      stored.set(workspace, of);
      const { secrets, problem } = await of(now);
      return { secrets: secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now), problem };
    },
    requestSecret(workspace, now) {
      const ask = requests.get(workspace) ?? believing(() => openRequestSecret(of(workspace), seal, workspace)).of;
      requests.set(workspace, ask);
      return ask(now);
    },
    forget(workspace) {
      names.forget();
      stored.delete(workspace);
      requests.delete(workspace);
    },
    async apiKeys() {
      const own = environment.apiKey === null ? [] : [ofEnvironment(environment.apiKey)];
      // Asked every few seconds: two statements, however many workspaces there are.
      return [...own, ...(await apiKeysOf(across, seal, await workspacesWithKeys(across)))];
    },
  };
}

/** Asks again when the answer is older than it may be believed; a failed question is not remembered. */
function believing<T>(ask: () => Promise<T>): { of(now: number): Promise<T>; forget(): void } {
  let known: Believed<T> | null = null;
  return {
    async of(now) {
      if (known && now - known.since < BELIEVED_MS) return known.value;
      const own = { since: now, value: ask() };
      known = own;
      try {
        return await own.value;
      } catch (error) {
        if (known === own) known = null;
        throw error;
      }
    },
    forget() {
      known = null;
    },
  };
}

type Opened = { readonly secrets: readonly SigningSecret[]; readonly problem: string | null };

async function openAll(database: Database, log: Logger, seal: Seal, workspace: string): Promise<Opened> {
  const secrets: SigningSecret[] = [];
  let problem: string | null = null;
  for (const { id, account, scope, label, shown, sealed, expiresAt } of await secretsOf(
    database.of(workspace),
    workspace,
  )) {
    try {
      const secret = seal.open(sealed, aboutSecret(workspace, account, id));
      const words = `${shown} of ${account}${label === '' ? '' : ` (${label})`}`;
      secrets.push({ secret, account, scope, words, expiresAt });
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      problem = error.message;
      log.error({ workspace, account, reason: error.message }, 'a stored signing secret cannot be opened');
    }
  }
  return { secrets, problem };
}

async function openRequestSecret(tx: Tx, seal: Seal, workspace: string): Promise<string | null> {
  const row = await findRequestSecret(tx, workspace);
  return row && seal.open(row.sealed, aboutRequestSecret(workspace));
}

function ofEnvironment(key: string): OpenedKey {
  return {
    workspace: 'default',
    account: null,
    scope: '',
    livemode: key.slice(2).startsWith('_live_'),
    shown: '',
    createdAt: 0,
    refusedAt: null,
    refusedReason: null,
    key,
    problem: null,
  };
}
