/** The second wall between workspaces: what the database lets through when a statement forgets whose rows it wants. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/database.ts';
import { inSnapshot, inTransaction } from '../../src/store/transaction.ts';
import type { Tx } from '../../src/store/tx.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Site } from '../web/site.ts';

let db: TestDatabase;
let left: Site;
let right: Site;

const SALE = { referral_id: 'ref_1', customer_id: 'cus_1', sale_amount: 99, external_event_id: 'order_1' };

beforeAll(async () => {
  db = await createDatabase();
  left = await openSite(db, { workspace: 'left' });
  right = await openSite(db, { workspace: 'right' });
  for (const site of [left, right]) {
    await furnish(site.stage);
    expect((await site.post('/v1/conversions', SALE)).status).toBe(201);
  }
});

afterAll(async () => {
  await left.close();
  await right.close();
  await db.drop();
});

async function names(text: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await db.database.pool.query<{ name: string }>(text, values);
  return rows.map(({ name }) => name);
}

const tables = (): Promise<string[]> =>
  names(`SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
         AND relname <> 'migrations' ORDER BY 1`);

const count = async (tx: Tx, text: string, values: unknown[] = []): Promise<number> =>
  Number((await tx.query<{ n: bigint }>({ text: `SELECT count(*) AS n FROM ${text}`, values })).rows[0]?.n);

const code = async (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'nothing was refused',
    ({ code: said = 'no code' }: { code?: string }) => said,
  );

describe('the catalogue', () => {
  test('forces row-level security on every table, with a policy of the role for one workspace', async () => {
    const open = await names(
      `SELECT c.relname AS name FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations'
         AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
           SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'own_workspace'
             AND p.roles = '{tributary_app}' AND p.qual LIKE '%workspace_id = current_setting(%'))`,
    );
    expect(open).toEqual([]);
    expect((await tables()).length).toBeGreaterThan(20);
  });

  test('has roles that own nothing and cannot get round the policies', async () => {
    const strong = await names(
      `SELECT rolname AS name FROM pg_roles WHERE rolname IN ('tributary_app', 'tributary_across')
         AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin)`,
    );
    expect(strong).toEqual([]);
    const owned = await names(
      `SELECT relname AS name FROM pg_class WHERE pg_get_userbyid(relowner) IN ('tributary_app', 'tributary_across')`,
    );
    expect(owned).toEqual([]);
  });

  test('lets the role that looks across read what finds work, and write nothing but leases', async () => {
    const written = await names(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.column_privileges
       WHERE grantee = 'tributary_across' AND privilege_type <> 'SELECT' ORDER BY 1`,
    );
    expect(written).toEqual([
      'inbox.attempts',
      'inbox.lease_until',
      'inbox.reason',
      'inbox.run_at',
      'inbox.state',
      'questions.attempts',
      'questions.lease_until',
    ]);
    for (const closed of ['transfers', 'conversions', 'commissions', 'balances', 'customers', 'referrals'])
      expect([closed, await code(count(db.database.across, closed))]).toEqual([closed, '42501']);
    expect(await code(db.database.across.query({ text: 'SELECT state FROM payments' }))).toBe('42501');
  });
});

describe('a statement of one workspace that does not say so', () => {
  test('sees the rows of its own in every table, and no others', async () => {
    const seen: string[] = [];
    for (const table of await tables()) {
      const [own, others] = ['=', '<>'].map((is) => `${table} WHERE workspace_id ${is} $1`);
      expect([table, await count(db.database.of('left'), others ?? '', ['left'])]).toEqual([table, 0]);
      const all = await count(db.database.of('left'), table);
      expect([table, all]).toEqual([table, await count(db.database.pool, own ?? '', ['left'])]);
      if (all > 0 && (await count(db.database.pool, others ?? '', ['left'])) > 0) seen.push(table);
    }
    // The tables that matter held rows of both, so that there was something to hide.
    expect(seen).toEqual(
      expect.arrayContaining([
        'affiliates',
        'api_keys',
        'balances',
        'commissions',
        'conversions',
        'customers',
        'inbox',
      ]),
    );
    expect(seen).toEqual(expect.arrayContaining(['payments', 'programs', 'referrals', 'transfers', 'workspaces']));
  });

  test('changes its own rows only, and cannot make one of another', async () => {
    const before = await names(`SELECT name FROM affiliates WHERE workspace_id = 'right' ORDER BY 1`);
    await db.database.of('left').query({ text: `UPDATE affiliates SET name = 'taken over'` });
    await db.database.of('left').query({ text: 'DELETE FROM alerts' });
    expect(await names(`SELECT name FROM affiliates WHERE workspace_id = 'right' ORDER BY 1`)).toEqual(before);
    expect(await names(`SELECT DISTINCT name FROM affiliates WHERE workspace_id = 'left'`)).toEqual(['taken over']);
    expect(await code(createWorkspace(db.database.of('left'), 'third', 'Third', 'prog_3'))).toBe('42501');
    expect(await code(db.database.of('left').query({ text: `UPDATE programs SET workspace_id = 'right'` }))).toBe(
      '42501',
    );
  });

  test('cannot touch a transfer, not even its own', async () => {
    expect(await code(db.database.of('left').query({ text: 'UPDATE transfers SET amount = 1' }))).toBe('42501');
    expect(await code(db.database.of('left').query({ text: 'DELETE FROM transfers' }))).toBe('42501');
  });

  test('sees nothing of nobody', async () => {
    for (const workspace of ['', 'no-such-workspace', "left' OR '1'='1"])
      expect(await count(db.database.of(workspace), 'affiliates')).toBe(0);
  });

  test('holds for several statements of one transaction too', async () => {
    for (const within of [inTransaction, inSnapshot])
      expect(await within(db.database, 'left', (tx) => count(tx, `workspaces WHERE workspace_id <> 'left'`))).toBe(0);
  });
});

describe('the scope of a statement', () => {
  const whoami = { text: `SELECT current_user AS who, current_setting('tributary.workspace', true) AS whose` };

  test('is over with the statement, also when it fails: a connection goes back as nobody’s', async () => {
    const { rows: login } = await db.database.pool.query<{ who: string }>(whoami.text);
    const inside = await db.database.of('left').query(whoami);
    expect(inside.rows).toEqual([{ who: 'tributary_app', whose: 'left' }]);
    expect((await db.database.across.query(whoami)).rows).toEqual([{ who: 'tributary_across', whose: '' }]);
    for (const failing of [
      () => db.database.of('left').query({ text: 'SELECT 1 / 0' }),
      () => db.database.of('left').query({ name: 'no_such', text: 'SELECT * FROM no_such_table' }),
      () => inTransaction(db.database, 'left', () => Promise.reject(new Error('on purpose'))),
    ]) {
      await expect(failing()).rejects.toThrow(/zero|no_such_table|on purpose/);
      for (let n = 0; n < 8; n += 1) {
        const { rows } = await db.database.pool.query(whoami.text);
        expect(rows).toEqual([{ who: login[0]?.who, whose: '' }]);
      }
    }
  });

  test('belongs to each of many at once', async () => {
    const workspaces = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? 'left' : 'right'));
    const asked = { name: 'own', text: 'SELECT workspace_id AS own FROM workspaces' };
    const answers = await Promise.all(workspaces.map((workspace) => db.database.of(workspace).query(asked)));
    expect(answers.map(({ rows }) => rows)).toEqual(workspaces.map((own) => [{ own }]));
  });
});

describe('a login that owns the tables and is no superuser', () => {
  const role = `tributary_owner_${process.pid}`;
  const url = (): string => {
    const own = new URL(db.url);
    [own.username, own.password, own.pathname] = [role, 'secret', `/${role}`];
    return own.href;
  };
  const admin = (text: string): Promise<unknown> => db.database.pool.query(text);

  beforeAll(async () => {
    await admin(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await admin(`CREATE DATABASE ${role} OWNER ${role}`);
  });

  afterAll(async () => {
    await admin(`DROP DATABASE ${role} WITH (FORCE)`);
    await admin(`DROP ROLE ${role}`);
  });

  test('is told what to ask for when it may not take the roles', async () => {
    const error = await migrate(url()).catch((problem: unknown) => problem);
    const { message } = error as Error;
    expect(message).toMatch(/row-security\.sql.*this login may not take the role tributary_app/);
    expect(message).toContain(`GRANT tributary_app, tributary_across TO ${role};`);
  });

  test('runs the service with them', async () => {
    await admin(`GRANT tributary_app, tributary_across TO ${role}`);
    await migrate(url());
    const own = await openDatabase({ url: url(), poolSize: 2 });
    expect(await createWorkspace(own.of('left'), 'left', 'Left', 'prog_1')).toBe(true);
    expect(await count(own.of('left'), 'programs')).toBe(1);
    expect(await count(own.of('right'), 'programs')).toBe(0);
    expect(await count(own.across, 'workspaces')).toBe(1);
    await own.close();
  });
});
