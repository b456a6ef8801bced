/** Puts the parts together: database, migrations, workspace, sources. Used by every command. */
import pino, { type Logger } from 'pino';
import type { Config } from './config.ts';
import type { Clockwork } from './pipeline/clockwork.ts';
import { newId } from './pipeline/ids.ts';
import { journalTranslators } from './pipeline/journal.ts';
import { rulesCache } from './pipeline/rules.ts';
import { createVault, type Environment } from './pipeline/vault.ts';
import type { Translators } from './pipeline/translate.ts';
import { providers } from './providers/index.ts';
import { createReach, type Reach } from './reach.ts';
import { startBundled, type Bundled } from './store/bundled.ts';
import { openDatabase, type Database } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { createWorkspace } from './store/workspaces.ts';

export type Parts = {
  readonly config: Config;
  readonly log: Logger;
  readonly database: Database;
  readonly work: Clockwork;
  readonly translators: Translators;
  /** Which accounts can be asked, and who answers. */
  readonly reach: Reach;
  /** Where the data is, in words, without a password. */
  readonly databaseInWords: string;
  /** Migrations that ran now. */
  readonly migrated: readonly string[];
  close(): Promise<void>;
};

/** JSON lines, buffered; what could be a secret is never an argument of a log call, and is redacted all the same. */
function createLog(level: string): Logger {
  return pino(
    {
      level,
      redact: ['authorization', 'headers.authorization', 'headers["stripe-signature"]', 'secret', 'key', 'url'],
    },
    pino.destination({ sync: false, minLength: 0, dest: 2 }),
  );
}

/** Every source of events by name: webhook providers and what comes by API. */
export function allTranslators(): Translators {
  return new Map([...providers.values(), ...journalTranslators].map((one) => [one.name, one]));
}

function environmentOf({ webhookSecrets, stripeApiKey }: Config): Environment {
  return { secretsOf: (workspace) => webhookSecrets.get(workspace) ?? [], apiKey: stripeApiKey };
}

type Options = {
  /** Connections at most; default 8. */
  readonly poolSize?: number;
  readonly migrates?: boolean;
  /** A process that stays says in its log what the bundled PostgreSQL does; a command has its own words for a person. */
  readonly stays?: boolean;
};

/** Opens everything a command needs. Throws `BundledDatabaseError` and connection errors with words for a person. */
export async function compose(config: Config, options: Options = {}): Promise<Parts> {
  const log = createLog(config.logLevel);
  const tell = (line: string): void => (options.stays === true ? log.info(line) : log.debug(line));
  const bundled = config.databaseUrl === null ? await startBundled({ dataDir: config.dataDir, log: tell }) : null;
  try {
    const database = await openDatabase({
      url: config.databaseUrl ?? bundled?.url ?? '',
      poolSize: options.poolSize ?? 8,
    });
    const migrated = options.migrates === false ? [] : await migrate(database.dataSource);
    if (options.migrates !== false) await createWorkspace(database.of('default'), 'default', 'Default', newId('prog'));
    const vault = createVault(database, log, environmentOf(config), config.secretKeys);
    const reach = createReach({ database, vault, log, now: Date.now, base: config.stripeApiBase });
    const { canAsk } = reach;
    const work: Clockwork = { database, rules: rulesCache(database), vault, now: Date.now, newId, log, canAsk };
    return {
      config,
      log,
      database,
      work,
      translators: allTranslators(),
      reach,
      databaseInWords: bundled ? `bundled PostgreSQL, data in ${config.dataDir}` : inWords(config.databaseUrl ?? ''),
      migrated,
      close: () => closeAll(database, bundled),
    };
  } catch (error) {
    await bundled?.stop();
    throw error;
  }
}

function inWords(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

async function closeAll(database: Database, bundled: Bundled | null): Promise<void> {
  await database.close();
  await bundled?.stop();
}
