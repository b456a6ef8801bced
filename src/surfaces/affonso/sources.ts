/**
 * Events as other tools send them (apis.md 2.2): Segment's payloads are mapped to an event's fields, a source of one's
 * own sends those fields itself. docs/compatibility.md has the table of what is read from where.
 */
import { z } from 'zod';
import { isRefusal, refuse, type FieldProblem, type Refusal } from '../../core/refusals.ts';
import type { Reply, Route } from '../surface.ts';
import { event, eventAnswers, takeIn, type EventBody } from './events.ts';
import { invalid, optionalText } from './inputs.ts';
import { route } from '../route.ts';
import { SIGNED } from './signing.ts';

const anything = z
  .record(z.string(), z.unknown(), { error: 'must be an object' })
  .nullish()
  .transform((value) => value ?? {});

const segment = z.object({
  type: optionalText(50).describe('track, or identify: who somebody is, taken as a lead.'),
  event: optionalText(255).describe('What happened; decides whether it is a conversion, a lead or a trial.'),
  messageId: optionalText(255).describe('Needed. Repeated, it counts once; becomes external_event_id.'),
  userId: optionalText(255).describe('Becomes customer_id.'),
  timestamp: optionalText(50).describe('When it happened. Default: now.'),
  properties: anything.describe('revenue, currency, external_user_id and what else an event has.'),
  traits: anything.describe('Of identify.'),
  context: anything,
});

type SegmentBody = z.infer<typeof segment>;

type Fields = Readonly<Record<string, unknown>>;

/** What an event's name says of it; every other name is a milestone. */
const KINDS: Readonly<Record<string, string>> = {
  'order completed': 'conversion',
  'completed order': 'conversion',
  purchase: 'conversion',
  qualified_lead: 'lead',
  demo_booked: 'lead',
  trial_started: 'trial',
};

/** Names by which whoever bought may be credited directly, as an event has them itself. */
const IDENTIFIERS = [
  'referral_id',
  'referralId',
  'affonso_referral',
  'affonsoReferral',
  'affonso_id',
  'affonsoId',
  'click_id',
  'clickId',
];

const PLAIN = ['price_ids', 'interval', 'is_subscription', 'metadata'];

const objectAt = (of: Fields, name: string): Fields => {
  const value = of[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
};

function firstOf(of: Fields, names: readonly string[]): unknown {
  return names.map((name) => of[name]).find((value) => value !== undefined && value !== null && value !== '');
}

/** Segment's libraries send `"39.95"` as often as `39.95`. */
function amountIn(properties: Fields): unknown {
  const given = firstOf(properties, ['revenue', 'amount', 'value', 'total']);
  return typeof given === 'string' && /^\d{1,15}(\.\d{1,6})?$/.test(given.trim()) ? Number(given) : given;
}

function productsIn(properties: Fields): unknown {
  if (properties['product_ids'] !== undefined || !Array.isArray(properties['products']))
    return properties['product_ids'];
  const all = properties['products'].flatMap((one: unknown) => {
    const id = typeof one === 'object' && one !== null ? firstOf(one as Fields, ['product_id', 'productId']) : null;
    return typeof id === 'string' || typeof id === 'number' ? [String(id)] : [];
  });
  return all.slice(0, 100);
}

/** The fields of an event as Segment's payload has them; `identify` is a lead whose traits say who it is. */
function mapped(body: SegmentBody): EventBody | Refusal {
  const { type, messageId, userId, timestamp } = body;
  const identifies = type === 'identify';
  if (!identifies && type !== null && type !== 'track') return unsupported(type);
  if (messageId === null) return invalid('messageId', 'is needed: it keeps a repeated delivery from counting twice');
  if (!identifies && body.event === null) return invalid('event', 'is needed for track');
  const { properties, traits } = body;
  const said = identifies ? traits : properties;
  const everywhere = { ...objectAt(body.context, 'traits'), ...said };
  const externalUserId = firstOf(everywhere, ['external_user_id', 'externalUserId']);
  const direct = Object.fromEntries(IDENTIFIERS.map((name) => [name, everywhere[name]]));
  if (userId === null && externalUserId === undefined && firstOf(direct, IDENTIFIERS) === undefined)
    return nobody(type);
  const kind = identifies ? 'lead' : (KINDS[body.event?.trim().toLowerCase() ?? ''] ?? 'milestone');
  const [amount, currency] = [amountIn(properties), firstOf(properties, ['currency', 'sale_amount_currency'])];
  if (kind === 'conversion' && amount === undefined) return lacks('properties.revenue');
  if (kind === 'conversion' && currency === undefined) return lacks('properties.currency');
  const fields = {
    ...direct,
    ...Object.fromEntries(PLAIN.map((name) => [name, said[name]])),
    event_name: identifies ? 'identify' : body.event,
    event_type: kind,
    customer_id: userId,
    external_user_id: externalUserId,
    external_event_id: messageId,
    occurred_at: timestamp,
    sale_amount: amount,
    sale_amount_currency: currency,
    product_ids: productsIn(properties),
  };
  return read(event, fields, bySegment);
}

const lacks = (field: string): Refusal =>
  refuse('invalid_input', `${field} is needed for a conversion`, {
    field: 'properties',
    details: [{ field, message: 'is needed for a conversion' }],
  });

const WHERE: Readonly<Record<string, string>> = {
  sale_amount: 'properties.revenue',
  sale_amount_currency: 'properties.currency',
  occurred_at: 'timestamp',
  customer_id: 'userId',
};

/** What Segment calls a field of an event. */
const bySegment = (field: string): string => WHERE[field] ?? `properties.${field}`;

/** Problems are told by the names the sender knows. */
function read<T>(schema: z.ZodType<T>, fields: Fields, nameOf = (field: string): string => field): T | Refusal {
  const found = schema.safeParse(fields);
  if (found.success) return found.data;
  const details = found.error.issues.map(({ path, message }): FieldProblem => ({
    field: nameOf(path.map(String).join('.')),
    message,
  }));
  const [first] = details;
  const field = first?.field.split('.')[0] ?? 'body';
  return refuse('invalid_input', `${first?.field} ${first?.message}`, { field, details });
}

const unsupported = (type: string): Refusal =>
  refuse('invalid_input', `Only Segment track payloads are supported, and identify; this one is ${type}.`, {
    field: 'type',
    details: [{ field: 'type', message: 'must be track or identify' }],
  });

const nobody = (type: string | null): Refusal =>
  refuse(
    'missing_identifier',
    `Segment ${type ?? 'track'} events require either userId or an explicit external_user_id mapping.`,
    { field: 'userId' },
  );

const common = {
  method: 'POST',
  answers: eventAnswers,
  scope: 'write:commissions',
  signed: SIGNED,
} as const;

const ofSegment = route<SegmentBody>({
  ...common,
  path: '/v1/sources/segment/events',
  summary: 'Takes Segment track payloads in as events.',
  body: segment,
  async run({ body, raw, caller }, desk): Promise<Reply | Refusal> {
    const fields = mapped(body);
    return isRefusal(fields) ? fields : takeIn({ body: fields, raw, caller }, desk);
  },
});

/** Whose payloads look like Segment's. */
const SEGMENTS = new Set(['segment', 'segment_webhook']);

/** Both ways of saying the same; which one it is decides what is asked of the fields. */
const SAID: Readonly<Record<string, string>> = {
  event_name: 'What happened. With it the body is that of POST /v1/events.',
  event_type: 'conversion, lead, trial or milestone.',
  external_event_id: 'Repeated, it counts once.',
  referral_id: 'Who is credited; or click_id, customer_id, external_user_id.',
  customer_id: 'Who buys, as you or Stripe know them.',
  external_user_id: 'Who buys, by the user id of your app.',
  sale_amount: 'Of a conversion, in major units.',
  sale_amount_currency: 'Of a conversion.',
  occurred_at: 'When it happened. Default: now.',
  type: 'track or identify: with type or event the body is one of Segment’s.',
  event: 'Of Segment: what happened.',
  messageId: 'Of Segment: repeated, it counts once.',
  userId: 'Of Segment: who it is.',
  properties: 'Of Segment: revenue, currency and what else is known.',
  traits: 'Of Segment: who somebody is.',
};

const payload = z.looseObject(
  Object.fromEntries(Object.entries(SAID).map(([name, said]) => [name, z.unknown().optional().describe(said)])),
  { error: 'must be an object' },
);

function fieldsOf(source: string, body: Fields): EventBody | Refusal {
  const speaksSegment = SEGMENTS.has(source) || (body['event_name'] == null && (body['event'] ?? body['type']) != null);
  if (!speaksSegment) return read(event, body);
  const said = read(segment, body);
  return isRefusal(said) ? said : mapped(said);
}

/** A source by name: those that speak Segment's language are mapped, every other sends the fields of an event. */
const ofSource = route<Record<string, unknown>>({
  ...common,
  path: '/v1/sources/:source/events',
  summary: 'Takes events of a source of your own in: the fields of POST /v1/events, or Segment payloads.',
  body: payload,
  async run({ body, raw, caller, params }, desk): Promise<Reply | Refusal> {
    const fields = fieldsOf(params['source'] ?? '', body);
    return isRefusal(fields) ? fields : takeIn({ body: fields, raw, caller }, desk);
  },
});

export const sourceRoutes: readonly Route[] = [ofSegment, ofSource];
