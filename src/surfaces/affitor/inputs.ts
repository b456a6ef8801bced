/**
 * What this dialect accepts: null and blank are as good as absent, unknown fields are ignored, and so is what only
 * describes a call and is of the wrong kind: a visit counts whatever its page was called.
 */
import { z } from 'zod';
import { keepableText } from '../../core/body.ts';
import { LONGEST_PAGE } from '../../core/destinations.ts';
import { fromIso, untilFromIso } from '../../core/time.ts';
import { cut } from '../texts.ts';

const LONGEST_ID = 255;
const LONGEST_TEXT = 255;

/** A description, cut to what is kept. Pages cut their titles through characters: what cannot be kept becomes U+FFFD. */
export function described(most = LONGEST_TEXT): z.ZodType<string | null> {
  return z
    .string()
    .nullish()
    .catch(null)
    .transform((value) => (value == null || value.trim() === '' ? null : cut(keepableText(value.trim()), most)));
}

export const url = described(LONGEST_PAGE);

/**
 * A name of the caller's. Whole numbers are taken as they are written: many merchants' ids are. One that JSON cannot
 * carry exactly is refused, because another customer's would be read as the same.
 */
export const name: z.ZodType<string | null> = z
  .union([z.string().max(LONGEST_ID, `must be at most ${LONGEST_ID} characters`), z.int('must be a string')], {
    error: 'must be a string',
  })
  .nullish()
  .transform((value) => (value == null || String(value).trim() === '' ? null : String(value).trim()));

/** The idempotency key; `message` says that it is needed, in the words of the call. */
export function transactionId(message: string): z.ZodType<string | null> {
  return z
    .string({ error: message })
    .max(LONGEST_ID, `must be at most ${LONGEST_ID} characters`)
    .nullish()
    .transform((value) => (value == null || value.trim() === '' ? null : value.trim()));
}

/** The number of a program, or its id; as a number or text. */
export const program: z.ZodType<string | null> = z
  .union([z.string(), z.number()])
  .nullish()
  .catch(null)
  .transform((value) => (value == null || String(value).trim() === '' ? null : String(value).trim()));

const NOTHING = { test_mode: false, program_id: null, event_name: null } as const;

export type AdditionalData = {
  readonly test_mode: boolean;
  readonly program_id: string | null;
  readonly event_name: string | null;
};

export const additionalData: z.ZodType<AdditionalData> = z
  .object({
    test_mode: z
      .union([z.boolean(), z.string()])
      .nullish()
      .catch(null)
      .transform((value) => value === true || value === 'true')
      .describe('true: kept as a test, which credits nobody and earns nothing.'),
    program_id: program.describe('Says whose test it is where no key does.'),
    event_name: described(),
  })
  .nullish()
  .catch(null)
  .transform((value) => value ?? NOTHING);

export const NOT_AN_OBJECT = { error: 'must be a JSON object' };

/** Also of a body that does not fit: what is required depends on it. */
export function isTest(body: unknown): boolean {
  const data = (body as { additional_data?: Partial<AdditionalData> | null } | null)?.additional_data;
  return data?.test_mode === true;
}

/**
 * Refuses a body without a field that only tests may lack; looked at whatever else is wrong with the body, so that the
 * order of what is said does not depend on it.
 */
export function needs(field: string, message: string): [(body: unknown) => boolean, Needed] {
  const has = (body: unknown): boolean => (body as Record<string, unknown> | null)?.[field] != null;
  return [(body) => isTest(body) || has(body), { path: [field], error: message, when: () => true }];
}

type Needed = { path: string[]; error: string; when: () => boolean };

const CURRENCY = 'must be a three-letter currency code, such as USD';

/** Any case in, lower case inside; USD when none is given. */
export const currency: z.ZodType<string> = z
  .string({ error: CURRENCY })
  .regex(/^[A-Za-z]{3}$/, CURRENCY)
  .nullish()
  .transform((code) => (code ?? 'usd').toLowerCase());

/** A whole number of the currency's smallest unit. */
export function cents(least: number, message: string): z.ZodType<number | null | undefined> {
  return z.number({ error: message }).int({ error: message }).min(least, { error: message }).nullish();
}

const ISO = 'must be an ISO 8601 date or time that exists, such as 2026-11-21T00:00:00Z';

/** Years of four digits, the days compared with included: what a database takes. */
const FIRST_MOMENT = Date.parse('1900-01-01T00:00:00Z');

/**
 * A bound of a time span, milliseconds UTC, also where it names no offset; a day is taken from its beginning, as an end
 * until its end.
 */
export function bound(end: boolean): z.ZodType<number | null> {
  return z
    .string({ error: ISO })
    .nullish()
    .transform((sent, context) => {
      const text = sent?.trim() ?? '';
      if (text === '') return null;
      const at = (end ? untilFromIso : fromIso)(text);
      if (at !== null && at >= FIRST_MOMENT) return at;
      context.addIssue({ code: 'custom', message: ISO });
      return z.NEVER;
    });
}
