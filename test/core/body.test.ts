/** Bodies as they can be kept. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepableJson, keepableText, readBody } from '../../src/core/body.ts';

test.each([
  [String.raw`{"a":"\u0000"}`, '{"a":"\u{fffd}"}'],
  [String.raw`{"a":"\ud83d"}`, '{"a":"\u{fffd}"}'],
  [String.raw`{"a":"\uDE00x"}`, '{"a":"\u{fffd}x"}'],
  [String.raw`{"a":"\ud83d\ude00"}`, String.raw`{"a":"\ud83d\ude00"}`],
  [String.raw`{"a":"\ud83d\ud83d\ude00"}`, '{"a":"\u{fffd}\\ud83d\\ude00"}'],
  [String.raw`{"a":"\\u0000","n":12345678901234567.890}`, String.raw`{"a":"\\u0000","n":12345678901234567.890}`],
  [String.raw`{"a":"\"\n\u0041"}`, String.raw`{"a":"\"\n\u0041"}`],
])('%s becomes %s', (text, kept) => {
  expect(keepableJson(text)).toBe(kept);
});

test('the kept text says what reading it gives, and both what the text itself is kept as', () => {
  const text = fc.string({ unit: fc.constantFrom('\0', '\ud83d', '\ude00', '\\', 'u', '0000', '"', 'a', 'é') });
  fc.assert(
    fc.property(text, (value) => {
      const written = JSON.stringify({ value });
      expect(readBody(written)).toEqual({ value: keepableText(value) });
      expect(JSON.parse(keepableJson(written))).toEqual({ value: keepableText(value) });
    }),
  );
});
