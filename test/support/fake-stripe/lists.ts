import type { JsonObject } from '../../../src/simulator/json.ts';
import type { Query } from './query.ts';

/** One page of a list, by `limit` (10), `starting_after` and `ending_before`, as Stripe cuts it. */
export function page(all: readonly JsonObject[], query: Query, url: string): JsonObject {
  const limit = Number(query.one('limit') ?? 10);
  const at = (id: string | null): number => all.findIndex((object) => object['id'] === id);
  const before = query.one('ending_before');
  if (before !== null) {
    const end = at(before);
    const from = Math.max(0, end - limit);
    return { object: 'list', url, has_more: from > 0, data: all.slice(from, Math.max(0, end)) };
  }
  const after = query.one('starting_after');
  const from = after === null ? 0 : at(after) + 1;
  return { object: 'list', url, has_more: from + limit < all.length, data: all.slice(from, from + limit) };
}

/** Keeps what has the value asked for in each of these fields; a field nobody asked for does not matter. */
export function filtered(all: readonly JsonObject[], query: Query, fields: readonly string[]): JsonObject[] {
  const asked = fields.flatMap((name) => {
    const value = query.one(name);
    return value === null ? [] : [[name, value] as const];
  });
  return all.filter((object) => asked.every(([name, value]) => object[name] === value) && isWithin(object, query));
}

function isWithin(object: JsonObject, query: Query): boolean {
  const created = Number(object['created']);
  const bound = (name: string): number | null => {
    const value = query.one(`created[${name}]`);
    return value === null ? null : Number(value);
  };
  const exactly = query.one('created');
  return (
    (exactly === null || created === Number(exactly)) &&
    created >= (bound('gte') ?? created) &&
    created > (bound('gt') ?? created - 1) &&
    created <= (bound('lte') ?? created) &&
    created < (bound('lt') ?? created + 1)
  );
}
