import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBundled, type Bundled } from '../../src/store/bundled.ts';

const script = new URL('../support/bundled-child.ts', import.meta.url).pathname;

let dataDir: string;
let lines: string[];
let started: Bundled[];
let children: ChildProcess[];

beforeEach(async () => {
  // mkdtemp makes a private folder: as root, PostgreSQL's own user can not pass through it.
  dataDir = path.join(await mkdtemp(path.join(tmpdir(), `tributary-test-${process.pid}-`)), 'data');
  [lines, started, children] = [[], [], []];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const server of started) await server.stop();
  await rm(path.dirname(dataDir), { recursive: true, force: true });
});

describe('a new folder', () => {
  test('gets a safe cluster with the database in it', async () => {
    const server = await start();
    expect(server.attached).toBe(false);
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
    expect(await settings(server.url)).toEqual({
      data_checksums: 'on',
      password_encryption: 'scram-sha-256',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      server_encoding: 'UTF8',
    });
    const password = await stat(path.join(dataDir, 'password'));
    expect(password.mode & 0o777).toBe(0o600);
    expect(new URL(server.url).password).toMatch(/^[0-9a-f]{32}$/);
  });

  test('is made once when two processes start at once', async () => {
    const [one, two] = await Promise.all([spawnStart(), spawnStart()]);
    expect(one.attached).toBe(!two.attached);
    expect(one.url).toBe(two.url);
    await mark(one.url);
    await stopAll();
    expect(await isMarked((await start()).url)).toBe(true);
  });
});

describe('after a crash', () => {
  test('of our process, the next one attaches to the server that still runs', async () => {
    const first = await spawnStart();
    await mark(first.url);
    await killed(first.child);
    const server = await start();
    expect(server.attached).toBe(true);
    expect(server.url).toBe(first.url);
    expect(await isMarked(server.url)).toBe(true);
  });

  test('of PostgreSQL, it is started again and has lost nothing', async () => {
    const first = await start();
    await mark(first.url);
    process.kill(await postmaster(), 'SIGKILL');
    const server = await start();
    expect(server.attached).toBe(false);
    expect(await isMarked(server.url)).toBe(true);
  });

  test('a process number that now belongs to another program is not taken for the server', async () => {
    const first = await start();
    await mark(first.url);
    const file = path.join(dataDir, 'cluster', 'postmaster.pid');
    const left = await readFile(file, 'utf8');
    await first.stop();
    await writeFile(file, left.replace(/^\d+/, String(process.pid)));
    await writeFile(path.join(dataDir, 'lock'), '999999999 gone\n');
    const server = await start();
    expect(server.attached).toBe(false);
    expect(await isMarked(server.url)).toBe(true);
  });
});

describe('a folder that was changed', () => {
  test('by another major version is refused and left alone', async () => {
    await (await start()).stop();
    const file = path.join(dataDir, 'cluster', 'PG_VERSION');
    await writeFile(file, '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17.*bundled one is 18.*DATABASE_URL/);
    expect(await readFile(file, 'utf8')).toBe('17\n');
  });

  test.each([
    ['lost', (file: string) => rm(file)],
    ['changed', (file: string) => writeFile(file, 'something else\n')],
  ])('gets a new password when the file was %s', async (_, change) => {
    const first = await start();
    await mark(first.url);
    await first.stop();
    await change(path.join(dataDir, 'password'));
    const server = await start();
    expect(await isMarked(server.url)).toBe(true);
    expect(server.url).not.toBe(first.url);
    expect(lines.join()).toContain('a new one is set');
  });

  test('is not touched when the password of a running server was changed', async () => {
    await start();
    const file = path.join(dataDir, 'password');
    const password = await readFile(file, 'utf8');
    await writeFile(file, 'something else\n');
    await expect(start()).rejects.toThrow(/refuses the password in .*kill -INT/);
    await writeFile(file, password);
  });
});

describe('the server', () => {
  test('moves to another port when its own is taken', async () => {
    const first = await start();
    await mark(first.url);
    await first.stop();
    const other = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(other, 'listening');
    const server = await start();
    expect(new URL(server.url).port).not.toBe(String((other.address() as AddressInfo).port));
    expect(await isMarked(server.url)).toBe(true);
    other.close();
  });

  test('is stopped by the last process that uses it', async () => {
    const first = await start();
    const second = await start();
    await first.stop();
    expect(lines.join()).toContain('keeps running');
    await mark(second.url);
    await second.stop();
    await expect(mark(second.url)).rejects.toThrow('ECONNREFUSED');
  });
});

async function start(): Promise<Bundled> {
  const log = (line: string) => void lines.push(line);
  const server = await startBundled({ dataDir, log, settings: { fsync: 'off' } });
  started.push(server);
  return server;
}

type Started = { url: string; attached: boolean; child: ChildProcess };

async function spawnStart(): Promise<Started> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { ...(JSON.parse(line.toString()) as Omit<Started, 'child'>), child };
}

async function stopAll(): Promise<void> {
  await Promise.all(children.map(killed));
  await (await start()).stop();
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function postmaster(): Promise<number> {
  return Number.parseInt(await readFile(path.join(dataDir, 'cluster', 'postmaster.pid'), 'utf8'), 10);
}

async function mark(url: string): Promise<void> {
  await query(url, 'CREATE TABLE mark (made integer)');
}

async function isMarked(url: string): Promise<boolean> {
  const [row] = await query<{ there: boolean }>(url, `SELECT to_regclass('mark') IS NOT NULL there`);
  return row?.there ?? false;
}

async function settings(url: string): Promise<Record<string, string>> {
  const rows = await query<{ name: string; setting: string }>(
    url,
    `SELECT name, setting FROM pg_settings
      WHERE name IN ('data_checksums', 'password_encryption', 'listen_addresses',
                     'unix_socket_directories', 'server_encoding')`,
  );
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
