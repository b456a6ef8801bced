/** Links: where they lead, what they are kept in, what is shown beside them and whose they are (apis.md 3.3). */
import { z } from 'zod';
import type { NewShortLink, ShortLinkChanges } from '../../core/catalogue-desk.ts';
import type { Utm, UtmName } from '../../core/destinations.ts';
import type { Route } from '../surface.ts';
import { idBehind } from '../uuids.ts';
import { behind, changing, cleared, given, kept, known, making } from './fields.ts';
import { clearable, filter, id, page, walk, walkOf } from './inputs.ts';
import { linkAnswer, linkShape } from './shapes.ts';
import { shelfRoutes } from './shelves.ts';

const LONGEST_NAME = 255;
const LONGEST_TEXT = 2000;

const mark = clearable(LONGEST_NAME, 'null takes it out.');

const beside = {
  title: clearable(LONGEST_TEXT, 'To tell it from others.'),
  description: clearable(LONGEST_TEXT, 'Notes about it.'),
  image: page.nullable().optional().describe('A preview image.'),
  utm: z
    .object({ source: mark, medium: mark, campaign: mark, term: mark, content: mark, referral: mark })
    .nullable()
    .optional()
    .describe('What the redirect adds to the query of url: utm_source, utm_medium, …, and referral as ref.'),
  externalId: clearable(LONGEST_NAME, 'Your own id of it, unique among your links.'),
  tenantId: clearable(LONGEST_NAME, 'Your own id of whom it is for.'),
  partnerId: clearable(LONGEST_NAME, 'Who is credited; null: nobody.'),
};

const madeLink = z.object({
  url: page.describe('Where it leads.'),
  collectionId: id.describe('What it is kept in.'),
  ...beside,
});

const changedLink = z.object({ id: known, url: page.nullish(), collectionId: id.nullish(), ...beside });

type Link = z.infer<typeof changedLink>;

/** As they are told: what is cleared is null. */
function marksOf(marks: Link['utm']): Readonly<Partial<Record<UtmName, string | null>>> | null | undefined {
  if (marks == null) return marks;
  return Object.fromEntries(Object.entries(given(marks)).map(([name, value]) => [name, cleared(value) ?? null]));
}

const besideOf = (item: Link) => ({
  title: cleared(item.title),
  description: cleared(item.description),
  image: item.image,
  utm: marksOf(item.utm),
  externalId: cleared(item.externalId),
  tenantId: cleared(item.tenantId),
  affiliateId: behind('aff', item.partnerId),
});

function linkOf(item: Link): NewShortLink {
  const { utm, title, description, image, externalId, tenantId, affiliateId } = besideOf(item);
  const marks = Object.entries(utm ?? {}).filter((pair): pair is [string, string] => pair[1] !== null);
  return {
    url: item.url ?? '',
    collectionId: idBehind('coll', item.collectionId ?? ''),
    utm: marks.length === 0 ? null : (Object.fromEntries(marks) as Utm),
    title: title ?? null,
    description: description ?? null,
    image: image ?? null,
    externalId: externalId ?? null,
    tenantId: tenantId ?? null,
    affiliateId: affiliateId ?? null,
  };
}

const changesOf = (item: Link): ShortLinkChanges => ({
  ...given(besideOf(item)),
  ...given({ url: kept(item.url), collectionId: behind('coll', kept(item.collectionId)) }),
});

export const linkRoutes: readonly Route[] = shelfRoutes({
  names: 'links',
  name: 'link',
  prefix: 'link',
  query: z
    .object({
      ...walk,
      id: filter('Only the one of this id.'),
      externalId: filter('Only the one of this id of yours.'),
      tenantId: filter('Only those for this one.'),
      partnerId: filter('Only those of this partner.'),
    })
    .transform(({ externalId, tenantId, ...query }) => ({
      ...walkOf(query),
      id: behind('link', query.id) ?? null,
      externalId,
      tenantId,
      affiliateId: behind('aff', query.partnerId) ?? null,
    })),
  made: madeLink.transform(making<Link, NewShortLink, ShortLinkChanges>(linkOf)),
  changed: changedLink.transform(changing('link', ['url', 'collectionId'], linkOf, changesOf)),
  answer: linkAnswer,
  shape: linkShape,
  on: (desk) => desk.shortLinks,
});
