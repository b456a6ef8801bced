/** Figures of one program at the desk. */
import type { Caller } from '../../core/desk.ts';
import type { AskedSpan, Daily, EventView, FigureDesk, ProgramShown, Span } from '../../core/figures.ts';
import type { Refusal } from '../../core/refusals.ts';
import { readEntry } from '../../core/requests.ts';
import { DAY_MS, type Moment } from '../../core/time.ts';
import { activityOf, dailyFigures, firstTracked, listEvents, type EventRow } from '../../store/figures.ts';
import { currencyOf, findProgram, homeOfProgram } from '../../store/programs.ts';
import type { Clockwork } from '../clockwork.ts';
import { noProgram } from './numbers.ts';

/** Whose calls the journal keeps more of than our words say. */
const TELLER = 'affitor';

export function figureDesk(work: Clockwork): FigureDesk {
  const { of } = work.database;
  return {
    program: (caller, named) => programOf(work, caller, named),
    async trackedEvents(caller, programId, filter) {
      const { rows, total } = await listEvents(of(caller.workspace), caller, programId, TELLER, filter);
      return { rows: rows.map(eventOf), total };
    },
    daily: (caller, programId, asked) => daily(work, caller, programId, asked),
    async activity(caller, programId) {
      const at = work.now();
      return { at, ...(await activityOf(of(caller.workspace), caller, programId, at - DAY_MS, caller.keyId)) };
    },
  };
}

async function daily(work: Clockwork, caller: Caller, programId: string, asked: AskedSpan): Promise<Daily> {
  const tx = work.database.of(caller.workspace);
  const currency = await currencyOf(tx, caller.workspace);
  const span = 'from' in asked ? asked : await spanOf(work, caller, programId, asked.lastDays);
  const before = { from: span.from - (span.to + 1 - span.from), to: span.from - 1 };
  const days = await dailyFigures(tx, caller, programId, span, currency);
  return { span, before, days, daysBefore: await dailyFigures(tx, caller, programId, before, currency), currency };
}

const beginOfDay = (moment: Moment): Moment => Math.floor(moment / DAY_MS) * DAY_MS;

async function spanOf(work: Clockwork, caller: Caller, programId: string, days: number | null): Promise<Span> {
  const today = beginOfDay(work.now());
  const to = today + DAY_MS - 1;
  if (days !== null) return { from: today - (days - 1) * DAY_MS, to };
  const first = await firstTracked(work.database.of(caller.workspace), caller, programId);
  return { from: Math.min(beginOfDay(first ?? today), today), to };
}

async function programOf(
  work: Clockwork,
  { workspace }: Caller,
  named: string | null,
): Promise<ProgramShown | Refusal> {
  const home = named === null ? null : await homeOfProgram(work.database.across, named);
  if (named !== null && home?.workspace !== workspace) return noProgram(named);
  const program = await findProgram(work.database.of(workspace), workspace, home?.programId ?? null);
  return program ? { ...program, number: Number(program.number) } : noProgram(named ?? 'default');
}

function eventOf(row: EventRow): EventView {
  const { kind, number, at, converted, details } = row;
  const { amount, refunded, currency, external_event_id: externalEventId, is_subscription: isSubscription } = row;
  return {
    kind,
    number: Number(number),
    at: at.getTime(),
    clickId: row.click_id,
    converted,
    customerKey: row.customer_key,
    details: details ?? {},
    told: toldIn(row.told),
    sale: kind === 'conversion' ? { amount, refunded, currency, externalEventId, isSubscription } : null,
  };
}

/** The caller's own words behind an entry of the journal; nothing when they are kept no more. */
function toldIn(stored: string | null): Readonly<Record<string, unknown>> {
  const entry = stored === null ? null : readEntry(JSON.parse(stored));
  const body = entry === null ? '' : 'request' in entry ? entry.request.body : entry.body;
  const told: unknown = body === '' ? {} : JSON.parse(body);
  return typeof told === 'object' && told !== null ? (told as Readonly<Record<string, unknown>>) : {};
}
