/** `stripe setup`: registers the webhook endpoint at Stripe. The only command that writes there. */
import colors from 'picocolors';
import type { Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import { KeyRefused, RateLimited, Unreachable } from '../core/answers.ts';
import { isRefusal } from '../core/refusals.ts';
import { keepSecret } from '../pipeline/desk/secrets.ts';
import { refusalInWords } from '../pipeline/refused.ts';
import { providers } from '../providers/index.ts';
import type { SetEndpoint } from '../providers/provider.ts';
import type { Reached } from '../reach.ts';
import { listAccounts } from '../store/stripe-accounts.ts';
import { opened, type Options } from './opened.ts';
import { reachedOf } from './reached.ts';
import { InputError } from './secret-input.ts';

/** 0: the endpoint is as it should be, or a dry run said what is to be done; 1: it was refused. */
export async function setup(config: Config, _: readonly string[], options: Options): Promise<number> {
  return opened(config, 2, async (parts) => {
    const url = urlOf(options['url'], String(options['workspace']));
    const reached = onlyOne(await reachedOf(parts, await parts.reach.accounts(), options));
    return register(parts, reached, url, options);
  });
}

/** Throws an `InputError` when Stripe could not deliver there, or it would be delivered to another workspace. */
function urlOf(value: unknown, workspace: string): string {
  const text = typeof value === 'string' ? value : '';
  const wants = workspace === 'default' ? '/webhooks/stripe' : `/webhooks/stripe/${workspace}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:')
    throw new InputError(
      `--url must be the https address that Stripe reaches us at, such as https://commissions.example.com${wants}. For a local one use: stripe listen --forward-to`,
    );
  if (!url.pathname.endsWith(wants) && !(workspace === 'default' && url.pathname.endsWith(`${wants}/default`)))
    throw new InputError(`--url must end in ${wants}: that is where webhooks of workspace "${workspace}" are taken.`);
  return text;
}

function onlyOne(all: readonly Reached[]): Reached {
  const [first] = all;
  if (first && all.length === 1) return first;
  const names = all.map(({ account, livemode }) => `${account ?? 'STRIPE_API_KEY'} (${livemode ? 'live' : 'test'})`);
  throw new InputError(`There are several API keys: ${names.join(', ')}. Say which with --account and --mode.`);
}

async function register(parts: Parts, reached: Reached, url: string, options: Options): Promise<number> {
  const connect = options['connect'] === true;
  const dryRun = options['dryRun'] === true;
  console.log(
    dryRun
      ? `What would be changed at Stripe (${reached.livemode ? 'live' : 'test'}); nothing is:`
      : `This writes to Stripe (${reached.livemode ? 'live' : 'test'}): it registers or updates the webhook endpoint ${url}, and nothing else.`,
  );
  try {
    const done = await providers.get('stripe')?.setEndpoint?.(reached.access, { url, connect, dryRun });
    if (!done) throw new Error('Stripe has webhook endpoints');
    for (const line of inWords(done, dryRun)) console.log(line);
    if (done.secret !== null) console.log(await placeSecret(parts, reached, done.secret));
    return 0;
  } catch (error) {
    console.error(problemOf(reached, dryRun, error));
    return 1;
  }
}

function inWords({ is, id, added, removed, wasDisabled, apiVersion }: SetEndpoint, dryRun: boolean): string[] {
  const did = dryRun ? 'would be ' : '';
  if (is === 'right') return [`${colors.bold(id ?? '')} gets exactly the right events already.`];
  if (is === 'made')
    return [
      `${colors.bold(id ?? 'An endpoint')} ${did}registered for ${added.length} types of events, API version ${apiVersion}.`,
    ];
  return [
    `${colors.bold(id ?? '')} is there already and ${did}updated.${wasDisabled ? ` It was disabled and ${did}switched on.` : ''}`,
    ...(added.length > 0 ? [`  added:   ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`  removed: ${removed.join(', ')}`] : []),
    '  Its signing secret stays as it is.',
  ];
}

/** Stripe shows it once: it is sealed where that is possible, else printed with what to do; never logged. */
async function placeSecret(parts: Parts, { workspace, account, scope }: Reached, secret: string): Promise<string> {
  const { work, config } = parts;
  const accounts = await listAccounts(work.database.of(workspace), workspace);
  const owner = account ?? accounts.find((one) => one.scope === scope)?.id ?? null;
  if (config.secretKeys.length > 0 && owner !== null) {
    const given = { account: owner, secret, label: 'made by setup', expiresAt: null, othersExpireAt: null };
    const kept = await keepSecret(work, workspace, given).catch((error: unknown) => error as Error);
    if (!(kept instanceof Error) && !isRefusal(kept))
      return `Its signing secret is stored, sealed, for account "${owner}" as ${kept.id}. Running processes take it within five seconds.`;
  }
  const variable = workspace === 'default' ? '' : `_${workspace.toUpperCase().replaceAll('-', '_')}`;
  return [
    'Stripe shows its signing secret only now. Put it in the environment of every process and restart them:',
    `  STRIPE_WEBHOOK_SECRET${variable}=${secret}`,
    'Or, with TRIBUTARY_SECRET_KEY set, store it: tributary stripe accounts secrets add <account> --secret-stdin',
  ].join('\n');
}

function problemOf(reached: Reached, dryRun: boolean, error: unknown): string {
  const needs = dryRun ? 'Webhook Endpoints' : 'or write Webhook Endpoints';
  if (error instanceof KeyRefused) return refusalInWords(reached, error, needs);
  if (error instanceof RateLimited || error instanceof Unreachable)
    return `Stripe did not answer (${error.message}). Try again in a minute.`;
  // Stripe's own words on what was asked for, such as a URL that it cannot reach.
  if (error instanceof Error && 'statusCode' in error) return `Stripe refused it: ${error.message}`;
  throw error;
}
