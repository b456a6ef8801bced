/**
 * Every setting once: its name outside, how it is read, shown and explained. The API, the command line and docs/settings.md
 * all follow this table.
 */
import { z } from 'zod';
import type { Settings, Tier } from '../../core/rules.ts';
import { refuse, type FieldProblem, type Refusal } from '../../core/refusals.ts';
import { describedAs, objectOf } from './described.ts';

type Field = {
  /** As the API says it; the command line says it with hyphens. */
  readonly name: string;
  readonly setting: keyof Settings;
  /** From JSON to the value the core knows; its message says what is allowed. */
  readonly schema: z.ZodType;
  readonly show: (value: never) => unknown;
  /** How it is shown: as it could be sent. */
  readonly answer: z.ZodType;
  /** What the command line takes, in brackets behind its option. */
  readonly takes: string;
  readonly meaning: string;
};

const same = (value: unknown): unknown => value;

function field<K extends keyof Settings>(
  name: string,
  setting: K,
  schema: z.ZodType<Settings[K]>,
  [takes, meaning]: readonly [string, string],
  show: (value: Settings[K]) => unknown = same,
  answer: z.ZodType = describedAs(schema),
): Field {
  return { name, setting, schema, show, answer: answer.describe(meaning), takes, meaning };
}

function whole(least: number, most: number): z.ZodType<number> {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, error)
    .meta({ type: 'integer', minimum: least, maximum: most });
}

function wholeOrNull(least: number, most: number): z.ZodType<number | null> {
  const error = `must be a whole number from ${least} to ${most}, or null`;
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, error)
    .meta({ type: 'integer', minimum: least, maximum: most })
    .nullable();
}

const flag: z.ZodType<boolean> = z.boolean({ error: 'must be true or false' });

function word<const T extends readonly [string, ...string[]]>(...words: T): z.ZodType<T[number]> {
  return z.enum(words, { error: `must be ${words.join(' or ')}` });
}

const CURRENCY = 'must be a three-letter currency code, such as USD, or null';

const currencyOrNull: z.ZodType<string | null> = z
  .string({ error: CURRENCY })
  .regex(/^[A-Za-z]{3}$/, CURRENCY)
  .transform((code) => code.toLowerCase())
  .nullable();

const accrual: z.ZodType<boolean> = word('cash', 'accrual').transform((basis) => basis === 'accrual');

const MOST_TIERS = 20;
const TIER =
  'must have a group_id, min_sales (a whole number from 1) or min_amount (minor units of the program currency, from 1), and days (1 to 3650, or null)';

const tier = z
  .object(
    {
      group_id: z.string({ error: TIER }).min(1, TIER).max(255, TIER),
      min_sales: wholeOrNull(1, 1_000_000_000).optional(),
      min_amount: wholeOrNull(1, Number.MAX_SAFE_INTEGER).optional(),
      days: wholeOrNull(1, 3_650).optional(),
    },
    { error: TIER },
  )
  .refine((one) => one.min_sales != null || one.min_amount != null, TIER)
  .transform((one): Tier => ({
    groupId: one.group_id,
    minSales: one.min_sales ?? null,
    minAmount: one.min_amount == null ? null : String(one.min_amount),
    days: one.days ?? null,
  }));

const tierList: z.ZodType<readonly Tier[]> = z
  .array(tier, { error: 'must be a list of tiers, lowest first' })
  .max(MOST_TIERS, `must have at most ${MOST_TIERS} tiers`)
  .refine((all) => new Set(all.map(({ groupId }) => groupId)).size === all.length, 'must name each group once');

const shownTier = z.object({
  group_id: z.string(),
  min_sales: z.int().nullable(),
  min_amount: z.int().nullable(),
  days: z.int().nullable(),
});

const showTier = ({ groupId, minSales, minAmount, days }: Tier): z.infer<typeof shownTier> => ({
  group_id: groupId,
  min_sales: minSales,
  min_amount: minAmount === null ? null : Number(minAmount),
  days,
});

export const SETTINGS: readonly Field[] = [
  field('defer_minutes', 'deferMinutes', whole(0, 1_000_000), [
    'number',
    'minutes a payment intent that may belong to an invoice waits before it is a one-time sale',
  ]),
  field('hold_period_days', 'holdPeriodDays', wholeOrNull(0, 3_650), [
    'number|none',
    'days between earned and payable where the incentive says nothing',
  ]),
  field('trust_out_of_band', 'trustOutOfBand', flag, ['yes|no', 'money paid outside Stripe earns without an approval']),
  field('exclude_out_of_band', 'excludeOutOfBand', flag, ['yes|no', 'money paid outside Stripe earns nothing']),
  field('sell_uncollectible', 'sellUncollectible', flag, [
    'yes|no',
    'an invoice that was paid in part and given up sells what came in',
  ]),
  field(
    'credit_notes',
    'accrual',
    accrual,
    [
      'cash|accrual',
      'accrual: a credit note to the balance takes back at once, and what is paid from the balance earns',
    ],
    (value) => (value ? 'accrual' : 'cash'),
  ),
  field('precedence', 'precedence', word('coupon', 'click'), [
    'coupon|click',
    'which counts when both name different affiliates',
  ]),
  field('provisional_disputes', 'provisionalDisputes', flag, [
    'yes|no',
    'an open dispute of a commission that was paid out counts against the partner at once',
  ]),
  field('warning_days', 'warningDays', whole(0, 3_650), [
    'number',
    'days a fraud warning holds a commission when nothing follows',
  ]),
  field('lock_rates', 'lockRates', flag, [
    'yes|no',
    'every payment of a referral is decided by the rules of its first',
  ]),
  field('limits_per', 'limitsPer', word('customer', 'subscription'), [
    'customer|subscription',
    'whose payments "first", "N payments" and "N months" count',
  ]),
  field('count_prorations', 'countProrations', flag, [
    'yes|no',
    'invoices of prorations only use up one of "N payments"',
  ]),
  field('net_of_platform_fee', 'netOfPlatformFee', flag, [
    'yes|no',
    'the platform fee on charges made for other accounts is not in the base',
  ]),
  field(
    'currency',
    'currency',
    currencyOrNull,
    ['code|none', 'commissions are converted to it at the rate of the payment’s day'],
    (value) => value?.toUpperCase() ?? null,
  ),
  field(
    'tiers',
    'tiers',
    tierList,
    ['JSON|none', 'groups that are reached by sales, lowest first'],
    (value) => value.map(showTier),
    z.array(shownTier),
  ),
  field('loss_threshold', 'lossThreshold', wholeOrNull(1, 100), [
    'percent|none',
    'share of an affiliate’s sales, by number or amount, that is refunded or disputed before they are held',
  ]),
  field('loss_days', 'lossDays', whole(1, 3_650), ['number', 'how many days of sales loss_threshold looks at']),
  field('loss_minimum_sales', 'lossMinimumSales', whole(1, 1_000_000), [
    'number',
    'with fewer sales than this nobody is held',
  ]),
  field('lead_auth', 'leadAuth', word('optional', 'server_required'), [
    'optional|server_required',
    'whether a sign-up told by a browser counts at once, or when a backend or a payment bears it out',
  ]),
  field('keyless_buyers', 'keylessBuyers', whole(0, 100), [
    'number',
    'e-mails, and ids of customers, that sign-ups without a key may bind to one click',
  ]),
  field('unique_invoice_ids', 'uniqueInvoiceIds', flag, [
    'yes|no',
    'a Hoko sale with a metadata.invoiceId that was told before is that sale',
  ]),
  field('self_referrals', 'selfReferrals', word('off', 'detect', 'block'), [
    'off|detect|block',
    'what buying with the e-mail of the affiliate comes to: nothing, an approval, no commission',
  ]),
];

export const settingsBody = objectOf(
  Object.fromEntries(SETTINGS.map(({ name, schema, meaning }) => [name, schema.optional().describe(meaning)])),
  { closed: true },
);

export const settingsAnswer = z
  .object(Object.fromEntries(SETTINGS.map(({ name, answer }) => [name, answer])))
  .meta({ id: 'Settings' });

/** Reads changes; unknown names and values that do not fit are refused, all at once, with what is allowed. */
export function readSettings(body: Readonly<Record<string, unknown>>): Partial<Settings> | Refusal {
  const problems: FieldProblem[] = [];
  const changes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const known = SETTINGS.find((one) => one.name === name);
    if (!known) {
      problems.push({ field: name, message: `is no setting; there are ${SETTINGS.map((one) => one.name).join(', ')}` });
      continue;
    }
    const read = known.schema.safeParse(value);
    if (read.success) changes[known.setting] = read.data;
    else
      for (const { path, message } of read.error.issues)
        problems.push({ field: [name, ...path].map(String).join('.'), message });
  }
  const [first] = problems;
  if (!first) return changes;
  const message = problems.map((one) => `${one.field} ${one.message}`).join('; ');
  return refuse('invalid_input', message, { field: first.field.split('.')[0] ?? first.field, details: problems });
}

/** Settings by the names of the API. */
export function settingsShape(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(SETTINGS.map(({ name, setting, show }) => [name, show(settings[setting] as never)]));
}
