import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterAll(() => db.drop());

test('the tables in the code are the tables the migrations made', async () => {
  const { upQueries } = await db.database.dataSource.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

test('every table the migrations made is known to the code', async () => {
  const rows = await db.database.dataSource.query<{ name: string }[]>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'`,
  );
  const known = db.database.dataSource.entityMetadatas.map(({ tableName }) => tableName);
  expect(known.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
});

// TypeORM compares an index by name, columns and uniqueness, but not by its condition.
test('partial indexes have the same condition on both sides', async () => {
  const rows = await db.database.dataSource.query<{ name: string; condition: string }[]>(
    `SELECT indexrelid::regclass::text AS name, pg_get_expr(indpred, indrelid) AS condition
       FROM pg_index WHERE indpred IS NOT NULL AND indexrelid::regclass::text NOT LIKE 'pg_%'`,
  );
  const indices = db.database.dataSource.entityMetadatas.flatMap((entity) => entity.indices);
  const described = indices.filter(({ synchronize }) => synchronize);
  const conditions = new Map(rows.map(({ name, condition }) => [name, condition]));
  expect(bare(described.map(({ name, where }) => [name, where]))).toEqual(
    bare(described.map(({ name }) => [name, conditions.get(name)])),
  );
});

test('indexes TypeORM can not describe are there', async () => {
  const rows = await db.database.dataSource.query<{ name: string }[]>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index`,
  );
  const there = new Set(rows.map(({ name }) => name));
  const special = db.database.dataSource.entityMetadatas
    .flatMap((entity) => entity.indices)
    .filter(({ synchronize }) => !synchronize);
  expect(special.filter(({ name }) => !there.has(name)).map(({ name }) => name)).toEqual([]);
});

// PostgreSQL puts parentheses around a condition when it shows it.
function bare(pairs: [string, string | undefined][]): Record<string, string | undefined> {
  return Object.fromEntries(pairs.map(([name, text]) => [name, text?.replace(/^\((.*)\)$/, '$1') || undefined]));
}
