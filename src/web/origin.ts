/** How the outside reaches us, and what a cache may keep of an answer that says so. */
import type { Context } from 'koa';

export type Outside = {
  /** Without a trailing slash; null: as the request says. */
  readonly publicUrl: string | null;
};

export function originOf({ publicUrl }: Outside, ctx: Context): string {
  return publicUrl ?? `${ctx.protocol}://${ctx.host}`;
}

/**
 * `Cache-Control` of a page or document that names our own address. Where a caller's headers say it, nobody else may be
 * given what they were answered: a cache between us may not know all of those headers.
 */
export function keptOf({ publicUrl }: Outside): string {
  return publicUrl === null ? 'private, no-cache' : KEPT_BY_ALL;
}

export const KEPT_BY_ALL = 'public, max-age=300';
