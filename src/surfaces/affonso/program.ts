/**
 * The program (apis.md 2.2). Real are its name, its click window and what buying from oneself comes to; everything else is
 * kept as it was given and shown, and decides nothing (docs/compatibility.md).
 */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import type { ProgramSetup } from '../../core/program-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { Reply, Route } from '../surface.ts';
import { route } from '../route.ts';
import {
  changesOf,
  clearableObject,
  clearablePage,
  clearableText,
  flag,
  plainText,
  sectionShape,
  sentOf,
  shownOf,
  whole,
  word,
  words,
  type Section,
} from './sections.ts';
import { answered, dataAnswer, done, upper } from './shapes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A section with what its fields mean for us beyond being shown. */
type Part = {
  readonly path: string;
  readonly name: string;
  readonly about: string;
  readonly section: Section;
  /** Fields beside those of the section. */
  readonly more?: Section;
  shape(program: ProgramSetup, caller: Caller, desk: Desk): Promise<Record<string, unknown>>;
  /** What else a change does. */
  act?(sent: Fields, caller: Caller, desk: Desk): Promise<void>;
};

const given = (program: ProgramSetup, { name, section }: Part): Record<string, unknown> =>
  sectionShape(section, program.details[name]);

const general: Part = {
  path: '/v1/program',
  name: 'program',
  about: 'The program',
  section: {
    slug: clearableText(255),
    tagline: clearableText(255),
    category: clearableText(255),
    description: clearableText(5_000),
    website_url: clearablePage(),
    logo_url: clearablePage(),
    access_mode: word(['public', 'private', 'invite'], 'private'),
    affiliate_links_enabled: flag(true),
  },
  more: { name: plainText(255, '') },
  shape: (program) =>
    Promise.resolve({
      id: program.id,
      name: program.name,
      ...given(program, general),
      status: 'active',
      currency: upper(program.currency),
      default_referral_parameter: program.details['tracking']?.['default_referral_parameter'] ?? 'ref',
      plan: { tier: null, postbacks: false, groups_limit: null },
      created_at: toIso(program.createdAt),
      updated_at: toIso(program.updatedAt),
    }),
};

const tracking: Part = {
  path: '/v1/program/tracking',
  name: 'tracking',
  about: 'How visits and sign-ups are tracked',
  section: {
    default_referral_parameter: plainText(100, 'ref'),
    enabled_referral_parameters: words(['ref', 'via']),
    email_tracking_enabled: flag(true),
    name_tracking_enabled: flag(true),
    postbacks_enabled: flag(false),
    append_affonso_id_enabled: flag(false),
    tracking_template_enabled: flag(false),
    tracking_template: {
      input: z
        .array(z.record(z.string(), z.unknown()), { error: 'must be a list of objects, or null' })
        .max(100, 'must have at most 100 members')
        .nullable()
        .optional(),
      shown: z.array(z.record(z.string(), z.unknown())).nullable(),
      absent: null,
    },
  },
  more: { cookie_lifetime: whole(1, 365, 60) },
  shape: (program) => Promise.resolve({ ...given(program, tracking), cookie_lifetime: program.clickWindowDays }),
};

const restrictions: Part = {
  path: '/v1/program/restrictions',
  name: 'restrictions',
  about: 'Which traffic is allowed',
  section: {
    websites: flag(true),
    social_marketing: flag(true),
    organic_social: flag(true),
    email_marketing: flag(true),
    mobile_traffic: flag(true),
    search_engine_marketing: flag(true),
    organic_search: flag(true),
    rebrokering: flag(true),
    incent: flag(true),
    brand_bidding: flag(true),
    additional_restrictions: clearableText(5_000),
  },
  shape: (program) => Promise.resolve(given(program, restrictions)),
};

const portal: Part = {
  path: '/v1/program/portal',
  name: 'portal',
  about: 'How a portal for affiliates looks',
  section: {
    single_program_portal: flag(false),
    hide_branding: flag(false),
    hide_details: flag(false),
    primary_color: clearableText(255),
    secondary_color: clearableText(255),
    show_leaderboard: flag(false),
    terms_conditions_status: flag(false),
    terms_conditions_value: clearableText(20_000),
    privacy_policy_status: flag(false),
    privacy_policy_value: clearableText(20_000),
    support_email_status: flag(false),
    support_email_value: clearableText(255),
    custom_texts: clearableObject(),
  },
  shape: (program) => Promise.resolve(given(program, portal)),
};

const MODES = ['off', 'detect', 'block'] as const;

const mode = () => word(MODES, 'off');

/** Older clients say `self_referral`, newer ones `self_referral_mode`: both are the workspace's setting. */
const fraudRules: Part = {
  path: '/v1/program/fraud-rules',
  name: 'fraud_rules',
  about: 'Rules against fraud',
  section: {
    cross_program_ban_mode: mode(),
    duplicate_payout_mode: mode(),
    suspicious_email_mode: mode(),
    banned_referral_mode: mode(),
    paid_traffic_mode: mode(),
    blocked_country_mode: mode(),
    banned_referral_config: clearableObject(),
    blocked_country_config: clearableObject(),
    paid_traffic_config: clearableObject(),
    duplicate_ip: mode(),
    vpn_proxy: mode(),
    suspicious_conversion: mode(),
  },
  more: { self_referral_mode: mode(), self_referral: mode() },
  async shape(program, caller, desk) {
    const { selfReferrals } = await desk.settings(caller);
    return { self_referral_mode: selfReferrals, ...given(program, fraudRules), self_referral: selfReferrals };
  },
  async act(sent, caller, desk) {
    const wanted = MODES.find((one) => one === (sent['self_referral_mode'] ?? sent['self_referral']));
    if (wanted !== undefined) await desk.changeSettings(caller, { selfReferrals: wanted });
  },
};

const answers: Readonly<Record<string, z.ZodRawShape>> = {
  program: {
    id: answered.id,
    name: z.string(),
    ...shownOf(general.section),
    status: z.literal('active'),
    currency: answered.currency,
    default_referral_parameter: z.string(),
    plan: z.object({ tier: z.null(), postbacks: z.literal(false), groups_limit: z.null() }),
    created_at: answered.moment,
    updated_at: answered.moment,
  },
};

const answerOf = (part: Part): z.ZodType =>
  dataAnswer(z.object(answers[part.name] ?? { ...shownOf(part.section), ...shownOf(part.more ?? {}) }));

async function own(caller: Caller, desk: Desk): Promise<ProgramSetup | Refusal> {
  return desk.programSetup(caller, null);
}

function routesOf(part: Part): Route[] {
  const { path, section, more = {} } = part;
  const show = route({
    method: 'GET',
    path,
    summary: `${part.about}.`,
    answers: { 200: answerOf(part) },
    scope: 'read:program',
    async run({ caller }, desk): Promise<Reply | Refusal> {
      const program = await own(caller, desk);
      return isRefusal(program) ? program : done(await part.shape(program, caller, desk));
    },
  });
  const change = route<Fields>({
    method: 'PATCH',
    path,
    summary: `${part.about}: changes what is sent.`,
    answers: { 200: answerOf(part) },
    scope: 'write:program',
    body: changesOf({ ...section, ...more }),
    async run({ caller, body }, desk): Promise<Reply> {
      await part.act?.(body, caller, desk);
      const { name, cookie_lifetime: days } = body;
      const program = await desk.changeProgram(caller, {
        ...(typeof name === 'string' ? { name } : {}),
        ...(typeof days === 'number' ? { clickWindowDays: days } : {}),
        section: { name: part.name, fields: sentOf(section, body) },
      });
      return done(await part.shape(program, caller, desk));
    },
  });
  return [show, change];
}

export const programRoutes: readonly Route[] = [general, tracking, restrictions, portal, fraudRules].flatMap(routesOf);
