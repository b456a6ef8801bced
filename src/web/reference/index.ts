/**
 * The reference: `/openapi/{dialect}.json` for machines, `/docs/{dialect}` for people. Made when it is first asked for, and
 * kept; every surface is in it without being named here.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from 'koa';
import type { Surface } from '../../surfaces/surface.ts';
import { neutral } from '../neutral.ts';
import { documentOf } from './openapi.ts';
import { documentPage, listPage, type Entry } from './page.ts';
import { serversOf } from './servers.ts';

export type Reference = {
  /** Whether a path is of the reference, whatever is there. */
  owns(path: string): boolean;
  /** `url`: how the outside reaches us, without a trailing slash. */
  answer(ctx: Context, url: string): void;
};

type File = { readonly type: string; readonly body: string; readonly etag: string };

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `hosts`: host name → the dialect that is spoken there. */
export function createReference(surfaces: readonly Surface[], hosts: ReadonlyMap<string, string>): Reference {
  let kept: { readonly url: string; readonly files: ReadonlyMap<string, File> } | null = null;
  return {
    owns: (path) => /^\/(docs(\/|$)|openapi(\.json$|\/|$))/.test(path),
    answer(ctx, url) {
      if (kept?.url !== url) kept = { url, files: filesAt(url, surfaces, hosts) };
      const file = kept.files.get(ctx.path);
      return file ? send(ctx, file) : neutral(ctx, 404, 'not_found');
    },
  };
}

function send(ctx: Context, { type, body, etag }: File): void {
  ctx.status = 200;
  ctx.type = type;
  ctx.set({ ETag: etag, 'Cache-Control': 'public, max-age=300', 'X-Content-Type-Options': 'nosniff' });
  if (type === HTML_TYPE) ctx.set({ 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' });
  // Tools on pages of other origins may read what everybody may read.
  if (type === JSON_TYPE) ctx.set('Access-Control-Allow-Origin', '*');
  if (isKnown(ctx.get('If-None-Match'), etag)) ctx.status = 304;
  else ctx.body = body;
}

/** Whether the caller has it as it is. Koa's own word for it believes a program that says no-cache beside its tag. */
function isKnown(tags: string, etag: string): boolean {
  return tags.split(',').some((tag) => [etag, '*'].includes(tag.trim().replace(/^W\//, '')));
}

function filesAt(
  url: string,
  surfaces: readonly Surface[],
  hosts: ReadonlyMap<string, string>,
): ReadonlyMap<string, File> {
  const root = URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : '';
  const entries: readonly Entry[] = surfaces.map((surface) => ({
    name: surface.name,
    document: documentOf(surface, serversOf(surface, surfaces, { url, hosts })),
  }));
  const list = JSON.stringify({
    documents: entries.map(({ name, document: { info } }) => ({
      name,
      title: info.title,
      openapi: `${url}/openapi/${name}.json`,
      page: `${url}/docs/${name}`,
    })),
  });
  const files: readonly (readonly [string, string, string])[] = [
    ['/openapi', JSON_TYPE, list],
    ['/openapi.json', JSON_TYPE, list],
    ...entries.map((entry) => [`/openapi/${entry.name}.json`, JSON_TYPE, JSON.stringify(entry.document)] as const),
    ['/docs', HTML_TYPE, listPage(root, entries)],
    ...entries.map((entry) => [`/docs/${entry.name}`, HTML_TYPE, documentPage(root, entries, entry)] as const),
    ['/docs/reference.css', 'text/css; charset=utf-8', asset('reference.css')],
    ['/docs/reference.js', 'text/javascript; charset=utf-8', asset('reference.js')],
  ];
  return new Map(files.map(([path, type, body]) => [path, { type, body, etag: tagOf(body) }]));
}

const asset = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

const tagOf = (body: string): string => `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
