import type { Database } from './database.ts';
import type { Tx } from './tx.ts';

/** Several statements that stand or fall together. A value that says "no" is committed like any other; a throw is not. */
export async function inTransaction<T>({ pool }: Database, run: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await run(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    const back = await client.query('ROLLBACK').catch(() => null);
    client.release(back === null);
    throw error;
  }
}
