/** Affixo's dialect (apis.md section 1): click, lead, sale, refund; affiliates, links and lists; affiliates' own keys. */
import type { Surface } from '../surface.ts';
import { keys } from './keys.ts';
import { ownRoutes } from './own.ts';
import { partnerRoutes } from './partners.ts';
import { problem } from './problems.ts';
import { resourceRoutes } from './resources.ts';
import { trackingRoutes } from './tracking.ts';

/** `/v1/track` itself is Affonso's pixel; affiliates and money lists have the same paths in both dialects. */
const PATHS = [
  /^\/v1\/track\/./,
  /^\/v1\/(links|campaigns|reports|affiliate)(\/|$)/,
  /^\/v1\/(affiliates(\/[^/]+)?|commissions|conversions|payouts)$/,
];

export const affixo: Surface = {
  name: 'affixo',
  keys,
  /** No limit is documented for keys and no headers: 600 a minute (apis.md 1). */
  limits: { windows: [{ points: 600, seconds: 60 }], told: false },
  owns: (path) => PATHS.some((pattern) => pattern.test(path)),
  routes: [...trackingRoutes, ...partnerRoutes, ...resourceRoutes, ...ownRoutes],
  problem,
};
