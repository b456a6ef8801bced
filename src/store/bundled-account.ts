import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { BundledDatabaseError, binariesProblem, type Binaries } from './bundled-binaries.ts';

const execute = promisify(execFile);

type Owner = { readonly uid: number; readonly gid: number };

/** Who PostgreSQL's programs run as, and how they are started so. */
export type Account = {
  /** Who owns the cluster's files; undefined when that is ourselves. */
  readonly owner: Owner | undefined;
  readonly launch: Launch;
};

type Launch = (program: string, args: readonly string[], stdio: StdioOptions) => ChildProcess;

/**
 * Chooses the user PostgreSQL runs as. An ordinary user is used as it is. PostgreSQL refuses root, so
 * root becomes the owner of the cluster, else the user `postgres`, else a system user `tributary`
 * that is created. Where that user can not reach the folders (a checkout below /root, a private
 * temporary folder), it gets the one capability that lets it pass through them.
 */
export async function chooseAccount(binaries: Binaries, folder: string, cluster: string): Promise<Account> {
  const version = await capture(launchAs(undefined), binaries.postgres, ['--version']);
  if (version.code !== 0) throw binariesProblem(binaries.postgres, version.output);
  const owner = await ownerOf(cluster);
  const self = process.getuid?.();
  if (self === 0) return unprivileged(owner ?? (await systemUser()), binaries, folder);
  if (owner && owner.uid !== self) {
    throw new BundledDatabaseError(
      `${cluster} belongs to user ${owner.uid}: start as that user or as root, or choose another data folder`,
    );
  }
  return { owner: undefined, launch: launchAs(undefined) };
}

async function unprivileged(owner: Owner, binaries: Binaries, folder: string): Promise<Account> {
  const problems: string[] = [];
  for (const launch of [launchAs(owner), ...capabilities.map((name) => passing(owner, name))]) {
    const { code, output } = await capture(launch, '/bin/sh', [
      '-c',
      'cd "$1" && exec "$2" --version',
      'sh',
      folder,
      binaries.postgres,
    ]);
    // PostgreSQL only grumbles about a path it can not check, and fails later.
    if (code === 0 && !output.includes('invalid binary')) return { owner, launch };
    problems.push(output.trim());
  }
  throw new BundledDatabaseError(
    `PostgreSQL refuses to run as root, and user ${owner.uid} can not reach ${folder} or ${binaries.postgres}: ` +
      `start as an ordinary user, move the folders, or install setpriv (util-linux)\n${problems.join('\n')}`,
  );
}

function launchAs(owner: Owner | undefined): Launch {
  return (program, args, stdio) => spawn(program, args, { ...surroundings, ...owner, stdio, detached: true });
}

// The first only lets it read and pass; the second is for containers that withhold the first.
const capabilities = ['dac_read_search', 'dac_override'];

// An ambient capability survives the change of user. PostgreSQL looks at its user id only; access(2)
// forgets capabilities of ordinary users, which PostgreSQL calls on its own path, unless the set-user
// fix-up is off.
function passing(owner: Owner, capability: string): Launch {
  const prefix = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    '--',
  ];
  return (program, args, stdio) =>
    spawn('setpriv', [...prefix, program, ...args], { ...surroundings, stdio, detached: true });
}

// The caller's PG* variables must not change what we start, and its folder may be out of reach.
const { PATH, SystemRoot } = process.env;
const surroundings = { cwd: '/', env: { PATH, SystemRoot, LC_ALL: 'C', TZ: 'UTC' } };

async function ownerOf(cluster: string): Promise<Owner | undefined> {
  const stats = await stat(cluster).catch(() => undefined);
  // A cluster of root was copied by root; it is given to the system user.
  return stats && stats.uid !== 0 ? { uid: stats.uid, gid: stats.gid } : undefined;
}

async function systemUser(): Promise<Owner> {
  const existing = (await lookUp('postgres')) ?? (await lookUp('tributary'));
  if (existing) return existing;
  await createUser('tributary');
  const created = await lookUp('tributary');
  if (created) return created;
  throw new BundledDatabaseError(
    'PostgreSQL refuses to run as root and the system user "tributary" could not be created: ' +
      'start as an ordinary user, or create that user',
  );
}

async function lookUp(name: string): Promise<Owner | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((which) => execute('id', [which, name])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

async function createUser(name: string): Promise<void> {
  const shadow = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  await execute('useradd', [...shadow, name]).catch(() =>
    execute('adduser', ['-S', '-D', '-H', name]).catch(() => undefined),
  );
}

export type Captured = { readonly code: number | null; readonly output: string };

/** Runs a program to its end and returns what it printed on both channels; `input` is typed into it. */
export function capture(launch: Launch, program: string, args: readonly string[], input = ''): Promise<Captured> {
  return new Promise((resolve) => {
    const child = launch(program, args, 'pipe');
    const printed: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => printed.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => printed.push(chunk));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(printed).toString() }));
    child.stdin?.on('error', () => undefined); // it may end without reading
    child.stdin?.end(input);
  });
}
