/**
 * Notifications (apis.md 2.2): what was said of each kind of e-mail is kept and shown. Nothing is sent, so a kind that
 * nobody spoke of is in no list.
 */
import { z } from 'zod';
import { invalid } from './inputs.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { Reply, Route } from '../surface.ts';
import { route } from '../route.ts';
import { clearableText, flag, sectionShape, sentOf, changesOf, type Section } from './sections.ts';
import { answered, dataAnswer, done } from './shapes.ts';

const NAME = 'notifications';
const PATH = '/v1/program/notifications';

const section: Section = {
  is_active: flag(true),
  custom_subject: clearableText(500),
  custom_body: clearableText(20_000),
};

const notificationAnswer = z.object({
  id: answered.id,
  email_type_id: z.string(),
  is_active: z.boolean(),
  custom_subject: z.string().nullable(),
  custom_body: z.string().nullable(),
  type: z.object({
    name: z.string(),
    description: z.string(),
    icon: z.string(),
    is_customizable: z.boolean(),
    target_audience: z.string(),
  }),
});

function notificationShape(id: string, given: unknown): Record<string, unknown> {
  const fields = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {};
  return {
    id,
    email_type_id: id,
    ...sectionShape(section, fields),
    type: { name: id, description: '', icon: '', is_customizable: true, target_audience: 'affiliate' },
  };
}

const list = route({
  method: 'GET',
  path: PATH,
  summary: 'What was said of the e-mails of the program; none is sent.',
  answers: { 200: dataAnswer(z.array(notificationAnswer)) },
  scope: 'read:program',
  async run({ caller }, desk): Promise<Reply | Refusal> {
    const program = await desk.programSetup(caller, null);
    if (isRefusal(program)) return program;
    const said = Object.entries(program.details[NAME] ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return done(said.map(([id, given]) => notificationShape(id, given)));
  },
});

const MOST = 100;

const change = route<Readonly<Record<string, unknown>>>({
  method: 'PATCH',
  path: `${PATH}/:emailTypeId`,
  summary: 'Keeps what is said of one kind of e-mail.',
  answers: { 200: dataAnswer(notificationAnswer) },
  scope: 'write:program',
  body: changesOf(section),
  async run({ caller, params, body }, desk): Promise<Reply | Refusal> {
    const { emailTypeId: id = '' } = params;
    const program = await desk.programSetup(caller, null);
    if (isRefusal(program)) return program;
    const said = program.details[NAME] ?? {};
    if (!/^[\w.-]{1,100}$/.test(id) || id === '__proto__')
      return invalid('emailTypeId', 'must be 1 to 100 letters, digits, "_", "." or "-"');
    if (!Object.hasOwn(said, id) && Object.keys(said).length >= MOST)
      return invalid('emailTypeId', `is one more than ${MOST}`);
    const before = Object.hasOwn(said, id) && typeof said[id] === 'object' ? said[id] : {};
    const fields = { [id]: { ...before, ...sentOf(section, body) } };
    const changed = await desk.changeProgram(caller, { section: { name: NAME, fields } });
    return done(notificationShape(id, changed.details[NAME]?.[id]));
  },
});

export const notificationRoutes: readonly Route[] = [list, change];
