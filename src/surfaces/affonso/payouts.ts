/**
 * Payouts (apis.md 2.2): each is a commission that was ruled to be on its way or paid. To change
 * one is to rule on its commission again.
 */
import { z } from 'zod';
import { isRefusal } from '../../core/refusals.ts';
import type { PayoutFilter, PayoutView } from '../../core/payout-desk.ts';
import { toIso } from '../../core/time.ts';
import type { Route } from '../surface.ts';
import { moment, momentUntil, oneOf, optionalId, pageFields } from './inputs.ts';
import { listRoute } from './listing.ts';
import { route } from '../route.ts';
import { answered, dataAnswer, done, major, upper } from './shapes.ts';

const STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;

/** Only these two are ever reached without a rail. */
const REACHED = ['processing', 'completed'] as const satisfies readonly PayoutView['status'][];
const isReached = (status: string): status is PayoutView['status'] => (REACHED as readonly string[]).includes(status);

const ORDERS = {
  createdAt: 'created',
  processedAt: 'processed',
  updatedAt: 'updated',
  amount: 'amount',
} as const satisfies Record<string, PayoutFilter['sort']['by']>;

const SORT = `must be one of ${Object.keys(ORDERS).join(', ')}, then :asc or :desc`;

const listQuery = z.object({
  ...pageFields,
  status: oneOf(STATUSES),
  affiliateId: optionalId,
  affiliate_id: optionalId.describe('The same as affiliateId.'),
  sort: z
    .string({ error: SORT })
    .regex(/^(createdAt|processedAt|updatedAt|amount):(asc|desc)$/, SORT)
    .optional()
    .describe('Default: createdAt:desc.'),
  dateFrom: moment.optional().describe('From when it was created.'),
  dateTo: momentUntil.optional().describe('Until when, a date alone with its whole day.'),
});

function sortOf(given = 'createdAt:desc'): PayoutFilter['sort'] {
  const [field = '', direction] = given.split(':');
  return { by: ORDERS[field as keyof typeof ORDERS], descending: direction === 'desc' };
}

const payoutFields = {
  id: answered.id,
  affiliate_id: answered.id,
  invoice_number: z.int(),
  amount: answered.major,
  currency: answered.currency,
  status: z.enum(REACHED),
  payment_method: z.literal('manual'),
  payment_reference: z.null(),
  processed_at: answered.moment.describe('When somebody ruled so.'),
  managed_payout: z.literal(false),
  affiliate: z.object({ name: z.string(), email: z.string().nullable() }),
  created_at: answered.moment,
  updated_at: answered.moment,
};

const payoutAnswer = z.object(payoutFields);

const payoutDetail = z.object({
  ...payoutFields,
  transactions: z.array(
    z.object({
      id: answered.id,
      amount: answered.major,
      commission: z.object({
        id: answered.id,
        amount: answered.major.describe('Of the sale, major units; what is left after refunds.'),
        commission_amount: answered.major,
        created_at: answered.moment,
      }),
      created_at: answered.moment,
    }),
  ),
});

function payoutShape(view: PayoutView): z.infer<typeof payoutAnswer> {
  return {
    id: view.id,
    affiliate_id: view.affiliateId,
    invoice_number: view.number,
    amount: major(view.amount, view.currency),
    currency: upper(view.currency),
    status: view.status,
    payment_method: 'manual',
    payment_reference: null,
    processed_at: toIso(view.processedAt),
    managed_payout: false,
    affiliate: { name: view.affiliateName, email: view.affiliateEmail === '' ? null : view.affiliateEmail },
    created_at: toIso(view.createdAt),
    updated_at: toIso(view.updatedAt),
  };
}

function detailShape(view: PayoutView): z.infer<typeof payoutDetail> {
  const { commission } = view;
  const shape = payoutShape(view);
  const transaction = {
    id: commission.id,
    amount: shape.amount,
    commission: {
      id: commission.conversionId,
      amount: major(commission.saleAmount, commission.saleCurrency),
      commission_amount: major(commission.amount, view.currency),
      created_at: toIso(commission.occurredAt),
    },
    created_at: shape.created_at,
  };
  return { ...shape, transactions: [transaction] };
}

const list = listRoute({
  path: '/v1/payouts',
  summary: 'Payouts, newest first: commissions that somebody ruled to be on their way or paid.',
  scope: 'read:payouts',
  query: listQuery,
  row: payoutAnswer,
  shape: payoutShape,
  async read({ caller, query, paging }, desk) {
    const { status } = query;
    if (status !== null && !isReached(status)) return { rows: [], total: 0 };
    return desk.payouts(caller, {
      ...paging,
      status,
      affiliateId: query.affiliateId ?? query.affiliate_id,
      from: query.dateFrom ?? null,
      to: query.dateTo ?? null,
      sort: sortOf(query.sort),
    });
  },
});

const show = route({
  method: 'GET',
  path: '/v1/payouts/:id',
  summary: 'One payout with what it pays for.',
  answers: { 200: dataAnswer(payoutDetail) },
  scope: 'read:payouts',
  async run({ caller, params }, desk) {
    const found = await desk.payout(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(detailShape(found));
  },
});

const BY_HAND =
  'must be processing or completed; to take a payout back, PUT /v1/commissions/{id} with status ready_for_payment';

const changes = z.object({
  status: z.enum(REACHED, { error: BY_HAND }).describe('What became of it: a ruling on its commission.'),
  paymentMethod: z.literal('manual', { error: 'must be manual: nothing is sent by a rail' }).nullish(),
  paymentReference: z.null({ error: 'is not kept for payouts made by hand: leave it out' }).optional(),
});

/** A payout is what was said of its commission, so a change is a ruling on that. */
const change = route<z.infer<typeof changes>>({
  method: 'PUT',
  path: '/v1/payouts/:id',
  summary: 'Says of a payout that it is on its way or has arrived.',
  answers: { 200: dataAnswer(payoutDetail) },
  scope: 'write:payouts',
  body: changes,
  async run({ caller, params, body, raw }, desk) {
    const { id = '' } = params;
    const found = await desk.payout(caller, id);
    if (isRefusal(found)) return found;
    const word = body.status === 'completed' ? 'paid' : 'processing_payout';
    const ruled = await desk.rule(caller, found.commission.conversionId, { status: word }, raw);
    if (isRefusal(ruled)) return ruled;
    const changed = await desk.payout(caller, id);
    return isRefusal(changed) ? changed : done(detailShape(changed));
  },
});

export const payoutRoutes: readonly Route[] = [list, show, change];
