/**
 * Commissions: sales that earned (apis.md 2.2). A conversion's id is its commission's. What a sale was is never edited,
 * only refunded; what it earns and how that stands is ruled on, and each word is kept.
 */
import { z } from 'zod';
import { isRefusal } from '../../core/refusals.ts';
import type { Route } from '../surface.ts';
import { expandedFields, expandField, expansion } from './expand.ts';
import { moment, momentUntil, oneOf, optionalId, pageFields, pagingOf } from './inputs.ts';
import { change, create, saleOf } from './orders.ts';
import { route } from '../route.ts';
import {
  commissionAnswer,
  commissionShape,
  dataAnswer,
  deleted,
  deletedAnswer,
  done,
  listAnswer,
  listed,
} from './shapes.ts';
import { COMMISSION_STATUSES, SALES_STATUSES } from './statuses.ts';

const listQuery = z.object({
  ...pageFields,
  status: oneOf(COMMISSION_STATUSES),
  sales_status: oneOf(SALES_STATUSES),
  referral_id: optionalId,
  affiliate_id: optionalId,
  sort: oneOf(['createdAt:desc', 'createdAt:asc', 'created_at:desc', 'created_at:asc']).describe(
    'Default: newest first.',
  ),
  dateFrom: moment.optional().describe('From when the money moved.'),
  dateTo: momentUntil.optional().describe('Until when, a date alone with its whole day.'),
  created_gte: moment.optional().describe('The same as dateFrom.'),
  created_lte: momentUntil.optional().describe('The same as dateTo.'),
  expand: expandField,
});

const expandedAnswer = commissionAnswer.extend(expandedFields);

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/commissions',
  summary: 'Sales that earned, newest first.',
  answers: { 200: listAnswer(expandedAnswer) },
  scope: 'read:commissions',
  query: listQuery,
  async run({ caller, query }, desk) {
    const page = await desk.commissions(caller, {
      ...pagingOf(query),
      status: query.status,
      saleStatus: query.sales_status,
      referralId: query.referral_id,
      affiliateId: query.affiliate_id,
      from: query.dateFrom ?? query.created_gte ?? null,
      to: query.dateTo ?? query.created_lte ?? null,
      newestFirst: query.sort?.endsWith(':asc') !== true,
    });
    const expand = await expansion(desk, caller, query.expand, page.rows);
    return listed(page, query, (row) => ({ ...commissionShape(row), ...expand(row) }));
  },
});

const showQuery = z.object({ expand: expandField });

const show = route<unknown, z.infer<typeof showQuery>>({
  method: 'GET',
  path: '/v1/commissions/:id',
  summary: 'One sale that earned; its id is its conversion’s.',
  answers: { 200: dataAnswer(expandedAnswer) },
  scope: 'read:commissions',
  query: showQuery,
  async run({ caller, params, query }, desk) {
    const found = await saleOf(desk, caller, params['id'] ?? '');
    if (isRefusal(found)) return found;
    const expand = await expansion(desk, caller, query.expand, [found]);
    return done({ ...commissionShape(found), ...expand(found) });
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/commissions/:id',
  summary: 'Declines a commission; the ledger keeps what it was.',
  answers: { 200: deletedAnswer },
  scope: 'delete:commissions',
  async run({ caller, params }, desk) {
    const ruled = await desk.rule(caller, params['id'] ?? '', { status: 'declined' }, '');
    return isRefusal(ruled) ? ruled : deleted('The commission was declined; the ledger keeps what it was.');
  },
});

export const commissionRoutes: readonly Route[] = [list, create, show, change, remove];
