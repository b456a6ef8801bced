import type { Database } from './database.ts';
import type { Tx } from './tx.ts';

/** Several statements of one workspace that stand or fall together. A value that says "no" is committed like any other; a throw is not. */
export function inTransaction<T>(database: Database, workspace: string, run: (tx: Tx) => Promise<T>): Promise<T> {
  return between(database, workspace, { begin: 'BEGIN', end: 'COMMIT' }, run);
}

/** Several readings of one workspace that see the same moment; they can write nothing. */
export function inSnapshot<T>(database: Database, workspace: string, run: (tx: Tx) => Promise<T>): Promise<T> {
  return between(database, workspace, { begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', end: 'COMMIT' }, run);
}

type Bounds = { readonly begin: string; readonly end: string };

async function between<T>(
  { pool }: Database,
  _workspace: string,
  { begin, end }: Bounds,
  run: (tx: Tx) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(begin);
    const result = await run(client);
    await client.query(end);
    client.release();
    return result;
  } catch (error) {
    const back = await client.query('ROLLBACK').catch(() => null);
    client.release(back === null);
    throw error;
  }
}
