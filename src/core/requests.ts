/**
 * What came by API, as the inbox keeps it: our words plus the caller's exact body, so that every call can be translated
 * again for ever, whatever becomes of its dialect. The translation is pure and the same for all dialects.
 */
import type { SaleRequest } from './desk.ts';
import type { EventRequest } from './event-desk.ts';
import type { Claim, EventRef, Fact, Line, PaidOut, Ruling, Stamp, Touch } from './facts.ts';
import { INTERVAL_NAMES, PROVISIONAL, UNPROVEN } from './facts.ts';
import {
  customerKey,
  emailKey,
  eventKey,
  moneyKey,
  namesStripesRefund,
  refundKey,
  stripeMoneyKey,
  userKey,
} from './keys.ts';
import type { Ordered } from './ordered.ts';
import type { Moment } from './time.ts';
import type { ReferralView } from './views.ts';

export type SaleEntry = { readonly kind: 'sale'; readonly request: SaleRequest; readonly alias: string | null };
export type RefundEntry = {
  readonly kind: 'refund';
  /** Any money key of the payment. */
  readonly payment: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly externalEventId: string;
  readonly refundedAt: Moment | null;
  readonly reason: string | null;
  readonly body: string;
  /** As of a refund (core/losses.ts). */
  readonly total?: true;
  readonly beside?: readonly string[];
};
/** A sign-up, or a referral created or bound by hand: these parties are credited to this referral. */
export type LeadEntry = {
  readonly kind: 'lead';
  readonly referralId: string;
  readonly email: string | null;
  readonly externalUserId: string | null;
  readonly customerId: string | null;
  readonly body: string;
  /** Said by a browser where only a backend is believed; absent: it counts. */
  readonly provisional?: true;
  /** Said without a key, and believed. */
  readonly unproven?: true;
};
export type RulingEntry = {
  readonly kind: 'ruling';
  readonly payment: string;
  readonly status: string | null;
  /** What was paid out by it, to whom; only with `paid`. */
  readonly amounts?: readonly PaidOut[];
  readonly ordered?: Ordered | null;
  readonly holdDays?: number | null;
  readonly body: string;
};
/** What a caller told of a referral beside its sales, and what that came to: repeated, it is answered from here. */
export type EventEntry = {
  readonly kind: 'event';
  readonly request: EventRequest;
  readonly referralId: string;
  readonly status: ReferralView['status'];
};
export type Entry = SaleEntry | RefundEntry | LeadEntry | RulingEntry | EventEntry;

/** Amounts as decimal text; everything else as JSON has it. */
export function writeEntry(entry: Entry): string {
  return JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** Amounts are text where they were written. */
function orderOf({ ordered }: Pick<SaleRequest, 'ordered'>): Pick<SaleRequest, 'ordered'> | undefined {
  return ordered ? { ordered: { ...ordered, amount: BigInt(ordered.amount) } } : undefined;
}

/** Reads what `writeEntry` wrote. */
export function readEntry(payload: unknown): Entry {
  const entry = payload as Entry;
  switch (entry.kind) {
    case 'sale':
      return {
        ...entry,
        request: { ...entry.request, amount: BigInt(entry.request.amount), ...orderOf(entry.request) },
      };
    case 'refund':
      return { ...entry, amount: BigInt(entry.amount) };
    case 'ruling':
      return {
        ...entry,
        ...orderOf(entry),
        ...(entry.amounts
          ? { amounts: entry.amounts.map((one) => ({ ...one, amount: BigInt(one.amount) })) }
          : undefined),
      };
    case 'lead':
    case 'event':
      return entry;
    default:
      throw new Error(`unknown journal entry "${String((payload as { kind?: unknown }).kind)}"`);
  }
}

/** The facts of one entry. */
export function factsOfEntry(ref: EventRef, entry: Entry): Fact[] {
  const stamp: Stamp = { at: ref.at, rank: 0, event: ref.id };
  switch (entry.kind) {
    case 'sale':
      return factsOfSale(ref, stamp, entry);
    case 'refund':
      return [factOfRefund(ref, stamp, entry)];
    case 'lead':
      return factsOfLead(ref, entry);
    case 'event':
      return factsOfBuyer(ref, entry.request);
    case 'ruling':
      return [{ kind: 'ruling', keys: [entry.payment], ruling: rulingOf(stamp, entry) }];
  }
}

type Words = Pick<RulingEntry, 'status' | 'amounts' | 'ordered' | 'holdDays'>;

function rulingOf(stamp: Stamp, { status, amounts, ordered, holdDays }: Words): Ruling {
  return {
    stamp,
    status,
    ...(amounts ? { amounts } : undefined),
    ...(ordered ? { ordered } : undefined),
    ...(holdDays == null ? undefined : { holdDays }),
  };
}

function partyOf(request: Pick<SaleRequest, 'customerId' | 'externalUserId'>): string | null {
  if (request.customerId !== null) return customerKey(request.customerId);
  return request.externalUserId === null ? null : userKey(request.externalUserId);
}

/** Keys under which a sale is known: the caller's own, and the Stripe object it names, if it names one. */
export function keysOfSale({ request, alias }: SaleEntry): string[] {
  const { externalEventId } = request;
  const awaited = externalEventId.startsWith('evt_') ? eventKey('stripe', externalEventId) : null;
  const named = alias ?? stripeMoneyKey(externalEventId) ?? awaited;
  const own = moneyKey(request.dialect, 'sale', externalEventId);
  return named === null ? [own] : [own, named];
}

function factsOfSale(ref: EventRef, stamp: Stamp, entry: SaleEntry): Fact[] {
  const claim = claimOfSale(ref, stamp, entry, partyOf(entry.request));
  const touches = touchesOf(ref, entry.request);
  const keys = keysOfSale(entry);
  const sale: Fact = { kind: 'payment', keys, claim, touches, optOut: null };
  const named = entry.request.unproven ? { ...entry.request, clickId: null } : entry.request;
  return [sale, ...factsOfOrder(keys, ref, entry.request), ...factsOfBuyer(ref, named)];
}

/**
 * Said when the call came, whenever the money moved, and before every word on what stands by then. That something was
 * paid out is said with the sale, until it is known how much.
 */
function factsOfOrder(keys: readonly string[], ref: EventRef, request: SaleRequest): Fact[] {
  const { ordered, holdDays, commissionStatus } = request;
  if (!ordered && holdDays == null) return [];
  const stamp: Stamp = { at: ref.received, rank: -1, event: ref.id };
  const status = isPayout(commissionStatus) ? null : commissionStatus;
  const ruling = rulingOf(stamp, {
    status,
    ...(ordered ? { ordered } : undefined),
    ...(holdDays == null ? undefined : { holdDays }),
  });
  return [{ kind: 'ruling', keys, ruling }];
}

/** Words by which money goes out. */
export function isPayout(status: string | null): boolean {
  return status === 'paid' || status === 'processing_payout';
}

type Named = Pick<SaleRequest, 'referralId' | 'clickId' | 'customerId' | 'externalUserId'> & {
  readonly email?: string | null | undefined;
};

function touchesOf(ref: EventRef, { referralId, clickId }: Named): Touch[] {
  const tokens = [referralId, clickId].filter((token) => token !== null);
  return tokens.map((token) => ({ token, rank: 0, at: ref.at, subscription: null }));
}

/** Whoever is named beside a referral or a click is credited to it from now on, by each of their names alone. */
function factsOfBuyer(ref: EventRef, request: Named): Fact[] {
  const touches = touchesOf(ref, request);
  const nodes = [
    ...(request.customerId === null ? [] : [customerKey(request.customerId)]),
    ...(request.externalUserId === null ? [] : [userKey(request.externalUserId)]),
  ];
  const emails = request.email == null ? [] : [emailKey(request.email)];
  if (touches.length === 0 && nodes.length + emails.length < 2) return [];
  return factsOfNodes(nodes, touches, emails);
}

/** `more`: names that lead to the buyer, by which alone nobody is credited. */
function factsOfNodes(nodes: readonly string[], touches: readonly Touch[], more: readonly string[] = []): Fact[] {
  return nodes.map((key) => {
    const links = [...nodes.filter((node) => node !== key), ...more];
    return { kind: 'customer', key, links, touches };
  });
}

function claimOfSale(ref: EventRef, stamp: Stamp, { request }: SaleEntry, party: string | null): Claim {
  const { amount } = request;
  const line: Line = {
    id: request.externalEventId,
    net: amount,
    prices: request.priceIds,
    products: request.productIds,
    interval: request.interval === null ? null : (INTERVAL_NAMES[request.interval] ?? null),
    period: null,
    recurring: request.isSubscription,
    proration: false,
    quantity: 1,
  };
  return {
    kind: 'report',
    key: moneyKey(request.dialect, 'sale', request.externalEventId),
    stamp,
    status: 'paid',
    currency: request.currency,
    total: amount,
    paid: amount,
    net: amount,
    refunded: null,
    paidAt: request.occurredAt ?? ref.at,
    proof: stamp,
    lines: [line],
    linesIncomplete: false,
    detail: 1,
    linesStamp: null,
    flags: [],
    standalone: true,
    party,
    subscription: request.isSubscription ? moneyKey(request.dialect, 'sale', 'subscription') : null,
    trial: request.saleStatus === 'trialing',
    commissionStatus: request.ordered && !isPayout(request.commissionStatus) ? null : request.commissionStatus,
    saleStatus: request.saleStatus === 'complete' ? null : request.saleStatus,
    outOfBand: false,
    platformFee: null,
    fromBalance: null,
    optOut: null,
    source: request.dialect,
    externalId: request.externalEventId,
  };
}

function factOfRefund(ref: EventRef, stamp: Stamp, entry: RefundEntry): Fact {
  return {
    kind: 'refund',
    keys: [entry.payment],
    refund: {
      key: refundKey(ref.source, entry.externalEventId),
      stamp,
      amount: entry.amount,
      currency: entry.currency,
      status: 'succeeded',
      at: entry.refundedAt ?? ref.at,
      charge: null,
      proof: stamp,
      source: ref.source,
      externalId: entry.externalEventId,
      ...(entry.total ? { total: true } : {}),
      ...(entry.beside ? { beside: entry.beside } : {}),
      ...(namesStripesRefund(entry.externalEventId) ? { named: true } : {}),
    },
  };
}

function factsOfLead(ref: EventRef, entry: LeadEntry): Fact[] {
  const { provisional = false, unproven = false } = entry;
  const rank = provisional ? PROVISIONAL : Number(unproven) * UNPROVEN;
  const touches: Touch[] = [{ token: entry.referralId, rank, at: ref.at, subscription: null }];
  const nodes = [
    ...(entry.customerId === null ? [] : [customerKey(entry.customerId)]),
    ...(entry.externalUserId === null ? [] : [userKey(entry.externalUserId)]),
    ...(entry.email === null ? [] : [emailKey(entry.email)]),
  ];
  // That two names are one buyer is not believed of a browser either.
  return provisional || unproven
    ? nodes.flatMap((node) => factsOfNodes([node], touches))
    : factsOfNodes(nodes, touches);
}
