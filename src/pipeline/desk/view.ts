/** A sale that was posted just now, as the desk shows it, without asking the database for what we just wrote. */
import type { ConversionView } from '../../core/views.ts';
import type { Commission } from '../../core/decide.ts';
import type { Posted } from '../../core/codec.ts';
import type { Settled } from '../batch.ts';
import { isWithdrawn } from '../commissions.ts';

/** null: it has to be read (it stood before, or credits nobody and shows the default program). */
export function newSaleView(settled: Settled, paymentId: string, livemode: boolean): ConversionView | null {
  const decision = settled.decisions.get(paymentId);
  const posted = settled.posted.get(paymentId);
  const sale = decision?.conversions.find(({ kind }) => kind === 'sale');
  const referral = decision?.attribution?.referral;
  if (!decision || !sale || !posted?.sale || !referral) return null;
  return {
    id: posted.sale.id,
    kind: 'sale',
    livemode,
    source: sale.source,
    externalEventId: sale.externalEventId,
    moneyKey: sale.moneyKey,
    keys: settled.session.book.payments.get(paymentId)?.keys ?? [],
    referralId: referral.id,
    affiliateId: referral.affiliateId,
    programId: referral.programId,
    currency: sale.currency,
    amount: sale.amount,
    refunded: sale.refunded,
    base: sale.base,
    status: sale.status,
    reason: sale.reason,
    occurredAt: sale.occurredAt,
    createdAt: settled.at,
    updatedAt: settled.at,
    commission: commissionOf(posted, decision.commissions[0]),
  };
}

function commissionOf(posted: Posted, commission: Commission | undefined): ConversionView['commission'] {
  const row = posted.commissions.find(
    (one) => !isWithdrawn(one) && one.conversionId === posted.sale?.id && one.affiliateId === commission?.affiliateId,
  );
  if (!commission || !row) return null;
  const { status, currency, earned, reversed, incentiveId, incentiveVersion, holdDays, availableAt } = commission;
  return {
    id: row.id,
    status,
    currency,
    earned,
    reversed,
    incentiveId,
    incentiveVersion,
    holdDays,
    availableAt,
  };
}
