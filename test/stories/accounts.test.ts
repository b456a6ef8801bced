/** cases.md 5, 14, 16, 22 where a workspace has several Stripe accounts: whose an event is, and that it counts once. */
import { expect, test } from 'vitest';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { receive } from '../../src/pipeline/receive.ts';
import { providers } from '../../src/providers/index.ts';
import { createAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { homeOfAccount, listAccounts, registerAccount } from '../../src/store/stripe-accounts.ts';
import { apiKeysOf, markKeyRefused, putApiKey } from '../../src/store/stripe-keys.ts';
import { refundRequest, saleRequest } from '../support/requests.ts';
import { translators, type Stage } from '../support/stage.ts';
import { enveloped, janeEarnsThirty, MONDAY, referred, theatre, type Family } from './theatre.ts';

const { scene, raise, database } = theatre();

let named = 0;
const newName = (): string => `acct_${(named += 1)}`;

type Signer = { readonly account: string; readonly scope: string };

/** Hears an event as its own endpoint does, signed with a stored secret of this account. */
async function hearSigned(stage: Stage, { body }: Pick<SimulatedEvent, 'body'>, signer: Signer) {
  const stripe = providers.get('stripe');
  if (!stripe) throw new Error('there is no Stripe');
  const payload = JSON.parse(body) as {
    id: string;
    type: string;
    created: number;
    livemode: boolean;
    account?: string;
  };
  const { id, type, livemode, account = null } = payload;
  return receive(stage.work, stage.workspace, stripe, {
    id,
    type,
    livemode,
    account,
    signer,
    body,
    payload,
    at: payload.created * 1000,
  });
}

/** A subscription of 100.00 of a customer whom jane brought, and 40.00 of it refunded. */
function history(family: Family, more: { livemode?: boolean } = {}): readonly SimulatedEvent[] {
  const account = createAccount({ family, seed: 7, startAt: MONDAY, ...more });
  const sub = account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
  account.advance({ days: 1 });
  account.refund(sub.firstPayment, { amount: 4_000 });
  return account.events;
}

const ONCE = [
  'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
  'refund 40.00 usd succeeded',
];

/** A workspace whose first account is its primary one, and whose second has a scope of its own. */
async function twoAccounts(): Promise<{ stage: Stage; first: string; second: string }> {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const [first, second] = [newName(), newName()];
  const { pool } = database().database;
  expect(await registerAccount(pool, stage.workspace, first)).toMatchObject({ is: 'new', account: { scope: '' } });
  expect(await registerAccount(pool, stage.workspace, second)).toMatchObject({ is: 'new', account: { scope: second } });
  return { stage, first, second };
}

const openAlerts = async (stage: Stage) =>
  (await listAlerts(database().database.pool, stage.workspace, { state: 'open', limit: 50, offset: 0 })).rows;

scene(22, 'two accounts of one workspace with the same ids everywhere count separately', async (family) => {
  const { stage, second } = await twoAccounts();
  const events = history(family);
  for (const event of events) {
    await stage.hear(event);
    await hearSigned(stage, event, { account: second, scope: second });
  }
  await stage.drain();
  expect(await stage.tells()).toEqual([ONCE[0], ONCE[0], ONCE[1], ONCE[1], 'jane usd: payable 36.00']);
  expect(await stage.inbox()).toHaveLength(events.length * 2);
  // What the world sees are Stripe's own ids, twice.
  const rows = await stage.ask<{ source: string; external_event_id: string; money_key: string }>(
    `SELECT source, external_event_id, money_key FROM conversions WHERE workspace_id = $1 AND kind = 'sale' ORDER BY money_key`,
  );
  expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['stripe']));
  expect(rows[0]?.external_event_id).toBe(rows[1]?.external_event_id);
  expect(rows.map(({ money_key: key }) => key.split(':')[0])).toEqual(['stripe', `stripe@${second}`]);
});

scene(22, 'in any order and as a backlog they count the same', async (family) => {
  const { stage, first, second } = await twoAccounts();
  const events = history(family).toReversed();
  for (const event of events) await hearSigned(stage, event, { account: second, scope: second });
  for (const event of events) await stage.store(enveloped(event, { account: first }));
  await stage.drain();
  expect(await stage.tells()).toEqual([ONCE[0], ONCE[0], ONCE[1], ONCE[1], 'jane usd: payable 36.00']);
});

scene(5, 'an account heard through its own endpoint and through a Connect endpoint is one sale', async (family) => {
  const { stage, second } = await twoAccounts();
  for (const event of history(family)) {
    await hearSigned(stage, event, { account: second, scope: second });
    await stage.hear(enveloped(event, { id: `${event.id}c`, account: second }));
    expect(await stage.hear(enveloped(event, { account: second }))).toMatchObject({ outcome: 'duplicate' });
  }
  expect(await stage.tells()).toEqual([...ONCE, 'jane usd: payable 18.00']);
});

scene(5, "the platform's endpoint and the account's own are one sale, whichever secret signed", async (family) => {
  const platform = await raise({ workspace: 'default' });
  const before = await platform.tells();
  const { stage, first, second } = await twoAccounts();
  for (const event of history(family)) {
    // Signed by a secret of the platform's own account: the account that is named counts, not the signer.
    const connect = enveloped(event, { id: `${event.id}c`, account: second });
    await hearSigned(platform, connect, { account: 'acct_platform', scope: 'acct_platform' });
    await hearSigned(stage, event, { account: second, scope: second });
    await platform.hear(enveloped(event, { id: `${event.id}d`, account: first }));
  }
  expect(await stage.tells()).toEqual([ONCE[0], ONCE[0], ONCE[1], ONCE[1], 'jane usd: payable 36.00']);
  expect(await platform.tells()).toEqual(before);
});

scene(14, 'test events of a further account stay in the test world', async (family) => {
  const { stage, second } = await twoAccounts();
  for (const event of history(family, { livemode: false }))
    await hearSigned(stage, event, { account: second, scope: second });
  expect(await stage.tells()).toEqual([...ONCE.map((line) => `test ${line}`), 'jane test usd: payable 18.00']);
});

scene(16, 'an unknown account is an alert when it repeats, and no more once it is registered', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const stranger = newName();
  const desk = createDesk(stage.work, translators);
  const caller = { workspace: stage.workspace, livemode: true, keyId: 'key_1', scopes: ['*'] };
  const events = history(family).map((event) => enveloped(event, { account: stranger }));
  const [one, two, three] = events as [SimulatedEvent, SimulatedEvent, SimulatedEvent];
  await stage.hear(one);
  expect(await stage.hear(one)).toMatchObject({ outcome: 'duplicate' });
  expect(await openAlerts(stage)).toEqual([]);
  await stage.hear(two);
  await stage.hear(three);
  expect(await openAlerts(stage)).toMatchObject([{ kind: 'unroutable_account', subject: stranger, times: 2 }]);
  expect((await openAlerts(stage))[0]?.message).toContain(`tributary stripe accounts add ${stranger}`);
  // An event of our own with the same id is not a duplicate of the stranger's.
  expect((await stage.hear(history(family)[0] as SimulatedEvent)).outcome).not.toBe('duplicate');
  const made = await desk.addAccount(caller, { id: stranger, name: null, primary: false, routed: true });
  expect(made).toMatchObject({ created: true, account: { scope: stranger } });
  expect(await openAlerts(stage)).toEqual([]);
  for (const event of events) {
    await stage.hear(event);
    await desk.replay(caller, `stripe:${stranger}/${event.id}`);
  }
  await stage.drain();
  expect(await stage.tells()).toEqual([...ONCE, 'jane usd: payable 18.00']);
  expect(await stage.waiting()).toEqual([]);
});

scene(
  16,
  'an account that is registered as the primary one brings its kept events home under bare keys',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const late = newName();
    const desk = createDesk(stage.work, translators);
    const caller = { workspace: stage.workspace, livemode: true, keyId: 'key_1', scopes: ['*'] };
    const events = history(family);
    for (const event of events) await stage.hear(enveloped(event, { account: late }));
    await desk.addAccount(caller, { id: late, name: null, primary: true, routed: true });
    for (const event of events) await desk.replay(caller, `stripe:${late}/${event.id}`);
    await stage.drain();
    expect(await stage.tells()).toEqual([...ONCE, 'jane usd: payable 18.00']);
    // The same events from the account's own endpoint were heard already.
    for (const event of events) expect((await stage.hear(event)).outcome).toBe('duplicate');
  },
);

scene(16, 'an account that takes its connection back is marked, its key unused, and can come again', async (family) => {
  const { stage, second } = await twoAccounts();
  const { pool } = database().database;
  const { seal } = stage.work.vault;
  const at = (stage.clock.now = MONDAY * 1000);
  await pool.query('UPDATE stripe_accounts SET connected_at = $2 WHERE workspace_id = $1', [
    stage.workspace,
    new Date(at),
  ]);
  await putApiKey(pool, seal, stage.workspace, { account: second, livemode: true, key: 'rk_live_of_second', at });
  await markKeyRefused(pool, stage.workspace, second, true, 'expired', at);
  expect(await apiKeysOf(pool, seal, [stage.workspace])).toMatchObject([
    {
      account: second,
      scope: second,
      livemode: true,
      key: 'rk_live_of_second',
      refusedAt: at,
      refusedReason: 'expired',
    },
  ]);
  const goodbye = (created: number, more: object = {}): SimulatedEvent => {
    const account = createAccount({ family, seed: 7, startAt: created });
    const event = account.emit('account.application.deauthorized', { id: 'ca_1', object: 'application' });
    return enveloped(event, { account: second, ...more });
  };
  // A word from the test world does not end what has a live key.
  await stage.hear(goodbye(MONDAY, { id: 'evt_test', livemode: false }));
  expect(await openAlerts(stage)).toEqual([]);
  const event = goodbye(MONDAY);
  expect(await stage.hear(event)).toMatchObject({ outcome: 'ignored' });
  expect(await openAlerts(stage)).toMatchObject([{ kind: 'account_disconnected', subject: second, times: 1 }]);
  expect(await apiKeysOf(pool, seal, [stage.workspace])).toEqual([]);
  const state = async () => (await listAccounts(pool, stage.workspace)).find(({ id }) => id === second);
  expect(await state()).toMatchObject({ disconnectedAt: at });
  // What was on its way still counts, and told again it is no news.
  for (const told of history(family)) await hearSigned(stage, told, { account: second, scope: second });
  expect(await stage.tells()).toEqual([...ONCE, 'jane usd: payable 18.00']);
  await stage.hear(event);
  expect(await openAlerts(stage)).toMatchObject([{ times: 1 }]);
  stage.clock.now += 60_000;
  const desk = createDesk(stage.work, translators);
  const caller = { workspace: stage.workspace, livemode: true, keyId: 'key_1', scopes: ['*'] };
  expect(await desk.addAccount(caller, { id: second, name: null, primary: false, routed: true })).toMatchObject({
    created: false,
  });
  expect(await openAlerts(stage)).toEqual([]);
  // The old goodbye, delivered once more, does not end the new connection.
  await stage.hear(event);
  expect(await state()).toMatchObject({ disconnectedAt: null, connectedAt: stage.clock.now });
  expect(await apiKeysOf(pool, seal, [stage.workspace])).toHaveLength(1);
});

scene(
  20,
  'a sale named by API is the payment of a further account, and its refund is the same refund',
  async (family) => {
    const { stage, second } = await twoAccounts();
    const desk = createDesk(stage.work, translators);
    const caller = { workspace: stage.workspace, livemode: true, keyId: 'key_1', scopes: ['*'] };
    const sale = (id: string) => saleRequest(id, { referralId: 'ref_1', body: '{}' });
    const events = history(family);
    const invoice = idOf(events, 'invoice.paid');
    // Before its event has come, the account has to be named with it.
    await desk.sell(caller, sale(`${second}/${invoice}`));
    for (const event of events) await hearSigned(stage, event, { account: second, scope: second });
    const told = [...ONCE, 'jane usd: payable 18.00'];
    expect(await stage.tells()).toEqual(told);
    expect(await desk.sell(caller, sale(invoice))).toMatchObject({ replayed: true });
    const paid = events.find(({ type }) => type === 'invoice.paid') as SimulatedEvent;
    const again = await desk.sell(caller, sale(paid.id));
    expect(again).toMatchObject({ replayed: true });
    const conversion = 'conversion' in again ? again.conversion : null;
    expect(conversion?.keys).toContain(`stripe@${second}:invoice:${invoice}`);
    const externalEventId = idOf(events, 'charge.refunded', 're_');
    const request = refundRequest(conversion?.id ?? '', { amount: 4_000n, externalEventId });
    const refunded = await desk.refund(caller, request);
    expect(refunded).toMatchObject({ replayed: true });
    expect(await stage.tells()).toEqual(told);
    for (const id of [invoice, paid.id, `stripe@${second}:invoice:${invoice}`]) {
      const trace = await desk.trace(caller, id);
      expect('conversions' in trace && trace.conversions[0]?.id).toBe(conversion?.id);
    }
    const found = await desk.conversions(caller, { externalEventId: paid.id, kind: null, limit: 10, offset: 0 });
    expect(found.rows.map(({ id }) => id)).toContain(conversion?.id);
  },
);

/** The id of the object of the first event of a type, or of the refund that the account's events speak of. */
function idOf(events: readonly SimulatedEvent[], type: string, prefix = ''): string {
  const told = prefix === '' ? events.filter((event) => event.type === type) : events;
  for (const { body } of told) {
    const { id } = (JSON.parse(body) as { data: { object: { id: string } } }).data.object;
    if (id.startsWith(prefix)) return id;
  }
  throw new Error(`no event speaks of ${type}`);
}

test('who registered an account first receives what the platform hears of it', async () => {
  const { pool } = database().database;
  const [owner, taker] = [await raise(), await raise()];
  const name = newName();
  await registerAccount(pool, owner.workspace, name, { at: 2_000 });
  await registerAccount(pool, taker.workspace, name, { at: 3_000 });
  const home = (endpoint: string) => homeOfAccount(pool, 'stripe', name, endpoint);
  expect(await home('default')).toEqual({ workspace: owner.workspace, scope: '' });
  expect(await home(taker.workspace)).toEqual({ workspace: taker.workspace, scope: '' });
  expect(await homeOfAccount(pool, 'other', name, 'default')).toBeNull();
});

test('the scope of an account never changes, whoever asks', async () => {
  const { stage, second } = await twoAccounts();
  const { pool } = database().database;
  await expect(
    pool.query("UPDATE stripe_accounts SET scope = '' WHERE workspace_id = $1 AND account_id = $2", [
      stage.workspace,
      second,
    ]),
  ).rejects.toThrow('never changes');
});

test('two first accounts at the same instant: one of them is the primary one', async () => {
  const stage = await raise();
  const { pool } = database().database;
  const names = Array.from({ length: 8 }, newName);
  await Promise.all(names.map((name) => registerAccount(pool, stage.workspace, name)));
  const accounts = await listAccounts(pool, stage.workspace);
  expect(accounts.map(({ id }) => id).toSorted()).toEqual(names.toSorted());
  expect(accounts.filter(({ scope }) => scope === '')).toHaveLength(1);
});
