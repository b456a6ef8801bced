/** What is kept under seal for a Stripe account: the signing secrets of its endpoints. */
import type { Seal, SealedFor } from './seal.ts';
import type { Tx } from './tx.ts';

/** A moment as the database takes it. */
export const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());

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
