/** How much of a payment went back, and when (reference/stripe.md 3 and 6.4). */
import type { Refund } from './facts.ts';
import { compareText } from './facts.ts';
import type { PaymentState } from './merge.ts';
import type { Moment } from './time.ts';

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** One refund as it counts: its own object, or what a charge's cumulative counter shows beyond the known objects. */
export type CountedRefund = {
  readonly key: string;
  readonly amount: bigint;
  readonly at: Moment;
  readonly status: Refund['status'];
  readonly source: string;
  readonly externalEventId: string;
};

/**
 * Every refund once. A charge counts cumulatively, refund objects count one by one; what the charge shows beyond its
 * objects is one remainder under the charge's key, superseded when the objects arrive (stripe.md 3). A counter that was
 * read before a refund failed still contains that refund, so failures after the reading are taken off it.
 */
export function refundsOf(state: PaymentState): CountedRefund[] {
  const refunds = Object.values(state.refunds);
  const counted: CountedRefund[] = refunds.map((refund) => ({
    key: refund.key,
    amount: refund.amount,
    at: refund.at,
    status: refund.status,
    source: refund.source,
    externalEventId: refund.externalId ?? refund.proof.event,
  }));
  const onlyCharge = Object.values(state.claims).filter((claim) => claim.kind === 'charge').length === 1;
  for (const claim of Object.values(state.claims)) {
    if (claim.kind !== 'charge' || claim.refunded === null || claim.refunded === 0n) continue;
    // A refund told by a caller names no charge; where there is only one, it can be no other's.
    const own = refunds.filter((refund) => refund.charge === claim.key || (refund.charge === null && onlyCharge));
    const active = sum(own.filter((refund) => refund.status !== 'failed').map((refund) => refund.amount));
    const failedLater = own.filter(
      (refund) => refund.status === 'failed' && refund.at <= claim.stamp.at && refund.stamp.at >= claim.stamp.at,
    );
    const rest = claim.refunded - sum(failedLater.map((refund) => refund.amount)) - active;
    if (rest <= 0n) continue;
    counted.push({
      key: `${claim.key}:refunded`,
      amount: rest,
      at: claim.stamp.at,
      status: 'succeeded',
      source: claim.source,
      externalEventId: claim.stamp.event,
    });
  }
  return counted.toSorted((a, b) => a.at - b.at || compareText(a.key, b.key));
}

/** What went back in total, never more than came in. */
export function refundedOf(refunds: readonly CountedRefund[], cash: bigint): bigint {
  const active = sum(refunds.filter((refund) => refund.status !== 'failed').map((refund) => refund.amount));
  return active > cash ? cash : active;
}

/** When the refunds reached the whole of `cash`; null: they have not. */
export function refundedWhollyAt(refunds: readonly CountedRefund[], cash: bigint): Moment | null {
  let total = 0n;
  for (const refund of refunds) {
    if (refund.status === 'failed') continue;
    total += refund.amount;
    if (total >= cash) return refund.at;
  }
  return null;
}
