/** What was tracked in a program: events, days, and how far its set-up is (apis.md 4.2). */
import { z } from 'zod';
import type { AskedSpan, ProgramShown } from '../../core/figures.ts';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { DAY_MS, toIso } from '../../core/time.ts';
import type { TrialView } from '../../core/trials.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { bound } from './inputs.ts';
import {
  dayAnswer,
  dayShape,
  eventAnswer,
  eventShape,
  metricsAnswer,
  metricsShape,
  spanAnswer,
  spanShape,
} from './shapes.ts';

type Called = { readonly params: Readonly<Record<string, string>>; readonly caller: Caller };

/** Programs of other workspaces are not known: whether there are any is not said. */
async function programIn({ params, caller }: Called, desk: Desk): Promise<ProgramShown | Refusal> {
  const found = await desk.program(caller, params['programId'] ?? '');
  return isRefusal(found) ? refuse('not_found', 'Program not found') : found;
}

const MOST_ROWS = 100;
const MOST_PAGES = 1_000_000;

/** A number of a query within bounds; what is none is as good as absent. */
function counted(absent: number, most: number): z.ZodType<number> {
  return z
    .string()
    .nullish()
    .catch(null)
    .transform((text) => (/^\d{1,9}$/.test(text ?? '') ? Math.min(Math.max(Number(text), 1), most) : absent));
}

const KINDS = 'must be click, lead or conversion';

const eventsQuery = z.object({
  page: counted(1, MOST_PAGES),
  pageSize: counted(10, MOST_ROWS),
  eventType: z.enum(['click', 'lead', 'conversion'], { error: KINDS }).nullish(),
  dateFrom: bound(false),
  dateTo: bound(true),
});

const events = route<unknown, z.infer<typeof eventsQuery>>({
  method: 'GET',
  path: '/api/tracking/events/:programId',
  scope: '*',
  summary: 'List clicks, leads and conversions of a program, the latest first; tests are left out.',
  answers: {
    200: z.object({
      data: z.array(eventAnswer),
      meta: z.object({
        pagination: z.object({ page: z.int(), pageSize: z.int(), pageCount: z.int(), total: z.int() }),
      }),
    }),
  },
  query: eventsQuery,
  async run({ query, ...call }, desk): Promise<Reply | Refusal> {
    const program = await programIn(call, desk);
    if (isRefusal(program)) return program;
    const { page, pageSize, eventType, dateFrom: from, dateTo: to } = query;
    const { rows, total } = await desk.trackedEvents(call.caller, program.id, {
      limit: pageSize,
      offset: (page - 1) * pageSize,
      kind: eventType ?? null,
      from,
      to,
    });
    const pagination = { page, pageSize, pageCount: Math.ceil(total / pageSize), total };
    return { status: 200, body: { data: rows.map(eventShape), meta: { pagination } } };
  },
});

const PERIODS = { '7d': 7, '30d': 30, '90d': 90, all: null } as const;
const MOST_DAYS = 3660;

const performanceQuery = z.object({
  period: z.enum(['7d', '30d', '90d', 'all'], { error: 'must be 7d, 30d, 90d or all' }).nullish(),
  dateFrom: bound(false).describe('With dateTo instead of period.'),
  dateTo: bound(true),
});

/** Two dates count together only. */
function askedOf({ period, dateFrom, dateTo }: z.infer<typeof performanceQuery>): AskedSpan | Refusal {
  if (dateFrom === null && dateTo === null) return { lastDays: PERIODS[period ?? '7d'] };
  if (dateFrom === null || dateTo === null) return wrongSpan('dateFrom and dateTo must be sent together');
  if (dateFrom > dateTo) return wrongSpan('dateFrom must not be after dateTo');
  if (dateTo - dateFrom > MOST_DAYS * DAY_MS) return wrongSpan(`a span has at most ${MOST_DAYS} days`);
  return { from: dateFrom, to: dateTo };
}

const wrongSpan = (message: string): Refusal => refuse('invalid_input', message);

const performance = route<unknown, z.infer<typeof performanceQuery>>({
  method: 'GET',
  path: '/api/tracking/performance/:programId',
  scope: '*',
  summary: 'Figures of a program by day, in UTC and major units, and how they changed against the days before.',
  answers: { 200: z.object({ data: z.array(dayAnswer), metrics: metricsAnswer, meta: spanAnswer }) },
  query: performanceQuery,
  async run({ query, ...call }, desk): Promise<Reply | Refusal> {
    const asked = askedOf(query);
    if (isRefusal(asked)) return asked;
    const program = await programIn(call, desk);
    if (isRefusal(program)) return program;
    const { days, daysBefore, span, before, currency } = await desk.daily(call.caller, program.id, asked);
    const data = days.map((day) => dayShape(day, currency));
    const period = 'from' in asked ? 'custom' : (query.period ?? '7d');
    const metrics = metricsShape(days, daysBefore, currency);
    return { status: 200, body: { data, metrics, meta: spanShape(period, span, before) } };
  },
});

const moment = z.iso.datetime();
const step = z.enum(['complete', 'pending']);
const latest = z.object({ id: z.int(), timestamp: moment, createdAt: moment }).nullable();
const tested = z.object({ testEventCount: z.int(), hasTestEvents: z.boolean(), latestTestEvent: latest });

const statusAnswer = z.object({
  data: z.object({
    programId: z.string(),
    stepStatuses: z.object({ pageview: step, referrals: step, payments: step }),
    statistics: z.object({
      pageview: tested,
      referrals: tested,
      payments: z.object({
        stripeConnectionStatus: z.enum(['connected', 'not_connected']),
        isStripeConnected: z.boolean(),
        stripeAccountId: z.string().nullable(),
        chargesEnabled: z.boolean(),
        payoutsEnabled: z.boolean(),
        detailsSubmitted: z.boolean(),
        connectionDate: moment.nullable(),
      }),
    }),
    hasPartners: z.boolean(),
    lastUpdated: moment,
  }),
});

/** As many as this are counted. */
const MOST_TESTS = 10;

function testedShape(count: number, view: TrialView | null): z.infer<typeof tested> {
  const at = view === null ? '' : toIso(view.at);
  const latestTestEvent = view === null ? null : { id: view.number, timestamp: at, createdAt: at };
  return { testEventCount: Math.min(count, MOST_TESTS), hasTestEvents: count > 0, latestTestEvent };
}

const status = route({
  method: 'GET',
  path: '/api/tracking/status/:programId',
  scope: '*',
  summary: 'How far the set-up of a program is: test clicks, test leads, and whether a Stripe account is connected.',
  answers: { 200: statusAnswer },
  async run(call, desk): Promise<Reply | Refusal> {
    const program = await programIn(call, desk);
    if (isRefusal(program)) return program;
    const { caller, params } = call;
    const { counts, latest: last } = await desk.trials(caller, program.id);
    const { at, hasPartners } = await desk.activity(caller, program.id);
    const accounts = await desk.accounts(caller, { limit: 100, offset: 0 });
    const account = accounts.rows.find(({ disconnectedAt }) => disconnectedAt === null);
    const done = (complete: boolean): z.infer<typeof step> => (complete ? 'complete' : 'pending');
    const connected = account !== undefined;
    const data: z.infer<typeof statusAnswer>['data'] = {
      programId: params['programId'] ?? '',
      stepStatuses: { pageview: done(counts.click > 0), referrals: done(counts.lead > 0), payments: done(connected) },
      statistics: {
        pageview: testedShape(counts.click, last.click),
        referrals: testedShape(counts.lead, last.lead),
        payments: {
          stripeConnectionStatus: connected ? 'connected' : 'not_connected',
          isStripeConnected: connected,
          stripeAccountId: account?.id ?? null,
          chargesEnabled: connected,
          payoutsEnabled: connected,
          detailsSubmitted: connected,
          connectionDate: account ? toIso(account.connectedAt) : null,
        },
      },
      hasPartners,
      lastUpdated: toIso(at),
    };
    return { status: 200, body: { data } };
  },
});

export const readRoutes: readonly Route[] = [events, performance, status];
