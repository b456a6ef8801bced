/**
 * A session: the book of one batch with the versions its rows were read at. Filled by as many loads as the facts need,
 * almost always one.
 */
import { NOTHING_POSTED, readCustomer, readPayment, readPosted, readPrice, type Posted } from '../core/codec.ts';
import { addVisits, emptyBook, emptyTouched, settle, type Book, type Touched } from '../core/book.ts';
import type { Decision } from '../core/decide.ts';
import type { Rules } from '../core/rules.ts';
import { mergeCustomers } from '../core/merge.ts';
import { readSummary, type Summary } from '../core/earlier.ts';
import { overtaken } from '../store/database.ts';
import type { Loaded, ReferralRow } from '../store/load.ts';

export type Session = {
  readonly book: Book;
  readonly touched: Touched;
  /** Versions as read; a key that is not here was absent. */
  readonly versions: {
    readonly payments: Map<string, number>;
    readonly customers: Map<string, number>;
    readonly prices: Map<string, number>;
  };
  readonly posted: Map<string, Posted>;
  /** Payment id → what its row holds now, to see whether anything changed. */
  readonly before: Map<string, { readonly state: string; readonly posted: string; readonly earlier: string | null }>;
  /** What later payments of a referral saw of each when it was read. */
  readonly summaries: Map<string, Summary | null>;
  readonly referrals: Map<string, ReferralRow>;
  /** Money keys that have a row already. */
  readonly keyRows: Map<string, string>;
  /** What the book came to when it was last decided; null: it has changed since. `times`: how often it was decided. */
  readonly decided: { last: ReadonlyMap<string, Decision> | null; times: number };
};

export function newSession(newPaymentId: () => string): Session {
  return {
    book: emptyBook(newPaymentId),
    touched: emptyTouched(),
    versions: { payments: new Map(), customers: new Map(), prices: new Map() },
    posted: new Map(),
    before: new Map(),
    summaries: new Map(),
    referrals: new Map(),
    keyRows: new Map(),
    decided: { last: null, times: 0 },
  };
}

/** What every payment of the book comes to. Decided anew only when the book changed, which `changed` has to be told. */
export function decisionsOf({ book, decided }: Session, rules: Rules): ReadonlyMap<string, Decision> {
  if (decided.last) return decided.last;
  decided.times += 1;
  return (decided.last = settle(book, rules, book.payments.keys()));
}

/** Facts were absorbed, rows or foundations came to hand, the clock applied. */
export function changed({ decided }: Session): void {
  decided.last = null;
}

/**
 * Adds what was loaded; a row that is here already keeps what the facts have made of it since, and the version it was
 * first read at, because what was read in between rests on that. Throws what is tried again when a row has come since
 * under a name that the facts have given away already.
 */
export function fill(session: Session, loaded: Loaded): void {
  const { book, versions } = session;
  changed(session);
  for (const { id, version, state, posted, summary, earlier } of loaded.payments) {
    if (versions.payments.has(id)) continue;
    versions.payments.set(id, version);
    session.before.set(id, { state, posted, earlier });
    session.posted.set(id, readPosted(posted));
    session.summaries.set(id, summary === null ? null : readSummary(summary));
    const read = readPayment(state);
    if (read.keys.some((key) => (book.keys.get(key) ?? id) !== id)) throw overtaken(`payment ${id}`);
    book.payments.set(id, read);
    for (const key of read.keys) {
      book.keys.set(key, id);
      session.keyRows.set(key, id);
    }
  }
  for (const { key, version, state } of loaded.customers) {
    if (versions.customers.has(key)) continue;
    versions.customers.set(key, version);
    const [read, said] = [readCustomer(state), book.customers.get(key)];
    book.customers.set(key, said ? mergeCustomers(read, said) : read);
    if (said) for (const name of [key, ...read.members]) session.touched.parties.add(name);
  }
  for (const { key, version, state } of loaded.prices) {
    if (versions.prices.has(key)) continue;
    if (book.prices.has(key)) throw overtaken(`price ${key}`);
    versions.prices.set(key, version);
    book.prices.set(key, readPrice(state));
  }
  for (const row of loaded.referrals) {
    if (session.referrals.has(row.id)) continue;
    session.referrals.set(row.id, row);
    const { id, affiliateId, programId, status, history } = row;
    book.referrals.set(id, { id, affiliateId, programId, rejected: status === 'rejected' });
    if (affiliateId !== null && history !== null) book.affiliates.set(affiliateId, { id: affiliateId, history });
  }
  addVisits(book, loaded.visits);
}

export function postedOf(session: Session, paymentId: string): Posted {
  return session.posted.get(paymentId) ?? NOTHING_POSTED;
}
