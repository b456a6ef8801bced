/**
 * Backfill: what the provider's lists show goes the way that webhooks go, oldest first and a page at a time. An event
 * has its own id, so what a webhook brought has no effect again; an object is stored as an answer of the API.
 */
import { readBody } from '../core/body.ts';
import type { Fact } from '../core/facts.ts';
import { scopedEventId } from '../core/scope.ts';
import type { Listed, Lister } from '../core/walks.ts';
import { isDatabaseAway } from '../store/database.ts';
import { knownEvents, storePending } from '../store/inbox.ts';
import { answerEvent, itemOf, type NewEvent } from './answer-events.ts';
import { runBatch, type Item } from './batch.ts';
import type { Clockwork } from './clockwork.ts';
import { toldAlready } from './told-already.ts';
import type { Translator } from './translate.ts';

/** An account whose lists can be read. `account` null: the environment's key, which names none. */
export type Source = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly scope: string;
  readonly account: string | null;
  readonly lister: Lister;
  readonly translator: Translator;
};

export type Walk = {
  readonly stream: string;
  /** Milliseconds UTC; `to` does not belong to it. */
  readonly from: number;
  readonly to: number;
  /** Stores nothing, and counts what would be. */
  readonly dryRun?: boolean;
};

/** What a page came to. */
export type Walked = {
  /** Everything created before has been seen. */
  readonly reached: number;
  readonly heard: number;
  /** What nothing had told before, by type. */
  readonly missing: Readonly<Record<string, number>>;
  /** Stored, and cannot be decided yet: a worker tries again, and they are listed. */
  readonly failed: number;
};

/** Walks one list to its end. One page is in memory at a time; each is in the ledger before the next is asked for. */
export async function* backfill(work: Clockwork, source: Source, walk: Walk): AsyncGenerator<Walked> {
  for await (const { listed, reached } of source.lister.walk(walk.stream, walk.from, walk.to)) {
    const { fresh, missing } = await sift(work, source, listed);
    const failed = walk.dryRun === true ? 0 : await take(work, source, fresh);
    yield { reached, heard: listed.length, missing, failed };
  }
}

type Sifted = { readonly event: NewEvent; readonly item: Item | null; readonly problem: string | null };

/** Leaves out what is stored already, and says what nothing had told before. */
async function sift(
  work: Clockwork,
  source: Source,
  listed: readonly Listed[],
): Promise<{ fresh: Sifted[]; missing: Record<string, number> }> {
  const { workspace, livemode, translator } = source;
  const tx = work.database.of(workspace);
  const events = listed.map((one) => ({ event: eventOf(source, one, work.now()), isObject: one.event === null }));
  const ids = events.map(({ event }) => event.ref.id);
  const known = await knownEvents(tx, workspace, translator.name, ids);
  const fresh: Sifted[] = [];
  const objects: { readonly type: string; readonly facts: readonly Fact[] }[] = [];
  const missing: Record<string, number> = {};
  for (const { event, isObject } of events) {
    const { id, type } = event.ref;
    // A page may show the same buyer twice.
    if (known.has(id)) continue;
    known.add(id);
    const one = sifted(source, event);
    fresh.push(one);
    if (isObject && one.item) objects.push({ type, facts: one.item.facts });
    else missing[type] = (missing[type] ?? 0) + 1;
  }
  const told = await toldAlready(
    tx,
    workspace,
    livemode,
    objects.map(({ facts }) => facts),
  );
  for (const [index, { type }] of objects.entries()) if (!told[index]) missing[type] = (missing[type] ?? 0) + 1;
  return { fresh, missing };
}

function eventOf({ scope, livemode }: Source, { event, id, type, object }: Listed, now: number): NewEvent {
  if (event === null) return answerEvent({ id, livemode, scope }, { type, object }, now);
  const body = JSON.stringify(object);
  const ref = { id: scopedEventId(event.id, scope), type, at: event.at, livemode: event.livemode, received: now };
  return { ref, body, payload: readBody(body) };
}

function sifted({ translator, scope }: Source, event: NewEvent): Sifted {
  try {
    return { event, item: itemOf(translator, scope, event), problem: null };
  } catch (error) {
    return { event, item: null, problem: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Posts them with their whole effect; what cannot be decided is kept as pending. Returns how many those are. */
async function take(work: Clockwork, source: Source, fresh: readonly Sifted[]): Promise<number> {
  const { workspace, translator } = source;
  let failed = 0;
  for (const livemode of [true, false]) {
    const own = fresh.filter(({ event }) => event.ref.livemode === livemode);
    const items = own.flatMap(({ item }) => item ?? []);
    if (items.length === 0) continue;
    try {
      await runBatch(work, { workspace, livemode, source: translator.name, items });
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      work.log.warn(
        { workspace, events: items.length, reason: messageOf(error) },
        'a page failed; doing it one by one',
      );
      for (const one of own) if (one.item) failed += await takeOne(work, source, one);
    }
  }
  for (const one of fresh) if (one.item === null) failed += await keep(work, source, one, one.problem ?? '');
  return failed;
}

async function takeOne(work: Clockwork, source: Source, one: Sifted): Promise<number> {
  const { workspace, translator } = source;
  try {
    const items = one.item ? [one.item] : [];
    await runBatch(work, { workspace, livemode: one.event.ref.livemode, source: translator.name, items });
    return 0;
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    return keep(work, source, one, messageOf(error));
  }
}

/** Kept all the same: what cannot be read is a failure that everybody can see, as a webhook's would be. */
async function keep(
  work: Clockwork,
  { workspace, scope, translator }: Source,
  { event: { ref, body } }: Sifted,
  reason: string,
): Promise<number> {
  work.log.warn({ workspace, event: ref.id, type: ref.type, reason }, 'stored, but not decided yet; a worker will try');
  const stored = { ...ref, workspace, source: translator.name, scope, body };
  await storePending(work.database.of(stored.workspace), stored, reason, work.now());
  return 1;
}
