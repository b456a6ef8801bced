/** API keys of Stripe accounts, under seal: at most one of each world, used only to add detail. */
import { iso, shownOf } from './stripe-secrets.ts';
import { SealError, type Seal, type SealedFor } from './seal.ts';
import type { Tx } from './tx.ts';

/** What a sealed API key is bound to. */
export function aboutKey(workspace: string, account: string, livemode: boolean): SealedFor {
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
  workspace_id: string;
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

export async function keyRows(tx: Tx, workspaces: readonly string[]): Promise<KeyRow[]> {
  const { rows } = await tx.query<KeyRow>({
    name: 'stripe_api_keys',
    text: `SELECT k.workspace_id, k.account_id, a.scope, k.livemode, k.shown, k.sealed, k.created_at, k.refused_at,
             k.refused_reason, a.disconnected_at IS NULL AS connected
           FROM stripe_api_keys k JOIN stripe_accounts a USING (workspace_id, account_id)
           WHERE k.workspace_id = ANY ($1::text[]) ORDER BY k.workspace_id, k.account_id, k.livemode DESC`,
    values: [workspaces],
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

/** Workspaces whose accounts have API keys: the ones to look at. */
export async function workspacesWithKeys(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ workspace_id: string }>({
    name: 'workspaces_with_keys',
    text: 'SELECT DISTINCT workspace_id FROM stripe_api_keys ORDER BY 1',
  });
  return rows.map((row) => row.workspace_id);
}

/** The API keys of a workspace's accounts as they may be shown. */
export async function listApiKeys(tx: Tx, workspace: string): Promise<ApiKeyRow[]> {
  return (await keyRows(tx, [workspace])).map(keyOf);
}

export type OpenedKey = Omit<ApiKeyRow, 'account'> & {
  readonly workspace: string;
  /** null: the environment's, which names no account. */
  readonly account: string | null;
  readonly scope: string;
  /** null: it could not be opened; `problem` says why. */
  readonly key: string | null;
  readonly problem: string | null;
};

/** The API keys of connected accounts of some workspaces, opened: at most one for each scope and world of a workspace. */
export async function apiKeysOf(tx: Tx, seal: Seal, workspaces: readonly string[]): Promise<OpenedKey[]> {
  const rows = await keyRows(tx, workspaces);
  return rows
    .filter((row) => row.connected)
    .map((row) => ({
      ...keyOf(row),
      workspace: row.workspace_id,
      scope: row.scope,
      ...opened(seal, row.sealed, aboutKey(row.workspace_id, row.account_id, row.livemode)),
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
