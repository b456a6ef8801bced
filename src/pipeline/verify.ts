/**
 * Verify: the ledger proven. Every stored event is translated, merged and decided again in memory, from nothing, and
 * the result is compared with what the transfers say. A difference is an alarm: something changed money without a cause.
 */
import { createHash } from 'node:crypto';
import { absorbClock, absorbEvent, addVisits, emptyBook, emptyTouched, settle, type Book } from '../core/book.ts';
import type { Commission, Decision } from '../core/decide.ts';
import type { Rules } from '../core/rules.ts';
import { ACCOUNTS } from '../core/ledger.ts';
import type { Database } from '../store/database.ts';
import {
  allReferrals,
  clockDecisions,
  commissionLines,
  conversionLines,
  journalPage,
  positionsOf,
  wrongBalances,
  type ClockRow,
  type JournalEvent,
  type KnownReferral,
} from '../store/proof.ts';
import { loadRules } from '../store/rules.ts';
import { inSnapshot } from '../store/transaction.ts';
import type { Tx } from '../store/tx.ts';
import { translateStored, type Translators } from './translate.ts';

export type Proof = {
  readonly workspace: string;
  readonly events: number;
  readonly payments: number;
  /** SHA-256 over the positions as the transfers say them, and as the events demand them. */
  readonly standing: string;
  readonly recomputed: string;
  /** Lines that are on one side only, prefixed `-` (stands, but is not demanded) and `+` (demanded, but does not stand). */
  readonly differences: readonly string[];
  readonly equal: boolean;
};

const PAGE = 2000;

export const hashOf = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.toSorted().join('\n')).digest('hex');

/** Recomputes one workspace. Reads everything, writes nothing; `onProgress` hears the number of events read so far. */
export async function verifyWorkspace(
  database: Database,
  translators: Translators,
  workspace: string,
  onProgress?: (events: number) => void,
): Promise<Proof> {
  // On a running service the ledger moves meanwhile.
  return inSnapshot(database, workspace, (tx) => prove(tx, translators, workspace, onProgress));
}

async function prove(
  tx: Tx,
  translators: Translators,
  workspace: string,
  onProgress?: (events: number) => void,
): Promise<Proof> {
  const rules = await loadRules(tx, workspace);
  const books = { live: newBook(), test: newBook() };
  const referrals = await allReferrals(tx, workspace);
  introduce(
    books.live,
    referrals.filter(({ testOnly }) => !testOnly),
  );
  introduce(books.test, referrals);
  let events = 0;
  for (let after: JournalEvent | null = null; ;) {
    const page: JournalEvent[] = await journalPage(tx, workspace, after, PAGE);
    for (const event of page) hear(event.livemode ? books.live : books.test, translators, event);
    events += page.length;
    onProgress?.(events);
    const last = page.at(-1);
    if (!last) break;
    after = last;
  }
  for (const row of await clockDecisions(tx, workspace)) tell(row.livemode ? books.live : books.test, row);
  const demanded = [...demand(books.live, rules, true), ...demand(books.test, rules, false)];
  const standing = await linesThatStand(tx, workspace);
  const wrong = await wrongBalances(tx, workspace);
  return {
    workspace,
    events,
    payments: books.live.payments.size + books.test.payments.size,
    standing: hashOf(standing),
    recomputed: hashOf(demanded),
    differences: [...differencesOf(standing, demanded), ...wrong.map((line) => `! ${line}`)],
    equal: hashOf(standing) === hashOf(demanded) && wrong.length === 0,
  };
}

function newBook(): Book {
  let next = 0;
  return emptyBook(() => `pay_${String((next += 1)).padStart(12, '0')}`);
}

function introduce(book: Book, referrals: readonly KnownReferral[]): void {
  for (const { id, affiliateId, programId, status, history } of referrals) {
    book.referrals.set(id, { id, affiliateId, programId, rejected: status === 'rejected' });
    if (affiliateId !== null && history !== null) book.affiliates.set(affiliateId, { id: affiliateId, history });
  }
  addVisits(
    book,
    referrals.flatMap(({ id, visitor, visit }) => (visitor === null ? [] : [{ ...visit, visitor, id }])),
  );
}

function hear(book: Book, translators: Translators, event: JournalEvent): void {
  const said = translateStored(translators, event, event.scope, event.body);
  if ('ignored' in said) return;
  absorbEvent(book, said.facts, event, emptyTouched());
}

function tell(book: Book, { key, matured, released }: ClockRow): void {
  const id = book.keys.get(key);
  if (id) absorbClock(book, id, { matured, released }, emptyTouched());
}

function demand(book: Book, rules: Rules, livemode: boolean): string[] {
  const lines: string[] = [];
  for (const decision of settle(book, rules, book.payments.keys()).values()) lines.push(...linesOf(decision, livemode));
  return lines;
}

function linesOf({ conversions, commissions, attribution }: Decision, livemode: boolean): string[] {
  const flag = livemode ? 't' : 'f';
  const affiliate = attribution?.referral?.affiliateId ?? '-';
  const lines = conversions.map((one) =>
    [
      flag,
      one.kind,
      one.moneyKey,
      one.externalEventId,
      one.status,
      one.reason ?? '-',
      affiliate,
      one.currency,
      one.amount,
      one.refunded,
      one.base,
    ].join(' '),
  );
  const key = conversions.find((one) => one.kind === 'sale')?.moneyKey ?? '';
  for (const commission of commissions) {
    if (!(commission.status === 'declined' && commission.earned === 0n)) lines.push(lineOf(commission, flag, key));
    for (const account of ACCOUNTS) {
      const amount = commission.standing[account];
      if (amount !== 0n)
        lines.push(`${flag} ${key} ${commission.affiliateId} ${commission.currency} ${account} ${amount}`);
    }
  }
  return lines;
}

function lineOf(one: Commission, flag: string, key: string): string {
  const { affiliateId, currency, status, base, earned, reversed, incentiveId, incentiveVersion } = one;
  return [
    flag,
    'commission',
    key,
    affiliateId,
    currency,
    status,
    base,
    earned,
    reversed,
    incentiveId ?? '-',
    incentiveVersion ?? 0,
  ].join(' ');
}

/** What stands: positions from the transfers, conversions and commissions from their tables. */
export async function standingLines(database: Database, workspace: string): Promise<string[]> {
  return linesThatStand(database.of(workspace), workspace);
}

async function linesThatStand(tx: Tx, workspace: string): Promise<string[]> {
  const positions = await positionsOf(tx, workspace);
  const lines = positions.map(
    (one) =>
      `${one.livemode ? 't' : 'f'} ${one.moneyKey} ${one.affiliateId} ${one.currency} ${one.account} ${one.amount}`,
  );
  return [...lines, ...(await conversionLines(tx, workspace)), ...(await commissionLines(tx, workspace))];
}

function differencesOf(standing: readonly string[], demanded: readonly string[]): string[] {
  const have = new Set(standing);
  const want = new Set(demanded);
  return [
    ...standing.filter((line) => !want.has(line)).map((line) => `- ${line}`),
    ...demanded.filter((line) => !have.has(line)).map((line) => `+ ${line}`),
  ].toSorted((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
}
