/**
 * Which route of which dialect a request is for, from method and path alone, so that every error that follows has the
 * caller's shape (apis.md 6.1): first an explicit prefix `/affonso/v1/…`, then the first surface that owns the path.
 */
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

type Entry = {
  readonly surface: Surface;
  readonly route: Route;
  readonly segments: readonly string[];
};
type Named = { readonly entries: readonly Entry[]; readonly surface: Surface };

const segmentsOf = (path: string): string[] => path.split('/').slice(1);

/** null: no surface owns the path. */
export type Dispatch = (method: string, path: string) => Destination | null;

/** Prepares the table once. Among surfaces that own a path the first one with a route for it answers. */
export function createDispatch(surfaces: readonly Surface[]): Dispatch {
  const named: Named[] = surfaces.map((surface) => ({
    surface,
    entries: surface.routes.map((route) => ({ surface, route, segments: segmentsOf(route.path) })),
  }));
  return (method, given) => {
    const prefixed = named.filter(({ surface }) => given.startsWith(`/${surface.name}/`));
    const path = prefixed[0] ? given.slice(prefixed[0].surface.name.length + 1) : given;
    const owners = (prefixed.length > 0 ? prefixed : named).filter(({ surface }) =>
      surface.owns(path),
    );
    const last = owners.at(-1);
    return last
      ? choose(
          owners.flatMap(({ entries }) => entries),
          last.surface,
          method,
          path,
        )
      : null;
  };
}

function choose(
  entries: readonly Entry[],
  fallback: Surface,
  method: string,
  path: string,
): Destination {
  const asked = segmentsOf(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
  const matching = entries.flatMap((entry) => {
    const params = matches(entry.segments, asked);
    return params ? [{ entry, params }] : [];
  });
  const [first] = matching;
  if (!first) return { is: 'unknown', surface: fallback };
  // A literal segment says more than a parameter: /commissions/stats is not the commission "stats".
  const best = matching
    .filter(({ entry }) => entry.route.method === (method === 'HEAD' ? 'GET' : method))
    .toSorted((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)[0];
  if (best)
    return {
      is: 'route',
      surface: best.entry.surface,
      route: best.entry.route,
      params: best.params,
    };
  const allow = [...new Set(matching.map(({ entry }) => entry.route.method))].join(', ');
  return { is: 'method', surface: first.entry.surface, allow };
}

/** The parameters when the path fits; null when it does not, or a parameter is no text that could name anything. */
function matches(
  pattern: readonly string[],
  asked: readonly string[],
): Record<string, string> | null {
  if (pattern.length !== asked.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const given = asked[index] ?? '';
    if (segment.startsWith(':')) {
      const value = decoded(given);
      if (value === null) return null;
      params[segment.slice(1)] = value;
    } else if (segment !== given) return null;
  }
  return params;
}

const LONGEST_PARAMETER = 255;

function decoded(segment: string): string | null {
  try {
    const text = decodeURIComponent(segment);
    return text === '' || text.length > LONGEST_PARAMETER || unsafeText(text) !== null
      ? null
      : text;
  } catch {
    return null;
  }
}
