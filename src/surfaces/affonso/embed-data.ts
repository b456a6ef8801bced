/** What a page shows an affiliate of their own, to whoever has the token that was made for it. */
import { z } from 'zod';
import { CREATIVE_CATEGORIES } from '../../core/creative-desk.ts';
import { shownPage } from '../../core/destinations.ts';
import type { CommissionStatus } from '../../core/ledger.ts';
import type { EarningView, Overview } from '../../core/portal-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { CouponView, IncentiveView } from '../../core/views.ts';
import type { Reply } from '../surface.ts';
import { amountOf, incentiveAnswer, incentiveShape, lengthOf } from './group-incentives.ts';
import { text } from './inputs.ts';
import { route } from '../route.ts';
import { answered, dataAnswer, done, major } from './shapes.ts';

/** Where a token opens the portal (src/web/portal). */
export const portalUrl = (origin: string, token: string): string => `${origin}/portal/open?token=${token}`;

const EARNING_STATUSES = {
  pending: 'PENDING',
  pending_manual_approval: 'PENDING',
  dispute: 'PENDING',
  ready_for_payment: 'APPROVED',
  processing_payout: 'APPROVED',
  paid: 'PAID',
  declined: 'REJECTED',
  refunded: 'REJECTED',
} as const satisfies Readonly<Record<CommissionStatus, string>>;

const dataShown = z.object({
  affiliate: z.object({
    name: z.string(),
    email: z.string(),
    trackingId: z.string(),
    avatarUrl: z.string().nullable(),
  }),
  link: z.string().nullable(),
  websiteUrl: z.string().nullable(),
  rewards: z
    .object({
      type: z.enum(['percentage', 'fixed']),
      amount: z.number(),
      recurring: z.boolean(),
      duration: z.enum(['lifetime', 'time_limited', 'payment_limited']),
    })
    .nullable()
    .describe('What the first of incentives pays; null: there is none.'),
  incentives: z
    .array(incentiveAnswer)
    .describe('All that may pay them for a sale of this moment, in the order in which they are asked.'),
  stats: z
    .object({
      clicks: z.int(),
      leads: z.int(),
      sales: z.int(),
      salesAmount: answered.major,
      earnings: z.object({ pending: answered.major, approved: answered.major, paid: answered.major }),
    })
    .describe('Amounts in the currency of the program.'),
  earnings: z
    .array(
      z.object({
        id: answered.id,
        customerId: answered.id.nullable().describe('The referral; null: somebody they recruited sold it.'),
        date: answered.moment,
        amount: answered.major.describe('What is left of the sale; 0: somebody they recruited sold it.'),
        commission: answered.major.describe('What is left of the commission.'),
        status: z.enum(['PENDING', 'APPROVED', 'PAID', 'REJECTED']),
      }),
    )
    .describe('The last ten.'),
  portalUrl: z.string(),
  coupon: z
    .object({ code: z.string(), discountType: z.string().nullable(), discountValue: z.number().nullable() })
    .nullable()
    .describe('The newest.'),
  couponBlueprint: z.null(),
  creatives: z
    .array(
      z.object({
        id: answered.id,
        name: z.string().nullable(),
        description: z.string().nullable(),
        category: z.enum(CREATIVE_CATEGORIES).nullable(),
        url: z.string().nullable(),
        dimensions: z.object({ width: z.int(), height: z.int() }).nullable(),
      }),
    )
    .describe('The newest fifty.'),
  program: z.object({ name: z.string(), logoUrl: z.string().nullable() }),
  theme: z.object({ primaryColor: z.string().nullable(), secondaryColor: z.string().nullable() }),
  token: z.string(),
});

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function couponShape({ code, details }: CouponView): NonNullable<z.infer<typeof dataShown>['coupon']> {
  const { discount_type: type, discount_value: value } = details;
  return { code, discountType: textOrNull(type), discountValue: numberOrNull(value) };
}

function earningShape(view: EarningView): z.infer<typeof dataShown>['earnings'][number] {
  return {
    id: view.id,
    customerId: view.referralId,
    date: toIso(view.occurredAt),
    amount: view.referralId === null ? 0 : major(view.saleAmount, view.saleCurrency),
    commission: major(view.earned - view.reversed, view.currency),
    status: EARNING_STATUSES[view.status],
  };
}

function rewardsOf(first: IncentiveView | undefined): z.infer<typeof dataShown>['rewards'] {
  if (!first) return null;
  const { length, value } = lengthOf(first.terms);
  return {
    type: first.terms.type,
    amount: amountOf(first.terms),
    recurring: !(length === 'payment_limited' && value === 1),
    duration: length === 'customer_lifetime' ? 'lifetime' : length,
  };
}

function statsOf({ sums, balances, program: { currency } }: Overview): z.infer<typeof dataShown>['stats'] {
  const standing = balances.find((one) => one.currency === currency)?.standing;
  const { review = 0n, pending = 0n, payable = 0n, paid = 0n } = standing ?? {};
  const { clicks, leads, sales, revenue } = sums;
  return {
    clicks,
    leads,
    sales,
    salesAmount: major(revenue, currency),
    earnings: {
      pending: major(review + pending, currency),
      approved: major(payable, currency),
      paid: major(paid, currency),
    },
  };
}

function dataShape(overview: Overview, token: string, origin: string): z.infer<typeof dataShown> {
  const { affiliate, program, coupons, creatives, earnings, incentives } = overview;
  const { primary_color: primary, secondary_color: secondary } = program.details['portal'] ?? {};
  return {
    affiliate: {
      name: affiliate.name,
      email: affiliate.email,
      trackingId: affiliate.trackingId,
      avatarUrl: shownPage(affiliate.details['image']),
    },
    link: overview.link,
    websiteUrl: overview.website,
    rewards: rewardsOf(incentives[0]),
    incentives: incentives.map(incentiveShape),
    stats: statsOf(overview),
    earnings: earnings.rows.map(earningShape),
    portalUrl: portalUrl(origin, token),
    coupon: coupons[0] ? couponShape(coupons[0]) : null,
    couponBlueprint: null,
    creatives: creatives.map(({ id, name, description, category, url, dimensions }) => ({
      id,
      name,
      description,
      category,
      url: shownPage(url),
      dimensions,
    })),
    program: { name: program.name, logoUrl: shownPage(program.details['program']?.['logo_url']) },
    theme: { primaryColor: textOrNull(primary), secondaryColor: textOrNull(secondary) },
    token,
  };
}

const WANTED = { earnings: { limit: 10, offset: 0 }, payouts: null, incentives: true, creatives: { content: 0 } };

const query = z.object({ token: text(255).describe('The publicToken of POST /v1/embed/token.') });

export const showData = route<unknown, z.infer<typeof query>>({
  method: 'GET',
  path: '/v1/embed/data',
  summary: 'What a page shows an affiliate, for the token that was made for it.',
  answers: { 200: dataAnswer(dataShown) },
  scope: 'read:affiliates',
  keyless: 'always',
  tokened: true,
  cors: true,
  query,
  async run({ query: { token }, origin }, desk): Promise<Reply | Refusal> {
    const holder = await desk.holderOf(token, 'embed');
    if (isRefusal(holder)) return holder;
    const overview = await desk.overview(holder, WANTED);
    if (isRefusal(overview)) return overview;
    const reply = done(dataShape(overview, token, origin));
    return { ...reply, headers: { 'Cache-Control': 'no-store' } };
  },
});
