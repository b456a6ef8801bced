/** `stripe listen` of the real CLI in front of the whole application: what it brings counts as if Stripe had sent it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { shuffle } from '../../src/simulator/rng.ts';
import { registerAccount } from '../../src/store/stripe-accounts.ts';
import { freePort, type Child } from '../commands/child.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { openStripeCli, reads, type StripeCli } from '../support/stripe-cli/cli.ts';
import { pretendStripe, type PretendedStripe } from '../support/stripe-cli/stripe.ts';
import { createStage, translators, type Stage } from '../support/stage.ts';
import { furnish, openSite, SECRET, type Site } from '../web/site.ts';

let on: TestDatabase;
let site: Site;
let stripe: PretendedStripe;
let cli: StripeCli;

beforeAll(async () => {
  on = await createDatabase();
  site = await openSite(on);
  await furnish(site.stage);
});
beforeEach(async () => {
  stripe = await pretendStripe({ secret: SECRET, clockSeconds: () => Math.floor(site.stage.clock.now / 1000) });
  cli = await openStripeCli(stripe.base);
});
afterEach(async () => {
  await cli.close();
  await stripe.close();
});
afterAll(async () => {
  await site.close();
  await on.drop();
});

async function listening(to: string, ...more: string[]): Promise<Child> {
  const listen = cli.run('listen', '--skip-update', '--no-wss', '--all-snapshot', '--forward-to', to, ...more);
  await stripe.listening();
  return listen;
}

/** A customer of jane's subscribes, renews, changes the plan, gets money back: every event of it. */
function history(family: 'old' | 'basil'): readonly SimulatedEvent[] {
  const account = createAccount({ family, seed: `listen/${family}`, startAt: 1_767_600_000, livemode: false });
  const customer = account.customer({ email: `${family}@customers.example` });
  const [starter, pro] = [account.price({ amount: 2_000 }), account.price({ amount: 5_000 })];
  const sub = account.subscribe({ customer, price: starter, clientReferenceId: 'ref_1' });
  const renewed = account.renew(sub);
  account.refund(renewed, { amount: 500 });
  account.changePrice(sub, pro, { behavior: 'always_invoice' });
  account.failThenPay(sub, 1);
  account.closeDispute(account.dispute(account.renew(sub)), 'lost');
  account.cancel(sub);
  return account.events;
}

test.each(['old', 'basil'] as const)(
  'a whole subscription (%s) through the CLI stands as if Stripe had posted it',
  { timeout: 60_000 },
  async (family) => {
    const workspaces = [`cli-${family}`, `direct-${family}`] as const;
    const [forwarded, direct] = (await Promise.all(
      workspaces.map(async (workspace) => {
        const stage = await createStage(on, { workspace });
        await furnish(stage);
        return stage;
      }),
    )) as [Stage, Stage];
    const events = history(family);
    for (const event of events) await site.deliver(event.body, `/webhooks/stripe/direct-${family}`);

    await listening(`${site.url}/webhooks/stripe/cli-${family}`);
    // All at once and in no order: the CLI forwards each as soon as it has it.
    for (const event of shuffle(events, family)) stripe.push(event);
    await stripe.answered();

    expect(stripe.acknowledged).toEqual(new Set(events.map(({ id }) => id)));
    expect(stripe.reported.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(stripe.reported.map(({ event }) => event))).toEqual(new Set(events.map(({ id }) => id)));
    for (const stage of [forwarded, direct]) await stage.pass(400);
    const told = await forwarded.tells();
    expect(told).toEqual(await direct.tells());
    // Whatever a dispute takes back comes after these.
    expect(told.slice(0, 4)).toEqual([
      'test sale 20.00 usd complete, base 20.00: jane 6.00 ready_for_payment',
      'test sale 20.00 usd partial_refunded, base 20.00: jane 6.00 - 1.50 ready_for_payment',
      'test refund 5.00 usd succeeded',
      'test sale 15.00 usd complete, base 15.00: jane 4.50 ready_for_payment',
    ]);
    expect(told.filter((line) => line.startsWith('test sale')).length).toBe(5);
    expect(await forwarded.waiting()).toEqual(await direct.waiting());
    expect((await verifyWorkspace(on.database, translators, forwarded.workspace)).differences).toEqual([]);
  },
);

describe('what a person sees', () => {
  const account = createAccount({ family: 'basil', seed: 'seen', startAt: 1_767_600_000, livemode: false });
  const one = (): SimulatedEvent => account.during(() => account.customer())[0] as SimulatedEvent;

  test('the secret for STRIPE_WEBHOOK_SECRET, which `--print-secret` prints alone', async () => {
    const print = cli.run('listen', '--print-secret');
    expect(await print.ended).toMatchObject({ code: 0 });
    expect(print.stdout()).toBe(`${SECRET}\n`);
    expect(stripe.asked).toMatchObject([{ path: '/v1/stripecli/sessions', key: cli.env['STRIPE_API_KEY'] }]);
    const listen = await listening(`${site.url}/webhooks/stripe`);
    const [, secret] = await reads(listen, /Your webhook signing secret is (\w+)/);
    expect(secret).toBe(SECRET);
  });

  test('with the secret of another endpoint, 400; with the right one, 200', async () => {
    const url = `${site.url}/webhooks/stripe`;
    const listen = await listening(url);
    const before = await site.everything();
    stripe.signWith('whsec_of_the_dashboard');
    const event = one();
    stripe.push(event);
    await stripe.answered();
    await reads(listen, new RegExp(`\\[400\\] POST ${url} \\[${event.id}\\]`));
    const refused = JSON.parse(stripe.reported[0]?.body ?? '') as { error: { code: string; hint: string } };
    expect(refused.error.code).toBe('signature_mismatch');
    expect(refused.error.hint).toContain('stripe listen');
    expect(await site.everything()).toBe(before);

    stripe.signWith(SECRET);
    stripe.push(event);
    await reads(listen, new RegExp(`\\[200\\] POST ${url} \\[${event.id}\\]`));
  });

  test('with nobody at the address, that the connection was refused', async () => {
    const listen = await listening(`http://127.0.0.1:${await freePort()}/webhooks/stripe`);
    stripe.push(one());
    await reads(listen, /\[ERROR\] Failed to POST: .*connection refused/);
  });

  test('without a word on which events, that one is needed', async () => {
    const listen = cli.run('listen', '--skip-update', '--forward-to', `${site.url}/webhooks/stripe`);
    expect((await listen.ended).code).toBe(1);
    expect(listen.stderr()).toMatch(/--all-snapshot/);
  });
});

test('an event of a connected account reaches us, at the same address or where `--forward-connect-to` says', async () => {
  const connected = await createStage(on, { workspace: 'connected' });
  await registerAccount(on.database.pool, 'connected', 'acct_1');
  const account = createAccount({
    family: 'basil',
    seed: 'connected',
    startAt: 1_767_600_000,
    livemode: false,
    account: 'acct_1',
  });
  const main = `${site.url}/webhooks/stripe`;
  const connect = `${main}?connect`;
  for (const [flags, to] of [
    [[], main],
    [['--forward-connect-to', connect], connect],
  ] as const) {
    const listen = await listening(main, ...flags);
    stripe.push(account.during(() => account.customer())[0] as SimulatedEvent);
    await stripe.answered();
    expect(stripe.reported.at(-1)).toMatchObject({ to, status: 200 });
    listen.kill('SIGTERM');
    await listen.ended;
    await stripe.leaving();
  }
  expect((await connected.inbox()).map(({ type }) => type)).toEqual(['customer.created', 'customer.created']);
});
