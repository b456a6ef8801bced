import { apiVersionOf, type Family } from '../family.ts';
import type { Json, JsonObject, StripeObject } from '../json.ts';

/** The envelope of a snapshot event. `created` in unix seconds. */
export interface EventSpec {
  id: string;
  type: string;
  created: number;
  object: JsonObject;
  previousAttributes?: JsonObject | undefined;
  livemode?: boolean | undefined;
  /** The connected account; present on Connect events only. */
  account?: string | undefined;
  /** Null for what Stripe did on its own. */
  requestId?: string | null | undefined;
  apiVersion?: string | null | undefined;
  pendingWebhooks?: number | undefined;
}

/** A snapshot event as parsed from its body. */
export interface StripeEvent extends StripeObject {
  readonly object: 'event';
  readonly type: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly data: {
    readonly object: JsonObject;
    readonly previous_attributes?: JsonObject;
    readonly [key: string]: Json;
  };
}

/** An Event around an object snapshot. */
export function eventObject(family: Family, spec: EventSpec): StripeEvent {
  const request: Json = { id: spec.requestId ?? null, idempotency_key: null };
  return {
    id: spec.id,
    object: 'event',
    ...(spec.account === undefined ? {} : { account: spec.account }),
    api_version: spec.apiVersion === undefined ? apiVersionOf(family) : spec.apiVersion,
    created: spec.created,
    data: spec.previousAttributes
      ? { object: spec.object, previous_attributes: spec.previousAttributes }
      : { object: spec.object },
    livemode: spec.livemode ?? true,
    pending_webhooks: spec.pendingWebhooks ?? 1,
    request,
    type: spec.type,
  };
}
