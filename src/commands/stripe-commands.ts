/** The commands below `stripe`, and `alerts`. */
import type { Command } from 'commander';
import type { Config } from '../config.ts';

type Run = (
  config: Config,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<number | undefined>;

type Acting = (run: Run) => (...given: unknown[]) => Promise<void>;

type Named =
  | 'listAccounts'
  | 'addAccount'
  | 'removeAccount'
  | 'addSecret'
  | 'removeSecret'
  | 'setKey'
  | 'removeKey'
  | 'alerts';

/** Loaded when it is asked for, as every command is. */
function lazily(acting: Acting, name: Named): (...given: unknown[]) => Promise<void> {
  return acting(async (config, args, options) => (await import('./accounts.ts'))[name](config, args, options));
}

const WORKSPACE = ['--workspace <name>', 'workspace', 'default'] as const;

export function addStripeCommands(program: Command, acting: Acting): void {
  const stripe = program.command('stripe').description('Stripe accounts of a workspace, and what they hold');
  addWalks(stripe, acting);
  const accounts = stripe
    .command('accounts')
    .description('register accounts, store their signing secrets and API keys');
  const account = (parent: Command, name: string, words: string): Command =>
    parent
      .command(name)
      .description(words)
      .argument('<account>', 'account id, acct_…')
      .option(...WORKSPACE);
  accounts
    .command('list')
    .description('accounts with their secrets and keys, by prefix and last four')
    .option(...WORKSPACE)
    .action(lazily(acting, 'listAccounts'));
  account(accounts, 'add', 'register an account, or connect it again')
    .option('--name <text>', 'what you call it')
    .option('--primary', 'its events name no account (never changes afterwards)')
    .action(lazily(acting, 'addAccount'));
  account(accounts, 'remove', 'forget its secrets and keys, route its events no more').action(
    lazily(acting, 'removeAccount'),
  );
  accounts
    .command('reseal')
    .description('seal everything stored with the first key of TRIBUTARY_SECRET_KEY')
    .action(acting(async (config) => (await import('./reseal.ts')).reseal(config)));
  addSecrets(accounts.command('secrets').description('signing secrets of webhook endpoints'), account, acting);
  addKeys(accounts.command('key').description('API keys, at most one for each world'), account, acting);
  program
    .command('alerts')
    .description('what a person has to look at, and what to do')
    .option(...WORKSPACE)
    .option('--state <open|resolved|all>', 'which', 'open')
    .option('--resolve <id>', 'resolve this one')
    .action(lazily(acting, 'alerts'));
}

type Sub = (parent: Command, name: string, words: string) => Command;

function withSecret(command: Command): Command {
  return command
    .option('--secret-stdin', 'read the secret from standard input')
    .option('--secret-env <name>', 'read the secret from this variable of the environment');
}

function addSecrets(secrets: Command, account: Sub, acting: Acting): void {
  withSecret(account(secrets, 'add', 'store a signing secret (whsec_…); several count at once'))
    .option('--label <text>', 'what it is for')
    .option('--expires <time>', 'when it stops counting')
    .option('--others-expire <time>', 'when the secrets it replaces stop counting')
    .action(lazily(acting, 'addSecret'));
  account(secrets, 'remove', 'a signing secret counts no more')
    .argument('<secret>', 'its id, whs_…')
    .action(lazily(acting, 'removeSecret'));
}

function addKeys(keys: Command, account: Sub, acting: Acting): void {
  withSecret(account(keys, 'set', 'store the API key of one world (rk_live_…, rk_test_…)')).action(
    lazily(acting, 'setKey'),
  );
  account(keys, 'remove', 'remove the API key')
    .option('--mode <live|test>', 'only that of one world')
    .action(lazily(acting, 'removeKey'));
}

function addWalks(stripe: Command, acting: Acting): void {
  stripe
    .command('setup')
    .description('register our webhook endpoint at Stripe, or give it the right events; all that is ever written there')
    .requiredOption('--url <url>', 'https://…/webhooks/stripe')
    .option(...WORKSPACE)
    .option('--account <account>', 'with the API key of this account')
    .option('--mode <live|test>', 'in this world')
    .option('--connect', 'for events of connected accounts')
    .option('--dry-run', 'change nothing, say what would be')
    .action(acting(async (config, args, options) => (await import('./setup.ts')).setup(config, args, options)));
  stripe
    .command('backfill')
    .description('take in what Stripe has and no webhook brought; only reads are sent to Stripe')
    .requiredOption('--since <day>', 'a day such as 2026-10-01, or a time')
    .option(...WORKSPACE)
    .option('--account <account>', 'only this account')
    .option('--mode <live|test>', 'only this world')
    .option('--objects', 'list invoices, charges, refunds, … too where events would do')
    .option('--restart', 'forget how far an earlier one came')
    .option('--dry-run', 'store nothing, count what is missing')
    .action(acting(async (config, args, options) => (await import('./backfill.ts')).backfill(config, args, options)));
}
