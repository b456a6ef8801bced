/** API keys. Only the SHA-256 of a key is kept; a key says which workspace it is of, so it is looked up by hash alone. */
import type { KeyView } from '../core/key-desk.ts';
import type { Page } from '../core/views.ts';
import { lookAcross } from './scoped.ts';
import type { Tx } from './tx.ts';

export type KeyRow = KeyView & { readonly workspace: string; readonly hash: Buffer };

type Row = {
  workspace_id: string;
  key_id: string;
  key_hash: Buffer;
  family: string;
  name: string;
  shown: string;
  livemode: boolean;
  scopes: string[];
  hosts: string[];
  affiliate_id: string | null;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  rotated_from: string | null;
};

const COLUMNS = `workspace_id, key_id, key_hash, family, name, shown, livemode, scopes, hosts, affiliate_id, created_at,
  expires_at, revoked_at, last_used_at, rotated_from`;

function rowOf(row: Row): KeyRow {
  return {
    workspace: row.workspace_id,
    hash: row.key_hash,
    id: row.key_id,
    family: row.family,
    name: row.name,
    shown: row.shown,
    livemode: row.livemode,
    scopes: row.scopes,
    hosts: row.hosts,
    affiliateId: row.affiliate_id,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null,
    lastUsedAt: row.last_used_at?.getTime() ?? null,
    rotatedFrom: row.rotated_from,
  };
}

/** An affiliate's own key goes with the affiliate. */
export async function findKey(tx: Tx, hash: Buffer): Promise<KeyRow | null> {
  const { rows } = await tx.query<Row>({
    name: 'find_key',
    text: `SELECT ${COLUMNS} FROM api_keys k
           WHERE key_hash = $1 AND (affiliate_id IS NULL OR EXISTS (
             SELECT FROM affiliates a WHERE a.workspace_id = k.workspace_id AND a.affiliate_id = k.affiliate_id
               AND a.deleted_at IS NULL))
           ORDER BY revoked_at NULLS FIRST, workspace_id LIMIT 1`,
    values: [hash],
  });
  return rows[0] ? rowOf(rows[0]) : null;
}

export type NewKey = Omit<KeyRow, 'revokedAt' | 'lastUsedAt'>;

/** Keeps a key; one that the workspace has already stays as it is, also when it was revoked. false: it was there. */
export async function insertKey(tx: Tx, key: NewKey): Promise<boolean> {
  const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());
  const { rowCount } = await tx.query({
    text: `INSERT INTO api_keys (workspace_id, key_hash, key_id, family, name, shown, livemode, scopes, hosts, affiliate_id,
             created_at, expires_at, rotated_from)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
    values: [
      key.workspace,
      key.hash,
      key.id,
      key.family,
      key.name,
      key.shown,
      key.livemode,
      key.scopes,
      key.hosts,
      key.affiliateId,
      iso(key.createdAt),
      iso(key.expiresAt),
      key.rotatedFrom,
    ],
  });
  return (rowCount ?? 0) > 0;
}

/** Until the transaction ends nobody else gives this hash away; false: another workspace has a key of it that works. */
export async function claimHash(tx: Tx, workspace: string, hash: Buffer): Promise<boolean> {
  await tx.query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [hash.readBigInt64BE(0)] });
  return lookAcross(tx, async () => {
    const { rows } = await tx.query({
      text: `SELECT 1 FROM api_keys WHERE key_hash = $1 AND workspace_id <> $2 AND revoked_at IS NULL LIMIT 1`,
      values: [hash, workspace],
    });
    return rows.length === 0;
  });
}

/** The newest first; `livemode` null: of both worlds. */
export async function listKeys(
  tx: Tx,
  workspace: string,
  filter: { readonly limit: number; readonly offset: number; readonly livemode: boolean | null },
): Promise<Page<KeyView>> {
  const { rows } = await tx.query<Row & { total: bigint }>({
    text: `SELECT ${COLUMNS}, count(*) OVER () AS total FROM api_keys
           WHERE workspace_id = $1 AND ($2::boolean IS NULL OR livemode = $2)
           ORDER BY created_at DESC, key_id DESC LIMIT $3 OFFSET $4`,
    values: [workspace, filter.livemode, filter.limit, filter.offset],
  });
  return { rows: rows.map(rowOf), total: Number(rows[0]?.total ?? 0) };
}

/** `lock`: nobody else rotates or revokes it until the transaction ends. */
export async function keyById(
  tx: Tx,
  workspace: string,
  id: string,
  { lock = false }: { lock?: boolean } = {},
): Promise<KeyRow | null> {
  const { rows } = await tx.query<Row>({
    text: `SELECT ${COLUMNS} FROM api_keys WHERE workspace_id = $1 AND key_id = $2 ${lock ? 'FOR UPDATE' : ''}`,
    values: [workspace, id],
  });
  return rows[0] ? rowOf(rows[0]) : null;
}

/** Lets a key end at this moment, or earlier when it does so already. */
export async function endKeyBy(tx: Tx, workspace: string, id: string, at: number): Promise<void> {
  await tx.query({
    text: `UPDATE api_keys SET expires_at = LEAST(COALESCE(expires_at, $3), $3) WHERE workspace_id = $1 AND key_id = $2`,
    values: [workspace, id, new Date(at).toISOString()],
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

/** Milliseconds for which a key's last use stands before it is written anew. */
export const USE_NOTED_MS = 60_000;

/** Says that a key was used; nothing is written when another process said so within the last minute. */
export async function noteUse(tx: Tx, workspace: string, id: string, now: number): Promise<void> {
  await tx.query({
    name: 'note_key_use',
    text: `UPDATE api_keys SET last_used_at = $3
           WHERE workspace_id = $1 AND key_id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)`,
    values: [workspace, id, new Date(now).toISOString(), new Date(now - USE_NOTED_MS).toISOString()],
  });
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
