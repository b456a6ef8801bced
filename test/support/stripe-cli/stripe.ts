/**
 * Stripe as its CLI sees it: sessions, the WebSocket that brings events, `events resend`, and as much of the API as
 * a shop answers. The events are signed here with the secret that the CLI prints, as Stripe does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import { signed } from '../../../src/simulator/deliver.ts';
import type { SimulatedEvent } from '../../../src/simulator/account.ts';

type Sent = Pick<SimulatedEvent, 'id' | 'body'>;

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly given: URLSearchParams;
  readonly key: string | undefined;
};

/** What the CLI says the endpoint answered. */
export type Reported = { readonly event: string; readonly to: string; readonly status: number; readonly body: string };

export type Shop = {
  /** Does what was asked, announces the events that follow, and answers with the object; undefined: it does not know. */
  answer(asked: Asked, announce: (event: SimulatedEvent) => void): object | undefined;
};

export type PretendedStripe = Awaited<ReturnType<typeof pretendStripe>>;

const FromCli = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event_ack'), webhook_conversation_id: z.string(), event_id: z.string() }),
  z.object({
    type: z.literal('webhook_response'),
    webhook_conversation_id: z.string(),
    forward_url: z.string(),
    status: z.number(),
    body: z.string(),
  }),
]);

type Options = {
  readonly secret: string;
  /** Answers everything that is not the CLI's own; without one, 404. */
  readonly shop?: Shop;
  /** Unix seconds for signatures; default now. */
  readonly clockSeconds?: () => number;
};

/** Listens on a free port of this machine; every event pushed is signed with `secret`. */
export async function pretendStripe({ secret, shop, clockSeconds = () => Math.floor(Date.now() / 1000) }: Options) {
  const asked: Asked[] = [];
  const reported: Reported[] = [];
  const acknowledged = new Set<string>();
  const sent = new Map<string, Sent>();
  const conversations = new Map<string, Sent>();
  let listener: WebSocket | undefined;
  let signWith = secret;

  const push = (event: Sent): void => {
    if (!listener) throw new Error(`nobody listens for ${event.id}`);
    const conversation = `wc_${conversations.size}`;
    conversations.set(conversation, event);
    sent.set(event.id, event);
    listener.send(
      JSON.stringify({
        type: 'webhook_event',
        webhook_id: `wh_${event.id}`,
        webhook_conversation_id: conversation,
        endpoint: { api_version: null },
        event_payload: event.body,
        http_headers: webhookHeaders(event.body, signWith, clockSeconds()),
      }),
    );
  };
  const hear = (text: string): void => {
    const said = FromCli.parse(JSON.parse(text));
    if (said.type === 'event_ack') return void acknowledged.add(said.event_id);
    const event = conversations.get(said.webhook_conversation_id)?.id ?? 'unknown';
    reported.push({ event, to: said.forward_url, status: said.status, body: said.body });
  };
  const answer = (request: Asked): { status: number; body: object } => {
    if (request.path === '/v1/stripecli/sessions') return { status: 200, body: session(addressOf(), secret) };
    const resend = /^\/v1\/events\/(\w+)\/retry$/.exec(request.path);
    const event = sent.get(resend?.[1] ?? '');
    if (event) push(event);
    const body = event ? (JSON.parse(event.body) as object) : shop?.answer(request, push);
    return body ? { status: 200, body } : unknown(request);
  };

  const server = createServer((request, response) => {
    void askedIn(request).then((one) => {
      asked.push(one);
      try {
        reply(response, answer(one));
      } catch (error) {
        reply(response, { status: 500, body: { error: { type: 'api_error', message: String(error) } } });
      }
    });
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    listener = socket.on('message', (text: Buffer) => hear(text.toString()));
    socket.on('close', () => {
      if (listener === socket) listener = undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const addressOf = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    base: `http://${addressOf()}`,
    secret,
    /** Every request of the CLI, in order. */
    asked,
    /** Every answer of the endpoint, in the order the CLI reported them. */
    reported,
    /** Ids of the events that the CLI said it had received. */
    acknowledged,
    push,
    /** From now on signatures are made with another secret than the CLI was told. */
    signWith: (other: string) => void (signWith = other),
    /** Waits until a CLI listens. */
    listening: () => until(() => listener !== undefined, 'no CLI listens'),
    /** Waits until no CLI listens any more. */
    leaving: () => until(() => listener === undefined, 'the CLI still listens'),
    /** Waits until every event that was pushed was answered. */
    answered: () =>
      until(
        () => reported.length === conversations.size,
        () => `${reported.length} of ${conversations.size} events were answered`,
      ),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What Stripe answers to `stripe listen`. */
function session(address: string, secret: string) {
  return {
    websocket_url: `ws://${address}/subscribe/acct_pretended`,
    websocket_id: 'cliws_pretended',
    websocket_authorized_feature: 'webhooks',
    secret,
    // Seconds after which the CLI opens a new connection; what is sent in that moment is lost, so no test lives to see it.
    reconnect_delay: 600,
    default_version: '2026-10-28.endive',
    latest_version: '2026-10-28.endive',
    display_connect_filter_warning: false,
  };
}

/** The headers in the spelling Stripe sends to the CLI. */
function webhookHeaders(body: string, secret: string, seconds: number): Record<string, string> {
  const headers = signed(body, secret, seconds);
  return {
    'Stripe-Signature': headers['stripe-signature'] ?? '',
    'Content-Type': headers['content-type'] ?? '',
    'User-Agent': headers['user-agent'] ?? '',
  };
}

/** Stripe's own way to say that it does not know a path. */
function unknown({ method, path }: Asked) {
  const message = `Unrecognized request URL (${method}: ${path}).`;
  return { status: 404, body: { error: { type: 'invalid_request_error', message } } };
}

async function askedIn(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { pathname, search } = new URL(request.url ?? '/', 'http://stripe');
  const given = new URLSearchParams(parts.length > 0 ? Buffer.concat(parts).toString() : search);
  return {
    method: request.method ?? 'GET',
    path: pathname,
    given,
    key: request.headers.authorization?.replace('Bearer ', ''),
  };
}

function reply(response: ServerResponse, { status, body }: { status: number; body: object }): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_pretended' });
  response.end(JSON.stringify(body));
}

async function until(done: () => boolean, otherwise: string | (() => string), withinMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !done(); await wait(5))
    if (Date.now() > deadline) throw new Error(typeof otherwise === 'string' ? otherwise : otherwise());
}
