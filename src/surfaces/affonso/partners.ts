/** How an affiliate is shown, and what an affiliate's fields may hold (apis.md 2.2). */
import { z } from 'zod';
import type { AffiliateView } from '../../core/views.ts';
import { toIso } from '../../core/time.ts';
import { answered } from './shapes.ts';
import { email, metadata, metadataChange, oneOf, optionalId, optionalText, text } from './inputs.ts';

const STATUSES = ['pending', 'approved', 'rejected', 'paused', 'banned'] as const;

/** Lower case in filters, upper case in replies: taken in any case. */
export const statusField: z.ZodType<(typeof STATUSES)[number] | null> = z
  .string({ error: 'must be a string' })
  .toLowerCase()
  .pipe(z.enum(STATUSES, { error: `must be one of ${STATUSES.join(', ')}` }))
  .nullish()
  .transform((word) => word ?? null)
  .describe(`One of ${STATUSES.join(', ')}, in any case.`);

const PAYOUT_METHODS = [
  'paypal',
  'wise',
  'payoneer',
  'paxum',
  'webmoney',
  'skrill',
  'wire_transfer',
  'ach',
  'bitcoin',
  'ethereum',
  'alipay',
  'wechat',
  'manual',
  'none',
] as const;

const TRACKING_ID = 'must be 1 to 100 lower-case letters, digits or hyphens';

/** `accountNumber` and `account_number` are the same key; the guide writes the one, the reference the other. */
function snake(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const name = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(details).map(([key, value]) => [name(key), value]));
}

/** Left out: it stays. null: it is taken away. */
const removableId = z
  .string({ error: 'must be a string' })
  .min(1, 'must not be empty')
  .max(255, 'must be at most 255 characters')
  .nullable()
  .optional();

const common = {
  tracking_id: z
    .string({ error: TRACKING_ID })
    .regex(/^[a-z0-9-]{1,100}$/, TRACKING_ID)
    .nullish()
    .meta({ description: 'What their links carry; made when absent.', examples: ['jane'] }),
  external_user_id: optionalId.describe('The user id of your app.'),
  partnership_status: statusField,
  status: statusField.describe('The same as partnership_status.'),
  company_name: optionalText(100),
  country_code: z
    .string({ error: 'must be two letters' })
    .regex(/^[A-Za-z]{2}$/, 'must be two letters')
    .transform((code) => code.toUpperCase())
    .nullish(),
  payout_method: oneOf(PAYOUT_METHODS),
  payout_details: metadata.transform(snake).describe('An object; camelCase names become snake_case.'),
  onboarding_completed: z
    .boolean({ error: 'must be true or false' })
    .nullish()
    .describe('Also set when onboarding responses are marked complete.'),
};

export const newAffiliate = z.object({
  ...common,
  name: text(100).meta({ examples: ['Jane'] }),
  email: email.meta({ examples: ['jane@example.com'] }),
  program_id: optionalId.describe('Default: the default program.'),
  group_id: optionalId.describe('Whose incentives they have.'),
  parent_id: optionalId.describe('Who recruited them, and earns with them.'),
  metadata,
});

export const affiliateChanges = z.object({
  ...common,
  name: text(100).nullish(),
  email: email.nullish(),
  /** null takes the affiliate out of its group, and from whoever recruited them. */
  group_id: removableId.describe('null takes them out of their group.'),
  parent_id: removableId.describe('null takes them from whoever recruited them.'),
  metadata: metadataChange,
});

type Details = z.infer<typeof newAffiliate> | z.infer<typeof affiliateChanges>;

/** The parts that the ledger does not need, kept as given. */
export function detailsOf(body: Details): Record<string, unknown> {
  const { company_name, country_code, payout_method, payout_details, onboarding_completed } = body;
  const own = Object.keys(payout_details).length === 0 ? null : payout_details;
  const all = { company_name, country_code, payout_method, payout_details: own, onboarding_completed };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null));
}

/** What the document has no word for, where there is something to say. */
function oursOf({ parentId, heldReason }: AffiliateView): Record<string, unknown> {
  return {
    ...(parentId === null ? {} : { parent_id: parentId }),
    ...(heldReason === null ? {} : { held: true, held_reason: heldReason }),
  };
}

export const affiliateAnswer = z
  .object({
    id: answered.id,
    name: z.string(),
    email: z.string(),
    tracking_id: z.string().describe('What their links carry.'),
    source: z.literal('api'),
    partnership_status: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'BANNED']),
    onboarding_completed: z.boolean(),
    program_id: answered.id,
    group_id: answered.id.nullable(),
    external_user_id: z.string().nullable(),
    company_name: z.string().nullable(),
    country_code: z.string().nullable(),
    payout_method: z.string().nullable(),
    payout_details: answered.object.nullable(),
    metadata: answered.object,
    created_at: answered.moment,
    parent_id: answered.id.optional().describe('Who recruited them, where somebody did.'),
    held: z.literal(true).optional().describe('Their commissions wait for an approval.'),
    held_reason: z.string().optional(),
  })
  .meta({ id: 'Affiliate' });

export function affiliateShape(view: AffiliateView): Record<string, unknown> {
  return {
    id: view.id,
    name: view.name,
    email: view.email,
    tracking_id: view.trackingId,
    source: 'api',
    partnership_status: view.status.toUpperCase(),
    onboarding_completed: (view.details['onboarding_completed'] ?? view.details['onboarding_marked']) === true,
    program_id: view.programId,
    group_id: view.groupId,
    external_user_id: view.externalUserId,
    company_name: view.details['company_name'] ?? null,
    country_code: view.details['country_code'] ?? null,
    payout_method: view.details['payout_method'] ?? null,
    payout_details: view.details['payout_details'] ?? null,
    metadata: view.metadata,
    created_at: toIso(view.createdAt),
    ...oursOf(view),
  };
}
