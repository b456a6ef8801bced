/**
 * `demo`: some months of a SaaS, played through the real webhook endpoint of the real service into a workspace of its
 * own, in the database that `npm start` uses; then who earned what, why, and the proof.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import colors from 'picocolors';
import { z } from 'zod';
import { compose, type Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import type { Caller } from '../core/desk.ts';
import { createDesk } from '../pipeline/desk/index.ts';
import { createKey } from '../pipeline/keys.ts';
import { native } from '../surfaces/index.ts';
import { verifyWorkspace } from '../pipeline/verify.ts';
import { playSaas } from '../simulator/saas.ts';
import { duePayments } from '../store/due.ts';
import { createWorkspace } from '../store/workspaces.ts';
import { openApi, type Api } from './demo-api.ts';
import { DemoError, startChild, type Played } from './demo-child.ts';
import { DISORDER, DUPLICATES, sellByApi, sendEvents, type Sent } from './demo-play.ts';
import { allConversions, mostInteresting, nextSteps, parkedLines, reasonOf, standings } from './demo-report.ts';
import { bringCustomers, createAffiliates, createIncentives, type Affiliate } from './demo-scene.ts';
import { print } from './verify.ts';

const MONTH_SECONDS = 30 * 86_400;
const SETTLED_WITHIN_MS = 30_000;
/** What a shell expects of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

const wanted = z.object({
  customers: z.coerce
    .number({ error: '--customers must be a number' })
    .int('--customers must be a whole number')
    .min(1, '--customers must be at least 1')
    .max(10_000, '--customers must be at most 10000'),
  months: z.coerce
    .number({ error: '--months must be a number' })
    .int('--months must be a whole number')
    .min(1, '--months must be at least 1')
    .max(36, '--months must be at most 36'),
  seed: z.string(),
});
type Wanted = z.infer<typeof wanted>;

/** Ends with 0 when the ledger is proven, 1 when it differs or something is in the way. */
export async function demo(config: Config, options: Readonly<Record<string, unknown>>): Promise<number> {
  const read = wanted.safeParse(options);
  if (!read.success) {
    for (const { message } of read.error.issues) console.error(message);
    return 1;
  }
  const begun = performance.now();
  const logLevel = config.logLevel === 'debug' || config.logLevel === 'trace' ? config.logLevel : 'warn';
  step('Starting the database and the service');
  const stage: Stage = {
    parts: compose({ ...config, logLevel }, { poolSize: 4 }),
    child: null,
    leaving: null,
  };
  const onSignal = (): void => void leave(stage).finally(() => process.exit(INTERRUPTED));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const equal = await play(stage, logLevel, read.data);
    console.log(`\nAll of it took ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
    return equal ? 0 : 1;
  } catch (error) {
    // What an interrupted play stumbles over is no news.
    if (stage.leaving) return INTERRUPTED;
    if (!(error instanceof DemoError)) throw error;
    console.error(`\nThe demo cannot go on. ${error.message}`);
    return 1;
  } finally {
    await leave(stage);
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

type Stage = {
  readonly parts: Promise<Parts>;
  child: Played | null;
  leaving: Promise<void> | null;
};

/** First the service, then what it stands on; once, and also while it is only starting. */
function leave(stage: Stage): Promise<void> {
  stage.leaving ??= close(stage);
  return stage.leaving;
}

async function close(stage: Stage): Promise<void> {
  const parts = await stage.parts.catch(() => null);
  await stage.child?.stop();
  await parts?.close();
}

async function play(stage: Stage, logLevel: string, { customers, months, seed }: Wanted): Promise<boolean> {
  const parts = await stage.parts;
  const workspace = `demo-${randomBytes(3).toString('hex')}`;
  const secret = `whsec_${randomBytes(24).toString('hex')}`;
  await createWorkspace(parts.database.of(workspace), workspace, 'Demo', parts.work.newId('prog'));
  const { key, keyId } = await createKey(parts.work, {
    workspace,
    family: native.keys,
    livemode: true,
    name: 'demo',
    scopes: ['*'],
  });
  if (stage.leaving) return false;
  stage.child = startChild({ workspace, secret, logLevel });
  const url = await stage.child.url;
  const api = openApi(url, key);

  step(`Setting up workspace ${workspace}: 5 affiliates, their clicks and sign-ups, 6 incentives`);
  const startAt = Math.floor(Date.now() / 1000) - months * MONTH_SECONDS;
  const affiliates = await createAffiliates(api);
  const clicks = await bringCustomers(api, affiliates, customers, startAt);
  const { events, summary } = playSaas({
    seed,
    customers,
    months,
    startAt,
    referralFor: (index) => clicks[index] ?? null,
  });
  const incentives = await createIncentives(api, affiliates, events);

  step(
    `Sending ${months} months of ${customers} customers: ${events.length} signed webhooks, ${DUPLICATES * 100} % of them more than once, up to ${DISORDER} places out of order`,
  );
  const sent = await sendEvents(`${url}/webhooks/stripe/${workspace}`, secret, events, seed);
  const byApi = await sellByApi(api, affiliates, startAt);
  await settled(parts, api);
  tellStory(summary.happened, events.length, byApi, sent);
  const caller: Caller = { workspace, livemode: true, keyId, scopes: ['*'] };
  return report({ parts, api, key, caller, affiliates, incentives });
}

function tellStory(
  happened: Readonly<Record<string, number>>,
  events: number,
  byApi: number,
  { report: { deliveries }, seconds }: Sent,
): void {
  const story = Object.entries(happened).map(([what, count]) => `${count} ${what}`);
  console.log(`  It was: ${story.join(', ')}, and ${byApi} sales by POST /v1/conversions.`);
  console.log(
    `  ${events} events in ${deliveries} deliveries took ${seconds.toFixed(1)} s: ${Math.round(events / seconds)} events/s, each with its whole effect in the ledger.`,
  );
}

/** Waits until nothing is pending and every hold that is over has been released. */
async function settled({ database, work }: Parts, api: Api): Promise<void> {
  for (const deadline = Date.now() + SETTLED_WITHIN_MS; Date.now() < deadline; await wait(100)) {
    const { total } = await api.list('/v1/inbox?state=pending&limit=1', z.unknown());
    if (total === 0 && (await duePayments(database.across, work.now(), 1)) === null) return;
  }
  console.log('  Some of it is still being decided; what follows may be behind.');
}

type Shown = {
  readonly parts: Parts;
  readonly api: Api;
  readonly key: string;
  readonly caller: Caller;
  readonly affiliates: readonly Affiliate[];
  readonly incentives: ReadonlyMap<string, string>;
};

async function report({ parts, api, key, caller, affiliates, incentives }: Shown): Promise<boolean> {
  const { config, database, work, translators } = parts;
  const desk = createDesk(work, translators);
  const conversions = await allConversions(desk, caller);
  step('Who earned what');
  for (const line of await standings(desk, caller, affiliates, conversions)) console.log(line);
  const sale = mostInteresting(conversions);
  if (sale) {
    step('Why, for one of them');
    for (const line of await reasonOf(api, sale, incentives)) console.log(`  ${line}`);
  }
  const parked = await parkedLines(api);
  if (parked.length > 0) step('Not lost, but waiting');
  for (const line of parked) console.log(`  ${line}`);
  step('Proven: the ledger computed again from the stored events');
  const proof = await verifyWorkspace(database, translators, caller.workspace);
  print(proof);
  step('Look further');
  const [first] = affiliates;
  if (first)
    for (const line of nextSteps(config.publicUrl ?? `http://127.0.0.1:${config.port}`, key, first, sale))
      console.log(`  ${line}`);
  return proof.equal;
}

function step(text: string): void {
  console.log(`\n${colors.bold(text)}`);
}
