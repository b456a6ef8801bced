/** What holds for the program, and what shall hold from now on. */
import type { z } from 'zod';
import { isRefusal } from '../../core/refusals.ts';
import { dataAnswer, done, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';
import { readSettings, settingsAnswer, settingsBody, settingsShape } from './settings-fields.ts';

const PATH = '/v1/program/settings';

const show = route({
  method: 'GET',
  path: PATH,
  summary: 'What holds for the program.',
  answers: { 200: dataAnswer(settingsAnswer) },
  scope: 'read:settings',
  run: async ({ caller }, desk) => done(settingsShape(await desk.settings(caller))),
});

/** Only what is sent changes; payments known before keep what held for them. */
const change = route<z.infer<typeof settingsBody>>({
  method: 'PATCH',
  path: PATH,
  summary: 'Changes what is sent; payments known before keep what held for them.',
  answers: { 200: dataAnswer(settingsAnswer) },
  scope: 'write:settings',
  body: settingsBody,
  async run({ caller, body }, desk) {
    const changes = readSettings(body);
    return isRefusal(changes) ? changes : done(settingsShape(await desk.changeSettings(caller, changes)));
  },
});

export const settingsRoutes: readonly Route[] = [show, change];
