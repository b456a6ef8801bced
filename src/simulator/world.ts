import { apiVersionOf, type Family } from './family.ts';
import { createIds, type IdSource } from './ids.ts';
import type { JsonObject } from './json.ts';
import { eventObject, type StripeEvent } from './objects/event.ts';
import { type Build, createShelf, type Shelf } from './shelf.ts';

/** One event, as Stripe would send it. */
export interface SimulatedEvent {
  readonly id: string;
  readonly type: string;
  /** Unix seconds. */
  readonly created: number;
  /** The exact bytes to sign and send: pretty-printed JSON. */
  readonly body: string;
  /** The parsed body; a copy of its own. */
  readonly object: StripeEvent;
}

/** How a simulated account is set up. */
export interface AccountOptions {
  family: Family;
  seed: number | string;
  livemode?: boolean | undefined;
  /** Unix seconds UTC. */
  startAt: number;
  /** Connect: the connected account whose events these are. */
  account?: string | undefined;
  /** Default: the family's (2024-06-20, 2025-02-24.acacia or 2026-10-28.endive). */
  apiVersion?: string | undefined;
  /** Which refund events an account of the old family sends; the newer families always send both. */
  refundEvents?: 'charge-only' | 'refund-only' | 'both' | undefined;
  /** Embeds `charge.refunds.data`, as versions before 2022-11-15 did. Not on basil. */
  embedRefunds?: boolean | undefined;
  /** Shared by accounts whose ids must not collide. */
  ids?: IdSource | undefined;
}

/** Where the verbs act: a clock, a source of ids and the list of events so far. */
export interface World {
  readonly family: Family;
  readonly livemode: boolean;
  readonly ids: IdSource;
  readonly refundEvents: 'charge-only' | 'refund-only' | 'both';
  readonly embedRefunds: boolean;
  /** Unix seconds UTC. */
  time: number;
  readonly recorded: SimulatedEvent[];
  /** Starts an API call: the events that follow carry its request id. */
  beginCall(): void;
  /** From here on Stripe acts on its own: events carry no request id. */
  beginAutomatic(): void;
  /** What the account holds now. */
  readonly shelf: Shelf;
  /** Records an event at the present time. */
  emit(type: string, object: JsonObject, previous?: JsonObject): SimulatedEvent;
  /** Changes an object and says so: `emit` for what the account holds. */
  tell<S extends { id: string }>(type: string, build: Build<S>, spec: S, previous?: JsonObject): SimulatedEvent;
  /** Changes an object of which no event tells. */
  keep<S extends { id: string }>(build: Build<S>, spec: S): void;
}

/** Events about charge-like objects live in another shard, which shows in their ids. */
function eventPrefix(type: string): string {
  return /^(charge|payment_intent|refund)\./.test(type) ? 'evt_3' : 'evt';
}

function recordedEvent(event: StripeEvent): SimulatedEvent {
  const body = JSON.stringify(event, null, 2);
  let parsed: StripeEvent | undefined;
  return {
    id: event.id,
    type: event.type,
    created: event.created,
    body,
    // parsed on demand: long histories are mostly sent, not looked at
    get object() {
      parsed ??= JSON.parse(body) as StripeEvent;
      return parsed;
    },
  };
}

/** Creates the world of one account. */
export function createWorld(options: AccountOptions): World {
  const ids = options.ids ?? createIds(options.seed);
  const livemode = options.livemode ?? true;
  const apiVersion = options.apiVersion ?? apiVersionOf(options.family);
  let requestId: string | null = null;
  const world: World = {
    family: options.family,
    livemode,
    ids,
    refundEvents: options.family === 'old' ? (options.refundEvents ?? 'both') : 'both',
    embedRefunds: options.family !== 'basil' && options.embedRefunds === true,
    time: options.startAt,
    recorded: [],
    shelf: createShelf(),
    beginCall: () => {
      requestId = ids.next('req');
    },
    beginAutomatic: () => {
      requestId = null;
    },
    emit: (type, object, previous) => {
      const id = ids.next(eventPrefix(type));
      const base = { id, type, object, livemode, requestId, apiVersion, created: world.time };
      const event = recordedEvent(
        eventObject(options.family, {
          ...base,
          account: options.account,
          previousAttributes: previous,
        }),
      );
      world.recorded.push(event);
      return event;
    },
    tell: (type, build, spec, previous) => {
      const object = build(world.family, spec);
      world.shelf.keep(object.object, build, spec);
      return world.emit(type, object, previous);
    },
    keep: (build, spec) => world.shelf.keep(build(world.family, spec).object, build, spec),
  };
  return world;
}
