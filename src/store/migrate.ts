import { readdir, readFile } from 'node:fs/promises';
import { DataSource, Migration, MigrationExecutor, type EntityManager, type QueryRunner } from 'typeorm';
import { openDatabase } from './database.ts';

const ownFolder = new URL('../../migrations/', import.meta.url);
const namePattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)-[a-z0-9]+(-[a-z0-9]+)*\.sql$/;

// Any number does, as long as nothing else in the database uses it.
const lockNumber = 7_203_411_958n;

/**
 * Brings the schema up to date and returns the file names that ran, in order; empty when there was
 * nothing to do. All of them run in one transaction: either every pending file is applied or none.
 * Any number of processes may call it at once; one does the work, the others wait and find it done.
 * Throws with the name of the file when one fails or has a name that is not YYYYMMDDTHHMM-words.sql.
 */
export async function migrate(target: string | DataSource, folder: URL = ownFolder): Promise<string[]> {
  if (target instanceof DataSource) return run(target, await load(folder));
  const database = await openDatabase({ url: target, poolSize: 1 });
  try {
    return await run(database.dataSource, await load(folder));
  } finally {
    await database.close();
  }
}

/** The file names that `migrate` would run now, in order. Changes nothing and waits for no lock. */
export async function pendingMigrations(dataSource: DataSource, folder: URL = ownFolder): Promise<string[]> {
  const names = (await load(folder)).map(({ name }) => name);
  const [table] = await dataSource.query<{ exists: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (!table?.exists) return names;
  const done = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
  return names.filter((name) => !done.some((row) => row.name === name));
}

function run(dataSource: DataSource, migrations: Migration[]): Promise<string[]> {
  return dataSource.transaction(async (tx) => {
    // Waiting for the lock and rewriting a large table may both take longer than a request may.
    await tx.query('SET LOCAL statement_timeout = 0');
    // TypeORM takes no lock of its own: of two processes starting at once, one would fail.
    await tx.query('SELECT pg_advisory_xact_lock($1)', [lockNumber]);
    const done = await executor(dataSource, tx, migrations).executePendingMigrations();
    return done.map(({ name }) => name);
  });
}

function executor(dataSource: DataSource, tx: EntityManager, migrations: Migration[]) {
  const files = new FileExecutor(dataSource, tx.queryRunner, migrations);
  files.transaction = 'none'; // the one that holds the lock is already open
  return files;
}

/** TypeORM's executor, fed with files in place of classes whose names end in a timestamp. */
class FileExecutor extends MigrationExecutor {
  readonly #migrations: Migration[];

  constructor(dataSource: DataSource, queryRunner: QueryRunner | undefined, migrations: Migration[]) {
    super(dataSource, queryRunner);
    this.#migrations = migrations;
  }

  protected override getMigrations(): Migration[] {
    return this.#migrations;
  }
}

async function load(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(names.map(async (name) => fromSql(name, await readFile(new URL(name, folder), 'utf8'))));
}

function fromSql(name: string, sql: string): Migration {
  return new Migration(undefined, timestampOf(name), name, {
    up: (queryRunner) => apply(queryRunner, name, sql),
    down: () => Promise.reject(new Error(`migrations only go forward: ${name}`)),
  });
}

async function apply(queryRunner: QueryRunner, name: string, sql: string): Promise<void> {
  try {
    await queryRunner.query(sql);
  } catch (cause) {
    throw new Error(`migration ${name}${lineOf(cause, sql)}: ${messageOf(cause)}${hintOf(cause)}`, { cause });
  }
}

function timestampOf(name: string): number {
  const [, year, month, day, hour, minute] = (namePattern.exec(name) ?? []).map(Number);
  if (!year || !month) {
    throw new Error(`migration ${name}: the name must look like 20260131T0930-words.sql`);
  }
  return Date.UTC(year, month - 1, day, hour, minute);
}

// PostgreSQL tells the character; a person wants the line.
function lineOf(error: unknown, sql: string): string {
  const position = error instanceof Error && 'position' in error ? Number(error.position) : 0;
  return position > 0 ? ` line ${sql.slice(0, position).split('\n').length}` : '';
}

/** What a person is to do, where the migration says so. */
function hintOf(error: unknown): string {
  return error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? `\n${error.hint}` : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
