/** How fields of lists say that something stays, changes or is cleared. */
import { z } from 'zod';
import type { Entry, Walk } from '../../core/catalogue-desk.ts';
import { idBehind } from '../uuids.ts';
import { filter, id, walk, walkOf } from './inputs.ts';

/** Names the row that changes. */
export const known = id.nullish().describe('Whose fields change; absent: a new one is made.');

type Sent<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what was sent. */
export function given<T extends object>(fields: T): Sent<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Sent<T>;
}

/** Nothing between the quotes clears as null does. */
export const cleared = (value: string | null | undefined): string | null | undefined => (value === '' ? null : value);

/** null cannot clear what has to be there, so it is as good as absent. */
export const kept = <T>(value: T | null | undefined): T | undefined => value ?? undefined;

/** The id behind one that a caller sent, where they sent one. */
export function behind(prefix: string, value: string | null | undefined): string | null | undefined {
  return value ? idBehind(prefix, value) : cleared(value);
}

/** A list of which only one can be asked for. */
export function byId(prefix: string): z.ZodType<Walk & { readonly id: string | null }> {
  return z
    .object({ ...walk, id: filter('Only the one of this id.') })
    .transform((query) => ({ ...walkOf(query), id: behind(prefix, query.id) ?? null }));
}

/** One that is made; an id of it is ignored like every unknown field. */
export const making =
  <Item, New, Changes>(fieldsOf: (item: Item) => New) =>
  (item: Item): Entry<New, Changes> => ({ id: null, fields: fieldsOf(item) });

export type Named = { readonly id?: string | null | undefined };

const NEEDED = 'is required where there is no id';

/**
 * One of a list of PUT: changed where it has an id, else made. `needed`: what a new one cannot do without; `fieldsOf` may
 * rely on it.
 */
export const changing =
  <Item extends Named, New, Changes>(
    prefix: string,
    needed: readonly (keyof Item & string)[],
    fieldsOf: (item: Item) => New,
    changesOf: (item: Item) => Changes,
  ) =>
  (item: Item, context: z.core.$RefinementCtx): Entry<New, Changes> => {
    if (item.id != null) return { id: idBehind(prefix, item.id), fields: changesOf(item) };
    for (const name of needed)
      if (item[name] == null) context.addIssue({ code: 'custom', path: [name], message: NEEDED, input: item });
    return { id: null, fields: fieldsOf(item) };
  };
