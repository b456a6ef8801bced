/**
 * Which route of which dialect a request is for, from method and path alone, so that every error that follows has the
 * caller's shape (apis.md 6.1): first an explicit prefix `/affonso/v1/…`, then the first surface that owns the path.
 */
import { Router } from '@koa/router';
import type { Route, Surface } from '../surfaces/surface.ts';
import { unsafeText } from './body.ts';

export type Destination =
  | {
      readonly is: 'route';
      readonly surface: Surface;
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly is: 'unknown'; readonly surface: Surface }
  | { readonly is: 'method'; readonly surface: Surface; readonly allow: string };

type Named = { readonly surface: Surface; readonly table: Table };
type Table = { find(method: string, path: string): Found };
type Found =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly allow: readonly string[] };

/** null: no surface owns the path. */
export type Dispatch = (method: string, path: string) => Destination | null;

/** Prepares the tables once. Among surfaces that own a path the first one with a route for it answers. */
export function createDispatch(surfaces: readonly Surface[]): Dispatch {
  const named: Named[] = surfaces.map((surface) => ({ surface, table: tableOf(surface.routes) }));
  return (method, given) => {
    const prefixed = named.filter(({ surface }) => given.startsWith(`/${surface.name}/`));
    const path = prefixed[0] ? given.slice(prefixed[0].surface.name.length + 1) : given;
    const owners = (prefixed.length > 0 ? prefixed : named).filter(({ surface }) => surface.owns(path));
    return owners.length === 0 ? null : choose(owners, method === 'HEAD' ? 'GET' : method, path);
  };
}

function choose(owners: readonly Named[], method: string, path: string): Destination {
  const found = owners.map(({ surface, table }) => ({ surface, found: table.find(method, path) }));
  for (const { surface, found: one } of found)
    if ('route' in one) return { is: 'route', surface, route: one.route, params: one.params };
  const allow = new Set(found.flatMap(({ found: one }) => ('allow' in one ? one.allow : [])));
  const told = found.find(({ found: one }) => 'allow' in one && one.allow.length > 0) ?? found.at(-1);
  if (!told) throw new Error('a path needs an owner');
  return allow.size === 0
    ? { is: 'unknown', surface: told.surface }
    : { is: 'method', surface: told.surface, allow: [...allow].join(', ') };
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
