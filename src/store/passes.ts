/**
 * Passes: what lets somebody see one affiliate's numbers without a key. Only the SHA-256 of a token is kept. A pass does
 * not say which workspace it is of, so its home is looked up by its hash, and everything else within that workspace.
 */
import type { PassPurpose } from '../core/portal-desk.ts';
import type { AffiliateView } from '../core/views.ts';
import type { Tx } from './tx.ts';

const iso = (moment: number): string => new Date(moment).toISOString();

export type NewPass = {
  readonly hash: Buffer;
  readonly purpose: PassPurpose;
  readonly affiliateId: string;
  readonly livemode: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
};

export async function insertPass(tx: Tx, workspace: string, pass: NewPass): Promise<void> {
  await tx.query({
    name: 'insert_pass',
    text: `INSERT INTO passes (workspace_id, pass_hash, purpose, affiliate_id, livemode, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    values: [
      workspace,
      pass.hash,
      pass.purpose,
      pass.affiliateId,
      pass.livemode,
      iso(pass.createdAt),
      iso(pass.expiresAt),
    ],
  });
}

/** The workspace that gave a pass; null: nobody did, or it was forgotten. Across all workspaces. */
export async function homeOfPass(across: Tx, hash: Buffer): Promise<string | null> {
  const { rows } = await across.query<{ workspace_id: string }>({
    name: 'home_of_pass',
    text: 'SELECT workspace_id FROM passes WHERE pass_hash = $1 LIMIT 1',
    values: [hash],
  });
  return rows[0]?.workspace_id ?? null;
}

export type PassRow = {
  readonly purpose: PassPurpose;
  readonly affiliateId: string;
  readonly status: AffiliateView['status'];
  readonly livemode: boolean;
  /** Milliseconds UTC. */
  readonly expiresAt: number;
  readonly used: boolean;
};

/** A pass with how its affiliate stands; null: there is none, or the affiliate was deleted. */
export async function findPass(tx: Tx, workspace: string, hash: Buffer): Promise<PassRow | null> {
  const { rows } = await tx.query<{
    purpose: PassPurpose;
    affiliate_id: string;
    status: AffiliateView['status'];
    livemode: boolean;
    expires_at: Date;
    used: boolean;
  }>({
    name: 'find_pass',
    text: `SELECT p.purpose, p.affiliate_id, a.status, p.livemode, p.expires_at, p.used_at IS NOT NULL AS used
           FROM passes p JOIN affiliates a ON a.workspace_id = p.workspace_id AND a.affiliate_id = p.affiliate_id
           WHERE p.workspace_id = $1 AND p.pass_hash = $2 AND a.deleted_at IS NULL`,
    values: [workspace, hash],
  });
  const [row] = rows;
  if (!row) return null;
  const { affiliate_id: affiliateId, expires_at, ...pass } = row;
  return { ...pass, affiliateId, expiresAt: expires_at.getTime() };
}

/**
 * Opens a session with a pass, in one statement: of many who use a pass for the portal at once, one does. The session of
 * an embedded page ends with its pass. Whoever turns the affiliate away comes before or after: then the session is deleted.
 * null: somebody was first, it has expired, or the affiliate may not look any more.
 */
export async function openSession(
  tx: Tx,
  workspace: string,
  pass: Buffer,
  session: { readonly hash: Buffer; readonly at: number; readonly expiresAt: number },
): Promise<number | null> {
  const { rows } = await tx.query<{ expires_at: Date }>({
    name: 'open_session',
    text: `WITH allowed AS (
        SELECT affiliate_id FROM affiliates WHERE workspace_id = $1 AND status IN ('approved', 'pending')
          AND deleted_at IS NULL
          AND affiliate_id = (SELECT affiliate_id FROM passes WHERE workspace_id = $1 AND pass_hash = $2)
        FOR SHARE
      ), entry AS (
        UPDATE passes SET used_at = $4 WHERE workspace_id = $1 AND pass_hash = $2 AND expires_at > $4
          AND (purpose = 'embed' OR (purpose = 'portal' AND used_at IS NULL)) AND EXISTS (SELECT 1 FROM allowed)
        RETURNING purpose, affiliate_id, livemode, expires_at
      ) INSERT INTO passes (workspace_id, pass_hash, purpose, affiliate_id, livemode, created_at, expires_at)
        SELECT $1, $3, 'session', affiliate_id, livemode, $4::timestamptz,
          CASE purpose WHEN 'embed' THEN expires_at ELSE $5::timestamptz END FROM entry
        RETURNING expires_at`,
    values: [workspace, pass, session.hash, iso(session.at), iso(session.expiresAt)],
  });
  return rows[0]?.expires_at.getTime() ?? null;
}

/** Deletes nothing that is not a session. */
export async function deleteSession(tx: Tx, workspace: string, hash: Buffer): Promise<void> {
  await tx.query({
    text: `DELETE FROM passes WHERE workspace_id = $1 AND pass_hash = $2 AND purpose = 'session'`,
    values: [workspace, hash],
  });
}

/** Everything that lets somebody see the numbers of these affiliates; nothing shows them again. */
export async function deletePassesOf(tx: Tx, workspace: string, affiliates: readonly string[]): Promise<void> {
  await tx.query({
    text: 'DELETE FROM passes WHERE workspace_id = $1 AND affiliate_id = ANY ($2::text[])',
    values: [workspace, affiliates],
  });
}

/** Forgets up to `limit` passes that expired before `before`. Returns how many. */
export async function forgetPasses(tx: Tx, workspace: string, before: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'forget_passes',
    text: `DELETE FROM passes WHERE workspace_id = $1 AND pass_hash = ANY (ARRAY(
             SELECT pass_hash FROM passes WHERE workspace_id = $1 AND expires_at < $2 LIMIT $3))`,
    values: [workspace, iso(before), limit],
  });
  return rowCount ?? 0;
}
