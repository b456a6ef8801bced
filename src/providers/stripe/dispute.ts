/** Disputes and early fraud warnings: a bank asks for money back, or says it may (stripe.md 1.8, cases.md 104 to 112). */
import type { DisputeStatus, EventRef, Translation } from '../../core/facts.ts';
import { idOf, key, moneyKey, moneyKeys } from './identity.ts';
import { ignore } from './ignored.ts';
import { read, stampOf } from './read.ts';
import { Dispute, type DisputeObject, FraudWarning } from './schema-losses.ts';

/** Within one second the more final word counts; a dispute can be won after it was lost, never the other way round. */
const STATUS_RANK: Readonly<Record<DisputeStatus, number>> = { inquiry: 0, open: 10, dropped: 20, lost: 20, won: 30 };

/**
 * `warning_*` is an inquiry: no money moved (trap 29). A lost dispute that is appealed stays lost until it is won. A
 * prevented one is settled by an ordinary refund, unless the money was withdrawn.
 */
function statusOf({ status, balance_transactions: moves }: DisputeObject): DisputeStatus {
  if (status === 'warning_closed') return 'dropped';
  if (status.startsWith('warning_')) return 'inquiry';
  if (status === 'won' || status === 'lost') return status;
  if (status.startsWith('appeal_')) return 'lost';
  if (status === 'prevented') return moves?.length === 1 ? 'lost' : 'dropped';
  return 'open';
}

/** `charge.dispute.created|updated|closed|funds_withdrawn|funds_reinstated`: each shows the whole dispute. */
export function translateDispute(object: unknown, ref: EventRef): Translation {
  const dispute = read(Dispute, object, ref);
  const keys = moneyKeys(['ch', dispute.charge], ['pi', dispute.payment_intent]);
  if (keys.length === 0) return ignore('dispute_without_payment');
  const status = statusOf(dispute);
  const stamp = stampOf(ref, STATUS_RANK[status]);
  const charge = idOf(dispute.charge);
  return {
    facts: [
      {
        kind: 'dispute',
        keys,
        dispute: {
          key: key(dispute.id),
          stamp,
          amount: BigInt(dispute.amount),
          currency: dispute.currency.toLowerCase(),
          status,
          reason: dispute.reason ?? null,
          at: dispute.created * 1000,
          charge: charge === null ? null : moneyKey('ch', charge),
          proof: stamp,
          source: 'stripe',
        },
      },
    ],
  };
}

/** `radar.early_fraud_warning.created|updated`: most end in a dispute within weeks. */
export function translateFraudWarning(object: unknown, ref: EventRef): Translation {
  const warning = read(FraudWarning, object, ref);
  const keys = moneyKeys(['ch', warning.charge], ['pi', warning.payment_intent]);
  if (keys.length === 0) return ignore('dispute_without_payment');
  const stamp = stampOf(ref, 0);
  const charge = idOf(warning.charge);
  const at = warning.created * 1000;
  return {
    facts: [
      {
        kind: 'warning',
        keys,
        warning: {
          key: key(warning.id),
          stamp,
          at,
          charge: charge === null ? null : moneyKey('ch', charge),
          proof: stamp,
        },
      },
    ],
  };
}
