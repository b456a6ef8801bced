import type { Database } from './database.ts';
import { scopedTransaction, within } from './scoped.ts';
import type { Tx } from './tx.ts';

/**
 * Several statements of one workspace that stand or fall together. A value that says "no" is committed like any other; a
 * throw is not.
 */
export function inTransaction<T>({ pool }: Database, workspace: string, run: (tx: Tx) => Promise<T>): Promise<T> {
  return scopedTransaction(pool, within(workspace), 'BEGIN', run);
}

/**
 * Several readings of one workspace that see the same moment; they can write nothing. `statementMs`: how long each may
 * take, where that is less than usual (`isTooSlow`).
 */
export function inSnapshot<T>(
  { pool }: Database,
  workspace: string,
  run: (tx: Tx) => Promise<T>,
  statementMs?: number,
): Promise<T> {
  return scopedTransaction(pool, within(workspace), 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (tx) => {
    if (statementMs !== undefined) await tx.query({ text: `SET LOCAL statement_timeout = ${BigInt(statementMs)}` });
    return run(tx);
  });
}
