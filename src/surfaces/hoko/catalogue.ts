/** Collections, tags and partners (apis.md 3.3). */
import { z } from 'zod';
import type { NewCollection, NewPartner, NewTag } from '../../core/catalogue-desk.ts';
import type { Route } from '../surface.ts';
import { byId, changing, cleared, given, kept, known, making, type Named } from './fields.ts';
import { clearable, email, text } from './inputs.ts';
import { collectionAnswer, collectionShape, partnerAnswer, partnerShape, tagAnswer, tagShape } from './shapes.ts';
import { shelfRoutes } from './shelves.ts';

const LONGEST_NAME = 255;
const LONGEST_TEXT = 2000;
const LONGEST_PHONE = 50;

const name = text(LONGEST_NAME, 'Its name.');

/** As PUT takes it: of one that changes the name may be missing. */
const mayBeNamed = { id: known, name: name.nullish() };

const ofCollection = { description: clearable(LONGEST_TEXT, 'What it is for.') };

type Collection = Named & {
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
};

const collectionOf = (item: Collection): NewCollection => ({
  name: item.name ?? '',
  description: cleared(item.description) ?? null,
});

const collections = shelfRoutes({
  names: 'collections',
  name: 'collection',
  prefix: 'coll',
  query: byId('coll'),
  made: z
    .object({ name, ...ofCollection })
    .transform(making<Collection, NewCollection, Partial<NewCollection>>(collectionOf)),
  changed: z
    .object({ ...mayBeNamed, ...ofCollection })
    .transform(
      changing('coll', ['name'], collectionOf, (item): Partial<NewCollection> =>
        given({ name: kept(item.name), description: cleared(item.description) }),
      ),
    ),
  answer: collectionAnswer,
  shape: collectionShape,
  on: (desk) => desk.collections,
});

const COLORS =
  'slate gray zinc neutral stone red orange amber yellow lime green emerald teal cyan sky blue indigo violet purple fuchsia pink rose'.split(
    ' ',
  );

const ofTag = {
  color: z
    .enum(COLORS, { error: `must be one of ${COLORS.join(', ')}` })
    .nullish()
    .describe('slate when absent.'),
};

type Tag = Named & { readonly name?: string | null | undefined; readonly color?: string | null | undefined };

const tagOf = (item: Tag): NewTag => ({ name: item.name ?? '', color: item.color ?? 'slate' });

const tags = shelfRoutes({
  names: 'tags',
  name: 'tag',
  prefix: 'tag',
  query: byId('tag'),
  made: z.object({ name, ...ofTag }).transform(making<Tag, NewTag, Partial<NewTag>>(tagOf)),
  changed: z
    .object({ ...mayBeNamed, ...ofTag })
    .transform(
      changing('tag', ['name'], tagOf, (item): Partial<NewTag> =>
        given({ name: kept(item.name), color: kept(item.color) }),
      ),
    ),
  answer: tagAnswer,
  shape: tagShape,
  on: (desk) => desk.tags,
});

const ofPartner = {
  email: email.nullable().optional().describe('Known to one partner only.'),
  phone: clearable(LONGEST_PHONE, 'How to reach them.'),
};

type Partner = Named & {
  readonly name?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
};

const partnerOf = (item: Partner): NewPartner => ({
  name: item.name ?? '',
  email: item.email ?? null,
  phone: cleared(item.phone) ?? null,
});

const partners = shelfRoutes({
  names: 'partners',
  name: 'partner',
  prefix: 'aff',
  query: byId('aff'),
  made: z.object({ name, ...ofPartner }).transform(making<Partner, NewPartner, Partial<NewPartner>>(partnerOf)),
  changed: z
    .object({ ...mayBeNamed, ...ofPartner })
    .transform(
      changing('aff', ['name'], partnerOf, (item): Partial<NewPartner> =>
        given({ name: kept(item.name), email: item.email, phone: cleared(item.phone) }),
      ),
    ),
  answer: partnerAnswer,
  shape: partnerShape,
  on: (desk) => desk.partners,
});

export const catalogueRoutes: readonly Route[] = [...collections, ...tags, ...partners];
