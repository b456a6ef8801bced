/** Asking through the real SDK: which requests are sent, what comes back, and which refusal says what. */
import { afterEach, expect, test } from 'vitest';
import { KeyRefused, RateLimited, Unreachable } from '../../../src/core/answers.ts';
import type { Question } from '../../../src/core/questions.ts';
import { asker } from '../../../src/providers/stripe/api/asker.ts';
import { createClient } from '../../../src/providers/stripe/api/client.ts';
import { createAccount } from '../../../src/simulator/account.ts';
import { dig, type Json } from '../../../src/simulator/json.ts';
import { priceObject, promotionCodeObject } from '../../../src/simulator/objects.ts';
import {
  broken,
  forbidden,
  limited,
  locked,
  startFakeStripe,
  unauthorized,
  type Fault,
  type FakeStripe,
} from '../../support/fake-stripe/index.ts';

const STARTS_AT = 1_767_600_000;

let fake: FakeStripe | null = null;
afterEach(async () => {
  await fake?.stop();
  fake = null;
});

async function open() {
  const account = createAccount({ seed: 'api', startAt: STARTS_AT, family: 'basil' });
  fake = await startFakeStripe(account);
  const stripe = asker({ apiKey: 'rk_live_api', base: fake.url });
  return { account, fake, ask: (kind: Question['kind'], id: string) => stripe.ask({ kind, id }) };
}

const requests = ({ heard }: FakeStripe): string[] =>
  heard.map(({ method, path, query }) => `${method} ${path}${query ? `?${decodeURIComponent(query)}` : ''}`);

/** The only object of an answer, as it will be stored. */
function only(answer: Awaited<ReturnType<ReturnType<typeof asker>['ask']>>): Json {
  if ('missing' in answer || answer.found.length !== 1) throw new Error('one object was expected');
  return JSON.parse(JSON.stringify(answer.found[0]?.object)) as Json;
}

test('an invoice comes with all its lines and what paid it', async () => {
  const { account, fake, ask } = await open();
  const customer = account.customer();
  const price = account.price({ amount: 100 });
  const lines = Array.from({ length: 250 }, (_, index) => ({ id: `il_${index}`, amount: 100, price }));
  const paid = account.invoice({ customer, lines });
  if (!paid.invoice) throw new Error('an invoice was paid');
  fake.bill(paid.invoice);
  const invoice = only(await ask('invoice', paid.invoice.id));
  expect(dig(invoice, 'lines.data.249.id')).toBe('il_249');
  expect(dig(invoice, 'lines.has_more')).toBe(false);
  expect(dig(invoice, 'payments.data.0.payment.payment_intent')).toBe(paid.paymentIntent);
  const path = `/v1/invoices/${paid.invoice.id}`;
  expect(requests(fake)).toEqual([
    `GET ${path}?expand[0]=payments&expand[1]=discounts.promotion_code`,
    `GET ${path}/lines?limit=100`,
    `GET ${path}/lines?limit=100&starting_after=il_99`,
    `GET ${path}/lines?limit=100&starting_after=il_199`,
  ]);
});

test('an invoice whose lines are all there is one request', async () => {
  const { account, fake, ask } = await open();
  const paid = account.invoice({ customer: account.customer(), lines: [{ amount: 100 }] });
  await ask('invoice', paid.invoice?.id ?? '');
  expect(fake.heard.length).toBe(1);
});

test('a payment intent leads to its invoice; while nothing is listed the answer is not final', async () => {
  const { account, fake, ask } = await open();
  const paid = account.invoice({ customer: account.customer(), lines: [{ amount: 100 }] });
  const alone = account.paymentIntent({ amount: 200 });
  const found = await ask('invoice_payments', paid.paymentIntent ?? '');
  expect(found).toMatchObject({ final: true });
  expect(dig(only(found), 'data.0.invoice')).toBe(paid.invoice?.id);
  const nothing = await ask('invoice_payments', alone.paymentIntent ?? '');
  expect(nothing).toMatchObject({ final: false, found: [{ object: { data: [] } }] });
  expect(requests(fake)[0]).toBe(
    `GET /v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]=${paid.paymentIntent}&limit=100`,
  );
});

test('a session comes with what was bought, page by page', async () => {
  const { account, fake, ask } = await open();
  const bought = account.checkoutPayment({ amount: 15_000 });
  const lines = Array.from({ length: 150 }, (_, index) => ({ id: `li_${index}`, object: 'item', amount_total: 100 }));
  fake.sold(bought.session ?? '', lines);
  const session = only(await ask('checkout_session', bought.session ?? ''));
  expect(dig(session, 'line_items.data.149.id')).toBe('li_149');
  expect(fake.heard.length).toBe(3);
});

test('prices, charges and promotion codes are found by their id, however it looks', async () => {
  const { account, fake, ask } = await open();
  const price = account.price({ amount: 900, silent: true, id: 'small/monthly plan' });
  fake.put(priceObject(price));
  const { charge } = account.paymentIntent({ amount: 200 });
  fake.put(
    promotionCodeObject('basil', {
      id: 'promo_1',
      code: 'JANE20',
      created: STARTS_AT,
      discount: { id: 'di_1', coupon: 'co_1', start: STARTS_AT },
    }),
  );
  expect(dig(only(await ask('price', price.id)), 'recurring.interval')).toBe('month');
  expect(dig(only(await ask('charge', charge ?? '')), 'amount')).toBe(200);
  expect(dig(only(await ask('promotion_code', 'promo_1')), 'code')).toBe('JANE20');
  expect(await ask('price', 'price_unknown')).toEqual({ missing: true });
});

test('nothing but reads is ever sent', async () => {
  const { account, fake, ask } = await open();
  const paid = account.invoice({ customer: account.customer(), lines: [{ amount: 100 }] });
  const kinds: Question['kind'][] = [
    'invoice',
    'invoice_payments',
    'price',
    'checkout_session',
    'charge',
    'promotion_code',
  ];
  for (const kind of kinds) await ask(kind, paid.invoice?.id ?? '');
  expect(new Set(fake.heard.map(({ method }) => method))).toEqual(new Set(['GET']));
  // Not even by mistake: the client itself cannot.
  const client = createClient({ apiKey: 'rk_live_api', base: fake.url });
  const before = fake.heard.length;
  const only = (does: string) => ({ detail: { message: `only reads are sent to Stripe, not ${does}` } });
  await expect(client.invoices.pay('in_1')).rejects.toMatchObject(only('POST /v1/invoices/in_1/pay'));
  await expect(client.customers.del('cus_1')).rejects.toMatchObject(only('DELETE /v1/customers/cus_1'));
  expect(fake.heard.length).toBe(before);
});

test('every request waits for its turn, each page too', async () => {
  const { account, fake } = await open();
  const bought = account.checkoutPayment({ amount: 15_000 });
  let turns = 0;
  const pace = (): Promise<void> => Promise.resolve(void (turns += 1));
  await asker({ apiKey: 'rk_live_api', base: fake.url, pace }).ask({
    kind: 'checkout_session',
    id: bought.session ?? '',
  });
  expect(turns).toBe(fake.heard.length);
  expect(turns).toBe(2);
});

const REFUSALS: readonly (readonly [string, Fault, abstract new (...given: never[]) => Error, object])[] = [
  ['a limit that says how long', limited(3), RateLimited, { retryAfterMs: 3_000, whole: true }],
  ['a limit that does not', limited(), RateLimited, { retryAfterMs: null, whole: true }],
  ['a locked object', locked, RateLimited, { retryAfterMs: null, whole: false }],
  ['a wrong key', unauthorized, KeyRefused, { message: unauthorized.message, whole: true }],
  ['a key without this permission', forbidden, KeyRefused, { message: forbidden.message, whole: false }],
  ['a broken API', broken, Unreachable, { message: broken.message }],
];

test.each(REFUSALS)('%s is told apart', async (_, fault, kind, says) => {
  const { fake, ask } = await open();
  fake.weather.of = () => fault;
  const thrown: unknown = await ask('price', 'price_1').catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(kind);
  expect(thrown).toMatchObject(says);
  expect(fake.heard.length).toBe(1);
});

test('an API that is away is unreachable', async () => {
  const { fake, ask } = await open();
  await fake.stop();
  await expect(ask('price', 'price_1')).rejects.toBeInstanceOf(Unreachable);
});
