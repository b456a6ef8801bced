/** Hoko's dialect (apis.md section 3). What is not served yet is answered as an unknown endpoint, in its shape. */
import type { Surface } from '../surface.ts';
import { keys } from './keys.ts';
import { problem } from './problems.ts';

const OWN = /^\/api\/(track|links|collections|tags|partners|customers|analytics)(\/|$)/;

export const hoko: Surface = {
  name: 'hoko',
  owns: (path) => OWN.test(path),
  routes: [],
  keys,
  // Its numbers are not published.
  limits: { windows: [{ points: 600, seconds: 60 }], told: true },
  problem,
};
