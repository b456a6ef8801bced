/** Reading the body of an event. */

/** An escape that stands for NUL or for half of a character: JSON may say them, a database's text cannot hold them. */
const UNKEEPABLE_ESCAPE = /\\u(?:0000|d[89a-f])/i;
const UNKEEPABLE = /\0|\p{Surrogate}/gu;

/**
 * The value of a body, its texts as they can be kept: what cannot becomes U+FFFD. Refusing the event would lose its
 * money, and keeping the escape would leave rows that the database cannot look into. Throws for what is not JSON.
 */
export function readBody(text: string): unknown {
  // Hardly any body has an escape of this kind at all, which is seen ten times as fast.
  return JSON.parse(text.includes('\\u') && UNKEEPABLE_ESCAPE.test(text) ? keepableJson(text) : text);
}

/** A text as it can be kept. */
export function keepableText(text: string): string {
  return text.replaceAll(UNKEEPABLE, '\u{fffd}');
}

/** A pair of halves, which is a character; NUL or one half; any other escape. */
const ESCAPES =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u(?:0000|[dD][89a-fA-F][\da-fA-F]{2}))|\\./g;

/** The text of a valid JSON document as it can be kept: nothing else of it changes, no digit of a number either. */
export function keepableJson(text: string): string {
  return text.replaceAll(ESCAPES, (escape, unkeepable?: string) => (unkeepable === undefined ? escape : '\u{fffd}'));
}
