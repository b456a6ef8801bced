/** Refunds: one money movement back, whatever number of events speak of it (stripe.md 1.7). */
import type { EventRef, RefundFact, RefundStatus, Translation } from '../../core/facts.ts';
import { idOf, key, moneyKey, moneyKeys, refundKey } from './identity.ts';
import { ignore } from './ignored.ts';
import { read, stampOf } from './read.ts';
import { Refund, type RefundObject } from './schema-losses.ts';

const STATUS_RANK: Readonly<Record<RefundStatus, number>> = {
  pending: 0,
  succeeded: 10,
  failed: 20,
};

/** By event type and status: samples of `refund.failed` with status `succeeded` exist (trap 61). */
function statusOf(refund: RefundObject, type: string): RefundStatus {
  const { status } = refund;
  if (status === 'failed' || status === 'canceled' || type === 'refund.failed') return 'failed';
  return status === 'pending' || status === 'requires_action' ? 'pending' : 'succeeded';
}

/** The release of an authorisation that was never a sale (trap 23). */
function isRelease(refund: RefundObject): boolean {
  return refund.reason === 'expired_uncaptured_charge';
}

/** One refund as a fact; null when it releases an authorisation or names no payment. */
export function refundFact(refund: RefundObject, ref: EventRef): RefundFact | null {
  const keys = moneyKeys(['ch', refund.charge], ['pi', refund.payment_intent]);
  if (isRelease(refund) || keys.length === 0) return null;
  const status = statusOf(refund, ref.type);
  const stamp = stampOf(ref, STATUS_RANK[status]);
  const charge = idOf(refund.charge);
  return {
    kind: 'refund',
    keys: [...keys, refundKey(key(refund.id))],
    refund: {
      key: key(refund.id),
      stamp,
      amount: BigInt(refund.amount),
      currency: refund.currency.toLowerCase(),
      status,
      at: refund.created * 1000,
      charge: charge === null ? null : moneyKey('ch', charge),
      proof: stamp,
      source: 'stripe',
      externalId: null,
    },
  };
}

/** `refund.created|updated|failed` and the legacy twin `charge.refund.updated`; all are one refund (trap 21). */
export function translateRefund(object: unknown, ref: EventRef): Translation {
  const refund = read(Refund, object, ref);
  const fact = refundFact(refund, ref);
  if (fact === null) return ignore(isRelease(refund) ? 'expired_authorisation' : 'refund_without_payment');
  return { facts: [fact] };
}
