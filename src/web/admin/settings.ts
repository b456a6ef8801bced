/** What holds for the program, and what shall hold from now on. */
import { z } from 'zod';
import { isRefusal } from '../../core/refusals.ts';
import { done, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';
import { readSettings, settingsShape } from './settings-fields.ts';

const PATH = '/v1/program/settings';
const object = z.record(z.string(), z.unknown(), { error: 'must be an object' });

const show = route({
  method: 'GET',
  path: PATH,
  scope: 'read:settings',
  run: async ({ caller }, desk) => done(settingsShape(await desk.settings(caller))),
});

/** Only what is sent changes; payments known before keep what held for them. */
const change = route<z.infer<typeof object>>({
  method: 'PATCH',
  path: PATH,
  scope: 'write:settings',
  body: object,
  async run({ caller, body }, desk) {
    const changes = readSettings(body);
    return isRefusal(changes) ? changes : done(settingsShape(await desk.changeSettings(caller, changes)));
  },
});

export const settingsRoutes: readonly Route[] = [show, change];
