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
  /** Said without a key. */
  readonly unproven?: boolean | undefined;
};

/** A column of names: written where nothing stands yet, or where only what was said without a key stands. */
const bound = (name: string, unproven: string, value: string): string =>
  `${name} = CASE WHEN ${name} IS NULL OR (${unproven} AND NOT $7) THEN COALESCE(${value}, ${name}) ELSE ${name} END,
   ${unproven} = CASE WHEN ${value}::text IS NULL THEN ${unproven} WHEN ${name} IS NULL THEN $7 ELSE ${unproven} AND $7 END`;

/**
 * Writes who signed up onto a click or referral, where nothing stands yet; a click becomes a lead, `at` milliseconds UTC.
 * What was said without a key gives way to what is said with one. Done twice it changes nothing. null: there is no such
 * referral. Throws 23505 when the e-mail is another referral's of the program.
 */
export async function bindSignup(
  tx: Tx,
  workspace: string,
  id: string,
  who: Identities,
  at: number,
): Promise<ReferralView | null> {
  const { email, externalUserId, name, unproven = false } = who;
  const values = [workspace, id, email, externalUserId, name, new Date(at).toISOString(), unproven];
  const { rows } = await tx.query<ReferralFields>({
    name: 'bind_signup',
    text: `WITH bound AS (
        UPDATE referrals SET version = version + 1, ${bound('email', 'email_unproven', '$3')},
          ${bound('external_user_id', 'user_unproven', '$4')}, name = COALESCE(name, $5), lead_at = COALESCE(lead_at, $6),
          status = CASE WHEN status = 'click' THEN 'lead' ELSE status END
        WHERE workspace_id = $1 AND referral_id = $2 AND (status = 'click' OR (name IS NULL AND $5::text IS NOT NULL)
          OR ((email IS NULL OR (email_unproven AND NOT $7::boolean)) AND $3::text IS NOT NULL)
          OR ((external_user_id IS NULL OR (user_unproven AND NOT $7::boolean)) AND $4::text IS NOT NULL))
        RETURNING ${REFERRAL}
      )
      SELECT * FROM bound
      UNION ALL SELECT ${REFERRAL} FROM referrals
        WHERE workspace_id = $1 AND referral_id = $2 AND NOT EXISTS (SELECT 1 FROM bound)`,
    values,
  });
  return rows[0] ? referralOf(rows[0]) : null;
}

/**
 * Keeps that these names were said of a click without a key: `kind:hash`, at most `most` of each kind. Names that are
 * kept already are none more. false: they would be too many, and nothing is kept. One row decides, so of any number of
 * calls at once no more than so many pass. Comes before what it allows: a call that dies in between has used its names, and
 * its repetition goes on.
 */
export async function keepKeylessNames(
  tx: Tx,
  workspace: string,
  id: string,
  names: readonly string[],
  most: number,
): Promise<boolean> {
  const kept = await tx.query({
    name: 'keyless_names_kept',
    text: 'SELECT 1 FROM referrals WHERE workspace_id = $1 AND referral_id = $2 AND keyless_names @> $3::text[]',
    values: [workspace, id, names],
  });
  if (kept.rows.length > 0) return true;
  const { rows } = await tx.query({
    name: 'keep_keyless_names',
    text: `UPDATE referrals SET keyless_names = ARRAY(SELECT unnest(keyless_names) UNION SELECT unnest($3::text[]))
           WHERE workspace_id = $1 AND referral_id = $2 AND $4 >= ALL (
             SELECT count(*) FROM (SELECT unnest(keyless_names) UNION SELECT unnest($3::text[])) AS n (name)
             GROUP BY split_part(name, ':', 1))
           RETURNING 1`,
    values: [workspace, id, names, most],
  });
  return rows.length > 0;
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

/**
 * Takes an e-mail from the referral of the program that has it, in any case, when it was only said without a key. true:
 * now it is free.
 */
export async function giveUpEmail(tx: Tx, workspace: string, program: string, email: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: `UPDATE referrals SET version = version + 1, email = NULL, email_unproven = false
           WHERE workspace_id = $1 AND program_id = $2 AND email_key = lower($3) AND email_unproven RETURNING 1`,
    values: [workspace, program, email],
  });
  return rows.length > 0;
}
