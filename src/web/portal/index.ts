/**
 * The portal: where an affiliate sees their own numbers. `/portal/open` takes a token and gives a session, `/portal` shows
 * what the session is for, `/portal/sign-out` ends it; `/embed/referrals` shows the same within a page of the company's, as
 * long as the token in its address lasts.
 */
import type { Context } from 'koa';
import { PORTAL } from '../../core/doors.ts';
import type { Holder } from '../../core/portal-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { isDatabaseAway } from '../../store/database.ts';
import { tooOften } from '../limiting.ts';
import {
  checkOf,
  EMBEDDED,
  isBusy,
  rootOf,
  say,
  sayAway,
  sayRefused,
  saySignedOut,
  sessionIn,
  told,
  UNKNOWN,
  write,
  type Parts,
} from './answers.ts';
import { LONGEST_CONTENT } from './creatives.ts';
import { openInstead, openPortal, signOut } from './door.ts';
import type { Theme } from './layout.ts';
import { portalPage, ROWS, type Pages, type Shown } from './page.ts';

export type Portal = {
  /** Whether a path is of the portal, whatever is there. */
  owns(path: string): boolean;
  /** Throws what is a surprise. */
  answer(ctx: Context): Promise<void>;
  /** Says that there was one. */
  apologize(ctx: Context): void;
};

type Step = (parts: Parts, ctx: Context) => Promise<void>;
type Steps = { readonly GET?: Step; readonly POST?: Step };

const STEPS: ReadonlyMap<string, Steps> = new Map<string, Steps>([
  ['/portal', { GET: showPortal }],
  ['/portal/open', { GET: openPortal, POST: openInstead }],
  ['/portal/sign-out', { POST: signOut }],
  [EMBEDDED, { GET: showEmbedded }],
]);

export function createPortal(parts: Parts): Portal {
  return {
    owns: (path) => path === '/portal' || path.startsWith('/portal/') || path === EMBEDDED,
    apologize: (ctx) =>
      say(ctx, 500, 'Something went wrong', 'It is our fault, and was noted. Please try again later.'),
    async answer(ctx) {
      ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
      const steps = STEPS.get(ctx.path);
      if (!steps) return say(ctx, 404, 'Nothing here', 'There is no page at this address.');
      const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
      const step = method === 'GET' || method === 'POST' ? steps[method] : undefined;
      if (!step) {
        ctx.set('Allow', [...(steps.GET ? ['GET, HEAD'] : []), ...(steps.POST ? ['POST'] : [])].join(', '));
        return say(ctx, 405, 'Not like this', 'This page cannot be asked for in this way.');
      }
      try {
        if (await isLate(parts, ctx)) return say(ctx, 429, 'Too many visits', 'Please wait a minute and try again.');
        await step(parts, ctx);
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        sayAway(ctx);
      }
    },
  };
}

async function isLate({ limiting }: Parts, ctx: Context): Promise<boolean> {
  const wait = await tooOften(limiting, ctx, PORTAL);
  if (wait !== null) ctx.set('Retry-After', String(wait));
  return wait !== null;
}

async function showPortal(parts: Parts, ctx: Context): Promise<void> {
  const token = sessionIn(ctx);
  const holder = token === '' ? null : await parts.desk.holderOf(token, 'session');
  if (isRefusal(holder) && holder.refused === 'affiliate_not_approved') return sayRefused(ctx, holder);
  if (holder === null || isRefusal(holder)) return saySignedOut(parts, ctx, token);
  const root = rootOf(parts);
  const shown = await look(parts, ctx, holder, {
    at: ({ commissions, payouts }) => `${root}/portal?page=${commissions}&payouts=${payouts}`,
    signOut: { action: `${root}/portal/sign-out`, check: checkOf('sign out', token) },
    theme: null,
  });
  if (isRefusal(shown)) return isBusy(shown) ? sayAway(ctx) : saySignedOut(parts, ctx, token);
  write(ctx, 200, portalPage(shown));
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
