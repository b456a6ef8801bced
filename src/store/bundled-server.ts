import { open, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { capture, type Account } from './bundled-account.ts';
import { BundledDatabaseError, type Binaries } from './bundled-binaries.ts';
import type { Places } from './bundled-cluster.ts';
import { isAlive } from './bundled-lock.ts';

type Postmaster = { readonly pid: number; readonly port: number; readonly status: string };

const pollMs = 10;
// After a crash the write-ahead log is replayed first, which may take minutes.
const startAtMostMs = 300_000;
// The children of a killed postmaster notice within moments and let go of its memory.
const orphansAtMostMs = 15_000;
const keepLogBytes = 5_000_000;

/**
 * The server that runs on this cluster now, once it is ready; undefined when there is none. A server
 * that is just starting or stopping is waited for. A `postmaster.pid` that a crash left is recognised.
 */
export async function findRunning(places: Places): Promise<Postmaster | undefined> {
  const deadline = Date.now() + startAtMostMs;
  for (;;) {
    const found = await readPidFile(places);
    if (!found || !isAlive(found.pid)) return undefined;
    if (await runsElsewhere(found.pid, places)) {
      // PostgreSQL would take the stranger with the same number for itself and refuse to start.
      await rm(pidFile(places), { force: true });
      return undefined;
    }
    if (found.status === 'ready') return found;
    if (Date.now() > deadline) throw stuck(found, places);
    await sleep(pollMs);
  }
}

function stuck(found: Postmaster, places: Places): BundledDatabaseError {
  return new BundledDatabaseError(
    `the bundled database (process ${found.pid}) has been ${found.status || 'starting'} for five minutes; see ${places.log}`,
  );
}

function pidFile(places: Places): string {
  return path.join(places.cluster, 'postmaster.pid');
}

async function readPidFile(places: Places): Promise<Postmaster | undefined> {
  const text = await readFile(pidFile(places), 'utf8').catch(() => '');
  // Lines: pid, data folder, start time, port, socket folder, address, shared memory, status.
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]), status: lines[7] ?? '' } : undefined;
}

// PostgreSQL works in its data folder, so a process that works elsewhere is not it. Only Linux tells.
async function runsElsewhere(pid: number, places: Places): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) !== places.cluster;
  } catch (error) {
    // A zombie has no folder any more; a process we may not look at stays a possible server.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/**
 * Starts the server on a free port of the loopback address and waits until it takes connections. It
 * outlives this process. Refused with the end of its log when it does not come up.
 */
export async function startServer(
  binaries: Binaries,
  account: Account,
  places: Places,
  settings: Readonly<Record<string, string>>,
): Promise<Postmaster> {
  const deadline = Date.now() + orphansAtMostMs;
  for (;;) {
    const port = await choosePort(places);
    const outcome = await launch(binaries, account, places, { ...ownSettings(port), ...settings });
    if (typeof outcome !== 'string') return outcome;
    const passing = /shared memory block|Address already in use|lock file .* is empty/.test(outcome);
    if (!passing || Date.now() > deadline) {
      throw new BundledDatabaseError(`PostgreSQL did not start in ${places.cluster}\n${outcome}`);
    }
    await sleep(100);
  }
}

function ownSettings(port: number): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    log_checkpoints: 'off',
  };
}

/** The running server, or what it printed when it ended. */
async function launch(
  binaries: Binaries,
  account: Account,
  places: Places,
  settings: Readonly<Record<string, string>>,
): Promise<Postmaster | string> {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const before = await sizeOf(places.log);
  const log = await open(places.log, before > keepLogBytes ? 'w' : 'a', 0o600);
  const from = before > keepLogBytes ? 0 : before;
  const child = account.launch(binaries.postgres, ['-D', places.cluster, ...options], ['ignore', log.fd, log.fd]);
  let problem: string | undefined;
  child.on('error', (error) => (problem = error.message));
  child.unref();
  await log.close();
  const deadline = Date.now() + startAtMostMs;
  for (;;) {
    if (problem !== undefined) return problem;
    if (child.exitCode !== null || child.signalCode !== null) return tail(places.log, from);
    const found = await readPidFile(places);
    if (found && found.pid === child.pid && found.status === 'ready') return found;
    if (Date.now() > deadline) return tail(places.log, from);
    await sleep(pollMs);
  }
}

async function sizeOf(file: string): Promise<number> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.size ?? 0;
}

async function tail(file: string, from: number): Promise<string> {
  return (await readFile(file)).subarray(from).toString('utf8').slice(-2_000);
}

// The same port each time is kinder to whoever wrote it down; another one when it is taken.
async function choosePort(places: Places): Promise<number> {
  const kept = Number.parseInt(await readFile(places.port, 'utf8').catch(() => ''), 10);
  const port = kept > 0 && (await listens(kept)) ? kept : await listens(0);
  if (!port) throw new BundledDatabaseError('no free port on 127.0.0.1');
  if (port !== kept) await writeFile(places.port, `${port}\n`);
  return port;
}

/** The port that could be listened on; undefined when it is taken. Zero asks for any. */
function listens(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(undefined));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const { port: given } = probe.address() as AddressInfo;
      probe.close(() => resolve(given));
    });
  });
}

/** Stops the server on this cluster: open transactions are rolled back, everything is written. */
export async function stopServer(binaries: Binaries, account: Account, places: Places): Promise<void> {
  const args = ['stop', '-D', places.cluster, '-m', 'fast', '-w', '-t', '60'];
  const { code, output } = await capture(account.launch, binaries.pgCtl, args);
  const gone = /does not exist|is not running|No such process/i.test(output);
  if (code !== 0 && !gone) throw new BundledDatabaseError(`pg_ctl stop failed\n${output}`);
}
