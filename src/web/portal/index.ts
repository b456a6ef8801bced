/**
 * The portal: where an affiliate sees their own numbers. `/portal/open` takes a token and gives a session, `/portal` shows
 * what the session is for, `/portal/sign-out` ends it; `/embed/referrals` shows the same within a page of the company's, as
 * long as the token in its address lasts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Desk } from '../../core/desk.ts';
import { PORTAL } from '../../core/doors.ts';
import type { Holder, Pass } from '../../core/portal-desk.ts';
import { isRefusal, type Reason, type Refusal } from '../../core/refusals.ts';
import { isDatabaseAway } from '../../store/database.ts';
import { readBody } from '../body.ts';
import { tooOften, type Limiting } from '../limiting.ts';
import { RETRY_AFTER } from '../mount.ts';
import { originOf } from '../origin.ts';
import { fetchesAhead } from '../redirect.ts';
import { LONGEST_CONTENT } from './creatives.ts';
import { notice, policyOf, type Theme } from './layout.ts';
import { portalPage, ROWS, type Pages, type Shown } from './page.ts';

export type Portal = {
  /** Whether a path is of the portal, whatever is there. */
  owns(path: string): boolean;
  /** Throws what is a surprise. */
  answer(ctx: Context): Promise<void>;
};

type Parts = {
  readonly desk: Desk;
  readonly now: () => number;
  readonly limiting: Limiting | null;
  readonly publicUrl: string | null;
};

type Step = { readonly method: 'GET' | 'POST'; readonly run: (parts: Parts, ctx: Context) => Promise<void> };

/** Shown within pages of any origin, like what it says when it cannot be shown. */
const EMBEDDED = '/embed/referrals';

const STEPS: ReadonlyMap<string, Step> = new Map([
  ['/portal', { method: 'GET', run: showPortal }],
  ['/portal/open', { method: 'GET', run: openPortal }],
  ['/portal/sign-out', { method: 'POST', run: signOut }],
  [EMBEDDED, { method: 'GET', run: showEmbedded }],
]);

export function createPortal(parts: Parts): Portal {
  return {
    owns: (path) => path === '/portal' || path.startsWith('/portal/') || path === EMBEDDED,
    async answer(ctx) {
      ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
      const step = STEPS.get(ctx.path);
      if (!step) return say(ctx, 404, 'Nothing here', 'There is no page at this address.');
      const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
      if (method !== step.method) {
        ctx.set('Allow', step.method === 'GET' ? 'GET, HEAD' : step.method);
        return say(ctx, 405, 'Not like this', 'This page cannot be asked for in this way.');
      }
      try {
        if (await isLate(parts, ctx)) return say(ctx, 429, 'Too many visits', 'Please wait a minute and try again.');
        await step.run(parts, ctx);
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        sayAway(ctx);
      }
    },
  };
}

const isBusy = ({ refused }: Refusal): boolean => refused === 'database_away';

function sayAway(ctx: Context): void {
  ctx.set('Retry-After', RETRY_AFTER);
  say(ctx, 503, 'Not at the moment', 'Your numbers cannot be looked up right now. Please try again.');
}

async function isLate({ limiting }: Parts, ctx: Context): Promise<boolean> {
  const wait = await tooOften(limiting, ctx, PORTAL);
  if (wait !== null) ctx.set('Retry-After', String(wait));
  return wait !== null;
}

/** Who only looks at the address, or fetches it before anybody asked, does not use up its token. */
async function openPortal(parts: Parts, ctx: Context): Promise<void> {
  if (ctx.method === 'HEAD' || fetchesAhead(ctx)) {
    ctx.status = 204;
    return;
  }
  const session = await parts.desk.openPortal(told(ctx, 'token') ?? '');
  if (isRefusal(session)) return sayRefused(ctx, session);
  keep(parts, ctx, session);
  ctx.status = 303;
  ctx.set('Location', `${rootOf(parts)}/portal`);
  ctx.body = '';
}

type Said = readonly [status: number, title: string, sentence: string];

const UNKNOWN: Said = [
  401,
  'This link does not open the portal',
  'It is incomplete, or was made elsewhere. Ask the company whose partner you are for a new one.',
];

const REFUSED: Readonly<Partial<Record<Reason, Said>>> = {
  expired_token: [
    410,
    'This link opens the portal no more',
    'It was used before, or is too old. Ask the company whose partner you are for a new one.',
  ],
  affiliate_not_approved: [403, 'The portal is not open to you', 'Ask the company whose partner you are.'],
};

function sayRefused(ctx: Context, { refused }: Refusal): void {
  say(ctx, ...(REFUSED[refused] ?? UNKNOWN));
}

const COOKIE = 'portal_session';

/** Under which path the outside reaches us, without a trailing slash. */
const rootOf = ({ publicUrl }: Parts): string =>
  publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');

/** No script reads it, no other site sends it along, and it is sent to the portal only. null: it is taken away. */
function keep(parts: Parts, ctx: Context, session: Pass | null): void {
  const seconds = session === null ? 0 : Math.max(1, Math.floor((session.expiresAt - parts.now()) / 1000));
  const secure = originOf(parts, ctx).startsWith('https:') ? ['Secure'] : [];
  const path = `Path=${rootOf(parts)}/portal`;
  const value = `${COOKIE}=${session?.token ?? ''}`;
  ctx.set('Set-Cookie', [value, path, `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Lax', ...secure].join('; '));
}

async function showPortal(parts: Parts, ctx: Context): Promise<void> {
  const token = ctx.cookies.get(COOKIE) ?? '';
  const holder = token === '' ? null : await parts.desk.holderOf(token, 'session');
  if (isRefusal(holder) && holder.refused === 'affiliate_not_approved') return sayRefused(ctx, holder);
  if (holder === null || isRefusal(holder)) return saySignedOut(parts, ctx, token);
  const root = rootOf(parts);
  const shown = await look(parts, ctx, holder, {
    at: ({ commissions, payouts }) => `${root}/portal?page=${commissions}&payouts=${payouts}`,
    signOut: { action: `${root}/portal/sign-out`, check: checkOf(token) },
    theme: null,
  });
  if (isRefusal(shown)) return isBusy(shown) ? sayAway(ctx) : saySignedOut(parts, ctx, token);
  write(ctx, 200, portalPage(shown));
}

function saySignedOut(parts: Parts, ctx: Context, token: string): void {
  if (token !== '') keep(parts, ctx, null);
  const sentence = 'Open the portal from the app of the company whose partner you are, or ask them for a new link.';
  say(ctx, 401, 'You are not signed in', sentence);
}

async function showEmbedded(parts: Parts, ctx: Context): Promise<void> {
  const token = told(ctx, 'token') ?? '';
  const holder = await parts.desk.holderOf(token, 'embed');
  if (isRefusal(holder)) return sayRefused(ctx, holder);
  const asked = told(ctx, 'theme');
  const theme: Theme | null = asked === 'system' ? null : asked === 'dark' ? 'dark' : 'light';
  const more = `token=${encodeURIComponent(token)}&theme=${theme ?? 'system'}`;
  const shown = await look(parts, ctx, holder, {
    at: ({ commissions, payouts }) => `?${more}&page=${commissions}&payouts=${payouts}`,
    signOut: null,
    theme,
  });
  if (isRefusal(shown)) return isBusy(shown) ? sayAway(ctx) : say(ctx, ...UNKNOWN);
  write(ctx, 200, portalPage(shown));
}

/** Refused when the affiliate was deleted meanwhile, or too many look. */
async function look(
  { desk, now }: Parts,
  ctx: Context,
  holder: Holder,
  frame: Pick<Shown, 'at' | 'signOut' | 'theme'>,
): Promise<Shown | Refusal> {
  const pages: Pages = { commissions: pageIn(told(ctx, 'page')), payouts: pageIn(told(ctx, 'payouts')) };
  const part = (page: number) => ({ limit: ROWS, offset: (page - 1) * ROWS });
  const wanted = {
    earnings: part(pages.commissions),
    payouts: part(pages.payouts),
    incentives: false,
    creatives: pages.commissions === 1 && pages.payouts === 1 ? { content: LONGEST_CONTENT + 1 } : null,
  };
  const overview = await desk.overview(holder, wanted);
  if (isRefusal(overview)) return overview;
  return { overview, pages, livemode: holder.caller.livemode, now: now(), ...frame };
}

const pageIn = (text: string | null): number => (text !== null && /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 1);

/** What the query says under a name that it says once. */
function told(ctx: Context, name: string): string | null {
  const value = ctx.query[name];
  return typeof value === 'string' ? value : null;
}

/** What only a page shown to this session can say. */
const checkOf = (token: string): string => createHash('sha256').update(`sign out ${token}`).digest('base64url');

const FORM_BYTES = 1_000;

/** Another site can send this form too, and then without the cookie: it must not take the cookie away. */
async function signOut(parts: Parts, ctx: Context): Promise<void> {
  const token = ctx.cookies.get(COOKIE) ?? '';
  if (token === '') return saySignedOut(parts, ctx, token);
  const body = await readBody(ctx.req, FORM_BYTES);
  const check = body === 'too_large' ? null : new URLSearchParams(body.toString('utf8')).get('check');
  if (!isSame(check ?? '', checkOf(token)))
    return say(ctx, 403, 'You are still signed in', 'Go back to the portal and sign out there.');
  await parts.desk.closePortal(token);
  keep(parts, ctx, null);
  say(ctx, 200, 'You are signed out', 'Open the portal again from the app of the company whose partner you are.');
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function say(ctx: Context, status: number, title: string, sentence: string): void {
  write(ctx, status, notice(title, sentence));
}

function write(ctx: Context, status: number, page: string): void {
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  ctx.set({ 'Content-Security-Policy': policyOf(ctx.path === EMBEDDED), 'X-Content-Type-Options': 'nosniff' });
  ctx.body = page;
}
