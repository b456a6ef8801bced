/** `/healthz`: the process answers. `/readyz`: it can do its work; red says in words what keeps it from that. */
import type { Context } from 'koa';

/** What keeps the service from being ready, in words; empty: nothing does. */
export type Ready = () => Promise<readonly string[]>;

const READY_WITHIN_MS = 5_000;

export function sayAlive(ctx: Context): void {
  ctx.type = 'application/json; charset=utf-8';
  ctx.set('Cache-Control', 'no-store');
  ctx.body = '{"ok":true}';
}

export async function sayReady(ctx: Context, ready: Ready): Promise<void> {
  const missing = await within(ready());
  ctx.status = missing.length === 0 ? 200 : 503;
  ctx.type = 'application/json; charset=utf-8';
  ctx.set('Cache-Control', 'no-store');
  ctx.body = JSON.stringify({ ready: missing.length === 0, missing });
}

/** A question that is not answered in time is an answer too. */
async function within(asked: Promise<readonly string[]>): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve(['it took too long to find out']), READY_WITHIN_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } catch {
    return ['it could not be found out; the log says why'];
  } finally {
    clearTimeout(timer);
  }
}
