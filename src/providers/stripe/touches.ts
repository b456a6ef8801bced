/** Referral and click ids carried by Stripe objects, in the metadata keys that the four dialects use (apis.md 5.5). */
import type { Touch } from '../../core/facts.ts';

/** Who carries the token; the lower, the closer to the buyer's own act of checking out. */
export const RANK = {
  session: 1,
  clientReference: 2,
  subscription: 3,
  invoice: 4,
  intent: 5,
  charge: 6,
  customer: 7,
} as const;

const TOKEN_KEYS = [
  'affonso_referral',
  'affonso_id',
  'affitor_click_id',
  'customer_code',
  'sa_visitor_id',
  '_sa_vid',
  'visitor_id',
  'hoko_id',
  'hokoClickId',
  'ref',
];

/** Stripe cuts a client_reference_id at 200 (trap 49); nothing longer is a token of ours. */
const LONGEST_TOKEN = 200;

/** A metadata object (or, for `client_reference_id`, the text itself) and the rank of who carries it. */
export type Carrier = {
  readonly rank: number;
  readonly metadata?: unknown;
  readonly token?: string | null | undefined;
};

function usable(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text.length > 0 && text.length <= LONGEST_TOKEN ? text : null;
}

/** One metadata value as trimmed text; null when absent, empty, not text or longer than 200. */
export function textIn(metadata: unknown, name: string): string | null {
  if (typeof metadata !== 'object' || metadata === null) return null;
  return usable((metadata as Readonly<Record<string, unknown>>)[name]);
}

/**
 * Every token the carriers hold, each once, at its best rank. `at`: time of the event, in milliseconds;
 * `subscription`: key of the subscription that the carriers speak of, null when they speak of the customer.
 */
export function touchesOf(carriers: readonly Carrier[], at: number, subscription: string | null): Touch[] {
  const touches: Touch[] = [];
  const add = (token: string | null, rank: number): void => {
    // Carriers come in order of rank, so the first sight of a token is its best.
    if (token === null || touches.some((touch) => touch.token === token)) return;
    touches.push({ token, rank, at, subscription });
  };
  for (const { rank, metadata, token } of carriers.toSorted((a, b) => a.rank - b.rank)) {
    add(usable(token), rank);
    for (const name of TOKEN_KEYS) add(textIn(metadata, name), rank);
  }
  return touches;
}
