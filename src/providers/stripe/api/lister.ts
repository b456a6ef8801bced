/** What an account has, from its lists: events as they were sent, and objects as they are now. */
import type Stripe from 'stripe';
import type { Listed, ListedPage, Lister, Stream } from '../../../core/walks.ts';
import type { Access } from '../../provider.ts';
import { EVENT_TYPES } from '../events.ts';
import { ascending, merged, type Dated, type List, type Page, type Params, type Span } from './ascending.ts';
import { createClient, PAGE } from './client.ts';
import { patiently } from './refusals.ts';
import { request } from './requests.ts';

/** The most types one request may name (stripe.md 5). */
const MOST_TYPES = 20;

/** Stripe lists no older events (stripe.md 5). */
const EVENTS_KEPT_MS = 30 * 86_400_000;

/** An invoice is listed by when it was made; it may be paid this much later. */
const COLLECTED_WITHIN = 30 * 86_400;

/** One kind of objects. `read`: what it is stored as, itself and what was shown with it. */
type Objects<T extends Dated> = {
  readonly list: (stripe: Stripe, params: Params) => Promise<Page<T>>;
  readonly read: (stripe: Stripe, object: T, span: Span) => Promise<readonly Listed[]> | readonly Listed[];
  /** Seconds before the span that it begins. */
  readonly earlier?: number;
};

const objectOf = (type: string, object: { readonly id: string }): Listed => ({
  event: null,
  id: object.id,
  type: `answer.${type}`,
  object,
});

/** The buyer that was shown with an object, and the object with the id alone, as it is shown everywhere else. */
function apart<T extends { readonly customer: string | { readonly id: string; deleted?: boolean | void } | null }>(
  object: T,
): { readonly buyer: readonly Listed[]; readonly own: T } {
  const { customer } = object;
  if (customer === null || typeof customer === 'string') return { buyer: [], own: object };
  const buyer = customer.deleted === true ? [] : [objectOf('customer', customer)];
  return { buyer, own: { ...object, customer: customer.id } };
}

const EXPANDED = ['data.payments', 'data.customer', 'data.discounts.promotion_code'];

const invoices: Objects<Stripe.Invoice & { id: string }> = {
  earlier: COLLECTED_WITHIN,
  list: async (stripe, params) => {
    const { data, has_more } = await stripe.invoices.list({ ...params, status: 'paid', expand: EXPANDED });
    return { data: data.filter((one): one is Stripe.Invoice & { id: string } => Boolean(one.id)), has_more };
  },
  async read(stripe, invoice, span) {
    if ((invoice.status_transitions.paid_at ?? invoice.created) < span.gte) return [];
    const { buyer, own } = apart(invoice);
    if (!own.lines.has_more && own.payments?.has_more !== true) return [...buyer, objectOf('invoice', own)];
    const answer = await patiently(() => request(stripe, { kind: 'invoice', id: invoice.id }));
    const found = 'found' in answer ? answer.found : [];
    return [...buyer, ...found.map(({ type, object }) => ({ event: null, id: invoice.id, type, object }))];
  },
};

const charges: Objects<Stripe.Charge> = {
  list: (stripe, params) => stripe.charges.list({ ...params, expand: ['data.customer'] }),
  read(_, charge) {
    if (charge.status !== 'succeeded') return [];
    const { buyer, own } = apart(charge);
    return [...buyer, objectOf('charge', own)];
  },
};

type Walk = (stripe: Stripe, span: Span) => AsyncGenerator<ListedPage>;

function walkOf<T extends Dated>({ list, read, earlier = 0 }: Objects<T>): Walk {
  return async function* walk(stripe, span) {
    const send: List<T> = (params) => patiently(() => list(stripe, params));
    for await (const page of ascending(send, { ...span, gte: span.gte - earlier })) {
      const listed: Listed[] = [];
      for (const object of page) listed.push(...(await read(stripe, object, span)));
      yield { listed, reached: (page.at(-1)?.created ?? span.lt) * 1000 };
    }
  };
}

/** Objects that are stored as they are listed. */
function plain<T extends Dated>(type: string, list: Objects<T>['list']): Walk {
  return walkOf({ list, read: (_, object) => [objectOf(type, object)] });
}

/** Sessions before what they sold, because they say who brought the buyer; what takes back after what it takes from. */
const STREAMS: readonly (Stream & { readonly walk: Walk })[] = [
  { name: 'events', needs: 'Events, and everything the events are about', walk: walkEvents },
  {
    name: 'checkout_sessions',
    needs: 'Checkout Sessions',
    walk: plain('checkout_session', (stripe, params) =>
      stripe.checkout.sessions.list({ ...params, status: 'complete' }),
    ),
  },
  { name: 'invoices', needs: 'Invoices, Customers and Promotion Codes', walk: walkOf(invoices) },
  { name: 'charges', needs: 'Charges and Customers', walk: walkOf(charges) },
  {
    name: 'refunds',
    needs: 'Charges and Refunds',
    walk: plain('refund', (stripe, params) => stripe.refunds.list(params)),
  },
  { name: 'disputes', needs: 'Disputes', walk: plain('dispute', (stripe, params) => stripe.disputes.list(params)) },
  {
    name: 'credit_notes',
    needs: 'Credit Notes',
    walk: plain('credit_note', (stripe, params) => stripe.creditNotes.list(params)),
  },
];

/** A lister for one account. Opens no connection before the first page is asked for. */
export function lister(access: Access): Lister {
  const stripe = createClient(access);
  return {
    streams: STREAMS.map(({ name, needs }) => ({ name, needs })),
    eventsKeptMs: EVENTS_KEPT_MS,
    walk(name, from, to) {
      const stream = STREAMS.find((one) => one.name === name);
      if (!stream) throw new Error(`there is no list of ${name}`);
      return stream.walk(stripe, { gte: Math.floor(from / 1000), lt: Math.ceil(to / 1000) });
    },
  };
}

async function* walkEvents(stripe: Stripe, span: Span): AsyncGenerator<ListedPage> {
  const groups: string[][] = [];
  for (let at = 0; at < EVENT_TYPES.length; at += MOST_TYPES) groups.push(EVENT_TYPES.slice(at, at + MOST_TYPES));
  const sources = groups.map((types) =>
    ascending<Stripe.Event>((params) => patiently(() => stripe.events.list({ ...params, types })), span),
  );
  let listed: Listed[] = [];
  for await (const event of merged(sources)) {
    listed.push(eventOf(event));
    if (listed.length < PAGE) continue;
    yield { listed, reached: event.created * 1000 };
    listed = [];
  }
  if (listed.length > 0) yield { listed, reached: span.lt * 1000 };
}

function eventOf(event: Stripe.Event): Listed {
  const { id, type, created, livemode } = event;
  return { event: { id, at: created * 1000, livemode }, id, type, object: event };
}
