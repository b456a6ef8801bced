/** Affitor's dialect (apis.md section 4). What is not served yet is answered as an unknown path, in its shape. */
import type { Surface } from '../surface.ts';
import { keys } from './keys.ts';
import { problem } from './problems.ts';

const OWN = /^\/api\/(v1\/(track|cli|programs)|tracking|advertiser)(\/|$)/;

export const affitor: Surface = {
  name: 'affitor',
  owns: (path) => OWN.test(path),
  routes: [],
  keys,
  // Nothing is published: the same limiter, generously.
  limits: { windows: [{ points: 3000, seconds: 60 }], told: false },
  problem,
};
