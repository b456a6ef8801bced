/** cases.md 6.1: delivery and identity. */
import { expect } from 'vitest';
import { processNext } from '../../src/pipeline/process.ts';
import { createAccount, type SimulatedAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { dig } from '../../src/simulator/json.ts';
import { openDatabase } from '../../src/store/database.ts';
import { claim, LEASE_SECONDS, replay } from '../../src/store/inbox.ts';
import { registerAccount } from '../../src/store/stripe-accounts.ts';
import { createStage, terms, translators, type Stage } from '../support/stage.ts';
import { enveloped, janeBroughtOne, janeEarnsThirty, MONDAY, referred, theatre, type Family } from './theatre.ts';

const { story, scene, raise, database } = theatre();

/** One subscription by checkout of 100.00, of someone jane brought: one sale, whoever tells it. */
const ONE_SALE = ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];

function oneSale(family: Family, more: Partial<Parameters<typeof createAccount>[0]> = {}): SimulatedAccount {
  const account = createAccount({ family, seed: 7, startAt: MONDAY, ...more });
  account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
  return account;
}

const ofType = (events: readonly SimulatedEvent[], ...types: string[]): SimulatedEvent[] =>
  events.filter(({ type }) => types.includes(type));

/** The events that speak of money, whichever of them there are in a family. */
const MONEY = [
  'charge.succeeded',
  'payment_intent.succeeded',
  'invoice.paid',
  'invoice.payment_succeeded',
  'checkout.session.completed',
  'invoice_payment.paid',
];

scene(1, 'an event delivered twice makes one conversion, and the second time is known', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const { events } = oneSale(family);
  for (const event of events) {
    expect((await stage.hear(event)).outcome).not.toBe('duplicate');
    // Stripe counts down in the body, so two deliveries of one event are not the same bytes.
    expect(await stage.hear(enveloped(event, { pending_webhooks: 0 }))).toEqual({
      outcome: 'duplicate',
      reason: null,
    });
  }
  await stage.hearAll(events);
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
  expect(await stage.inbox()).toHaveLength(events.length);
});

/** A second process on the same workspace: its own connections, its own cache of rules. */
async function another(stage: Stage): Promise<{ stage: Stage; close(): Promise<void> }> {
  const own = await openDatabase({ url: database().url });
  return {
    stage: await createStage({ ...database(), database: own }, { workspace: stage.workspace }),
    close: () => own.close(),
  };
}

scene(2, 'twenty copies of an event at the same instant make one conversion', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const other = await another(stage);
  for (const event of oneSale(family).events) {
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, copy) => (copy % 2 ? stage : other.stage).hear(event)),
    );
    expect(receipts.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(19);
  }
  await other.close();
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
});

scene(2, 'all events of a sale at the same instant, five times each, make one conversion', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const other = await another(stage);
  const { events } = oneSale(family);
  const copies = Array.from({ length: 5 }, () => events).flat();
  await Promise.all(copies.map((event, index) => (index % 2 ? stage : other.stage).hear(event)));
  await other.close();
  await stage.drain();
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
});

scene(2, 'two workers that take the same events at the same instant make one conversion', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const other = await another(stage);
  const { events } = oneSale(family);
  for (const event of events) await stage.store(event);
  const workers = [stage.work, other.stage.work, stage.work, other.stage.work];
  for (let taken = 1; taken > 0;) {
    const counts = await Promise.all(workers.map((work) => processNext(work, translators, 3)));
    taken = Math.max(...counts);
  }
  await other.close();
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
});

story(3, 'a subscription told by checkout, invoice, charge and payment intent is one sale named by its invoice', {
  play: (account) =>
    account.subscribe({
      customer: account.customer(),
      price: account.price({ amount: 10_000 }),
      clientReferenceId: 'ref_1',
    }),
  days: 1,
  stands: ONE_SALE,
  ledger: ['program -> payable 30.00 earned'],
  async also({ stage }, sub) {
    expect((await stage.sales()).map((sale) => sale.money_key)).toEqual([
      `stripe:invoice:${sub.firstPayment.invoice?.id}`,
    ]);
  },
});

story(3, 'a one-time checkout with an invoice, told by all of them, is one sale named by its invoice', {
  play: (account) =>
    account.checkoutPayment({
      customer: account.customer(),
      amount: 10_000,
      invoiceCreation: true,
      clientReferenceId: 'ref_1',
    }),
  days: 1,
  stands: ONE_SALE,
  async also({ stage }, payment) {
    expect((await stage.sales()).map((sale) => sale.money_key)).toEqual([`stripe:invoice:${payment.invoice?.id}`]);
  },
});

scene(3, 'whichever event comes first, the later ones only add to its sale', async (family) => {
  const { events } = oneSale(family);
  for (const type of MONEY) {
    const [first] = ofType(events, type);
    if (!first) continue;
    const stage = await raise();
    await janeEarnsThirty(stage);
    await stage.hear(first);
    await stage.hearAll(events);
    const found = { type, stands: await stage.tells(), waits: await stage.waiting() };
    expect(found).toEqual({ type, stands: ONE_SALE, waits: [] });
  }
});

for (const missing of [[], ['invoice.paid'], ['invoice.payment_succeeded']]) {
  story(
    4,
    `one sale from invoice.paid and invoice.payment_succeeded${missing.length > 0 ? ` without ${missing.join()}` : ''}`,
    {
      play: (account) =>
        account.subscribe({
          customer: referred(account),
          price: account.price({ amount: 10_000 }),
        }),
      heard: (events) => events.filter(({ type }) => !missing.includes(type)),
      stands: ONE_SALE,
      async also({ stage, account }) {
        const told = ofType(
          account.events,
          missing.includes('invoice.paid') ? 'invoice.payment_succeeded' : 'invoice.paid',
        );
        expect((await stage.sales()).map((sale) => sale.external_event_id)).toEqual(told.map(({ id }) => id));
      },
    },
  );
}

story(5, 'the same event through two endpoints, rendered in two versions, is one sale', {
  play: (account) => account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) }),
  heard: (events) =>
    events.flatMap((event) => [event, enveloped(event, { api_version: '2020-08-27', pending_webhooks: 2 })]),
  rules: janeEarnsThirty,
  stands: ONE_SALE,
  ledger: ['program -> payable 30.00 earned'],
});

story(5, 'the same money told by a Connect endpoint under other event ids is one sale', {
  async rules(stage) {
    await janeEarnsThirty(stage);
    // An account belongs to one workspace, and every order has a workspace of its own.
    await stage.ask('DELETE FROM stripe_accounts WHERE workspace_id <> $1');
    await registerAccount(database().database.pool, stage.workspace, 'acct_direct');
  },
  play(account) {
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
    });
    account.advance({ days: 1 });
    account.refund(sub.firstPayment, { amount: 5_000 });
  },
  heard: (events) =>
    events.flatMap((event) => [event, enveloped(event, { id: `${event.id}c`, account: 'acct_direct' })]),
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 15.00',
  ],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 15.00 reversed'],
});

scene(
  6,
  'a worker that dies after taking the events leaves them to the next, when its lease is over',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    for (const event of oneSale(family).events) await stage.store(event);
    const taken = await claim(database().database.pool, stage.clock.now, 500);
    expect(taken?.events.length).toBeGreaterThan(5);
    // It died here. Until its lease is over nobody can know, and nothing is done twice or half.
    await stage.drain();
    expect(await stage.tells()).toEqual([]);
    stage.clock.now += LEASE_SECONDS * 1000 - 1;
    expect(await processNext(stage.work, translators)).toBe(0);
    stage.clock.now += 1;
    await stage.drain();
    expect(await stage.tells()).toEqual(ONE_SALE);
    expect(await stage.waiting()).toEqual([]);
  },
);

const TABLES = [
  'conversions',
  'commissions',
  'transfers',
  'balances',
  'payments',
  'payment_keys',
  'customers',
  'prices',
] as const;

/** Rows of the workspace in each table that holds an effect. */
async function effects(stage: Stage): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of TABLES) {
    const [row] = await stage.ask<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table} WHERE workspace_id = $1`,
    );
    counts[table] = row?.count ?? 0;
  }
  return counts;
}

/** While it lasts, the database refuses the last rows of every post: what came before in the statement must go, too. */
async function withBrokenLedger(stage: Stage, act: () => Promise<void>): Promise<void> {
  const { pool } = database().database;
  await pool.query(
    `CREATE FUNCTION break_ledger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$`,
  );
  await pool.query(
    `CREATE TRIGGER break_ledger BEFORE INSERT ON transfers FOR EACH ROW WHEN (NEW.workspace_id = '${stage.workspace}') EXECUTE FUNCTION break_ledger()`,
  );
  await act();
  await pool.query('DROP FUNCTION break_ledger CASCADE');
}

scene(
  6,
  'a post that fails leaves nothing of itself, and the event is tried again until it is done',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const { events } = oneSale(family);
    const paid = ofType(events, 'invoice.paid');
    await stage.hearAll(
      events.filter((event) => !ofType(events, 'invoice.paid', 'invoice.payment_succeeded').includes(event)),
    );
    const before = await effects(stage);
    expect(before).toMatchObject({ conversions: 0, commissions: 0, transfers: 0, balances: 0 });
    await withBrokenLedger(stage, async () => {
      for (const event of paid)
        expect(await stage.hear(event)).toEqual({ outcome: 'pending', reason: 'the disk is full' });
      expect(await effects(stage)).toEqual(before);
      expect(await processNext(stage.work, translators)).toBe(1);
      expect(await effects(stage)).toEqual(before);
      expect(await stage.waiting()).toContain('invoice.paid: pending the disk is full');
    });
    stage.clock.now += 1_000;
    await stage.drain();
    expect(await stage.tells()).toEqual(ONE_SALE);
    expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
    expect(await stage.waiting()).toEqual([]);
  },
);

scene(6, 'a poisonous event never blocks the others, fails in the open and can be replayed', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const { events } = oneSale(family);
  const [paid] = ofType(events, 'invoice.paid');
  if (!paid) throw new Error('the story has no invoice');
  const poisonous = enveloped(paid, {
    id: 'evt_poisonous',
    data: { object: { object: 'invoice', id: 'in_broken' } },
  });
  await stage.store(poisonous);
  for (const event of events) await stage.store(event);
  await stage.drain();
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(await stage.waiting()).toEqual([
    expect.stringMatching(/^invoice\.paid: pending invoice\.paid: data\.object\./),
  ]);
  for (let hours = 0; hours < 3; hours += 1) await stage.pass(1 / 24);
  for (let tries = 0; tries < 8; tries += 1) await stage.pass(1 / 24);
  expect(await stage.waiting()).toEqual([
    expect.stringMatching(/^invoice\.paid: failed invoice\.paid: data\.object\./),
  ]);
  // Mended (as an update of ours would), it is taken again and says what the real one said.
  await stage.ask('UPDATE payloads SET body = $2 WHERE workspace_id = $1 AND event_key = $3', [
    paid.body,
    'evt_poisonous',
  ]);
  expect(await replay(database().database.pool, stage.workspace, 'stripe', 'evt_poisonous', stage.clock.now)).toBe(
    true,
  );
  await stage.drain();
  expect(await stage.tells()).toEqual(ONE_SALE);
});

scene(
  7,
  'what may be resolved later is accepted, parked with its reason, and decided when the missing piece comes',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    const sub = account.subscribe({
      customer: account.customer(),
      price: account.price({ amount: 10_000 }),
      clientReferenceId: 'ref_1',
    });
    account.refund(sub.firstPayment, { amount: 1_000 });
    const { events } = account;
    const [refund] = ofType(events, 'refund.created');
    const [session] = ofType(events, 'checkout.session.completed');
    if (!refund || !session) throw new Error('the story lacks an event');
    expect(await stage.hear(refund)).toEqual({ outcome: 'parked', reason: 'refund_before_sale' });
    await stage.hearAll(events.filter(({ type }) => type !== 'checkout.session.completed'));
    // Nobody is credited yet; the sale is there all the same.
    expect(await stage.tells()).toEqual([
      'sale 100.00 usd partial_refunded, base 100.00 (unattributed)',
      'refund 10.00 usd succeeded',
    ]);
    expect(await stage.waiting()).toEqual([]);
    await stage.hear(session);
    expect(await stage.tells()).toEqual([
      'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 3.00 ready_for_payment',
      'refund 10.00 usd succeeded',
      'jane usd: payable 27.00',
    ]);
  },
);

story(7, 'an intent that may belong to an invoice waits, and is a sale of its own when none has come', {
  families: ['basil'],
  play: (account) => account.paymentIntent({ amount: 10_000, customer: referred(account) }),
  days: 1,
  stands: ONE_SALE,
  async also({ stage }, payment) {
    expect((await stage.sales()).map((sale) => sale.money_key)).toEqual([`stripe:pi:${payment.paymentIntent}`]);
  },
});

scene(7, 'an intent of the basil family is parked until then', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  account.paymentIntent({ amount: 10_000, customer: referred(account) });
  const receipts = [];
  for (const event of ofType(account.events, 'charge.succeeded', 'payment_intent.succeeded'))
    receipts.push(await stage.hear(event));
  // An old shape says itself that it has no invoice.
  const said =
    family === 'old' ? { outcome: 'posted', reason: null } : { outcome: 'parked', reason: 'may_belong_to_invoice' };
  expect(receipts).toEqual([said, said]);
  stage.clock.now += 10 * 60_000 - 1;
  await stage.drain();
  expect((await stage.sales()).length).toBe(family === 'old' ? 1 : 0);
  stage.clock.now += 1;
  await stage.drain();
  expect((await stage.sales()).length).toBe(1);
  expect(await stage.waiting()).toEqual([]);
});

scene(8, 'a refund that comes before its sale waits, and the sale is made already reduced', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  const sub = account.subscribe({
    customer: referred(account),
    price: account.price({ amount: 10_000 }),
  });
  const sold = account.events.length;
  account.advance({ days: 1 });
  account.refund(sub.firstPayment, { amount: 4_000 });
  const refunds = account.events.slice(sold);
  for (const event of ofType(refunds, 'refund.created', 'refund.updated', 'charge.refund.updated'))
    expect(await stage.hear(event)).toEqual({ outcome: 'parked', reason: 'refund_before_sale' });
  expect(await stage.tells()).toEqual([]);
  // Everything about the sale but the invoice itself: on basil the invoice payment ties the refund to it.
  await stage.hearAll(
    account.events.slice(0, sold).filter(({ type }) => type !== 'invoice.paid' && type !== 'invoice.payment_succeeded'),
  );
  await stage.drain();
  expect(await stage.tells()).toEqual([]);
  expect((await stage.waiting()).filter((line) => line.includes('refund'))).toHaveLength(3);
  await stage.hearAll(account.events);
  expect(await stage.tells()).toEqual([
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ]);
  expect(await stage.ledger()).toEqual(['program -> payable 18.00 earned_reduced']);
  expect(await stage.waiting()).toEqual([]);
});

scene(
  9,
  'of two counters of one charge that arrive swapped the higher one holds, and the older changes nothing',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
    });
    for (const amount of [3_000, 3_000]) {
      account.advance({ hours: 1 });
      account.refund(sub.firstPayment, { amount });
    }
    const [first, second] = ofType(account.events, 'charge.refunded');
    if (!first || !second) throw new Error('the story lacks its refunds');
    await stage.hearAll(account.events.filter(({ type }) => !type.includes('refund')));
    const both = [
      'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 18.00 ready_for_payment',
      'refund 60.00 usd succeeded',
      'jane usd: payable 12.00',
    ];
    await stage.hear(second);
    expect(await stage.tells()).toEqual(both);
    await stage.hear(first);
    expect(await stage.tells()).toEqual(both);
    expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned', 'payable -> program 18.00 reversed']);
  },
);

const REFUND_EVENTS = ['charge.refunded', 'refund.created', 'refund.updated', 'charge.refund.updated'];
const TOLD_BY = [REFUND_EVENTS, ...REFUND_EVENTS.map((type) => [type])];

for (const heard of TOLD_BY) {
  story(10, `one refund told by ${heard.join(', ')} is one reversal`, {
    play(account) {
      const sub = account.subscribe({
        customer: referred(account),
        price: account.price({ amount: 10_000 }),
      });
      account.advance({ days: 1 });
      return account.refund(sub.firstPayment, { amount: 4_000 });
    },
    heard: (events) => events.filter(({ type }) => !REFUND_EVENTS.includes(type) || heard.includes(type)),
    stands: [
      'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
      'refund 40.00 usd succeeded',
      'jane usd: payable 18.00',
    ],
    ledger: ['program -> payable 30.00 earned', 'payable -> program 12.00 reversed'],
    async also({ stage }, { id, payment }) {
      const key =
        heard.length === 1 && heard[0] === 'charge.refunded' ? `stripe:ch:${payment.charge}:refunded` : `stripe:${id}`;
      expect((await stage.refunds()).map((refund) => refund.money_key)).toEqual([key]);
    },
  });
}

scene(11, 'events that come weeks later, or again, count when the money moved, not when they came', async (family) => {
  const stage = await raise();
  await janeBroughtOne(stage);
  const until = (MONDAY + 86_400) * 1000;
  await stage.incentive('inc_january', terms('30', { effectiveUntil: until }));
  await stage.incentive('inc_after', terms('10', { effectiveFrom: until }));
  const account = oneSale(family);
  await stage.pass(60);
  await stage.hearAll(account.events);
  await stage.drain();
  expect(await stage.tells()).toEqual(ONE_SALE);
  const [sale] = await stage.sales();
  const paidAt = dig(ofType(account.events, 'invoice.paid')[0]?.object.data.object, 'status_transitions.paid_at');
  expect(sale?.occurred_at.getTime()).toBe(Number(paidAt) * 1000);
  await stage.pass(30);
  for (const event of account.events) expect((await stage.hear(event)).outcome).toBe('duplicate');
  for (const { id } of account.events)
    await replay(database().database.pool, stage.workspace, 'stripe', id, stage.clock.now);
  await stage.drain();
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
});

story(11, 'an event that Stripe made weeks after the money moved counts when it moved', {
  async rules(stage) {
    await janeBroughtOne(stage);
    const until = (MONDAY + 86_400) * 1000;
    await stage.incentive('inc_january', terms('30', { effectiveUntil: until }));
    await stage.incentive('inc_after', terms('10', { effectiveFrom: until }));
  },
  play(account) {
    account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    account.checkoutPayment({ amount: 5_000, clientReferenceId: 'ref_1' });
  },
  heard: (events) => events.map((event) => enveloped(event, { created: event.created + 40 * 86_400 })),
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 50.00 usd complete, base 50.00: jane 15.00 ready_for_payment',
    'jane usd: payable 45.00',
  ],
});

story(14, 'what is not live is kept in the test world, and nothing of it is in the live one', {
  account: { livemode: false },
  play: (account) => account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) }),
  stands: ['test sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane test usd: payable 30.00'],
  async also({ stage }) {
    expect(await stage.balance('jane')).toEqual({ review: 0n, pending: 0n, payable: 0n, paid: 0n });
    expect(await stage.balance('jane', 'usd', false)).toMatchObject({ payable: 3_000n });
  },
});

story(14, 'the same ids in both worlds never meet', {
  play(account) {
    const sub = account.subscribe({
      customer: referred(account),
      price: account.price({ amount: 10_000 }),
    });
    account.advance({ days: 1 });
    account.refund(sub.firstPayment, { amount: 4_000 });
  },
  // In the test world the buyer is unknown to everybody and nothing is refunded.
  heard: (events) => [
    ...events,
    ...events
      .filter(({ type }) => type !== 'customer.created' && !type.includes('refund'))
      .map((event) => enveloped(event, { id: `${event.id}t`, livemode: false })),
  ],
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 12.00 ready_for_payment',
    'test sale 100.00 usd complete, base 100.00 (unattributed)',
    'refund 40.00 usd succeeded',
    'jane usd: payable 18.00',
  ],
});

scene(15, 'an event of an unknown type is accepted and recorded as ignored', async (family) => {
  const stage = await raise();
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  for (const type of ['invoice.teleported', 'issuing_token.created', 'v9.nothing']) {
    const event = account.emit(type, { id: `x_${type}`, object: 'unheard_of' });
    expect(await stage.hear(event)).toEqual({ outcome: 'ignored', reason: 'unhandled_type' });
  }
  const kept = (await stage.inbox()).map(({ type, state, reason }) => `${type}: ${state} ${reason}`);
  expect(kept.toSorted()).toEqual([
    'invoice.teleported: ignored unhandled_type',
    'issuing_token.created: ignored unhandled_type',
    'v9.nothing: ignored unhandled_type',
  ]);
  expect(await effects(stage)).toMatchObject({ conversions: 0, payments: 0, customers: 0 });
});

scene(
  16,
  'events of an account that nobody registered are accepted, recorded as unroutable and have no effect',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const name = `acct_stranger_${family}`;
    const { events } = oneSale(family, { account: name });
    for (const event of events)
      expect(await stage.hear(event)).toEqual({ outcome: 'ignored', reason: 'unroutable_account' });
    expect(await stage.tells()).toEqual([]);
    expect(await effects(stage)).toMatchObject({ conversions: 0, payments: 0, customers: 0 });
    expect(
      (await stage.inbox()).every(({ state, reason }) => state === 'ignored' && reason === 'unroutable_account'),
    ).toBe(true);
  },
);

scene(
  16,
  'a replay credits nobody else with the money of that account, and brings it home when it has one',
  async (family) => {
    const [endpoint, own] = [await raise({ workspace: 'default' }), await raise()];
    await janeEarnsThirty(own);
    const name = `acct_late_${family}`;
    const { pool } = database().database;
    const { events } = oneSale(family, { account: name, seed: name });
    const ids = new Set(events.map(({ id }) => `${name}/${id}`));
    const replayAll = async (): Promise<void> => {
      for (const id of ids) await replay(pool, endpoint.workspace, 'stripe', id, endpoint.clock.now);
      await endpoint.drain();
    };
    await endpoint.hearAll(events);
    await replayAll();
    expect(await endpoint.tells()).toEqual([]);
    const kept = (await endpoint.inbox()).filter(({ event_key }) => ids.has(event_key));
    expect(kept.map(({ reason }) => reason)).toEqual(events.map(() => 'unroutable_account'));
    await registerAccount(pool, own.workspace, name);
    await replayAll();
    await replayAll();
    expect(await own.tells()).toEqual(ONE_SALE);
    expect(await endpoint.tells()).toEqual([]);
  },
);

scene(16, "events of a registered account reach its own workspace through the platform's endpoint", async (family) => {
  const [endpoint, own] = [await raise({ workspace: 'default' }), await raise()];
  await janeEarnsThirty(own);
  const name = `acct_known_${family}`;
  const before = await endpoint.inbox();
  await registerAccount(database().database.pool, own.workspace, name);
  for (const event of oneSale(family, { account: name, seed: name }).events) await own.hear(event, endpoint.workspace);
  expect(await own.tells()).toEqual(ONE_SALE);
  expect(await endpoint.tells()).toEqual([]);
  expect(await endpoint.inbox()).toEqual(before);
});

/** A year of one customer: coupon, tax, renewals, an upgrade, refunds. */
function eventful(account: SimulatedAccount): void {
  const customer = referred(account);
  const small = account.price({ amount: 10_000 });
  const large = account.price({ amount: 20_000, product: small.product });
  const tax = { percent: 19, inclusive: false };
  const sub = account.subscribe({
    customer,
    price: small,
    tax,
    coupon: { percentOff: 50, duration: 'once' },
  });
  account.renew(sub);
  const upgrade = account.changePrice(sub, large, {
    behavior: 'always_invoice',
    fractionUsed: 0.5,
  });
  account.advance({ days: 1 });
  if (upgrade) account.refund(upgrade, { amount: 2_975 });
  account.renew(sub);
}

const EVENTFUL = [
  'sale 59.50 usd complete, base 50.00: jane 15.00 ready_for_payment',
  'sale 119.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
  'sale 59.50 usd partial_refunded, base 50.00: jane 15.00 - 7.50 ready_for_payment',
  'refund 29.75 usd succeeded',
  'sale 238.00 usd complete, base 200.00: jane 60.00 ready_for_payment',
  'jane usd: payable 112.50',
];

story(17, 'payloads of old versions make these conversions', {
  families: ['old', 'acacia'],
  play: eventful,
  stands: EVENTFUL,
  also({ account }) {
    const charge = ofType(account.events, 'charge.succeeded')[0]?.object.data.object;
    expect(dig(charge, 'invoice')).toMatch(/^in_/);
  },
});

story(18, 'payloads of the basil family make the same conversions', {
  families: ['basil'],
  play: eventful,
  stands: EVENTFUL,
  also({ account }) {
    const charge = ofType(account.events, 'charge.succeeded')[0]?.object.data.object;
    expect(dig(charge, 'invoice')).toBeUndefined();
    expect(dig(ofType(account.events, 'invoice.paid')[0]?.object.data.object, 'payment_intent')).toBeUndefined();
  },
});

/** An invoice of twelve lines of 10.00, of which a webhook shows ten. */
function longInvoice(account: SimulatedAccount): void {
  const lines = Array.from({ length: 12 }, (_, index) => ({
    amount: 1_000,
    price: account.price({ amount: 1_000, id: `price_${index}` }),
  }));
  account.invoice({ customer: referred(account), lines });
}

story(19, 'of an invoice with more lines than the event shows, the total is right and the doubt is marked', {
  play: longInvoice,
  stands: ['sale 120.00 usd complete, base 120.00: jane 36.00 ready_for_payment', 'jane usd: payable 36.00'],
  async also({ stage, account }) {
    const paid = ofType(account.events, 'invoice.paid')[0]?.object.data.object;
    expect([dig(paid, 'lines.has_more'), dig(paid, 'lines.data.10')]).toEqual([true, undefined]);
    expect((await stage.sales())[0]?.explanation?.flags).toEqual(['lines_incomplete']);
  },
});

story(19, 'lines that are not shown match no price of their own, so that a person looks at the commission', {
  async rules(stage) {
    await janeBroughtOne(stage);
    await stage.incentive('inc_shown', terms('50', { priceIds: ['price_0'] }));
    await stage.incentive('inc_hidden', terms('50', { priceIds: ['price_11'] }));
  },
  play: longInvoice,
  stands: ['sale 120.00 usd complete, base 120.00: jane 5.00 pending_manual_approval', 'jane usd: review 5.00'],
  async also({ stage }) {
    expect((await stage.sales())[0]?.explanation?.flags).toEqual(['lines_incomplete']);
  },
});

scene(22, 'two tenants that receive the same ids both count', async (family) => {
  const tenants = [await raise(), await raise()];
  const { events } = oneSale(family);
  for (const stage of tenants) await janeEarnsThirty(stage);
  await Promise.all(tenants.map((stage) => stage.hearAll(events)));
  for (const stage of tenants) {
    expect(await stage.tells()).toEqual(ONE_SALE);
    expect(await stage.inbox()).toHaveLength(events.length);
  }
});
