/** How this dialect shows events, days and totals: smallest units in events, major units in figures (apis.md 4.2). */
import { z } from 'zod';
import { shownPage } from '../../core/destinations.ts';
import type { DayFigures, EventView, Span } from '../../core/figures.ts';
import { divideRounded, toMajor } from '../../core/money.ts';
import { toIso } from '../../core/time.ts';
import { deviceOf } from './devices.ts';

const moment = z.iso.datetime();
const textOrNull = z.string().nullable();

const event = { id: z.int(), timestamp: moment, click_id: textOrNull, createdAt: moment };

export const eventAnswer = z.union([
  z.object({
    ...event,
    event_type: z.literal('click'),
    session_id: textOrNull,
    page_url: textOrNull,
    referrer_url: textOrNull,
    geo_country: z.null().describe('Where a visitor is, is not looked up.'),
    geo_region: z.null(),
    geo_city: z.null(),
    device_type: z.enum(['desktop', 'mobile', 'tablet']).nullable(),
    device_os: textOrNull,
    browser_name: textOrNull,
    converted: z.boolean(),
  }),
  z.object({
    ...event,
    event_type: z.literal('lead'),
    customer_key: textOrNull,
    session_id: textOrNull,
    page_url: textOrNull,
    converted: z.boolean(),
  }),
  z.object({
    ...event,
    event_type: z.literal('conversion'),
    amount_cents: z.int(),
    currency: z.string(),
    sale_type: z.enum(['payment', 'subscription']),
    payment_status: z.enum(['paid', 'refunded', 'partially_refunded']),
    processor_event_id: z.string(),
    is_recurring: z.boolean(),
  }),
]);

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

export function eventShape(view: EventView): z.infer<typeof eventAnswer> {
  const { kind, number, at, clickId, converted, customerKey, details, told } = view;
  const common = { id: number, timestamp: toIso(at), click_id: clickId, createdAt: toIso(at) };
  if (kind === 'conversion') return { ...common, event_type: kind, ...saleShape(view) };
  if (kind === 'lead')
    return {
      ...common,
      event_type: kind,
      customer_key: customerKey,
      session_id: text(told['session_id']),
      page_url: shownPage(told['page_url']),
      converted,
    };
  return {
    ...common,
    event_type: kind,
    session_id: text(details['session_id']),
    page_url: shownPage(details['page_url']),
    // Other dialects' clicks call it so.
    referrer_url: shownPage(details['referrer_url'] ?? details['referrer']),
    geo_country: null,
    geo_region: null,
    geo_city: null,
    ...deviceOf(details['user_agent'] ?? details['userAgent']),
    converted,
  };
}

function saleShape({ sale, told }: EventView) {
  const { amount = 0n, refunded = 0n, currency = '', externalEventId = '', isSubscription = false } = sale ?? {};
  const part = refunded > 0n ? 'partially_refunded' : 'paid';
  return {
    amount_cents: Number(amount),
    currency: currency.toUpperCase(),
    sale_type: isSubscription ? ('subscription' as const) : ('payment' as const),
    payment_status:
      refunded >= amount && refunded > 0n ? ('refunded' as const) : (part as 'paid' | 'partially_refunded'),
    processor_event_id: externalEventId,
    is_recurring: typeof told['is_recurring'] === 'boolean' ? told['is_recurring'] : isSubscription,
  };
}

export const dayAnswer = z.object({
  date: z.iso.date(),
  period: z.iso.date(),
  clicks: z.int(),
  leads: z.int(),
  conversions: z.int(),
  revenue: z.number(),
  partners: z.int(),
  sales: z.literal(0),
  commission: z.number(),
});

const trend = z.object({ trend: z.number(), trendDirection: z.enum(['up', 'down', 'stable']) });

export const metricsAnswer = z.object({
  totalClicks: z.int(),
  totalLeads: z.int(),
  totalConversions: z.int(),
  totalRevenue: z.number(),
  conversionRate: z.number(),
  averageOrderValue: z.number(),
  totalPartners: z.int(),
  totalSales: z.int(),
  totalPartnersCommission: z.number(),
  clicksTrend: trend,
  leadsTrend: trend,
  conversionsTrend: trend,
  revenueTrend: trend,
  partnersTrend: trend,
  salesTrend: trend,
  commissionTrend: trend,
});

const major = (amount: bigint, currency: string): number => Number(toMajor(amount, currency));

export function dayShape(day: DayFigures, currency: string): z.infer<typeof dayAnswer> {
  const { day: date, clicks, leads, conversions, partners } = day;
  const revenue = major(day.revenue, currency);
  const commission = major(day.commission, currency);
  return { date, period: date, clicks, leads, conversions, revenue, partners, sales: 0, commission };
}

type Totals = Omit<DayFigures, 'day'>;

const EMPTY: Totals = { clicks: 0, leads: 0, conversions: 0, sales: 0, revenue: 0n, partners: 0, commission: 0n };

function totalsOf(days: readonly DayFigures[]): Totals {
  return days.reduce<Totals>(
    (sum, day) => ({
      clicks: sum.clicks + day.clicks,
      leads: sum.leads + day.leads,
      conversions: sum.conversions + day.conversions,
      sales: sum.sales + day.sales,
      revenue: sum.revenue + day.revenue,
      partners: sum.partners + day.partners,
      commission: sum.commission + day.commission,
    }),
    EMPTY,
  );
}

/** How much it changed against the days before, in percent to one decimal. */
function trendOf(now: number | bigint, before: number | bigint): z.infer<typeof trend> {
  const [current, previous] = [Number(now), Number(before)];
  if (current === previous) return { trend: 0, trendDirection: 'stable' };
  const change = previous === 0 ? 100 : Math.round(Math.abs((current - previous) / previous) * 1000) / 10;
  return { trend: change, trendDirection: current > previous ? 'up' : 'down' };
}

export function metricsShape(
  days: readonly DayFigures[],
  before: readonly DayFigures[],
  currency: string,
): z.infer<typeof metricsAnswer> {
  const [now, then] = [totalsOf(days), totalsOf(before)];
  const { clicks, conversions, revenue } = now;
  return {
    totalClicks: clicks,
    totalLeads: now.leads,
    totalConversions: conversions,
    totalRevenue: major(revenue, currency),
    conversionRate: clicks === 0 ? 0 : Math.round((conversions / clicks) * 10_000) / 100,
    averageOrderValue: conversions === 0 ? 0 : major(divideRounded(revenue, BigInt(conversions)), currency),
    totalPartners: now.partners,
    totalSales: now.sales,
    totalPartnersCommission: major(now.commission, currency),
    clicksTrend: trendOf(clicks, then.clicks),
    leadsTrend: trendOf(now.leads, then.leads),
    conversionsTrend: trendOf(conversions, then.conversions),
    revenueTrend: trendOf(revenue, then.revenue),
    partnersTrend: trendOf(now.partners, then.partners),
    salesTrend: trendOf(now.sales, then.sales),
    commissionTrend: trendOf(now.commission, then.commission),
  };
}

const span = { dateFrom: moment, dateTo: moment };
export const spanAnswer = z.object({ period: z.string(), ...span, previousPeriod: z.object(span) });

export function spanShape(period: string, now: Span, before: Span): z.infer<typeof spanAnswer> {
  const shown = ({ from, to }: Span) => ({ dateFrom: toIso(from), dateTo: toIso(to) });
  return { period, ...shown(now), previousPeriod: shown(before) };
}
