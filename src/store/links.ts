/** Links: codes that lead to affiliates. An affiliate's tracking id is a link without a row. */
import type { ClickView, LinkView, ProgramView } from '../core/visits.ts';
import type { World } from './conversions.ts';
import { selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

export type Linked = {
  readonly linkId: string | null;
  readonly affiliateId: string;
  readonly programId: string;
  readonly status: string;
};

/**
 * Where a code leads: to its link, else to the affiliate whose tracking id it is (those are lower case, what was typed
 * is not always). null: nowhere.
 */
export async function findLinked(tx: Tx, workspace: string, code: string): Promise<Linked | null> {
  const { rows } = await tx.query<{
    link_id: string | null;
    affiliate_id: string;
    program_id: string;
    status: string;
  }>({
    name: 'find_linked',
    text: `(SELECT l.link_id, l.affiliate_id, l.program_id, a.status FROM links l
              JOIN affiliates a ON a.workspace_id = l.workspace_id AND a.affiliate_id = l.affiliate_id
              WHERE l.workspace_id = $1 AND l.code = $2 AND l.archived_at IS NULL AND a.deleted_at IS NULL)
           UNION ALL (SELECT NULL, affiliate_id, program_id, status FROM affiliates
              WHERE workspace_id = $1 AND tracking_id IN ($2, lower($2)) AND deleted_at IS NULL
              ORDER BY tracking_id = $2 DESC LIMIT 1) LIMIT 1`,
    values: [workspace, code],
  });
  const [row] = rows;
  if (!row) return null;
  return { linkId: row.link_id, affiliateId: row.affiliate_id, programId: row.program_id, status: row.status };
}

type LinkRow = {
  link_id: string;
  affiliate_id: string;
  program_id: string;
  code: string;
  destination_url: string | null;
  created_at: Date;
};

const LINK = 'link_id, affiliate_id, program_id, code, destination_url, created_at';

function linkOf(row: LinkRow): LinkView {
  return {
    id: row.link_id,
    affiliateId: row.affiliate_id,
    programId: row.program_id,
    code: row.code,
    destinationUrl: row.destination_url,
    createdAt: row.created_at.getTime(),
  };
}

/** false: the code is another link's, or another affiliate's tracking id, and nothing was written. */
export async function insertLink(tx: Tx, workspace: string, link: LinkView): Promise<boolean> {
  const { rows } = await tx.query({
    text: `INSERT INTO links (workspace_id, link_id, affiliate_id, program_id, code, destination_url, created_at)
           SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT 1 FROM affiliates
             WHERE workspace_id = $1 AND tracking_id = lower($5) AND affiliate_id <> $3 AND deleted_at IS NULL)
           ON CONFLICT DO NOTHING RETURNING 1`,
    values: [
      workspace,
      link.id,
      link.affiliateId,
      link.programId,
      link.code,
      link.destinationUrl,
      new Date(link.createdAt).toISOString(),
    ],
  });
  return rows.length > 0;
}

/** Newest first; of one affiliate, or of all. Links of nobody are left out. */
export async function listLinks(
  tx: Tx,
  workspace: string,
  filter: Limits & { readonly affiliateId: string | null },
): Promise<{ rows: LinkView[]; total: number }> {
  const whose = filter.affiliateId === null ? 'affiliate_id IS NOT NULL' : 'affiliate_id = $2';
  const page = {
    columns: LINK,
    from: 'links',
    where: `workspace_id = $1 AND archived_at IS NULL AND ${whose}`,
    order: 'created_at DESC, link_id DESC',
    values: [workspace, ...(filter.affiliateId === null ? [] : [filter.affiliateId])],
  };
  const { rows, total } = await selectPage<LinkRow>(tx, page, filter);
  return { rows: rows.map(linkOf), total };
}

/**
 * Followed links of one affiliate, the latest first; the live world does not know those of tests. A click through the
 * tracking id shows that as its code.
 */
export async function listClicks(
  tx: Tx,
  { workspace, livemode }: World,
  filter: Limits & { readonly affiliateId: string },
): Promise<{ rows: ClickView[]; total: number }> {
  const page = {
    columns: 'r.referral_id, r.visitor_id, COALESCE(l.code, a.tracking_id) AS code, r.click, r.clicked_at',
    from: 'referrals r',
    joins: `JOIN affiliates a ON a.workspace_id = $1 AND a.affiliate_id = r.affiliate_id
      LEFT JOIN links l ON l.workspace_id = $1 AND l.link_id = r.link_id`,
    where: 'r.workspace_id = $1 AND r.affiliate_id = $2 AND r.clicked_at IS NOT NULL AND NOT (r.test_only AND $3)',
    order: 'r.clicked_at DESC, r.referral_id DESC',
    values: [workspace, filter.affiliateId, livemode],
  };
  const { rows, total } = await selectPage<{
    referral_id: string;
    visitor_id: string | null;
    code: string;
    click: Record<string, unknown>;
    clicked_at: Date;
  }>(tx, page, filter);
  return {
    rows: rows.map((row) => ({
      id: row.referral_id,
      visitorId: row.visitor_id,
      code: row.code,
      details: row.click,
      clickedAt: row.clicked_at.getTime(),
    })),
    total,
  };
}

/** The default program first, then the newest. */
export async function listPrograms(
  tx: Tx,
  workspace: string,
  limits: Limits,
): Promise<{ rows: ProgramView[]; total: number }> {
  const page = {
    columns: 'program_id, name, click_window_days',
    from: 'programs',
    where: 'workspace_id = $1',
    order: 'is_default DESC, created_at DESC, program_id',
    values: [workspace],
  };
  const { rows, total } = await selectPage<{ program_id: string; name: string; click_window_days: number }>(
    tx,
    page,
    limits,
  );
  return {
    rows: rows.map((row) => ({ id: row.program_id, name: row.name, clickWindowDays: row.click_window_days })),
    total,
  };
}
