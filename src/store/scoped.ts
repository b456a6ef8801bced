/**
 * Statements that begin by saying whose rows they may see. Role and workspace are set for the transaction alone, in the
 * same flight as the statement: a connection goes back to the pool as nobody's, also behind a pooler that hands it to
 * somebody else, and a round trip is not spent (migrations/…-row-security.sql, performance.md 2).
 */
import pg from 'pg';
import type { Tx } from './tx.ts';

/** A role and the one workspace it sees; the role that looks across sees what it may in all of them. */
export type Scope = readonly [role: 'tributary_app' | 'tributary_across', workspace: string];

export const within = (workspace: string): Scope => ['tributary_app', workspace];
export const ACROSS: Scope = ['tributary_across', ''];

const ENTER = {
  name: 'enter',
  text: `SELECT set_config('role', $1, true), set_config('tributary.workspace', $2, true)`,
};

/** Every connection has to know the first words of a scoped statement. */
export async function prepareScopes(client: pg.Client): Promise<void> {
  // Outside a transaction it holds for this statement alone.
  await client.query({ ...ENTER, values: ['none', ''] });
}

/** The parts of pg's connection that speak the extended protocol. */
type Wire = {
  bind(config: { statement: string; values: readonly string[] }): void;
  execute(config: Record<string, never>): void;
};

type Inner = { prepare(wire: Wire): void; handleDataRow(message: unknown): void };

/**
 * One statement that is a transaction of its own: without BEGIN everything up to the one Sync is one transaction. The
 * answer to the first words is left out of its result.
 */
class ScopedQuery extends pg.Query {
  readonly #scope: Scope;
  #entered = false;

  constructor(scope: Scope, query: object, done: (error: Error | undefined, result: pg.QueryResult) => void) {
    // `extended` also without values: a plain query would be a transaction of its own, outside the scope.
    super({ ...query, queryMode: 'extended' } as unknown as pg.QueryConfig, done as never);
    this.#scope = scope;
  }

  prepare(wire: Wire): void {
    wire.bind({ statement: ENTER.name, values: this.#scope });
    wire.execute({});
    (pg.Query.prototype as unknown as Inner).prepare.call(this, wire);
  }

  handleDataRow(message: unknown): void {
    if (this.#entered) (pg.Query.prototype as unknown as Inner).handleDataRow.call(this, message);
  }

  handleCommandComplete(message: unknown, wire: unknown): void {
    if (this.#entered) (pg.Query.prototype as unknown as typeof this).handleCommandComplete.call(this, message, wire);
    this.#entered = true;
  }
}

/** Where each statement is a transaction of its own within the scope. */
export function scoped(pool: pg.Pool, scope: Scope): Tx {
  return {
    async query<Row extends pg.QueryResultRow>(query: object): Promise<pg.QueryResult<Row>> {
      const client = await pool.connect();
      try {
        const result = await new Promise<pg.QueryResult<Row>>((resolve, reject) => {
          client.query(
            new ScopedQuery(scope, query, (error, found) =>
              error ? reject(error) : resolve(found as pg.QueryResult<Row>),
            ),
          );
        });
        if (isOpen(client)) throw new Error('a statement left its transaction open: use inTransaction');
        client.release();
        return result;
      } catch (error) {
        client.release(!isRefused(error));
        throw error;
      }
    },
  };
}

/** Whether role and workspace would still hold for whoever is given the connection next. */
const isOpen = (client: pg.ClientBase): boolean => client.getTransactionStatus() !== 'I';

/** Prepared statements that the server has forgotten, or whose tables have changed: they fail on this connection for ever. */
const STALE = new Set(['26000', '0A000']);

/**
 * A statement that is refused because another writer was first leaves the connection in perfect order, and a new one
 * costs more than the whole event: a process, a password check, every statement prepared again.
 */
export function isRefused(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR' && !STALE.has(error.code ?? '');
}

/** Looks across workspaces in the middle of a transaction of one of them. */
export async function lookAcross<T>(tx: Tx, look: () => Promise<T>): Promise<T> {
  const take = async (role: Scope[0]): Promise<void> => {
    await tx.query({ text: `SET LOCAL ROLE ${role}` });
  };
  await take('tributary_across');
  const seen = await look();
  await take('tributary_app');
  return seen;
}

/** Several statements within the scope, between `begin` and COMMIT. */
export async function scopedTransaction<T>(
  pool: pg.Pool,
  [role, workspace]: Scope,
  begin: 'BEGIN' | 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  run: (tx: Tx) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  const { tx, end } = untilEnded(client);
  try {
    await client.query(
      `${begin}; SET LOCAL ROLE ${role}; SET LOCAL tributary.workspace = ${pg.escapeLiteral(workspace)}`,
    );
    const result = await run(tx).finally(end);
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('a statement of this transaction had failed, so nothing was kept');
    client.release();
    return result;
  } catch (error) {
    const back = await client.query('ROLLBACK').catch(() => null);
    client.release(back === null);
    throw error;
  }
}

/** A statement that comes too late would run in no scope, or in that of whoever has the connection by then. */
function untilEnded(client: pg.PoolClient): { readonly tx: Tx; end(): void } {
  let ended = false;
  return {
    tx: {
      query: <Row extends pg.QueryResultRow>(query: pg.QueryConfig) =>
        ended ? Promise.reject(new Error('the transaction is over')) : client.query<Row>(query),
    },
    end: () => {
      ended = true;
    },
  };
}
