/** The fake API, read by the real SDK: what the service builds on must be there as Stripe has it. */
import Stripe from 'stripe';
import { afterEach, expect, test } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { limited, startFakeStripe, type FakeStripe } from '../support/fake-stripe/index.ts';

const STARTS_AT = 1_767_600_000;

let fake: FakeStripe | null = null;
afterEach(() => fake?.stop());

async function open() {
  const account = createAccount({ seed: 'fake', startAt: STARTS_AT, family: 'basil' });
  fake = await startFakeStripe(account);
  const { hostname: host, port } = new URL(fake.url);
  const stripe = new Stripe('sk_test_1', { host, port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
  return { account, fake, stripe };
}

async function ids(pages: AsyncIterable<{ id: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of pages) found.push(id);
  return found;
}

test('events are listed newest first, and from one on in the order they happened', async () => {
  const { account, stripe } = await open();
  for (let index = 0; index < 5; index += 1) account.paymentIntent({ amount: 100 + index });
  const all = account.events.map(({ id }) => id);
  expect(await ids(stripe.events.list({ limit: 2 }))).toEqual(all.toReversed());
  expect(await ids(stripe.events.list({ limit: 2, ending_before: all[3] ?? '' }))).toEqual(all.slice(4));
  const charges = account.events.filter(({ type }) => type === 'charge.succeeded').map(({ id }) => id);
  expect(await ids(stripe.events.list({ types: ['charge.succeeded', 'refund.created'] }))).toEqual(
    charges.toReversed(),
  );
  expect(await ids(stripe.events.list({ created: { gt: account.now } }))).toEqual([]);
});

test('lists are filtered by what belongs together and by time', async () => {
  const { account, stripe } = await open();
  const [one, two] = [account.paymentIntent({ amount: 5_000 }), account.paymentIntent({ amount: 6_000 })];
  account.advance({ days: 1 });
  const refund = account.refund(one, { amount: 1_000 });
  const dispute = account.dispute(two);
  expect(await ids(stripe.refunds.list({ charge: one.charge ?? '' }))).toEqual([refund.id]);
  expect(await ids(stripe.refunds.list({ charge: two.charge ?? '' }))).toEqual([]);
  expect(await ids(stripe.disputes.list({ created: { gte: STARTS_AT + 86_400 } }))).toEqual([dispute.id]);
  expect(await ids(stripe.charges.list({ payment_intent: two.paymentIntent ?? '' }))).toEqual([two.charge]);
  // As they are now, not as they were.
  expect((await stripe.charges.retrieve(one.charge ?? '')).amount_refunded).toBe(1_000);
});

test('invoices are listed by status, their credit notes by invoice', async () => {
  const { account, stripe } = await open();
  const customer = account.customer();
  const paid = account.invoice({ customer, lines: [{ amount: 9_900 }] });
  const unpaid = account.invoice({ customer, lines: [{ amount: 100 }], outcome: 'open' });
  const note = account.creditNote(paid, { amount: 900, as: 'refund' });
  expect(await ids(stripe.invoices.list({ status: 'paid' }))).toEqual([paid.invoice?.id]);
  expect(await ids(stripe.invoices.list({ status: 'open' }))).toEqual([unpaid.invoice?.id]);
  expect(await ids(stripe.creditNotes.list({ invoice: paid.invoice?.id ?? '' }))).toEqual([note.id]);
});

test('an endpoint is made with a secret that is shown once', async () => {
  const { stripe } = await open();
  const made = await stripe.webhookEndpoints.create({
    url: 'https://commissions.example/webhooks/stripe',
    enabled_events: ['invoice.paid', 'charge.refunded'],
  });
  expect(made.secret).toMatch(/^whsec_/);
  await stripe.webhookEndpoints.update(made.id, { enabled_events: ['invoice.paid'], disabled: true });
  const { data } = await stripe.webhookEndpoints.list();
  expect(data).toMatchObject([{ id: made.id, enabled_events: ['invoice.paid'], status: 'disabled' }]);
  expect(data[0]?.secret).toBeUndefined();
});

test('the account says who it is; what is not there is not found; weather is weather', async () => {
  const { fake, stripe } = await open();
  expect((await stripe.accounts.retrieveCurrent()).settings?.dashboard.display_name).toBe('Riverbend Software');
  await expect(stripe.invoices.retrieve('in_nobody')).rejects.toMatchObject({
    statusCode: 404,
    code: 'resource_missing',
  });
  fake.weather.of = () => limited(3);
  await expect(stripe.prices.retrieve('price_1')).rejects.toMatchObject({ statusCode: 429 });
});
