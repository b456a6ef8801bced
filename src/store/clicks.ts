/** Clicks and what a sign-up makes of them. A click is a referral's row from the first moment on, under the same id. */
import type { ReferralView } from '../core/views.ts';
import { REFERRAL, referralOf, type ReferralFields } from './referrals.ts';
import type { Tx } from './tx.ts';

export type NewClick = {
  readonly id: string;
  readonly affiliateId: string;
  readonly programId: string;
  /** Milliseconds UTC. */
  readonly at: number;
  readonly details: Readonly<Record<string, string>>;
  /** The link that was followed; null: the affiliate's own tracking id. */
  readonly linkId: string | null;
  readonly visitorId: string | null;
  readonly fingerprint: string | null;
  /** false: nobody followed the link, a sale or sign-up only named it. */
  readonly followed: boolean;
  /** The live world does not know it; absent: it does. */
  readonly testOnly?: boolean;
};

/** An id that stands already stays as it is: told again, it is the same. */
export async function insertClick(tx: Tx, workspace: string, click: NewClick): Promise<ReferralView> {
  const { rows } = await tx.query<ReferralFields>({
    name: 'insert_click',
    text: `INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, click, created_at, link_id,
             visitor_id, fingerprint, clicked_at, test_only)
           VALUES ($1, $2, $3, $4, 'click', $5, $6, $7, $8, $9, CASE WHEN $10 THEN $6::timestamptz END, $11)
           ON CONFLICT (workspace_id, referral_id) DO UPDATE SET click = referrals.click RETURNING ${REFERRAL}`,
    values: [
      workspace,
      click.id,
      click.affiliateId,
      click.programId,
      JSON.stringify(click.details),
      new Date(click.at).toISOString(),
      click.linkId,
      click.visitorId,
      click.fingerprint,
      click.followed,
      click.testOnly ?? false,
    ],
  });
  const [row] = rows;
  if (!row) throw new Error(`the click ${click.id} was not kept`);
  return referralOf(row);
}

/**
 * Adds what was not said of a visit when it was told first; what was said stays, and so does a click that something came
 * of. null: this world of the program has no such click.
 */
export async function completeClick(
  tx: Tx,
  workspace: string,
  id: string,
  { programId, testOnly, details }: Pick<NewClick, 'programId' | 'details'> & { readonly testOnly: boolean },
): Promise<{ readonly id: string; readonly affiliateId: string } | null> {
  const { rows } = await tx.query<{ affiliate_id: string }>({
    name: 'complete_click',
    text: `WITH own AS (
        SELECT referral_id, affiliate_id FROM referrals
        WHERE workspace_id = $1 AND referral_id = $2 AND program_id = $3 AND test_only = $4::boolean
      ), completed AS (
        UPDATE referrals r SET click = $5::jsonb || r.click FROM own
        WHERE r.workspace_id = $1 AND r.referral_id = own.referral_id AND r.status = 'click' AND NOT r.click @> $5::jsonb
      ) SELECT affiliate_id FROM own`,
    values: [workspace, id, programId, testOnly, JSON.stringify(details)],
  });
  return rows[0] ? { id, affiliateId: rows[0].affiliate_id } : null;
}

export type Identities = {
  readonly email: string | null;
  readonly externalUserId: string | null;
  readonly name: string | null;
};

/**
 * Writes who signed up onto a click or referral, where nothing stands yet; a click becomes a lead, `at` milliseconds UTC.
 * Done twice it changes nothing. null: there is no such referral. Throws 23505 when the e-mail is another referral's of
 * the program.
 */
export async function bindSignup(
  tx: Tx,
  workspace: string,
  id: string,
  who: Identities,
  at: number,
): Promise<ReferralView | null> {
  const values = [workspace, id, who.email, who.externalUserId, who.name, new Date(at).toISOString()];
  const { rows } = await tx.query<ReferralFields>({
    name: 'bind_signup',
    text: `WITH bound AS (
        UPDATE referrals SET version = version + 1, email = COALESCE(email, $3), name = COALESCE(name, $5),
          external_user_id = COALESCE(external_user_id, $4), lead_at = COALESCE(lead_at, $6),
          status = CASE WHEN status = 'click' THEN 'lead' ELSE status END
        WHERE workspace_id = $1 AND referral_id = $2 AND (status = 'click' OR (email IS NULL AND $3::text IS NOT NULL)
          OR (external_user_id IS NULL AND $4::text IS NOT NULL) OR (name IS NULL AND $5::text IS NOT NULL))
        RETURNING ${REFERRAL}
      )
      SELECT * FROM bound
      UNION ALL SELECT ${REFERRAL} FROM referrals
        WHERE workspace_id = $1 AND referral_id = $2 AND NOT EXISTS (SELECT 1 FROM bound)`,
    values,
  });
  return rows[0] ? referralOf(rows[0]) : null;
}

/** The referral of a program that has this e-mail, in any case; null: none. */
export async function referralOfEmail(
  tx: Tx,
  workspace: string,
  program: string,
  email: string,
): Promise<string | null> {
  const { rows } = await tx.query<{ referral_id: string }>({
    text: 'SELECT referral_id FROM referrals WHERE workspace_id = $1 AND program_id = $2 AND email_key = lower($3)',
    values: [workspace, program, email],
  });
  return rows[0]?.referral_id ?? null;
}
