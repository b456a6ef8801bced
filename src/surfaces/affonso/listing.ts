/** The frame that offset lists have in common: a page of what was asked for, shown row by row. */
import { z } from 'zod';
import type { Caller, Desk, Paging } from '../../core/desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { Page } from '../../core/views.ts';
import { route } from '../route.ts';
import type { Route } from '../surface.ts';
import { pageFields, pagingOf } from './inputs.ts';
import { listAnswer, listed } from './shapes.ts';

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
