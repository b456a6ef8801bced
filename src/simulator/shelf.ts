import type { Family } from './family.ts';
import { dig, type Json, type JsonObject, type StripeObject } from './json.ts';
import type { InvoiceSpec } from './objects/invoice-spec.ts';

/** Makes an object of a payload family from its description. */
export type Build<S> = (family: Family, spec: S) => StripeObject;

/** A builder of an object that looks the same in all families. */
export function plain<S>(build: (spec: S) => StripeObject): Build<S> {
  return (_family, spec) => build(spec);
}

interface Kept {
  kind: string;
  object: (change?: object) => StripeObject;
}

/** What the account holds now, by id: the read side that the webhooks only tell about. */
export interface Shelf {
  /** Puts the present state of an object in the place of an earlier one. */
  keep<S extends { id: string }>(kind: string, build: Build<S>, spec: S): void;
  /** What Stripe's API would answer: the basil shape, whatever family the account's webhooks are in. */
  readonly objects: StripeObjects;
}

/** Reads the account as Stripe's API would answer now: full objects in the basil shape, nothing expanded. */
export interface StripeObjects {
  /** The object of this id; a deleted customer is `{ id, object, deleted: true }`. Undefined when there is none. */
  get(id: string): StripeObject | undefined;
  /**
   * All objects of a kind as they name it in `object` (`charge`, `invoice_payment`, `checkout.session`, …), newest
   * first as Stripe lists them. `where` compares fields by dotted path: `{ 'payment.payment_intent': 'pi_…' }`.
   */
  list(kind: string, where?: Readonly<Record<string, Json>>): StripeObject[];
  /** Every line of an invoice, also those after the tenth. */
  linesOf(invoice: string): JsonObject[];
  /** The line items of a Checkout Session, which no webhook holds. */
  lineItemsOf(session: string): JsonObject[];
}

function listIn(object: StripeObject | undefined, path: string): JsonObject[] {
  const data = dig(object, path);
  return Array.isArray(data) ? [...(data as JsonObject[])] : [];
}

/** Fits `invoiceObject`: what is not shown in an event is shown to who asks for it. */
const ALL_LINES: Pick<InvoiceSpec, 'hasMore'> = { hasMore: false };

function moment(object: StripeObject): number {
  return Number(object.created ?? object.start ?? 0);
}

/** An empty shelf. */
export function createShelf(): Shelf {
  const kept = new Map<string, Kept>();
  const matches = (object: StripeObject, where: Readonly<Record<string, Json>>): boolean =>
    !object.deleted && Object.entries(where).every(([path, value]) => dig(object, path) === value);
  return {
    keep: (kind, build, spec) => {
      let built: StripeObject | undefined;
      kept.set(spec.id, {
        kind,
        // built on demand and once: lists look at every object of a kind
        object: (change) => (change ? build('basil', { ...spec, ...change }) : (built ??= build('basil', spec))),
      });
    },
    objects: {
      get: (id) => kept.get(id)?.object(),
      list: (kind, where = {}) => {
        const all = [...kept.values()].filter((each) => each.kind === kind).map((each) => each.object());
        const found = all.filter((object) => matches(object, where));
        return found.toReversed().toSorted((a, b) => moment(b) - moment(a));
      },
      linesOf: (invoice) => listIn(kept.get(invoice)?.object(ALL_LINES), 'lines.data'),
      lineItemsOf: (session) => listIn(kept.get(session)?.object({ withLineItems: true }), 'line_items.data'),
    },
  };
}
