/**
 * Asking Stripe, end to end: what a decision misses is asked for, answered by a Stripe API with the state of the
 * simulated account, and decided again. Every stage is proven from its stored events after the API has gone.
 */
import { afterEach, expect, test } from 'vitest';
import type { Asking } from '../../src/pipeline/ask.ts';
import { askNext } from '../../src/pipeline/ask.ts';
import { createAccount, type SimulatedAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { priceObject } from '../../src/simulator/objects.ts';
import { broken, startFakeStripe, type FakeStripe } from '../support/fake-stripe/index.ts';
import { askingAt, terms, type Stage } from '../support/stage.ts';
import { enveloped, janeBroughtOne, janeEarnsThirty, MONDAY, referred, theatre } from './theatre.ts';

const { raise } = theatre();

let fakes: FakeStripe[] = [];
// Before the theatre proves its stages: nothing needs the API any more.
afterEach(async () => {
  for (const fake of fakes) await fake.stop();
  fakes = [];
});

type Scene = { account: SimulatedAccount; fake: FakeStripe; stage: Stage; asking: Asking };

async function open(seed: string): Promise<Scene> {
  const account = createAccount({ seed, startAt: MONDAY, family: 'basil' });
  const fake = await startFakeStripe(account);
  fakes.push(fake);
  const stage = await raise({ asking: askingAt(fake.url) });
  if (!stage.asking) throw new Error('somebody answers');
  return { account, fake, stage, asking: stage.asking };
}

const but = (events: readonly SimulatedEvent[], ...types: string[]): SimulatedEvent[] =>
  events.filter(({ type }) => !types.includes(type));

const answers = async (stage: Stage): Promise<string[]> =>
  (await stage.inbox())
    .filter(({ event_key: id }) => id.startsWith('answer:'))
    .map(({ type, state }) => `${type} ${state}`);

const states = async (stage: Stage): Promise<string[]> =>
  (await stage.questions()).map(
    ({ kind, state, reason }) => `${kind} ${state}${reason === null ? '' : ` (${reason})`}`,
  );

test('case 19: an invoice with more lines than its webhook shows is matched per line once it was asked for', async () => {
  const { account, fake, stage } = await open('cut');
  await janeBroughtOne(stage);
  const [seat, support] = [account.price({ amount: 100 }), account.price({ amount: 5_000 })];
  await stage.incentive('inc_seat', terms('10', { priceIds: [seat.id] }));
  await stage.incentive('inc_support', terms('50', { priceIds: [support.id] }));
  const lines = [
    ...Array.from({ length: 10 }, () => ({ amount: 100, price: seat })),
    { amount: 5_000, price: support },
  ];
  const paid = account.invoice({ customer: referred(account), lines });
  if (paid.invoice) fake.bill(paid.invoice);
  await stage.hearAll(account.events);
  expect(await stage.tells()).toEqual([
    'sale 60.00 usd complete, base 60.00: jane 1.00 pending_manual_approval',
    'jane usd: review 1.00',
  ]);
  await stage.wait(3);
  expect(await stage.tells()).toEqual([
    'sale 60.00 usd complete, base 60.00: jane 26.00 ready_for_payment',
    'jane usd: payable 26.00',
  ]);
  expect(await answers(stage)).toEqual(['answer.invoice done']);
  await stage.wait(20);
  expect(await states(stage)).toEqual(['invoice answered', 'invoice_payments answered (told_by_an_event)']);
});

test('case 44: the interval of a price nobody announced is asked for', async () => {
  const { account, fake, stage } = await open('price');
  await janeBroughtOne(stage);
  await stage.incentive('inc_month', terms('10', { interval: 'monthly' }));
  await stage.incentive('inc_year', terms('25', { interval: 'yearly' }));
  const price = account.price({ amount: 20_000, interval: 'year', silent: true });
  fake.put(priceObject(price));
  account.invoice({ customer: referred(account), lines: [{ amount: 20_000, price }] });
  await stage.hearAll(account.events);
  expect(await stage.tells()).toEqual(['sale 200.00 usd complete, base 200.00 (no_incentive_matched)']);
  await stage.wait(3);
  expect(await stage.tells()).toEqual([
    'sale 200.00 usd complete, base 200.00: jane 50.00 ready_for_payment',
    'jane usd: payable 50.00',
  ]);
  // Known for ever: the next sale of it asks nothing.
  const asked = fake.heard.length;
  const before = account.events.length;
  account.invoice({ customer: referred(account, 'second@customer.example'), lines: [{ amount: 20_000, price }] });
  await stage.hearAll(account.events.slice(before));
  await stage.wait(60);
  expect(fake.heard.length).toBe(asked);
});

test('a payment intent whose invoice_payment.paid never comes is united with its invoice before the deadline', async () => {
  const { account, stage } = await open('united');
  await janeEarnsThirty(stage);
  const price = account.price({ amount: 9_900 });
  account.subscribe({ customer: referred(account), price });
  await stage.hearAll(but(account.events, 'invoice_payment.paid', 'checkout.session.completed'));
  const waiting = [
    'charge.succeeded: parked may_belong_to_invoice',
    'payment_intent.succeeded: parked may_belong_to_invoice',
  ];
  await stage.wait(19);
  expect(await stage.waiting()).toEqual(waiting);
  await stage.wait(1);
  expect(await stage.waiting()).toEqual([]);
  await stage.pass(1);
  expect(await stage.tells()).toEqual([
    'sale 99.00 usd complete, base 99.00: jane 29.70 ready_for_payment',
    'jane usd: payable 29.70',
  ]);
  expect(await answers(stage)).toEqual(['answer.invoice_payments done']);
});

test('a webhook that was faster leaves nothing to ask', async () => {
  const { account, fake, stage } = await open('faster');
  await janeEarnsThirty(stage);
  account.subscribe({ customer: referred(account), price: account.price({ amount: 9_900 }) });
  await stage.hearAll(account.events);
  await stage.wait(3_600);
  expect(fake.heard).toEqual([]);
  expect(await states(stage)).toEqual(['invoice_payments answered (told_by_an_event)']);
});

test('late: what was decided as a one-time sale becomes the sale of the invoice nobody told of', async () => {
  const { account, fake, stage } = await open('late');
  await janeEarnsThirty(stage);
  fake.weather.of = () => broken;
  const paid = account.invoice({
    customer: referred(account),
    lines: [{ amount: 9_900, taxes: [{ amount: 900, inclusive: true }] }],
  });
  await stage.hearAll(account.events.filter(({ type }) => !type.startsWith('invoice')));
  for (let minute = 0; minute < 11; minute += 1) await stage.wait(60);
  expect(await stage.tells()).toEqual([
    'sale 99.00 usd complete, base 99.00: jane 29.70 ready_for_payment',
    'jane usd: payable 29.70',
  ]);
  fake.weather.of = () => null;
  for (let minute = 0; minute < 30; minute += 1) await stage.wait(60);
  expect(await stage.tells()).toEqual([
    'sale 99.00 usd complete, base 90.00: jane 27.00 ready_for_payment',
    'jane usd: payable 27.00',
  ]);
  const [sale] = await stage.sales();
  expect(sale?.money_key).toBe(`stripe:invoice:${paid.invoice?.id}`);
  expect(await states(stage)).toEqual(['invoice answered', 'invoice_payments answered']);
});

test('a payment intent that no invoice claims is asked about eight times and then left alone', async () => {
  const { account, fake, stage } = await open('alone');
  await janeEarnsThirty(stage);
  account.paymentIntent({ amount: 5_000, customer: referred(account) });
  await stage.hearAll(account.events);
  const at: number[] = [];
  for (let minute = 0, asked = 0; minute <= 40 * 60; minute += 1) {
    if (fake.heard.length > asked) at.push(minute);
    asked = fake.heard.length;
    await stage.wait(minute < 20 ? 60 : 600);
    if (minute >= 20) minute += 9;
  }
  expect(fake.heard.length).toBe(8);
  expect(at.slice(0, 4)).toEqual([1, 2, 6, 16]);
  expect(await states(stage)).toEqual(['invoice_payments answered (not_settled)']);
  // Equal answers are one event.
  expect(await answers(stage)).toEqual(['answer.invoice_payments ignored']);
  expect(await stage.tells()).toEqual([
    'sale 50.00 usd complete, base 50.00: jane 15.00 ready_for_payment',
    'jane usd: payable 15.00',
  ]);
});

test('an invoice that is not paid yet when it is asked for is asked for again', async () => {
  const { account, fake, stage } = await open('race');
  await janeEarnsThirty(stage);
  const paid = account.invoice({ customer: referred(account), lines: [{ amount: 9_900 }] });
  const finalized = account.events.find(({ type }) => type === 'invoice.finalized');
  if (!finalized || !paid.invoice) throw new Error('the invoice was open once');
  fake.put(finalized.object.data.object);
  await stage.hearAll(account.events.filter(({ type }) => !type.startsWith('invoice.')));
  await stage.wait(3);
  expect(await stage.tells()).toEqual([]);
  expect(await states(stage)).toContain('invoice open (not_settled_yet)');
  fake.bill(paid.invoice);
  await stage.wait(40);
  expect(await stage.tells()).toEqual([
    'sale 99.00 usd complete, base 99.00: jane 29.70 ready_for_payment',
    'jane usd: payable 29.70',
  ]);
});

test('an invoice whose webhook comes after all its payments is not asked for', async () => {
  const { account, fake, stage } = await open('order');
  await janeEarnsThirty(stage);
  account.invoice({ customer: referred(account), lines: [{ amount: 9_900 }] });
  const bills = account.events.filter(({ type }) => type.startsWith('invoice.'));
  await stage.hearAll([...account.events.filter((event) => !bills.includes(event)), ...bills]);
  await stage.wait(3_600);
  expect(fake.heard).toEqual([]);
  expect(new Set(await states(stage))).toEqual(
    new Set(['invoice answered (told_by_an_event)', 'invoice_payments answered (told_by_an_event)']),
  );
});

test('what was bought in a session is asked for: its price ids choose the incentive', async () => {
  const { account, fake, stage } = await open('session');
  await janeBroughtOne(stage);
  const [book, course] = [
    account.price({ amount: 2_000, interval: null, silent: true }),
    account.price({ amount: 10_000, interval: null, silent: true }),
  ];
  await stage.incentive('inc_course', terms('40', { priceIds: [course.id] }));
  const bought = account.checkoutPayment({
    customer: referred(account),
    amount: 12_000,
    tax: { percent: 10, inclusive: false },
    shipping: 500,
  });
  fake.sold(bought.session ?? '', [
    { id: 'li_1', object: 'item', amount_total: 2_200, amount_tax: 200, quantity: 1, price: priceObject(book) },
    { id: 'li_2', object: 'item', amount_total: 11_000, amount_tax: 1_000, quantity: 1, price: priceObject(course) },
  ]);
  await stage.hearAll(account.events);
  expect(await stage.tells()).toEqual(['sale 137.00 usd complete, base 120.00 (no_incentive_matched)']);
  await stage.wait(3);
  expect(await stage.tells()).toEqual([
    'sale 137.00 usd complete, base 120.00: jane 40.00 ready_for_payment',
    'jane usd: payable 40.00',
  ]);
  await stage.wait(20);
  expect(await states(stage)).toEqual(['checkout_session answered', 'invoice_payments answered (told_by_an_event)']);
});

test("a code that was typed is asked for: its word is an affiliate's", async () => {
  const { account, stage } = await open('code');
  await stage.affiliate('jane');
  await stage.ask(
    `INSERT INTO coupons (workspace_id, coupon_id, affiliate_id, program_id, code, provider, since)
     VALUES ($1, 'cpn_1', 'jane', $2, 'jane20', 'stripe', 0)`,
    [stage.program],
  );
  await stage.incentive('inc_all', terms('30'));
  const coupon = account.promotionCode({ code: 'JANE20', coupon: { percentOff: 20 } });
  account.subscribe({
    customer: account.customer({ email: 'typed@customer.example' }),
    price: account.price({ amount: 10_000 }),
    coupon,
  });
  await stage.hearAll(
    but(account.events, 'promotion_code.created', 'promotion_code.updated', 'customer.discount.created'),
  );
  expect(await stage.tells()).toEqual(['sale 80.00 usd complete, base 80.00 (unattributed)']);
  await stage.wait(3);
  expect(await stage.tells()).toEqual([
    'sale 80.00 usd complete, base 80.00: jane 24.00 ready_for_payment',
    'jane usd: payable 24.00',
  ]);
  expect(await answers(stage)).toEqual(['answer.promotion_code done']);
});

test('a question of a further account is asked there, and its answer stays in its scope', async () => {
  const { account, stage, asking } = await open('scope');
  await janeEarnsThirty(stage);
  await stage.ask(
    `INSERT INTO stripe_accounts (workspace_id, account_id, scope) VALUES ($1, 'acct_1', ''), ($1, 'acct_2', 'acct_2')`,
  );
  account.subscribe({ customer: referred(account), price: account.price({ amount: 9_900 }) });
  for (const event of but(account.events, 'invoice_payment.paid', 'checkout.session.completed'))
    await stage.hear(enveloped(event, { account: 'acct_2' }));
  const scopes: string[] = [];
  const respondent: Asking['respondent'] = (workspace, livemode, scope) => {
    scopes.push(scope);
    return asking.respondent(workspace, livemode, scope);
  };
  stage.clock.now += 20_000;
  await askNext(stage.work, { ...asking, respondent });
  expect(scopes.filter((scope) => scope !== '')).toEqual(['acct_2']);
  expect(await stage.waiting()).toEqual([]);
  await stage.pass(1);
  expect(await stage.tells()).toEqual([
    'sale 99.00 usd complete, base 99.00: jane 29.70 ready_for_payment',
    'jane usd: payable 29.70',
  ]);
  const keys = (await stage.inbox()).map(({ event_key: key }) => key).filter((key) => key.includes('answer:'));
  expect(keys.map((key) => key.slice(0, 17))).toEqual(['acct_2/answer:pi_']);
});

test('two workers ask and store the same at once: nothing is twice', async () => {
  const { account, asking, fake, stage } = await open('twice');
  await janeEarnsThirty(stage);
  const prices = Array.from({ length: 12 }, () => account.price({ amount: 1_000, silent: true }));
  for (const price of prices) fake.put(priceObject(price));
  account.invoice({
    customer: referred(account),
    lines: prices.slice(0, 9).map((price) => ({ amount: 1_000, price })),
  });
  await stage.hearAll(account.events);
  stage.clock.now += 3_000;
  const taken = await Promise.all([
    askNext(stage.work, asking),
    askNext(stage.work, asking),
    askNext(stage.work, asking),
  ]);
  await stage.drain();
  expect(taken.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(8);
  expect(fake.heard.length).toBe(9);
  expect(await states(stage)).toEqual(['invoice_payments open', ...prices.slice(0, 9).map(() => 'price answered')]);
  expect(await stage.tells()).toEqual([
    'sale 90.00 usd complete, base 90.00: jane 27.00 ready_for_payment',
    'jane usd: payable 27.00',
  ]);
});

test('a worker that dies between asking and storing: another asks again, and when the dead one stores after all nothing is twice', async () => {
  const { account, asking, fake, stage } = await open('killed');
  await janeEarnsThirty(stage);
  const price = account.price({ amount: 1_000, silent: true });
  fake.put(priceObject(price));
  account.invoice({ customer: referred(account), lines: [{ amount: 1_000, price }] });
  await stage.hearAll(account.events);
  stage.clock.now += 3_000;
  // The first worker has its answer and hangs before it stores it.
  let wake = (): void => {};
  const frozen = new Promise<void>((resolve) => (wake = resolve));
  const respondent = await asking.respondent(stage.workspace, true, '');
  if (!respondent) throw new Error('somebody answers');
  const asker: typeof respondent.asker = {
    async ask(question) {
      const answer = await respondent.asker.ask(question);
      await frozen;
      return answer;
    },
  };
  const dying = askNext(stage.work, { ...asking, respondent: () => ({ ...respondent, asker }) });
  while (fake.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  // Its lease keeps the question until it ends.
  await askNext(stage.work, asking);
  expect(fake.heard.length).toBe(1);
  stage.clock.now += 121_000;
  await askNext(stage.work, asking);
  const asked = ['invoice_payments answered (told_by_an_event)', 'price answered'];
  expect(await states(stage)).toEqual(asked);
  const stands = [await stage.tells(), await stage.ledger(), await answers(stage)];
  wake();
  await dying;
  expect([await stage.tells(), await stage.ledger(), await answers(stage)]).toEqual(stands);
  expect(await states(stage)).toEqual(asked);
  expect(fake.heard.length).toBe(2);
});
