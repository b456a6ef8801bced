/** How the outside reaches us, and what a cache may keep of an answer that says so. */
import type { Context } from 'koa';

export type Outside = {
  /** Without a trailing slash; null: as the request says. */
  readonly publicUrl: string | null;
};

/** A name or an address with or without a port, and nothing that could end a link or begin another. */
const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const LONGEST_HOST = 261;

const isHost = (told: string): boolean => told.length <= LONGEST_HOST && HOST.test(told);

/** What headers say of us is believed where it is a scheme of the web and a plain host; else it is as if they were silent. */
export function originOf({ publicUrl }: Outside, ctx: Context): string {
  if (publicUrl !== null) return publicUrl;
  const scheme = ctx.protocol === 'https' ? 'https' : 'http';
  const host = [ctx.host, ctx.req.headers.host ?? ''].find(isHost) ?? 'localhost';
  return `${scheme}://${host}`;
}

/**
 * `Cache-Control` of a page or document that names our own address. Where a caller's headers say it, nobody else may be
 * given what they were answered: a cache between us may not know all of those headers.
 */
export function keptOf({ publicUrl }: Outside): string {
  return publicUrl === null ? 'private, no-cache' : KEPT_BY_ALL;
}

export const KEPT_BY_ALL = 'public, max-age=300';
