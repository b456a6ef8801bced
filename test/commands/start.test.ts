/** `start` and `verify` as a person or a supervisor runs them. */
import { Agent, request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startBundled } from '../../src/store/bundled.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { signed } from '../../src/simulator/deliver.ts';
import { createStage, terms } from '../support/stage.ts';
import { freePort, tributary, type Child } from './child.ts';

const SECRET = 'whsec_start';

let on: TestDatabase;
let children: Child[] = [];
beforeAll(async () => {
  on = await createDatabase();
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.ended));
  children = [];
});
afterAll(() => on.drop());

function run(args: readonly string[], env: Record<string, string> = {}): Child {
  const child = tributary(args, { DATABASE_URL: on.url, PORT: '0', ...env });
  children.push(child);
  return child;
}

async function urlOf(child: Child): Promise<string> {
  const [, url = ''] = await child.says(/^ +URL +(\S+)$/m);
  await child.says(/is not set|$/);
  return url;
}

async function stopped(child: Child): Promise<void> {
  child.kill('SIGTERM');
  expect(await child.ended, child.stderr()).toEqual({ code: 0, signal: null });
}

describe('start', () => {
  test('prints where it is, a first key once, and what is not configured', { timeout: 120_000 }, async () => {
    const first = run(['start']);
    const url = await urlOf(first);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const [, key = ''] = await first.says(/^ +API key +(sk_live_\w+) +\(shown once; keep it\)$/m);
    await first.says(/! PUBLIC_URL is not set/);
    expect(first.stdout()).toContain(`Webhook     ${url}/webhooks/stripe\n`);
    expect(first.stdout()).toMatch(/! STRIPE_WEBHOOK_SECRET is not set/);
    expect(first.stdout()).not.toMatch(/DATABASE_URL is not set/);
    expect(first.stdout(), 'no password').not.toContain(new URL(on.url).password);
    const answer = await fetch(`${url}/v1/affiliates`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(200);
    await answer.text();
    await stopped(first);

    const second = run(['start'], {
      STRIPE_WEBHOOK_SECRET: SECRET,
      PUBLIC_URL: 'https://commissions.example.com/',
    });
    expect(await urlOf(second)).toBe('https://commissions.example.com');
    expect(second.stdout()).not.toContain('sk_live_');
    expect(second.stdout()).not.toContain('!');
    await stopped(second);
  });

  test('a port that is taken is said in words and ends it', { timeout: 60_000 }, async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const child = run(['start'], { PORT: String(port) });
    expect((await child.ended).code).toBe(1);
    expect(child.stderr()).toBe(
      `Port ${port} on 127.0.0.1 is in use. Set PORT to another one, or stop what listens there.\n`,
    );
    await new Promise((resolve) => other.close(resolve));
  });

  test('lists every problem of the configuration, without a stack', async () => {
    const child = run(['start'], {
      PORT: 'eighty',
      DATABASE_URL: 'mysql://x',
      STRIPE_WEBHOOK_SECRET: 'sk_live_0123456789abcdef',
      LOG_LEVEL: 'loud',
    });
    expect((await child.ended).code).toBe(1);
    const said = child.stderr();
    for (const name of ['PORT is "eighty"', 'DATABASE_URL', 'STRIPE_WEBHOOK_SECRET', 'LOG_LEVEL is "loud"'])
      expect(said).toContain(name);
    expect(said).not.toMatch(/^ +at /m);
    expect(said, 'no secret').not.toContain('0123456789abcdef');
  });

  test(
    'SIGTERM lets requests under way finish, closes idle connections, and exits 0',
    { timeout: 120_000 },
    async () => {
      const child = run(['start'], { STRIPE_WEBHOOK_SECRET: SECRET });
      const url = await urlOf(child);
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      expect(await slowly(url, agent, 0).answered, 'an idle connection stays open').toBe(200);
      const slow = slowly(url, agent, 700);
      await slow.begun;
      const begun = performance.now();
      child.kill('SIGTERM');
      expect(await slow.answered).toBe(200);
      expect(await child.ended).toEqual({ code: 0, signal: null });
      expect(performance.now() - begun, 'does not wait for keep-alive').toBeLessThan(5_000);
      agent.destroy();
    },
  );
});

const account = createAccount({ family: 'basil', seed: 'start', startAt: 1_767_600_000 });

/** Sends a webhook whose second half comes `pauseMs` after the first. */
function slowly(url: string, agent: Agent, pauseMs: number): { begun: Promise<void>; answered: Promise<number> } {
  const [event] = account.during(() => account.customer());
  const body = event?.body ?? '';
  const headers = {
    ...signed(body, SECRET, Math.floor(Date.now() / 1000)),
    'content-length': String(Buffer.byteLength(body)),
  };
  const sent = request(`${url}/webhooks/stripe`, { method: 'POST', agent, headers });
  const answered = new Promise<number>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)));
  });
  const begun = new Promise<void>((resolve) => sent.write(body.slice(0, 20), () => resolve()));
  void begun.then(() => wait(pauseMs)).then(() => sent.end(body.slice(20)));
  return { begun: begun.then(() => wait(100)), answered };
}

describe('start with the bundled database', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = path.join(await mkdtemp(path.join(tmpdir(), `tributary-test-${process.pid}-`)), 'data');
  });
  afterAll(async () => {
    const server = await startBundled({ dataDir, log: () => undefined });
    await server.stop();
    await rm(path.dirname(dataDir), { recursive: true, force: true });
  });

  test('works from nothing, and again after kill -9', { timeout: 120_000 }, async () => {
    const env = { DATABASE_URL: '', TRIBUTARY_DATA: dataDir };
    const first = run(['start'], env);
    const [, key = ''] = await first.says(/API key +(sk_live_\w+)/, 60_000);
    expect(first.stdout()).toContain('bundled PostgreSQL');
    expect(first.stdout()).toMatch(/Migrated +\d{8}T\d{4}-/);
    await first.says(/! DATABASE_URL is not set/);
    first.kill('SIGKILL');
    await first.ended;

    const second = run(['start'], env);
    const url = await urlOf(second);
    expect(second.stdout()).not.toContain('sk_live_');
    const answer = await fetch(`${url}/v1/affiliates`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status, 'the key of before').toBe(200);
    await answer.text();
    await stopped(second);
    expect(second.stderr(), 'the log of a server says what the database does').toMatch(
      /"msg":"[^"]*bundled PostgreSQL/,
    );

    const command = run(['keys', 'list'], env);
    expect([await command.ended, command.stderr()]).toEqual([{ code: 0, signal: null }, '']);
    expect(command.stdout()).toContain('made at the first start');
  });
});

describe('verify', () => {
  test('exits 0 when the ledger is proven, 1 when somebody moved money by hand', { timeout: 120_000 }, async () => {
    const stage = await createStage(on, { workspace: 'proven', startAt: Date.UTC(2026, 1, 1) });
    await stage.affiliate('jane');
    await stage.referral('ref_1', 'jane');
    await stage.incentive('inc_all', terms('30'));
    const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
    const price = account.price({ amount: 9_900 });
    await stage.hearAll(
      account.during(() => account.subscribe({ customer, price, via: 'checkout', clientReferenceId: 'ref_1' })),
    );

    const good = run(['verify', '--workspace', 'proven']);
    expect((await good.ended).code, good.stderr()).toBe(0);
    expect(good.stdout()).toMatch(/^proven: \d+ events .*: equal$/m);

    await stage.ask(
      `INSERT INTO transfers (workspace_id, transfer_id, livemode, commission_id, affiliate_id, debit, credit, amount, currency, reason, at)
       SELECT workspace_id, 'tr_byhand', livemode, commission_id, affiliate_id, 'program', 'payable', 100, currency, 'by hand', now()
       FROM commissions WHERE workspace_id = $1`,
    );
    const bad = run(['verify']);
    expect((await bad.ended).code, bad.stderr()).toBe(1);
    expect(bad.stdout()).toMatch(/^proven: .*: DIFFERENT$/m);
    expect(bad.stdout()).toMatch(/^default: .*: equal$/m);
    expect(bad.stdout()).toMatch(/^ {2}- t \S+ jane usd payable 3070$/m);
    expect(bad.stdout()).toMatch(/^ {2}\+ t \S+ jane usd payable 2970$/m);
    expect(bad.stdout()).toMatch(/^ {2}! jane usd: balance /m);

    const unknown = run(['verify', '--workspace', 'nowhere']);
    expect((await unknown.ended).code).toBe(1);
    expect(unknown.stderr()).toMatch(/There is no workspace "nowhere"/);
  });
});
