/** What a caller tells of a referral beside its sales: that somebody signed up, began a trial, reached something. */
import type { Caller, SaleRequest } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { ConversionView, ReferralView } from './views.ts';

export type EventKind = 'lead' | 'trial' | 'milestone';

export type EventRequest = Pick<
  SaleRequest,
  'dialect' | 'referralId' | 'clickId' | 'customerId' | 'externalUserId' | 'occurredAt' | 'body'
> & {
  readonly name: string;
  readonly kind: EventKind;
  /** The caller's own id; one space with their sales. null: told again it is another event. */
  readonly externalEventId: string | null;
};

/** An event as it was answered the first time. */
export type EventView = {
  /** Where it is kept: `source:event key`, as the inbox shows it. */
  readonly id: string;
  readonly referralId: string;
  /** The referral's status when the event was told. */
  readonly status: ReferralView['status'];
  readonly name: string;
  readonly kind: EventKind;
  readonly externalEventId: string | null;
};

/** What an id was first told as: an event, or a sale. */
export type Told = { readonly event: EventView } | { readonly conversion: ConversionView };

export type EventDesk = {
  /**
   * Binds the buyer's names to the referral they lead to and moves its status on, never back: a trial makes a lead
   * `trialing`, anything makes a click a lead. Told again under the same id, the first answer is given.
   */
  tellEvent(caller: Caller, request: EventRequest): Promise<(Told & { readonly replayed: boolean }) | Refusal>;
};
