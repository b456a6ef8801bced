import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate, pendingMigrations } from '../../src/store/migrate.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

const first = '20260101T0900-first-table.sql';
const second = '20260102T0900-second-table.sql';

let db: TestDatabase;
let folder: URL;

beforeEach(async () => {
  db = await createDatabase();
  folder = pathToFileURL((await mkdtemp(path.join(tmpdir(), 'tributary-migrations-'))) + path.sep);
  await write(first, 'CREATE TABLE first_table (a integer);\nSELECT pg_sleep(0.05);');
  await write(second, 'CREATE TABLE second_table (b integer);');
});

afterEach(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

describe('migrate', () => {
  test('runs once when ten start at the same moment', async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, () => migrate(db.url, folder)));
    expect(runs.filter((names) => names.length > 0)).toEqual([[first, second]]);
  });

  test('does nothing the second time', async () => {
    expect(await migrate(db.database.dataSource, folder)).toEqual([first, second]);
    expect(await migrate(db.database.dataSource, folder)).toEqual([]);
  });

  test('runs only what is new', async () => {
    await migrate(db.url, folder);
    const third = '20260103T0900-third.sql';
    await write(third, 'CREATE TABLE third (c integer)');
    expect(await pendingMigrations(db.database.dataSource, folder)).toEqual([third]);
    expect(await migrate(db.url, folder)).toEqual([third]);
    expect(await pendingMigrations(db.database.dataSource, folder)).toEqual([]);
  });

  test('leaves nothing of a set in which one is broken, and names the file and the line', async () => {
    const broken = '20260103T0900-broken.sql';
    await write(broken, 'CREATE TABLE third (c integer);\nCREATE TABEL fourth (d integer);');
    await expect(migrate(db.url, folder)).rejects.toThrow(
      `migration ${broken} line 2: syntax error at or near "TABEL"`,
    );
    expect(await tables()).toEqual([]);
    expect(await pendingMigrations(db.database.dataSource, folder)).toEqual([first, second, broken]);
  });

  test('refuses a name that does not sort by time', async () => {
    await write('add-things.sql', 'SELECT 1');
    await expect(migrate(db.url, folder)).rejects.toThrow('add-things.sql: the name must look like');
  });

  test('of the product has nothing left to do in a new test database', async () => {
    expect(await pendingMigrations(db.database.dataSource)).toEqual([]);
  });
});

async function write(name: string, sql: string): Promise<void> {
  await writeFile(new URL(name, folder), sql);
}

async function tables(): Promise<string[]> {
  const rows = await db.database.dataSource.query<{ name: string }[]>(
    `SELECT relname AS name FROM pg_class WHERE relname IN ('first_table', 'second_table', 'third')`,
  );
  return rows.map(({ name }) => name);
}
