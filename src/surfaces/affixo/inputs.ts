/** What this dialect accepts: null is as good as absent, unknown fields are ignored. */
import { z } from 'zod';
import { keepableText } from '../../core/body.ts';
import type { Paging } from '../../core/desk.ts';
import { decimalsOf, fromMajor } from '../../core/money.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { cut } from '../texts.ts';
import { REQUIRED } from './problems.ts';

const LONGEST_ID = 255;
const LONGEST_URL = 2000;

function optionalText(max: number): z.ZodType<string | null> {
  return z
    .string({ error: 'must be a string' })
    .max(max, `must be at most ${max} characters`)
    .nullish()
    .transform((value) => (value == null || value.trim() === '' ? null : value));
}

export const optionalId = optionalText(LONGEST_ID);
export const optionalUrl = optionalText(LONGEST_URL);

/** Where a visitor was, cut to what is kept: it describes, and what it describes must not be lost for its length. */
export const visited: z.ZodType<string | null> = z
  .string({ error: 'must be a string' })
  .nullish()
  .transform((value) => (value == null || value.trim() === '' ? null : cut(keepableText(value))));

/** A required id; missing, null and blank are the same. */
export const requiredId: z.ZodType<string> = z.preprocess(
  (value) => (value === null || (typeof value === 'string' && value.trim() === '') ? undefined : value),
  z
    .string({ error: ({ input }) => (input === undefined ? REQUIRED : 'must be a string') })
    .max(LONGEST_ID, `must be at most ${LONGEST_ID} characters`),
);

export const optionalFlag: z.ZodType<boolean> = z
  .boolean({ error: 'must be true or false' })
  .nullish()
  .transform((flag) => flag ?? false);

/** A number of major units, at least 0. How many decimals it may have depends on its currency: `minorOf`. */
export const amount: z.ZodType<number> = z.preprocess(
  (value) => (value === null ? undefined : value),
  z
    .number({
      error: ({ input }) => (input === undefined ? REQUIRED : 'must be a number in major units, such as 99.5'),
    })
    .min(0, 'must not be negative'),
);

const CURRENCY = 'must be a three-letter currency code, such as usd';

/** Three letters in any case, lower case inside and out; usd when none is given. */
export const currency: z.ZodType<string> = z
  .string({ error: CURRENCY })
  .regex(/^[A-Za-z]{3}$/, CURRENCY)
  .nullish()
  .transform((code) => (code ?? 'usd').toLowerCase());

/** Minor units, exactly: the number is taken by its shortest decimal text, more decimals than the currency has are refused. */
export function minorOf(value: number, code: string): bigint | Refusal {
  const minor = fromMajor(String(value), code);
  if (typeof minor === 'bigint') return minor;
  const message = minor === 'too_precise' ? `has more decimals than ${code} (${decimalsOf(code)})` : 'is too large';
  return refuse('invalid_input', `amount ${message}`, { field: 'amount', details: [{ field: 'amount', message }] });
}

const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 100;
const LARGEST_OFFSET = 1_000_000_000;

/** A number of a query within bounds; what is none is as good as absent, as every filter that is not known. */
function counted(absent: number, least: number, most: number, description: string): z.ZodType<number> {
  return z
    .unknown()
    .optional()
    .transform((value) => {
      if (typeof value !== 'string' || !/^\d{1,12}$/.test(value)) return absent;
      return Math.min(Math.max(Number(value), least), most);
    })
    .meta({ type: 'integer', minimum: least, maximum: most, default: absent, description });
}

function word(description: string): z.ZodType<string | null> {
  return z
    .unknown()
    .optional()
    .transform((value) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null))
    .meta({ type: 'string', description });
}

const page = {
  limit: counted(DEFAULT_LIMIT, 1, LARGEST_LIMIT, 'How many at most.'),
  offset: counted(0, 0, LARGEST_OFFSET, 'How many to pass over.'),
};

export const pageQuery = z.object(page);

export const affiliateQuery = z.object({
  ...page,
  q: word('Part of a name, an e-mail or a ref_code.'),
  status: word('Only affiliates of this status.'),
});

export const creditedQuery = z.object({ ...page, affiliate_id: word('Only what is theirs.') });

export type PageQuery = z.infer<typeof pageQuery>;
export type AffiliateQuery = z.infer<typeof affiliateQuery>;
export type CreditedQuery = z.infer<typeof creditedQuery>;

/** This dialect tells no totals. */
export const pagingOf = ({ limit, offset }: PageQuery): Paging => ({ limit, offset, uncounted: true });
