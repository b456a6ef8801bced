import { mkdir, realpath } from 'node:fs/promises';
import pg from 'pg';
import { chooseAccount, type Account } from './bundled-account.ts';
import { BundledDatabaseError, codeOf, findBinaries, type Binaries } from './bundled-binaries.ts';
import { ensureCluster, placesIn, readPassword, resetPassword, superuser, type Places } from './bundled-cluster.ts';
import { withLock } from './bundled-lock.ts';
import { findRunning, startServer, stopServer } from './bundled-server.ts';

export { BundledDatabaseError } from './bundled-binaries.ts';

export type BundledOptions = {
  /** Folder for the data, made when missing. */
  readonly dataDir: string;
  /** Hears one line for each thing worth telling. */
  readonly log: (line: string) => void;
  /** Server settings, such as `fsync: 'off'` for tests. Without effect on a server already running. */
  readonly settings?: Readonly<Record<string, string>>;
};

export type Bundled = {
  /** Where the database `tributary` is; contains the password. */
  readonly url: string;
  /** True when the server was already running, left by a process that was killed or still uses it. */
  readonly attached: boolean;
  /**
   * Stops the server, unless another process of ours still uses it; the last one out stops it. Close
   * the own pools first.
   */
  stop(): Promise<void>;
};

type Setup = {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly places: Places;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
};

/**
 * Starts the PostgreSQL that npm installed, or attaches to the one that already runs on that folder.
 * The server outlives a killed process, and the next start finds it again. It listens on the loopback
 * address only, with a random password kept beside the data. Throws a BundledDatabaseError that says
 * what to do when it can not run here.
 */
export async function startBundled(options: BundledOptions): Promise<Bundled> {
  const binaries = await findBinaries();
  const places = placesIn(await folderFor(options.dataDir));
  return withLock(places.lock, async () => {
    const account = await chooseAccount(binaries, places.folder, places.cluster);
    const setup = { binaries, account, places, settings: options.settings ?? {}, log: options.log };
    await ensureCluster(binaries, account, places, setup.settings['fsync'] !== 'off');
    return (await attach(setup)) ?? (await start(setup));
  });
}

// Others may pass through the folder, because PostgreSQL's user must; everything secret in it is closed.
async function folderFor(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  return realpath(dataDir);
}

async function attach(setup: Setup): Promise<Bundled | undefined> {
  const running = await findRunning(setup.places);
  if (!running) return undefined;
  const password = await readPassword(setup.places);
  const presence = password && (await join(running.port, password));
  if (!password || !presence) {
    throw new BundledDatabaseError(
      `the bundled database runs (process ${running.pid}) but refuses the password in ${setup.places.password}: ` +
        `stop it with "kill -INT ${running.pid}" and start again, which sets a new password`,
    );
  }
  setup.log(`attached to the bundled PostgreSQL on port ${running.port} (process ${running.pid})`);
  return bundled(setup, presence, urlOf(running.port, password), true);
}

async function start(setup: Setup): Promise<Bundled> {
  const { binaries, account, places } = setup;
  if (!(await readPassword(places))) await renewPassword(setup, 'is missing');
  let { port } = await startServer(binaries, account, places, setup.settings);
  let presence = await join(port, await passwordOf(places));
  if (!presence) {
    await stopServer(binaries, account, places);
    await renewPassword(setup, 'is not the one of the database');
    ({ port } = await startServer(binaries, account, places, setup.settings));
    presence = await join(port, await passwordOf(places));
  }
  if (!presence) throw new BundledDatabaseError(`${places.cluster} refuses its own password`);
  setup.log(`bundled PostgreSQL on port ${port}, data in ${places.folder}`);
  return bundled(setup, presence, urlOf(port, await passwordOf(places)), false);
}

async function renewPassword(setup: Setup, why: string): Promise<void> {
  setup.log(`the password in ${setup.places.password} ${why}; a new one is set`);
  await resetPassword(setup.binaries, setup.account, setup.places);
}

async function passwordOf(places: Places): Promise<string> {
  return (await readPassword(places)) ?? '';
}

function urlOf(port: number, password: string, database = superuser): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
}

// Each process that uses the server keeps one connection under this name, so that the others can see it.
const presenceName = 'tributary presence';

/** A lasting connection to the database, which is made when missing; undefined when the password is wrong. */
async function join(port: number, password: string): Promise<pg.Client | undefined> {
  try {
    return await connect(urlOf(port, password));
  } catch (error) {
    if (codeOf(error) === '28P01') return undefined;
    if (codeOf(error) !== '3D000') throw error;
  }
  const first = await connect(urlOf(port, password, 'postgres'));
  await first.query(`CREATE DATABASE ${superuser}`);
  await first.end();
  return connect(urlOf(port, password));
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: presenceName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  client.on('error', () => undefined); // the pools notice a lost server and say so
  await client.connect();
  // It must not keep a finished process alive. The types do not know the method; the pool uses it too.
  (client as pg.Client & { unref(): void }).unref();
  return client;
}

function bundled(setup: Setup, presence: pg.Client, url: string, attached: boolean): Bundled {
  let stopping: Promise<void> | undefined;
  return { url, attached, stop: () => (stopping ??= stop(setup, presence)) };
}

async function stop(setup: Setup, presence: pg.Client): Promise<void> {
  const { binaries, account, places, log } = setup;
  // Under the lock, nobody can attach between the look and the stop.
  await withLock(places.lock, async () => {
    const others = await othersPresent(presence);
    await presence.end().catch(() => undefined);
    if (others === 0) return stopServer(binaries, account, places);
    log(`the bundled PostgreSQL keeps running: ${others} other process(es) use it`);
  });
}

async function othersPresent(presence: pg.Client): Promise<number> {
  try {
    const { rows } = await presence.query<{ others: number }>(
      `SELECT count(*)::int AS others FROM pg_stat_activity
        WHERE application_name = $1 AND pid <> pg_backend_pid()`,
      [presenceName],
    );
    return rows[0]?.others ?? 0;
  } catch {
    return 0; // the server is gone already
  }
}
