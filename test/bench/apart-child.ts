/**
 * The same application twice in one process, on the same database: once as it is, once with a connection that nothing
 * stands behind. What differs between the two is what row-level security costs.
 */
import type { AddressInfo } from 'node:net';
import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
import pino from 'pino';
import type { Clockwork } from '../../src/pipeline/clockwork.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { newId } from '../../src/pipeline/ids.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { createVault } from '../../src/pipeline/vault.ts';
import { allTranslators } from '../../src/compose.ts';
import { providers } from '../../src/providers/index.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { isRefused } from '../../src/store/scoped.ts';
import type { Tx } from '../../src/store/tx.ts';
import { surfaces } from '../../src/surfaces/index.ts';
import { createApp, listen } from '../../src/web/app.ts';
import { SECRET } from './material.ts';

const log = pino({ level: 'silent' });

async function serve(database: Database): Promise<number> {
  const vault = createVault(database, log, { secretsOf: () => [SECRET], apiKey: null }, []);
  const rules = rulesCache(database);
  const work: Clockwork = { database, rules, vault, now: Date.now, newId, log, canAsk: () => false };
  const desk = createDesk(work, allTranslators());
  const app = createApp({ work, desk, providers, surfaces, log, ready: () => Promise.resolve([]) });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  return (server.address() as AddressInfo).port;
}

/** Keeps a connection whose statement was only refused, as scopes do: nothing else may differ. */
function unscoped({ pool }: Database): Tx {
  return {
    async query<Row extends QueryResultRow>(query: QueryConfig): Promise<QueryResult<Row>> {
      const client = await pool.connect();
      try {
        const result = await client.query<Row>(query);
        client.release();
        return result;
      } catch (error) {
        client.release(!isRefused(error));
        throw error;
      }
    },
  };
}

const url = process.env['DATABASE_URL'] ?? '';
const behind = await openDatabase({ url });
const open = await openDatabase({ url });
const second = await serve({ ...open, of: () => unscoped(open), across: unscoped(open) });
const ports = [await serve(behind), second];
console.log(`listening ${ports.join(' ')}.`);
process.on('SIGTERM', () => process.exit(0));
