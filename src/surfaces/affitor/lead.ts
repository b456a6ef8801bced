/** A sign-up, told by a backend with its key or by the browser without one (apis.md 4.2). */
import { z } from 'zod';
import type { Led } from '../../core/buyers.ts';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { atProgram, numberIn, programNamed } from './homes.ts';
import { additionalData, described, isTest, name, NOT_AN_OBJECT, program, url } from './inputs.ts';
import { failing } from './problems.ts';
import { aliased, done, legacyAnswer, NAME, success, wrong } from './replies.ts';
import { addressIn } from '../texts.ts';
import { told, trialAnswer } from './trials.ts';

const MOST_CLICK_IDS = 20;

/** What does not look like an e-mail is ignored like every unknown field. */
const email: z.ZodType<string | null> = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => (value == null ? null : addressIn(value)));

const lead = z.object(
  {
    click_id: name.describe('The affitor_click_id cookie. Required, or customer_key, outside test mode.'),
    customer_key: name.describe('Your own id of the customer: by it all later sales are credited.'),
    customer_code: name.describe('The older name of click_id.'),
    user_id: name.describe('The older name of customer_key.'),
    email: email.describe('Payments with it that nobody else is credited with are credited to the click.'),
    session_id: described(),
    page_url: url,
    click_ids: z
      .array(z.string())
      .nullish()
      .catch(null)
      .transform((ids) => (ids ?? []).slice(-MOST_CLICK_IDS))
      .describe('Every click id that the browser had; kept, not used.'),
    event_name: described(),
    program_id: program,
    additional_data: additionalData,
  },
  NOT_AN_OBJECT,
);

type Lead = z.infer<typeof lead>;

const RECORDED = 'Lead tracked successfully';
const PROVISIONAL =
  'Lead recorded as provisional. This program requires server-side (Bearer) lead tracking to settle attribution.';
const UNKNOWN = 'Customer not found. Provide a valid click_id or customer_key.';

const recordedAnswer = z.object({ success, message: z.literal(RECORDED), ...legacyAnswer });
const provisionalAnswer = z.object({
  success,
  provisional: z.literal(true),
  message: z.literal(PROVISIONAL),
  ...legacyAnswer,
});

/** Without a key the click id says whose program it is, then the tracker's own field. */
async function homeOf(body: Lead, clickId: string | null, caller: Caller, desk: Desk): Promise<Caller | Refusal> {
  const number = numberIn(clickId);
  if (number === null) return caller.keyless ? atProgram(caller, programNamed(body), desk) : caller;
  const home = await atProgram(caller, number, desk);
  if (!isRefusal(home)) return home;
  return wrong(caller.keyless ? UNKNOWN : 'Customer does not belong to this program');
}

async function led(body: Lead, raw: string, caller: Caller, desk: Desk): Promise<Reply | Refusal> {
  const clickId = body.click_id ?? body.customer_code;
  const customerKey = body.customer_key ?? body.user_id;
  if (clickId === null && customerKey === null) return wrong('click_id or customer_key is required');
  const home = await homeOf(body, clickId, caller, desk);
  if (isRefusal(home)) return home;
  const answer = await desk.lead(home, { dialect: NAME, clickId, customerKey, email: body.email, body: raw });
  if (isRefusal(answer)) return answer.refused === 'not_found' ? wrong(UNKNOWN) : answer;
  return shown(answer, body.customer_code !== null || body.user_id !== null);
}

function shown(answer: Led, legacy: boolean): Reply | Refusal {
  if (answer.outcome === 'beyond')
    return wrong(`Customer status cannot be updated to lead. Current status: ${answer.status}`);
  const old = legacy ? { customer_code: answer.referralId } : {};
  if (answer.outcome === 'recorded') return done({ message: RECORDED, ...old });
  return done({ provisional: true, message: PROVISIONAL, ...old });
}

export const leadRoutes: readonly Route[] = aliased('lead', (path) =>
  route<Lead>({
    method: 'POST',
    path,
    scope: '*',
    keyless: 'allowed',
    cors: true,
    summary: 'Record a sign-up: with a key from a backend, without one from the browser.',
    answers: { 200: z.union([recordedAnswer, provisionalAnswer, trialAnswer('lead')]) },
    body: lead,
    problem: failing('Lead'),
    run: ({ body, raw, caller }, desk): Promise<Reply | Refusal> =>
      isTest(body) ? told('lead', body, caller, desk) : led(body, raw, caller, desk),
  }),
);
