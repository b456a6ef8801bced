/** `stripe backfill` and `stripe setup` as a person types them, piped and on a terminal, against the fake. */
import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../src/providers/stripe/events.ts';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { registerAccount } from '../../src/store/stripe-accounts.ts';
import { secretsOf } from '../../src/store/stripe-secrets.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { createDatabase } from '../support/database.ts';
import { forbidden, slow, startFakeStripe, unauthorized, type FakeStripe } from '../support/fake-stripe/index.ts';
import type { TestDatabase } from '../support/server.ts';
import { surroundings, tributary, watched, type Child } from './child.ts';

const DAY = 86_400;
const HEARD = new Set<string>(EVENT_TYPES);
const KEY = 'rk_live_of_the_command_line';

let on: TestDatabase;
let account: SimulatedAccount;
let fake: FakeStripe;
const startAt = Math.floor(Date.now() / 1000) - 45 * DAY;
const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
const SINCE = dayOf(startAt);

beforeEach(async () => {
  on = await createDatabase();
  account = createAccount({ seed: 'command', startAt, family: 'basil' });
  for (let day = 0; day < 44; day += 1) {
    account.invoice({ customer: account.customer(), lines: [{ amount: 1_000 + day }] });
    account.paymentIntent({ amount: 500 });
    account.advance({ days: 1 });
  }
  fake = await startFakeStripe(account);
});
afterEach(async () => {
  await fake.stop();
  await on.drop();
});

const environment = (): Record<string, string> => ({
  DATABASE_URL: on.url,
  STRIPE_API_KEY: KEY,
  STRIPE_API_BASE: fake.url,
});

function begin(line: string, env: Record<string, string | undefined> = {}): Child {
  return tributary(line.split(' '), { ...environment(), ...env });
}

async function say(line: string, env: Record<string, string | undefined> = {}) {
  const child = begin(line, env);
  const { code } = await child.ended;
  expect(child.stdout() + child.stderr()).not.toContain(KEY);
  return { code, out: child.stdout(), err: child.stderr() };
}

const stored = async (): Promise<string[]> => {
  const { rows } = await on.database.pool.query<{ event_key: string }>({ text: 'SELECT event_key FROM inbox' });
  return rows.map((row) => row.event_key);
};

const recent = () =>
  account.events.filter(
    ({ type, created }) => HEARD.has(type) && created > Math.floor(Date.now() / 1000) - 30 * DAY + 600,
  );

const reached = async (): Promise<number> => {
  const { rows } = await on.database.pool.query<{ far: number }>({
    text: 'SELECT count(*) FILTER (WHERE reached > since)::int AS far FROM backfills',
  });
  return rows[0]?.far ?? 0;
};

describe('backfill', { timeout: 120_000 }, () => {
  test('counts, takes in and finds nothing a second time; objects where events are no longer kept', async () => {
    const dry = await say(`stripe backfill --since ${SINCE} --dry-run`);
    expect([dry.code, dry.err]).toEqual([0, '']);
    expect(dry.out).toMatch(
      /What is missing of workspace "default"[^]* missing, 0 failed[^]*run it again without --dry-run/,
    );
    expect(await stored()).toEqual([]);
    const come = await say(`stripe backfill --since ${SINCE}`);
    expect(come.code).toBe(0);
    expect(come.out).toMatch(/\d+ heard, \d+ known already, \d+ new, 0 failed; [\d.]+ s/);
    expect(come.out).toMatch(/ {2}14 +invoice\n|15 +invoice\n|16 +invoice\n/);
    const keys = new Set(await stored());
    expect(recent().filter(({ id }) => !keys.has(id))).toEqual([]);
    const { rows } = await on.database.pool.query<{ sales: number }>({
      text: `SELECT count(*)::int AS sales FROM conversions WHERE kind = 'sale' AND status <> 'void'`,
    });
    expect(rows[0]?.sales).toBeGreaterThanOrEqual(44);
    const again = await say(`stripe backfill --since ${SINCE}`);
    expect([again.code, again.out]).toEqual([0, expect.stringMatching(/ 0 new, 0 failed[^]*Nothing was missing/)]);
    expect(again.out).not.toContain('goes on');
    expect(fake.heard.every(({ method, key }) => method === 'GET' && key === KEY)).toBe(true);
  });

  test('within thirty days events are enough, unless objects are asked for', async () => {
    const since = dayOf(startAt + 25 * DAY);
    expect((await say(`stripe backfill --since ${since} --dry-run`)).code).toBe(0);
    expect(new Set(fake.heard.map(({ path }) => path))).toEqual(new Set(['/v1/events']));
    expect((await say(`stripe backfill --since ${since} --dry-run --objects`)).code).toBe(0);
    expect(new Set(fake.heard.map(({ path }) => path))).toContain('/v1/credit_notes');
  });

  test.each<[string, NodeJS.Signals, number | null]>([
    ['Ctrl-C', 'SIGINT', 130],
    ['a kill', 'SIGKILL', null],
  ])('goes on where it was after %s; --restart begins anew', async (_, signal, code) => {
    fake.weather.of = () => slow(150);
    const first = begin(`stripe backfill --since ${SINCE}`);
    while ((await reached()) < 3 && first.hasEnded() === null) await wait(20);
    first.kill(signal);
    expect((await first.ended).code).toBe(code);
    if (code !== null) expect(first.stdout()).toContain('The same command goes on from here');
    fake.weather.of = () => null;
    const second = await say(`stripe backfill --since ${SINCE}`);
    expect([second.code, second.out]).toEqual([
      0,
      expect.stringMatching(
        /goes on from where it was[^]*checkout_sessions: done\n[^]*(invoices|charges|refunds): from \d{4}/,
      ),
    ]);
    const keys = new Set(await stored());
    expect(recent().filter(({ id }) => !keys.has(id))).toEqual([]);
    const third = await say(`stripe backfill --since ${SINCE} --restart`);
    expect([third.code, third.out]).toEqual([0, expect.stringContaining('Nothing was missing')]);
  });

  test('shows a bar on a terminal, and lines elsewhere', async ({ skip }) => {
    if (spawnSync('script', ['--version']).status !== 0) return skip('there is no script(1) here');
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const line = `${process.execPath} --import ${import.meta.resolve('tsx')} ${main} stripe backfill --since ${SINCE}`;
    const env = { ...surroundings(environment()), TERM: 'xterm' };
    const terminal = watched(spawn('script', ['-qec', line, '/dev/null'], { env }), 'a terminal');
    expect((await terminal.ended).code).toBe(0);
    expect(terminal.stdout()).toMatch(/events +█+ 100 % \| \d+ \| \d+\/s \| .*left/);
    const piped = await say(`stripe backfill --since ${SINCE}`);
    expect(piped.out).not.toContain('█');
  });

  test('says in words what is wrong, and ends with 1', async () => {
    const wrong: readonly (readonly [string, RegExp, Record<string, string | undefined>?])[] = [
      ['--since yesterday', /--since must be a day such as 2026-10-01[^]*"yesterday"/],
      ['--since 2026-02-30', /--since must be a day/],
      ['--since 2026-02-30T00:00:00Z', /--since must be a day/],
      ['--since 2026-13-01', /--since must be a day/],
      [`--since ${dayOf(startAt + 90 * DAY)}`, /lies in the future/],
      ['--since 1999-01-01', /before there was anything/],
      [
        `--since ${SINCE}`,
        /no API key in workspace "default"[^]*Set STRIPE_API_KEY[^]*key set acct_…/,
        { STRIPE_API_KEY: undefined },
      ],
      [
        `--since ${SINCE} --account acct_9`,
        /no API key for account "acct_9"[^]*STRIPE_API_KEY \(live\)[^]*key set acct_9/,
      ],
      [`--since ${SINCE} --workspace nobody`, /no workspace "nobody"/],
      [`--since ${SINCE} --mode both`, /--mode is live or test/],
    ];
    for (const [line, words, env] of wrong) {
      const { code, out, err } = await say(`stripe backfill ${line}`, env);
      expect([line, code, out]).toEqual([line, 1, '']);
      expect(err).toMatch(words);
      expect(err).not.toMatch(/\n +at /);
    }
    fake.weather.of = ({ path }) => (path === '/v1/charges' ? forbidden : null);
    const lacking = await say(`stripe backfill --since ${SINCE}`);
    expect([lacking.code, lacking.err]).toEqual([1, expect.stringMatching(/may not read Charges and Customers/)]);
    fake.weather.of = () => unauthorized;
    const refused = await say(`stripe backfill --since ${SINCE}`);
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringMatching(/does not accept the live API key in STRIPE_API_KEY/),
    ]);
  });
});

const URL_OF = 'https://commissions.example.com/webhooks/stripe';

describe('setup', { timeout: 120_000 }, () => {
  const writes = () => fake.heard.filter(({ method }) => method !== 'GET');

  test('registers once, updates what is there, and says where the secret goes', async () => {
    const dry = await say(`stripe setup --url ${URL_OF} --dry-run`);
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/nothing is[^]*would be registered for \d+ types/)]);
    expect(writes()).toEqual([]);
    const made = await say(`stripe setup --url ${URL_OF}`);
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toMatch(
      /This writes to Stripe \(live\)[^]*we_1 registered for 42 types[^]*STRIPE_WEBHOOK_SECRET=whsec_fake1\n/,
    );
    const again = await say(`stripe setup --url ${URL_OF}`);
    expect(again.out).toContain('exactly the right events already');
    expect(again.out).not.toContain('whsec_');
    expect(writes().map(({ path }) => path)).toEqual(['/v1/webhook_endpoints']);
    const connect = await say(`stripe setup --url ${URL_OF} --connect`);
    expect(connect.out).toMatch(/we_2 registered for 43 types/);
  });

  test('stores the secret under seal where it can', async () => {
    await createWorkspace(on.database.pool, 'default', 'Default', 'prog_1');
    await registerAccount(on.database.pool, 'default', 'acct_1', { primary: true });
    const made = await say(`stripe setup --url ${URL_OF}`, { TRIBUTARY_SECRET_KEY: 'a'.repeat(64) });
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toMatch(/stored, sealed, for account "acct_1" as whs_/);
    expect(made.out).not.toContain('whsec_');
    expect(await secretsOf(on.database.pool, 'default')).toMatchObject([{ account: 'acct_1' }]);
  });

  test('says what is wrong with a URL, a key and its permission', async () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['http://localhost:8080/webhooks/stripe', /must be the https address[^]*stripe listen/],
      ['commissions.example.com', /must be the https address/],
      ['https://commissions.example.com/stripe', /must end in \/webhooks\/stripe/],
    ];
    for (const [url, words] of wrong) {
      const { code, err } = await say(`stripe setup --url ${url}`);
      expect([url, code, err]).toEqual([url, 1, expect.stringMatching(words)]);
    }
    fake.weather.of = ({ method }) => (method === 'POST' ? forbidden : null);
    const { code, err } = await say(`stripe setup --url ${URL_OF}`);
    expect([code, err]).toEqual([1, expect.stringMatching(/may not read or write Webhook Endpoints/)]);
    expect((await listAlerts(on.database.pool, 'default', { state: null, limit: 1, offset: 0 })).total).toBe(0);
  });
});
