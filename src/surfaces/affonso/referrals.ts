/** Referrals (apis.md 2.2). Their lists go by cursor. */
import { z } from 'zod';
import type { ReferralView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import type { Route } from '../surface.ts';
import { expandField, expansion } from './expand.ts';
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
  optionalText,
  text,
} from './inputs.ts';
import { route } from '../route.ts';
import { deleted, done, isoOrNull, major, referralShape, upper } from './shapes.ts';

const STATUSES = ['lead', 'trialing', 'customer', 'active', 'canceled', 'rejected'] as const;

const common = {
  status: oneOf(STATUSES),
  name: optionalText(255),
  customer_id: optionalId,
  external_user_id: optionalId,
  subscription_id: optionalId,
};

const newReferral = z.object({
  ...common,
  affiliate_id: text(255),
  email,
  click_id: optionalId,
  metadata,
});
const changes = z.object({ ...common, email: email.nullish(), metadata: metadataChange });

const listQuery = z.object({
  limit: cursorLimit,
  starting_after: optionalId,
  ending_before: optionalId,
  affiliate_id: optionalId,
  external_user_id: optionalId,
  status: oneOf(STATUSES),
  order: oneOf(['asc', 'desc']),
  created_gte: moment.optional(),
  created_lte: momentUntil.optional(),
  expand: expandField,
});

const showQuery = z.object({ include: expandField, expand: expandField });

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

const create = route<z.infer<typeof newReferral>>({
  method: 'POST',
  path: '/v1/referrals',
  scope: 'write:referrals',
  body: newReferral,
  async run({ caller, body, raw }, desk) {
    const { affiliate_id: affiliateId, email: address, click_id: clickId } = body;
    const made = await desk.createReferral(caller, {
      ...fieldsOf(body),
      affiliateId,
      email: address,
      clickId,
      body: raw,
    });
    return isRefusal(made) ? made : done(referralShape(made), 201);
  },
});

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/referrals',
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

/** Amounts are in one currency, named: the workspace's, or the one bought in last. */
function statsShape(stats: Stats): Record<string, unknown> {
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
  scope: 'delete:referrals',
  async run({ caller, params }, desk) {
    const gone = await desk.deleteReferral(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The referral was deleted.');
  },
});

export const referralRoutes: readonly Route[] = [create, list, show, change, remove];
