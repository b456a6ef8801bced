/** Visitors: who comes back, by the id they carry or by their fingerprint. */
import type { World } from './conversions.ts';
import type { Tx } from './tx.ts';

/** What decides which click of a visitor counts (core/visitors.ts), of referrals `r`; moments in milliseconds UTC. */
export const VISIT = `json_build_object('at', extract(epoch FROM r.created_at) * 1000,
    'lastingSince', CASE WHEN r.status <> 'click' THEN extract(epoch FROM COALESCE(LEAST(r.lead_at, r.converted_at), r.created_at)) * 1000 END,
    'windowDays', (SELECT click_window_days FROM programs p WHERE p.workspace_id = r.workspace_id AND p.program_id = r.program_id))`;

/** By what a visitor is looked for. The id of a click is as good as the visitor's own. */
export type Sign = { readonly by: 'visitor' | 'fingerprint'; readonly value: string };

const SEARCHES = {
  visitor: '(r.visitor_id = $2 OR r.referral_id = $2)',
  fingerprint: 'r.fingerprint = $2',
} as const;

/**
 * The click that a visitor is credited to: the earliest that something came of, else the latest within its program's
 * window, as the world knows them. `program` null: of any. `now` in milliseconds UTC.
 */
export async function findVisit(
  tx: Tx,
  { workspace, livemode }: World,
  { by, value }: Sign,
  program: string | null,
  now: number,
): Promise<{ clickId: string; visitorId: string } | null> {
  const { rows } = await tx.query<{ referral_id: string; visitor_id: string | null }>({
    name: `find_visit_by_${by}`,
    text: `SELECT r.referral_id, r.visitor_id FROM referrals r
           JOIN programs p ON p.workspace_id = $1 AND p.program_id = r.program_id
           WHERE r.workspace_id = $1 AND ${SEARCHES[by]} AND NOT (r.test_only AND $5) AND ($3::text IS NULL OR r.program_id = $3)
             AND (r.status <> 'click' OR r.created_at > $4::timestamptz - make_interval(days => p.click_window_days))
           ORDER BY r.status = 'click', CASE WHEN r.status <> 'click' THEN r.created_at END, r.created_at DESC,
             r.referral_id DESC LIMIT 1`,
    values: [workspace, value, program, new Date(now).toISOString(), livemode],
  });
  const [row] = rows;
  return row ? { clickId: row.referral_id, visitorId: row.visitor_id ?? row.referral_id } : null;
}
