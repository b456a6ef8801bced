/**
 * The shared heart: a list of events (or decisions of the clock) of one world of one workspace, from facts to the posted
 * ledger. One load, pure deciding, one posting statement; when somebody else changed a row in between, all of it again.
 */
import { absorbClock, absorbEvent } from '../core/book.ts';
import { namesOf, type Names } from '../core/names.ts';
import { NOTHING_POSTED, type Posted } from '../core/codec.ts';
import type { Decision } from '../core/decide.ts';
import type { Rules } from '../core/rules.ts';
import type { EventRef, Fact } from '../core/facts.ts';
import { eventKey } from '../core/keys.ts';
import type { Clock } from '../core/merge.ts';
import { isRetryable } from '../store/database.ts';
import { load, NOTHING_WANTED, type Wanted } from '../store/load.ts';
import { post } from '../store/post.ts';
import type { Clockwork } from './clockwork.ts';
import { loadConcerned } from './concerned.ts';
import { draftAll } from './draft.ts';
import type { AskedQuestion } from './questions.ts';
import { changed, decisionsOf, fill, newSession, type Session } from './session.ts';
import type { Rows } from './sheet.ts';
import { createTurns } from './turns.ts';

/** One event on its way in. `stored`: it has an inbox row already (a worker took it). */
export type Item = {
  readonly ref: Omit<EventRef, 'rules'> & { readonly rules: number | null };
  readonly facts: readonly Fact[];
  /** Kept with this reason and no effect; null: its facts count. */
  readonly ignored: string | null;
  readonly body: string | null;
  readonly attempts: number;
  readonly stored: boolean;
  /** The scope its facts are in; absent: ''. */
  readonly scope?: string;
};

export type ClockItem = { readonly paymentId: string; readonly clock: Partial<Clock> };

export type Batch = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly source: string;
  readonly items: readonly Item[];
  readonly clock?: readonly ClockItem[];
  /** Questions whose answers the items are. */
  readonly asked?: readonly AskedQuestion[];
  /** Rows that stand or fall with its new events. */
  readonly also?: Rows;
  /** Asked before anything is written: a refusal here leaves no trace. */
  readonly guard?: (settled: Settled) => Promise<void> | void;
};

/** What a batch came to. */
export type Settled = {
  /** Events that had been received before; they changed nothing. */
  readonly known: ReadonlySet<string>;
  readonly session: Session;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly rules: Rules;
  readonly posted: ReadonlyMap<string, Posted>;
  /** The moment its rows carry as created or updated; 0 before they are drafted. */
  readonly at: number;
  readonly rounds: number;
};

const MOST_TRIES = 20;

/** Who was overtaken this often takes turns with the others of this process: then one of them gets through each time. */
const PATIENCE = 2;
const takeTurns = createTurns();

/** Runs a batch to its posted end. Throws what the database throws when it is away, and `guard`'s refusals. */
export async function runBatch(work: Clockwork, batch: Batch): Promise<Settled> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const once = (): Promise<Settled> => tryBatch(work, batch);
      return await (attempt > PATIENCE ? takeTurns(batch.workspace, once) : once());
    } catch (error) {
      if (!isRetryable(error) || attempt >= MOST_TRIES) throw error;
      work.log.debug({ attempt, code: (error as { code?: string }).code }, 'another writer was first; deciding again');
      // The others need a moment to finish; a random pause keeps equals from meeting again.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4 * attempt));
    }
  }
}

async function tryBatch(work: Clockwork, batch: Batch): Promise<Settled> {
  const session = newSession(() => work.newId('pay'));
  const first = await load(
    work.database.of(batch.workspace),
    batch.workspace,
    batch.livemode,
    batch.source,
    firstWanted(batch),
  );
  fill(session, first);
  const rules = await work.rules.of(batch.workspace, first.rulesVersion);
  const known = new Set(
    batch.items.filter((item) => isKnown(first.events, batch.source, item)).map((item) => item.ref.id),
  );
  const fresh = batch.items.filter((item) => !known.has(item.ref.id));
  for (const item of fresh) {
    const event: EventRef = { ...item.ref, rules: item.ref.rules ?? first.rulesVersion };
    if (item.ignored === null) absorbEvent(session.book, item.facts, event, session.touched);
  }
  changed(session);
  // A deferral that ends may make a sale, and with it concern other payments; a hold that ends concerns only itself, but
  // is judged with everything around it.
  applyClock(work, batch, session, rules, 'matured');
  unitePosted(session);
  const rounds = 1 + (await loadConcerned(work.database.of(batch.workspace), batch, session, rules));
  applyClock(work, batch, session, rules, 'released');
  const decisions = decisionsOf(session, rules);
  const settled = { known, session, decisions, rules, rounds, at: 0, posted: new Map<string, Posted>() };
  await batch.guard?.(settled);
  const { rows, posted, at } = draftAll(work, batch, settled, fresh, first.rulesVersion);
  await post(work.database.of(batch.workspace), rows);
  return { ...settled, posted, at };
}

/** The clock decides what is due as read now: since it was found due, a payment may have been decided otherwise. */
function applyClock(work: Clockwork, batch: Batch, session: Session, rules: Rules, kind: 'matured' | 'released'): void {
  const clock = (batch.clock ?? []).filter((item) => item.clock[kind] !== undefined);
  if (clock.length === 0) return;
  const now = work.now();
  const decisions = decisionsOf(session, rules);
  for (const item of clock) {
    const decision = decisions.get(item.paymentId);
    if (!decision || decision.wakeAt === null || decision.wakeAt > now) continue;
    if ((decision.parked !== null) !== (kind === 'matured')) continue;
    absorbClock(session.book, item.paymentId, item.clock, session.touched);
    changed(session);
  }
}

function isKnown(events: ReadonlyMap<string, string>, source: string, item: Item): boolean {
  const state = events.get(`${source}\n${item.ref.id}`);
  return item.stored ? state !== 'pending' : state !== undefined;
}

function firstWanted(batch: Batch): Wanted {
  const names: Names = namesOf(batch.items.flatMap((item) => (item.ignored === null ? item.facts : [])));
  return {
    ...NOTHING_WANTED,
    events: batch.items.map((item) => item.ref.id),
    money: unique([...names.money, ...batch.items.map((item) => eventKey(item.ref.source, item.ref.id))]),
    customers: unique(names.customers),
    prices: unique(names.prices),
    tokens: unique(names.tokens),
    paymentIds: (batch.clock ?? []).map((item) => item.paymentId),
  };
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** The survivor inherits what its losers had posted, so that it is moved or taken back, never forgotten. */
function unitePosted(session: Session): void {
  for (const [loser, survivor] of session.touched.united) {
    const lost = session.posted.get(loser);
    if (!lost) continue;
    const own = session.posted.get(survivor) ?? NOTHING_POSTED;
    session.posted.set(survivor, {
      ...own,
      sale: own.sale ?? lost.sale,
      refunds: { ...lost.refunds, ...own.refunds },
      commissions: [...own.commissions, ...lost.commissions],
    });
  }
}
