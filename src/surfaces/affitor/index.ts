/** Affitor's dialect (apis.md section 4): click, lead, sale, refund, what was tracked, and the browser's tracker. */
import type { Surface } from '../surface.ts';
import { clickRoutes } from './click.ts';
import { keys } from './keys.ts';
import { leadRoutes } from './lead.ts';
import { problem } from './problems.ts';
import { readRoutes } from './reads.ts';
import { refundRoutes } from './refund.ts';
import { saleRoutes } from './sale.ts';
import { trackerRoutes } from './script.ts';
import { verificationRoutes } from './verification.ts';

const OWN = /^\/api\/(v1\/(track|cli|programs)|tracking|advertiser)(\/|$)|^\/js\/affitor-tracker\.js$/;

export const affitor: Surface = {
  name: 'affitor',
  owns: (path) => OWN.test(path),
  routes: [
    ...clickRoutes,
    ...leadRoutes,
    ...saleRoutes,
    ...refundRoutes,
    ...verificationRoutes,
    ...readRoutes,
    ...trackerRoutes,
  ],
  keys,
  // Nothing is published: the same limiter, generously.
  limits: { windows: [{ points: 3000, seconds: 60 }], told: false },
  problem,
};
