/**
 * Links, what they are kept in and marked with, and partners, many at a time; where a short link leads; clicks one by
 * one. A list is written whole or not at all.
 */
import type { Caller } from './desk.ts';
import type { Utm, UtmName } from './destinations.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';

type Answer<T> = Promise<T | Refusal>;

/** A part of a list by the time its rows were made. */
export type Walk = { readonly take: number; readonly skip: number; readonly newestFirst: boolean };

/** One of a list that is written: made where it has no id yet, else only what is given changes. */
export type Entry<New, Changes> =
  | { readonly id: null; readonly fields: New }
  | { readonly id: string; readonly fields: Changes };

export type Shelf<View, New, Changes, Filter> = {
  read(caller: Caller, filter: Walk & Filter): Promise<readonly View[]>;
  /** In the order given. Refused: an unknown id, an id that comes twice, a name of the caller's that is another's. */
  write(caller: Caller, entries: readonly Entry<New, Changes>[]): Answer<readonly View[]>;
  /** Hides them, or is refused when one is unknown. What came of them stays. */
  remove(caller: Caller, ids: readonly string[]): Answer<readonly string[]>;
};

type ById = { readonly id: string | null };

export type ShortLinkView = {
  readonly id: string;
  readonly code: string;
  readonly url: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly image: string | null;
  readonly utm: Utm | null;
  readonly collectionId: string | null;
  /** null: nobody's. */
  readonly affiliateId: string | null;
  readonly tenantId: string | null;
  /** The caller's own; unique among the links in use. */
  readonly externalId: string | null;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
};

export type NewShortLink = Omit<ShortLinkView, 'id' | 'code' | 'createdAt' | 'updatedAt'>;
/** Of `utm` only the names given change. */
export type ShortLinkChanges = Partial<Omit<NewShortLink, 'utm'>> & {
  readonly utm?: Readonly<Partial<Record<UtmName, string | null>>> | null;
};
export type ShortLinkFilter = ById & {
  readonly externalId: string | null;
  readonly tenantId: string | null;
  readonly affiliateId: string | null;
};

export type CollectionView = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
};
export type NewCollection = Pick<CollectionView, 'name' | 'description'>;

export type TagView = { readonly id: string; readonly name: string; readonly color: string };
export type NewTag = Omit<TagView, 'id'>;

/** An affiliate, as dialects that call them partners know one: approved from the beginning. */
export type PartnerView = {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
};
export type NewPartner = Pick<PartnerView, 'name' | 'email' | 'phone'>;

/** What a visit shows of itself; `scanned`: it came by the link's QR code. */
export type Visitor = {
  readonly referrer: string | null;
  readonly userAgent: string | null;
  readonly scanned: boolean;
};

export type LinkClickView = Visitor & {
  readonly id: string;
  readonly linkId: string;
  readonly affiliateId: string | null;
  readonly utm: Utm | null;
  readonly clickedAt: Moment;
};

export type CatalogueDesk = {
  /** Those that lead to a page. */
  readonly shortLinks: Shelf<ShortLinkView, NewShortLink, ShortLinkChanges, ShortLinkFilter>;
  readonly collections: Shelf<CollectionView, NewCollection, Partial<NewCollection>, ById>;
  readonly tags: Shelf<TagView, NewTag, Partial<NewTag>, ById>;
  readonly partners: Shelf<PartnerView, NewPartner, Partial<NewPartner>, ById>;
  /** Clicks on links in both worlds; of one affiliate: those they are credited with. `from` and `to` are included. */
  clicksOfLinks(
    caller: Caller,
    filter: Walk & {
      readonly linkId: string | null;
      readonly affiliateId: string | null;
      readonly from: Moment | null;
      readonly to: Moment | null;
    },
  ): Promise<readonly LinkClickView[]>;
  /** Where a short link leads, with what its query then carries. `visitor` null: looked up, and no click counted. */
  follow(workspace: string, code: string, visitor: Visitor | null): Answer<string>;
};
