/** The secret with which a workspace's callers sign their requests, under seal; no row: they need not. */
import type { SigningView } from '../core/signing-desk.ts';
import type { Seal, SealedFor } from './seal.ts';
import type { Tx } from './tx.ts';

export function aboutRequestSecret(workspace: string): SealedFor {
  return { workspace, account: workspace, kind: 'request_secret' };
}

export type RequestSecretRow = SigningView & { readonly sealed: string };

export async function findRequestSecret(tx: Tx, workspace: string): Promise<RequestSecretRow | null> {
  const { rows } = await tx.query<{ shown: string; sealed: string; created_at: Date }>({
    name: 'request_secret',
    text: 'SELECT shown, sealed, created_at FROM request_secrets WHERE workspace_id = $1',
    values: [workspace],
  });
  const [row] = rows;
  return row ? { shown: row.shown, sealed: row.sealed, createdAt: row.created_at.getTime() } : null;
}

export type NewRequestSecret = SigningView & { readonly secret: string };

/** Seals and keeps the secret in place of the one before. Throws a `SealError` when nothing can be sealed. */
export async function putRequestSecret(tx: Tx, seal: Seal, workspace: string, given: NewRequestSecret): Promise<void> {
  const sealed = seal.close(given.secret, aboutRequestSecret(workspace));
  await tx.query({
    text: `INSERT INTO request_secrets (workspace_id, shown, sealed, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (workspace_id) DO UPDATE SET shown = excluded.shown, sealed = excluded.sealed,
             created_at = excluded.created_at`,
    values: [workspace, given.shown, sealed, new Date(given.createdAt).toISOString()],
  });
}

/** false: there was none. */
export async function deleteRequestSecret(tx: Tx, workspace: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: 'DELETE FROM request_secrets WHERE workspace_id = $1',
    values: [workspace],
  });
  return (rowCount ?? 0) > 0;
}
