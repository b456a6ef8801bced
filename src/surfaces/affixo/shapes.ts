/**
 * How this dialect shows things: snake_case, ids as UUIDs, major units as JSON numbers, currencies in lower case (apis.md
 * 1.3 and 5.4).
 */
import { z } from 'zod';
import { shownPage } from '../../core/destinations.ts';
import type { CommissionStatus } from '../../core/ledger.ts';
import { toMajor } from '../../core/money.ts';
import type { PayoutView } from '../../core/payout-desk.ts';
import { toIso } from '../../core/time.ts';
import type { AffiliateView, ConversionView } from '../../core/views.ts';
import type { AffiliateSums, ClickView, LinkView, ProgramView } from '../../core/visits.ts';
import { shownId, shownOrNull } from './ids.ts';

/** 2970 minor units of usd → 29.7. The text is exact; the number is the double nearest to it. */
const major = (amount: bigint, currency: string): number => Number(toMajor(amount, currency));

const shown = z.string().describe('A UUID; an id that was brought along is shown as it is.');
const made = z.iso.datetime();
const currencyCode = z
  .string()
  .regex(/^[a-z]{3}$/)
  .meta({ examples: ['usd'] });
const standings = z.enum(['pending', 'approved', 'paid', 'rejected', 'reversed']);

type Standing = z.infer<typeof standings>;

const STATUSES: Readonly<Record<CommissionStatus, Standing>> = {
  pending: 'pending',
  pending_manual_approval: 'pending',
  ready_for_payment: 'approved',
  processing_payout: 'approved',
  paid: 'paid',
  declined: 'rejected',
  refunded: 'reversed',
  dispute: 'reversed',
};

/**
 * A sale without a commission waits for one, until it goes back. What was paid out stays so in the ledger when all of it is
 * taken back; here the reversal is what there is to say.
 */
function statusOf({ commission, status }: ConversionView): Standing {
  if (!commission) return status === 'refunded' ? 'reversed' : 'pending';
  const { earned, reversed } = commission;
  const standing = STATUSES[commission.status];
  return standing !== 'rejected' && earned > 0n && reversed === earned ? 'reversed' : standing;
}

export const affiliateAnswer = z
  .object({
    id: shown,
    ref_code: z.string().describe('What their links carry. Read it back: a taken one is answered with a variant.'),
    email: z.string().nullable(),
    name: z.string().nullable(),
    status: z.enum(['pending', 'approved', 'rejected', 'paused', 'banned']),
    created_at: made,
  })
  .meta({ id: 'Affiliate' });

export function affiliateShape(view: AffiliateView): z.infer<typeof affiliateAnswer> {
  return {
    id: shownId(view.id),
    ref_code: view.trackingId,
    email: view.email === '' ? null : view.email,
    name: view.name === '' ? null : view.name,
    status: view.status,
    created_at: toIso(view.createdAt),
  };
}

export const linkAnswer = z
  .object({
    id: shown,
    affiliate_id: shown,
    ref_param: z.string().describe('The code in its URL. Read it back: a taken one is answered with a variant.'),
    destination_url: z.string().nullable(),
    campaign_id: shown,
    domain_id: z.null(),
    created_at: made,
  })
  .meta({ id: 'Link' });

export function linkShape(view: LinkView): z.infer<typeof linkAnswer> {
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

export const campaignAnswer = z
  .object({
    id: shown,
    name: z.string(),
    status: z.literal('active'),
    cookie_window_days: z.int().describe('For so many days a click earns.'),
  })
  .meta({ id: 'Campaign' });

export function campaignShape({ id, name, clickWindowDays }: ProgramView): z.infer<typeof campaignAnswer> {
  return { id: shownId(id), name, status: 'active', cookie_window_days: clickWindowDays };
}

export const conversionAnswer = z
  .object({
    id: shown,
    affiliate_id: shown.nullable(),
    email: z.string().nullable().describe('Who bought, where that is known.'),
    amount: z.number().describe('Major units; what is left after refunds.'),
    currency: currencyCode,
    status: standings,
    created_at: made.describe('When the money moved.'),
    external_id: z.string(),
  })
  .meta({ id: 'Conversion' });

/** `amount` is what is left after refunds. */
export function conversionShape(view: ConversionView, email: string | null): z.infer<typeof conversionAnswer> {
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

export const commissionAnswer = z
  .object({
    id: shown.nullable(),
    affiliate_id: shown.nullable(),
    conversion_id: shown,
    amount: z.number().describe('Major units; what is left after refunds.'),
    currency: currencyCode,
    status: standings,
    created_at: made,
  })
  .meta({ id: 'Commission' });

export function commissionShape(view: ConversionView): z.infer<typeof commissionAnswer> {
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

export const payoutAnswer = z
  .object({
    id: shown,
    affiliate_id: shown,
    amount: z.number(),
    currency: z.string(),
    status: z.enum(['processing', 'paid']),
    paid_at: z.iso.datetime().nullable(),
    created_at: made,
    method: z.literal('manual'),
  })
  .meta({ id: 'Payout' });

/** Nobody has published the words of a payout's status. */
export function payoutShape(view: PayoutView): z.infer<typeof payoutAnswer> {
  const completed = view.status === 'completed';
  return {
    id: shownId(view.id),
    affiliate_id: shownId(view.affiliateId),
    amount: major(view.amount, view.currency),
    currency: view.currency,
    status: completed ? 'paid' : 'processing',
    paid_at: completed ? toIso(view.processedAt) : null,
    created_at: toIso(view.createdAt),
    method: 'manual',
  };
}

export const clickAnswer = z
  .object({
    id: shown,
    visitor_id: z.string(),
    ref_param: z.string(),
    url: z.string().nullable(),
    referrer: z.string().nullable(),
    created_at: made,
  })
  .meta({ id: 'Click' });

export function clickShape({ id, visitorId, code, details, clickedAt }: ClickView): z.infer<typeof clickAnswer> {
  const { url, referrer } = details;
  return {
    id: shownId(id),
    visitor_id: visitorId ?? id,
    ref_param: code,
    url: shownPage(url),
    referrer: shownPage(referrer),
    created_at: toIso(clickedAt),
  };
}

export const reportAnswer = z
  .object({
    affiliate_id: shown,
    ref_code: z.string(),
    email: z.string().nullable(),
    clicks: z.int(),
    conversions: z.int().describe('Leads and sales.'),
    leads: z.int(),
    sales: z.int(),
    revenue: z.number().describe('Major units of the currency of the workspace.'),
    commissions_earned: z.number(),
    commissions_paid: z.number(),
  })
  .meta({ id: 'AffiliateReport' });

export function reportShape(sums: AffiliateSums, currency: string): z.infer<typeof reportAnswer> {
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
