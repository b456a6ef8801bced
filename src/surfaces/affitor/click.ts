/** A visit through a link, told by the browser: the `aff` code in the page's address is the proof (apis.md 4.2). */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { isPage, urlIn } from '../../core/destinations.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { atProgram, numberIn, programNamed } from './homes.ts';
import { additionalData, described, isTest, name, NOT_AN_OBJECT, program, url } from './inputs.ts';
import { failing } from './problems.ts';
import { aliased, done, legacyAnswer, success, wrong } from './replies.ts';
import { cut } from '../texts.ts';
import { told, trialAnswer } from './trials.ts';

const click = z.object(
  {
    affiliate_url: z
      .string()
      .nullish()
      .transform((value) => value?.trim() ?? '')
      .describe('The address of the landing page, with ?aff=<code>. Required outside test mode.'),
    page_url: url,
    page_title: described(),
    referrer_url: url,
    session_id: described(),
    user_agent: described(1000).describe('Default: the User-Agent header.'),
    screen_resolution: described(),
    viewport_size: described(),
    language: described(),
    timezone: described(),
    existing_click_id: name.describe('The click id that the visitor carries: it stays theirs, the last click counts.'),
    customer_code: name.describe('The older name of existing_click_id.'),
    program_id: program.describe('Number of the program, where several are served.'),
    additional_data: additionalData,
  },
  NOT_AN_OBJECT,
);

type Click = z.infer<typeof click>;

const clickAnswer = z.object({
  success,
  click_id: z
    .string()
    .regex(/^\S+$/)
    .describe('cust_<program>_<ms and nine random digits>; of a known visitor, the id they carry.'),
  partner_code: z.string(),
  cookie_window_days: z.int(),
  ...legacyAnswer,
});

const NO_LINK = 'Referral link not found';
const INACTIVE = 'Referral link is inactive';
const inactiveAnswer = z.object({ success: z.literal(false), message: z.literal(INACTIVE) });

/** What is kept with the click; what is missing is left out. */
function detailsOf(body: Click, userAgent: string): Record<string, string> {
  const { existing_click_id: _, customer_code: __, program_id: ___, additional_data, ...fields } = body;
  const all = {
    ...fields,
    affiliate_url: cut(fields.affiliate_url),
    user_agent: fields.user_agent ?? (userAgent === '' ? null : userAgent.slice(0, 1000)),
    event_name: additional_data.event_name,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Where the link is looked up: in the named program's workspace, else in that of the id the visitor carries. */
async function homeOf(body: Click, existing: string | null, caller: Caller, desk: Desk): Promise<Caller | Refusal> {
  const named = programNamed(body);
  if (named !== null) return atProgram(caller, named, desk);
  const carried = await atProgram(caller, numberIn(existing), desk);
  // A cookie of a program that is no more says nothing.
  return isRefusal(carried) ? caller : carried;
}

async function clicked(body: Click, userAgent: string, caller: Caller, desk: Desk): Promise<Reply | Refusal> {
  const { affiliate_url: address } = body;
  if (address === '') return wrong('affiliate_url is required');
  const url = urlIn(address);
  // What is longer than what is kept of it is an address all the same.
  if (url === null || !isPage(cut(address))) return wrong('Invalid affiliate_url');
  const code = url.searchParams.get('aff')?.trim() ?? '';
  if (code === '') return wrong('No aff parameter found in affiliate_url');
  // Escaped in an address it comes through: no link can have it, and no database takes it.
  if (code.includes('\0')) return wrong(NO_LINK);
  const existing = body.existing_click_id ?? body.customer_code;
  const home = await homeOf(body, existing, caller, desk);
  if (isRefusal(home)) return home;
  const followed = await desk.arrive(home, { code, existing, details: detailsOf(body, userAgent) });
  if (followed === 'inactive') return { status: 200, body: { success: false, message: INACTIVE } };
  if (isRefusal(followed)) return followed.refused === 'not_found' ? wrong(NO_LINK) : followed;
  const { clickId, windowDays } = followed;
  const legacy = body.customer_code === null ? {} : { customer_code: clickId };
  return done({ click_id: clickId, partner_code: code, cookie_window_days: windowDays, ...legacy });
}

export const clickRoutes: readonly Route[] = aliased('click', (path) =>
  route<Click>({
    method: 'POST',
    path,
    scope: '*',
    keyless: 'always',
    cors: true,
    summary: 'Record a visit through an affiliate’s link. No key.',
    answers: { 200: z.union([clickAnswer, inactiveAnswer, trialAnswer('click')]) },
    body: click,
    problem: failing('Click'),
    run: ({ body, caller, userAgent }, desk): Promise<Reply | Refusal> =>
      isTest(body) ? told('click', body, caller, desk) : clicked(body, userAgent, caller, desk),
  }),
);
