/** How this dialect shows things: camelCase, ids as UUIDs, moments in ISO 8601, what there is not as null (apis.md 3.3). */
import { z } from 'zod';
import { agentOf } from '../../core/agents.ts';
import type { CollectionView, LinkClickView, PartnerView, ShortLinkView, TagView } from '../../core/catalogue-desk.ts';
import type { CustomerView } from '../../core/customer-desk.ts';
import { shownPage } from '../../core/destinations.ts';
import { toIso } from '../../core/time.ts';
import { shownId, shownOrNull } from '../uuids.ts';

/** Where an answer is shown: what its URLs begin with, and whose links they are. */
export type Place = { readonly origin: string; readonly workspace: string };

const shown = z.string().describe('A UUID; an id that was brought along is shown as it is.');
const made = z.iso.datetime();
const textOrNull = z.string().nullable();

/** Links of the workspace `default` need not name it. */
export function shortUrlOf({ origin, workspace }: Place, code: string): string {
  return `${origin}/l/${workspace === 'default' ? '' : `${workspace}/`}${encodeURIComponent(code)}`;
}

/** A picture of the short link, which says that it was scanned. */
function qrCodeOf({ origin }: Place, shortUrl: string): string {
  const text = encodeURIComponent(`${shortUrl}?qr=1`);
  return `${origin}/qrcode?text=${text}&size=512&errorCorrection=H&foreground=000000&background=FFFFFF&margin=1&format=svg`;
}

const utm = z.object({
  source: z.string().optional(),
  medium: z.string().optional(),
  campaign: z.string().optional(),
  term: z.string().optional(),
  content: z.string().optional(),
  referral: z.string().optional(),
});

const link = {
  id: shown,
  url: z.string(),
  shortUrl: z.string().describe('Sends visitors on to url, with the id of their click as hoko_id.'),
  qrCode: z.string().describe('A picture of shortUrl.'),
  title: textOrNull,
  description: textOrNull,
  image: textOrNull,
  utm: utm.nullable(),
  collectionId: shown.nullable(),
  partnerId: shown.nullable().describe('null: nobody is credited.'),
  tenantId: textOrNull,
  externalId: textOrNull,
  createdAt: made,
};

/** As an answer to a lead or sale shows it. */
export const trackedLinkAnswer = z.object(link).meta({ id: 'TrackedLink' });
export const linkAnswer = z.object({ ...link, updatedAt: made }).meta({ id: 'ShortLink' });

export function trackedLinkShape(view: ShortLinkView, place: Place): z.infer<typeof trackedLinkAnswer> {
  const shortUrl = shortUrlOf(place, view.code);
  return {
    id: shownId(view.id),
    url: view.url,
    shortUrl,
    qrCode: qrCodeOf(place, shortUrl),
    title: view.title,
    description: view.description,
    image: view.image,
    utm: view.utm,
    collectionId: shownOrNull(view.collectionId),
    partnerId: shownOrNull(view.affiliateId),
    tenantId: view.tenantId,
    externalId: view.externalId,
    createdAt: toIso(view.createdAt),
  };
}

export function linkShape(view: ShortLinkView, place: Place): z.infer<typeof linkAnswer> {
  return { ...trackedLinkShape(view, place), updatedAt: toIso(view.updatedAt) };
}

export const collectionAnswer = z
  .object({ id: shown, name: z.string(), description: textOrNull, createdAt: made, updatedAt: made })
  .meta({ id: 'Collection' });

export function collectionShape(view: CollectionView): z.infer<typeof collectionAnswer> {
  const { id, name, description, createdAt, updatedAt } = view;
  return { id: shownId(id), name, description, createdAt: toIso(createdAt), updatedAt: toIso(updatedAt) };
}

export const tagAnswer = z.object({ id: shown, name: z.string(), color: z.string() }).meta({ id: 'Tag' });

export const tagShape = ({ id, name, color }: TagView): z.infer<typeof tagAnswer> => ({ id: shownId(id), name, color });

export const partnerAnswer = z
  .object({ id: shown, name: z.string(), email: textOrNull, phone: textOrNull, createdAt: made, updatedAt: made })
  .meta({ id: 'Partner' });

export function partnerShape(view: PartnerView): z.infer<typeof partnerAnswer> {
  const { id, name, email, phone, createdAt, updatedAt } = view;
  return { id: shownId(id), name, email, phone, createdAt: toIso(createdAt), updatedAt: toIso(updatedAt) };
}

const person = {
  id: shown,
  name: z.string(),
  email: textOrNull,
  phone: textOrNull,
  avatar: textOrNull,
  externalId: z.string(),
};

/** As an answer to a lead or sale shows it. */
export const trackedCustomerAnswer = z.object(person).meta({ id: 'TrackedCustomer' });
export const customerAnswer = z.object({ ...person, createdAt: made, updatedAt: made }).meta({ id: 'Customer' });

export function trackedCustomerShape(view: CustomerView): z.infer<typeof trackedCustomerAnswer> {
  const { id, name, email, phone, avatar, externalId } = view;
  return { id: shownId(id), name, email, phone, avatar, externalId };
}

export function customerShape(view: CustomerView): z.infer<typeof customerAnswer> {
  return { ...trackedCustomerShape(view), createdAt: toIso(view.createdAt), updatedAt: toIso(view.updatedAt) };
}

export const clickAnswer = z
  .object({
    id: z.string().describe('What the destination got as hoko_id.'),
    linkId: shown,
    partnerId: shown.nullable(),
    referrer: textOrNull,
    userAgent: textOrNull,
    device: z.enum(['mobile', 'tablet', 'desktop']).nullable(),
    browser: textOrNull,
    os: textOrNull,
    country: z.null().describe('Nothing is looked up by address.'),
    city: z.null(),
    qr: z.boolean().describe('It came by the QR code.'),
    utm: utm.nullable(),
    createdAt: made,
  })
  .meta({ id: 'LinkClick' });

export function clickShape(view: LinkClickView): z.infer<typeof clickAnswer> {
  const { id, linkId, affiliateId, referrer, userAgent, scanned, utm: marks, clickedAt } = view;
  return {
    id,
    linkId: shownId(linkId),
    partnerId: shownOrNull(affiliateId),
    referrer: shownPage(referrer),
    userAgent,
    ...agentOf(userAgent),
    country: null,
    city: null,
    qr: scanned,
    utm: marks,
    createdAt: toIso(clickedAt),
  };
}
