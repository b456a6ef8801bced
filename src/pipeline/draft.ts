/** All rows of a batch: inbox, payments with what they earn, and every row whose reading the decisions rest on. */
import type { Posted } from '../core/codec.ts';
import { moneyKeyOf } from '../core/collect.ts';
import type { Decision } from '../core/decide.ts';
import { compareText } from '../core/facts.ts';
import { EMPTY_CUSTOMER, EMPTY_PAYMENT, EMPTY_PRICE } from '../core/merge.ts';
import { NOTHING_POSTED, writePayment, writePosted } from '../core/codec.ts';
import type { Write } from '../store/post.ts';
import type { Batch, Item, Settled } from './batch.ts';
import type { Clockwork } from './clockwork.ts';
import { draftReferrals } from './credits.ts';
import { draftBalances } from './commissions.ts';
import { draftQuestions } from './questions.ts';
import { draftPayment, partyOf } from './rows.ts';
import { iso, newDraft, push, type Draft } from './sheet.ts';
import type { Session } from './session.ts';

export function draftAll(
  work: Clockwork,
  batch: Batch,
  settled: Settled,
  fresh: readonly Item[],
  rulesVersion: number,
): { rows: Write; posted: Map<string, Posted>; at: number } {
  const { session, decisions } = settled;
  const draft = newDraft({ workspace: batch.workspace, livemode: batch.livemode, now: work.now() }, work);
  const written = new Set<string>();
  for (const id of [...decisions.keys()].toSorted(compareText)) {
    const decision = decisions.get(id);
    if (decision && draftPayment(draft, session, id, decision)) written.add(id);
  }
  draftLosers(draft, session);
  draftInbox(draft, session, decisions, fresh, rulesVersion);
  draftNodes(draft, session, written);
  draftPrices(draft, session, decisions, written);
  draftReferrals(draft, settled, written);
  draftBalances(draft);
  draftQuestions(draft, work, session.book, decisions, written, batch.asked ?? []);
  if (fresh.length > 0) Object.assign(draft.rows, batch.also);
  sortRows(draft);
  return { rows: draft.rows, posted: draft.posted, at: draft.scope.now };
}

/** Rows are written in the order given: sorted by key, two batches lock in the same order and cannot deadlock there. */
function sortRows(draft: Draft): void {
  const name = (values: readonly unknown[]): string => values.slice(0, 5).map(String).join('\n');
  for (const rows of Object.values(draft.rows)) rows.sort((a, b) => compareText(name(a), name(b)));
}

/** The row of a payment that turned out to be another's money: emptied, pointing at the survivor. */
function draftLosers(draft: Draft, session: Session): void {
  const { workspace, livemode, now } = draft.scope;
  for (const [loser, survivor] of session.touched.united) {
    const version = session.versions.payments.get(loser);
    if (version === undefined) continue;
    const sale = session.posted.get(loser)?.sale;
    const kept = session.posted.get(survivor)?.sale;
    if (sale && sale.id !== kept?.id && sale.digest !== 'void')
      push(draft.rows, 'conversions_void', [workspace, sale.id, survivor, iso(now)]);
    draft.posted.set(loser, NOTHING_POSTED);
    push(draft.rows, 'payments', [
      workspace,
      loser,
      livemode,
      version + 1,
      null,
      null,
      null,
      null,
      null,
      null,
      [],
      [],
      null,
      survivor,
      writePayment(EMPTY_PAYMENT),
      writePosted(NOTHING_POSTED),
      null,
      null,
      null,
      null,
    ]);
  }
}

function subjectOf(item: Item): string | null {
  for (const fact of item.facts) if ('keys' in fact && fact.keys.length > 0) return moneyKeyOf(fact.keys);
  return null;
}

/** Why the payment an event speaks of still waits; null: it does not, or it speaks of none. */
export function parkedReason(
  { session, decisions }: Pick<Settled, 'session' | 'decisions'>,
  item: Item,
): string | null {
  const subject = subjectOf(item);
  const paymentId = subject === null ? undefined : session.book.keys.get(subject);
  return (paymentId === undefined ? null : decisions.get(paymentId)?.parked) ?? null;
}

function draftInbox(
  draft: Draft,
  session: Session,
  decisions: ReadonlyMap<string, Decision>,
  fresh: readonly Item[],
  rulesVersion: number,
): void {
  const { workspace, livemode } = draft.scope;
  const own = new Set(fresh.map((item) => `${item.ref.source}\n${item.ref.id}`));
  for (const item of fresh) {
    const subject = subjectOf(item);
    const parked = parkedReason({ session, decisions }, item);
    const state = item.ignored !== null ? 'ignored' : parked !== null ? 'parked' : 'done';
    const reason = item.ignored ?? parked;
    const key = [workspace, item.ref.source, item.ref.id];
    if (item.stored) {
      push(draft.rows, 'inbox_finish', [...key, state, reason, subject, item.attempts, null]);
      continue;
    }
    const moments = [iso(item.ref.at), iso(item.ref.received)];
    push(draft.rows, 'inbox', [
      ...key,
      item.ref.type,
      livemode,
      state,
      reason,
      subject,
      rulesVersion,
      ...moments,
      0,
      null,
      item.scope ?? '',
    ]);
    if (item.body !== null) push(draft.rows, 'payloads', [...key, item.body]);
  }
  draftUnparked(draft, session, decisions, own);
}

/**
 * Events that waited with their payment are told when it was decided after all, or why it waits now: what the inbox says
 * of an event follows from what its payment came to, not from when the event arrived.
 */
function draftUnparked(
  draft: Draft,
  session: Session,
  decisions: ReadonlyMap<string, Decision>,
  own: ReadonlySet<string>,
): void {
  for (const [id, { parked }] of decisions) {
    const before = [id, ...losersOf(session, id)].flatMap((one) => session.posted.get(one) ?? []);
    if (before.every((posted) => posted.parked === parked)) continue;
    const state = parked === null ? 'done' : 'parked';
    for (const trace of session.book.payments.get(id)?.trail ?? [])
      if (!own.has(`${trace.source}\n${trace.id}`))
        push(draft.rows, 'inbox_unpark', [draft.scope.workspace, trace.source, trace.id, state, parked]);
  }
}

function losersOf(session: Session, survivor: string): string[] {
  return [...session.touched.united].flatMap(([loser, kept]) => (kept === survivor ? [loser] : []));
}

/**
 * Nodes that changed, and the party of every payment that was written: writing the party's row makes two batches that
 * decide for one buyer meet, so that neither rests on what the other has just changed.
 */
function draftNodes(draft: Draft, session: Session, written: ReadonlySet<string>): void {
  const { book, touched, versions } = session;
  const parties = [...written].flatMap((id) => partyOf(book, id) ?? []);
  for (const key of new Set([...touched.customers, ...touched.parties, ...parties])) {
    const state = book.customers.get(key) ?? EMPTY_CUSTOMER;
    push(draft.rows, 'customers', [
      draft.scope.workspace,
      draft.scope.livemode,
      key,
      (versions.customers.get(key) ?? 0) + 1,
      state.links,
      state.touches.map((touch) => touch.token),
      JSON.stringify(state),
    ]);
  }
}

/** Prices that changed, and a row for every price somebody waits for: there the waiting and the news meet. */
function draftPrices(
  draft: Draft,
  session: Session,
  decisions: ReadonlyMap<string, Decision>,
  written: ReadonlySet<string>,
): void {
  const { book, touched, versions } = session;
  const awaited = [...written].flatMap((id) => decisions.get(id)?.awaits ?? []);
  for (const key of new Set([...touched.prices, ...awaited])) {
    const state = book.prices.get(key) ?? EMPTY_PRICE;
    push(draft.rows, 'prices', [
      draft.scope.workspace,
      draft.scope.livemode,
      key,
      (versions.prices.get(key) ?? 0) + 1,
      JSON.stringify(state),
    ]);
  }
}
