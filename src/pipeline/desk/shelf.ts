/**
 * Lists that are written whole or not at all: one transaction, in which what changes is locked in one order, so that two
 * lists that name the same rows follow each other.
 */
import type { Entry, Shelf } from '../../core/catalogue-desk.ts';
import type { Caller } from '../../core/desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { lockRows } from '../../store/shelves.ts';
import { takenIndex } from '../../store/taken.ts';
import { inTransaction } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { Answered, answerOf } from './answered.ts';

/** What differs between one kind of row and another. */
export type ShelfParts<View, New, Changes, Filter> = {
  /** One of them, in words. */
  readonly noun: string;
  /** What ids of new ones begin with. */
  readonly prefix: string;
  readonly table: { readonly name: string; readonly id: string; readonly hides: 'deleted_at' | 'archived_at' | null };
  read: Shelf<View, New, Changes, Filter>['read'];
  /** Rows by their ids, in any order. */
  byId(tx: Tx, workspace: string, ids: readonly string[]): Promise<readonly View[]>;
  idOf(view: View): string;
  /** What is waited for before any row is. */
  turn?(tx: Tx, workspace: string, entries: readonly Entry<New, Changes>[]): Promise<void>;
  /** Both throw `Answered` when one of them names something that is not there. */
  make(tx: Tx, workspace: string, all: readonly (readonly [id: string, fields: New])[]): Promise<void>;
  change(tx: Tx, workspace: string, all: readonly (readonly [id: string, fields: Changes])[]): Promise<void>;
  hide(tx: Tx, workspace: string, ids: readonly string[]): Promise<void>;
  /** What a taken index means; null: names of ours met, and other ones are tried. */
  taken?(index: string): Refusal | null;
};

const MOST_TRIES = 5;

export function shelf<View, New, Changes, Filter>(
  work: Clockwork,
  parts: ShelfParts<View, New, Changes, Filter>,
): Shelf<View, New, Changes, Filter> {
  return {
    read: (caller, filter) => parts.read(caller, filter),
    write: (caller, entries) => write(work, parts, caller, entries),
    remove: (caller, ids) => remove(work, parts, caller, ids),
  };
}

async function write<View, New, Changes, Filter>(
  work: Clockwork,
  parts: ShelfParts<View, New, Changes, Filter>,
  { workspace }: Caller,
  entries: readonly Entry<New, Changes>[],
): Promise<readonly View[] | Refusal> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await answerOf<readonly View[], Refusal>(() =>
        inTransaction(work.database, workspace, (tx) => writeAll(work, parts, tx, workspace, entries)),
      );
    } catch (error) {
      const index = takenIndex(error);
      if (index === null) throw error;
      const refusal = parts.taken?.(index) ?? null;
      if (refusal) return refusal;
      if (attempt >= MOST_TRIES) throw error;
    }
  }
}

async function writeAll<View, New, Changes, Filter>(
  work: Clockwork,
  parts: ShelfParts<View, New, Changes, Filter>,
  tx: Tx,
  workspace: string,
  entries: readonly Entry<New, Changes>[],
): Promise<readonly View[]> {
  const made: (readonly [string, New])[] = [];
  const changed: (readonly [string, Changes])[] = [];
  const ids = entries.map((entry) => {
    if (entry.id !== null) {
      changed.push([entry.id, entry.fields]);
      return entry.id;
    }
    const id = work.newId(parts.prefix);
    made.push([id, entry.fields]);
    return id;
  });
  const old = changed.map(([id]) => id);
  if (new Set(old).size < old.length)
    throw new Answered(refuse('invalid_input', `The same ${parts.noun} comes twice in the list.`, { field: 'id' }));
  await parts.turn?.(tx, workspace, entries);
  if (old.length > 0) await lock(parts, tx, workspace, old);
  // What one gives up in this list another that it makes may have.
  if (changed.length > 0) await parts.change(tx, workspace, changed);
  if (made.length > 0) await parts.make(tx, workspace, made);
  const rows = new Map((await parts.byId(tx, workspace, ids)).map((view) => [parts.idOf(view), view]));
  return ids.flatMap((id) => rows.get(id) ?? []);
}

async function lock(
  { noun, table }: { readonly noun: string; readonly table: Parameters<typeof lockRows>[2] },
  tx: Tx,
  workspace: string,
  ids: readonly string[],
): Promise<void> {
  const there = await lockRows(tx, workspace, table, ids);
  const missing = ids.find((id) => !there.has(id));
  if (missing !== undefined)
    throw new Answered(refuse('not_found', `There is no ${noun} "${missing}".`, { field: 'id' }));
}

function remove<View, New, Changes, Filter>(
  { database }: Clockwork,
  parts: ShelfParts<View, New, Changes, Filter>,
  { workspace }: Caller,
  all: readonly string[],
): Promise<readonly string[] | Refusal> {
  const ids = [...new Set(all)];
  return answerOf<readonly string[], Refusal>(() =>
    inTransaction(database, workspace, async (tx) => {
      await lock(parts, tx, workspace, ids);
      await parts.hide(tx, workspace, ids);
      return ids;
    }),
  );
}
