/**
 * A real Chromium without a window, spoken to by its DevTools protocol. Found by CHROMIUM, or on the PATH under one of its
 * names.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import axe from 'axe-core';
import { WebSocket } from 'ws';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const STARTS_WITHIN_MS = 30_000;
const ANSWERS_WITHIN_MS = 20_000;

export type Browser = { page(): Promise<Tab>; close(): Promise<void> };

export type Tab = {
  /** Every address that was asked for. */
  readonly requests: string[];
  /** What the browser complained about: scripts that failed, policies that were broken. */
  readonly complaints: string[];
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  /** Opens an address, or does what leads to another page, and waits until that is loaded. */
  goto(where: string | (() => Promise<unknown>)): Promise<void>;
  evaluate<T>(expression: string): Promise<T>;
  /** How wide the window is, in CSS pixels, and what its system prefers. */
  look(width: number, scheme: 'light' | 'dark'): Promise<void>;
  /** What axe finds wrong: the rule and where. */
  faults(): Promise<readonly string[]>;
};

/** null: there is none here. Then tests are skipped, except in continuous integration, where there must be one. */
export async function startBrowser(): Promise<Browser | null> {
  const program = process.env['CHROMIUM'] ?? (await find());
  if (program !== null) return start(program);
  if (process.env['TRIBUTARY_CI'] === '1') throw new Error('Chromium is needed here: .ci/run installs it');
  return null;
}

async function find(): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean))
    for (const name of NAMES) {
      const program = path.join(folder, name);
      const isThere = await access(program).then(
        () => true,
        () => false,
      );
      if (isThere) return program;
    }
  return null;
}

const SWITCHES = [
  // Root and most containers cannot have one; the pages are our own.
  '--no-sandbox',
  '--headless=new',
  '--remote-debugging-port=0',
  '--no-first-run',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];

async function start(program: string): Promise<Browser> {
  const profile = await mkdtemp(path.join(tmpdir(), 'tributary-browser-'));
  const given = [...SWITCHES, `--user-data-dir=${profile}`, 'about:blank'];
  const child = spawn(program, given, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const wire = await connect(await addressOf(child));
  return {
    page: () => openTab(wire),
    async close() {
      await wire.send('Browser.close').catch(() => undefined);
      wire.close();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Where the browser listens, as it says on its error output. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`the browser did not start: ${said}`)), STARTS_WITHIN_MS);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the browser ended: ${said}`)));
    child.stderr?.on('data', (part: Buffer) => {
      said += part.toString();
      const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    });
  });
}

type Params = Record<string, unknown>;
type Message = {
  id?: number;
  result?: Params;
  error?: { message: string };
  method?: string;
  params?: Params;
  sessionId?: string;
};
type Ear = (method: string, params: Params) => void;
type Wire = {
  send(method: string, params?: object, session?: string): Promise<Params>;
  hear(session: string, ear: Ear): void;
  close(): void;
};

async function connect(address: string): Promise<Wire> {
  const socket = new WebSocket(address);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const waiting = new Map<number, (message: Message) => void>();
  const ears = new Map<string, Ear>();
  let next = 0;
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else ears.get(message.sessionId ?? '')?.(message.method ?? '', message.params ?? {});
  });
  return {
    send(method, params = {}, sessionId) {
      const id = (next += 1);
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${method} was not answered`)), ANSWERS_WITHIN_MS);
        waiting.set(id, ({ error, result = {} }) => {
          clearTimeout(late);
          waiting.delete(id);
          if (error) reject(new Error(`${method}: ${error.message}`));
          else resolve(result);
        });
        socket.send(JSON.stringify({ id, method, params, sessionId }));
      });
    },
    hear: (session, ear) => void ears.set(session, ear),
    close: () => socket.close(),
  };
}

async function openTab(wire: Wire): Promise<Tab> {
  const { browserContextId } = await wire.send('Target.createBrowserContext');
  const { targetId } = await wire.send('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true });
  const session = String(sessionId);
  const [requests, complaints]: [string[], string[]] = [[], []];
  let loaded = (): void => undefined;
  wire.hear(session, (method, params) => {
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Network.requestWillBeSent') requests.push((params['request'] as { url: string }).url);
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') complaints.push(JSON.stringify(params));
  });
  const send: Tab['send'] = (method, params) => wire.send(method, params, session);
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);
  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer['exceptionDetails']) throw new Error(JSON.stringify(answer['exceptionDetails']));
    return (answer['result'] as { value: T }).value;
  };
  return {
    requests,
    complaints,
    send,
    evaluate,
    async goto(where) {
      const ready = new Promise<void>((resolve) => (loaded = resolve));
      await (typeof where === 'string' ? send('Page.navigate', { url: where }) : where());
      await ready;
    },
    async look(width, scheme) {
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 800,
        deviceScaleFactor: 1,
        mobile: width < 500,
      });
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await send('Emulation.setEmulatedMedia', { features });
    },
    async faults() {
      await evaluate(`${axe.source};0`);
      return evaluate<string[]>(
        `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
      );
    },
  };
}
