/**
 * Runs the routes of the surfaces: key, rate limit, scope, media type and JSON, schema, then the desk. Every way out,
 * also a surprise, is told by the surface in its own shape.
 */
import type { Context } from 'koa';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import { isRefusal, refuse, type FieldProblem, type Refusal } from '../core/refusals.ts';
import type { KeyRing } from '../pipeline/keys.ts';
import type { Allowance } from '../pipeline/limits.ts';
import type { Signatures } from '../pipeline/signatures.ts';
import { isDatabaseAway, isRetryable } from '../store/database.ts';
import type { Reply, Route, Surface } from '../surfaces/surface.ts';
import {
  Aborted,
  limitFor,
  readBody,
  readJson,
  refuseMediaType,
  refuseOdd,
  unsafeText,
  type JsonBody,
} from './body.ts';
import type { Destination } from './dispatch.ts';
import { keylessAt, secondsUntil, type Limiting } from './limiting.ts';
import { originOf } from './origin.ts';

/** Seconds after which a sender should try again when the database is away. */
export const RETRY_AFTER = '5';

const AWAY = 'The database cannot be reached. Nothing was lost; send it again.';
const BUSY = 'Too many writers want the same rows at once. Nothing was written; send it again.';

export type Mounted = {
  readonly desk: Desk;
  readonly keys: KeyRing;
  readonly signatures: Signatures;
  readonly log: Logger;
  /** null: keys may call as often as they like. */
  readonly limiting: Limiting | null;
  /** How the outside reaches us; null: as each request says. */
  readonly publicUrl: string | null;
};

/** Answers one request whose destination is known. */
export async function serve(
  mounted: Mounted,
  ctx: Context,
  requestId: string,
  destination: Destination,
): Promise<void> {
  const { surface } = destination;
  const answer = await answerTo(mounted, ctx, requestId, destination);
  const reply = isRefusal(answer) ? problemOf(surface, destination, answer, requestId) : answer;
  if (isRefusal(answer)) announce(ctx, answer, destination);
  if (surface.limits.told && mounted.limiting) tellUnspent(mounted.limiting, ctx, surface);
  ctx.status = reply.status;
  if (reply.headers) ctx.set(reply.headers);
  if (reply.body === undefined) return;
  const kind = destination.is === 'route' && !isRefusal(answer) ? destination.route.contentType : undefined;
  ctx.type = kind ?? 'application/json; charset=utf-8';
  ctx.body = kind === undefined ? JSON.stringify(reply.body) : reply.body;
}

function problemOf(surface: Surface, destination: Destination, refusal: Refusal, requestId: string): Reply {
  const own = destination.is === 'route' ? destination.route.problem : undefined;
  return own ? own(refusal, requestId) : surface.problem(refusal, requestId);
}

/** What a refusal says in headers, the same in every dialect. */
function announce(ctx: Context, { refused, retryAfter }: Refusal, destination: Destination): void {
  if (refused === 'method_not_allowed' && destination.is === 'method') ctx.set('Allow', destination.allow);
  if (refused === 'database_away') ctx.set('Retry-After', RETRY_AFTER);
  if (retryAfter !== undefined) ctx.set('Retry-After', String(retryAfter));
  if (refused === 'body_too_large') ctx.set('Connection', 'close');
}

async function answerTo(
  mounted: Mounted,
  ctx: Context,
  requestId: string,
  destination: Destination,
): Promise<Reply | Refusal> {
  if (destination.is === 'preflight') return allowPages(ctx, destination.allow);
  if (destination.is === 'unknown') return refuse('unknown_path', `There is nothing at ${ctx.method} ${ctx.path}.`);
  if (destination.is === 'method') return refuse('method_not_allowed', `Use ${destination.allow} on this path.`);
  try {
    return await run(mounted, ctx, destination);
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
  mounted: Mounted,
  ctx: Context,
  { surface, route, params }: Destination & { is: 'route' },
): Promise<Reply | Refusal> {
  if (route.cors) ctx.set('Access-Control-Allow-Origin', '*');
  const caller = await admit(mounted, ctx, surface, route);
  if (isRefusal(caller)) return caller;
  const body = await bodyOf(mounted, ctx, route, caller);
  if (isRefusal(body)) return body;
  const query = queryOf(ctx);
  if (isRefusal(query)) return query;
  const fits = { query: fit(route.query, query), body: fit(route.body, body.value) };
  const problems = [...fits.query.problems, ...fits.body.problems];
  if (problems.length > 0) return misfit(problems);
  const odd = refuseOdd(body, fits.body.value);
  if (odd) return odd;
  const { 'user-agent': userAgent = '' } = ctx.headers;
  const call = { caller, params, query: fits.query.value, body: fits.body.value, raw: body.raw, userAgent };
  return route.run({ ...call, idempotencyKey: idempotencyKeyOf(ctx), origin: originOf(mounted, ctx) }, mounted.desk);
}

function idempotencyKeyOf(ctx: Context): string | null {
  return ctx.get('idempotency-key').trim() || null;
}

/** Key, rate limit and scope: all that is decided before the body is looked at. */
async function admit(mounted: Mounted, ctx: Context, surface: Surface, route: Route): Promise<Caller | Refusal> {
  const { authorization, origin, referer } = ctx.headers;
  const needsNone = route.keyless === 'always' || (route.keyless === 'allowed' && authorization === undefined);
  const caller = needsNone
    ? keylessAt(surface.keys.name, ctx.ip)
    : await mounted.keys.identify(surface.keys, { authorization, origin: origin ?? referer });
  if (isRefusal(caller)) return caller;
  if (caller.keyless) return (await late(mounted, ctx, surface, caller)) ?? caller;
  if ((caller.affiliateId != null) !== (route.holder === 'affiliate'))
    return refuse('unknown_key', 'This kind of key does not open this path.');
  const tooMany = await late(mounted, ctx, surface, caller);
  if (tooMany) return tooMany;
  if (surface.keys.allows(caller.scopes, route.scope)) return caller;
  return refuse('missing_scope', `This key lacks the permission ${route.scope}.`, { needs: route.scope });
}

function late(mounted: Mounted, ctx: Context, surface: Surface, caller: Caller): Promise<Refusal | null> {
  return mounted.limiting ? spend(mounted.limiting, ctx, surface, caller) : Promise.resolve(null);
}

/** A browser asks before it lets a page of another origin call: for a day it need not ask again. */
function allowPages(ctx: Context, methods: string): Reply {
  ctx.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': 'authorization, content-type',
    'Access-Control-Max-Age': '86400',
  });
  return { status: 204, body: undefined };
}

/** null: the call is within the limits. The moment of the reset is told in Unix seconds. */
async function spend(limiting: Limiting, ctx: Context, surface: Surface, caller: Caller): Promise<Refusal | null> {
  const { windows, told } = surface.limits;
  const allowance = await limiting.rates.spend(caller, limiting.set.get(surface.keys.name) ?? windows);
  if (!allowance) return null;
  const { allowed, resetsAt } = allowance;
  if (told) tell(ctx, allowance);
  if (allowed) return null;
  const retryAfter = secondsUntil(limiting, resetsAt);
  const whose = caller.keyless ? 'from this address' : 'with this key';
  return refuse('rate_limited', `Too many calls ${whose}. Try again in ${retryAfter} s.`, { retryAfter });
}

function tell(ctx: Context, { limit, remaining, resetsAt }: Omit<Allowance, 'allowed'>): void {
  ctx.set('X-RateLimit-Limit', String(limit));
  ctx.set('X-RateLimit-Remaining', String(remaining));
  ctx.set('X-RateLimit-Reset', String(Math.ceil(resetsAt / 1000)));
}

/** A call that is nobody's spends nothing: its answer tells of a window that nobody has begun. */
function tellUnspent({ set, now }: Limiting, ctx: Context, { keys, limits }: Surface): void {
  const [longest] = (set.get(keys.name) ?? limits.windows).toSorted((a, b) => b.seconds - a.seconds);
  if (!longest || ctx.res.hasHeader('X-RateLimit-Limit')) return;
  const { points, seconds } = longest;
  tell(ctx, { limit: points, remaining: points, resetsAt: now() + seconds * 1000 });
}

/** The JSON of a request whose route takes one; of every other the body is ignored. */
async function bodyOf(mounted: Mounted, ctx: Context, route: Route, caller: Caller): Promise<JsonBody | Refusal> {
  if (!route.body) return { raw: '', value: undefined };
  const wrong = refuseMediaType(ctx.headers['content-type'], ctx.headers['content-encoding']);
  if (wrong) return wrong;
  const limit = limitFor(caller);
  const bytes = await readBody(ctx.req, limit);
  if (bytes === 'too_large') return refuse('body_too_large', `The body is larger than ${limit} bytes.`);
  return (await wrongSignature(mounted, ctx, route, caller, bytes)) ?? readJson(bytes);
}

async function wrongSignature(
  { signatures }: Mounted,
  ctx: Context,
  { signed }: Route,
  { workspace }: Caller,
  bytes: Buffer,
): Promise<Refusal | null> {
  if (!signed) return null;
  // A header that is not there reads as ''.
  const [timestamp, signature] = [ctx.get(signed.timestamp), ctx.get(signed.signature)];
  return signatures.wrong(workspace, { timestamp: timestamp || undefined, signature: signature || undefined }, bytes);
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
  return { value: undefined, problems: read.error.issues.map(fieldProblem) };
}

function fieldProblem({ path, message }: z.core.$ZodIssue): FieldProblem {
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
