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
  return text.includes('\\u') && UNKEEPABLE_ESCAPE.test(text) ? JSON.parse(text, keepable) : JSON.parse(text);
}

function keepable(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(UNKEEPABLE, '\u{fffd}') : value;
}
