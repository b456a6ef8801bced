/**
 * Sections of a program: what each field takes, what it shows, and what it shows while nobody gave it. Nothing here acts
 * on them; who acts on one says so where the section is.
 */
import { z } from 'zod';
import { isPage, LONGEST_PAGE, NO_PAGE } from '../../core/destinations.ts';

export type Field<In = unknown> = {
  /** What a change may send; undefined: it stays. */
  readonly input: z.ZodType<In | undefined>;
  readonly shown: z.ZodType;
  readonly absent: unknown;
};

export type Section = Readonly<Record<string, Field>>;

type Fields = Readonly<Record<string, unknown>>;

/** null is as good as left out. */
function kept<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return schema.nullish().transform((value) => value ?? undefined);
}

export function flag(absent: boolean): Field<boolean> {
  return { input: kept(z.boolean({ error: 'must be true or false' })), shown: z.boolean(), absent };
}

/** One of a few words, taken in any case and shown in lower case. */
export function word(words: readonly [string, ...string[]], absent: string): Field<string> {
  const error = `must be one of ${words.join(', ')}`;
  const input = z
    .string({ error })
    .refine((value) => words.includes(value.toLowerCase()), error)
    .transform((value) => value.toLowerCase());
  return { input: kept(input), shown: z.enum(words), absent };
}

/** Text that null takes away. */
export function clearableText(max: number): Field<string | null> {
  const input = z
    .string({ error: 'must be a string or null' })
    .max(max, `must be at most ${max} characters`)
    .nullable()
    .optional();
  return { input, shown: z.string().nullable(), absent: null };
}

/** A page that is linked or shown as a picture; null and empty text take it away. */
export function clearablePage(): Field<string | null> {
  const input = z
    .string({ error: NO_PAGE })
    .refine((value) => value === '' || isPage(value), NO_PAGE)
    .meta({ format: 'uri', maxLength: LONGEST_PAGE })
    .nullable()
    .optional()
    .transform((value) => (value === '' ? null : value));
  return { input, shown: z.string().nullable(), absent: null };
}

export function plainText(max: number, absent: string): Field<string> {
  const input = z
    .string({ error: 'must be a string' })
    .max(max, `must be at most ${max} characters`)
    .refine((value) => value.trim() !== '', 'must not be empty');
  return { input: kept(input), shown: z.string(), absent };
}

/** Names, such as `ref` and `via`. */
export function words(absent: readonly string[]): Field<string[]> {
  const one = z
    .string({ error: 'must be a string' })
    .min(1, 'must not be empty')
    .max(100, 'is longer than 100 characters');
  const input = z.array(one, { error: 'must be a list of strings' }).max(100, 'must have at most 100 members');
  return { input: kept(input), shown: z.array(z.string()), absent };
}

export function whole(least: number, most: number, absent: number): Field<number> {
  const error = `must be a whole number from ${least} to ${most}`;
  return { input: kept(z.int({ error }).min(least, error).max(most, error)), shown: z.int(), absent };
}

export function clearableNumber(least: number, most: number): Field<number | null> {
  const error = `must be a number from ${least} to ${most}, or null`;
  const input = z.number({ error }).min(least, error).max(most, error).nullable().optional();
  return { input, shown: z.number().nullable(), absent: null };
}

const LARGEST = 20_000;

/** Any JSON object, which null takes away. */
export function clearableObject(): Field<Record<string, unknown> | null> {
  const input = z
    .record(z.string(), z.unknown(), { error: 'must be an object or null' })
    .refine((value) => JSON.stringify(value).length <= LARGEST, `must be at most ${LARGEST} bytes`)
    .nullable()
    .optional();
  return { input, shown: z.record(z.string(), z.unknown()).nullable(), absent: null };
}

/** The body of a change: every field may be left out. */
export function changesOf(section: Section): z.ZodType<Fields> {
  return z.object(Object.fromEntries(Object.entries(section).map(([name, { input }]) => [name, input])));
}

export function shownOf(section: Section): Readonly<Record<string, z.ZodType>> {
  return Object.fromEntries(Object.entries(section).map(([name, { shown }]) => [name, shown]));
}

/** What was given of a section, and what stands where nothing was. */
export function sectionShape(section: Section, given: Fields = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section).map(([name, { absent }]) => [name, given[name] ?? absent]));
}

/** Only what is sent. */
export function sentOf(section: Section, body: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => name in section && value !== undefined));
}
