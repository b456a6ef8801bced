/** The service as the demo's child: the real one, on a free port, with the signing secret of the demo's workspace. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Played = {
  /** Where it listens, such as `http://127.0.0.1:40123`, once it does. Rejects with a `DemoError`. */
  readonly url: Promise<string>;
  /** Lets it finish what is under way; kills it when that takes too long. */
  stop(): Promise<void>;
};

export type ChildOptions = {
  readonly workspace: string;
  readonly secret: string;
  readonly logLevel: string;
};

/** Expected trouble, in words for the person who started the demo. */
export class DemoError extends Error {}

const UP_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const LINES_KEPT = 10;

/** The environment variable that holds the signing secrets of a workspace. */
export function secretVariable(workspace: string): string {
  return `STRIPE_WEBHOOK_SECRET_${workspace.toUpperCase().replaceAll('-', '_')}`;
}

/** Starts it the way this process was started. */
export function startChild({ workspace, secret, logLevel }: ChildOptions): Played {
  const own = {
    PORT: '0',
    HOST: '127.0.0.1',
    PUBLIC_URL: '',
    LOG_LEVEL: logLevel,
    // Months are played in seconds.
    RATE_LIMITS: 'off',
    [secretVariable(workspace)]: secret,
  };
  // The first key of workspace default is printed once: it must be `npm start` that does, not somebody unseen.
  const args = [...process.execArgv, process.argv[1] ?? '', 'start', '--no-first-key'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      said.push(line);
      if (said.length > LINES_KEPT) said.shift();
    });
  return { url: urlOf(child, said), stop: () => stop(child) };
}

function urlOf(child: ChildProcess, said: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new DemoError(`The service ${why}. It said last:\n${said.join('\n')}`));
    const timer = setTimeout(() => fail('did not come up within a minute'), UP_WITHIN_MS);
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('close', () => fail('ended at its start'));
    child.stdout?.on('data', () => {
      const url = /^\s+URL\s+(http:\S+)/m.exec(said.join('\n'))?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}
