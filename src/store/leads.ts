/**
 * Writes referrals together with the journal entries that make them count: row and entries in one statement, so that a
 * referral that was answered is always attributed, whatever dies in between.
 */
import type { ReferralView } from '../core/views.ts';
import { REFERRAL, referralOf, type ReferralFields } from './referrals.ts';
import type { Tx } from './tx.ts';

/** Journal entries of source `operator`, one per world. */
export type Journal = {
  readonly at: number;
  /** When a worker may take them, if nobody did before. */
  readonly runAt: number;
  readonly entries: readonly {
    readonly id: string;
    readonly livemode: boolean;
    readonly body: string;
  }[];
};

/** CTEs that keep the entries as pending when `changed` wrote a row; parameters from `$from` on. */
function journalled(from: number): string {
  const entries = `unnest($${from + 2}::text[], $${from + 3}::boolean[], $${from + 4}::text[]) AS e(id, livemode, body)`;
  return `kept AS (
      INSERT INTO inbox (workspace_id, source, event_key, type, livemode, state, rules, occurred_at, received_at, run_at)
      SELECT $1, 'operator', e.id, 'operator.lead', e.livemode, 'pending', w.rules_version, $${from}::timestamptz, $${from}::timestamptz,
        $${from + 1}::timestamptz
      FROM ${entries} JOIN workspaces w ON w.workspace_id = $1 WHERE EXISTS (SELECT 1 FROM changed)
      RETURNING workspace_id, source, event_key
    ), bytes AS (
      INSERT INTO payloads (workspace_id, source, event_key, body)
      SELECT k.workspace_id, k.source, k.event_key, e.body FROM kept k JOIN ${entries} ON e.id = k.event_key RETURNING 1)`;
}

const iso = (moment: number): string => new Date(moment).toISOString();

function journalValues({ at, runAt, entries }: Journal): unknown[] {
  return [
    iso(at),
    iso(runAt),
    entries.map(({ id }) => id),
    entries.map(({ livemode }) => livemode),
    entries.map(({ body }) => body),
  ];
}

/** null: the e-mail is another referral's of the program, and nothing was written. */
export async function insertReferral(
  tx: Tx,
  workspace: string,
  referral: ReferralView,
  journal: Journal,
): Promise<ReferralView | null> {
  const { rows } = await tx.query<ReferralFields>({
    text: `WITH changed AS (
        INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, email, name, customer_id,
          external_user_id, subscription_id, metadata, created_at, converted_at, lead_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12) ON CONFLICT DO NOTHING RETURNING ${REFERRAL}
      ), ${journalled(14)}
      SELECT * FROM changed`,
    values: [
      workspace,
      referral.id,
      referral.affiliateId,
      referral.programId,
      referral.status,
      referral.email,
      referral.name,
      referral.customerId,
      referral.externalUserId,
      referral.subscriptionId,
      JSON.stringify(referral.metadata),
      iso(referral.createdAt),
      referral.convertedAt === null ? null : iso(referral.convertedAt),
      ...journalValues(journal),
    ],
  });
  return rows[0] ? referralOf(rows[0]) : null;
}

/** Only the fields given change. */
export type ReferralChanges = Partial<
  Pick<
    ReferralView,
    'status' | 'email' | 'name' | 'customerId' | 'externalUserId' | 'subscriptionId' | 'metadata' | 'convertedAt'
  >
>;

/**
 * Changes a referral, or turns a click into one; a name that is given was said with a key. null: there is none whose status is as expected (`click`, or anything
 * but that). Throws 23505 when the e-mail is another referral's of the program.
 */
export async function changeReferral(
  tx: Tx,
  workspace: string,
  id: string,
  was: 'click' | 'referral',
  changes: ReferralChanges,
  journal: Journal,
): Promise<ReferralView | null> {
  const { convertedAt } = changes;
  const { rows } = await tx.query<ReferralFields>({
    text: `WITH changed AS (
        UPDATE referrals SET version = version + 1, status = COALESCE($4::jsonb ->> 'status', status),
          email = COALESCE($4::jsonb ->> 'email', email), name = COALESCE($4::jsonb ->> 'name', name),
          email_unproven = email_unproven AND NOT ($4::jsonb ? 'email'),
          customer_id = COALESCE($4::jsonb ->> 'customerId', customer_id),
          external_user_id = COALESCE($4::jsonb ->> 'externalUserId', external_user_id),
          user_unproven = user_unproven AND NOT ($4::jsonb ? 'externalUserId'),
          subscription_id = COALESCE($4::jsonb ->> 'subscriptionId', subscription_id),
          metadata = COALESCE($4::jsonb -> 'metadata', metadata), converted_at = COALESCE(converted_at, $5::timestamptz),
          lead_at = COALESCE(lead_at, CASE WHEN $3 THEN $6::timestamptz END)
        WHERE workspace_id = $1 AND referral_id = $2 AND (status = 'click') = $3
        RETURNING ${REFERRAL}
      ), ${journalled(6)}
      SELECT * FROM changed`,
    values: [
      workspace,
      id,
      was === 'click',
      JSON.stringify(changes),
      convertedAt === null || convertedAt === undefined ? null : iso(convertedAt),
      ...journalValues(journal),
    ],
  });
  return rows[0] ? referralOf(rows[0]) : null;
}
