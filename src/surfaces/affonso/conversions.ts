/** Conversions: sales told by a backend, their refunds, and reading both (apis.md 2.2). */
import { z } from 'zod';
import type { SaleRequest } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { newSale } from '../../core/sale-request.ts';
import type { Reply, Route } from '../surface.ts';
import {
  amount,
  currency,
  idList,
  invalid,
  metadata,
  minorOf,
  oneOf,
  optionalId,
  optionalMoment,
  optionalText,
  pageFields,
  text,
} from './inputs.ts';
import { listRoute } from './listing.ts';
import { route } from '../route.ts';
import {
  conversionAnswer,
  conversionShape,
  dataAnswer,
  done,
  listedConversion,
  listedConversionAnswer,
} from './shapes.ts';
import { COMMISSION_STATUSES, SALES_STATUSES } from './statuses.ts';
import { SIGNED } from './signing.ts';

export const optionalFlag = z
  .boolean({ error: 'must be true or false' })
  .nullish()
  .transform((flag) => flag ?? null);

/** Names under which newer clients send a referral id; all mean the same. */
const REFERRAL_NAMES = [
  'referral_id',
  'affonso_referral',
  'affonso_id',
  'referralId',
  'affonsoReferral',
  'affonsoId',
] as const;
const CLICK_NAMES = ['click_id', 'clickId'] as const;

const alias = optionalId.describe('The same as referral_id.');

export const identifiers = {
  referral_id: optionalId.describe(
    'Who is credited. One of referral_id, click_id, customer_id, external_user_id is needed.',
  ),
  affonso_referral: alias,
  affonso_id: alias,
  referralId: alias,
  affonsoReferral: alias,
  affonsoId: alias,
  click_id: optionalId.meta({ description: 'The click that led here.', examples: ['ref_…'] }),
  clickId: optionalId.describe('The same as click_id.'),
  customer_id: optionalId.meta({
    description: 'Who buys, as you or Stripe know them; later sales need no other identifier.',
    examples: ['cust_1'],
  }),
  external_user_id: optionalId.describe('Who buys, by the user id of your app.'),
};

const sale = z.object({
  ...identifiers,
  sale_amount: amount.meta({ description: 'Major units, without tax and shipping.', examples: [99] }),
  sale_amount_currency: currency
    .nullish()
    .transform((code) => code ?? 'usd')
    .meta({ description: 'Default: USD.', examples: ['USD'] }),
  product_ids: idList.describe('What was bought, for incentives that look at products.'),
  price_ids: idList.describe('What was bought, for incentives that look at prices.'),
  interval: oneOf(['monthly', 'yearly']),
  is_subscription: optionalFlag.describe('Default: whether interval is sent.'),
  external_event_id: text(255).meta({
    description:
      'Your own id: repeated, the first answer is given again. A Stripe id is the same payment as the webhook’s.',
    examples: ['order_1'],
  }),
  status: oneOf(COMMISSION_STATUSES).describe('A first ruling on the commission.'),
  sales_status: oneOf(SALES_STATUSES),
  created_at: optionalMoment.describe('When the money moved. Default: now.'),
  metadata,
});

type SaleBody = z.infer<typeof sale>;

type Identified = Pick<SaleBody, keyof typeof identifiers>;

/** Who is meant, by at least one name. */
export type Identity = Pick<SaleRequest, 'referralId' | 'clickId' | 'customerId' | 'externalUserId'>;

/** The one id that several names give; two different ones name two referrals. */
function idOf(body: Identified, names: readonly (keyof typeof identifiers)[]): string | null | Refusal {
  const given = names.flatMap((name) => (body[name] === null ? [] : [{ name, id: body[name] }]));
  const [first] = given;
  const other = given.find(({ id }) => id !== first?.id);
  if (!other) return first?.id ?? null;
  return refuse('identifiers_disagree', `${first?.name} and ${other.name} name different referrals.`, {
    field: other.name,
  });
}

export function identityOf(body: Identified): Identity | Refusal {
  const referralId = idOf(body, REFERRAL_NAMES);
  if (isRefusal(referralId)) return referralId;
  const clickId = idOf(body, CLICK_NAMES);
  if (isRefusal(clickId)) return clickId;
  const { customer_id: customerId, external_user_id: externalUserId } = body;
  if (referralId === null && clickId === null && customerId === null && externalUserId === null) return noIdentifier();
  return { referralId, clickId, customerId, externalUserId };
}

export function requestOf(body: SaleBody, raw: string): SaleRequest | Refusal {
  const identity = identityOf(body);
  if (isRefusal(identity)) return identity;
  const { interval } = body;
  if (interval !== null && body.is_subscription === false)
    return invalid('interval', 'is only for subscriptions; leave it out, or leave is_subscription out');
  const minor = minorOf(body.sale_amount, body.sale_amount_currency, 'sale_amount');
  if (isRefusal(minor)) return minor;
  return newSale({
    dialect: 'affonso',
    externalEventId: body.external_event_id,
    ...identity,
    amount: minor,
    currency: body.sale_amount_currency,
    priceIds: body.price_ids,
    productIds: body.product_ids,
    interval,
    isSubscription: body.is_subscription ?? interval !== null,
    commissionStatus: body.status,
    saleStatus: body.sales_status,
    occurredAt: body.created_at,
    metadata: body.metadata,
    body: raw,
  });
}

function noIdentifier(): Refusal {
  const fields = ['referral_id', 'customer_id', 'external_user_id', 'click_id'];
  const message = `Send at least one of ${fields.join(', ')}.`;
  return refuse('missing_identifier', message, {
    field: 'referral_id',
    details: fields.map((field) => ({ field, message })),
  });
}

const refund = z.object({
  amount: amount
    .nullish()
    .transform((value) => value ?? null)
    .describe('Major units. Default: everything that is left.'),
  currency: currency
    .nullish()
    .transform((code) => code ?? null)
    .describe('That of the sale.'),
  reason: optionalText(1000),
  external_event_id: optionalId.describe('Your own id of the refund: repeated, it counts once.'),
  refunded_at: optionalMoment.describe('When the money moved. Default: now.'),
});

const found = z.object({
  ...pageFields,
  external_event_id: text(255).optional().describe('Any event id on the trail of a conversion.'),
  kind: z.enum(['sale', 'refund']).optional(),
});

/** 201 the first time, 200 when it is repeated. */
const soldAnswer = dataAnswer(conversionAnswer);

const sold = route<SaleBody>({
  method: 'POST',
  path: '/v1/conversions',
  summary: 'Tells a sale; an external_event_id counts once.',
  answers: { 200: soldAnswer, 201: soldAnswer },
  scope: 'write:commissions',
  signed: SIGNED,
  body: sale,
  async run({ body, raw, caller }, desk): Promise<Reply | Refusal> {
    const request = requestOf(body, raw);
    if (isRefusal(request)) return request;
    const answer = await desk.sell(caller, request);
    if (isRefusal(answer)) return answer;
    return done(conversionShape(answer.conversion, body.external_event_id), answer.replayed ? 200 : 201);
  },
});

const refunded = route<z.infer<typeof refund>>({
  method: 'POST',
  path: '/v1/conversions/:id/refund',
  summary: 'Takes a sale back, in part or all that is left.',
  answers: { 200: soldAnswer },
  scope: 'write:commissions',
  signed: SIGNED,
  body: refund,
  async run({ params, body, raw, caller }, desk): Promise<Reply | Refusal> {
    const { id: conversionId = '' } = params;
    // How many decimals an amount may have is said by the sale's currency, which the caller need not send.
    const conversion = await desk.conversion(caller, conversionId);
    if (isRefusal(conversion)) return conversion;
    const minor = body.amount === null ? null : minorOf(body.amount, body.currency ?? conversion.currency, 'amount');
    if (isRefusal(minor)) return minor;
    const answer = await desk.refund(caller, {
      dialect: 'affonso',
      conversionId,
      amount: minor,
      currency: body.currency,
      reason: body.reason,
      externalEventId: body.external_event_id,
      refundedAt: body.refunded_at,
      body: raw,
    });
    return isRefusal(answer) ? answer : done(conversionShape(answer.conversion));
  },
});

const shown = route({
  method: 'GET',
  path: '/v1/conversions/:id',
  summary: 'One sale, refund or dispute.',
  answers: { 200: dataAnswer(listedConversionAnswer) },
  scope: 'read:commissions',
  async run({ params, caller }, desk): Promise<Reply | Refusal> {
    const conversion = await desk.conversion(caller, params['id'] ?? '');
    return isRefusal(conversion) ? conversion : done(listedConversion(conversion));
  },
});

const list = listRoute({
  path: '/v1/conversions',
  summary: 'Sales, refunds and disputes, newest first.',
  scope: 'read:commissions',
  query: found,
  row: listedConversionAnswer,
  shape: listedConversion,
  read: ({ caller, query: { external_event_id: externalEventId = null, kind = null }, paging }, desk) =>
    desk.conversions(caller, { ...paging, externalEventId, kind }),
});

export const conversionRoutes: readonly Route[] = [sold, refunded, shown, list];
