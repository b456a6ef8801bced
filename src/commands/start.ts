/** The service: HTTP, worker, or both in one process. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import closeWithGrace from 'close-with-grace';
import colors from 'picocolors';
import { compose, type Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import { createDesk } from '../pipeline/desk/index.ts';
import { createKey, ensureKey, hasKeys } from '../pipeline/keys.ts';
import { createRateLimits } from '../pipeline/limits.ts';
import { reconcile } from '../pipeline/reconcile.ts';
import { providers } from '../providers/index.ts';
import { pendingMigrations } from '../store/migrate.ts';
import { native, surfaces } from '../surfaces/index.ts';
import { createApp, listen } from '../web/app.ts';
import type { Limiting } from '../web/limiting.ts';
import { startWorker, type Worker } from '../work/loop.ts';
import { forgetting, gathering, type Chore } from '../work/schedule.ts';

type Parties = {
  readonly serves: boolean;
  readonly works: boolean;
  /** Whether workspace default gets a first key, printed once, when it has none. */
  readonly makesKey: boolean;
};

/** A worker that went round longer ago than this is not well. */
const WORKER_SILENT_MS = 60_000;

const STOP_WITHIN_MS = 10_000;

/** Runs until it is told to stop; SIGTERM and SIGINT finish what is under way and exit 0. */
export async function start(config: Config, { serves, works, makesKey }: Parties): Promise<undefined> {
  const parts = await compose(config, { stays: true });
  await parts.reach.refresh();
  const keys = watchKeys(parts);
  const worker = works ? startWorker(parts.work, parts.translators, parts.reach.asking, choresOf(parts)) : null;
  try {
    const server = serves ? await serve(parts, worker) : null;
    const key = await firstKey(parts, makesKey);
    greet(parts, server, worker, key, await problemOfSecrets(parts));
    stopWell(parts, server, worker, keys);
  } catch (error) {
    // A port that is taken must end the process, which the worker and the pool would keep alive.
    clearInterval(keys);
    await worker?.stop();
    await parts.close();
    throw error;
  }
  return undefined;
}

const KEYS_READ_EVERY_MS = 5_000;

/** Keys that are stored or removed while this process runs count within some seconds. */
function watchKeys({ reach }: Parts): NodeJS.Timeout {
  // A database that is away is noticed where it matters.
  return setInterval(() => void reach.refresh().catch(() => undefined), KEYS_READ_EVERY_MS).unref();
}

const RECONCILE_LOOKED_AT_EVERY_MS = 60_000;

function choresOf({ work, reach }: Parts): Chore[] {
  const reconciling = async (): Promise<number> => {
    await reconcile(work, await reach.sources());
    return 0;
  };
  return [gathering(work), forgetting(work), { everyMs: RECONCILE_LOOKED_AT_EVERY_MS, run: reconciling }];
}

async function serve(parts: Parts, worker: Worker | null): Promise<Server> {
  const { config, work, translators, log } = parts;
  const app = createApp({
    work,
    desk: createDesk(work, translators),
    providers,
    surfaces,
    log,
    publicUrl: config.publicUrl,
    hosts: config.dialectHosts,
    limiting: limitingOf(parts),
    trustedProxies: config.trustedProxies,
    ready: () => readiness(parts, worker),
  });
  return listen(app, { host: config.host, port: config.port });
}

function limitingOf({ config, database, work: { now } }: Parts): Limiting | null {
  const { rateLimits: set } = config;
  return set === null ? null : { rates: createRateLimits(database, now), now, set };
}

/** What keeps the service from being ready, in words; empty: nothing does. */
async function readiness({ database, work }: Parts, worker: Worker | null): Promise<string[]> {
  const missing: string[] = [];
  try {
    const pending = await pendingMigrations(database.dataSource);
    if (pending.length > 0)
      missing.push(`migrations are pending: ${pending.join(', ')}; run: npm run tributary -- migrate`);
  } catch {
    missing.push('the database cannot be reached');
  }
  if (worker && work.now() - worker.lastRound() > WORKER_SILENT_MS)
    missing.push('the worker has not gone round for a minute');
  return missing;
}

/** The configured first key, or one made and shown once when the workspace has none. */
async function firstKey({ config, work }: Parts, makesKey: boolean): Promise<string | null> {
  if (config.adminKey !== null) await ensureKey(work, native.keys, 'default', config.adminKey);
  if (!makesKey || (await hasKeys(work, 'default'))) return null;
  const { key } = await createKey(work, {
    workspace: 'default',
    family: native.keys,
    livemode: true,
    name: 'made at the first start',
    scopes: ['*'],
  });
  return key;
}

function addressOf(config: Config, server: Server): string {
  const { port } = server.address() as AddressInfo;
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  return config.publicUrl ?? `http://${host}:${port}`;
}

/** Where it is, what to paste at Stripe, the first key, and what is not configured yet. */
function greet(
  parts: Parts,
  server: Server | null,
  worker: Worker | null,
  key: string | null,
  secrets: string | null,
): void {
  const { config } = parts;
  const say = (name: string, value: string): void => console.log(`  ${name.padEnd(12)}${value}`);
  const rolesInWords = [server && 'HTTP', worker && 'worker'].filter(Boolean).join(' and ');
  console.log(`${colors.bold('Tributary')} is running (${rolesInWords}).`);
  say('Database', parts.databaseInWords);
  if (parts.migrated.length > 0) say('Migrated', parts.migrated.join(', '));
  if (server) {
    const url = addressOf(config, server);
    say('URL', url);
    say('Webhook', `${url}/webhooks/stripe`);
    if (key) say('API key', `${key}   ${colors.dim('(shown once; keep it)')}`);
    for (const line of unconfigured(config, url, secrets)) console.log(`  ${colors.yellow('!')} ${line}`);
  }
}

/** What keeps webhooks of workspace default from being taken; null: nothing does. */
async function problemOfSecrets({ config, work }: Parts): Promise<string | null> {
  if ((config.webhookSecrets.get('default') ?? []).length > 0) return null;
  const { secrets, problem } = await work.vault.storedSecrets('default', work.now());
  if (problem !== null) return `A stored signing secret cannot be opened: ${problem}`;
  return secrets.length > 0 ? null : NO_SECRET;
}

const NO_SECRET =
  'STRIPE_WEBHOOK_SECRET is not set and no account stores one, so webhooks of workspace default are refused.';

function unconfigured(config: Config, url: string, secrets: string | null): string[] {
  const missing: string[] = [];
  if (secrets !== null) missing.push(secrets);
  if (secrets === NO_SECRET)
    missing.push(`Locally: stripe listen --all-snapshot --forward-to ${url}/webhooks/stripe prints one.`);
  if (config.publicUrl === null)
    missing.push('PUBLIC_URL is not set: Stripe needs an address that it can reach from outside.');
  if (config.databaseUrl === null)
    missing.push('DATABASE_URL is not set: the bundled PostgreSQL is fine to try it; use your own for production.');
  return missing;
}

/** The order matters: no new requests, then no new work, then no database. */
function stopWell(parts: Parts, server: Server | null, worker: Worker | null, keys: NodeJS.Timeout): void {
  closeWithGrace({ delay: STOP_WITHIN_MS, logger: false }, async ({ err }) => {
    if (err) parts.log.fatal({ reason: err.stack ?? err.message }, 'stopping after an unexpected error');
    clearInterval(keys);
    if (server) await closed(server);
    await worker?.stop();
    await parts.close();
    parts.log.flush();
  });
}

const SWEEP_MS = 50;

/** A connection that was answering when we stopped is idle soon after, and its keep-alive would hold us for a minute. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
  });
}
