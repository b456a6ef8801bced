/** A sale, told by a backend: who is credited follows from its customer, never from a code (apis.md 4.2). */
import { z } from 'zod';
import type { BuyerCredit } from '../../core/buyers.ts';
import type { Caller, Desk, NewSale } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { newSale } from '../../core/sale-request.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import {
  additionalData,
  cents,
  currency,
  described,
  isTest,
  name,
  needs,
  NOT_AN_OBJECT,
  transactionId,
} from './inputs.ts';
import { failing } from './problems.ts';
import { aliased, done, legacyAnswer, NAME, success, wrong } from './replies.ts';
import { told, trialAnswer } from './trials.ts';

const TRANSACTION = 'is required and must be a string';
const AMOUNT = 'is required and must be a positive integer';

const flag: z.ZodType<boolean> = z
  .boolean()
  .nullish()
  .catch(null)
  .transform((value) => value ?? false);

const sale = z
  .object(
    {
      transaction_id: transactionId(TRANSACTION).describe(
        'Yours, or a Stripe id (in_, pi_, ch_, cs_, evt_): then it is the same payment as the webhook’s. Required outside test mode.',
      ),
      amount_cents: cents(1, AMOUNT).describe(
        'Gross, in the smallest unit of the currency. Required outside test mode.',
      ),
      customer_key: name.describe('Tried first. Required, or click_id.'),
      click_id: name,
      customer_code: name.describe('The older name of click_id.'),
      user_id: name.describe('The older name of customer_key.'),
      currency,
      sale_type: described().describe('payment (default) or subscription.'),
      is_recurring: flag,
      subscription_id: described(),
      subscription_interval: described().describe('monthly, quarterly or annual.'),
      product_id: described(),
      line_items: z.unknown().optional().describe('Kept as it is.'),
      event_name: described(),
      additional_data: additionalData,
    },
    NOT_AN_OBJECT,
  )
  .refine(...needs('transaction_id', TRANSACTION))
  .refine(...needs('amount_cents', AMOUNT));

type Sale = z.infer<typeof sale>;

const SOLD = 'Sale tracked successfully';
const soldAnswer = z.object({
  success,
  sale_id: z.int(),
  commission_id: z.int().nullable().describe('null: no incentive fits, so that it earned nothing.'),
  message: z.literal(SOLD),
  ...legacyAnswer,
});

const EXPIRED = 'attribution_window_expired';
const expiredAnswer = z.object({
  success,
  attributed: z.literal(false),
  reason: z.literal(EXPIRED),
  click_age_days: z.int(),
  window_days: z.int(),
  sale_id: z.null(),
  commission_id: z.null(),
});

const NOT_CREDITED = 'No affiliate attribution found for this customer in this program';
const INTERVALS: Readonly<Record<string, string>> = {
  daily: 'daily',
  weekly: 'weekly',
  monthly: 'monthly',
  quarterly: 'quarterly',
  half_yearly: 'half_yearly',
  annual: 'yearly',
  yearly: 'yearly',
};

/** A name that is none of these says nothing of how often it is paid. */
function saleOf(body: Sale, raw: string, credit: BuyerCredit, customerKey: string | null): NewSale {
  const { transaction_id: externalEventId, amount_cents: amount, product_id: product } = body;
  const { sale_type, is_recurring, subscription_id, subscription_interval: interval } = body;
  return newSale({
    dialect: NAME,
    externalEventId,
    clickId: credit.by === 'customer_key' ? null : credit.referralId,
    ...(credit.by === 'claim' ? { unproven: true } : undefined),
    externalUserId: customerKey,
    amount: BigInt(amount ?? 0),
    currency: body.currency,
    productIds: product === null ? [] : [product],
    interval: INTERVALS[interval?.toLowerCase() ?? ''] ?? null,
    isSubscription: is_recurring || sale_type?.toLowerCase() === 'subscription',
    metadata: { sale_type, is_recurring, subscription_id, subscription_interval: interval },
    body: raw,
  });
}

async function sold(body: Sale, raw: string, caller: Caller, desk: Desk): Promise<Reply | Refusal> {
  const customerKey = body.customer_key ?? body.user_id;
  const clickId = body.click_id ?? body.customer_code;
  const { known, credit } = await desk.buyer(caller, { customerKey, clickId });
  if (!known) return wrong('Customer not found. Provide customer_key or click_id.');
  if (!credit) return wrong(NOT_CREDITED);
  if (!credit.approved) return wrong('No partner-program relationship found for this customer');
  if (credit.expired) return expired(credit.expired);
  const answer = await desk.sell(caller, saleOf(body, raw, credit, customerKey));
  if (isRefusal(answer)) return refused(answer);
  if (answer.replayed) return duplicate();
  const numbers = await desk.saleNumbers(caller, answer.conversion.id);
  if (isRefusal(numbers)) return numbers;
  const legacy = body.customer_code !== null || body.user_id !== null;
  const old = legacy ? { customer_code: credit.referralId } : {};
  return done({ sale_id: numbers.conversion, commission_id: numbers.commission, message: SOLD, ...old });
}

const duplicate = (): Refusal =>
  refuse('already_exists', 'Duplicate transaction_id. This sale has already been recorded.');

const expired = ({ ageDays, windowDays }: NonNullable<BuyerCredit['expired']>): Reply =>
  done({
    attributed: false,
    reason: EXPIRED,
    click_age_days: ageDays,
    window_days: windowDays,
    sale_id: null,
    commission_id: null,
  });

function refused(refusal: Refusal): Refusal {
  const { refused: reason, field, message } = refusal;
  if (reason === 'different_money') return duplicate();
  if (reason === 'referral_not_found' || reason === 'identifiers_disagree') return wrong(NOT_CREDITED);
  if (field !== 'external_event_id') return refusal;
  return refuse('invalid_input', message.replace('external_event_id', 'transaction_id'));
}

export const saleRoutes: readonly Route[] = aliased('sale', (path) =>
  route<Sale>({
    method: 'POST',
    path,
    scope: '*',
    summary: 'Record a sale and the commission it earns. A repeated transaction_id is a 409.',
    answers: { 200: z.union([soldAnswer, expiredAnswer, trialAnswer('sale')]) },
    body: sale,
    problem: failing('Sale'),
    run: ({ body, raw, caller }, desk): Promise<Reply | Refusal> =>
      isTest(body) ? told('sale', body, caller, desk) : sold(body, raw, caller, desk),
  }),
);
