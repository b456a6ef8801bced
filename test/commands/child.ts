/** The command line as a child process, as a person or a supervisor starts it. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Child = {
  readonly pid: number;
  /** What it printed so far. */
  stdout(): string;
  stderr(): string;
  /** Set once it has ended and everything it printed was read. */
  hasEnded(): Ended | null;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until standard output matches; throws with all it printed when it ends first or takes too long. */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
};

export type Surroundings = Readonly<Record<string, string | undefined>>;

/** Only what a shell would have: settings of the machine that runs the tests must not decide them. */
export function surroundings(env: Surroundings): Record<string, string> {
  const { PATH, HOME, TMPDIR, USER } = process.env;
  const all = Object.entries({ PATH, HOME, TMPDIR, USER, NO_COLOR: '1', ...env });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Starts `tributary <args>` with these variables and no others; `input` is all that comes on its standard input. */
export function tributary(args: readonly string[], env: Surroundings, input = ''): Child {
  const flags = ['--import', import.meta.resolve('tsx')];
  const child = spawn(process.execPath, [...flags, MAIN, ...args], { env: surroundings(env) });
  return watched(child, `tributary ${args.join(' ')}`, input);
}

/** Listens to a process from its first word on; `name` is for messages, `input` all that it may read. */
export function watched(child: ChildProcessWithoutNullStreams, name: string, input = ''): Child {
  const heard = { stdout: '', stderr: '', ended: null as Ended | null };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.stderr += text));
  // Who ends without reading it breaks the pipe.
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve((heard.ended = { code, signal })));
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => heard.stdout,
    stderr: () => heard.stderr,
    hasEnded: () => heard.ended,
    ended,
    kill: (signal) => void child.kill(signal),
    async says(pattern, withinMs = 30_000) {
      for (const deadline = Date.now() + withinMs; ; await wait(10)) {
        const found = pattern.exec(heard.stdout);
        if (found) return found;
        if (heard.ended || Date.now() > deadline)
          throw new Error(`${name} did not say ${String(pattern)}\n${heard.stdout}\n${heard.stderr}`);
      }
    },
  };
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
