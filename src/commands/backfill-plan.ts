/** What a backfill is to walk: which lists, from when to when, and where one that was stopped goes on. */
import { fromIso } from '../core/time.ts';
import type { Source } from '../pipeline/backfill.ts';
import { cursorsOf, planBackfill, type Cursor } from '../store/backfills.ts';
import type { Tx } from '../store/tx.ts';
import { InputError } from './secret-input.ts';

/** Older than this no list is asked for: before Stripe there was nothing. */
const FIRST_MOMENT = Date.UTC(2011, 0, 1);

/** Objects are listed up to a day after events begin, so that nothing falls between the two. */
const OVERLAP_MS = 86_400_000;

/** An ISO date or moment that lies in the past, UTC where it names no offset. Throws an `InputError` otherwise. */
export function sinceOf(value: unknown, now: number): number {
  const text = typeof value === 'string' ? value : '';
  const since = fromIso(text);
  if (since === null)
    throw new InputError(
      `--since must be a day such as 2026-10-01 or a time such as 2026-10-01T12:00:00Z, not "${text}".`,
    );
  if (since >= now) throw new InputError(`--since ${text} lies in the future.`);
  if (since < FIRST_MOMENT) throw new InputError(`--since ${text} lies before there was anything to list.`);
  return since;
}

export type Wish = {
  readonly since: number;
  /** Lists of objects too where events would do. */
  readonly objects: boolean;
  readonly restart: boolean;
  readonly dryRun: boolean;
};

export type Plan = { readonly cursors: readonly Cursor[]; readonly resumed: boolean };

/**
 * Events as far as Stripe keeps them, objects before. A backfill that was stopped is taken up again, when it began at
 * the same moment and events are still kept from where it was.
 */
export async function planOf(tx: Tx, source: Source, wish: Wish, now: number): Promise<Plan> {
  const fresh = freshCursors(source, wish, now);
  if (wish.dryRun) return { cursors: fresh, resumed: false };
  const known = wish.restart ? [] : await cursorsOf(tx, source);
  if (canGoOn(known, fresh, wish, now - source.lister.eventsKeptMs)) {
    const names = fresh.map(({ stream }) => stream);
    const ordered = known.toSorted((a, b) => names.indexOf(a.stream) - names.indexOf(b.stream));
    // What happened since it was stopped belongs to it.
    return { cursors: ordered.map((one) => (one.stream === 'events' ? { ...one, until: now } : one)), resumed: true };
  }
  await planBackfill(tx, source, wish.since, fresh);
  return { cursors: fresh, resumed: false };
}

function freshCursors({ lister }: Source, { since, objects }: Wish, now: number): Cursor[] {
  const eventsFrom = now - lister.eventsKeptMs;
  const cursor = (stream: string, reached: number, until: number): Cursor => {
    return { stream, since, reached, until, missing: 0, finished: false };
  };
  const objectsUntil = objects ? now : eventsFrom + OVERLAP_MS;
  const walksObjects = objects || since < eventsFrom;
  const streams = lister.streams.map(({ name }) => name).filter((name) => name !== 'events');
  return [
    ...(walksObjects ? streams.map((name) => cursor(name, since, objectsUntil)) : []),
    cursor('events', Math.max(since, eventsFrom), now),
  ];
}

function canGoOn(known: readonly Cursor[], fresh: readonly Cursor[], { since }: Wish, eventsFrom: number): boolean {
  const names = new Set(known.map(({ stream }) => stream));
  // Events that were kept when it began and are not any more must be among the objects.
  const covered = Math.max(...known.map(({ stream, reached, until }) => (stream === 'events' ? reached : until)));
  return (
    known.some(({ finished }) => !finished) &&
    known.every((one) => one.since === since) &&
    fresh.every(({ stream }) => names.has(stream)) &&
    covered >= eventsFrom
  );
}
