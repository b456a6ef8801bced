/** What pages of the portal have in common: how they are answered, and the cookie of a session. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Desk } from '../../core/desk.ts';
import type { Pass } from '../../core/portal-desk.ts';
import type { Reason, Refusal } from '../../core/refusals.ts';
import { readBody } from '../body.ts';
import type { Limiting } from '../limiting.ts';
import { RETRY_AFTER } from '../mount.ts';
import { originOf } from '../origin.ts';
import { notice, policyOf } from './layout.ts';

export type Parts = {
  readonly desk: Desk;
  readonly now: () => number;
  readonly limiting: Limiting | null;
  readonly publicUrl: string | null;
};

/** Shown within pages of any origin, like what it says when it cannot be shown. */
export const EMBEDDED = '/embed/referrals';

export function say(ctx: Context, status: number, title: string, sentence: string): void {
  write(ctx, status, notice(title, sentence));
}

export function write(ctx: Context, status: number, page: string): void {
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  ctx.set({ 'Content-Security-Policy': policyOf(ctx.path === EMBEDDED), 'X-Content-Type-Options': 'nosniff' });
  ctx.body = page;
}

type Said = readonly [status: number, title: string, sentence: string];

export const UNKNOWN: Said = [
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

export function sayRefused(ctx: Context, { refused }: Refusal): void {
  say(ctx, ...(REFUSED[refused] ?? UNKNOWN));
}

export const isBusy = ({ refused }: Refusal): boolean => refused === 'database_away';

export function sayAway(ctx: Context): void {
  ctx.set('Retry-After', RETRY_AFTER);
  say(ctx, 503, 'Not at the moment', 'Your numbers cannot be looked up right now. Please try again.');
}

/** What the query says under a name that it says once. */
export function told(ctx: Context, name: string): string | null {
  const value = ctx.query[name];
  return typeof value === 'string' ? value : null;
}

const COOKIE = 'portal_session';

/** '': the browser has none. */
export const sessionIn = (ctx: Context): string => ctx.cookies.get(COOKIE) ?? '';

/** Under which path the outside reaches us, without a trailing slash. */
export const rootOf = ({ publicUrl }: Parts): string =>
  publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');

/** No script reads it, no other site sends it along, and it is sent to the portal only. null: it is taken away. */
export function keep(parts: Parts, ctx: Context, session: Pass | null): void {
  const seconds = session === null ? 0 : Math.max(1, Math.floor((session.expiresAt - parts.now()) / 1000));
  const secure = originOf(parts, ctx).startsWith('https:') ? ['Secure'] : [];
  const path = `Path=${rootOf(parts)}/portal`;
  const value = `${COOKIE}=${session?.token ?? ''}`;
  ctx.set('Set-Cookie', [value, path, `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Lax', ...secure].join('; '));
}

export function saySignedOut(parts: Parts, ctx: Context, token: string): void {
  if (token !== '') keep(parts, ctx, null);
  const sentence = 'Open the portal from the app of the company whose partner you are, or ask them for a new link.';
  say(ctx, 401, 'You are not signed in', sentence);
}

/** What only a page shown to this session can say of what it does. */
export const checkOf = (does: 'open' | 'sign out', session: string): string =>
  createHash('sha256').update(`${does} ${session}`).digest('base64url');

const FORM_BYTES = 1_000;

/** What a form of ours says; null: it is another's, or made for another session. */
export async function formOf(
  ctx: Context,
  does: 'open' | 'sign out',
  session: string,
): Promise<URLSearchParams | null> {
  const body = await readBody(ctx.req, FORM_BYTES);
  if (body === 'too_large') return null;
  const form = new URLSearchParams(body.toString('utf8'));
  return isSame(form.get('check') ?? '', checkOf(does, session)) ? form : null;
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
