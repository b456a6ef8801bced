/** The frame that offset lists have in common: a page of what was asked for, shown row by row. */
import { z } from 'zod';
import type { Caller, Desk, Paging } from '../../core/desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { Page } from '../../core/views.ts';
import { route } from '../route.ts';
import type { Route } from '../surface.ts';
import { pageFields, pagingOf } from './inputs.ts';
import { listAnswer, listed } from './shapes.ts';

type Sort<By> = { readonly by: By; readonly descending: boolean };

/** `name:asc` or `name:desc`, of names that say by what; the names may be several for one. Default: the newest first. */
export function sortField<const Names extends Readonly<Record<string, string>>>(
  names: Names,
): z.ZodType<Sort<Names[keyof Names] | 'created'>> {
  const error = `must be one of ${Object.keys(names).join(', ')}, then :asc or :desc`;
  return z
    .string({ error })
    .refine((text) => Object.hasOwn(names, text.split(':')[0] ?? '') && /^[^:]+:(asc|desc)$/.test(text), error)
    .optional()
    .transform((text): Sort<Names[keyof Names] | 'created'> => {
      if (text === undefined) return { by: 'created', descending: true };
      const [name = '', direction] = text.split(':');
      return { by: names[name] as Names[keyof Names], descending: direction === 'desc' };
    })
    .describe('Default: createdAt:desc.');
}

/** Of a list that cannot be filtered. */
export const pageQuery = z.object(pageFields);

type Asked<Query> = {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly paging: Paging;
};

type List<Row, Query> = Pick<Route, 'path' | 'summary' | 'scope'> & {
  /** `pageFields`, and what it is filtered by. */
  readonly query: z.ZodType<Query>;
  /** The schema of a row as `shape` shows it. */
  readonly row: z.ZodType;
  shape(view: Row): unknown;
  read(asked: Asked<Query>, desk: Desk): Promise<Page<Row> | Refusal>;
};

export function listRoute<Row, Query extends { page: number; limit: number }>(list: List<Row, Query>): Route {
  const { path, summary, scope, query: schema, row, shape, read } = list;
  return route<unknown, Query>({
    method: 'GET',
    path,
    summary,
    answers: { 200: listAnswer(row) },
    scope,
    query: schema,
    async run({ caller, params, query }, desk) {
      const found = await read({ caller, params, query, paging: pagingOf(query) }, desk);
      return isRefusal(found) ? found : listed(found, query, shape);
    },
  });
}
