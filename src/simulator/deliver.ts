import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import Stripe from 'stripe';
import { createRng, type Rng } from './rng.ts';

/** What a delivery needs of an event. */
export interface Deliverable {
  readonly id: string;
  readonly body: string;
}

/** How events are sent. */
export interface DeliverOptions {
  /** Loopback only: `http://127.0.0.1:PORT/webhooks/stripe`. */
  url: string;
  /** The signing secret; with `secrets`, one v1 signature per secret, as during a roll. */
  secret?: string | undefined;
  secrets?: readonly string[] | undefined;
  events: readonly Deliverable[];
  /** Requests in flight; default 8. */
  concurrency?: number | undefined;
  /** Tries after the first one; default 5 with 200 ms between. */
  retry?: { attempts: number; delayMs: number } | undefined;
  /** Share of events (0 to 1) that are sent two to four times. */
  duplicates?: number | undefined;
  /** True mixes everything; a number lets an event move by about that many places. */
  shuffle?: boolean | number | undefined;
  seed?: number | string | undefined;
  /** Now, in unix seconds, for the signatures. */
  clockSeconds: () => number;
  timeoutMs?: number | undefined;
  /** Called after each finished delivery. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  agent?: Agent | undefined;
}

/** What came of it. */
export interface DeliveryReport {
  /** Deliveries planned, duplicates included. */
  deliveries: number;
  /** Deliveries that ended with a 2xx. */
  accepted: number;
  /** Tries beyond the first of each delivery. */
  retried: number;
  /** Deliveries given up. */
  failed: number;
  /** Answers by status; 0 counts connection errors and timeouts. */
  byStatus: Record<number, number>;
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', '::1', 'localhost']);

/** The headers Stripe would send with this body, signed at `timestampSeconds`. */
export function signed(
  body: string,
  secret: string | readonly string[],
  timestampSeconds: number,
): Record<string, string> {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  const headers = secrets.map((each) =>
    Stripe.webhooks.generateTestHeaderString({
      payload: body,
      secret: each,
      timestamp: timestampSeconds,
    }),
  );
  const [first = '', ...others] = headers;
  return {
    'stripe-signature': [first, ...others.map((header) => header.slice(header.indexOf('v1=')))].join(','),
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    accept: '*/*; q=0.5, application/xml',
    'cache-control': 'no-cache',
  };
}

/** Refuses every target but this machine: simulated money must never reach a real endpoint. */
function loopback(url: string): URL {
  const target = new URL(url);
  if (target.protocol !== 'http:')
    throw new Error(`The simulator delivers over plain http only, not ${target.protocol}`);
  if (!LOOPBACK.has(target.hostname)) {
    throw new Error(
      `The simulator delivers to this machine only (127.0.0.1, ::1, localhost), not to ${target.hostname}`,
    );
  }
  return target;
}

function post(
  target: URL,
  body: string,
  headers: Record<string, string>,
  agent: Agent,
  timeoutMs: number,
): Promise<number> {
  return new Promise((resolve) => {
    const options = {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      timeout: timeoutMs,
    };
    const sent = request(target, options, (response) => {
      response.on('error', () => resolve(0));
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', () => resolve(0));
    sent.end(body);
  });
}

/** Every element keeps its place up to about `window` positions. */
function nearby<T>(list: readonly T[], window: number, rng: Rng): T[] {
  return list
    .map((element, index) => ({ element, key: index + rng.next() * window }))
    .sort((a, b) => a.key - b.key)
    .map(({ element }) => element);
}

/** The deliveries in sending order: duplicates added, order disturbed. Pure and seeded. */
export function deliveryPlan<T>(
  events: readonly T[],
  options: {
    duplicates?: number | undefined;
    shuffle?: boolean | number | undefined;
    seed?: number | string | undefined;
  },
): T[] {
  const rng = createRng(`deliver/${options.seed ?? 0}`);
  const share = options.duplicates ?? 0;
  const all = events.flatMap((event) =>
    rng.chance(share) ? Array.from({ length: rng.int(2, 4) }, () => event) : [event],
  );
  if (options.shuffle === true) return rng.shuffle(all);
  return typeof options.shuffle === 'number' ? nearby(all, options.shuffle, rng) : all;
}

interface Pending {
  event: Deliverable;
  tries: number;
  /** Milliseconds of the process clock before which it must not be sent again. */
  notBefore: number;
}

/**
 * Sends signed events as Stripe does: any answer but 2xx, a timeout or a broken connection is tried again later
 * with a fresh signature, while the others go on.
 */
export async function deliver(options: DeliverOptions): Promise<DeliveryReport> {
  const target = loopback(options.url);
  const secrets = options.secrets ?? (options.secret === undefined ? [] : [options.secret]);
  if (secrets.length === 0) throw new Error('deliver: give a secret or secrets');
  const plan = deliveryPlan(options.events, options);
  const concurrency = options.concurrency ?? 8;
  const agent = options.agent ?? new Agent({ keepAlive: true, maxSockets: concurrency });
  const report: DeliveryReport = {
    deliveries: plan.length,
    accepted: 0,
    retried: 0,
    failed: 0,
    byStatus: {},
  };
  const send = (event: Deliverable): Promise<number> =>
    post(target, event.body, signed(event.body, secrets, options.clockSeconds()), agent, options.timeoutMs ?? 30_000);
  try {
    await drain(plan, concurrency, options, report, send);
  } finally {
    if (!options.agent) agent.destroy();
  }
  return report;
}

async function drain(
  plan: readonly Deliverable[],
  concurrency: number,
  { retry = { attempts: 5, delayMs: 200 }, onProgress }: DeliverOptions,
  report: DeliveryReport,
  send: (event: Deliverable) => Promise<number>,
): Promise<void> {
  let next = 0;
  const again: Pending[] = [];
  const take = (): Pending | undefined => {
    // what is due again goes first, so that retries are not all left to the end
    if (again[0] && again[0].notBefore <= performance.now()) return again.shift();
    const event = plan[next];
    if (!event) return again.shift();
    next += 1;
    return { event, tries: 0, notBefore: 0 };
  };
  const work = async (): Promise<void> => {
    for (let job = take(); job; job = take()) {
      const pause = job.notBefore - performance.now();
      if (pause > 0) await wait(pause);
      if (job.tries > 0) report.retried += 1;
      const status = await send(job.event);
      report.byStatus[status] = (report.byStatus[status] ?? 0) + 1;
      const accepted = status >= 200 && status < 300;
      if (!accepted && job.tries < retry.attempts) {
        again.push({
          event: job.event,
          tries: job.tries + 1,
          notBefore: performance.now() + retry.delayMs,
        });
        continue;
      }
      report[accepted ? 'accepted' : 'failed'] += 1;
      onProgress?.(report.accepted + report.failed, plan.length);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
}
