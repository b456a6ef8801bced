/** The door of the portal: in with a token, out with a form. */
import type { Context } from 'koa';
import { isRefusal } from '../../core/refusals.ts';
import { html } from '../html.ts';
import { fetchesAhead } from '../redirect.ts';
import {
  checkOf,
  formOf,
  keep,
  rootOf,
  say,
  sayRefused,
  saySignedOut,
  sessionIn,
  told,
  write,
  type Parts,
} from './answers.ts';
import { layout } from './layout.ts';

/** Who only looks at the address, or fetches it before anybody asked, does not use up its token. */
export async function openPortal(parts: Parts, ctx: Context): Promise<void> {
  if (ctx.method === 'HEAD' || fetchesAhead(ctx)) {
    ctx.status = 204;
    return;
  }
  const token = told(ctx, 'token') ?? '';
  const session = sessionIn(ctx);
  const running = session === '' ? null : await parts.desk.holderOf(session, 'session');
  if (running === null || isRefusal(running)) return enter(parts, ctx, token);
  const coming = await parts.desk.bearerOf(token);
  if (isRefusal(coming)) return sayRefused(ctx, coming);
  const isSame = coming.affiliateId === running.affiliateId && coming.caller.workspace === running.caller.workspace;
  return isSame ? enter(parts, ctx, token) : ask(parts, ctx, token, session);
}

async function enter(parts: Parts, ctx: Context, token: string): Promise<void> {
  const session = await parts.desk.openPortal(token);
  if (isRefusal(session)) return sayRefused(ctx, session);
  keep(parts, ctx, session);
  ctx.status = 303;
  ctx.set('Location', `${rootOf(parts)}/portal`);
  ctx.body = '';
}

/** A link that somebody sent must not show their numbers in place of one's own. */
function ask(parts: Parts, ctx: Context, token: string, session: string): void {
  const title = 'This link is somebody else’s';
  const page = html`<main>
    <h1>${title}</h1>
    <p>You are signed in to the portal of another partner. This link signs you out there and opens its own.</p>
    <form method="post" action="${rootOf(parts)}/portal/open">
      <input type="hidden" name="check" value="${checkOf('open', session)}" />
      <input type="hidden" name="token" value="${token}" /><button>Open it</button>
    </form>
    <p><a href="${rootOf(parts)}/portal">Stay signed in</a></p>
  </main>`;
  write(ctx, 200, layout(title, page));
}

/** Only our own page asks so, and only while the session that it asked about is still there. */
export async function openInstead(parts: Parts, ctx: Context): Promise<void> {
  const session = sessionIn(ctx);
  const form = session === '' ? null : await formOf(ctx, 'open', session);
  if (!form) return say(ctx, 403, 'Nothing was opened', 'Follow the link again.');
  await enter(parts, ctx, form.get('token') ?? '');
  if (ctx.status === 303) await parts.desk.closePortal(session);
}

/** Another site can send this form too, and then without the cookie: it must not take the cookie away. */
export async function signOut(parts: Parts, ctx: Context): Promise<void> {
  const session = sessionIn(ctx);
  if (session === '') return saySignedOut(parts, ctx, session);
  if (!(await formOf(ctx, 'sign out', session)))
    return say(ctx, 403, 'You are still signed in', 'Go back to the portal and sign out there.');
  await parts.desk.closePortal(session);
  keep(parts, ctx, null);
  say(ctx, 200, 'You are signed out', 'Open the portal again from the app of the company whose partner you are.');
}
