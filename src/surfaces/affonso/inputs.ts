/** What this dialect accepts, as schemas: each says in its message what would have been right. */
import { z } from 'zod';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { decimalsOf, fromMajor } from '../../core/money.ts';
import type { Paging } from '../../core/desk.ts';
import type { Moment } from '../../core/time.ts';

/** Text of 1 to `max` characters that is not blank. */
export function text(max: number): z.ZodType<string> {
  return z
    .string({ error: 'must be a string' })
    .max(max, `must be at most ${max} characters`)
    .refine((value) => value.trim() !== '', 'must not be empty');
}

/** Text that may be left out; null and blank are the same as left out. */
export function optionalText(max: number): z.ZodType<string | null> {
  return z
    .string({ error: 'must be a string' })
    .max(max, `must be at most ${max} characters`)
    .nullish()
    .transform((value) => (value == null || value.trim() === '' ? null : value));
}

/** An outside id; the inbox and the keys of the ledger hold up to 255 characters. */
export const optionalId: z.ZodType<string | null> = optionalText(255);

/** An amount in major units as a JSON number above 0. How many decimals it may have depends on its currency: `minorOf`. */
export const amount: z.ZodType<number> = z
  .number({ error: 'must be a number in major units, such as 99.5' })
  .positive('must be above 0');

/** Three letters in any case; lower case inside. */
export const currency: z.ZodType<string> = z
  .string({ error: 'must be a three-letter currency code, such as USD' })
  .regex(/^[A-Za-z]{3}$/, 'must be a three-letter currency code, such as USD')
  .transform((code) => code.toLowerCase());

const ISO = 'must be an ISO 8601 time that exists, such as 2026-06-22T12:00:00Z';

/** An ISO 8601 time with an offset, or a date (midnight UTC), from 1970 to 9999, as milliseconds UTC. */
export const moment: z.ZodType<Moment> = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: ISO })
  .transform((value) => Date.parse(value))
  .refine((value) => value >= 0 && value < 253_402_300_800_000, ISO);

const DAY_MS = 86_400_000;

/** Like `moment`, as the end of a stretch of time: a date alone means its last millisecond, so that the day is included. */
export const momentUntil: z.ZodType<Moment> = z
  .union([z.iso.date().transform((value) => Date.parse(value) + DAY_MS - 1), moment], {
    error: ISO,
  })
  .refine((value) => value >= 0, ISO);

/** One of a few words; null and absent are the same. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T): z.ZodType<T[number] | null> {
  return z
    .enum(words, { error: `must be one of ${words.join(', ')}` })
    .nullish()
    .transform((word) => word ?? null);
}

/** An e-mail address, without surrounding space. */
export const email: z.ZodType<string> = z
  .string({ error: 'must be a string' })
  .trim()
  .max(254, 'must be at most 254 characters')
  .refine((value) => z.email().safeParse(value).success, 'must be an e-mail address');

export const optionalMoment: z.ZodType<Moment | null> = moment.nullish().transform((value) => value ?? null);

/** Ids of prices or products, at most 100. */
export const idList: z.ZodType<string[]> = z
  .array(text(255), { error: 'must be a list of strings' })
  .max(100, 'must have at most 100 members')
  .nullish()
  .transform((value) => value ?? []);

const METADATA_BYTES = 50_000;

const metadataObject = z
  .record(z.string(), z.unknown(), { error: 'must be an object' })
  .refine((value) => JSON.stringify(value).length <= METADATA_BYTES, `must be at most ${METADATA_BYTES} bytes`);

/** A JSON object of at most 50 kB; empty when none was sent. */
export const metadata: z.ZodType<Record<string, unknown>> = metadataObject.nullish().transform((value) => value ?? {});

/** The same in a change: null when none was sent, so that what stands is kept. */
export const metadataChange: z.ZodType<Record<string, unknown> | null> = metadataObject
  .nullish()
  .transform((value) => value ?? null);

/** A whole number written in a query. */
function wholeNumber(least: number, most: number, absent: number, description: string): z.ZodType<number> {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .string({ error })
    .regex(/^\d{1,9}$/, error)
    .optional()
    .transform((value) => (value === undefined ? absent : Number(value)))
    .refine((value) => value >= least && value <= most, error)
    .meta({ type: 'integer', minimum: least, maximum: most, default: absent, description });
}

/** `page` (from 1) and `limit` (default 50, at most 200) of an offset list. */
export const pageFields = {
  page: wholeNumber(1, 1_000_000, 1, 'Which page, from 1.'),
  limit: wholeNumber(1, 200, 50, 'How many on a page.'),
};

/** `limit` of a cursor list: 1 to 100, default 10. */
export const cursorLimit: z.ZodType<number> = wholeNumber(1, 100, 10, 'How many at most.');

export function pagingOf({ page, limit }: { page: number; limit: number }): Paging {
  return { limit, offset: (page - 1) * limit };
}

const TOO_MUCH = { not_a_number: 'must be a number', too_large: 'is too large' } as const;

/**
 * An amount in minor units. The number is taken by its shortest decimal text, so 99.1 is 9910 and never 9909.999…;
 * more decimals than the currency has are refused, not rounded.
 */
export function minorOf(value: number, code: string, field: string): bigint | Refusal {
  const minor = fromMajor(String(value), code);
  if (typeof minor === 'bigint') return minor;
  const decimals = decimalsOf(code);
  const message =
    minor === 'too_precise' ? `has more decimals than ${code.toUpperCase()} (${decimals})` : TOO_MUCH[minor];
  return invalid(field, message);
}

/** One field that does not fit. */
export function invalid(field: string, message: string): Refusal {
  return refuse('invalid_input', `${field} ${message}`, { field, details: [{ field, message }] });
}
