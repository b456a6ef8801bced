import type { ReferralView } from '../core/views.ts';
import type { Tx } from './tx.ts';

export type Advance = Pick<ReferralView, 'status' | 'customerId' | 'externalUserId'> & {
  /** false: it was told in the test world, which changes only what the live world does not know. */
  readonly livemode: boolean;
  /** When a click became a lead by it, milliseconds UTC. */
  readonly at: number;
};

/** How far a referral has come; one that is rejected or canceled is in no order. */
const ORDER = "ARRAY['click', 'lead', 'trialing', 'customer', 'active']";

/** Moves a referral on to a status, never back, and writes names of the buyer where none stands. Done twice it changes nothing. */
export async function advanceReferral(tx: Tx, workspace: string, id: string, to: Advance): Promise<void> {
  const further = `array_position(${ORDER}, status) < array_position(${ORDER}, $3)`;
  await tx.query({
    name: 'advance_referral',
    text: `UPDATE referrals SET version = version + 1, status = CASE WHEN ${further} THEN $3 ELSE status END,
             lead_at = COALESCE(lead_at, CASE WHEN status = 'click' THEN $7::timestamptz END),
             customer_id = COALESCE(customer_id, $4), external_user_id = COALESCE(external_user_id, $5)
           WHERE workspace_id = $1 AND referral_id = $2 AND test_only = NOT $6::boolean
             AND (${further} OR (customer_id IS NULL AND $4::text IS NOT NULL)
               OR (external_user_id IS NULL AND $5::text IS NOT NULL))`,
    values: [workspace, id, to.status, to.customerId, to.externalUserId, to.livemode, new Date(to.at).toISOString()],
  });
}
