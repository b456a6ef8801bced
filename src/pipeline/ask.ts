/**
 * Ask: the answers that decisions miss, from the provider's API. Reads only, outside every transaction. An answer is
 * stored as an event of the inbox with its whole effect, as a webhook is; a worker that dies in between asks again, and
 * an equal answer is the same event.
 */
import { KeyRefused, RateLimited, Unreachable, type Asker, type Found } from '../core/answers.ts';
import { isDatabaseAway } from '../store/database.ts';
import { storePending } from '../store/inbox.ts';
import { claimQuestions, lineName, setQuestion, type OpenQuestion, type QuestionEnd } from '../store/questions.ts';
import { answerEvent, itemOf } from './answer-events.ts';
import { runBatch } from './batch.ts';
import type { Clockwork } from './clockwork.ts';
import type { Lines } from './lines.ts';
import { isStillAsked } from './missing.ts';
import type { Translator } from './translate.ts';

/** Who answers for one account, and the translator of what it says. */
export type Respondent = { readonly asker: Asker; readonly translator: Translator };

export type Asking = {
  /** null: there is no key for this account. */
  respondent(workspace: string, livemode: boolean, scope: string): Respondent | null | Promise<Respondent | null>;
  /** Which lines rest, shared by everything in this process that asks. */
  readonly lines: Lines;
  /** A key was refused; the message is the provider's own. */
  readonly onRefused?: (question: OpenQuestion, refusal: KeyRefused) => void | Promise<void>;
};

const CLAIMED_AT_ONCE = 32;
const ASKED_AT_ONCE = 4;

/** Without a key, how long until it is looked for again. */
const NO_KEY_MS = 60_000;
const REFUSED_MS = 3_600_000;

/** An answer that is not final (an empty list, an open invoice): asked again after this many seconds, 20 s, 1, 5 and 15 min, 1, 3, 9 and 33 h in all. */
const AGAIN_SECONDS = [40, 240, 600, 2_700, 7_200, 21_600, 86_400];

/** Tries that fail without being the line's fault; then nobody is asked any more. */
const MOST_FAILURES = 12;

/** Asks what is due. Returns how many questions it took; 0: nothing is due, or every line rests. */
export async function askNext(work: Clockwork, asking: Asking): Promise<number> {
  const now = work.now();
  const claimed = await claimQuestions(work.database.across, now, CLAIMED_AT_ONCE, asking.lines.resting(now));
  const waiting = [...claimed];
  const next = async (): Promise<void> => {
    for (let open = waiting.shift(); open; open = waiting.shift()) await askOne(work, asking, open);
  };
  // All of them to their end, so that nothing is under way when this returns or throws.
  const ended = await Promise.allSettled(Array.from({ length: ASKED_AT_ONCE }, next));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return claimed.length;
}

async function askOne(work: Clockwork, asking: Asking, open: OpenQuestion): Promise<void> {
  const { workspace, livemode, scope, question } = open;
  const respondent = await asking.respondent(workspace, livemode, scope);
  if (respondent === null) return rest(work, asking, open, lineOf(open), NO_KEY_MS, 'no_key');
  const until = asking.lines.restsUntil([lineOf(open), lineOf(open, question.kind)], work.now());
  if (until !== null) return setBack(work, open, { runAt: until, reason: null, uncounted: true });
  const source = respondent.translator.name;
  if (!(await isStillAsked(work, source, open)))
    return end(work, open, { state: 'answered', reason: 'told_by_an_event', runAt: null, askedAt: null });
  try {
    const answer = await respondent.asker.ask(question);
    const askedAt = work.now();
    asking.lines.works(lineOf(open));
    if ('missing' in answer)
      return await end(work, open, { state: 'missing', reason: 'not_found', runAt: null, askedAt });
    await store(work, open, respondent.translator, answer.found, endOf(open, answer.final, askedAt), askedAt);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    await failed(work, asking, open, error);
  }
}

const lineOf = ({ workspace, livemode, scope }: OpenQuestion, kind = ''): string =>
  lineName(workspace, livemode, scope, kind);

function endOf({ attempts }: OpenQuestion, final: boolean, askedAt: number): QuestionEnd {
  const seconds = AGAIN_SECONDS[attempts - 1];
  if (final) return { state: 'answered', reason: null, runAt: null, askedAt };
  if (seconds === undefined) return { state: 'answered', reason: 'not_settled', runAt: null, askedAt };
  return { state: 'open', reason: 'not_settled_yet', runAt: askedAt + seconds * 1000, askedAt };
}

/** Stores an answer with its effect and ends its question in one posting. */
async function store(
  work: Clockwork,
  open: OpenQuestion,
  translator: Translator,
  found: readonly Found[],
  ended: QuestionEnd,
  askedAt: number,
): Promise<void> {
  const { workspace, livemode, scope, question } = open;
  const source = translator.name;
  const events = found.map((one) => answerEvent({ id: question.id, livemode, scope }, one, askedAt));
  const asked = [{ scope, question, end: ended }];
  try {
    const items = events.map((event) => itemOf(translator, scope, event));
    await runBatch(work, { workspace, livemode, source, items, asked });
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    // Kept all the same: an answer that cannot be read is a failure that everybody can see, as a webhook's would be.
    const reason = error instanceof Error ? error.message : String(error);
    work.log.warn(
      { workspace, question, reason },
      'an answer was stored, but not decided yet; a worker will try again',
    );
    for (const { body, ref } of events)
      await storePending(work.database.of(workspace), { ...ref, workspace, source, scope, body }, reason, askedAt);
    await end(work, open, ended);
  }
}

/** What went wrong, and whose fault it was: the line rests, or only the question waits. */
async function failed(work: Clockwork, asking: Asking, open: OpenQuestion, error: unknown): Promise<void> {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 500);
  const { workspace, question } = open;
  if (error instanceof RateLimited) {
    const line = lineOf(open);
    if (!error.whole) return setBack(work, open, { runAt: work.now() + jitter(1_000), reason, uncounted: true });
    const pause = error.retryAfterMs ?? asking.lines.strike(line);
    return rest(work, asking, open, line, pause + jitter(500), reason);
  }
  if (error instanceof KeyRefused) {
    const line = error.whole ? lineOf(open) : lineOf(open, question.kind);
    asking.lines.rest(line, work.now() + REFUSED_MS);
    work.log.warn({ workspace, kind: question.kind, reason }, 'the key was refused; it is not used for an hour');
    await asking.onRefused?.(open, error);
    const runAt = work.now() + REFUSED_MS;
    return end(work, open, { state: 'refused', reason, runAt, askedAt: work.now(), uncounted: true });
  }
  work.log.warn({ workspace, question, attempts: open.attempts, reason }, 'a question was not answered');
  // An API that is away is asked again for as long as it takes; a question that it does not take is given up.
  if (!(error instanceof Unreachable) && open.attempts >= MOST_FAILURES)
    return end(work, open, { state: 'missing', reason, runAt: null, askedAt: work.now() });
  const wait = Math.min(900_000, 2_000 * 2 ** (open.attempts - 1));
  return setBack(work, open, { runAt: work.now() + wait / 2 + jitter(wait / 2), reason });
}

const jitter = (most: number): number => Math.ceil(Math.random() * most);

async function rest(
  work: Clockwork,
  asking: Asking,
  open: OpenQuestion,
  line: string,
  pause: number,
  reason: string,
): Promise<void> {
  const until = work.now() + pause;
  asking.lines.rest(line, until);
  await setBack(work, open, { runAt: until, reason, uncounted: true });
}

function setBack(
  work: Clockwork,
  open: OpenQuestion,
  how: { readonly runAt: number; readonly reason: string | null; readonly uncounted?: boolean },
): Promise<void> {
  return end(work, open, { state: 'open', askedAt: null, ...how });
}

function end(work: Clockwork, open: OpenQuestion, ended: QuestionEnd): Promise<void> {
  return setQuestion(work.database.of(open.workspace), open, ended, work.now());
}
