/** Lists through the real SDK: oldest first, page by page, in few requests; and which types of events are asked for. */
import { afterEach, expect, test } from 'vitest';
import { KeyRefused } from '../../../src/core/answers.ts';
import type { Listed } from '../../../src/core/walks.ts';
import { lister } from '../../../src/providers/stripe/api/lister.ts';
import { DEAUTHORIZED, EVENT_TYPES } from '../../../src/providers/stripe/events.ts';
import { translatedTypes, translate } from '../../../src/providers/stripe/translate.ts';
import { createAccount } from '../../../src/simulator/account.ts';
import { dig, type Json } from '../../../src/simulator/json.ts';
import { broken, forbidden, limited, startFakeStripe, type FakeStripe } from '../../support/fake-stripe/index.ts';

const STARTS_AT = 1_767_600_000;
const DAY = 86_400;

let fake: FakeStripe | null = null;
afterEach(async () => {
  await fake?.stop();
  fake = null;
});

async function open() {
  const account = createAccount({ seed: 'lister', startAt: STARTS_AT, family: 'basil' });
  fake = await startFakeStripe(account);
  const lists = lister({ apiKey: 'rk_live_lists', base: fake.url });
  const walk = async (stream: string, from = STARTS_AT, to = account.now + 1): Promise<Listed[]> => {
    const found: Listed[] = [];
    for await (const page of lists.walk(stream, from * 1000, to * 1000)) {
      expect(page.listed.length).toBeLessThanOrEqual(200);
      found.push(...page.listed);
    }
    return found;
  };
  return { account, fake, lists, walk };
}

const SUBSCRIPTIONS = ['created', 'updated', 'deleted'].map((what) => `customer.subscription.${what}`);

test('we listen to exactly what we translate', () => {
  expect(EVENT_TYPES.toSorted()).toEqual([...translatedTypes, ...SUBSCRIPTIONS].toSorted());
  expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length);
  for (const never of ['*', 'invoice.created', 'invoice.upcoming', DEAUTHORIZED])
    expect(EVENT_TYPES).not.toContain(never);
  const ref = { source: 'stripe', id: 'evt_1', at: 0, livemode: true, rules: 0, received: 0 };
  const said = (type: string): unknown => {
    try {
      return translate({ ...ref, type }, { object: 'event', data: { object: {} } });
    } catch (error) {
      return error;
    }
  };
  for (const type of EVENT_TYPES) expect(said(type)).not.toEqual({ ignored: 'unhandled_type' });
  expect(said('invoice.created')).toEqual({ ignored: 'unhandled_type' });
});

test('events come oldest first, those of all types in one order', async () => {
  const { account, fake, walk } = await open();
  for (let index = 0; index < 300; index += 1) {
    account.paymentIntent({ amount: 100 + index, customer: account.customer() });
    account.advance({ hours: 2 });
  }
  const ours = account.events.filter(({ type }) => (EVENT_TYPES as readonly string[]).includes(type));
  const listed = await walk('events');
  expect(listed.map(({ id }) => id).toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
  const moments = listed.map(({ event }) => event?.at ?? 0);
  expect(moments).toEqual(moments.toSorted((a, b) => a - b));
  expect(listed.length).toBeGreaterThan(800);
  // Nine pages, and the search for the oldest one.
  expect(fake.heard.length).toBeLessThan(30);
  expect(fake.heard.every(({ method }) => method === 'GET')).toBe(true);
  const types = fake.heard.map(({ query }) =>
    [...new URLSearchParams(query).keys()].filter((key) => key.startsWith('types')),
  );
  expect(Math.max(...types.map((named) => named.length))).toBeLessThanOrEqual(20);
});

test('a span begins with its first second and ends before its last', async () => {
  const { account, walk } = await open();
  for (let day = 0; day < 5; day += 1) {
    account.paymentIntent({ amount: 100 + day });
    account.advance({ days: 1 });
  }
  const amounts = async (from: number, to: number) =>
    (await walk('charges', STARTS_AT + from, STARTS_AT + to)).map(({ object }) => dig(object as Json, 'amount'));
  expect(await amounts(0, 5 * DAY)).toEqual([100, 101, 102, 103, 104]);
  expect(await amounts(DAY, 3 * DAY)).toEqual([101, 102]);
  expect(await amounts(6 * DAY, 9 * DAY)).toEqual([]);
});

test('more than a page within one second is walked too', async () => {
  const { account, walk } = await open();
  account.advance({ days: 3 });
  const made = Array.from({ length: 250 }, () => account.paymentIntent({ amount: 100 }).charge);
  account.advance({ days: 3 });
  made.push(account.paymentIntent({ amount: 200 }).charge);
  const listed = await walk('charges');
  expect(listed.map(({ id }) => id).toSorted()).toEqual(made.toSorted());
  expect(listed.at(-1)?.id).toBe(made.at(-1));
});

test('Stripe lists events of the last 30 days only', async () => {
  const { account, lists, walk } = await open();
  account.paymentIntent({ amount: 100 });
  account.advance({ days: 31 });
  account.paymentIntent({ amount: 200 });
  expect(lists.eventsKeptMs).toBe(30 * DAY * 1000);
  expect((await walk('events')).map(({ object }) => dig(object as Json, 'data.object.amount'))).toEqual([200, 200]);
});

test('an invoice comes with who buys, what paid it and all its lines; one that was paid earlier does not', async () => {
  const { account, fake, walk } = await open();
  account.invoice({ customer: account.customer(), lines: [{ amount: 700 }] });
  account.advance({ days: 40 });
  const from = account.now;
  const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
  const lines = Array.from({ length: 15 }, (_, index) => ({ id: `il_${index}`, amount: 100 }));
  const paid = account.invoice({ customer, lines });
  if (paid.invoice) fake.bill(paid.invoice);
  account.invoice({ customer, lines: [{ amount: 300 }] });
  const listed = await walk('invoices', from);
  expect(listed.map(({ type }) => type)).toEqual([
    'answer.customer',
    'answer.invoice',
    'answer.customer',
    'answer.invoice',
  ]);
  const whole = listed.find(({ id }) => id === paid.invoice?.id)?.object as Json;
  expect(dig(whole, 'lines.data.14.id')).toBe('il_14');
  expect(dig(whole, 'customer')).toBe(customer.id);
  expect(dig(whole, 'payments.data.0.payment.payment_intent')).toBe(paid.paymentIntent);
});

test('limits and trouble are waited out, a refused key is not', async () => {
  const { account, fake, walk } = await open();
  for (let index = 0; index < 150; index += 1) account.paymentIntent({ amount: 100 });
  let times = 0;
  fake.weather.of = () => [limited(0), broken, null][(times += 1) % 3] ?? null;
  expect(await walk('charges')).toHaveLength(150);
  fake.weather.of = () => forbidden;
  await expect(walk('refunds')).rejects.toBeInstanceOf(KeyRefused);
});
