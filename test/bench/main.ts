/**
 * `npm run bench`: speed as ratios measured side by side in one run. Nothing here fails on a slow machine; it prints
 * what it is. BENCH_EVENTS (default 20000), BENCH_BACKLOG (50000) and BENCH_GROWTH (100000; 0:
 * leave it out) set the sizes.
 */
import { cpus, totalmem } from 'node:os';
import { signed } from '../../src/simulator/deliver.ts';
import { createKey } from '../../src/pipeline/keys.ts';
import { native } from '../../src/surfaces/index.ts';
import { newId } from '../../src/pipeline/ids.ts';
import type { Clockwork } from '../../src/pipeline/clockwork.ts';
import { cloneDatabase, startTestServer, type TestDatabase } from '../support/server.ts';
import { measureApart } from './apart.ts';
import { backlog } from './backlog.ts';
import { dialects } from './dialects.ts';
import { fire, shot, type Volley } from './fire.ts';
import { growths } from './growth.ts';
import { measureLimit } from './limit.ts';
import { prepare, renewal, SECRET, signedShots } from './material.ts';
import { startChild, type Child } from './process.ts';
import { sampleEvent, steps } from './steps.ts';

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 20_000);
const BACKLOG = Number(process.env['BENCH_BACKLOG'] ?? 50_000);
const GROWTH = Number(process.env['BENCH_GROWTH'] ?? 100_000);
const CONNECTIONS = 16;
const WARM_UP = 3_000;

/** The first event that no other measurement sends. */
const APART_FROM = 8_000_000;

const say = (text = ''): void => console.log(text);
const rate = (perSecond: number): string => `${perSecond.toFixed(0).padStart(7)}/s`;
const latency = ({ p50, p99 }: Volley): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

function describeMachine(): void {
  const [cpu] = cpus();
  say(
    `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}, ${process.platform}`,
  );
  say(
    'One machine for the load, the service and PostgreSQL (fsync and synchronous_commit on); compare ratios, not figures.',
  );
}

function ratio(name: string, value: number, floor: number): void {
  say(
    `  ${name.padEnd(36)} ${value.toFixed(2).padStart(6)}   floor ${floor.toFixed(2)}   ${value >= floor ? 'holds' : 'MISSED'}`,
  );
}

async function saleShots(on: TestDatabase, count: number, from: number): Promise<Buffer[]> {
  const work = { database: on.database, now: Date.now, newId } as unknown as Clockwork;
  const { key } = await createKey(work, {
    workspace: 'default',
    family: native.keys,
    livemode: true,
    name: 'bench',
    scopes: ['*'],
  });
  return Array.from({ length: count }, (_, index) =>
    shot(
      'POST',
      '/v1/conversions',
      { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      JSON.stringify({
        customer_id: `cus_${(from + index) % 10_000}`,
        sale_amount: 99,
        sale_amount_currency: 'USD',
        external_event_id: `order_${from + index}`,
        is_subscription: true,
        interval: 'monthly',
        price_ids: ['price_bench'],
      }),
    ),
  );
}

function check(volley: Volley, status: string): void {
  if (volley.byStatus[status] !== volley.count)
    throw new Error(`expected ${volley.count} × ${status}, got ${JSON.stringify(volley.byStatus)}`);
}

type Ingest = { a: Volley; c: Volley; d: Volley; e: Volley; cpu: number; memory: number };

async function overHttp(on: TestDatabase, service: Child): Promise<Ingest> {
  check(await fire(service.port, signedShots(0, WARM_UP), CONNECTIONS), '200');
  const shots = signedShots(WARM_UP, EVENTS);
  const before = service.cpuSeconds();
  const a = await fire(service.port, shots, CONNECTIONS);
  const cpu = ((service.cpuSeconds() - before) / EVENTS) * 1e6;
  check(a, '200');
  const d = await fire(service.port, shots, CONNECTIONS);
  check(d, '200');
  const e = await fire(service.port, signedShots(WARM_UP, EVENTS, 'whsec_somebody_else'), CONNECTIONS);
  check(e, '400');
  const sales = await saleShots(on, EVENTS / 2 + WARM_UP, 0);
  check(await fire(service.port, sales.slice(0, WARM_UP), CONNECTIONS), '201');
  const c = await fire(service.port, sales.slice(WARM_UP), CONNECTIONS);
  check(c, '201');
  return { a, c, d, e, cpu, memory: service.residentMb() };
}

async function bareKoa(): Promise<Volley> {
  const bare = await startChild('test/bench/bare.ts', [], {}, /listening/);
  const now = Math.floor(Date.now() / 1000);
  const shots = Array.from({ length: EVENTS }, (_, index) => {
    const { body } = renewal(index);
    return shot('POST', '/', { ...signed(body, SECRET, now) }, body);
  });
  await fire(bare.port, shots.slice(0, WARM_UP), CONNECTIONS);
  const volley = await fire(bare.port, shots, CONNECTIONS);
  await bare.stop();
  check(volley, '200');
  return volley;
}

async function main(): Promise<void> {
  describeMachine();
  const server = await startTestServer({ durable: true });
  const on = await cloneDatabase(server, { poolSize: 4 });
  await prepare(on.database.pool, 'default');
  const env = {
    DATABASE_URL: on.url,
    RATE_LIMITS: 'off',
    STRIPE_WEBHOOK_SECRET: SECRET,
    LOG_LEVEL: 'silent',
    TRIBUTARY_ADMIN_KEY: 'sk_live_benchbenchbenchbench',
  };
  const service = await startChild('src/main.ts', ['start'], env, /Webhook/);
  const { a, c, d, e, cpu, memory } = await overHttp(on, service);
  const told = await dialects(on, service.port, { count: EVENTS / 4, warm: WARM_UP / 2, connections: CONNECTIONS });
  await service.stop();
  const sample = await sampleEvent(on);
  const f = await measureLimit(on.url, sample, CONNECTIONS, 8);
  const b = await backlog(on, env, BACKLOG);
  const g = await bareKoa();
  const r = await measureApart(on, APART_FROM, 60, CONNECTIONS);
  say();
  say(`a  signed unique invoice.paid over HTTP, whole commission posted   ${rate(a.perSecond)}   ${latency(a)}`);
  say(`b  stored backlog of ${BACKLOG} brought to the posted ledger            ${rate(b)}`);
  say(`c  POST /v1/conversions                                            ${rate(c.perSecond)}   ${latency(c)}`);
  say(`d  redelivery of known events                                      ${rate(d.perSecond)}   ${latency(d)}`);
  say(`e  bad signatures refused                                          ${rate(e.perSecond)}   ${latency(e)}`);
  say(`f  the same rows by one statement per transaction, ${f.by}     ${rate(f.perSecond)}`);
  for (const { name, volley } of told)
    say(`${`   a sale told to ${name}`.padEnd(65)}  ${rate(volley.perSecond)}   ${latency(volley)}`);
  say(`g  bare Koa endpoint: reads the body, verifies                     ${rate(g.perSecond)}   ${latency(g)}`);
  say();
  ratio('a / f', a.perSecond / f.perSecond, 0.3);
  ratio('b / f', b / f.perSecond, 1);
  ratio('c / f', c.perSecond / f.perSecond, 0.3);
  for (const { name, volley } of told) ratio(`${name} / f`, volley.perSecond / f.perSecond, 0.25);
  ratio('d / a', d.perSecond / a.perSecond, 1.2);
  ratio('e / a', e.perSecond / a.perSecond, 3);
  ratio('with row-level security / without', r.ratio, 0.8);
  say(`  ${'a / g'.padEnd(36)} ${(a.perSecond / g.perSecond).toFixed(2).padStart(6)}`);
  say();
  say(
    `Node CPU of the service per event of (a): ${cpu.toFixed(0)} µs; resident memory at the end: ${memory.toFixed(0)} MB`,
  );
  await steps(on);
  await on.drop();
  await growths(server, 1_000, GROWTH);
  await server.stop();
}

await main();
