/**
 * Short links, for people: `/l/{code}` of the workspace `default`, `/l/{workspace}/{code}` of any. Whoever follows one is
 * counted as a click and sent on with its id; who only looks is sent on all the same, and so is who comes too often: a
 * visitor is never lost.
 */
import { isbot } from 'isbot';
import type { Context } from 'koa';
import type { Visitor } from '../core/catalogue-desk.ts';
import type { Desk } from '../core/desk.ts';
import { LINKS } from '../core/doors.ts';
import { isRefusal } from '../core/refusals.ts';
import { isDatabaseAway } from '../store/database.ts';
import { unsafeText } from './body.ts';
import { tooOften, type Limiting } from './limiting.ts';
import { RETRY_AFTER } from './mount.ts';

const BEGINNING = '/l/';
const PATH = /^\/l\/(?:([a-z0-9][a-z0-9-]{0,62})\/)?([^/]{1,1024})$/;

const LONGEST_AGENT = 500;
const LONGEST_REFERRER = 2000;

export const isShortLink = (path: string): boolean => path.startsWith(BEGINNING);

/** Answers one request for a short link. Throws what is a surprise. */
export async function redirect(desk: Pick<Desk, 'follow'>, limiting: Limiting | null, ctx: Context): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    ctx.set('Allow', 'GET, HEAD');
    return say(ctx, 405, 'Links are followed with GET.');
  }
  const asked = linkIn(ctx.path);
  if (!asked) return sayNothingThere(ctx);
  const wait = await tooOften(limiting, ctx, LINKS);
  try {
    const destination = await desk.follow(asked.workspace, asked.code, wait === null ? visitorOf(ctx) : null);
    if (isRefusal(destination)) return wait === null ? sayNothingThere(ctx) : sayWait(ctx, wait);
    ctx.body = '';
    ctx.status = 302;
    ctx.set('Location', destination);
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    ctx.set('Retry-After', RETRY_AFTER);
    say(ctx, 503, 'This link cannot be looked up at the moment. Please try again.');
  }
}

/** null: no link could have this path. */
function linkIn(path: string): { readonly workspace: string; readonly code: string } | null {
  const [, workspace = 'default', raw = ''] = PATH.exec(path) ?? [];
  try {
    const code = decodeURIComponent(raw);
    return code === '' || unsafeText(code) !== null ? null : { workspace, code };
  } catch {
    return null;
  }
}

const PREFETCH = ['purpose', 'sec-purpose', 'x-purpose', 'x-moz'];

/** A browser says so when it fetches a page that nobody has asked for yet. */
export const fetchesAhead = (ctx: Context): boolean =>
  PREFETCH.some((name) => /prefetch|preview|prerender/i.test(ctx.get(name)));

/**
 * Who is counted; null: nobody. Only looking are HEAD, browsers that fetch ahead, whoever sends no user agent, and those
 * that say they are robots: crawlers, link previews of messengers and networks, scripts.
 */
function visitorOf(ctx: Context): Visitor | null {
  const userAgent = ctx.get('user-agent').slice(0, LONGEST_AGENT);
  if (ctx.method === 'HEAD' || fetchesAhead(ctx) || userAgent === '' || isbot(userAgent)) return null;
  const referrer = ctx.get('referer').slice(0, LONGEST_REFERRER) || null;
  return { referrer, userAgent, scanned: ctx.query['qr'] === '1' };
}

function sayNothingThere(ctx: Context): void {
  say(ctx, 404, 'This link leads nowhere. It may have been mistyped, or it is no longer in use.');
}

/** Said to who tries codes until one leads somewhere. */
function sayWait(ctx: Context, seconds: number): void {
  ctx.set('Retry-After', String(seconds));
  say(ctx, 429, `Too many links were asked for from your address. Please try again in ${seconds} seconds.`);
}

/** A page of one sentence, which can load, run and send nothing. */
function say(ctx: Context, status: number, sentence: string): void {
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  ctx.set('Content-Security-Policy', "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status === 404 ? 'Not found' : 'Not now'}</title>
<p>${sentence}</p>
`;
}
