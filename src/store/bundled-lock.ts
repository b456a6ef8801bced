import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BundledDatabaseError, codeOf } from './bundled-binaries.ts';

const pollMs = 25;
const heartbeatMs = 2_000;
// A process number may be given to another program; a holder that lives keeps its file fresh.
const staleAfterMs = 15_000;
const waitAtMostMs = 120_000;

/**
 * Runs `work` while no other process runs it for the same `file`, waiting for the other one first. A
 * lock left by a killed process is taken over. Refused after two minutes of waiting.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const content = `${process.pid} ${randomBytes(8).toString('hex')}\n`;
  await take(file, content);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  }
}

async function take(file: string, content: string): Promise<void> {
  const deadline = Date.now() + waitAtMostMs;
  while (!(await create(file, content))) {
    if (await isStale(file)) await discard(file);
    else if (Date.now() > deadline) {
      throw new BundledDatabaseError(
        `another process has been starting the bundled database for two minutes; if there is none, remove ${file}`,
      );
    } else await sleep(pollMs);
  }
}

async function create(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(file: string): Promise<boolean> {
  const [content, stats] = await Promise.all([readIfThere(file), stat(file).catch(() => undefined)]);
  if (content === undefined || !stats) return false;
  if (Date.now() - stats.mtimeMs > staleAfterMs) return true;
  const pid = Number.parseInt(content, 10);
  return pid > 0 && !isAlive(pid);
}

// Two waiters may both find the lock stale, and the slower would remove the new lock of the faster.
// A rename moves whatever is there now, so that it can be looked at and put back.
async function discard(file: string): Promise<void> {
  const aside = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch {
    return; // somebody else was faster
  }
  const taken = await readIfThere(aside);
  if (taken !== undefined && isAlive(Number.parseInt(taken, 10))) {
    const fresh = await stat(aside);
    if (Date.now() - fresh.mtimeMs <= staleAfterMs) await create(file, taken);
  }
  await rm(aside, { force: true });
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

/** True when a process with that number exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
