/**
 * Events of a backend: sales and what leads to them through one path (apis.md 2.2). A sale is answered as a conversion,
 * everything else with what it did to the referral; a repeated id with what it was first told as.
 */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import type { EventView } from '../../core/event-desk.ts';
import { entryKey } from '../../core/keys.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { ConversionView } from '../../core/views.ts';
import type { Reply, Route } from '../surface.ts';
import { identifiers, identityOf, optionalFlag, requestOf, type Identity } from './conversions.ts';
import { amount, currency, idList, invalid, metadata, oneOf, optionalId, optionalMoment, text } from './inputs.ts';
import { route } from '../route.ts';
import { answered, conversionAnswer, conversionShape, dataAnswer, done } from './shapes.ts';
import { SIGNED } from './signing.ts';

const KINDS = ['conversion', 'lead', 'trial', 'milestone'] as const;

export const event = z.object({
  ...identifiers,
  event_name: text(255).meta({ description: 'What happened, in your words.', examples: ['trial_started'] }),
  event_type: oneOf(KINDS).describe('Default: milestone. Only a conversion is a sale.'),
  occurred_at: optionalMoment.describe('When it happened. Default: now.'),
  external_event_id: optionalId.describe('Your own id, needed for a conversion: repeated, it counts once.'),
  sale_amount: amount.nullish().describe('Major units; needed for a conversion.'),
  sale_amount_currency: currency.nullish().describe('Needed for a conversion.'),
  product_ids: idList,
  price_ids: idList,
  interval: oneOf(['monthly', 'yearly']),
  is_subscription: optionalFlag,
  metadata,
});

export type EventBody = z.infer<typeof event>;

const told = {
  replayed: z.boolean().describe('It was told before under this id.'),
  source_event_id: z.string().describe('Where it is kept: GET /v1/trace and /v1/inbox know it.'),
};

const eventAnswer = z.object({
  referral_id: answered.id,
  transaction_id: z.null(),
  event_name: z.string(),
  event_type: z.enum(['lead', 'trial', 'milestone']),
  external_event_id: z.string().nullable(),
  action: z.literal('referral_updated'),
  referral_status: z.enum(['lead', 'trialing', 'customer', 'active', 'canceled', 'rejected']),
  ...told,
});

const anyAnswer = dataAnswer(z.union([conversionAnswer.extend(told), eventAnswer]));

/** 201 the first time, 200 when it is repeated. */
export const eventAnswers = { 200: anyAnswer, 201: anyAnswer };

function eventShape(view: EventView, replayed: boolean): Record<string, unknown> {
  return {
    referral_id: view.referralId,
    transaction_id: null,
    event_name: view.name,
    event_type: view.kind,
    external_event_id: view.externalEventId,
    action: 'referral_updated',
    referral_status: view.status,
    replayed,
    source_event_id: view.id,
  };
}

function soldReply(conversion: ConversionView, replayed: boolean, caller: Caller, id: string): Reply {
  const shape = { ...conversionShape(conversion, id), replayed, source_event_id: keptAs(caller, id) };
  return done(shape, replayed ? 200 : 201);
}

type Call = { readonly body: EventBody; readonly raw: string; readonly caller: Caller };

/** Takes an event in, whoever mapped it to these fields. */
export async function takeIn({ body, raw, caller }: Call, desk: Desk): Promise<Reply | Refusal> {
  const identity = identityOf(body);
  if (isRefusal(identity)) return identity;
  if (body.event_type === 'conversion') return sell({ body, raw, caller }, desk);
  return tell(identity, { body, raw, caller }, desk);
}

const inFuture = invalid('occurred_at', 'lies in the future');
const NEEDED = 'is needed for a conversion';

async function sell({ body, raw, caller }: Call, desk: Desk): Promise<Reply | Refusal> {
  const { sale_amount, sale_amount_currency, external_event_id, occurred_at } = body;
  if (external_event_id === null) return invalid('external_event_id', NEEDED);
  if (sale_amount == null) return invalid('sale_amount', NEEDED);
  if (sale_amount_currency == null) return invalid('sale_amount_currency', NEEDED);
  const sale = { ...body, sale_amount, sale_amount_currency, external_event_id, created_at: occurred_at };
  const request = requestOf({ ...sale, status: null, sales_status: null }, raw);
  if (isRefusal(request)) return request;
  const answer = await desk.sell(caller, request);
  if (isRefusal(answer)) return answer.field === 'created_at' ? inFuture : answer;
  return soldReply(answer.conversion, answer.replayed, caller, external_event_id);
}

async function tell(identity: Identity, { body, raw, caller }: Call, desk: Desk): Promise<Reply | Refusal> {
  const { event_type, external_event_id } = body;
  const answer = await desk.tellEvent(caller, {
    ...identity,
    dialect: 'affonso',
    name: body.event_name,
    kind: event_type === null || event_type === 'conversion' ? 'milestone' : event_type,
    externalEventId: external_event_id,
    occurredAt: body.occurred_at,
    body: raw,
  });
  if (isRefusal(answer)) return answer;
  if ('conversion' in answer) return soldReply(answer.conversion, true, caller, external_event_id ?? '');
  return done(eventShape(answer.event, answer.replayed), answer.replayed ? 200 : 201);
}

/** The inbox's name of what a caller told under this id. */
const keptAs = ({ livemode }: Caller, id: string): string => `affonso:${entryKey('sale', livemode, id)}`;

const create = route<EventBody>({
  method: 'POST',
  path: '/v1/events',
  summary: 'Tells a sale, a lead, a trial or a milestone of a referral.',
  answers: eventAnswers,
  scope: 'write:commissions',
  signed: SIGNED,
  body: event,
  run: (call, desk): Promise<Reply | Refusal> => takeIn(call, desk),
});

export const eventRoutes: readonly Route[] = [create];
