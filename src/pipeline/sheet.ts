/** The sheet a batch's rows are drafted on. */
import { createHash, hash } from 'node:crypto';
import type { Standing } from '../core/ledger.ts';
import type { Values } from '../store/post.ts';
import type { TableName } from '../store/columns.ts';

export type Scope = { readonly workspace: string; readonly livemode: boolean; readonly now: number };

export type Ids = { readonly newId: (prefix: string) => string };

export type Rows = { -readonly [T in TableName]?: Values[] };

/** Balances move by sums: key `affiliate\ncurrency` → how much each account gained. */
export type Gains = Map<string, { affiliateId: string; currency: string; gain: Standing }>;

export type Draft = { readonly scope: Scope; readonly ids: Ids; readonly rows: Rows; readonly gains: Gains };

export function newDraft(scope: Scope, ids: Ids): Draft {
  return { scope, ids, rows: {}, gains: new Map() };
}

export function push(rows: Rows, table: TableName, values: Values): void {
  (rows[table] ??= []).push(values);
}

export const iso = (moment: number): string => new Date(moment).toISOString();

/** Short content hash, to see that a row did not change; the one-shot form is twice as fast where Node has it (20.12). */
export const digestOf = (text: string): string =>
  (typeof hash === 'function' ? hash('sha1', text, 'base64') : createHash('sha1').update(text).digest('base64')).slice(
    0,
    16,
  );
