/**
 * The only list of HTTP dialects, in the order in which they are asked whether a path is theirs. What is in Affonso's
 * shape without being Affonso's (our own endpoints) takes that shape from here.
 */
import { affonso } from './affonso/index.ts';
import type { Surface } from './surface.ts';

export const surfaces: readonly Surface[] = [affonso];

export * from './affonso/inputs.ts';
export * from './affonso/route.ts';
export * from './affonso/shapes.ts';
export { affiliateShape } from './affonso/partners.ts';
export { problem } from './affonso/problems.ts';
