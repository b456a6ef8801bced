/** Under which addresses a dialect is reached (dispatch.ts says how a request finds it). */
import type { Surface } from '../../surfaces/surface.ts';
import type { Server } from './document.ts';

type Place = {
  /** How the outside reaches us, without a trailing slash. */
  readonly url: string;
  /** Host name → the dialect that is spoken there. */
  readonly hosts: ReadonlyMap<string, string>;
};

/** The best address first. `surfaces`: all, in the order in which they are asked. */
export function serversOf(surface: Surface, surfaces: readonly Surface[], { url, hosts }: Place): readonly Server[] {
  const { name } = surface.keys;
  const own = [...hosts].flatMap(([host, dialect]) => (dialect === name ? [host] : []));
  const plain = { url, description: 'With a key, whose beginning says which dialect it is of.' };
  const prefixed = { url: `${url}/${name}`, description: 'Whatever the key: the prefix says which dialect is meant.' };
  return [
    ...own.map((host) => ({ url: atHost(url, host), description: 'A host name of its own.' })),
    ...(isSecond(surface, surfaces) ? [prefixed, plain] : [plain, prefixed]),
  ];
}

/** Whether one of another family is asked before this one on a path of its own. */
function isSecond({ keys, routes }: Surface, surfaces: readonly Surface[]): boolean {
  return routes.some(({ path }) => {
    const first = surfaces.find((one) => one.owns(path.replaceAll(/:\w+/g, 'x')));
    return first !== undefined && first.keys.name !== keys.name;
  });
}

function atHost(url: string, host: string): string {
  if (!URL.canParse(url)) return `https://${host}`;
  const at = new URL(url);
  at.hostname = host;
  return at.href.replace(/\/$/, '');
}
