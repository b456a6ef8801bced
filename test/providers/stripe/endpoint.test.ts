/** The webhook endpoint through the real SDK: what is written, and that nothing else can be. */
import { afterEach, expect, test } from 'vitest';
import Stripe from 'stripe';
import { setEndpoint, typesOf } from '../../../src/providers/stripe/api/endpoint.ts';
import { EVENT_TYPES } from '../../../src/providers/stripe/events.ts';
import { createAccount } from '../../../src/simulator/account.ts';
import { startFakeStripe, type FakeStripe } from '../../support/fake-stripe/index.ts';

const URL_OF = 'https://commissions.example.com/webhooks/stripe';

let fake: FakeStripe | null = null;
afterEach(() => fake?.stop());

async function open() {
  fake = await startFakeStripe(createAccount({ seed: 'endpoint', startAt: 1_767_600_000, family: 'basil' }));
  const { hostname: host, port } = new URL(fake.url);
  const stripe = new Stripe('sk_test_1', { host, port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
  const access = { apiKey: 'rk_live_1', base: fake.url };
  const set = (connect = false, dryRun = false) => setEndpoint(access, { url: URL_OF, connect, dryRun });
  const endpoints = async () => (await stripe.webhookEndpoints.list()).data;
  return { fake, stripe, set, endpoints };
}

test('one is made with exactly our types and the version of the SDK, and not a second time', async () => {
  const { set, endpoints } = await open();
  expect(await set(false, true)).toMatchObject({ is: 'made', id: null, secret: null });
  expect(await endpoints()).toEqual([]);
  expect(await set()).toMatchObject({ is: 'made', id: 'we_1', secret: 'whsec_fake1' });
  const [made] = await endpoints();
  expect(made).toMatchObject({ url: URL_OF, enabled_events: EVENT_TYPES, api_version: Stripe.API_VERSION });
  expect(await set()).toMatchObject({ is: 'right', id: 'we_1', secret: null });
  expect(await endpoints()).toHaveLength(1);
});

test('one of the same URL gets the types it lacks, loses the others and is switched on', async () => {
  const { stripe, set, endpoints } = await open();
  const { id } = await stripe.webhookEndpoints.create({ url: URL_OF, enabled_events: ['*'] });
  await stripe.webhookEndpoints.create({ url: `${URL_OF}/other`, enabled_events: ['invoice.paid'] });
  await stripe.webhookEndpoints.update(id, { disabled: true });
  const dry = await set(false, true);
  expect(dry).toMatchObject({ is: 'updated', id, added: EVENT_TYPES, removed: ['*'], wasDisabled: true });
  expect((await endpoints()).find((one) => one.id === id)).toMatchObject({ enabled_events: ['*'], status: 'disabled' });
  expect(await set()).toEqual(dry);
  const [other, own] = await endpoints();
  expect(own).toMatchObject({ id, enabled_events: EVENT_TYPES, status: 'enabled' });
  expect(other).toMatchObject({ enabled_events: ['invoice.paid'] });
});

test('connected accounts have an endpoint of their own, which hears when one leaves', async () => {
  const { set, endpoints } = await open();
  await set();
  expect(await set(true)).toMatchObject({ is: 'made', id: 'we_2' });
  expect((await endpoints()).map((one) => one.enabled_events.length)).toEqual([
    EVENT_TYPES.length + 1,
    EVENT_TYPES.length,
  ]);
  expect(typesOf(true).at(-1)).toBe('account.application.deauthorized');
  expect(await set(true)).toMatchObject({ is: 'right', id: 'we_2' });
});
