/** What is kept under seal for a Stripe account: signing secrets of its endpoints, and an API key for each world. */
import { SealError, type Seal, type SealedFor } from './seal.ts';
import type { Tx } from './tx.ts';

const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

/** Enough to recognise a secret, useless to use it: `whsec_…a1b2`, `rk_live_…a1b2`. */
export function shownOf(secret: string): string {
  const prefix = /^(whsec_|[sr]k_(?:live|test)_)/.exec(secret)?.[1] ?? '';
  return `${prefix}…${secret.slice(-4)}`;
}

export type SecretRow = {
  readonly id: string;
  readonly account: string;
  readonly scope: string;
  readonly label: string;
  readonly shown: string;
  readonly sealed: string;
  /** Milliseconds UTC; null: never. */
  readonly expiresAt: number | null;
  readonly createdAt: number;
};

/** Every signing secret of the workspace's accounts, also those that have expired. */
export async function secretsOf(tx: Tx, workspace: string): Promise<SecretRow[]> {
  const { rows } = await tx.query<{
    secret_id: string;
    account_id: string;
    scope: string;
    label: string;
    shown: string;
    sealed: string;
    expires_at: Date | null;
    created_at: Date;
  }>({
    name: 'signing_secrets',
    text: `SELECT s.secret_id, s.account_id, a.scope, s.label, s.shown, s.sealed, s.expires_at, s.created_at
           FROM stripe_secrets s JOIN stripe_accounts a USING (workspace_id, account_id)
           WHERE s.workspace_id = $1 ORDER BY s.created_at, s.secret_id`,
    values: [workspace],
  });
  return rows.map((row) => ({
    id: row.secret_id,
    account: row.account_id,
    scope: row.scope,
    label: row.label,
    shown: row.shown,
    sealed: row.sealed,
    expiresAt: row.expires_at?.getTime() ?? null,
    createdAt: row.created_at.getTime(),
  }));
}

/** Names of the workspaces that keep signing secrets, so that a delivery to any other asks nothing. */
export async function workspacesWithSecrets(tx: Tx): Promise<Set<string>> {
  const { rows } = await tx.query<{ workspace_id: string }>({
    name: 'workspaces_with_secrets',
    text: 'SELECT DISTINCT workspace_id FROM stripe_secrets',
  });
  return new Set(rows.map((row) => row.workspace_id));
}

/** What a sealed signing secret is bound to. */
export function aboutSecret(workspace: string, account: string, id: string): SealedFor {
  return { workspace, account, kind: `secret:${id}` };
}

export type NewSecret = {
  readonly id: string;
  readonly account: string;
  readonly label: string;
  readonly secret: string;
  readonly expiresAt: number | null;
  /** The account's other secrets that would live longer end here; null: they stay as they are. */
  readonly othersExpireAt: number | null;
  readonly at: number;
};

/** Seals and keeps a signing secret. Throws a `SealError` when nothing can be sealed. */
export async function insertSecret(tx: Tx, seal: Seal, workspace: string, secret: NewSecret): Promise<void> {
  const sealed = seal.close(secret.secret, aboutSecret(workspace, secret.account, secret.id));
  await tx.query({
    text: `WITH others AS (
        UPDATE stripe_secrets SET expires_at = LEAST(expires_at, $9::timestamptz)
        WHERE workspace_id = $1 AND account_id = $3 AND $9::timestamptz IS NOT NULL)
      INSERT INTO stripe_secrets (workspace_id, secret_id, account_id, label, shown, sealed, expires_at, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      workspace,
      secret.id,
      secret.account,
      secret.label,
      shownOf(secret.secret),
      sealed,
      iso(secret.expiresAt),
      iso(secret.at),
      iso(secret.othersExpireAt),
    ],
  });
}

/** false: the account has no such secret. */
export async function deleteSecret(tx: Tx, workspace: string, account: string, id: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: 'DELETE FROM stripe_secrets WHERE workspace_id = $1 AND account_id = $2 AND secret_id = $3',
    values: [workspace, account, id],
  });
  return (rowCount ?? 0) > 0;
}

/** What a sealed API key is bound to. */
function aboutKey(workspace: string, account: string, livemode: boolean): SealedFor {
  return { workspace, account, kind: `api_key:${livemode ? 'live' : 'test'}` };
}

export type ApiKeyRow = {
  readonly account: string;
  readonly livemode: boolean;
  readonly shown: string;
  readonly createdAt: number;
  /** Milliseconds UTC; null: Stripe takes it, as far as we know. */
  readonly refusedAt: number | null;
  readonly refusedReason: string | null;
};

type KeyRow = {
  account_id: string;
  scope: string;
  livemode: boolean;
  shown: string;
  sealed: string;
  created_at: Date;
  refused_at: Date | null;
  refused_reason: string | null;
  connected: boolean;
};

async function keyRows(tx: Tx, workspace: string): Promise<KeyRow[]> {
  const { rows } = await tx.query<KeyRow>({
    name: 'stripe_api_keys',
    text: `SELECT k.account_id, a.scope, k.livemode, k.shown, k.sealed, k.created_at, k.refused_at, k.refused_reason,
             a.disconnected_at IS NULL AS connected
           FROM stripe_api_keys k JOIN stripe_accounts a USING (workspace_id, account_id)
           WHERE k.workspace_id = $1 ORDER BY k.account_id, k.livemode DESC`,
    values: [workspace],
  });
  return rows;
}

const keyOf = (row: KeyRow): ApiKeyRow => ({
  account: row.account_id,
  livemode: row.livemode,
  shown: row.shown,
  createdAt: row.created_at.getTime(),
  refusedAt: row.refused_at?.getTime() ?? null,
  refusedReason: row.refused_reason,
});

/** The API keys of a workspace's accounts as they may be shown. */
export async function listApiKeys(tx: Tx, workspace: string): Promise<ApiKeyRow[]> {
  return (await keyRows(tx, workspace)).map(keyOf);
}

export type OpenedKey = Omit<ApiKeyRow, 'account'> & {
  /** null: the environment's, which names no account. */
  readonly account: string | null;
  readonly scope: string;
  /** null: it could not be opened; `problem` says why. */
  readonly key: string | null;
  readonly problem: string | null;
};

/** The API keys of a workspace's connected accounts, opened: at most one for each scope and world. */
export async function apiKeysOf(tx: Tx, seal: Seal, workspace: string): Promise<OpenedKey[]> {
  const rows = await keyRows(tx, workspace);
  return rows
    .filter((row) => row.connected)
    .map((row) => ({
      ...keyOf(row),
      scope: row.scope,
      ...opened(seal, row.sealed, aboutKey(workspace, row.account_id, row.livemode)),
    }));
}

function opened(seal: Seal, sealed: string, about: SealedFor): Pick<OpenedKey, 'key' | 'problem'> {
  try {
    return { key: seal.open(sealed, about), problem: null };
  } catch (error) {
    if (error instanceof SealError) return { key: null, problem: error.message };
    throw error;
  }
}

export type NewApiKey = {
  readonly account: string;
  readonly livemode: boolean;
  readonly key: string;
  readonly at: number;
};

/** Seals and keeps the API key of one world in place of the one before. Throws a `SealError` when nothing can be sealed. */
export async function putApiKey(tx: Tx, seal: Seal, workspace: string, given: NewApiKey): Promise<void> {
  const { account, livemode, key, at } = given;
  await tx.query({
    text: `INSERT INTO stripe_api_keys (workspace_id, account_id, livemode, shown, sealed, created_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (workspace_id, account_id, livemode) DO UPDATE SET shown = excluded.shown, sealed = excluded.sealed,
             created_at = excluded.created_at, refused_at = NULL, refused_reason = NULL`,
    values: [
      workspace,
      account,
      livemode,
      shownOf(key),
      seal.close(key, aboutKey(workspace, account, livemode)),
      iso(at),
    ],
  });
}

/** Removes the API key of one world, or of both when `livemode` is null. false: there was none. */
export async function deleteApiKey(
  tx: Tx,
  workspace: string,
  account: string,
  livemode: boolean | null,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `DELETE FROM stripe_api_keys WHERE workspace_id = $1 AND account_id = $2
             AND ($3::boolean IS NULL OR livemode = $3)`,
    values: [workspace, account, livemode],
  });
  return (rowCount ?? 0) > 0;
}

/** Notes that Stripe refused an account's key, the first time and why the last time; a new key clears it. */
export async function markKeyRefused(
  tx: Tx,
  workspace: string,
  accountId: string,
  livemode: boolean,
  reason: string,
  at: number,
): Promise<void> {
  await tx.query({
    text: `UPDATE stripe_api_keys SET refused_at = COALESCE(refused_at, $5), refused_reason = $4
           WHERE workspace_id = $1 AND account_id = $2 AND livemode = $3`,
    values: [workspace, accountId, livemode, reason.slice(0, 500), iso(at)],
  });
}

/** One sealed value wherever it stands. */
export type SealedValue = { readonly about: SealedFor; readonly sealed: string };

/** Every sealed value of a workspace. */
export async function sealedOf(tx: Tx, workspace: string): Promise<SealedValue[]> {
  const secrets = await secretsOf(tx, workspace);
  const keys = await keyRows(tx, workspace);
  return [
    ...secrets.map(({ id, account, sealed }) => ({ about: aboutSecret(workspace, account, id), sealed })),
    ...keys.map((row) => ({ about: aboutKey(workspace, row.account_id, row.livemode), sealed: row.sealed })),
  ];
}

/** Replaces a sealed value by the same secret under the first key. false: it was changed or removed meanwhile. */
export async function resealOne(tx: Tx, seal: Seal, { about, sealed }: SealedValue): Promise<boolean> {
  const { workspace, account, kind } = about;
  const [of, name = ''] = kind.split(':');
  const anew = seal.close(seal.open(sealed, about), about);
  const { rowCount } = await tx.query(
    of === 'secret'
      ? {
          text: `UPDATE stripe_secrets SET sealed = $5
                 WHERE workspace_id = $1 AND account_id = $2 AND secret_id = $3 AND sealed = $4`,
          values: [workspace, account, name, sealed, anew],
        }
      : {
          text: `UPDATE stripe_api_keys SET sealed = $5
                 WHERE workspace_id = $1 AND account_id = $2 AND livemode = ($3 = 'live') AND sealed = $4`,
          values: [workspace, account, name, sealed, anew],
        },
  );
  return (rowCount ?? 0) > 0;
}
