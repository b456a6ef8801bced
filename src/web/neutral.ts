import type { Context } from 'koa';

/** A problem on a path that is nobody's dialect. */
export function neutral(ctx: Context, status: number, error: string): void {
  ctx.status = status;
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = JSON.stringify({ error });
}
