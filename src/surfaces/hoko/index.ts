/** Hoko's dialect (apis.md section 3): leads and sales; links, collections, tags and partners; customers and clicks. */
import type { Surface } from '../surface.ts';
import { catalogueRoutes } from './catalogue.ts';
import { keys } from './keys.ts';
import { linkRoutes } from './links.ts';
import { listRoutes } from './lists.ts';
import { problem } from './problems.ts';
import { trackingRoutes } from './tracking.ts';

const OWN = /^\/api\/(track|links|collections|tags|partners|customers|analytics)(\/|$)/;

export const hoko: Surface = {
  name: 'hoko',
  owns: (path) => OWN.test(path),
  routes: [...trackingRoutes, ...linkRoutes, ...catalogueRoutes, ...listRoutes],
  keys,
  // Its numbers are not published.
  limits: { windows: [{ points: 600, seconds: 60 }], told: true },
  problem,
};
