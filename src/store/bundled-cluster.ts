import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { capture, type Account } from './bundled-account.ts';
import { BundledDatabaseError, codeOf, type Binaries } from './bundled-binaries.ts';

const execute = promisify(execFile);

/** The superuser of the bundled cluster. */
export const superuser = 'tributary';

/** Where everything is below the data folder. */
export type Places = {
  readonly folder: string;
  readonly cluster: string;
  readonly password: string;
  readonly port: string;
  readonly lock: string;
  readonly log: string;
};

/** Names the files of a data folder; `folder` must be absolute and free of links. */
export function placesIn(folder: string): Places {
  const at = (name: string) => path.join(folder, name);
  return {
    folder,
    cluster: at('cluster'),
    password: at('password'),
    port: at('port'),
    lock: at('lock'),
    log: at('postgres.log'),
  };
}

/**
 * Makes the cluster when there is none, and refuses one that another major version of PostgreSQL
 * made. The cluster gets its name only when it is complete, so an interrupted start leaves nothing
 * that looks like one. Call it under the lock.
 */
export async function ensureCluster(
  binaries: Binaries,
  account: Account,
  places: Places,
  durable: boolean,
): Promise<void> {
  await removeUnfinished(places.folder);
  const made = await majorOf(places.cluster);
  if (made === undefined) return create(binaries, account, places, durable);
  const bundled = await bundledMajor(binaries, account);
  if (made !== bundled) throw otherMajor(places, made, bundled);
  await adopt(account, places.cluster);
}

const unfinished = 'cluster.unfinished-';

async function removeUnfinished(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(unfinished));
  await Promise.all(names.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
}

async function majorOf(cluster: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(cluster, error);
  }
}

async function bundledMajor(binaries: Binaries, account: Account): Promise<string> {
  const { output } = await capture(account.launch, binaries.postgres, ['--version']);
  return /\(PostgreSQL\) (\d+)/.exec(output)?.[1] ?? output.trim();
}

function otherMajor(places: Places, made: string, bundled: string): BundledDatabaseError {
  return new BundledDatabaseError(
    `the data in ${places.cluster} was made by PostgreSQL ${made}, but the bundled one is ${bundled}. ` +
      `Run PostgreSQL ${made} on that folder and set DATABASE_URL to it (or dump it with pg_dump and restore ` +
      `it into a new database), or move the folder away to begin empty. Nothing was changed.`,
  );
}

async function create(binaries: Binaries, account: Account, places: Places, durable: boolean): Promise<void> {
  await writePassword(account, places);
  const making = path.join(places.folder, unfinished + randomBytes(4).toString('hex'));
  await mkdir(making, { mode: 0o700 });
  await giveTo(account, making);
  const { code, output } = await capture(account.launch, binaries.initdb, [
    `--pgdata=${making}`,
    `--username=${superuser}`,
    `--pwfile=${places.password}`,
    '--auth=scram-sha-256',
    '--data-checksums',
    '--encoding=UTF8',
    // The same order and case rules on every machine, whatever locales it has.
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ]);
  if (code !== 0) throw new BundledDatabaseError(`initdb failed in ${places.folder}\n${output}`);
  await rename(making, places.cluster);
}

/** The superuser's password, or undefined when its file is gone or empty. */
export async function readPassword(places: Places): Promise<string | undefined> {
  try {
    return (await readFile(places.password, 'utf8')).trim() || undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(places.password, error);
  }
}

/**
 * Gives the superuser a new random password and writes it down. It needs no old password, only the
 * files, and no server may be running on them.
 */
export async function resetPassword(binaries: Binaries, account: Account, places: Places): Promise<void> {
  const password = await writePassword(account, places);
  const { code, output } = await capture(
    account.launch,
    binaries.postgres,
    ['--single', '-D', places.cluster, 'postgres'],
    `ALTER ROLE ${superuser} PASSWORD '${password}'\n`,
  );
  if (code !== 0 || output.includes('ERROR')) {
    throw new BundledDatabaseError(`the password of ${places.cluster} can not be reset\n${output}`);
  }
}

async function writePassword(account: Account, places: Places): Promise<string> {
  const password = randomBytes(16).toString('hex');
  const draft = `${places.password}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${password}\n`, { mode: 0o600, flush: true });
  await giveTo(account, draft);
  await rename(draft, places.password);
  return password;
}

// What root makes must belong to the user PostgreSQL runs as.
async function giveTo({ owner }: Account, file: string): Promise<void> {
  if (owner) await chown(file, owner.uid, owner.gid);
}

// A cluster that root copied or restored belongs to root, which PostgreSQL refuses.
async function adopt({ owner }: Account, cluster: string): Promise<void> {
  if (!owner || (await stat(cluster)).uid === owner.uid) return;
  await execute('chown', ['-R', `${owner.uid}:${owner.gid}`, cluster]);
}

function unreadable(file: string, error: unknown): BundledDatabaseError {
  return new BundledDatabaseError(
    `can not read ${file} (${codeOf(error)}): start as the user who owns it, or choose another data folder`,
  );
}
