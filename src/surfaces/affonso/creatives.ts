/** Creatives of the program (apis.md 2.2): kept and shown as they were given. */
import { z } from 'zod';
import { CREATIVE_CATEGORIES, type CreativeInput, type CreativeView } from '../../core/creative-desk.ts';
import { isPage, NO_PAGE } from '../../core/destinations.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { Reply, Route } from '../surface.ts';
import { oneOf, pageFields, pagingOf, text } from './inputs.ts';
import { route } from '../route.ts';
import { clearableText } from './sections.ts';
import { answered, dataAnswer, deleted, deletedAnswer, done, listAnswer, listed } from './shapes.ts';

const PATH = '/v1/program/creatives';
const ONE_OF = `must be one of ${CREATIVE_CATEGORIES.join(', ')}, or null`;
const PIXELS = 'must be a whole number of pixels from 1 to 100000';

const pixels = z.int({ error: PIXELS }).min(1, PIXELS).max(100_000, PIXELS);

/** A field that null clears is nullable; of what is made null is as good as left out. */
const fields = z.object({
  name: clearableText(255).input,
  description: clearableText(5_000).input,
  category: z.enum(CREATIVE_CATEGORIES, { error: ONE_OF }).nullish(),
  subcategory: clearableText(255).input,
  url: z
    .string({ error: NO_PAGE })
    .refine(isPage, NO_PAGE)
    .nullish()
    .meta({ description: 'Where the file is.', examples: ['https://x.example/banner.png'] }),
  content: clearableText(50_000).input.describe('HTML or text.'),
  tags: z
    .array(text(100), { error: 'must be a list of strings' })
    .max(50, 'must have at most 50 members')
    .nullish()
    .describe('Take the place of those there are.'),
  dimensions: z
    .object({ width: pixels, height: pixels }, { error: 'must be an object with width and height, or null' })
    .nullish()
    .describe('Pixels.'),
  usage_notes: clearableText(5_000).input,
  restrictions: clearableText(5_000).input,
});

type Fields = z.infer<typeof fields>;

const creativeAnswer = z
  .object({
    id: answered.id,
    name: z.string().nullable(),
    description: z.string().nullable(),
    category: z.enum(CREATIVE_CATEGORIES).nullable(),
    subcategory: z.string().nullable(),
    url: z.string().nullable(),
    content: z.string().nullable().describe('HTML or text as it was given.'),
    tags: z.array(z.string()),
    dimensions: z.object({ width: z.int(), height: z.int() }).nullable(),
    usage_notes: z.string().nullable(),
    restrictions: z.string().nullable(),
    created_at: answered.moment,
    updated_at: answered.moment,
  })
  .meta({ id: 'Creative' });

function creativeShape(view: CreativeView): Record<string, unknown> {
  return {
    id: view.id,
    name: view.name,
    description: view.description,
    category: view.category,
    subcategory: view.subcategory,
    url: view.url,
    content: view.content,
    tags: view.tags,
    dimensions: view.dimensions,
    usage_notes: view.usageNotes,
    restrictions: view.restrictions,
    created_at: toIso(view.createdAt),
    updated_at: toIso(view.updatedAt),
  };
}

/** Only what was sent; tags are never none. */
function changesOf({ usage_notes: usageNotes, tags, ...rest }: Fields): Partial<CreativeInput> {
  const sent = { ...rest, usageNotes, tags: tags ?? undefined };
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
}

const NOTHING: CreativeInput = {
  name: null,
  description: null,
  category: null,
  subcategory: null,
  url: null,
  content: null,
  tags: [],
  dimensions: null,
  usageNotes: null,
  restrictions: null,
};

const listQuery = z.object({ ...pageFields, category: oneOf(CREATIVE_CATEGORIES) });

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: PATH,
  summary: 'Creatives of the program, newest first.',
  answers: { 200: listAnswer(creativeAnswer) },
  scope: 'read:program',
  query: listQuery,
  async run({ caller, query }, desk): Promise<Reply> {
    const filter = { ...pagingOf(query), category: query.category };
    return listed(await desk.creatives(caller, filter), query, creativeShape);
  },
});

const show = route({
  method: 'GET',
  path: `${PATH}/:id`,
  summary: 'One creative.',
  answers: { 200: dataAnswer(creativeAnswer) },
  scope: 'read:program',
  async run({ caller, params }, desk): Promise<Reply | Refusal> {
    const found = await desk.creative(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(creativeShape(found));
  },
});

const create = route<Fields>({
  method: 'POST',
  path: PATH,
  summary: 'Makes a creative.',
  answers: { 201: dataAnswer(creativeAnswer) },
  scope: 'write:program',
  body: fields,
  async run({ caller, body }, desk): Promise<Reply> {
    return done(creativeShape(await desk.createCreative(caller, { ...NOTHING, ...changesOf(body) })), 201);
  },
});

const change = route<Fields>({
  method: 'PATCH',
  path: `${PATH}/:id`,
  summary: 'Changes what is sent of a creative; null clears.',
  answers: { 200: dataAnswer(creativeAnswer) },
  scope: 'write:program',
  body: fields,
  async run({ caller, params, body }, desk): Promise<Reply | Refusal> {
    const changed = await desk.updateCreative(caller, params['id'] ?? '', changesOf(body));
    return isRefusal(changed) ? changed : done(creativeShape(changed));
  },
});

const remove = route({
  method: 'DELETE',
  path: `${PATH}/:id`,
  summary: 'Deletes a creative.',
  answers: { 200: deletedAnswer },
  scope: 'delete:program',
  async run({ caller, params }, desk): Promise<Reply | Refusal> {
    const gone = await desk.deleteCreative(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The creative was deleted.');
  },
});

export const creativeRoutes: readonly Route[] = [list, show, create, change, remove];
