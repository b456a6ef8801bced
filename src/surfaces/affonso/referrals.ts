/** Referrals (apis.md 2.2). Their lists go by cursor. */
import { z } from 'zod';
import type { ReferralView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import type { Route } from '../surface.ts';
import { expandedFields, expandField, expansion } from './expand.ts';
import { given } from './given.ts';
import {
  cursorLimit,
  email,
  metadata,
  metadataChange,
  moment,
  momentUntil,
  oneOf,
  optionalId,
  optionalMoment,
  optionalText,
  text,
} from './inputs.ts';
import { route } from '../route.ts';
import {
  answered,
  dataAnswer,
  deleted,
  deletedAnswer,
  done,
  isoOrNull,
  major,
  referralAnswer,
  referralShape,
  upper,
} from './shapes.ts';

const STATUSES = ['lead', 'trialing', 'customer', 'active', 'canceled', 'rejected'] as const;

const common = {
  status: oneOf(STATUSES),
  name: optionalText(255),
  customer_id: optionalId.describe('Who buys, as you or Stripe know them.'),
  external_user_id: optionalId.describe('Who buys, by the user id of your app.'),
  subscription_id: optionalId.describe('Only payments of this subscription.'),
};

const newReferral = z.object({
  ...common,
  affiliate_id: text(255).meta({ examples: ['aff_…'] }),
  email: email.meta({ examples: ['buyer@example.com'] }),
  click_id: optionalId.describe('The click that becomes this referral, and keeps its moment.'),
  created_at: optionalMoment.describe('When they became one. Default: now.'),
  metadata,
});
const changes = z.object({ ...common, email: email.nullish(), metadata: metadataChange });

const listQuery = z.object({
  limit: cursorLimit,
  starting_after: optionalId.describe('The id before the first to be shown.'),
  ending_before: optionalId.describe('The id after the last to be shown.'),
  affiliate_id: optionalId,
  external_user_id: optionalId,
  status: oneOf(STATUSES),
  order: oneOf(['asc', 'desc']).describe('Default: desc, newest first.'),
  created_gte: moment.optional(),
  created_lte: momentUntil.optional(),
  expand: expandField,
});

const showQuery = z.object({ include: expandField.describe('stats: what it brought.'), expand: expandField });

function fieldsOf(body: z.infer<typeof newReferral> | z.infer<typeof changes>) {
  return given({
    status: body.status,
    name: body.name,
    customerId: body.customer_id,
    externalUserId: body.external_user_id,
    subscriptionId: body.subscription_id,
    metadata: body.metadata,
  });
}

const { affiliate, affiliate_program } = expandedFields;
const expandedReferral = referralAnswer.extend({ affiliate, affiliate_program });

const listedReferrals = z.object({
  success: z.literal(true),
  data: z.array(expandedReferral),
  has_more: z.boolean(),
});

const create = route<z.infer<typeof newReferral>>({
  method: 'POST',
  path: '/v1/referrals',
  summary: 'Credits a customer to an affiliate.',
  answers: { 201: dataAnswer(referralAnswer) },
  scope: 'write:referrals',
  body: newReferral,
  async run({ caller, body, raw }, desk) {
    const { affiliate_id: affiliateId, email: address, click_id: clickId } = body;
    const made = await desk.createReferral(caller, {
      ...fieldsOf(body),
      affiliateId,
      email: address,
      clickId,
      ...given({ createdAt: body.created_at }),
      body: raw,
    });
    return isRefusal(made) ? made : done(referralShape(made), 201);
  },
});

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/referrals',
  summary: 'Referrals, newest first, by cursor.',
  answers: { 200: listedReferrals },
  scope: 'read:referrals',
  query: listQuery,
  async run({ caller, query }, desk) {
    const { rows, hasMore } = await desk.referrals(caller, {
      limit: query.limit,
      startingAfter: query.starting_after,
      endingBefore: query.ending_before,
      affiliateId: query.affiliate_id,
      externalUserId: query.external_user_id,
      status: query.status,
      from: query.created_gte ?? null,
      to: query.created_lte ?? null,
      newestFirst: query.order !== 'asc',
    });
    const expand = await expansion(desk, caller, query.expand, rows);
    const data = rows.map((row) => ({ ...referralShape(row), ...expand(row) }));
    return { status: 200, body: { success: true, data, has_more: hasMore } };
  },
});

type Stats = {
  readonly revenue: bigint;
  readonly commission: bigint;
  readonly orders: number;
  readonly lastOrderAt: number | null;
  readonly currency: string;
};

const statsAnswer = z.object({
  total_revenue: answered.major,
  total_commission: answered.major,
  total_orders: z.int(),
  last_order_at: answered.moment.nullable(),
  currency: answered.currency,
});

const shownReferral = expandedReferral.extend({ stats: statsAnswer.optional().describe('With include=stats.') });

/** Amounts are in one currency, named: the workspace's, or the one bought in last. */
function statsShape(stats: Stats): z.infer<typeof statsAnswer> {
  return {
    total_revenue: major(stats.revenue, stats.currency),
    total_commission: major(stats.commission, stats.currency),
    total_orders: stats.orders,
    last_order_at: isoOrNull(stats.lastOrderAt),
    currency: upper(stats.currency),
  };
}

const show = route<unknown, z.infer<typeof showQuery>>({
  method: 'GET',
  path: '/v1/referrals/:id',
  summary: 'One referral; with include=stats what it brought.',
  answers: { 200: dataAnswer(shownReferral) },
  scope: 'read:referrals',
  query: showQuery,
  async run({ caller, params, query }, desk) {
    const found = await desk.referral(caller, params['id'] ?? '');
    if (isRefusal(found)) return found;
    const expand = await expansion(desk, caller, query.expand, [found]);
    const stats = query.include.includes('stats') ? { stats: statsShape(found.stats) } : {};
    return done({ ...referralShape(found), ...expand(found), ...stats });
  },
});

const change = route<z.infer<typeof changes>>({
  method: 'PUT',
  path: '/v1/referrals/:id',
  summary: 'Changes what is sent; the rest stays.',
  answers: { 200: dataAnswer(referralAnswer) },
  scope: 'write:referrals',
  body: changes,
  async run({ caller, params, body, raw }, desk) {
    const address: Partial<Pick<ReferralView, 'email'>> = given({ email: body.email });
    const changed = await desk.updateReferral(caller, params['id'] ?? '', { ...fieldsOf(body), ...address }, raw);
    return isRefusal(changed) ? changed : done(referralShape(changed));
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/referrals/:id',
  summary: 'Deletes a referral.',
  answers: { 200: deletedAnswer },
  scope: 'delete:referrals',
  async run({ caller, params }, desk) {
    const gone = await desk.deleteReferral(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The referral was deleted.');
  },
});

export const referralRoutes: readonly Route[] = [create, list, show, change, remove];
