/**
 * Commissions: sales that earned (apis.md 2.2). A conversion's id is its commission's. Their money is never edited: it is
 * corrected by a refund, or ruled on by a status.
 */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import type { ConversionView } from '../../core/views.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { Route } from '../surface.ts';
import { expandedFields, expandField, expansion } from './expand.ts';
import { moment, momentUntil, oneOf, optionalId, pageFields, pagingOf } from './inputs.ts';
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

/** A refund has no commission of its own: it lowers its sale's. */
async function saleOf(desk: Desk, caller: Caller, id: string): Promise<ConversionView | Refusal> {
  const found = await desk.conversion(caller, id);
  if (isRefusal(found) || found.kind === 'sale') return found;
  return refuse('not_found', `"${id}" is a refund; the commission it lowers is shown with its sale.`);
}

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

/** Fields that the dialect has and that would edit money. */
const MONEY_FIELDS = [
  'sales_status',
  'hold_period_days',
  'sale_amount',
  'sale_amount_currency',
  'commission_amount',
  'commission_currency',
] as const;

const FIXED =
  'cannot be edited: money is corrected by a refund (POST /v1/conversions/{id}/refund) or ruled on by status';
const fixed = z.null({ error: FIXED }).optional().describe('Cannot be edited: refund the sale, or rule by status.');
const fixedFields = Object.fromEntries(MONEY_FIELDS.map((field) => [field, fixed]));
const STATUS = `must be one of ${COMMISSION_STATUSES.join(', ')}`;
const ruling = z.object({ ...fixedFields, status: z.enum(COMMISSION_STATUSES, { error: STATUS }) });

const change = route<z.infer<typeof ruling>>({
  method: 'PUT',
  path: '/v1/commissions/:id',
  summary: 'Rules on a commission: approves, declines, marks as paid.',
  answers: { 200: dataAnswer(commissionAnswer) },
  scope: 'write:commissions',
  body: ruling,
  async run({ caller, params, body, raw }, desk) {
    const ruled = await desk.rule(caller, params['id'] ?? '', body.status, raw);
    return isRefusal(ruled) ? ruled : done(commissionShape(ruled));
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/commissions/:id',
  summary: 'Declines a commission; the ledger keeps what it was.',
  answers: { 200: deletedAnswer },
  scope: 'delete:commissions',
  async run({ caller, params }, desk) {
    const ruled = await desk.rule(caller, params['id'] ?? '', 'declined', '');
    return isRefusal(ruled) ? ruled : deleted('The commission was declined; the ledger keeps what it was.');
  },
});

export const commissionRoutes: readonly Route[] = [list, show, change, remove];
