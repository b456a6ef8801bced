/** How a document names what a route has no name for. */
import type { Route } from '../../surfaces/surface.ts';

const wordsOf = (path: string): readonly string[] =>
  path.split('/').filter((word) => !['', 'v1', 'api'].includes(word));

/** `GET /v1/affiliates/:id` → getAffiliatesById. */
export function operationId({ method, path }: Pick<Route, 'method' | 'path'>): string {
  const named = wordsOf(path).flatMap((word) => (word.startsWith(':') ? ['by', word.slice(1)] : [word]));
  const capital = named
    .join('_')
    .replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return `${method.toLowerCase()}${capital}`;
}

/** The first word of a path that says what it is about. */
export function tagOf({ path }: Pick<Route, 'path'>): string {
  return wordsOf(path).find((word) => !word.startsWith(':')) ?? 'root';
}

/** The security scheme of affiliates' own keys. */
export const affiliatesOf = (name: string): string => `${name}_affiliate`;
