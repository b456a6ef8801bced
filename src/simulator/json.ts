/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A Stripe object: a JSON object that says its id and kind. */
export interface StripeObject extends JsonObject {
  readonly id: string;
  readonly object: string;
}

/** String pairs a merchant attaches to an object. */
export type Metadata = Readonly<Record<string, string>>;

/**
 * Reads a nested value by a dotted path (`'lines.data.0.amount'`); `undefined` when any step is missing.
 * For looking into payloads without a cast at every step.
 */
export function dig(value: Json | undefined, path: string): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path.split('.')) {
    if (here === null || typeof here !== 'object') return undefined;
    const inner: Json | undefined = Array.isArray(here) ? here[Number(key)] : (here as JsonObject)[key];
    here = inner;
  }
  return here;
}
