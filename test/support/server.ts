import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isAlive } from '../../src/store/bundled-lock.ts';
import { startBundled } from '../../src/store/bundled.ts';
import { openDatabase, type Database, type DatabaseOptions } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

/** A PostgreSQL server with a migrated database to copy from. */
export type TestServer = { readonly url: string; readonly template: string };

export type RunningTestServer = TestServer & { stop(): Promise<void> };

export type TestDatabase = {
  readonly url: string;
  readonly database: Database;
  /** Closes the pool and removes the database. */
  drop(): Promise<void>;
};

// Tests do not survive a power cut, and need not.
const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * The server of TEST_DATABASE_URL, else a bundled one in a temporary folder that `stop` removes.
 * `durable` keeps the bundled one as safe as in production, which benchmarks must measure.
 */
export async function startTestServer({ durable = false } = {}): Promise<RunningTestServer> {
  const { url, stop } = await serverFor(durable);
  const template = `tributary_template_${process.pid}`;
  await administer(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await administer(url, `CREATE DATABASE ${template}`);
  await migrate(withDatabase(url, template));
  return {
    url,
    template,
    stop: async () => {
      await administer(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
      await stop();
    },
  };
}

type Server = { readonly url: string; stop(): Promise<void> };

async function serverFor(durable: boolean): Promise<Server> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { url: given, stop: () => Promise.resolve() };
  await removeAbandoned();
  const dataDir = await mkdtemp(path.join(tmpdir(), `${prefix}${process.pid}-`));
  const settings = { max_connections: '200', ...(durable ? {} : fast) };
  const server = await startBundled({ dataDir, log: () => undefined, settings });
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url: server.url, stop };
}

const prefix = 'tributary-test-';

// A killed test run leaves its server behind; the next run stops it.
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0;
    if (!(pid > 0) || isAlive(pid)) continue;
    const folder = path.join(tmpdir(), name);
    // Another run may be removing the same folder, and one of another user stays.
    await stopAbandoned(folder)
      .then(() => stopAbandoned(path.join(folder, 'data')))
      .then(() => rm(folder, { recursive: true, force: true }))
      .catch(() => undefined);
  }
}

async function stopAbandoned(dataDir: string): Promise<void> {
  if (await exists(path.join(dataDir, 'cluster', 'postmaster.pid'))) {
    const server = await startBundled({ dataDir, log: () => undefined, settings: fast });
    await server.stop();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** A new database with the whole schema and no rows, and a pool on it. */
export async function cloneDatabase(
  server: TestServer,
  options: Omit<DatabaseOptions, 'url'> = {},
): Promise<TestDatabase> {
  const name = `tributary_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await copyTemplate(server, name);
  const url = withDatabase(server.url, name);
  const database = await openDatabase({ ...options, url });
  const drop = async () => {
    await database.close();
    await administer(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url, database, drop };
}

async function copyTemplate(server: TestServer, name: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await administer(server.url, `CREATE DATABASE ${name} TEMPLATE ${server.template}`);
    } catch (error) {
      // A connection to the template that is just going away.
      const inUse = error instanceof pg.DatabaseError && error.code === '55006';
      if (!inUse || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
