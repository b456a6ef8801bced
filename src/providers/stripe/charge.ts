/** Charges: the cash itself, and a cumulative count of what went back (stripe.md 1.5). */
import type { Claim, ClaimStatus, EventRef, Translation } from '../../core/facts.ts';
import { claimOf, wholeLine } from './claim.ts';
import { customerFacts, identityOf, moneyKey, moneyKeys } from './identity.ts';
import { ignore } from './ignored.ts';
import { optedOutBy } from './opt-out.ts';
import { read, stampOf } from './read.ts';
import { refundFact } from './refund.ts';
import { Charge, type ChargeObject } from './schema.ts';
import { RANK, touchesOf } from './touches.ts';

/** Keeps a rank within 32 bits whatever the currency; below it, one minor unit more refunded is one rank newer. */
const LARGEST_REFUND_RANK = 2_000_000_000;

function statusOf(charge: ChargeObject): ClaimStatus {
  if (charge.status === 'failed') return 'failed';
  // Authorised only is not a sale (cases.md 52).
  return charge.status === 'succeeded' && charge.paid && charge.captured ? 'paid' : 'open';
}

function capturedOf(charge: ChargeObject): number {
  return charge.amount_captured ?? (charge.captured ? charge.amount : 0);
}

/**
 * Cumulative refunds in minor units. After a partial capture Stripe counts the released remainder as refunded on some
 * flows; that was never paid (cases.md 53).
 */
function refundedOf(charge: ChargeObject): number {
  const released = charge.amount - capturedOf(charge);
  return released > 0 && charge.amount_refunded >= released
    ? charge.amount_refunded - released
    : charge.amount_refunded;
}

/** Snapshots of the same second are told apart by how far the charge has come, then by how much is refunded. */
function rankOf(charge: ChargeObject, status: ClaimStatus): number {
  const base =
    charge.status === 'pending' ? 0 : { open: 10, paid: 20, failed: 30, void: 30, uncollectible: 30 }[status];
  return base + Math.min(charge.amount_refunded, LARGEST_REFUND_RANK);
}

function chargeClaim(charge: ChargeObject, party: string | null, ref: EventRef): Claim {
  const status = statusOf(charge);
  const paid = BigInt(capturedOf(charge));
  return claimOf({
    kind: 'charge',
    key: moneyKey('ch', charge.id),
    stamp: stampOf(ref, rankOf(charge, status)),
    status,
    currency: charge.currency.toLowerCase(),
    total: BigInt(charge.amount),
    paid,
    net: paid,
    refunded: BigInt(refundedOf(charge)),
    paidAt: charge.created * 1000,
    lines: [wholeLine(charge.id, paid)],
    platformFee: charge.application_fee_amount == null ? null : BigInt(charge.application_fee_amount),
    // Null: an old shape that knows of no invoice. Absent: basil, which never knows (trap 5).
    standalone: charge.invoice === null,
    party,
    optOut: optedOutBy({ charge: charge.metadata }),
  });
}

/** `charge.succeeded|captured|updated|refunded|failed`. Refunds embedded by versions before 2022-11-15 are facts as well. */
export function translateCharge(object: unknown, ref: EventRef): Translation {
  const charge = read(Charge, object, ref);
  // Made by a transfer to a connected account: nobody bought anything (trap 54).
  if (charge.source_transfer != null) return ignore('connect_transfer');
  const { customer, customer_account, metadata } = charge;
  const email = charge.billing_details?.email ?? charge.receipt_email;
  const identity = identityOf({ customer, customer_account, email, metadata: [metadata] });
  const touches = touchesOf([{ rank: RANK.charge, metadata }], ref.at, null);
  const keys = moneyKeys(['ch', charge.id], ['pi', charge.payment_intent], ['invoice', charge.invoice]);
  const refunds = (charge.refunds?.data ?? []).flatMap((refund) => refundFact(refund, ref) ?? []);
  const claim = chargeClaim(charge, identity.party, ref);
  return {
    facts: [{ kind: 'payment', keys, claim, touches, optOut: null }, ...customerFacts(identity, touches), ...refunds],
  };
}
