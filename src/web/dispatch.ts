/**
 * Which route of which dialect a request is for, before its body is read, so that every error that follows has the
 * caller's shape (apis.md 6.1). In this order: the host name, when the operator gave it to a dialect; an explicit prefix
 * `/affonso/v1/…`; the path, where only one dialect has it; the look of the key; what else shows the sender.
 */
import { Router } from '@koa/router';
import { claims } from '../core/families.ts';
import type { Route, Signs, Surface } from '../surfaces/surface.ts';
import { unsafeText } from './body.ts';

export type Destination =
  | {
      readonly is: 'route';
      readonly surface: Surface;
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly is: 'unknown'; readonly surface: Surface }
  /** A browser asks whether pages of other origins may call. */
  | { readonly is: 'preflight'; readonly surface: Surface; readonly allow: string }
  | { readonly is: 'method'; readonly surface: Surface; readonly allow: string };

/** What a request shows before its body is read. */
export type Request = {
  readonly method: string;
  readonly path: string;
  /** Without a port. */
  readonly host: string;
  readonly authorization: string | undefined;
  readonly query: string;
  readonly userAgent: string;
};

type Named = { readonly surface: Surface; readonly table: Table };
type Table = { find(method: string, path: string): Found; openTo(path: string): readonly string[] };
type Found =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly allow: readonly string[] };

/** null: no surface owns the path. */
export type Dispatch = (request: Request) => Destination | null;

/** Prepares the tables once. `hosts`: host name → dialect. */
export function createDispatch(surfaces: readonly Surface[], hosts: ReadonlyMap<string, string> = new Map()): Dispatch {
  const named: Named[] = surfaces.map((surface) => ({ surface, table: tableOf(surface.routes) }));
  // Our own endpoints share a dialect's keys, and with them its host and prefix.
  const speaking = (dialect: string): Named[] => named.filter(({ surface }) => surface.keys.name === dialect);
  const dialects = new Map(surfaces.map(({ keys }) => [keys.name, speaking(keys.name)]));
  return (request) => {
    const hosted = hosts.get(request.host.toLowerCase());
    const prefix = request.path.split('/', 2)[1] ?? '';
    const chosen = hosted ?? (dialects.has(prefix) ? prefix : undefined);
    const prefixed = prefix === chosen && request.path.length > prefix.length + 1;
    const path = prefixed ? request.path.slice(prefix.length + 1) : request.path;
    const among = chosen === undefined ? named : (dialects.get(chosen) ?? []);
    const owners = among.filter(({ surface }) => surface.owns(path));
    if (owners.length > 0) return choose(owners, { ...request, path });
    const said = path !== '/' && (hosted !== undefined || prefixed) ? among.at(-1) : undefined;
    return said ? { is: 'unknown', surface: said.surface } : null;
  };
}

type Candidate = { readonly surface: Surface; readonly found: Found };

function choose(owners: readonly Named[], request: Request): Destination {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const open = method === 'OPTIONS' ? openTo(owners, request.path) : null;
  if (open) return open;
  const all = owners.map(({ surface, table }) => ({ surface, found: table.find(method, request.path) }));
  const serving = all.filter(({ found }) => 'route' in found);
  const fitting = all.filter(({ found }) => 'allow' in found && found.allow.length > 0);
  const { surface, found } = pick([serving, fitting, all].find(({ length }) => length > 0) ?? all, request);
  if ('route' in found) return { is: 'route', surface, route: found.route, params: found.params };
  if (found.allow.length === 0) return { is: 'unknown', surface };
  // What another surface of the same dialect allows here is allowed to the same caller.
  const same = fitting.filter((one) => one.surface.keys.name === surface.keys.name);
  const allow = new Set(same.flatMap((one) => ('allow' in one.found ? one.found.allow : [])));
  return { is: 'method', surface, allow: [...allow].join(', ') };
}

/** null: no page of another origin may call anything here. */
function openTo(owners: readonly Named[], path: string): Destination | null {
  for (const { surface, table } of owners) {
    const methods = table.openTo(path);
    if (methods.length > 0) return { is: 'preflight', surface, allow: methods.join(', ') };
  }
  return null;
}

/** Whose the request is among those that could answer: the order decides only where key and signs say nothing. */
function pick(candidates: readonly Candidate[], { authorization, query, userAgent }: Request): Candidate {
  const [first] = candidates;
  if (!first) throw new Error('a path needs an owner');
  if (candidates.every(({ surface }) => surface.keys.name === first.surface.keys.name)) return first;
  const signs: Signs = { query: new URLSearchParams(query), userAgent };
  const byKey = candidates.find(({ surface }) => claims(surface.keys, authorization ?? ''));
  const bySigns = candidates.find(({ surface }) => surface.knows?.(signs));
  const unspecific = 'route' in first.found ? candidates.find(({ surface }) => !surface.knows) : undefined;
  return byKey ?? bySigns ?? unspecific ?? first;
}

const literals = (route: Route): number => route.path.split('/').filter((segment) => !segment.startsWith(':')).length;

/** Path patterns are the router's business; nothing is run by it, because errors must know their dialect first. */
function tableOf(routes: readonly Route[]): Table {
  const router = new Router({ sensitive: true });
  const byName = new Map<string, Route>();
  // A literal segment says more than a parameter: /commissions/stats is not the commission "stats".
  for (const route of routes.toSorted((a, b) => literals(b) - literals(a))) {
    const name = `${route.method} ${route.path}`;
    byName.set(name, route);
    router.register(route.path, [route.method], () => undefined, { name });
  }
  return {
    find(method, path) {
      const { path: fitting, pathAndMethod } = router.match(path, method);
      for (const layer of pathAndMethod) {
        const route = byName.get(layer.name ?? '');
        const params = paramsOf(layer.params(path, layer.captures(path)));
        if (route && params) return { route, params };
      }
      const named = fitting.filter((layer) => paramsOf(layer.params(path, layer.captures(path))) !== null);
      return { allow: named.flatMap((layer) => byName.get(layer.name ?? '')?.method ?? []) };
    },
    openTo(path) {
      const routesHere = router.match(path, 'OPTIONS').path.flatMap((layer) => byName.get(layer.name ?? '') ?? []);
      return routesHere.flatMap((route) => (route.cors ? route.method : []));
    },
  };
}

const LONGEST_PARAMETER = 512;

/** The parameters as they are; null when one of them is no text that could name anything. */
function paramsOf(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  const wrong = Object.values(params).some(
    (text) => text === '' || text.length > LONGEST_PARAMETER || unsafeText(text) !== null,
  );
  return wrong ? null : params;
}
