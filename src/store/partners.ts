/**
 * Affiliates written many at a time, for dialects that know them as partners. Who earned by which rules stays provable:
 * a change of e-mail and an end are new rules versions, kept in each row's history, one version for the whole list.
 */
import type { PartnerView } from '../core/catalogue-desk.ts';
import { historyEntry } from './affiliates.ts';
import { selectRows, rowsOf, type Condition, type Order } from './shelves.ts';
import type { Tx } from './tx.ts';

export const PARTNERS = {
  name: 'affiliates',
  id: 'affiliate_id',
  columns: 'affiliate_id, name, email, details, created_at, updated_at',
  hides: 'deleted_at',
} as const;

type PartnerRow = {
  readonly affiliate_id: string;
  readonly name: string;
  readonly email: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
  readonly updated_at: Date;
};

function partnerOf(row: PartnerRow): PartnerView {
  const { phone } = row.details;
  return {
    id: row.affiliate_id,
    name: row.name,
    email: row.email === '' ? null : row.email,
    phone: typeof phone === 'string' ? phone : null,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

const iso = (moment: number): string => new Date(moment).toISOString();

export type NewPartnerRow = {
  readonly id: string;
  readonly name: string;
  /** '' where there is none. */
  readonly email: string;
  readonly phone: string | null;
  readonly tracking_id: string;
};

/** Approved from now on. Throws 23505 when an e-mail is known in the program or a tracking id is taken. */
export async function insertPartners(
  tx: Tx,
  workspace: string,
  program: string,
  partners: readonly NewPartnerRow[],
  at: number,
): Promise<void> {
  const history = historyEntry('0', {
    group: 'NULL::text',
    status: `'approved'::text`,
    parent: 'NULL::text',
    held: 'NULL',
    email: 'r.email',
  });
  await tx.query({
    text: `INSERT INTO affiliates (workspace_id, affiliate_id, program_id, name, email, tracking_id, status, details, history,
             created_at, updated_at)
           SELECT $1, r.id, $3, r.name, r.email, r.tracking_id, 'approved', jsonb_strip_nulls(jsonb_build_object('phone', r.phone)),
             ${history}, $4::timestamptz, $4::timestamptz
           FROM jsonb_to_recordset($2::jsonb) AS r(id text, name text, email text, phone text, tracking_id text)`,
    values: [workspace, JSON.stringify(partners), program, iso(at)],
  });
}

export type PartnerChange = {
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string | null;
};

/** Changes rows that are locked already. Throws 23505 when an e-mail is another's of the program. */
export async function changePartners(
  tx: Tx,
  workspace: string,
  changes: readonly PartnerChange[],
  at: number,
): Promise<void> {
  const history = historyEntry('bumped.rules_version', {
    group: 'a.group_id',
    status: 'a.status',
    parent: 'a.parent_id',
    held: 'a.held_reason',
    email: `(c.told ->> 'email')`,
  });
  await tx.query({
    text: `WITH c AS (
        SELECT told ->> 'id' AS id, told FROM jsonb_array_elements($2::jsonb) AS told
      ), moved AS (
        SELECT a.affiliate_id FROM affiliates a JOIN c ON c.id = a.affiliate_id
        WHERE a.workspace_id = $1 AND c.told ? 'email' AND a.email_key IS DISTINCT FROM lower(c.told ->> 'email')
      ), bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1
        WHERE workspace_id = $1 AND EXISTS (SELECT 1 FROM moved) RETURNING rules_version
      )
      UPDATE affiliates a SET name = COALESCE(c.told ->> 'name', a.name), email = COALESCE(c.told ->> 'email', a.email),
        details = CASE WHEN c.told ? 'phone'
          THEN (a.details - 'phone') || jsonb_strip_nulls(jsonb_build_object('phone', c.told ->> 'phone')) ELSE a.details END,
        history = a.history || COALESCE((SELECT ${history} FROM bumped
          WHERE a.affiliate_id IN (SELECT affiliate_id FROM moved)), '[]'),
        updated_at = $3::timestamptz
      FROM c WHERE a.workspace_id = $1 AND a.affiliate_id = c.id`,
    values: [workspace, JSON.stringify(changes), iso(at)],
  });
}

/** Hides rows that are locked already and ends their earning from a new rules version on; their ledger stays. */
export async function hidePartners(tx: Tx, workspace: string, ids: readonly string[], at: number): Promise<void> {
  const history = historyEntry('bumped.rules_version', {
    group: 'a.group_id',
    status: `'deleted'`,
    parent: 'a.parent_id',
    held: 'a.held_reason',
    email: 'a.email',
  });
  await tx.query({
    text: `WITH bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 RETURNING rules_version
      )
      UPDATE affiliates a SET deleted_at = $3::timestamptz, updated_at = $3::timestamptz, history = a.history || ${history}
      FROM bumped WHERE a.workspace_id = $1 AND a.affiliate_id = ANY ($2::text[])`,
    values: [workspace, ids, iso(at)],
  });
}

export async function listPartners(
  tx: Tx,
  workspace: string,
  conditions: readonly Condition[],
  order: Order,
): Promise<PartnerView[]> {
  const asked = ['deleted_at IS NULL', ...conditions];
  return (await selectRows<PartnerRow>(tx, workspace, PARTNERS, asked, order)).map(partnerOf);
}

export async function partnersById(tx: Tx, workspace: string, ids: readonly string[]): Promise<PartnerView[]> {
  return (await rowsOf<PartnerRow>(tx, workspace, PARTNERS, ids)).map(partnerOf);
}
