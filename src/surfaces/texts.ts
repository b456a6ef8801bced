/** Texts as dialects take them from outside. */
import { z } from 'zod';
import { LONGEST_PAGE } from '../core/destinations.ts';

/** The longest e-mail address that mail can carry (RFC 5321). */
const LONGEST_EMAIL = 320;

/** The address in a text, without surrounding space; null: it is none that could be written to. */
export function addressIn(text: string): string | null {
  const address = text.trim();
  return address.length <= LONGEST_EMAIL && z.email().safeParse(address).success ? address : null;
}

/** The beginning of a text that is kept; never half of a character, which no database takes. */
export function cut(text: string, most = LONGEST_PAGE): string {
  return text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');
}
