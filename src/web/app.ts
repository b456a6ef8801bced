/**
 * The HTTP application: one step that chooses by path. Webhooks come first and pass nothing they do not need; then the
 * dialects; then what is for people and probes. Every answer carries a `Request-Id`, and so does every log line.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import Koa, { type Context } from 'koa';
import type { Logger } from 'pino';
import type { Desk } from '../core/desk.ts';
import type { Clockwork } from '../pipeline/clockwork.ts';
import { keyRing } from '../pipeline/keys.ts';
import { signatures } from '../pipeline/signatures.ts';
import type { Provider } from '../providers/provider.ts';
import type { Surface } from '../surfaces/surface.ts';
import { admin } from './admin/index.ts';
import { Aborted } from './body.ts';
import { createDispatch, type Request } from './dispatch.ts';
import { sayAlive, sayReady, type Ready } from './health.ts';
import type { Limiting } from './limiting.ts';
import { serve } from './mount.ts';
import { neutral } from './neutral.ts';
import { createPortal } from './portal/index.ts';
import { drawQrCode, QR_CODE } from './qrcode.ts';
import { isShortLink, redirect } from './redirect.ts';
import { createReference, type Reference } from './reference/index.ts';
import { createWebhooks } from './webhooks.ts';
import { sayWelcome } from './welcome.ts';

export type AppParts = {
  readonly work: Clockwork;
  readonly desk: Desk;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly surfaces: readonly Surface[];
  readonly ready: Ready;
  readonly log: Logger;
  /** How the outside reaches us; null or absent: as the request says. */
  readonly publicUrl?: string | null;
  /** Host name → the dialect that is spoken there. */
  readonly hosts?: ReadonlyMap<string, string>;
  /** How often keys and addresses may call; null or absent: as often as they like. */
  readonly limiting?: Limiting | null;
  /** How many proxies in front are believed when they say where a call came from; absent: none. */
  readonly trustedProxies?: number;
};

/** Random once per process, then counted: unique, and cheaper than randomness per request. */
function requestIds(): () => string {
  const process = randomBytes(6).toString('hex');
  let next = 0;
  return () => `req_${process}${(next++).toString(36).padStart(6, '0')}`;
}

export function createApp(parts: AppParts): Koa {
  const { work, log } = parts;
  const app = new Koa();
  const webhooks = createWebhooks(parts);
  // Ours are asked first: the dialect owns everything below /v1 and answers for what nobody has.
  const surfaces = [admin, ...parts.surfaces];
  const dispatch = createDispatch(surfaces, parts.hosts);
  const reference = createReference(surfaces, parts.hosts ?? new Map());
  const { limiting = null, publicUrl = null } = parts;
  const kept = { keys: keyRing(work), signatures: signatures(work) };
  const mounted = { desk: parts.desk, ...kept, log, limiting, publicUrl };
  const portal = createPortal({ desk: parts.desk, now: work.now, limiting, publicUrl });
  const newRequestId = requestIds();
  app.silent = true;
  const { trustedProxies = 0 } = parts;
  app.proxy = trustedProxies > 0;
  app.maxIpsCount = trustedProxies;
  app.use(async (ctx) => {
    const requestId = newRequestId();
    ctx.set('Request-Id', requestId);
    if (!hasPath(ctx)) return neutral(ctx, 400, 'bad_request');
    try {
      const endpoint = ctx.path.startsWith('/webhooks/') ? webhooks.find(ctx.path) : null;
      if (endpoint) return await webhooks.answer(ctx, endpoint, requestId);
      if (isShortLink(ctx.path)) return await redirect(parts.desk, limiting, ctx);
      if (ctx.path === QR_CODE) return await drawQrCode(limiting, ctx);
      if (portal.owns(ctx.path)) return await portal.answer(ctx);
      const peoples = PEOPLES.includes(ctx.path) || reference.owns(ctx.path);
      const destination = peoples ? null : dispatch(requestOf(ctx));
      if (destination) return await serve(mounted, ctx, requestId, destination);
      await answerPeople(parts, reference, ctx);
    } catch (error) {
      if (error instanceof Aborted) return leave(ctx);
      log.error({ requestId, path: ctx.path, err: error }, 'a request ended in a surprise');
      if (portal.owns(ctx.path)) portal.apologize(ctx);
      else neutral(ctx, 500, 'internal');
    }
  });
  return app;
}

/** What is asked for may be a whole URL, and one that nobody can read. */
function hasPath(ctx: Context): boolean {
  return ctx.url.startsWith('/') || ctx.url === '*' || URL.canParse(ctx.url);
}

function requestOf(ctx: Context): Request {
  const { method, path, hostname: host, querystring: query } = ctx;
  const { authorization, 'user-agent': userAgent = '' } = ctx.headers;
  return { method, path, host, query, authorization, userAgent };
}

/** Nobody is there to read an answer. */
function leave(ctx: Context): void {
  ctx.respond = false;
  ctx.res.destroy();
}

/** What is for people and probes, on whatever host. */
const PEOPLES = ['/', '/healthz', '/readyz'];

async function answerPeople({ ready, publicUrl = null }: AppParts, reference: Reference, ctx: Context): Promise<void> {
  if (!PEOPLES.includes(ctx.path) && !reference.owns(ctx.path)) return neutral(ctx, 404, 'not_found');
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    ctx.set('Allow', 'GET, HEAD');
    return neutral(ctx, 405, 'method_not_allowed');
  }
  if (ctx.path === '/healthz') return sayAlive(ctx);
  if (ctx.path === '/readyz') return sayReady(ctx, ready);
  const outside = { publicUrl };
  return ctx.path === '/' ? sayWelcome(ctx, outside) : reference.answer(ctx, outside);
}

/** A sender has this long for its headers, and for all of a request. */
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;

/** Longer than a load balancer keeps an idle connection (60 s is usual), so that it never writes into a closed one. */
const KEEP_ALIVE_MS = 75_000;

/** Listens; rejects when the address cannot be had. `port` 0: any that is free. */
export function listen(app: Koa, at: { readonly host: string; readonly port: number }): Promise<Server> {
  const limits = {
    headersTimeout: HEADERS_WITHIN_MS,
    requestTimeout: REQUEST_WITHIN_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 5_000,
  };
  // Koa answers by itself; what its callback promises is of no interest to the server.
  const answer = app.callback();
  const server = createServer(limits, (request, response) => void answer(request, response));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
