/** What this dialect accepts. Unknown fields are ignored; null is as good as absent, where it does not clear something. */
import { z } from 'zod';
import type { Walk } from '../../core/catalogue-desk.ts';
import { isPage, LONGEST_PAGE, NO_PAGE } from '../../core/destinations.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { fromIso, untilFromIso } from '../../core/time.ts';

/** Most of a list that is written or read. */
export const MOST = 10_000;

const DEFAULT_TAKE = 50;
const LARGEST_SKIP = 1_000_000_000;
const LONGEST_ID = 255;
const LONGEST_KEY = 255;

/** A whole number of a query. What is out of bounds is refused, as documented. */
function whole(absent: number, least: number, most: number, description: string): z.ZodType<number> {
  return z
    .unknown()
    .optional()
    .transform((value, context) => {
      if (value === undefined || value === '') return absent;
      const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : -1;
      if (number >= least && number <= most) return number;
      context.addIssue({ code: 'custom', message: `must be a whole number from ${least} to ${most}` });
      return z.NEVER;
    })
    .meta({ type: 'integer', minimum: least, maximum: most, default: absent, description });
}

/** What every list is walked by. */
export const walk = {
  take: whole(DEFAULT_TAKE, 1, MOST, 'How many at most.'),
  skip: whole(0, 0, LARGEST_SKIP, 'How many to pass over.'),
  sort: z
    .enum(['asc', 'desc'], { error: 'must be asc or desc' })
    .default('desc')
    .describe('By when they were made: asc the oldest first, desc the newest.'),
};

type Walked = { readonly take: number; readonly skip: number; readonly sort: 'asc' | 'desc' };

export const walkOf = ({ take, skip, sort }: Walked): Walk => ({ take, skip, newestFirst: sort === 'desc' });

/** A filter of a query; one that is empty is none. */
export function filter(description: string): z.ZodType<string | null, string | undefined> {
  return z
    .string({ error: 'must be one text' })
    .max(LONGEST_ID, `must be at most ${LONGEST_ID} characters`)
    .optional()
    .transform((value) => value || null)
    .describe(description);
}

/** An id of ours, in any of its spellings. */
export const id = z
  .string({ error: 'must be an id' })
  .min(1, 'must be an id')
  .max(LONGEST_ID, `must be at most ${LONGEST_ID} characters`);

/** Text that has to be there. */
export function text(most: number, description: string): z.ZodString {
  return z
    .string({ error: 'must be a string' })
    .min(1, 'must not be empty')
    .max(most, `must be at most ${most} characters`)
    .describe(description);
}

/** Text that may be missing, and is cleared by null or nothing at all between the quotes. */
export function clearable(most: number, description: string) {
  return z
    .string({ error: 'must be a string' })
    .max(most, `must be at most ${most} characters`)
    .nullable()
    .optional()
    .describe(description);
}

export const page = z
  .string({ error: NO_PAGE })
  .refine(isPage, NO_PAGE)
  .meta({ format: 'uri', maxLength: LONGEST_PAGE });

const LONGEST_EMAIL = 320;

export const email = z
  .email('must be an e-mail address')
  .max(LONGEST_EMAIL, `must be at most ${LONGEST_EMAIL} characters`);

const CURRENCY = 'must be a three-letter currency code, such as usd';

/** Three letters in any case, lower case inside and out; usd when none is given. */
export const currency = z
  .string({ error: CURRENCY })
  .regex(/^[a-z]{3}$/i, CURRENCY)
  .nullish()
  .transform((code) => (code ?? 'usd').toLowerCase())
  .describe('usd when absent.');

export const metadata = z
  .record(z.string(), z.unknown(), { error: 'must be an object' })
  .nullish()
  .transform((value) => value ?? null);

/** ISO 8601, UTC where it names no zone. A day alone begins with its first moment, as an end it ends with its last. */
export function moment(as: 'start' | 'end', description: string): z.ZodType<number | null> {
  return z
    .unknown()
    .optional()
    .transform((value, context) => {
      if (value === undefined || value === '') return null;
      const at = typeof value === 'string' ? (as === 'end' ? untilFromIso : fromIso)(value) : null;
      if (at !== null) return at;
      context.addIssue({ code: 'custom', message: 'must be a moment that exists, such as 2024-01-31T23:59:59Z' });
      return z.NEVER;
    })
    .meta({ type: 'string', format: 'date-time', description });
}

/** The caller's own name of a call, which a repetition has again; null: none. */
export function onceOf(key: string | null): string | null | Refusal {
  if (key === null || key.length <= LONGEST_KEY) return key;
  return refuse('invalid_input', `Idempotency-Key must be at most ${LONGEST_KEY} characters.`);
}
