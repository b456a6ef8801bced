import type { SimulatedAccount } from '../../../src/simulator/account.ts';
import type { Json, JsonObject } from '../../../src/simulator/json.ts';
import { invoiceObject, type InvoiceSpec } from '../../../src/simulator/objects.ts';

export type Objects = ReturnType<typeof createObjects>;

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/**
 * Every object of a simulated account by kind and id, as it was last seen in an event. What no event shows (a price
 * nobody announced, the lines of a session, an invoice's lines beyond the tenth) is put in by hand.
 */
export function createObjects(account: SimulatedAccount) {
  const told = new Map<string, Map<string, JsonObject>>();
  const given = new Map<string, Map<string, JsonObject>>();
  const sessionLines = new Map<string, readonly JsonObject[]>();
  let heard = 0;

  function keep(where: Map<string, Map<string, JsonObject>>, object: JsonObject): void {
    const kind = text(object['object']);
    const known = where.get(kind) ?? new Map<string, JsonObject>();
    // Put in anew, so that what was seen last comes last.
    known.delete(text(object['id']));
    where.set(kind, known.set(text(object['id']), object));
  }

  function listen(): void {
    const { events } = account;
    if (events.length === heard) return;
    heard = events.length;
    told.clear();
    for (const { object } of events) keep(told, object.data.object);
  }

  return {
    account,
    put: (object: JsonObject) => keep(given, object),
    /** An invoice with all its lines, in the shape that the API shows. */
    bill: (spec: InvoiceSpec) => keep(given, invoiceObject('basil', { ...spec, hasMore: false })),
    /** What was bought in a session. */
    sold: (session: string, lines: readonly JsonObject[]) => sessionLines.set(session, lines),
    linesOfSession: (session: string) => sessionLines.get(session) ?? [],
    find(kind: string, id: string): JsonObject | null {
      listen();
      return given.get(kind)?.get(id) ?? told.get(kind)?.get(id) ?? null;
    },
    /** Newest first. */
    all(kind: string): JsonObject[] {
      listen();
      const found = new Map([...(told.get(kind) ?? []), ...(given.get(kind) ?? [])]);
      return [...found.values()].toReversed().toSorted((a, b) => Number(b['created']) - Number(a['created']));
    },
    /** Events as they were sent, newest first. */
    events: (): JsonObject[] => account.events.map(({ object }) => object).toReversed(),
  };
}
