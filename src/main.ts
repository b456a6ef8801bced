/** The command line. Every command reads the configuration first and says in words what is wrong with it. */
import { Command, Option } from 'commander';
import { addStripeCommands } from './commands/stripe-commands.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { BundledDatabaseError } from './store/bundled.ts';
import { SETTINGS } from './web/admin/settings-fields.ts';

type Run = (
  config: Config,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<number | undefined>;

/** Runs a command to an exit code; expected trouble is one message without a stack. */
function action(run: Run): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    try {
      const code = await run(readConfig(process.env), command.args, command.optsWithGlobals());
      if (code !== undefined) process.exitCode = code;
    } catch (error) {
      process.exitCode = 1;
      console.error(inWords(error));
    }
  };
}

function inWords(error: unknown): string {
  if (error instanceof ConfigError || error instanceof BundledDatabaseError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if ('syscall' in error && error.syscall === 'listen') return portInWords(error);
  const refused = /ECONN|ENOTFOUND|ETIMEDOUT|28P01|3D000/.test(code);
  return refused
    ? `The database cannot be reached (${code}). Check DATABASE_URL: host, port, user, password and database name.`
    : (error.stack ?? error.message);
}

function portInWords(error: Error): string {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const why = code === 'EADDRINUSE' ? 'is in use' : 'may not be listened on by this user';
  return `Port ${port} on ${address} ${why}. Set PORT to another one, or stop what listens there.`;
}

const program = new Command('tributary')
  .description('Commissions from Stripe webhooks, in a ledger that can be proven.')
  .showHelpAfterError();

program
  .command('start', { isDefault: true })
  .description('serve HTTP and work, in one process')
  .option('--no-first-key', 'make no first API key for workspace default')
  .action(
    action(async (config, _, options) =>
      (await import('./commands/start.ts')).start(config, {
        serves: true,
        works: true,
        makesKey: options['firstKey'] !== false,
      }),
    ),
  );
program
  .command('serve')
  .description('serve HTTP only; run `work` elsewhere')
  .action(
    action(async (config) =>
      (await import('./commands/start.ts')).start(config, { serves: true, works: false, makesKey: true }),
    ),
  );
program
  .command('work')
  .description('work only: drain what is pending, release what is due')
  .action(
    action(async (config) =>
      (await import('./commands/start.ts')).start(config, { serves: false, works: true, makesKey: false }),
    ),
  );
program
  .command('migrate')
  .description('bring the database to the newest schema')
  .action(action(async (config) => (await import('./commands/migrate.ts')).migrateNow(config)));
program
  .command('verify')
  .description('recompute the ledger of every workspace from the stored events and compare; exit 1 on a difference')
  .option('--workspace <name>', 'only this workspace')
  .option('--json', 'print the result as JSON')
  .action(action(async (config, _, options) => (await import('./commands/verify.ts')).verify(config, options)));
program
  .command('demo')
  .description('play some months of a SaaS through the real webhook endpoint and show who earned what')
  .option('--customers <number>', 'how many customers', '60')
  .option('--months <number>', 'how many months', '6')
  .option('--seed <text>', 'another seed gives another history', 'tributary')
  .action(action(async (config, _, options) => (await import('./commands/demo.ts')).demo(config, options)));
program
  .command('keys')
  .argument('<create|import|list|rotate|revoke>', 'create and rotate show the new key once')
  .argument('[id]', 'which key to rotate or revoke')
  .description('API keys of a workspace, of every dialect')
  .option('--workspace <name>', 'workspace', 'default')
  .option('--name <text>', 'what it is for', 'made on the command line')
  .option('--family <dialect>', 'whose look it has and whose paths it opens', 'affonso')
  .option('--test', 'a key for the test world (sk_dev_…)')
  .option('--scopes <list>', "permissions, in the dialect's words, separated by commas; else all")
  .option('--hosts <list>', 'host names of pages that may use it, such as *.example.com; else all')
  .option('--affiliate <id>', "an affiliate's own key")
  .option('--expires <time>', 'when it ends, such as 2027-01-01T00:00:00Z; else never')
  .option('--overlap <seconds>', 'how long a rotated key goes on working', '86400')
  .option('--secret-stdin', 'import: read the key from standard input')
  .option('--secret-env <name>', 'import: read the key from this variable')
  .action(action(async (config, args, options) => (await import('./commands/keys.ts')).keys(config, args, options)));
program
  .command('signing')
  .argument('<on|off|show>', 'on shows the new secret once')
  .description("whether conversions, refunds and events of a workspace's callers must be signed")
  .option('--workspace <name>', 'workspace', 'default')
  .option('--secret-stdin', 'on: read a secret your callers have already from standard input')
  .option('--secret-env <name>', 'on: read it from this variable')
  .action(
    action(async (config, args, options) => (await import('./commands/signing.ts')).signing(config, args, options)),
  );
program
  .command('workspaces')
  .argument('<create>', 'create: make a workspace with its default program')
  .argument('<name>', 'lower-case letters, digits, hyphens')
  .description('tenants')
  .action(action(async (config, args) => (await import('./commands/workspaces.ts')).workspaces(config, args)));
const settings = program
  .command('settings')
  .description('show or change what holds for a workspace from now on; docs/settings.md explains each')
  .option('--workspace <name>', 'workspace', 'default')
  .action(action(async (config, _, options) => (await import('./commands/settings.ts')).settings(config, options)));
for (const { name, takes, meaning } of SETTINGS)
  settings.addOption(new Option(`--${name.replaceAll('_', '-')} <${takes}>`, meaning));
program
  .command('rates')
  .argument('<add|list|import>', 'add FROM TO DAY RATE, list, or import a CSV file of the European Central Bank')
  .argument('[given...]')
  .description('exchange rates that commissions are converted by')
  .option('--workspace <name>', 'workspace', 'default')
  .option('--source <text>', 'where an added rate is from', 'command line')
  .option('--limit <number>', 'how many are listed', '50')
  .option('--to <currency>', 'the currency that is imported to; else that of the program')
  .option('--since <day>', 'the first day that is imported; else the last 400 days of the file')
  .action(action(async (config, args, options) => (await import('./commands/rates.ts')).rates(config, args, options)));

addStripeCommands(program, action);

await program.parseAsync(process.argv);
