/** The sheet a batch's rows are drafted on. */
import { createHash, hash } from 'node:crypto';
import type { Posted } from '../core/codec.ts';
import type { Standing } from '../core/ledger.ts';
import type { Values } from '../store/post.ts';
import type { TableName } from '../store/columns.ts';

export type Scope = { readonly workspace: string; readonly livemode: boolean; readonly now: number };

export type Ids = { readonly newId: (prefix: string) => string };

export type Rows = { -readonly [T in TableName]?: Values[] };

/** Balances move by sums: key `affiliate\ncurrency` → how much each account gained. */
export type Gains = Map<string, { affiliateId: string; currency: string; gain: Standing }>;

export type Draft = {
  readonly scope: Scope;
  readonly ids: Ids;
  readonly rows: Rows;
  readonly gains: Gains;
  /** What stands of each payment that is written. */
  readonly posted: Map<string, Posted>;
};

export function newDraft(scope: Scope, ids: Ids): Draft {
  return { scope, ids, rows: {}, gains: new Map(), posted: new Map() };
}

export function push(rows: Rows, table: TableName, values: Values): void {
  (rows[table] ??= []).push(values);
}

/** A batch writes the same few moments into many columns. */
const texts = new Map<number, string>();
const MOST_TEXTS = 64;

export function iso(moment: number): string {
  const known = texts.get(moment);
  if (known !== undefined) return known;
  if (texts.size >= MOST_TEXTS) texts.clear();
  const text = new Date(moment).toISOString();
  texts.set(moment, text);
  return text;
}

/** Short content hash, to see that a row did not change; the one-shot form is twice as fast where Node has it (20.12). */
export const digestOf = (text: string): string =>
  (typeof hash === 'function' ? hash('sha1', text, 'base64') : createHash('sha1').update(text).digest('base64')).slice(
    0,
    16,
  );
