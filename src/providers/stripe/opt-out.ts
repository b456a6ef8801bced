/** The merchant's wish to leave a buyer, a subscription or a payment out, in metadata (cases.md 65). */
import type { EventRef, OptOut } from '../../core/facts.ts';

const OPT_OUT_KEYS = ['tributary_opt_out', 'affiliate_opt_out', 'commission_opt_out', 'no_commission'];
const YES = new Set(['true', '1', 'yes', 'on']);

function wordIn(metadata: unknown): string | null {
  if (typeof metadata !== 'object' || metadata === null) return null;
  for (const name of OPT_OUT_KEYS) {
    const value = (metadata as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'string') return value.trim().toLowerCase();
  }
  return null;
}

/** true: left out. false: said not to be. null: not mentioned. */
function optOutIn(metadata: unknown): boolean | null {
  const word = wordIn(metadata);
  return word === null ? null : YES.has(word);
}

/** The first carrier whose metadata asks for it; null: none does. */
export function optedOutBy(carriers: Readonly<Record<string, unknown>>): string | null {
  return Object.keys(carriers).find((carrier) => optOutIn(carriers[carrier]) === true) ?? null;
}

/**
 * One sight of a buyer's or a subscription's wish; none when the metadata does not mention it, except that it was taken
 * out by this very change (`previous_attributes`).
 */
export function optOutSights(
  carrier: 'customer' | 'subscription',
  of: string,
  metadata: unknown,
  previous: unknown,
  ref: EventRef,
): OptOut[] {
  const before =
    typeof previous === 'object' && previous !== null ? (previous as { metadata?: unknown }).metadata : null;
  const now = optOutIn(metadata);
  if (now === null && optOutIn(before) === null) return [];
  return [{ of, carrier, at: ref.at, on: now === true, event: ref.id }];
}
