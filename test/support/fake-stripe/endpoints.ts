import type { JsonObject } from '../../../src/simulator/json.ts';
import type { Query } from './query.ts';

/** Webhook endpoints: the only thing anybody may write here. The secret is shown once, to who makes one. */
export function createEndpoints(livemode: boolean) {
  const known = new Map<string, JsonObject>();
  return {
    all: (): JsonObject[] => [...known.values()].toReversed(),
    create(query: Query): JsonObject {
      const id = `we_${known.size + 1}`;
      const made = {
        id,
        object: 'webhook_endpoint',
        api_version: query.one('api_version'),
        application: query.one('connect') === 'true' ? 'ca_fake' : null,
        created: 1_767_600_000 + known.size,
        description: query.one('description'),
        enabled_events: query.many('enabled_events'),
        livemode,
        metadata: {},
        status: 'enabled',
        url: query.one('url'),
      };
      known.set(id, made);
      return { ...made, secret: `whsec_fake${known.size}` };
    },
    update(id: string, query: Query): JsonObject | null {
      const before = known.get(id);
      if (!before) return null;
      const events = query.many('enabled_events');
      const disabled = query.one('disabled');
      const after = {
        ...before,
        ...(events.length > 0 ? { enabled_events: events } : {}),
        ...(query.one('url') === null ? {} : { url: query.one('url') }),
        ...(disabled === null ? {} : { status: disabled === 'true' ? 'disabled' : 'enabled' }),
      };
      known.set(id, after);
      return after;
    },
  };
}
