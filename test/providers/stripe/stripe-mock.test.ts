/** Every question that can be asked is a request that Stripe takes: its own mock checks path and parameters. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventRef } from '../../../src/core/facts.ts';
import type { Question } from '../../../src/core/questions.ts';
import { asker } from '../../../src/providers/stripe/api/asker.ts';
import { setEndpoint } from '../../../src/providers/stripe/api/endpoint.ts';
import { lister } from '../../../src/providers/stripe/api/lister.ts';
import { translate } from '../../../src/providers/stripe/translate.ts';
import { startStripeMock, type StripeMock } from '../../support/stripe-mock.ts';

let mock: StripeMock | null = null;

beforeAll(async () => {
  mock = await startStripeMock();
});
afterAll(() => mock?.stop());

const QUESTIONS: Readonly<Record<Question['kind'], string>> = {
  invoice: 'in_1',
  invoice_payments: 'pi_1',
  price: 'price_1',
  checkout_session: 'cs_test_1',
  charge: 'ch_1',
  promotion_code: 'promo_1',
};

/** What the fixtures come to; null: the mock's session is open and has no amounts yet, which no paid one has. */
const SAID: Readonly<Record<Question['kind'], string | null>> = {
  invoice: 'payment',
  invoice_payments: 'payment',
  price: 'price',
  checkout_session: null,
  charge: 'payment',
  promotion_code: 'promotion',
};

const NONE = 'stripe-mock was not found: go install github.com/stripe/stripe-mock@v0.197.0';

for (const [kind, id] of Object.entries(QUESTIONS) as [Question['kind'], string][])
  test(`Stripe takes the question for ${kind}, and the answer can be read`, async ({ skip }) => {
    if (!mock) return skip(NONE);
    const answer = await asker({ apiKey: 'sk_test_mock', base: mock.url }).ask({ kind, id });
    if ('missing' in answer) throw new Error('stripe-mock finds everything');
    expect(answer.found.map(({ type }) => type)).toEqual([`answer.${kind}`]);
    const [found] = answer.found;
    if (!found || SAID[kind] === null) return;
    const ref: EventRef = {
      source: 'stripe',
      id: 'evt',
      type: found.type,
      at: 0,
      livemode: false,
      rules: 0,
      received: 0,
    };
    const said = translate(ref, JSON.parse(JSON.stringify({ object: 'event', data: { object: found.object } })));
    expect('facts' in said ? said.facts.map((fact) => fact.kind) : [said.ignored]).toContain(SAID[kind]);
  });

/** What the fixtures of a list come to; the mock's event is of a type that nobody asked for, its sessions are open. */
const LISTED: Readonly<Record<string, string | null>> = {
  events: null,
  checkout_sessions: null,
  invoices: 'payment',
  charges: 'payment',
  refunds: 'refund',
  disputes: 'dispute',
  credit_notes: 'note',
};

for (const [stream, kind] of Object.entries(LISTED))
  test(`Stripe takes the requests that list ${stream}, and what is listed can be read`, async ({ skip }) => {
    if (!mock) return skip(NONE);
    const lists = lister({ apiKey: 'sk_test_mock', base: mock.url });
    expect(lists.streams.map(({ name }) => name)).toEqual(Object.keys(LISTED));
    const said: string[] = [];
    for await (const { listed } of lists.walk(stream, 0, Date.now()))
      for (const { type, object } of listed) {
        if (kind === null) continue;
        const ref = { source: 'stripe', id: 'evt', type, at: 0, livemode: false, rules: 0, received: 0 };
        const spoken = translate(ref, JSON.parse(JSON.stringify({ object: 'event', data: { object } })));
        said.push(...('facts' in spoken ? spoken.facts.map((fact) => fact.kind) : [spoken.ignored]));
      }
    if (kind !== null) expect(said).toContain(kind);
  });

/** The mock is older than the SDK and does not know its version as a value; everything else goes through as it is. */
async function inItsTime(url: string): Promise<{ url: string; close(): void }> {
  const server = createServer((incoming, response) => {
    void text(incoming).then(async (body) => {
      const headers = {
        authorization: incoming.headers.authorization ?? '',
        'content-type': 'application/x-www-form-urlencoded',
      };
      const method = incoming.method ?? 'GET';
      const known = body.replace(Stripe.API_VERSION, '2025-09-30.clover');
      const answer = await fetch(url + (incoming.url ?? ''), {
        method,
        headers,
        ...(method === 'GET' ? {} : { body: known }),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void (server.closeAllConnections(), server.close()) };
}

test.each([true, false])('Stripe takes the requests that make and update an endpoint; connect: %s', async (connect) => {
  if (!mock) return;
  const between = await inItsTime(mock.url);
  try {
    const access = { apiKey: 'sk_test_mock', base: between.url };
    const wish = { url: 'https://commissions.example.com/webhooks/stripe', connect, dryRun: false };
    expect(await setEndpoint(access, wish)).toMatchObject({ is: 'made' });
    // The mock has one endpoint, which has other events.
    const { hostname: host, port } = new URL(mock.url);
    const stripe = new Stripe('sk_test_mock', { host, port, protocol: 'http', telemetry: false });
    const [known] = (await stripe.webhookEndpoints.list()).data;
    const same = { url: known?.url ?? '', connect: known?.application != null, dryRun: false };
    expect(await setEndpoint(access, same)).toMatchObject({ is: 'updated', id: known?.id });
  } finally {
    between.close();
  }
});

test('stripe-mock refuses what Stripe does not know', async ({ skip }) => {
  if (!mock) return skip(NONE);
  const { hostname: host, port } = new URL(mock.url);
  const stripe = new Stripe('sk_test_mock', { host, port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
  await expect(stripe.invoices.retrieve('in_1', { wrong: true } as object)).rejects.toThrow(
    'additional properties are not allowed',
  );
});
