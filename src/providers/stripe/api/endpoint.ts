/** The webhook endpoint at Stripe: the only thing that is ever written there. */
import Stripe from 'stripe';
import type { Access, EndpointWish, SetEndpoint } from '../../provider.ts';
import { DEAUTHORIZED, EVENT_TYPES } from '../events.ts';
import { createClient, PAGE } from './client.ts';
import { refusalOf } from './refusals.ts';

type Endpoint = Stripe.WebhookEndpoint;
type EventType = Stripe.WebhookEndpointCreateParams.EnabledEvent;

const ENDPOINTS = /^\/v1\/webhook_endpoints(\/[^/?]+)?$/;

/** Types an endpoint is to get: those that are translated, and who took a connection back. */
export function typesOf(connect: boolean): EventType[] {
  return connect ? [...EVENT_TYPES, DEAUTHORIZED] : [...EVENT_TYPES];
}

/**
 * Registers the endpoint of this URL, or gives one that exists exactly the right types and switches it on. Its API
 * version cannot be changed and need not be: events are read by their shape. A dry run only reads. Throws `KeyRefused`,
 * `RateLimited` and `Unreachable`; what Stripe thinks of the URL is an error in its words.
 */
export async function setEndpoint(access: Access, wish: EndpointWish): Promise<SetEndpoint> {
  const stripe = createClient(access, (path) => !wish.dryRun && ENDPOINTS.test(path));
  try {
    const known = await findEndpoint(stripe, wish);
    return await (known ? update(stripe, known, wish) : create(stripe, wish));
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Of the same URL and kind: an endpoint for connected accounts belongs to a Connect application. */
async function findEndpoint(stripe: Stripe, { url, connect }: EndpointWish): Promise<Endpoint | null> {
  for await (const one of stripe.webhookEndpoints.list({ limit: PAGE }))
    if (one.url === url && (one.application != null) === connect) return one;
  return null;
}

async function create(stripe: Stripe, { url, connect, dryRun }: EndpointWish): Promise<SetEndpoint> {
  const types = typesOf(connect);
  const is = { is: 'made', added: types, removed: [], wasDisabled: false, apiVersion: Stripe.API_VERSION } as const;
  if (dryRun) return { ...is, id: null, secret: null };
  const made = await stripe.webhookEndpoints.create({
    url,
    enabled_events: types,
    api_version: Stripe.API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion,
    description: 'Tributary: affiliate commissions',
    ...(connect ? { connect } : {}),
  });
  return { ...is, id: made.id, secret: made.secret ?? null };
}

async function update(stripe: Stripe, known: Endpoint, { connect, dryRun }: EndpointWish): Promise<SetEndpoint> {
  const types = typesOf(connect);
  const added = types.filter((type) => !known.enabled_events.includes(type));
  const removed = known.enabled_events.filter((type) => !(types as string[]).includes(type));
  const wasDisabled = known.status === 'disabled';
  const changes = added.length + removed.length > 0 || wasDisabled;
  if (changes && !dryRun) {
    const on = wasDisabled ? { disabled: false } : {};
    await stripe.webhookEndpoints.update(known.id, { enabled_events: types, ...on });
  }
  const is = changes ? 'updated' : 'right';
  return { is, id: known.id, added, removed, wasDisabled, secret: null, apiVersion: known.api_version };
}
