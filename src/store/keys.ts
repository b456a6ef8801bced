/** API keys. Only the SHA-256 of a key is kept; a key says which workspace it is of, so it is looked up by hash alone. */
import type { Tx } from './tx.ts';

export type KeyRow = {
  readonly workspace: string;
  readonly keyId: string;
  readonly hash: Buffer;
  readonly livemode: boolean;
  readonly scopes: readonly string[];
  /** Milliseconds UTC; null: never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
};

type Row = {
  workspace_id: string;
  key_id: string;
  key_hash: Buffer;
  livemode: boolean;
  scopes: string[];
  expires_at: Date | null;
  revoked_at: Date | null;
};

export async function findKey(tx: Tx, hash: Buffer): Promise<KeyRow | null> {
  const { rows } = await tx.query<Row>({
    name: 'find_key',
    text: `SELECT workspace_id, key_id, key_hash, livemode, scopes, expires_at, revoked_at FROM api_keys
           WHERE key_hash = $1 ORDER BY revoked_at NULLS FIRST, workspace_id LIMIT 1`,
    values: [hash],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    workspace: row.workspace_id,
    keyId: row.key_id,
    hash: row.key_hash,
    livemode: row.livemode,
    scopes: row.scopes,
    expiresAt: row.expires_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null,
  };
}

export type NewKey = Omit<KeyRow, 'revokedAt'> & {
  readonly name: string;
  /** Prefix and last four characters: enough to recognise a key, useless to use it. */
  readonly shown: string;
};

/** Keeps a key; one that the workspace has already stays as it is, also when it was revoked. */
export async function insertKey(tx: Tx, key: NewKey): Promise<void> {
  await tx.query({
    text: `INSERT INTO api_keys (workspace_id, key_hash, key_id, name, shown, livemode, scopes, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    values: [
      key.workspace,
      key.hash,
      key.keyId,
      key.name,
      key.shown,
      key.livemode,
      key.scopes,
      key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
    ],
  });
}

/** A revoked key stays, so that its use can be told from the use of an unknown one. false: there is no such key. */
export async function revokeKey(tx: Tx, workspace: string, keyId: string, now: number): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) WHERE workspace_id = $1 AND key_id = $2`,
    values: [workspace, keyId, new Date(now).toISOString()],
  });
  return (rowCount ?? 0) > 0;
}

/** True when the workspace has a key that works at `now`. */
export async function hasKey(tx: Tx, workspace: string, now: number): Promise<boolean> {
  const { rows } = await tx.query({
    text: `SELECT 1 FROM api_keys WHERE workspace_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
           LIMIT 1`,
    values: [workspace, new Date(now).toISOString()],
  });
  return rows.length > 0;
}
