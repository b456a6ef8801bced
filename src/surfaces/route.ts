/** How the dialects write their routes down. */
import type { z } from 'zod';
import type { Desk } from '../core/desk.ts';
import type { Refusal } from '../core/refusals.ts';
import type { Call, Reply, Route } from './surface.ts';

type Typed<Body, Query> = Omit<Call, 'body' | 'query'> & { readonly body: Body; readonly query: Query };

type Spec<Body, Query> = Omit<Route, 'query' | 'body' | 'run'> & {
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  run(call: Typed<Body, Query>, desk: Desk): Promise<Reply | Refusal>;
};

/** A route whose `run` gets what its schemas make of body and query, typed. */
export function route<Body = unknown, Query = unknown>(spec: Spec<Body, Query>): Route {
  return spec;
}
