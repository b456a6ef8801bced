import pg from 'pg';
import { DataSource } from 'typeorm';
import { PostgresNaming } from './naming.ts';
import { entities } from './tables.ts';
import { ACROSS, prepareScopes, scoped, within } from './scoped.ts';
import type { Tx } from './tx.ts';

// Money and counters are int8. As bigint they are exact everywhere: in entities and in raw SQL.
pg.types.setTypeParser(pg.types.builtins.INT8, BigInt);

export type Database = {
  readonly dataSource: DataSource;
  /**
   * TypeORM's own pool, as whoever owns the tables: for LISTEN, statistics and tests. Its `query` throws the connection away with every
   * error; statements of ours go by `of` and `across`, which keep one that was only refused.
   */
  readonly pool: pg.Pool;
  /** Statements of one workspace, each a transaction of its own. Several in one: store/transaction.ts. */
  of(workspace: string): Tx;
  /** Statements that look across workspaces: to find work, keys and homes. Anything else belongs to one workspace. */
  readonly across: Tx;
  /** Ends the pool after running queries are done. A second call does nothing. */
  close(): Promise<void>;
};

export type DatabaseOptions = {
  readonly url: string;
  /** Connections at most; default 8. */
  readonly poolSize?: number;
  /** What pg_stat_activity shows; default `tributary`. */
  readonly applicationName?: string;
};

// A named statement keeps the plan of its first use. On a database that was empty then, any index looks as good as the
// right one; a connection that is replaced now and then plans for what the tables have become. It costs 5 ms each time.
const connectionUses = 2_000;

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 30_000;
const idleInTransactionTimeoutMs = 60_000;

/**
 * Opens a pool and proves that it works with one connection. Throws when the server can not be
 * reached in 5 seconds or refuses the login. A connection that is lost later never ends the process:
 * the query in flight fails, and the next one gets a new connection.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const dataSource = new DataSource({
    type: 'postgres',
    driver: pg,
    url: options.url,
    entities,
    namingStrategy: new PostgresNaming(),
    installExtensions: false,
    synchronize: false,
    logger: 'debug', // silent unless DEBUG asks for it; the console logger prints failures that we throw
    poolSize: options.poolSize ?? 8,
    applicationName: options.applicationName ?? 'tributary',
    connectTimeoutMS: connectTimeoutMs,
    poolErrorHandler: ignoreLostConnection,
    extra: { keepAlive: true, maxUses: connectionUses, onConnect: prepareConnection },
  });
  await dataSource.initialize();
  const pool = poolOf(dataSource);
  return {
    dataSource,
    pool,
    of: (workspace) => scoped(pool, within(workspace)),
    across: scoped(pool, ACROSS),
    close: () => close(dataSource),
  };
}

async function close(dataSource: DataSource): Promise<void> {
  if (dataSource.isInitialized) await dataSource.destroy();
}

function poolOf(dataSource: DataSource): pg.Pool {
  if (!('master' in dataSource.driver)) throw new Error('the PostgreSQL driver has no pool');
  return dataSource.driver.master as pg.Pool;
}

// Limits are set by a statement and not as start-up parameters, because PgBouncer refuses those. Named statements are
// planned once per connection: planning the load for its values each time cost ten times its execution. A plan made while
// the tables are still empty would read them from end to end for as long as the connection lives, those behind foreign
// keys too: whatever has an index is read by it. A merge join would read a whole index for one row of the other side,
// where it takes that row to come early.
async function prepareConnection(client: pg.Client): Promise<void> {
  // A client that is checked out and loses its server emits `error`; unheard, it would end the process.
  client.on('error', ignoreLostConnection);
  await client.query(
    `SET statement_timeout = ${statementTimeoutMs};
     SET idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs};
     SET plan_cache_mode = force_generic_plan;
     SET enable_seqscan = off;
     SET enable_mergejoin = off`,
  );
  await prepareScopes(client);
}

// Whoever uses the connection gets the error with its query; the pool has already dropped it.
function ignoreLostConnection(): void {}

const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P01', // terminated by an administrator
  '57P02', // another backend crashed
  '57P03', // starting up or shutting down
  '53300', // no connection free
  '53100', // disk full
  '53200', // out of memory
  '25006', // read-only: a standby, after a failover
]);

// pg and pg-pool give these no code.
const awayMessages = [
  /^connection terminated/i,
  /^timeout exceeded when trying to connect/i,
  /^client has encountered a connection error/i,
];

/**
 * True when the error says that the database can not be reached now, so that the same work may
 * succeed later on another connection. Whether a COMMIT in flight happened is then unknown.
 */
export function isDatabaseAway(error: unknown): boolean {
  return causes(error).some(
    ({ code, message }) =>
      awayCodes.has(code) || /^08.{3}$/.test(code) || awayMessages.some((text) => text.test(message)),
  );
}

// Serialization failure, deadlock, and the unique key that another transaction took meanwhile. A balance that would go
// below zero is the same case: it was moved by whoever was first, before the version check could say so.
const retryableCodes = new Set(['40001', '40P01', '23505']);

/** What a reader throws that found a row another writer made since it first looked: the same case, seen before writing. */
export function overtaken(what: string): Error {
  return Object.assign(new Error(`${what} has been written since it was looked for`), { code: '40001' });
}

/** True when two transactions met and the same work, done again from the start, can succeed. */
export function isRetryable(error: unknown): boolean {
  return causes(error).some(
    ({ code, table }) => retryableCodes.has(code) || (code === '23514' && table === 'balances'),
  );
}

type Cause = { code: string; message: string; table: string };

// TypeORM wraps the driver's error, and a name with two addresses gives an AggregateError.
function causes(error: unknown): Cause[] {
  if (!(error instanceof Error)) return [];
  const text = (name: 'code' | 'table'): string =>
    name in error ? String((error as { [key in typeof name]?: unknown })[name]) : '';
  const own = { code: text('code'), message: error.message, table: text('table') };
  const inner = [
    'driverError' in error ? error.driverError : undefined,
    ...(error instanceof AggregateError ? (error.errors as unknown[]) : []),
    error.cause,
  ];
  return [own, ...inner.flatMap((cause) => (cause === error ? [] : causes(cause)))];
}

/** True when the database gave up a statement because it took longer than it was given. */
export function isTooSlow(error: unknown): boolean {
  return causes(error).some(({ code }) => code === '57014');
}
