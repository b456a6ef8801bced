import type { JsonObject } from '../../../src/simulator/json.ts';
import type { createEndpoints } from './endpoints.ts';
import { invoice, invoiceLines, invoicePayments, listedInvoice } from './invoices.ts';
import { filtered, page } from './lists.ts';
import type { Objects } from './objects.ts';
import type { Query } from './query.ts';

type World = { readonly objects: Objects; readonly endpoints: ReturnType<typeof createEndpoints> };

/** null: there is no such object. */
type Route = (world: World, query: Query, id: string) => JsonObject | null;

/** Lists of one kind of object, by path, with the fields they can be filtered by. */
const LISTS: Readonly<Record<string, readonly [kind: string, fields: readonly string[]]>> = {
  invoices: ['invoice', ['customer', 'status']],
  charges: ['charge', ['customer', 'payment_intent']],
  refunds: ['refund', ['charge', 'payment_intent']],
  disputes: ['dispute', ['charge', 'payment_intent']],
  credit_notes: ['credit_note', ['customer', 'invoice']],
  'checkout/sessions': ['checkout.session', ['customer', 'payment_intent', 'status']],
};

/** Objects that are retrieved as they are. */
const OBJECTS: Readonly<Record<string, string>> = {
  prices: 'price',
  charges: 'charge',
  payment_intents: 'payment_intent',
  'checkout/sessions': 'checkout.session',
  promotion_codes: 'promotion_code',
};

const ROUTES: readonly (readonly [string, Route])[] = [
  ['GET invoices/:id', ({ objects }, query, id) => invoice(objects, id, query)],
  ['GET invoices/:id/lines', ({ objects }, query, id) => invoiceLines(objects, id, query)],
  ['GET invoice_payments', ({ objects }, query) => invoicePayments(objects, query)],
  ['GET checkout/sessions/:id/line_items', sessionLines],
  ['GET events', events],
  ['GET account', ({ objects }) => accountObject(objects)],
  ['POST webhook_endpoints', ({ endpoints }, query) => endpoints.create(query)],
  ['POST webhook_endpoints/:id', ({ endpoints }, query, id) => endpoints.update(id, query)],
  ['GET webhook_endpoints', ({ endpoints }, query) => page(endpoints.all(), query, '/v1/webhook_endpoints')],
  ...Object.entries(LISTS).map(([path, [kind, fields]]) => [`GET ${path}`, listOf(path, kind, fields)] as const),
  ...Object.entries(OBJECTS).map(([path, kind]) => [`GET ${path}/:id`, objectOf(kind)] as const),
];

function listOf(path: string, kind: string, fields: readonly string[]): Route {
  return ({ objects }, query) => {
    const shown = page(filtered(objects.all(kind), query, fields), query, `/v1/${path}`);
    const data = shown['data'] as readonly JsonObject[];
    return { ...shown, data: data.map((one) => expanded(objects, kind, one, query)) };
  };
}

/** What a list shows of its objects: `data.customer` and, of invoices, `data.payments` only when asked for. */
function expanded(objects: Objects, kind: string, object: JsonObject, query: Query): JsonObject {
  const own = kind === 'invoice' ? listedInvoice(objects, object, query) : object;
  const { customer } = own;
  if (!query.many('expand').includes('data.customer') || typeof customer !== 'string') return own;
  return {
    ...own,
    customer: objects.find('customer', customer) ?? { id: customer, object: 'customer', deleted: true },
  };
}

function objectOf(kind: string): Route {
  return ({ objects }, _, id) => objects.find(kind, id);
}

function sessionLines({ objects }: World, query: Query, id: string): JsonObject | null {
  if (!objects.find('checkout.session', id)) return null;
  return page(objects.linesOfSession(id), query, `/v1/checkout/sessions/${id}/line_items`);
}

/** Seconds; Stripe lists no older events. */
const EVENTS_KEPT = 30 * 86_400;

function events({ objects }: World, query: Query): JsonObject {
  const types = query.many('types');
  const oldest = objects.account.now - EVENTS_KEPT;
  const kept = objects.events().filter(({ created }) => Number(created) > oldest);
  const asked = filtered(kept, query, ['type']);
  const matching = asked.filter(({ type }) => types.length === 0 || (typeof type === 'string' && types.includes(type)));
  return page(matching, query, '/v1/events');
}

function accountObject({ account }: Objects): JsonObject {
  return {
    id: account.account ?? 'acct_1Riverbend',
    object: 'account',
    business_profile: { name: 'Riverbend Software' },
    charges_enabled: true,
    country: 'US',
    default_currency: 'usd',
    email: 'owner@riverbend.example',
    settings: { dashboard: { display_name: 'Riverbend Software' } },
  };
}

const PATTERNS = ROUTES.map(
  ([name, route]) => [new RegExp(`^${name.replace(' ', ' /v1/').replace(':id', '([^/]+)')}$`), route] as const,
);

/** What the API answers; null: nothing is there. */
export function answer(world: World, method: string, path: string, query: Query): JsonObject | null {
  for (const [pattern, route] of PATTERNS) {
    const match = pattern.exec(`${method} ${path}`);
    if (match) return route(world, query, decodeURIComponent(match[1] ?? ''));
  }
  return null;
}
