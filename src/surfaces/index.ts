/**
 * The loader of HTTP dialects: every folder beside this file is one, whatever its name, so that another needs no edit
 * anywhere. What is in Affonso's shape without being Affonso's (our own endpoints) takes that shape from here.
 */
import { readdirSync } from 'node:fs';
import type { KeyFamily } from '../core/families.ts';
import { affonso } from './affonso/index.ts';
import type { Surface } from './surface.ts';

const folders = readdirSync(new URL('./', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted();

/** What a folder's `index.ts` exports that is a dialect. Throws where there is none: a folder here is nothing else. */
async function surfaceIn(folder: string): Promise<Surface> {
  const module = (await import(`./${folder}/index.ts`)) as Readonly<Record<string, Partial<Surface>>>;
  const found = Object.values(module).find(({ name, routes, keys }) => name === folder && routes && keys);
  if (!found) throw new Error(`src/surfaces/${folder}/index.ts exports no surface of the name "${folder}"`);
  return found as Surface;
}

const all = await Promise.all(folders.map(surfaceIn));

/** The native one first; the order decides only where nothing else does. */
export const surfaces: readonly Surface[] = [affonso, ...all.filter((one) => one !== affonso)];

/** Keys of these can be made, the first family is our own endpoints'. */
export const families: readonly KeyFamily[] = surfaces.map(({ keys }) => keys);

export { affonso as native } from './affonso/index.ts';
export * from './affonso/inputs.ts';
export { listRoute, pageQuery } from './affonso/listing.ts';
export { route } from './route.ts';
export * from './affonso/shapes.ts';
export { affiliateAnswer, affiliateShape } from './affonso/partners.ts';
