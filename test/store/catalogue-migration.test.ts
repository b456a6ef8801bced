/** Links that are there already when they begin to lead somewhere, run by an owner who is no superuser. */
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';

const OWN = new URL('../../migrations/', import.meta.url);
const role = `tributary_links_${process.pid}`;

let db: TestDatabase;
let folder: string;

beforeAll(async () => {
  db = await createDatabase();
  for (const text of [
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`,
    `GRANT tributary_app, tributary_across TO ${role}`,
    `CREATE DATABASE ${role} OWNER ${role}`,
  ])
    await db.database.pool.query(text);
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-migrations-'));
  for (const name of await readdir(OWN))
    if (name < '20261121T1400') await cp(new URL(name, OWN), path.join(folder, name));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await db.database.pool.query(`DROP DATABASE ${role} WITH (FORCE)`);
  await db.database.pool.query(`DROP ROLE ${role}`);
  await db.drop();
});

test('what is no page is no destination any more, and nothing else changes', async () => {
  const own = new URL(db.url);
  [own.username, own.password, own.pathname] = [role, 'secret', `/${role}`];
  await migrate(own.href, pathToFileURL(`${folder}/`));
  const database = await openDatabase({ url: own.href, poolSize: 2 });
  const tx = database.of('left');
  await createWorkspace(tx, 'left', 'Left', 'prog_1');
  await tx.query({
    text: `INSERT INTO affiliates (workspace_id, affiliate_id, program_id, name, email, tracking_id, status, created_at)
           VALUES ('left', 'aff_1', 'prog_1', 'Jane', '', 'jane', 'approved', '2026-01-01')`,
  });
  await tx.query({
    text: `INSERT INTO links (workspace_id, link_id, affiliate_id, program_id, code, destination_url, created_at)
           SELECT 'left', 'link_' || code, 'aff_1', 'prog_1', code, url, '2026-01-02'
           FROM (VALUES ('a', 'https://a.example/'), ('b', 'HTTP://b.example'), ('c', 'javascript:alert(1)'), ('d', NULL)) AS v(code, url)`,
  });
  await migrate(own.href);
  const { rows } = await tx.query<{ code: string; destination_url: string | null; updated_at: Date }>({
    text: 'SELECT code, destination_url, updated_at FROM links WHERE workspace_id = $1 ORDER BY code',
    values: ['left'],
  });
  expect(rows).toEqual(
    [
      { code: 'a', destination_url: 'https://a.example/' },
      { code: 'b', destination_url: 'HTTP://b.example' },
      { code: 'c', destination_url: null },
      { code: 'd', destination_url: null },
    ].map((row) => ({ ...row, updated_at: new Date('2026-01-02T00:00:00Z') })),
  );
  const affiliates = await tx.query({ text: `SELECT updated_at FROM affiliates WHERE workspace_id = 'left'` });
  expect(affiliates.rows).toEqual([{ updated_at: new Date('2026-01-01T00:00:00Z') }]);
  await database.close();
});
