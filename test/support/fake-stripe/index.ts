/**
 * A small Stripe API in this process: answers reads about what a simulated account did, in the shapes of the basil
 * family, which is what a current SDK is shown whatever version the account's webhooks have. The account must therefore
 * play basil, except for its list of events, which keep the version they were made with.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatedAccount } from '../../../src/simulator/account.ts';
import type { JsonObject } from '../../../src/simulator/json.ts';
import { createEndpoints } from './endpoints.ts';
import { createObjects } from './objects.ts';
import { queryOf } from './query.ts';
import { answer } from './routes.ts';
import type { Fault } from './weather.ts';

export * from './weather.ts';

export type Heard = { readonly method: string; readonly path: string; readonly query: string; readonly key: string };

export type FakeStripe = Awaited<ReturnType<typeof startFakeStripe>>;

/** Starts it on a free port; `stop` ends it and every connection. */
export async function startFakeStripe(account: SimulatedAccount) {
  const objects = createObjects(account);
  const world = { objects, endpoints: createEndpoints(account.livemode) };
  const heard: Heard[] = [];
  /** What is wrong with a request; null: nothing. */
  const weather = { of: (_request: Heard): Fault | null => null };
  const server = createServer((incoming, response) => {
    void bodyOf(incoming).then(async (body) => {
      const [path = '', query = ''] = (incoming.url ?? '').split('?');
      const key = (incoming.headers.authorization ?? '').replace('Bearer ', '');
      const request = { method: incoming.method ?? '', path, query, key };
      heard.push(request);
      const fault = weather.of(request) ?? {};
      if (fault.delay) await sleep(fault.delay);
      if (fault.status) return refuse(response, fault);
      const found = answer(world, request.method, path, queryOf(`${query}&${body}`));
      return found ? send(response, 200, found) : refuse(response, notFound(path));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    weather,
    put: objects.put,
    bill: objects.bill,
    sold: objects.sold,
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of incoming) body += String(chunk);
  return body;
}

function send(response: ServerResponse, status: number, body: JsonObject, headers: Fault['headers'] = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_fake', ...headers });
  response.end(JSON.stringify(body));
}

function refuse(
  response: ServerResponse,
  { status = 500, type = 'api_error', code, message = '', headers }: Fault,
): void {
  send(response, status, { error: { type, message, ...(code === undefined ? {} : { code }) } }, headers);
}

function notFound(path: string): Fault {
  return { status: 404, type: 'invalid_request_error', code: 'resource_missing', message: `No such object: ${path}` };
}
