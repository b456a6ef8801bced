/**
 * Payment terms of the program (apis.md 2.2). Commission, hold and cookie lifetime are real: the first two are those of
 * the incentive that pays whoever no other pays, the hold is the program's. Everything about payouts and invoices is
 * shown as it was given.
 */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import type { Terms } from '../../core/incentives.ts';
import { specificity } from '../../core/incentives.ts';
import { decimalsOf, fromMajor, percentage } from '../../core/money.ts';
import type { ProgramSetup } from '../../core/program-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { IncentiveView } from '../../core/views.ts';
import type { Reply, Route } from '../surface.ts';
import { amountOf, lengthOf } from './group-incentives.ts';
import { invalid } from './inputs.ts';
import { route } from '../route.ts';
import {
  changesOf,
  clearableNumber,
  clearableText,
  flag,
  sectionShape,
  sentOf,
  shownOf,
  whole,
  word,
  words,
  type Section,
} from './sections.ts';
import { dataAnswer, done } from './shapes.ts';

const NAME = 'payment_terms';

const section: Section = {
  payment_threshold: whole(0, 1_000_000_000, 0),
  payment_frequency: word(['weekly', 'biweekly', 'monthly'], 'monthly'),
  payment_methods: words([]),
  custom_payment_terms: clearableText(5_000),
  auto_payout: flag(false),
  invoice_rule: word(['none', 'owner_provides', 'affiliate_provides', 'self_billing'], 'none'),
  invoice_prefix: clearableText(20),
  require_tax_forms: flag(false),
  owner_company_name: clearableText(255),
  owner_address_line_1: clearableText(255),
  owner_address_line_2: clearableText(255),
  owner_city: clearableText(255),
  owner_postal_code: clearableText(255),
  owner_country: clearableText(2),
  owner_vat_id: clearableText(255),
  owner_vat_rate: clearableNumber(0, 100),
};

const LIMIT = 'must be a whole number from 1 to 1200, or null';
const limit = z.int({ error: LIMIT }).min(1, LIMIT).max(1_200, LIMIT).nullable().optional();
const HOLD = 'must be a whole number from 0 to 3650, or null';
const RATE = 'must be a number of percent, or of major units when commission_type is fixed';

/** Newer clients' words first; what older ones say for the same. */
const DURATIONS = ['lifetime', 'time_limited', 'payment_limited', 'forever', 'once', 'first_month', 'custom'] as const;

const real = {
  commission_type: word(['percentage', 'fixed', 'credits'], 'percentage').input,
  commission_rate: z
    .number({ error: RATE })
    .min(0, RATE)
    .nullish()
    .transform((value) => value ?? undefined),
  commission_duration: word(DURATIONS, 'lifetime').input,
  commissions_limit: limit,
  commission_duration_value: limit.describe('The same as commissions_limit, of older clients.'),
  commissions_hold_days: z.int({ error: HOLD }).min(0, HOLD).max(3_650, HOLD).nullable().optional(),
  cookie_lifetime: whole(1, 365, 60).input,
};

const changes = z.object({ ...real }).and(changesOf(section));

type Body = z.infer<z.ZodObject<typeof real>>;

const termsAnswer = z.object({
  commission_type: z.enum(['percentage', 'fixed']),
  commission_rate: z
    .number()
    .describe('Percent, or major units of the currency of the workspace; 0: nothing pays by default.'),
  commission_duration: z.enum(['lifetime', 'time_limited', 'payment_limited']),
  commissions_limit: z.int().nullable().describe('Months or payments.'),
  commissions_hold_days: z.int().nullable(),
  ...shownOf(section),
  cookie_lifetime: z.int(),
});

/** The incentive that pays for everything nobody else's pays for: of the program, for whoever and whatever. */
async function defaultIncentive(caller: Caller, desk: Desk, program: ProgramSetup): Promise<IncentiveView | null> {
  const { rows } = await desk.incentives(caller, { limit: 10_000, offset: 0 });
  const found = rows.filter(({ programId, terms }) => programId === program.id && isDefault(terms));
  return found.toSorted((a, b) => b.terms.priority - a.terms.priority || a.createdAt - b.createdAt)[0] ?? null;
}

function isDefault(terms: Terms): boolean {
  const scoped = terms.groupId !== null || terms.affiliateId !== null || terms.isSubscription !== null;
  return !scoped && specificity(terms) === 5 && terms.effectiveFrom === null && terms.effectiveUntil === null;
}

async function shape(caller: Caller, desk: Desk, program: ProgramSetup): Promise<Record<string, unknown>> {
  const pays = await defaultIncentive(caller, desk, program);
  const { holdPeriodDays } = await desk.settings(caller);
  const { length, value } = pays ? lengthOf(pays.terms) : { length: 'customer_lifetime', value: null };
  return {
    commission_type: pays?.terms.type ?? 'percentage',
    commission_rate: pays ? amountOf(pays.terms) : 0,
    commission_duration: length === 'customer_lifetime' ? 'lifetime' : length,
    commissions_limit: value,
    commissions_hold_days: pays?.terms.holdPeriodDays ?? holdPeriodDays,
    ...sectionShape(section, program.details[NAME]),
    cookie_lifetime: program.clickWindowDays,
  };
}

type Length = Pick<Terms, 'maxMonths' | 'maxPayments' | 'applyTo'>;

const FOR_EVER: Length = { maxMonths: null, maxPayments: null, applyTo: 'all' };

/** How long it pays; null: nothing was said of it. */
function lengthIn(body: Body, terms: Terms | null): Length | Refusal | null {
  const { commission_duration: said, commissions_limit, commission_duration_value } = body;
  const count = commissions_limit === undefined ? commission_duration_value : commissions_limit;
  if (said === undefined && count === undefined) return null;
  const known = terms && lengthOf(terms);
  switch (said ?? (count === null ? 'lifetime' : (known?.length ?? 'payment_limited'))) {
    case 'once':
      return { ...FOR_EVER, maxPayments: 1 };
    case 'first_month':
      return { ...FOR_EVER, maxMonths: 1 };
    case 'time_limited':
    case 'custom':
      return count == null
        ? invalid('commissions_limit', 'is needed: for so many months')
        : { ...FOR_EVER, maxMonths: count };
    case 'payment_limited':
      return count == null
        ? invalid('commissions_limit', 'is needed: for so many payments')
        : { ...FOR_EVER, maxPayments: count };
    default:
      return said === undefined && count != null ? { ...FOR_EVER, maxPayments: count } : FOR_EVER;
  }
}

type Rate = Pick<Terms, 'type' | 'ratio' | 'amount' | 'currency'>;

/** What it pays; null: nothing was said of it. */
function rateIn(body: Body, terms: Terms | null, currency: string): Rate | Refusal | null {
  const { commission_type: type = terms?.type ?? 'percentage', commission_rate: rate } = body;
  if (type === 'credits')
    return invalid('commission_type', 'must be PERCENTAGE or FIXED: nothing here pays in credits');
  if (rate === undefined)
    return body.commission_type === undefined || type === terms?.type
      ? null
      : invalid('commission_rate', 'is needed with a new commission_type');
  if (type === 'percentage') {
    const ratio = percentage(String(rate));
    return ratio === null
      ? invalid('commission_rate', 'must be at most 100 percent, with at most 4 decimals')
      : { type, ratio, amount: null, currency };
  }
  const amount = fromMajor(String(rate), currency);
  return typeof amount === 'bigint'
    ? { type: 'fixed', ratio: null, amount, currency }
    : invalid('commission_rate', `must have at most ${decimalsOf(currency)} decimals`);
}

const NEW: Terms = {
  name: 'Default',
  type: 'percentage',
  ratio: null,
  amount: null,
  currency: 'usd',
  priceIds: [],
  productIds: [],
  interval: null,
  isSubscription: null,
  applyTo: 'all',
  maxPayments: null,
  maxMonths: null,
  maxAmount: null,
  approvalType: 'automatic',
  manualAbove: null,
  holdPeriodDays: null,
  groupId: null,
  affiliateId: null,
  priority: 0,
  effectiveFrom: null,
  effectiveUntil: null,
};

/** Makes, changes or ends the incentive that pays by default; the hold is said of the program, not of it. */
async function pay(body: Body, caller: Caller, desk: Desk, program: ProgramSetup): Promise<Refusal | null> {
  const pays = await defaultIncentive(caller, desk, program);
  if (body.commission_rate === 0) {
    const gone = pays && (await desk.endIncentive(caller, pays.id));
    return isRefusal(gone) ? gone : null;
  }
  const rate = rateIn(body, pays?.terms ?? null, program.currency);
  const length = lengthIn(body, pays?.terms ?? null);
  if (isRefusal(rate)) return rate;
  if (isRefusal(length)) return length;
  const holds = body.commissions_hold_days !== undefined && pays?.terms.holdPeriodDays != null;
  if (!rate && !length && !holds) return null;
  if (!pays && !rate) return invalid('commission_rate', 'is needed: nothing pays by default yet');
  const terms = { ...(pays?.terms ?? NEW), ...rate, ...length, ...(holds ? { holdPeriodDays: null } : {}) };
  const made = pays
    ? await desk.replaceIncentive(caller, pays.id, terms)
    : await desk.createIncentive(caller, program.id, terms);
  return isRefusal(made) ? made : null;
}

const show = route({
  method: 'GET',
  path: '/v1/program/payment-terms',
  summary: 'What the program pays by default, for how long, and after which hold.',
  answers: { 200: dataAnswer(termsAnswer) },
  scope: 'read:program',
  async run({ caller }, desk): Promise<Reply | Refusal> {
    const program = await desk.programSetup(caller, null);
    return isRefusal(program) ? program : done(await shape(caller, desk, program));
  },
});

/** Payments that are known already keep the terms they were made with. */
const change = route<z.infer<typeof changes>>({
  method: 'PATCH',
  path: '/v1/program/payment-terms',
  summary: 'Changes what the program pays by default, and what is shown of its payouts.',
  answers: { 200: dataAnswer(termsAnswer) },
  scope: 'write:program',
  body: changes,
  async run({ caller, body }, desk): Promise<Reply | Refusal> {
    const program = await desk.programSetup(caller, null);
    if (isRefusal(program)) return program;
    const refusal = await pay(body, caller, desk, program);
    if (refusal) return refusal;
    const { commissions_hold_days: hold, cookie_lifetime: days } = body;
    if (hold !== undefined) await desk.changeSettings(caller, { holdPeriodDays: hold });
    const changed = await desk.changeProgram(caller, {
      ...(days === undefined ? {} : { clickWindowDays: days }),
      section: { name: NAME, fields: sentOf(section, body) },
    });
    return done(await shape(caller, desk, changed));
  },
});

export const paymentTermsRoutes: readonly Route[] = [show, change];
