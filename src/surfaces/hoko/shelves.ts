/**
 * Links, collections, tags and partners have the same four routes: lists in, bare lists out. POST makes, PUT makes what
 * has no id and changes what has one, DELETE takes ids.
 */
import { z } from 'zod';
import type { Entry, Shelf, Walk } from '../../core/catalogue-desk.ts';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { idBehind, shownId } from '../uuids.ts';
import { id, MOST } from './inputs.ts';
import type { Place } from './shapes.ts';

/** What differs between one kind and another. */
type Kind<View, New, Changes, Filter> = {
  /** In paths and permissions, and one of them in words. */
  readonly names: string;
  readonly name: string;
  /** What its ids begin with. */
  readonly prefix: string;
  readonly query: z.ZodType<Walk & Filter>;
  /** One of the list that POST takes, and of the list that PUT takes. */
  readonly made: z.ZodType<Entry<New, Changes>>;
  readonly changed: z.ZodType<Entry<New, Changes>>;
  readonly answer: z.ZodType;
  readonly shape: (view: View, place: Place) => unknown;
  readonly on: (desk: Desk) => Shelf<View, New, Changes, Filter>;
};

const listOf = <T>(item: z.ZodType<T>): z.ZodType<readonly T[]> =>
  z
    .array(item, { error: 'must be a list' })
    .min(1, 'must not be an empty list')
    .max(MOST, `must be a list of at most ${MOST}`);

type At = { readonly caller: Caller; readonly origin: string };

function shown<View>(
  { shape }: { readonly shape: (view: View, place: Place) => unknown },
  { caller, origin }: At,
  views: readonly View[],
  status: number,
): Reply {
  return { status, body: views.map((view) => shape(view, { origin, workspace: caller.workspace })) };
}

export function shelfRoutes<View, New, Changes, Filter>(kind: Kind<View, New, Changes, Filter>): readonly Route[] {
  const { names, answer } = kind;
  const list = route<unknown, Walk & Filter>({
    method: 'GET',
    path: `/api/${names}`,
    scope: `${names}Read`,
    summary: `Lists ${names}, the newest first.`,
    answers: { 200: z.array(answer) },
    query: kind.query,
    run: async (call, desk) => shown(kind, call, await kind.on(desk).read(call.caller, call.query), 200),
  });
  return [list, ...writeRoutes(kind), removeRoute(kind)];
}

function writeRoutes<View, New, Changes, Filter>(kind: Kind<View, New, Changes, Filter>): readonly Route[] {
  const { names, name } = kind;
  type Entries = readonly Entry<New, Changes>[];
  const write = (
    method: 'POST' | 'PUT',
    status: number,
    summary: string,
    item: z.ZodType<Entry<New, Changes>>,
  ): Route =>
    route<Entries>({
      method,
      path: `/api/${names}`,
      scope: `${names}Write`,
      summary,
      answers: { [status]: z.array(kind.answer) },
      body: listOf(item),
      async run(call, desk): Promise<Reply | Refusal> {
        const written = await kind.on(desk).write(call.caller, call.body);
        return isRefusal(written) ? written : shown(kind, call, written, status);
      },
    });
  return [
    write('POST', 201, `Makes ${names}, all of the list or none.`, kind.made),
    write('PUT', 200, `Changes each ${name} that has an id and makes those that have none, all or none.`, kind.changed),
  ];
}

function removeRoute<View, New, Changes, Filter>({ names, prefix, on }: Kind<View, New, Changes, Filter>): Route {
  return route<readonly string[]>({
    method: 'DELETE',
    path: `/api/${names}`,
    scope: `${names}Write`,
    summary: `Deletes ${names} by their ids, all of the list or none.`,
    answers: { 200: z.object({ deletedIds: z.array(z.string()) }) },
    body: listOf(id),
    async run({ body, caller }, desk): Promise<Reply | Refusal> {
      const ids = body.map((one) => idBehind(prefix, one));
      const removed = await on(desk).remove(caller, ids);
      return isRefusal(removed) ? removed : { status: 200, body: { deletedIds: removed.map(shownId) } };
    },
  });
}
