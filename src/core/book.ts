/**
 * The book: a set of payments, customers and prices in memory, and how facts change it. The pipeline fills it with what
 * one batch touches, `verify` with everything; the rules are the same. Deterministic: ids come from the caller.
 */
import { collect, moneyKeyOf, partiesOfPayment, type Sale } from './collect.ts';
import { eventKey } from './keys.ts';
import { decide, type Decision } from './decide.ts';
import { referralNamed, type LoadedClick, type VisitorClick } from './visitors.ts';
import { earlierThan, foundationKey, type Foundation, type Summary } from './earlier.ts';
import { settingsAt, type AffiliateView, type Rules, type Settings } from './rules.ts';
import type { EventRef, Fact } from './facts.ts';
import { compareText } from './facts.ts';
import type { Nodes, Referral } from './attribution.ts';
import {
  EMPTY_CUSTOMER,
  EMPTY_PAYMENT,
  EMPTY_PRICE,
  lossOf,
  mergeClocks,
  mergeCustomers,
  mergePayments,
  mergePrices,
  mergePromotions,
  paymentOf,
  rulingOf,
  type Clock,
  type CustomerState,
  type PaymentState,
  type PriceState,
} from './merge.ts';

export type Book = {
  readonly payments: Map<string, PaymentState>;
  /** Money key → payment id. */
  readonly keys: Map<string, string>;
  readonly customers: Map<string, CustomerState>;
  readonly prices: Map<string, PriceState>;
  readonly referrals: Map<string, Referral>;
  /** Visitor id → their clicks. */
  readonly visits: Map<string, readonly VisitorClick[]>;
  readonly affiliates: Map<string, AffiliateView>;
  /** Payment id → the payments of its referral before it that are not in the book. */
  readonly foundations: Map<string, Foundation>;
  readonly newPaymentId: () => string;
};

/** What a batch of facts changed, and what has to be decided again because of it. */
export type Touched = {
  readonly payments: Set<string>;
  readonly customers: Set<string>;
  readonly prices: Set<string>;
  /** Parties whose payments may be credited differently now. */
  readonly parties: Set<string>;
  /** Loser → survivor of two payments that turned out to be the same money. */
  readonly united: Map<string, string>;
};

export function emptyTouched(): Touched {
  return { payments: new Set(), customers: new Set(), prices: new Set(), parties: new Set(), united: new Map() };
}

export function emptyBook(newPaymentId: () => string): Book {
  return {
    payments: new Map(),
    keys: new Map(),
    customers: new Map(),
    prices: new Map(),
    referrals: new Map(),
    visits: new Map(),
    affiliates: new Map(),
    foundations: new Map(),
    newPaymentId,
  };
}

/**
 * Merges all facts of one event. A caller may have named a sale by this very event before it came: then the event's
 * first payment is that sale.
 */
export function absorbEvent(book: Book, facts: readonly Fact[], event: EventRef, touched: Touched): void {
  const awaited = eventKey(event.source, event.id);
  let named = book.keys.has(awaited);
  for (const fact of facts) {
    const own = named && fact.kind === 'payment' ? { ...fact, keys: [...fact.keys, awaited] } : fact;
    if (own !== fact) named = false;
    absorb(book, own, event, touched);
  }
}

/** Merges one fact of one event into the book and notes what it touched. */
function absorb(book: Book, fact: Fact, event: EventRef, touched: Touched): void {
  switch (fact.kind) {
    case 'payment':
      absorbPayment(book, paymentOf(fact, event), touched);
      if (fact.claim?.party) joinParty(book, fact.claim.party, touched);
      return;
    case 'refund':
    case 'dispute':
    case 'warning':
    case 'note':
      absorbPayment(book, lossOf(fact, event), touched);
      return;
    case 'ruling':
      absorbPayment(book, rulingOf(fact.ruling, fact.keys, event), touched);
      return;
    case 'customer':
      absorbCustomer(book, fact.key, customerOf(fact), touched);
      return;
    case 'price':
    case 'promotion':
      absorbCatalogue(book, fact, touched);
      return;
  }
}

function absorbPayment(book: Book, said: PaymentState, touched: Touched): void {
  const known = [...new Set(said.keys.flatMap((key) => book.keys.get(key) ?? []))];
  // The survivor is the payment that already carries the name of the money; ties cannot happen, a key has one payment.
  const name = moneyKeyOf([...said.keys, ...known.flatMap((id) => book.payments.get(id)?.keys ?? [])]);
  const survivor = book.keys.get(name) ?? known.toSorted(compareText)[0] ?? book.newPaymentId();
  const before = book.payments.get(survivor);
  let state = before ? mergePayments(before, said) : said;
  for (const loser of known.filter((id) => id !== survivor)) {
    state = mergePayments(state, book.payments.get(loser) ?? EMPTY_PAYMENT);
    book.payments.delete(loser);
    touched.payments.delete(loser);
    touched.united.set(loser, survivor);
  }
  book.payments.set(survivor, state);
  for (const key of state.keys) book.keys.set(key, survivor);
  touched.payments.add(survivor);
  linkParties(book, state, touched);
}

/**
 * A buyer who is known under several names on one payment (a caller's customer id, Stripe's, an e-mail) is one buyer:
 * every name leads to every other, whichever was heard first.
 */
function linkParties(book: Book, state: PaymentState, touched: Touched): void {
  const parties = partiesOfPayment(state);
  if (parties.length < 2) return;
  for (const party of parties) {
    const links = parties.filter((other) => other !== party);
    absorbCustomer(book, party, { ...EMPTY_CUSTOMER, links }, touched);
  }
}

/** A payment's party exists as a node from its first payment on, so that both sides meet at one row. */
function joinParty(book: Book, party: string, touched: Touched): void {
  if (book.customers.has(party)) return;
  book.customers.set(party, EMPTY_CUSTOMER);
  touched.customers.add(party);
}

function absorbCustomer(book: Book, key: string, said: CustomerState, touched: Touched): void {
  const before = book.customers.get(key);
  const after = mergeCustomers(before ?? EMPTY_CUSTOMER, said);
  const grew = JSON.stringify(after) !== JSON.stringify(before ?? EMPTY_CUSTOMER);
  if (before && !grew) return;
  book.customers.set(key, after);
  touched.customers.add(key);
  if (!grew) return;
  touched.parties.add(key);
  // Who is known under this name is credited through it too (a sign-up's e-mail, an app user id).
  for (const member of after.members) touched.parties.add(member);
  for (const link of said.links) {
    const node = book.customers.get(link) ?? EMPTY_CUSTOMER;
    if (node.members.includes(key)) continue;
    book.customers.set(link, mergeCustomers(node, { ...EMPTY_CUSTOMER, members: [key] }));
    touched.customers.add(link);
  }
}

function customerOf({ links, touches, optOuts }: Extract<Fact, { kind: 'customer' }>): CustomerState {
  return { ...EMPTY_CUSTOMER, links, touches, ...(optOuts ? { optOuts } : {}) };
}

function absorbCatalogue(book: Book, fact: Extract<Fact, { kind: 'price' | 'promotion' }>, touched: Touched): void {
  const before = book.prices.get(fact.key) ?? EMPTY_PRICE;
  const after = fact.kind === 'price' ? mergePrices(before, fact) : mergePromotions(before, fact);
  if (after === before) return;
  book.prices.set(fact.key, after);
  touched.prices.add(fact.key);
}

/** Records a decision of the clock on a payment; idempotent. */
export function absorbClock(book: Book, paymentId: string, clock: Partial<Clock>, touched: Touched): void {
  const state = book.payments.get(paymentId);
  // A payment that became part of another has no keys left; its clock is the survivor's.
  if (!state || state.keys.length === 0) return;
  const merged = mergeClocks(state.clock, { matured: null, released: null, known: null, ...clock });
  book.payments.set(paymentId, { ...state, clock: merged });
  touched.payments.add(paymentId);
}

/** Adds clicks of visitors, of which the referrals are in the book already. One that is there stays as it is. */
export function addVisits({ referrals, visits }: Book, clicks: readonly LoadedClick[]): void {
  for (const { visitor, id, ...visit } of clicks) {
    const referral = referrals.get(id);
    const known = visits.get(visitor) ?? [];
    if (referral && !known.some((one) => one.referral.id === id))
      visits.set(visitor, [...known, { ...visit, referral }]);
  }
}

/** What tokens lead to. */
export function referralsIn({ referrals, visits }: Pick<Book, 'referrals' | 'visits'>): Nodes['referral'] {
  return (token, paidAt) => referralNamed(token, referrals.get(token), visits.get(token) ?? [], paidAt);
}

/**
 * Decides the payments given. Where rules look across a referral's payments, in the order the money moved, so that they
 * see the earlier ones as they now stand; then the caller names every payment of the referrals concerned.
 */
export function settle(book: Book, rules: Rules, ids: Iterable<string>): Map<string, Decision> {
  const decisions = new Map<string, Decision>();
  const summaries = new Map<string, Summary[]>();
  const world = {
    rules,
    customer(key: string) {
      return book.customers.get(key);
    },
    referral: referralsIn(book),
    affiliate(id: string) {
      return book.affiliates.get(id) ?? rules.partners.get(id);
    },
    price(key: string) {
      return book.prices.get(key);
    },
  };
  for (const id of rules.lookAcross ? inTimeOrder(book, rules, ids) : ids) {
    const state = book.payments.get(id);
    if (!state) continue;
    const decision = decide(state, world, (referralId, sale, per) =>
      earlierThan(
        ofSame(summaries.get(referralId) ?? [], sale, per),
        sale.paidAt,
        sale.moneyKey,
        book.foundations.get(foundationKey(id, referralId)),
      ),
    );
    decisions.set(id, decision);
    const referral = decision.attribution?.referral;
    if (rules.lookAcross && referral && decision.summary)
      summaries.set(referral.id, [...(summaries.get(referral.id) ?? []), decision.summary]);
  }
  return decisions;
}

function ofSame(all: readonly Summary[], sale: Sale, per: Settings['limitsPer']): readonly Summary[] {
  return per === 'subscription' ? all.filter(({ subscription }) => subscription === sale.subscription) : all;
}

function inTimeOrder(book: Book, rules: Rules, ids: Iterable<string>): string[] {
  const all = [...ids];
  if (all.length < 2) return all;
  const rank = new Map(all.map((id) => [id, timeOf(book.payments.get(id), rules)]));
  return all.toSorted((a, b) => {
    const x = rank.get(a);
    const y = rank.get(b);
    return (x?.at ?? 0) - (y?.at ?? 0) || compareText(x?.name ?? a, y?.name ?? b);
  });
}

function timeOf(state: PaymentState | undefined, rules: Rules): { at: number; name: string } {
  if (!state) return { at: 0, name: '' };
  const collected = collect(state, settingsAt(rules, state.rules ?? rules.version));
  return collected.is === 'sale' ? { at: collected.sale.paidAt, name: collected.sale.moneyKey } : { at: 0, name: '' };
}
