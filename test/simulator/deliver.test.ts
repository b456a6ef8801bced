import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { afterEach, describe, expect, test } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { deliver, deliveryPlan, signed } from '../../src/simulator/deliver.ts';

const SECRET = 'whsec_simulator';
const now = (): number => Math.floor(Date.now() / 1000);
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** An endpoint that verifies as a real one does; `answer` may spoil what it says. */
async function endpoint(answer: (id: string, seen: number) => number | 'drop'): Promise<{
  url: string;
  seen: Map<string, number>;
}> {
  const seen = new Map<string, number>();
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const header = String(request.headers['stripe-signature']);
      const { id } = Stripe.webhooks.constructEvent(body, header, SECRET);
      const count = (seen.get(id) ?? 0) + 1;
      seen.set(id, count);
      const status = answer(id, count);
      if (status === 'drop') request.socket.destroy();
      else response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/webhooks/stripe`, seen };
}

function someEvents() {
  const account = createAccount({ family: 'basil', seed: 'deliver', startAt: 1_767_600_000 });
  const price = account.price({ amount: 1_000 });
  account.renew(account.subscribe({ customer: account.customer(), price }));
  return account.events;
}

describe('signing', () => {
  test('stripe-node accepts it, and notices a changed body', () => {
    const [event] = someEvents();
    const body = event?.body ?? '';
    const header = signed(body, SECRET, now())['stripe-signature'] ?? '';
    expect(Stripe.webhooks.constructEvent(body, header, SECRET).id).toBe(event?.id);
    expect(() => Stripe.webhooks.constructEvent(`${body} `, header, SECRET)).toThrow(/signature/i);
  });

  test('during a roll every secret signs', () => {
    const body = someEvents()[0]?.body ?? '';
    const header = signed(body, ['whsec_old', SECRET], now())['stripe-signature'] ?? '';
    for (const secret of ['whsec_old', SECRET]) {
      expect(Stripe.webhooks.constructEvent(body, header, secret).object).toBe('event');
    }
  });
});

describe('delivery', () => {
  test('brings everything once', async () => {
    const { url, seen } = await endpoint(() => 200);
    const events = someEvents();
    const progress: number[] = [];
    const report = await deliver({
      url,
      secret: SECRET,
      events,
      clockSeconds: now,
      onProgress: (done) => progress.push(done),
    });
    expect(report).toEqual({
      deliveries: events.length,
      accepted: events.length,
      retried: 0,
      failed: 0,
      byStatus: { 200: events.length },
    });
    expect(seen.size).toBe(events.length);
    expect(progress.at(-1)).toBe(events.length);
  });

  test('tries again after 500, 302 and a broken connection', async () => {
    const { url, seen } = await endpoint((id, count) => {
      if (count > 1) return 204;
      return ([500, 302, 'drop', 200] as const)[id.charCodeAt(id.length - 1) % 4] ?? 200;
    });
    const events = someEvents();
    const retry = { attempts: 3, delayMs: 5 };
    const report = await deliver({ url, secret: SECRET, events, retry, clockSeconds: now });
    expect(report.failed).toBe(0);
    expect(report.accepted).toBe(events.length);
    expect(report.retried).toBeGreaterThan(0);
    expect(seen.size).toBe(events.length);
  });

  test('gives up in the end', async () => {
    const { url } = await endpoint(() => 500);
    const events = someEvents().slice(0, 2);
    const retry = { attempts: 2, delayMs: 1 };
    const report = await deliver({ url, secret: SECRET, events, retry, clockSeconds: now });
    expect(report).toMatchObject({ accepted: 0, failed: 2, retried: 4, byStatus: { 500: 6 } });
  });

  test('a timeout is an answer like any other refusal', async () => {
    const silent = createServer(() => {});
    server = silent;
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const report = await deliver({
      url,
      secret: SECRET,
      events: someEvents().slice(0, 1),
      retry: { attempts: 0, delayMs: 0 },
      timeoutMs: 50,
      clockSeconds: now,
    });
    expect(report).toMatchObject({ failed: 1, byStatus: { 0: 1 } });
  });

  test.each(['http://example.com/', 'https://127.0.0.1/', 'http://10.0.0.1:80/'])(
    'never leaves this machine: %s',
    async (url) => {
      await expect(deliver({ url, secret: SECRET, events: [], clockSeconds: now })).rejects.toThrow(
        /simulator delivers/,
      );
    },
  );
});

describe('the plan', () => {
  const events = Array.from({ length: 200 }, (_, index) => index);

  test('keeps the order unless told otherwise', () => {
    expect(deliveryPlan(events, {})).toEqual(events);
  });

  test('sends a share of the events two to four times', () => {
    const plan = deliveryPlan(events, { duplicates: 0.3, shuffle: true, seed: 1 });
    const times = events.map((event) => plan.filter((each) => each === event).length);
    expect(Math.min(...times)).toBe(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(4);
    expect(plan.length).toBeGreaterThan(250);
    expect(deliveryPlan(events, { duplicates: 0.3, shuffle: true, seed: 1 })).toEqual(plan);
  });

  test('a window moves events only so far', () => {
    const plan = deliveryPlan(events, { shuffle: 10, seed: 2 });
    expect(plan).not.toEqual(events);
    plan.forEach((event, place) => expect(Math.abs(event - place)).toBeLessThanOrEqual(10));
  });
});
