/** Is the integration right? Events told as tests, the rehearsal of a sale, and the gates of a program (apis.md 4.2). */
import { z } from 'zod';
import type { Activity } from '../../core/figures.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { STEP_ENDS, TRIAL_KINDS, type TrialKind, type TrialSums, type TrialView } from '../../core/trials.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { unknownProgram } from './homes.ts';
import { NOT_AN_OBJECT, program } from './inputs.ts';
import { agentProblem } from './problems.ts';
import { done, success } from './replies.ts';
import { trialAnswer, trialMessage } from './trials.ts';

/** The steps of a set-up, by the events that complete them. */
const STEPS = { pageview: 'click', referrals: 'lead', payments: 'sale' } as const;
const STEP_ERROR = { error: 'must be pageview, referrals or payments' };
const step = z.enum(['pageview', 'referrals', 'payments'], STEP_ERROR);

const kind = z.enum(TRIAL_KINDS);
const moment = z.iso.datetime();
const testEvent = z.object({ id: z.int(), event_type: kind, timestamp: moment });

const testEventShape = ({ number, kind: event_type, at }: TrialView): z.infer<typeof testEvent> => ({
  id: number,
  event_type,
  timestamp: toIso(at),
});

const testBody = z.object({ program_id: program, step_id: step }, NOT_AN_OBJECT);

const test = route<z.infer<typeof testBody>>({
  method: 'POST',
  path: '/api/tracking/test',
  scope: '*',
  summary: 'Keep a test event of one step of the set-up.',
  answers: {
    200: z.object({
      success,
      message: z.enum(TRIAL_KINDS.map(trialMessage) as [string, ...string[]]),
      testEvent,
    }),
  },
  body: testBody,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const found = await desk.program(caller, body.program_id);
    if (isRefusal(found)) return unknownProgram();
    const tested = STEPS[body.step_id];
    const kept = await desk.tellTrial(caller, {
      programId: found.id,
      kind: tested,
      details: { step_id: body.step_id },
    });
    return isRefusal(kept) ? kept : done({ message: trialMessage(tested), testEvent: testEventShape(kept) });
  },
});

const checkBody = z.object({ program_id: program, step_id: step.nullish() }, NOT_AN_OBJECT);

/** Refunds are no step of a set-up. */
const CHECKED = ['click', 'lead', 'sale'] as const;

const checkAnswer = z.object({
  success,
  data: z.object({
    hasTestEvents: z.boolean(),
    eventCount: z.int(),
    eventsByType: z.object({ click: z.int(), lead: z.int(), sale: z.int() }),
    latestTestEvent: testEvent.nullable(),
    programId: z.int(),
    advertiserId: z.int().describe('The number of the workspace’s default program.'),
    stepId: step.nullable(),
  }),
});

function checked({ counts, latest }: TrialSums, wanted: readonly TrialKind[]) {
  const countOf = (one: TrialKind): number => (wanted.includes(one) ? counts[one] : 0);
  const eventsByType = { click: countOf('click'), lead: countOf('lead'), sale: countOf('sale') };
  const eventCount = eventsByType.click + eventsByType.lead + eventsByType.sale;
  const [last] = wanted.flatMap((one) => latest[one] ?? []).toSorted((a, b) => b.number - a.number);
  const latestTestEvent = last ? testEventShape(last) : null;
  return { hasTestEvents: eventCount > 0, eventCount, eventsByType, latestTestEvent };
}

const check = route<z.infer<typeof checkBody>>({
  method: 'POST',
  path: '/api/tracking/check-test-events',
  scope: '*',
  summary: 'Which test events of the last 30 days have arrived, of one step or of all.',
  answers: { 200: checkAnswer },
  body: checkBody,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const found = await desk.program(caller, body.program_id);
    const own = await desk.program(caller, null);
    if (isRefusal(found) || isRefusal(own)) return unknownProgram();
    const { step_id: stepId = null } = body;
    const sums = await desk.trials(caller, found.id);
    const said = checked(sums, stepId === null ? CHECKED : [STEPS[stepId]]);
    return done({ data: { ...said, programId: found.number, advertiserId: own.number, stepId } });
  },
});

const end = z.enum(STEP_ENDS);
const verdict = z.object({ click: end, lead: end, sale: end });

const runBody = z.object(
  {
    type: z
      .literal('chain', { error: 'must be chain' })
      .nullish()
      .describe('Click, lead and sale, decided as real ones.'),
    event_type: z.enum(CHECKED, { error: 'must be click, lead or sale' }).nullish().describe('One event, only kept.'),
  },
  NOT_AN_OBJECT,
);

const chainAnswer = z.object({
  data: z.object({
    type: z.literal('chain'),
    short_code: z.string(),
    customer_key: z.string(),
    verdict,
    attributed: z.boolean(),
  }),
});

const run = route<z.infer<typeof runBody>>({
  method: 'POST',
  path: '/api/v1/cli/test-event',
  scope: '*',
  summary: 'Rehearse click, lead and sale by the workspace’s own rules. At most ten times an hour.',
  answers: { 200: z.union([chainAnswer, ...CHECKED.map(trialAnswer)]) },
  body: runBody,
  problem: agentProblem,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const found = await desk.program(caller, null);
    if (isRefusal(found)) return found;
    const { type, event_type: one } = body;
    if (one != null && type == null) {
      const kept = await desk.tellTrial(caller, { programId: found.id, kind: one, details: {}, limited: true });
      if (isRefusal(kept)) return kept;
      const data = { eventId: kept.number, programId: found.number, test_mode: true };
      return done({ message: trialMessage(one), data });
    }
    if (type == null) return refuse('invalid_input', 'Send type: "chain", or event_type: click, lead or sale.');
    const rehearsed = await desk.rehearse(caller, found.id);
    if (isRefusal(rehearsed)) return rehearsed;
    const { code, customerKey, verdict: ends } = rehearsed;
    const attributed = ends.sale === 'attributed';
    return {
      status: 200,
      body: { data: { type, short_code: code, customer_key: customerKey, verdict: ends, attributed } },
    };
  },
});

const gateStatus = z.enum(['pass', 'fail', 'unknown']);
const gate = { status: gateStatus, next_action: z.string().optional() };
const momentOrNull = moment.nullable();

const GATES = ['profile', 'economics', 'payout', 'tracking', 'live'] as const;

const readinessAnswer = z.object({
  program_id: z.int(),
  state: z.enum(['draft', 'configuring', 'ready', 'integration_verified', 'live_verified']),
  integration_verified: z.boolean(),
  blocker: z.enum(GATES).nullable(),
  gates: z.object({
    profile: z.object(gate),
    economics: z.object(gate),
    payout: z.object({ ...gate, mode: z.literal('manual') }),
    tracking: z.object({ ...gate, detail: z.literal('receiving_events').optional(), checked_at: moment }),
    live: z.object({ ...gate, test_chain: verdict.optional() }),
  }),
  last_event_at: z.object({ click: momentOrNull, lead: momentOrNull, sale: momentOrNull }),
  counts_24h: z.object({ clicks: z.int(), leads: z.int(), sales: z.int() }),
  key_rotated_at: momentOrNull,
  poll: z.object({ retry_after_seconds: z.int() }),
});

type Readiness = z.infer<typeof readinessAnswer>;

const POLL_SECONDS = 5;

const passes = (ok: boolean, next_action: string): { status: 'pass' | 'fail'; next_action?: string } =>
  ok ? { status: 'pass' } : { status: 'fail', next_action };

/** A program has a name from the beginning, and payouts are made by hand and noted: neither has to be set up. */
function gatesOf(activity: Activity, { counts, rehearsed }: TrialSums): Readiness['gates'] {
  const tracked = Object.values(activity.last).some((at) => at !== null);
  const receives = tracked || counts.click + counts.lead + counts.sale > 0;
  const verified = activity.last.sales !== null || rehearsed?.sale === 'attributed';
  return {
    profile: { status: 'pass' },
    economics: passes(activity.hasIncentives, 'set_commission_policy'),
    payout: { status: 'pass', mode: 'manual' },
    tracking: {
      ...passes(receives, activity.hasPartners ? 'install_tracker_or_send_events' : 'approve_a_partner'),
      ...(receives ? { detail: 'receiving_events' as const } : {}),
      checked_at: toIso(activity.at),
    },
    live: {
      ...passes(verified, 'run_synthetic_sale_chain'),
      ...(rehearsed === null ? {} : { test_chain: rehearsed }),
    },
  };
}

function stateOf(gates: Readiness['gates'], isLive: boolean): Readiness['state'] {
  const failing = GATES.filter((name) => gates[name].status !== 'pass');
  if (failing.length === 0) return isLive ? 'live_verified' : 'integration_verified';
  if (failing.every((name) => name === 'live')) return 'ready';
  return failing.includes('economics') && failing.includes('tracking') ? 'draft' : 'configuring';
}

const isoOrNull = (at: number | null): string | null => (at === null ? null : toIso(at));

function readinessShape(programId: number, activity: Activity, sums: TrialSums): Readiness {
  const gates = gatesOf(activity, sums);
  const { last, lastDay, keyRotatedAt } = activity;
  const isLive = Object.values(last).some((at) => at !== null);
  const state = stateOf(gates, isLive);
  return {
    program_id: programId,
    state,
    integration_verified: state === 'integration_verified' || state === 'live_verified',
    blocker: GATES.find((name) => gates[name].status === 'fail') ?? null,
    gates,
    last_event_at: { click: isoOrNull(last.clicks), lead: isoOrNull(last.leads), sale: isoOrNull(last.sales) },
    counts_24h: { ...lastDay },
    key_rotated_at: isoOrNull(keyRotatedAt),
    poll: { retry_after_seconds: POLL_SECONDS },
  };
}

const readinessQuery = z.object({
  force_recheck: z.string().optional().catch(undefined).describe('Accepted; every answer is of this moment.'),
});

const readiness = route<unknown, z.infer<typeof readinessQuery>>({
  method: 'GET',
  path: '/api/v1/programs/me/readiness',
  scope: '*',
  summary: 'What a program still lacks, as five gates with what to do next.',
  answers: { 200: readinessAnswer },
  query: readinessQuery,
  problem: agentProblem,
  async run({ caller }, desk): Promise<Reply | Refusal> {
    const found = await desk.program(caller, null);
    if (isRefusal(found)) return found;
    const activity = await desk.activity(caller, found.id);
    return { status: 200, body: readinessShape(found.number, activity, await desk.trials(caller, found.id)) };
  },
});

export const verificationRoutes: readonly Route[] = [test, check, run, readiness];
