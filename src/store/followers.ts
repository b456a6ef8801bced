/**
 * Visitors by the click id that stays theirs. Their row is whom they are credited to; a click that was overtaken by a
 * later one moves to a row of its own, so that every click is counted for whoever's link it was.
 */
import type { World } from './conversions.ts';
import type { Linked } from './links.ts';
import type { Tx } from './tx.ts';

export type Place = Pick<Linked, 'affiliateId' | 'programId' | 'linkId'>;

/** A click as it is written; `at` milliseconds UTC. */
export type Click = Place & { readonly at: number; readonly details: Readonly<Record<string, string>> };

const COLUMNS = 'affiliate_id, program_id, link_id, click, clicked_at, created_at';

const valuesOf = ({ affiliateId, programId, linkId, at, details }: Click): unknown[] => [
  affiliateId,
  programId,
  linkId,
  JSON.stringify(details),
  new Date(at).toISOString(),
];

/** A visitor's first click; false: the id is taken. */
export async function insertFollower(tx: Tx, workspace: string, id: string, click: Click): Promise<boolean> {
  const { rows } = await tx.query({
    name: 'insert_follower',
    text: `INSERT INTO referrals (workspace_id, referral_id, visitor_id, status, ${COLUMNS})
           VALUES ($1, $2, $2, 'click', $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING 1`,
    values: [workspace, id, ...valuesOf(click)],
  });
  return rows.length > 0;
}

export type Follower = Pick<Place, 'programId'> & {
  /** null: the link was nobody's. */
  readonly affiliateId: string | null;
  readonly status: string;
  /** Milliseconds UTC; null: nobody followed a link. */
  readonly clickedAt: number | null;
  readonly windowDays: number;
};

/** The visitor's row, locked until the transaction ends; null: the id is nobody's. */
export async function lockFollower(tx: Tx, workspace: string, id: string): Promise<Follower | null> {
  const { rows } = await tx.query<{
    affiliate_id: string | null;
    program_id: string;
    status: string;
    clicked_at: Date | null;
    click_window_days: number;
  }>({
    text: `SELECT r.affiliate_id, r.program_id, r.status, r.clicked_at, p.click_window_days FROM referrals r
           JOIN programs p ON p.workspace_id = r.workspace_id AND p.program_id = r.program_id
           WHERE r.workspace_id = $1 AND r.referral_id = $2 FOR UPDATE OF r`,
    values: [workspace, id],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    affiliateId: row.affiliate_id,
    programId: row.program_id,
    status: row.status,
    clickedAt: row.clicked_at?.getTime() ?? null,
    windowDays: row.click_window_days,
  };
}

/** One more click of a visitor, which changes nothing for them. */
export async function insertLaterClick(
  tx: Tx,
  workspace: string,
  id: string,
  visitor: string,
  click: Click,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO referrals (workspace_id, referral_id, visitor_id, status, ${COLUMNS})
           VALUES ($1, $2, $3, 'click', $4, $5, $6, $7, $8, $8)`,
    values: [workspace, id, visitor, ...valuesOf(click)],
  });
}

/** The click takes the visitor over; the one before it goes on as `id`, with the number it had. */
export async function takeOver(tx: Tx, workspace: string, id: string, visitor: string, click: Click): Promise<void> {
  await tx.query({
    text: `INSERT INTO referrals (workspace_id, referral_id, visitor_id, status, number, ${COLUMNS})
           SELECT $1, $2, $3, 'click', number, ${COLUMNS} FROM referrals
           WHERE workspace_id = $1 AND referral_id = $3 AND clicked_at IS NOT NULL`,
    values: [workspace, id, visitor],
  });
  await tx.query({
    text: `UPDATE referrals SET version = version + 1, number = DEFAULT, visitor_id = $2, affiliate_id = $3, program_id = $4,
             link_id = $5, click = $6, clicked_at = $7, created_at = $7
           WHERE workspace_id = $1 AND referral_id = $2`,
    values: [workspace, visitor, ...valuesOf(click)],
  });
}

/** A code was once a link's and is no more. */
export async function isArchived(tx: Tx, workspace: string, code: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: 'SELECT 1 FROM links WHERE workspace_id = $1 AND code = $2 AND archived_at IS NOT NULL LIMIT 1',
    values: [workspace, code],
  });
  return rows.length > 0;
}

/** The first referral that a merchant's own id of a customer stands on, said with a key; null: it is on none. */
export async function referralOfUser(tx: Tx, workspace: string, user: string): Promise<string | null> {
  const { rows } = await tx.query<{ referral_id: string }>({
    name: 'referral_of_user',
    text: `SELECT referral_id FROM referrals WHERE workspace_id = $1 AND external_user_id = $2 AND status NOT IN ('click', 'rejected')
             AND NOT test_only AND NOT user_unproven ORDER BY created_at, referral_id LIMIT 1`,
    values: [workspace, user],
  });
  return rows[0]?.referral_id ?? null;
}

export type Credited = Omit<Follower, 'programId'> & {
  /** Of the affiliate; null: there is none. */
  readonly standing: string | null;
  readonly hasBought: boolean;
};

/** Whom a referral is credited to, and whether it bought something in this world; null: there is none. */
export async function creditedTo(tx: Tx, { workspace, livemode }: World, id: string): Promise<Credited | null> {
  const { rows } = await tx.query<{
    affiliate_id: string | null;
    status: string;
    clicked_at: Date | null;
    standing: string | null;
    deleted: boolean;
    click_window_days: number;
    has_bought: boolean;
  }>({
    name: 'credited_to',
    text: `SELECT r.affiliate_id, r.status, r.clicked_at, a.status AS standing, a.deleted_at IS NOT NULL AS deleted,
             p.click_window_days, EXISTS (SELECT 1 FROM payments y
               WHERE y.workspace_id = $1 AND y.livemode = $2 AND y.referral_id = $3) AS has_bought
           FROM referrals r
           LEFT JOIN affiliates a ON a.workspace_id = r.workspace_id AND a.affiliate_id = r.affiliate_id
           JOIN programs p ON p.workspace_id = r.workspace_id AND p.program_id = r.program_id
           WHERE r.workspace_id = $1 AND r.referral_id = $3`,
    values: [workspace, livemode, id],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    affiliateId: row.affiliate_id,
    status: row.status,
    clickedAt: row.clicked_at?.getTime() ?? null,
    windowDays: row.click_window_days,
    standing: row.deleted ? 'deleted' : row.standing,
    hasBought: row.has_bought,
  };
}
