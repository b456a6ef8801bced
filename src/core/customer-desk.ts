/** Customers under the caller's own ids, the leads and sales that are told of them, and which click is credited. */
import type { ShortLinkView, Walk } from './catalogue-desk.ts';
import type { Caller } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';

type Answer<T> = Promise<T | Refusal>;
type Metadata = Readonly<Record<string, unknown>> | null;

export type CustomerView = {
  readonly id: string;
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly avatar: string | null;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
};

/** What a call says of its customer: what is absent stays as it is, null clears it. */
export type CustomerTold = Pick<CustomerView, 'externalId' | 'name'> & {
  readonly email?: string | null;
  readonly avatar?: string | null;
};

type Told = {
  readonly dialect: string;
  readonly customer: CustomerTold;
  readonly eventName: string;
  readonly metadata: Metadata;
  /** Names the call: repeated, it is the same one. null: every call is one of its own. */
  readonly once: string | null;
  /** The request's body as it came, for the journal. */
  readonly body: string;
};

/** `clickId` null: that of the customer's latest lead. */
export type LeadCall = Told & { readonly clickId: string | null };

/**
 * Credited to the customer's latest lead of this name, else to the click, else to the customer's latest lead. Amount in
 * minor units, currency in lower case.
 */
export type SaleCall = Told & {
  readonly leadEventName: string | null;
  readonly clickId: string | null;
  readonly amount: bigint;
  readonly currency: string;
  /** The caller's invoice, which names the sale where the workspace says that it does. */
  readonly invoiceId: string | null;
};

export type Tracked = {
  readonly clickId: string;
  readonly link: ShortLinkView;
  readonly customer: CustomerView;
  readonly eventName: string;
  readonly metadata: Metadata;
};

export type CustomerDesk = {
  /** Refused, with nothing stored: a click that is unknown or came through no link, no earlier lead where one is needed. */
  trackLead(caller: Caller, call: LeadCall): Answer<Tracked>;
  trackSale(caller: Caller, call: SaleCall): Answer<Tracked & { readonly amount: bigint; readonly currency: string }>;
  customers(
    caller: Caller,
    filter: Walk & { readonly id: string | null; readonly externalId: string | null },
  ): Promise<readonly CustomerView[]>;
};
