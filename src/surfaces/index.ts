/**
 * The only list of HTTP dialects; the order decides only where nothing else does. What is in Affonso's shape without
 * being Affonso's (our own endpoints) takes that shape from here.
 */
import type { KeyFamily } from '../core/families.ts';
import { affitor } from './affitor/index.ts';
import { affixo } from './affixo/index.ts';
import { affonso } from './affonso/index.ts';
import { hoko } from './hoko/index.ts';
import type { Surface } from './surface.ts';

export const surfaces: readonly Surface[] = [affonso, affixo, hoko, affitor];

/** Keys of these can be made, the first family is our own endpoints'. */
export const families: readonly KeyFamily[] = surfaces.map(({ keys }) => keys);

export { affonso as native } from './affonso/index.ts';
export * from './affonso/inputs.ts';
export { route } from './route.ts';
export * from './affonso/shapes.ts';
export { affiliateShape } from './affonso/partners.ts';
