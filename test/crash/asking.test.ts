/**
 * The service as it is started, with a Stripe API beside it: events go on being posted while an answer is slow, a process
 * that is killed while it asks loses nothing, and the next one asks again.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { allTranslators } from '../../src/compose.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount } from '../../src/simulator/account.ts';
import { deliver } from '../../src/simulator/deliver.ts';
import { priceObject } from '../../src/simulator/objects.ts';
import { freePort, tributary, type Child } from '../commands/child.ts';
import { createDatabase } from '../support/database.ts';
import { slow, startFakeStripe, type FakeStripe } from '../support/fake-stripe/index.ts';
import type { TestDatabase } from '../support/server.ts';

const SECRET = 'whsec_asking';

let db: TestDatabase;
let fake: FakeStripe | null = null;
let child: Child | null = null;

beforeAll(async () => {
  db = await createDatabase();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await child?.ended;
  await fake?.stop();
});
afterAll(() => db.drop());

const rows = async <Row extends object>(text: string): Promise<Row[]> =>
  (await db.database.pool.query(text)).rows as Row[];

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await holds()); await wait(20))
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}\n${child?.stderr() ?? ''}`);
}

/** A service with a Stripe API beside it, not started yet. */
async function open(seed: string) {
  const account = createAccount({ seed, startAt: Math.floor(Date.now() / 1000) - 600, family: 'basil' });
  const stripe = await startFakeStripe(account);
  fake = stripe;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/webhooks/stripe`;
  const env = {
    PORT: String(port),
    DATABASE_URL: db.url,
    STRIPE_WEBHOOK_SECRET: SECRET,
    STRIPE_API_KEY: 'rk_live_asking',
    STRIPE_API_BASE: stripe.url,
  };
  const start = async (): Promise<Child> => {
    child = tributary(['start', '--no-first-key'], env);
    await child.says(/is running/);
    return child;
  };
  const send = (events: typeof account.events) =>
    deliver({ url, events, secret: SECRET, clockSeconds: () => Math.floor(Date.now() / 1000) });
  return { account, stripe, start, send };
}

test('a process that is killed while it asks loses nothing', { timeout: 90_000 }, async () => {
  const { account, stripe, start, send } = await open('kill');
  const first = await start();
  stripe.weather.of = () => slow(60_000);
  // A guest's checkout: what was bought is asked for, and the answer does not come.
  const bought = account.checkoutPayment({ amount: 5_000, email: 'guest@customer.example' });
  const price = account.price({ amount: 5_000, interval: null, silent: true });
  stripe.sold(bought.session ?? '', [
    { id: 'li_1', object: 'item', amount_total: 5_000, amount_tax: 0, quantity: 1, price: priceObject(price) },
  ]);
  await send(account.events);
  await until('it asks', () => stripe.heard.length > 0);
  // Meanwhile everything else is posted.
  const before = account.events.length;
  account.checkoutPayment({ amount: 7_000, email: 'other@customer.example' });
  await send(account.events.slice(before));
  expect(await rows(`SELECT amount FROM conversions WHERE status <> 'void' ORDER BY amount`)).toMatchObject([
    { amount: 5_000n },
    { amount: 7_000n },
  ]);
  first.kill('SIGKILL');
  await first.ended;
  expect(await rows(`SELECT 1 FROM inbox WHERE event_key LIKE 'answer:%'`)).toEqual([]);

  stripe.weather.of = () => null;
  await start();
  // Two minutes pass for the lease of the dead.
  await db.database.pool.query(`UPDATE questions SET lease_until = now() - interval '1 second'`);
  await until('all is answered', async () => {
    const open = await rows(`SELECT 1 FROM questions WHERE state = 'open' AND kind = 'checkout_session'`);
    return open.length === 0;
  });
  const answers = await rows<{ type: string; state: string }>(
    `SELECT type, state FROM inbox WHERE event_key LIKE 'answer:%'`,
  );
  expect(answers).toEqual([
    { type: 'answer.checkout_session', state: 'done' },
    { type: 'answer.checkout_session', state: 'done' },
  ]);
  expect(new Set(stripe.heard.map(({ method, key }) => `${method} ${key}`))).toEqual(new Set(['GET rk_live_asking']));
  await stripe.stop();
  const proof = await verifyWorkspace(db.database, allTranslators(), 'default');
  expect(proof).toMatchObject({ equal: true, differences: [] });
});

test('a service that is told to stop does not wait for a slow answer', { timeout: 60_000 }, async () => {
  const { account, stripe, start, send } = await open('stop');
  const first = await start();
  stripe.weather.of = () => slow(60_000);
  account.checkoutPayment({ amount: 9_000, email: 'third@customer.example' });
  await send(account.events);
  await until('it asks', () => stripe.heard.length > 0);
  const told = performance.now();
  first.kill('SIGTERM');
  expect(await first.ended).toEqual({ code: 0, signal: null });
  expect(performance.now() - told).toBeLessThan(8_000);
});
