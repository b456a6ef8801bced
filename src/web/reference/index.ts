/**
 * The reference: `/openapi/{dialect}.json` for machines, `/docs/{dialect}` for people. Made when it is first asked for, and
 * kept; every surface is in it without being named here.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from 'koa';
import type { Surface } from '../../surfaces/surface.ts';
import { neutral } from '../neutral.ts';
import { KEPT_BY_ALL, keptOf, originOf, type Outside } from '../origin.ts';
import type { Document } from './document.ts';
import { documentOf } from './openapi.ts';
import { documentPage, listPage, type Entry } from './page.ts';
import { serversOf } from './servers.ts';

export type Reference = {
  /** Whether a path is of the reference, whatever is there. */
  owns(path: string): boolean;
  answer(ctx: Context, outside: Outside): void;
};

type File = { readonly type: string; readonly body: string; readonly etag: string };

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

/** What says under which address it was asked for. */
const NAMES_US = new Set([JSON_TYPE, HTML_TYPE]);

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
  // Whoever calls names the host: what does not depend on it is made once, and of the rest only what is asked for.
  let documents: readonly Document[] | null = null;
  let kept: { readonly url: string; readonly pages: Pages; readonly files: Map<string, File> } | null = null;
  return {
    owns: (path) => /^\/(docs(\/|$)|openapi(\.json$|\/|$))/.test(path),
    answer(ctx, outside) {
      const url = originOf(outside, ctx);
      documents ??= surfaces.map((surface) => documentOf(surface, []));
      if (kept?.url !== url) kept = { url, pages: pagesAt(url, documents, surfaces, hosts), files: new Map() };
      const file = kept.files.get(ctx.path) ?? fileOf(kept.pages.get(ctx.path));
      if (!file) return neutral(ctx, 404, 'not_found');
      kept.files.set(ctx.path, file);
      send(ctx, file, NAMES_US.has(file.type) ? keptOf(outside) : KEPT_BY_ALL);
    },
  };
}

function send(ctx: Context, { type, body, etag }: File, kept: string): void {
  ctx.status = 200;
  ctx.type = type;
  ctx.set({ ETag: etag, 'Cache-Control': kept, 'X-Content-Type-Options': 'nosniff' });
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

/** What is at each path: its type, and how it is made. */
type Pages = ReadonlyMap<string, readonly [type: string, make: () => string]>;

function pagesAt(
  url: string,
  documents: readonly Document[],
  surfaces: readonly Surface[],
  hosts: ReadonlyMap<string, string>,
): Pages {
  const root = URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : '';
  const entries: readonly Entry[] = surfaces.flatMap((surface, at) => {
    const document = documents[at];
    const servers = serversOf(surface, surfaces, { url, hosts });
    return document ? [{ name: surface.name, document: { ...document, servers } }] : [];
  });
  const list = (): string =>
    JSON.stringify({
      documents: entries.map(({ name, document: { info } }) => ({
        name,
        title: info.title,
        openapi: `${url}/openapi/${name}.json`,
        page: `${url}/docs/${name}`,
      })),
    });
  return new Map([
    ['/openapi', [JSON_TYPE, list]],
    ['/openapi.json', [JSON_TYPE, list]],
    ['/docs', [HTML_TYPE, () => listPage(root, entries)]],
    ['/docs/reference.css', ['text/css; charset=utf-8', () => asset('reference.css')]],
    ['/docs/reference.js', ['text/javascript; charset=utf-8', () => asset('reference.js')]],
    ...entries.flatMap((entry): [string, [string, () => string]][] => [
      [`/openapi/${entry.name}.json`, [JSON_TYPE, () => JSON.stringify(entry.document)]],
      [`/docs/${entry.name}`, [HTML_TYPE, () => documentPage(root, entries, entry)]],
    ]),
  ]);
}

function fileOf(page: readonly [type: string, make: () => string] | undefined): File | null {
  if (!page) return null;
  const [type, make] = page;
  const body = make();
  return { type, body, etag: tagOf(body) };
}

const asset = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

const tagOf = (body: string): string => `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
