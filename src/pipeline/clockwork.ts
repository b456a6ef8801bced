/** What the pipeline needs from outside: a database, the time, ids. Passed in, so that tests can hold the clock. */
import type { Logger } from 'pino';
import type { Database } from '../store/database.ts';
import type { RulesCache } from './rules.ts';
import type { Vault } from './vault.ts';

export type Clockwork = {
  readonly database: Database;
  readonly rules: RulesCache;
  readonly vault: Vault;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** A time-ordered id with a prefix: `com_01h…`. */
  readonly newId: (prefix: string) => string;
  readonly log: Logger;
  /** Whether somebody answers for this account of a workspace (`scope` empty: its own); absent: nobody ever does. */
  readonly canAsk?: (workspace: string, livemode: boolean, scope: string) => boolean;
};
