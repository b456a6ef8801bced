/**
 * Visitors whose click id stays theirs, and who they turn out to be: the part of the desk for dialects in which a click
 * id names a visitor and the last click wins until the visitor signs up (apis.md 4.2, 4.3).
 */
import type { Caller } from './desk.ts';
import type { Refusal } from './refusals.ts';

type Answer<T> = Promise<T | Refusal>;

export type Arrival = {
  /** Code of a link, or tracking id of an affiliate. */
  readonly code: string;
  /** The click id that the visitor carries; null, or one that is not known: a new visitor. */
  readonly existing: string | null;
  /** page_url, referrer_url, …: kept as given. */
  readonly details: Readonly<Record<string, string>>;
};

export type Arrived = {
  /** `cust_{number of the program}_{milliseconds UTC}`; of a visitor who is known, the id they carry. */
  readonly clickId: string;
  /** How long the click earns when nothing comes of it. */
  readonly windowDays: number;
};

/** What names a buyer; each may be missing. */
export type BuyerNames = {
  /** The merchant's own id of the customer. */
  readonly customerKey: string | null;
  readonly clickId: string | null;
};

/** Whom a buyer is credited to. */
export type BuyerCredit = {
  readonly referralId: string;
  /** `claim`: by the customer key, of which only browsers spoke, and others before; a sale has to name it. */
  readonly by: 'customer_key' | 'click_id' | 'claim';
  /** Whether the affiliate may earn now. */
  readonly approved: boolean;
  /**
   * The click is older than its program's window, in whole days, and nothing was sold to them yet; null: it counts. Who
   * bought once in this world stays credited.
   */
  readonly expired: { readonly ageDays: number; readonly windowDays: number } | null;
};

/** `known`: there is a customer or click of this name; `credit` null: nobody brought them. */
export type Buyer = { readonly known: boolean; readonly credit: BuyerCredit | null };

export type LeadRequest = BuyerNames & {
  readonly dialect: string;
  readonly email: string | null;
  readonly body: string;
};

/**
 * `recorded`: from now on they are credited. `provisional`: only if a backend or a payment bears it out. `beyond`: they
 * are further already, or as many as may be were told of the click without a key; nothing is kept. Without a key nothing is
 * kept of who is reached by the customer key alone either.
 */
export type Led =
  | { readonly outcome: 'recorded' | 'provisional'; readonly referralId: string }
  | { readonly outcome: 'beyond'; readonly status: 'conversion' | 'rejected' | 'lead' | 'click' };

export type BuyerDesk = {
  /** A visit through a link. `inactive`: there is such a link, but it leads nowhere now. */
  arrive(caller: Caller, request: Arrival): Answer<Arrived | 'inactive'>;
  /**
   * The customer key is tried first, as far as it was told with a key; the click id where that credits nobody; then what
   * browsers said of the customer key, passing over whose affiliate may not earn or whose click has run out.
   */
  buyer(caller: Caller, names: BuyerNames): Promise<Buyer>;
  /**
   * A sign-up: binds customer key and e-mail to the visitor's click. Refused: nobody is known under these names; without a
   * key also who is known through an affiliate who may not earn, or by a click that has run out.
   */
  lead(caller: Caller, request: LeadRequest): Answer<Led>;
};
