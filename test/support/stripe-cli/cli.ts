/** The real Stripe CLI as a child process, led to a pretended Stripe and to nothing else. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { surroundings, watched, type Child, type Surroundings } from '../../commands/child.ts';

// What npm puts behind `npx stripe`: it finds the binary of this platform.
const SHIM = fileURLToPath(import.meta.resolve('@stripe/cli/bin/shim.js'));

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export type StripeCli = {
  /** The environment of every command: a home of its own, a key that is none, no way to the outside. */
  readonly env: Surroundings;
  /** Starts `stripe <args>` against the pretended Stripe. */
  run(...args: string[]): Child;
  /** Starts any command line in a shell, with the same environment and more. */
  shell(command: string, more?: Surroundings): Child;
  /** Ends everything it started, and removes the home. */
  close(): Promise<void>;
};

/** `base`: `http://127.0.0.1:<port>`; the CLI refuses the name localhost. */
export async function openStripeCli(base: string): Promise<StripeCli> {
  const home = await mkdtemp(path.join(tmpdir(), `tributary-stripe-cli-${process.pid}-`));
  const env: Surroundings = {
    HOME: home,
    XDG_CONFIG_HOME: home,
    STRIPE_API_KEY: 'sk_test_pretended0123456789',
    // It would report its use and look for new versions; nobody listens on port 1.
    STRIPE_CLI_TELEMETRY_OPTOUT: '1',
    HTTP_PROXY: 'http://127.0.0.1:1',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NO_PROXY: '127.0.0.1,localhost',
  };
  const children: Child[] = [];
  // A process group each: the wrapper waits for the binary and passes no signal on.
  const start = (name: string, command: string, args: readonly string[], more: Surroundings): Child => {
    const process_ = spawn(command, args, { env: surroundings({ ...env, ...more }), detached: true, cwd: ROOT });
    const child: Child = { ...watched(process_, name), kill: (signal) => killGroup(process_.pid, signal) };
    children.push(child);
    return child;
  };
  return {
    env,
    run: (...args) => start(`stripe ${args.join(' ')}`, process.execPath, [SHIM, ...args, '--api-base', base], {}),
    shell: (command, more = {}) => start(command, 'sh', ['-c', command], more),
    async close() {
      for (const child of children) if (!child.hasEnded()) child.kill('SIGKILL');
      await Promise.all(children.map(({ ended }) => ended));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Waits until a person would have read it: the CLI talks on both streams. */
export async function reads(child: Child, pattern: RegExp, withinMs = 20_000): Promise<RegExpExecArray> {
  for (const deadline = Date.now() + withinMs; ; await wait(10)) {
    const said = `${child.stdout()}${child.stderr()}`;
    const found = pattern.exec(said);
    if (found) return found;
    if (child.hasEnded() || Date.now() > deadline) throw new Error(`nothing said ${String(pattern)}\n${said}`);
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
