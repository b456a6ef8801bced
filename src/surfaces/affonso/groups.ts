/** Groups of affiliates (apis.md 2.2). An affiliate is put into one by its `group_id`; incentives with it pay them. */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import type { GroupView } from '../../core/program-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { Reply, Route } from '../surface.ts';
import { expandField } from './expand.ts';
import { incentiveAnswer, incentiveShape, incentivesOf } from './group-incentives.ts';
import { text } from './inputs.ts';
import { route } from '../route.ts';
import { clearablePage, clearableText } from './sections.ts';
import { answered, dataAnswer, deleted, deletedAnswer, done } from './shapes.ts';

const groupAnswer = z.object({
  id: answered.id,
  name: z.string(),
  description: z.string().nullable(),
  custom_website_url: z.string().nullable(),
  is_default: z.boolean().describe('Whoever joins without a group is in it.'),
  affiliate_count: z.int(),
  created_at: answered.moment,
  incentives: z
    .array(incentiveAnswer)
    .optional()
    .describe('With expand=incentives: its own, then those of the program.'),
  multi_level_incentives: z.array(z.unknown()).max(0).optional(),
});

function groupShape(view: GroupView): z.infer<typeof groupAnswer> {
  return {
    id: view.id,
    name: view.name,
    description: view.description,
    custom_website_url: view.customWebsiteUrl,
    is_default: view.isDefault,
    affiliate_count: view.affiliates,
    created_at: toIso(view.createdAt),
  };
}

const query = z.object({ expand: expandField });

/** What to add to a group; incentives are read once for all groups. */
async function expansion(caller: Caller, wanted: readonly string[], desk: Desk) {
  const all = wanted.includes('incentives') ? (await desk.incentives(caller, { limit: 10_000, offset: 0 })).rows : null;
  return (group: GroupView): Partial<z.infer<typeof groupAnswer>> => ({
    ...(all ? { incentives: incentivesOf(all, group.programId, group.id).map(incentiveShape) } : {}),
    ...(wanted.includes('multi_level_incentives') ? { multi_level_incentives: [] } : {}),
  });
}

const list = route<unknown, z.infer<typeof query>>({
  method: 'GET',
  path: '/v1/program/groups',
  summary: 'Groups of the program, the default one first.',
  answers: { 200: dataAnswer(z.array(groupAnswer)) },
  scope: 'read:program',
  query,
  async run({ caller, query: { expand } }, desk): Promise<Reply> {
    const groups = await desk.groups(caller);
    const more = await expansion(caller, expand, desk);
    return done(groups.map((group) => ({ ...groupShape(group), ...more(group) })));
  },
});

const show = route<unknown, z.infer<typeof query>>({
  method: 'GET',
  path: '/v1/program/groups/:id',
  summary: 'One group.',
  answers: { 200: dataAnswer(groupAnswer) },
  scope: 'read:program',
  query,
  async run({ caller, params, query: { expand } }, desk): Promise<Reply | Refusal> {
    const group = await desk.group(caller, params['id'] ?? '');
    if (isRefusal(group)) return group;
    const more = await expansion(caller, expand, desk);
    return done({ ...groupShape(group), ...more(group) });
  },
});

const optional = {
  description: clearableText(5_000).input,
  custom_website_url: clearablePage().input,
  is_default: z.boolean({ error: 'must be true or false' }).nullish(),
};
const newGroup = z.object({ ...optional, name: text(255) });
const changes = z.object({ ...optional, name: text(255).nullish() });

const create = route<z.infer<typeof newGroup>>({
  method: 'POST',
  path: '/v1/program/groups',
  summary: 'Makes a group.',
  answers: { 201: dataAnswer(groupAnswer) },
  scope: 'write:program',
  body: newGroup,
  async run({ caller, body }, desk): Promise<Reply> {
    const made = await desk.createGroup(caller, {
      name: body.name,
      description: body.description ?? null,
      customWebsiteUrl: body.custom_website_url ?? null,
      isDefault: body.is_default ?? false,
    });
    return done(groupShape(made), 201);
  },
});

/** Both verbs change what is sent: newer clients say PATCH, older ones PUT. */
function change(method: 'PATCH' | 'PUT'): Route {
  return route<z.infer<typeof changes>>({
    method,
    path: '/v1/program/groups/:id',
    summary: 'Changes what is sent of a group; one that is only used by its id is made by it.',
    answers: { 200: dataAnswer(groupAnswer) },
    scope: 'write:program',
    body: changes,
    async run({ caller, params, body }, desk): Promise<Reply | Refusal> {
      const { name, description, custom_website_url: customWebsiteUrl, is_default: isDefault } = body;
      const changed = await desk.updateGroup(caller, params['id'] ?? '', {
        ...(name == null ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(customWebsiteUrl === undefined ? {} : { customWebsiteUrl }),
        ...(isDefault == null ? {} : { isDefault }),
      });
      return isRefusal(changed) ? changed : done(groupShape(changed));
    },
  });
}

const remove = route({
  method: 'DELETE',
  path: '/v1/program/groups/:id',
  summary: 'Deletes a group that nobody and nothing uses.',
  answers: { 200: deletedAnswer },
  scope: 'delete:program',
  async run({ caller, params }, desk): Promise<Reply | Refusal> {
    const gone = await desk.deleteGroup(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The group was deleted.');
  },
});

export const groupRoutes: readonly Route[] = [list, show, create, change('PATCH'), change('PUT'), remove];
