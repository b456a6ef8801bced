/** The examples of the contract as a corpus: what is known to work, with ids of either workspace put where others stood. */
import type { Rng } from '../../src/simulator/rng.ts';
import type { Route, Surface } from '../../src/surfaces/surface.ts';
import type { Example, ExampleStage } from '../contract/examples/example.ts';
import { allDialects, nameOf, send } from '../contract/play.ts';
import type { Site } from '../web/site.ts';
import type { RandomCall } from './tenants.ts';

/** A call that succeeds in the workspace in which it was prepared. */
export type Template = {
  readonly surface: Surface;
  readonly route: Route;
  readonly path: string;
  readonly body: unknown;
};

/** How often each example is prepared: what a call deletes or uses up is gone for those after it. */
const ROUNDS = 2;

/**
 * Prepares the examples of every dialect, in the same order in every workspace, so that generated ids are the same. `word`
 * is in all that callers choose themselves. `keyOf`: a key of the workspace for calls of this family, or its affiliate's.
 */
export async function prepareExamples(
  site: Site,
  word: string,
  keyOf: (family: string, affiliate: boolean) => string | null,
): Promise<readonly Template[]> {
  const templates: Template[] = [];
  let made = 0;
  for (const { surface, examples } of await allDialects()) {
    const stage: ExampleStage = {
      site,
      affiliate: 'jane',
      fresh: (what) => `${what}-${word}-${(made += 1)}`,
      call: (method, call) =>
        send(
          site,
          surface,
          method,
          call,
          call.key === 'none' ? null : keyOf(surface.keys.name, call.key === 'affiliate'),
        ),
    };
    for (const example of Array.from({ length: ROUNDS }, () => examples ?? []).flat())
      templates.push({ surface, ...(await prepared(surface, example, stage)) });
  }
  // Whose program a call without a key is for is the caller's to say.
  return templates.filter(({ route }) => route.keyless !== 'always');
}

async function prepared(
  surface: Surface,
  example: Example,
  stage: ExampleStage,
): Promise<{ route: Route; path: string; body: unknown }> {
  const route = surface.routes.find((one) => nameOf(one) === example.operation);
  if (!route) throw new Error(`there is no ${example.operation}`);
  const { path, body } = await example.prepare(stage);
  return { route, path, body };
}

/** One call as it was prepared, with new words, and ids of either workspace in place of some of its texts. */
export function exampleCall(
  rng: Rng,
  ids: readonly string[],
  templates: readonly Template[],
  word: string,
): RandomCall {
  const one = rng.pick(templates);
  // What writes is the rarer half of the examples, and most of what could go wrong.
  const { surface, route, path, body } = one.route.method === 'GET' && rng.chance(0.5) ? rng.pick(templates) : one;
  // Many calls with one id in the wrong place find more than one with all of them there.
  const share = rng.pick([0, 0.1, 0.3]);
  const swapped = (text: string): string => (rng.chance(share) ? rng.pick(ids) : text);
  const [bare = '', query = ''] = path.split('?');
  const pattern = route.path.split('/');
  const words = bare
    .split('/')
    .map((word, at) => (pattern[at]?.startsWith(':') ? encodeURIComponent(swapped(decodeURIComponent(word))) : word));
  const asked = new URLSearchParams(
    [...new URLSearchParams(query)].map(([name, value]): [string, string] => [name, swapped(value)]),
  );
  const said = changed(rng, ids, body, { share, word });
  return {
    method: route.method,
    path: `/${surface.keys.name}${words.join('/')}${asked.size > 0 ? `?${asked.toString()}` : ''}`,
    body: said === undefined ? undefined : JSON.stringify(said),
    family: surface.keys.name,
    affiliate: route.holder === 'affiliate',
  };
}

type Change = { readonly share: number; readonly word: string };

/** Half of what callers choose themselves is new, so that what was told once is not only told again. */
function changed(rng: Rng, ids: readonly string[], value: unknown, change: Change): unknown {
  if (typeof value === 'string') {
    if (rng.chance(change.share)) return rng.pick(ids);
    const own = `-${change.word}-`;
    return value.includes(own) && rng.chance(0.5)
      ? value.replace(own, `${own}${Math.floor(rng.next() * 1e6)}-`)
      : value;
  }
  if (typeof value === 'number') {
    const numbers = ids.filter((id) => /^\d+$/.test(id));
    return rng.chance(change.share / 2) && numbers.length > 0 ? Number(rng.pick(numbers)) : value;
  }
  if (Array.isArray(value)) return value.map((one: unknown) => changed(rng, ids, one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, changed(rng, ids, one, change)]));
}
