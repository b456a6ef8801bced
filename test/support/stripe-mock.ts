/**
 * Stripe's own mock (github.com/stripe/stripe-mock): it has no memory, but it knows every request that Stripe takes, and
 * refuses the others. Found by STRIPE_MOCK_URL, on the PATH, or where `go install` puts it.
 */
import { execFile, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../commands/child.ts';

const run = promisify(execFile);

const STARTS_WITHIN_MS = 20_000;

export type StripeMock = { readonly url: string; stop(): Promise<void> };

/** null: there is none here. Then tests are skipped, except in continuous integration, where there must be one. */
export async function startStripeMock(): Promise<StripeMock | null> {
  const given = process.env['STRIPE_MOCK_URL'];
  if (given) return { url: given, stop: () => Promise.resolve() };
  const program = await find();
  if (program !== null) return start(program);
  if (process.env['TRIBUTARY_CI'] === '1') throw new Error('stripe-mock is needed here: .ci/run installs it');
  return null;
}

async function find(): Promise<string | null> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const go = await run('go', ['env', 'GOPATH']).catch(() => null);
  if (go) folders.push(path.join(go.stdout.trim(), 'bin'));
  for (const folder of folders) {
    const program = path.join(folder, 'stripe-mock');
    if (await exists(program)) return program;
  }
  return null;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function start(program: string): Promise<StripeMock> {
  const port = await freePort();
  const child = spawn(program, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  for (const deadline = Date.now() + STARTS_WITHIN_MS; !(await answers(url));) {
    if (Date.now() < deadline && child.exitCode === null) continue;
    await stop();
    throw new Error('stripe-mock did not start');
  }
  return { url, stop };
}

async function answers(url: string): Promise<boolean> {
  const ready = await fetch(url).then(
    () => true,
    () => false,
  );
  if (!ready) await new Promise((resolve) => setTimeout(resolve, 50));
  return ready;
}
