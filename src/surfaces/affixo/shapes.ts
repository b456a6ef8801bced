/**
 * How this dialect shows things: snake_case, ids as UUIDs, major units as JSON numbers, currencies in lower case (apis.md
 * 1.3 and 5.4).
 */
import type { CommissionStatus } from '../../core/ledger.ts';
import { toMajor } from '../../core/money.ts';
import { toIso } from '../../core/time.ts';
import type { AffiliateView, ConversionView } from '../../core/views.ts';
import type { AffiliateSums, ClickView, LinkView, ProgramView } from '../../core/visits.ts';
import { shownId, shownOrNull } from './ids.ts';

/** 2970 minor units of usd → 29.7. The text is exact; the number is the double nearest to it. */
const major = (amount: bigint, currency: string): number => Number(toMajor(amount, currency));

const STATUSES: Readonly<Record<CommissionStatus, string>> = {
  pending: 'pending',
  pending_manual_approval: 'pending',
  ready_for_payment: 'approved',
  processing_payout: 'approved',
  paid: 'paid',
  declined: 'rejected',
  refunded: 'reversed',
  dispute: 'reversed',
};

/** A sale without a commission waits for one, until it goes back. */
function statusOf({ commission, status }: ConversionView): string {
  if (commission) return STATUSES[commission.status];
  return status === 'refunded' ? 'reversed' : 'pending';
}

export function affiliateShape(view: AffiliateView): Record<string, unknown> {
  return {
    id: shownId(view.id),
    ref_code: view.trackingId,
    email: view.email === '' ? null : view.email,
    name: view.name === '' ? null : view.name,
    status: view.status,
    created_at: toIso(view.createdAt),
  };
}

export function linkShape(view: LinkView): Record<string, unknown> {
  return {
    id: shownId(view.id),
    affiliate_id: shownId(view.affiliateId),
    ref_param: view.code,
    destination_url: view.destinationUrl,
    campaign_id: shownId(view.programId),
    domain_id: null,
    created_at: toIso(view.createdAt),
  };
}

export function campaignShape({ id, name, clickWindowDays }: ProgramView): Record<string, unknown> {
  return { id: shownId(id), name, status: 'active', cookie_window_days: clickWindowDays };
}

/** `amount` is what is left after refunds. */
export function conversionShape(view: ConversionView, email: string | null): Record<string, unknown> {
  return {
    id: shownId(view.id),
    affiliate_id: shownOrNull(view.affiliateId),
    email,
    amount: major(view.amount - view.refunded, view.currency),
    currency: view.currency,
    status: statusOf(view),
    created_at: toIso(view.occurredAt),
    external_id: view.externalEventId,
  };
}

export function commissionShape(view: ConversionView): Record<string, unknown> {
  const { commission } = view;
  const currency = commission?.currency ?? view.currency;
  return {
    id: shownOrNull(commission?.id ?? null),
    affiliate_id: shownOrNull(view.affiliateId),
    conversion_id: shownId(view.id),
    amount: commission ? major(commission.earned - commission.reversed, currency) : 0,
    currency,
    status: statusOf(view),
    created_at: toIso(view.occurredAt),
  };
}

export function clickShape({ id, visitorId, code, details, clickedAt }: ClickView): Record<string, unknown> {
  const { url = null, referrer = null } = details;
  return {
    id: shownId(id),
    visitor_id: visitorId ?? id,
    ref_param: code,
    url,
    referrer,
    created_at: toIso(clickedAt),
  };
}

export function reportShape(sums: AffiliateSums, currency: string): Record<string, unknown> {
  return {
    affiliate_id: shownId(sums.affiliateId),
    ref_code: sums.trackingId,
    email: sums.email === '' ? null : sums.email,
    clicks: sums.clicks,
    conversions: sums.leads + sums.sales,
    leads: sums.leads,
    sales: sums.sales,
    revenue: major(sums.revenue, currency),
    commissions_earned: major(sums.earned, currency),
    commissions_paid: major(sums.paid, currency),
  };
}
