/**
 * Runs the routes of the surfaces: key, scope, media type and JSON, schema, then the desk. Every way out, also a
 * surprise, is told by the surface in its own shape.
 */
import type { Context } from 'koa';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import { isRefusal, refuse, type FieldProblem, type Refusal } from '../core/refusals.ts';
import type { KeyRing } from '../pipeline/keys.ts';
import { isDatabaseAway, isRetryable } from '../store/database.ts';
import type { Reply, Route } from '../surfaces/surface.ts';
import { Aborted, readBody, readJson, refuseMediaType, unsafeText, type JsonBody } from './body.ts';
import type { Destination } from './dispatch.ts';

/** Seconds after which a sender should try again when the database is away. */
export const RETRY_AFTER = '5';

const AWAY = 'The database cannot be reached. Nothing was lost; send it again.';
const BUSY = 'Too many writers want the same rows at once. Nothing was written; send it again.';

export type Mounted = { readonly desk: Desk; readonly keys: KeyRing; readonly log: Logger };

/** Answers one request whose destination is known. */
export async function serve(
  mounted: Mounted,
  ctx: Context,
  requestId: string,
  destination: Destination,
): Promise<void> {
  const { surface } = destination;
  const answer = await answerTo(mounted, ctx, requestId, destination);
  const reply = isRefusal(answer) ? surface.problem(answer, requestId) : answer;
  if (isRefusal(answer)) announce(ctx, answer, destination);
  ctx.status = reply.status;
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = JSON.stringify(reply.body);
}

/** What a refusal says in headers, the same in every dialect. */
function announce(ctx: Context, { refused }: Refusal, destination: Destination): void {
  if (refused === 'method_not_allowed' && destination.is === 'method') ctx.set('Allow', destination.allow);
  if (refused === 'database_away') ctx.set('Retry-After', RETRY_AFTER);
  if (refused === 'body_too_large') ctx.set('Connection', 'close');
}

async function answerTo(
  mounted: Mounted,
  ctx: Context,
  requestId: string,
  destination: Destination,
): Promise<Reply | Refusal> {
  if (destination.is === 'unknown') return refuse('unknown_path', `There is nothing at ${ctx.method} ${ctx.path}.`);
  if (destination.is === 'method') return refuse('method_not_allowed', `Use ${destination.allow} on this path.`);
  try {
    return await run(mounted, ctx, destination.route, destination.params);
  } catch (error) {
    if (error instanceof Aborted) throw error;
    if (isDatabaseAway(error)) return refuse('database_away', AWAY);
    if (isRetryable(error)) return refuse('database_away', BUSY);
    mounted.log.error(
      { requestId, surface: destination.surface.name, path: ctx.path, err: error },
      'a request ended in a surprise',
    );
    return refuse('internal', `Something went wrong on our side. It is in the log under ${requestId}.`);
  }
}

async function run(
  { desk, keys }: Mounted,
  ctx: Context,
  route: Route,
  params: Readonly<Record<string, string>>,
): Promise<Reply | Refusal> {
  const caller = await keys.identify(ctx.headers.authorization);
  if (isRefusal(caller)) return caller;
  if (!allows(caller, route.scope)) return refuse('missing_scope', `This key lacks the permission ${route.scope}.`);
  const body = await bodyOf(ctx, route);
  if (isRefusal(body)) return body;
  const query = queryOf(ctx);
  if (isRefusal(query)) return query;
  const fits = { query: fit(route.query, query), body: fit(route.body, body.value) };
  const problems = [...fits.query.problems, ...fits.body.problems];
  if (problems.length > 0) return misfit(problems);
  return route.run({ caller, params, query: fits.query.value, body: fits.body.value, raw: body.raw }, desk);
}

/** `*` allows everything, `write:*` every writing. */
function allows({ scopes }: Caller, scope: string): boolean {
  const [verb] = scope.split(':');
  return scopes.includes('*') || scopes.includes(scope) || scopes.includes(`${verb}:*`);
}

/** The JSON of a request whose route takes one; of every other the body is ignored. */
async function bodyOf(ctx: Context, route: Route): Promise<JsonBody | Refusal> {
  if (!route.body) return { raw: '', value: undefined };
  const wrong = refuseMediaType(ctx.headers['content-type'], ctx.headers['content-encoding']);
  if (wrong) return wrong;
  const bytes = await readBody(ctx.req);
  return bytes === 'too_large' ? refuse('body_too_large', 'The body is larger than 1 MiB.') : readJson(bytes);
}

/** The query as an object without a prototype's names; a repeated name is a list. */
function queryOf(ctx: Context): Record<string, string | string[] | undefined> | Refusal {
  const { query } = ctx;
  for (const [field, value] of Object.entries(query))
    for (const one of [value ?? ''].flat()) {
      const problem = unsafeText(one);
      if (problem !== null)
        return refuse('invalid_input', `${field} ${problem}`, {
          field,
          details: [{ field, message: problem }],
        });
    }
  return { ...query };
}

type Fit = { readonly value: unknown; readonly problems: readonly FieldProblem[] };

function fit(schema: z.ZodType | undefined, value: unknown): Fit {
  if (!schema) return { value, problems: [] };
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data, problems: [] };
  return { value: undefined, problems: read.error.issues.map(problemOf) };
}

function problemOf({ path, message }: z.core.$ZodIssue): FieldProblem {
  return { field: path.length === 0 ? 'body' : path.map(String).join('.'), message };
}

/** The field named is the whole field, also when the problem lies inside it. */
function misfit(problems: readonly FieldProblem[]): Refusal {
  const [first] = problems;
  const field = first?.field.split('.')[0] ?? 'body';
  return refuse('invalid_input', `${first?.field} ${first?.message}`, {
    field,
    details: problems.slice(0, 50),
  });
}
