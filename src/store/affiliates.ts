/** Affiliates: who earns. Every change of group, status, e-mail or recruiter is a new rules version, kept in the row's history. */
import type { AffiliateFilter, AffiliateView } from '../core/views.ts';
import { conditionsOf, selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

const SHOWN = `affiliate_id, program_id, group_id, name, email, tracking_id, status, external_user_id, metadata,
  details, created_at, parent_id, held_reason`;

/** An entry of the history, as SQL: what holds from a rules version on. Who has no recruiter and no hold says neither. */
export const historyEntry = (
  since: string,
  row: Record<'group' | 'status' | 'parent' | 'held' | 'email', string>,
): string =>
  `jsonb_build_array(jsonb_build_object('since', ${since}, 'groupId', ${row.group}, 'status', ${row.status}, 'email', lower(${row.email}))
    || jsonb_strip_nulls(jsonb_build_object('parentId', ${row.parent}, 'held', CASE WHEN ${row.held} IS NOT NULL THEN true END)))`;

type AffiliateRow = {
  affiliate_id: string;
  program_id: string;
  group_id: string | null;
  name: string;
  email: string;
  tracking_id: string;
  status: AffiliateView['status'];
  external_user_id: string | null;
  metadata: Record<string, unknown>;
  details: Record<string, unknown>;
  created_at: Date;
  parent_id: string | null;
  held_reason: string | null;
};

function viewOf(row: AffiliateRow): AffiliateView {
  return {
    id: row.affiliate_id,
    programId: row.program_id,
    groupId: row.group_id,
    name: row.name,
    email: row.email,
    trackingId: row.tracking_id,
    status: row.status,
    externalUserId: row.external_user_id,
    metadata: row.metadata,
    details: row.details,
    createdAt: row.created_at.getTime(),
    parentId: row.parent_id,
    heldReason: row.held_reason,
  };
}

function firstOf(rows: readonly AffiliateRow[]): AffiliateView | null {
  return rows[0] ? viewOf(rows[0]) : null;
}

/**
 * null: the e-mail is known in the program or the tracking id is taken in the workspace, and nothing was written. Whoever
 * recruited them may earn from now on without a referral of their own, which is a new rules version.
 */
export async function insertAffiliate(
  tx: Tx,
  workspace: string,
  affiliate: AffiliateView,
): Promise<AffiliateView | null> {
  const { rows } = await tx.query<AffiliateRow>({
    text: `WITH made AS (
             INSERT INTO affiliates (workspace_id, affiliate_id, program_id, group_id, name, email, tracking_id, status,
               external_user_id, metadata, details, created_at, parent_id, history)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
               ${historyEntry('0', { group: '$4::text', status: '$8::text', parent: '$13::text', held: 'NULL', email: '$6::text' })})
             ON CONFLICT DO NOTHING RETURNING ${SHOWN}
           ), bumped AS (
             UPDATE workspaces SET rules_version = rules_version + 1
             WHERE workspace_id = $1 AND EXISTS (SELECT 1 FROM made WHERE parent_id IS NOT NULL)
           ) SELECT * FROM made`,
    values: [
      workspace,
      affiliate.id,
      affiliate.programId,
      affiliate.groupId,
      affiliate.name,
      affiliate.email,
      affiliate.trackingId,
      affiliate.status,
      affiliate.externalUserId,
      JSON.stringify(affiliate.metadata),
      JSON.stringify(affiliate.details),
      new Date(affiliate.createdAt).toISOString(),
      affiliate.parentId,
    ],
  });
  return firstOf(rows);
}

/** null: there is none, or it was deleted. */
export async function findAffiliate(tx: Tx, workspace: string, id: string): Promise<AffiliateView | null> {
  const { rows } = await tx.query<AffiliateRow>({
    text: `SELECT ${SHOWN} FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2 AND deleted_at IS NULL`,
    values: [workspace, id],
  });
  return firstOf(rows);
}

export async function findAffiliateByEmail(
  tx: Tx,
  workspace: string,
  program: string,
  email: string,
): Promise<AffiliateView | null> {
  const { rows } = await tx.query<AffiliateRow>({
    text: `SELECT ${SHOWN} FROM affiliates
           WHERE workspace_id = $1 AND program_id = $2 AND email_key = lower($3)
             AND email_key <> '' AND deleted_at IS NULL`,
    values: [workspace, program, email],
  });
  return firstOf(rows);
}

/** Those of the ids that exist, deleted ones too: their ledger stays and has to be shown. */
export async function affiliatesById(tx: Tx, workspace: string, ids: readonly string[]): Promise<AffiliateView[]> {
  const { rows } = await tx.query<AffiliateRow>({
    text: `SELECT ${SHOWN} FROM affiliates WHERE workspace_id = $1 AND affiliate_id = ANY ($2::text[])`,
    values: [workspace, ids],
  });
  return rows.map(viewOf);
}

const iso = (moment: number | null | undefined): string | null =>
  moment == null ? null : new Date(moment).toISOString();

const ORDERS = { created: 'created_at', name: 'lower(name)', email: 'lower(email)' } as const;

/** Newest first unless asked otherwise. `search` is looked for in name, e-mail and tracking id, without case. */
export async function listAffiliates(
  tx: Tx,
  workspace: string,
  filter: Limits & AffiliateFilter,
): Promise<{ rows: AffiliateView[]; total: number }> {
  const { by, descending } = filter.sort ?? { by: 'created', descending: true };
  const direction = descending ? 'DESC' : 'ASC';
  const asked = conditionsOf(
    [workspace, filter.search],
    [
      `workspace_id = $1 AND deleted_at IS NULL
        AND ($2::text IS NULL OR position(lower($2) IN lower(name || E'\\n' || email || E'\\n' || tracking_id)) > 0)`,
      ['status =', filter.status],
      ['group_id =', filter.groupId ?? null],
      ['program_id =', filter.programId ?? null],
      ['created_at >=', iso(filter.from)],
      ['created_at <=', iso(filter.to)],
    ],
  );
  const order = `${ORDERS[by]} ${direction}, affiliate_id ${direction}`;
  const page = { columns: SHOWN, from: 'affiliates', ...asked, order };
  const { rows, total } = await selectPage<AffiliateRow>(tx, page, filter);
  return { rows: rows.map(viewOf), total };
}

/** Only the fields given change. `groupId: null` takes the affiliate out of its group, `parentId: null` from its recruiter. */
export type AffiliateChanges = Partial<
  Pick<
    AffiliateView,
    'name' | 'email' | 'trackingId' | 'groupId' | 'parentId' | 'status' | 'externalUserId' | 'metadata' | 'details'
  >
>;

const ENTRY = {
  group: 'wanted.group_id',
  status: 'wanted.status',
  parent: 'wanted.parent_id',
  email: 'wanted.email',
};

/**
 * One statement: the row, and when group, status, e-mail or recruiter changed, a new rules version with its entry in the
 * history.
 * null: there is none. Throws 23505 when the e-mail or the tracking id is another's.
 */
export async function updateAffiliate(
  tx: Tx,
  workspace: string,
  id: string,
  changes: AffiliateChanges,
): Promise<AffiliateView | null> {
  const { rows } = await tx.query<AffiliateRow>({
    text: `WITH wanted AS (
        SELECT affiliate_id, (status, group_id, parent_id, lower(email)) AS old,
          lower(COALESCE($3::jsonb ->> 'email', email)) AS email, COALESCE($3::jsonb ->> 'status', status) AS status,
          CASE WHEN $3::jsonb ? 'groupId' THEN $3::jsonb ->> 'groupId' ELSE group_id END AS group_id,
          CASE WHEN $3::jsonb ? 'parentId' THEN $3::jsonb ->> 'parentId' ELSE parent_id END AS parent_id
        FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
      ), bumped AS (
        UPDATE workspaces w SET rules_version = rules_version + 1 FROM wanted
        WHERE w.workspace_id = $1 AND (wanted.status, wanted.group_id, wanted.parent_id, wanted.email) IS DISTINCT FROM wanted.old
        RETURNING rules_version
      )
      UPDATE affiliates a SET name = COALESCE($3::jsonb ->> 'name', a.name), email = COALESCE($3::jsonb ->> 'email', a.email),
        tracking_id = COALESCE($3::jsonb ->> 'trackingId', a.tracking_id), status = wanted.status, group_id = wanted.group_id,
        parent_id = wanted.parent_id,
        external_user_id = COALESCE($3::jsonb ->> 'externalUserId', a.external_user_id),
        metadata = COALESCE($3::jsonb -> 'metadata', a.metadata), details = a.details || COALESCE($3::jsonb -> 'details', '{}'),
        updated_at = now(),
        history = a.history || COALESCE((SELECT ${historyEntry('rules_version', { ...ENTRY, held: 'a.held_reason' })} FROM bumped), '[]')
      FROM wanted WHERE a.workspace_id = $1 AND a.affiliate_id = wanted.affiliate_id
      RETURNING ${SHOWN.replaceAll(/\b(affiliate_id|status|group_id|parent_id|email)\b/g, 'a.$1')}`,
    values: [workspace, id, JSON.stringify(changes)],
  });
  return firstOf(rows);
}

/** Hides it and ends its earning from a new rules version on; its ledger stays. false: there is none. */
export async function deleteAffiliate(tx: Tx, workspace: string, id: string, now: number): Promise<boolean> {
  const { rows } = await tx.query({
    text: `WITH own AS (
        SELECT affiliate_id FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2 AND deleted_at IS NULL
        FOR NO KEY UPDATE
      ), bumped AS (
        UPDATE workspaces w SET rules_version = rules_version + 1 FROM own WHERE w.workspace_id = $1 RETURNING rules_version
      )
      UPDATE affiliates a SET deleted_at = $3, history = a.history
        || ${historyEntry('bumped.rules_version', { group: 'a.group_id', status: "'deleted'", parent: 'a.parent_id', held: 'a.held_reason', email: 'a.email' })}
      FROM bumped WHERE a.workspace_id = $1 AND a.affiliate_id = $2 RETURNING 1`,
    values: [workspace, id, new Date(now).toISOString()],
  });
  return rows.length > 0;
}
