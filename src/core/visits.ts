/** Links, who follows them, and what came of it: the part of the desk that dialects with visitors need. */
import type { Caller, Paging } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { Page } from './views.ts';

type Answer<T> = Promise<T | Refusal>;

/** What a request shows of its visitor; each may be missing. */
export type VisitorSigns = {
  readonly visitorId: string | null;
  readonly fingerprint: string | null;
  /** Code of a link or tracking id of an affiliate. */
  readonly code: string | null;
};

export type VisitRequest = VisitorSigns & {
  readonly code: string;
  /** url, referrer: kept as given. */
  readonly details: Readonly<Record<string, string>>;
};

/** How a visitor was known: by the id they carry, by their fingerprint, or not at all. */
export type KnownBy = 'cookie' | 'fingerprint' | 'new';

export type Visit = { readonly clickId: string; readonly visitorId: string; readonly knownBy: KnownBy };

export type VisitDesk = {
  /** A visit through a link; every call is a click of its own. */
  visit(caller: Caller, request: VisitRequest): Answer<Visit>;
  /**
   * Whom a visitor is credited to, as a click; null: to nobody. A click that something came of counts for ever, others
   * within their program's window, the latest first. A code says in which program, and credits its own link where the
   * visitor has no click there. `once` names the call, so that repeating it makes nothing new.
   */
  recognize(
    caller: Caller,
    signs: VisitorSigns,
    once: string | null,
  ): Promise<{ readonly clickId: string | null; readonly visitorId: string }>;
};

export type LinkView = {
  readonly id: string;
  readonly affiliateId: string;
  readonly programId: string;
  readonly code: string;
  readonly destinationUrl: string | null;
  readonly createdAt: Moment;
};

export type ProgramView = { readonly id: string; readonly name: string; readonly clickWindowDays: number };

export type ClickView = {
  readonly id: string;
  readonly visitorId: string | null;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly clickedAt: Moment;
};

/** What came of an affiliate's links in one world; money in minor units of the workspace's currency. */
export type AffiliateSums = {
  readonly affiliateId: string;
  readonly trackingId: string;
  readonly email: string;
  readonly clicks: number;
  readonly leads: number;
  readonly sales: number;
  readonly revenue: bigint;
  readonly earned: bigint;
  readonly paid: bigint;
};

export type LinkDesk = {
  /** `code` null or taken: one is made, so it has to be read back. `programId` null: the affiliate's. */
  createLink(
    caller: Caller,
    input: {
      readonly affiliateId: string;
      readonly programId: string | null;
      readonly code: string | null;
      readonly destinationUrl: string | null;
    },
  ): Answer<LinkView>;
  links(caller: Caller, filter: Paging & { readonly affiliateId: string | null }): Promise<Page<LinkView>>;
  clicks(caller: Caller, filter: Paging & { readonly affiliateId: string }): Promise<Page<ClickView>>;
  programs(caller: Caller, filter: Paging): Promise<Page<ProgramView>>;
  /** Newest affiliates first. */
  affiliateSums(
    caller: Caller,
    filter: Paging,
  ): Promise<{ readonly rows: readonly AffiliateSums[]; readonly currency: string }>;
};
