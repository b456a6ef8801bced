/** Commissions that a caller sets: told with their sale, ruled on, changed (apis.md 2.2, Commission). */
import { z } from 'zod';
import type { Caller, Desk, NewSale, RulingRequest } from '../../core/desk.ts';
import type { Ordered } from '../../core/ordered.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { newSale } from '../../core/sale-request.ts';
import type { ConversionView } from '../../core/views.ts';
import { route } from '../route.ts';
import { optionalFlag } from './conversions.ts';
import { amount, currency, invalid, minorOf, oneOf, optionalId, optionalMoment, text } from './inputs.ts';
import { commissionAnswer, commissionShape, dataAnswer, done, upper } from './shapes.ts';
import { COMMISSION_STATUSES, SALES_STATUSES } from './statuses.ts';

/** A refund has no commission of its own: it lowers its sale's. */
export async function saleOf(desk: Desk, caller: Caller, id: string): Promise<ConversionView | Refusal> {
  const found = await desk.conversion(caller, id);
  if (isRefusal(found) || found.kind === 'sale') return found;
  return refuse('not_found', `"${id}" is a refund; the commission it lowers is shown with its sale.`);
}

const nonNegative = z
  .number({ error: 'must be a number in major units, such as 29.7' })
  .nonnegative('must not be below 0');
const holdDays = z
  .int({ error: 'must be a whole number of days' })
  .min(0, 'must not be below 0')
  .max(36_500, 'must be at most 36500');
const code = currency.nullish().transform((given) => given ?? null);

const creation = z.object({
  referral_id: text(255).describe('Who is credited.'),
  sale_amount: amount.meta({ description: 'Major units, without tax and shipping.', examples: [99] }),
  sale_amount_currency: code.describe('Default: USD.'),
  commission_amount: nonNegative.meta({
    description: 'Major units: what it earns, in place of what incentives say.',
    examples: [29.7],
  }),
  commission_currency: code.describe(
    'Default: USD. Converted at the rate of the day where the workspace has a currency of its own.',
  ),
  is_subscription: optionalFlag.describe('Default: false.'),
  status: oneOf(COMMISSION_STATUSES).describe(
    'Default: pending while a hold runs, pending_manual_approval where somebody has to look, else ready_for_payment.',
  ),
  sales_status: oneOf(SALES_STATUSES).describe('Default: complete.'),
  payment_intent_id: optionalId.meta({
    description: 'Earns once. One of Stripe is the same payment as the webhook’s.',
    examples: ['pi_1'],
  }),
  hold_period_days: holdDays
    .nullish()
    .transform((days) => days ?? null)
    .describe('From created_at on. Default: the incentive’s, else the program’s.'),
  created_at: optionalMoment.describe('When the money moved. Default: now.'),
});

const LONGEST_KEY = 200;

export const create = route<z.infer<typeof creation>>({
  method: 'POST',
  path: '/v1/commissions',
  summary: 'Tells a sale whose commission you set yourself.',
  answers: { 201: dataAnswer(commissionAnswer) },
  scope: 'write:commissions',
  body: creation,
  async run({ caller, body, raw, idempotencyKey }, desk) {
    if (idempotencyKey !== null && idempotencyKey.length > LONGEST_KEY)
      return refuse('invalid_input', `Idempotency-Key must be at most ${LONGEST_KEY} characters.`);
    const request = creationOf(body, raw);
    if (isRefusal(request)) return request;
    const once = request.externalEventId === null && idempotencyKey !== null;
    const repeatable = once ? { externalEventId: `key:${idempotencyKey}`, firstWins: true as const } : {};
    const answer = await desk.sell(caller, { ...request, ...repeatable });
    if (!isRefusal(answer)) return done(commissionShape(answer.conversion), 201);
    return answer.field === 'external_event_id' ? { ...answer, field: 'payment_intent_id' } : answer;
  },
});

function creationOf(body: z.infer<typeof creation>, raw: string): NewSale | Refusal {
  const { sale_amount_currency: saleCurrency, commission_currency: earnedCurrency } = body;
  const sold = minorOf(body.sale_amount, saleCurrency ?? 'usd', 'sale_amount');
  if (isRefusal(sold)) return sold;
  const earned = minorOf(body.commission_amount, earnedCurrency ?? 'usd', 'commission_amount');
  if (isRefusal(earned)) return earned;
  return newSale({
    dialect: 'affonso',
    externalEventId: body.payment_intent_id,
    referralId: body.referral_id,
    amount: sold,
    currency: saleCurrency ?? 'usd',
    isSubscription: body.is_subscription ?? false,
    commissionStatus: body.status,
    saleStatus: body.sales_status,
    ordered: { amount: earned, currency: earnedCurrency ?? 'usd' },
    holdDays: body.hold_period_days,
    occurredAt: body.created_at,
    body: raw,
  });
}

const ruling = z.object({
  status: oneOf(COMMISSION_STATUSES).describe('How the commission stands from now on.'),
  commission_amount: nonNegative
    .nullish()
    .transform((value) => value ?? null)
    .describe('Major units: what it earns, in place of what incentives say; not after a refund.'),
  commission_currency: code.describe('Default: the commission’s.'),
  hold_period_days: holdDays
    .nullish()
    .transform((days) => days ?? null)
    .describe('From when the money moved.'),
  sale_amount: nonNegative.nullish().describe('As it is: a sale is corrected by a refund.'),
  sale_amount_currency: code.describe('As it is.'),
  sales_status: oneOf(SALES_STATUSES).describe('As it is: a sale is corrected by a refund.'),
});

type RulingBody = z.infer<typeof ruling>;

export const change = route<RulingBody>({
  method: 'PUT',
  path: '/v1/commissions/:id',
  summary: 'Rules on a commission: approves, declines, marks as paid; sets its amount or hold.',
  answers: { 200: dataAnswer(commissionAnswer) },
  scope: 'write:commissions',
  body: ruling,
  async run({ caller, params, body, raw }, desk) {
    const sale = await saleOf(desk, caller, params['id'] ?? '');
    if (isRefusal(sale)) return sale;
    const request = changeOf(body, sale);
    if (isRefusal(request)) return request;
    if (Object.values(request).every((value) => value === null)) return done(commissionShape(sale));
    const ruled = await desk.rule(caller, sale.id, request, raw);
    return isRefusal(ruled) ? ruled : done(commissionShape(ruled));
  },
});

/** What is sent as it stands, as by a client that puts back the whole object it got, changes nothing. */
function changeOf(body: RulingBody, sale: ConversionView): RulingRequest | Refusal {
  const stands = commissionShape(sale);
  const differs = editedSale(body, stands);
  if (differs !== null)
    return invalid(differs, 'cannot be edited: a sale is corrected by a refund (POST /v1/conversions/{id}/refund)');
  const ordered = orderOf(body, stands);
  if (isRefusal(ordered)) return ordered;
  const { status, hold_period_days: days } = body;
  if (Object.values(body).every((value) => value == null))
    return invalid(
      'status',
      `must be one of ${COMMISSION_STATUSES.join(', ')}; or send commission_amount or hold_period_days`,
    );
  return {
    status: status === stands.status ? null : status,
    ordered,
    holdDays: days === stands.hold_period_days ? null : days,
  };
}

type Shown = z.infer<typeof commissionAnswer>;

function editedSale(body: RulingBody, stands: Shown): string | null {
  if (body.sale_amount != null && body.sale_amount !== stands.sale_amount) return 'sale_amount';
  const { sale_amount_currency: sold, sales_status: word } = body;
  if (sold !== null && upper(sold) !== stands.sale_amount_currency) return 'sale_amount_currency';
  return word !== null && word !== stands.sales_status ? 'sales_status' : null;
}

function orderOf(body: RulingBody, stands: Shown): Ordered | null | Refusal {
  const { commission_amount: value, commission_currency: given } = body;
  const own = given ?? stands.commission_currency.toLowerCase();
  const other = upper(own) !== stands.commission_currency;
  if (value === null)
    return other ? invalid('commission_currency', 'needs commission_amount: what it comes to in that currency') : null;
  if (value === stands.commission_amount && !other) return null;
  const minor = minorOf(value, own, 'commission_amount');
  return isRefusal(minor) ? minor : { amount: minor, currency: own };
}
