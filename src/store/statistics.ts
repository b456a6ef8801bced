/**
 * Statistics of young tables. PostgreSQL gathers them up to a minute after a table has filled, and until then an index that
 * begins with the workspace alone looks as good as the primary key: what the first events of an installation look up, and
 * the checks of foreign keys behind them, would read everything there is each time. New statistics also make every
 * connection plan its statements anew.
 */
import type { Database } from './database.ts';

/** From this size on a table grows slowly enough for autovacuum: 64 MiB, in pages of 8 KiB. */
const YOUNG_PAGES = 8_192;

const GROWN = `
SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_relation_size(c.oid) / current_setting('block_size')::int AS now) pages
WHERE n.nspname = current_schema() AND c.relkind = 'r' AND pg_has_role(c.relowner, 'MEMBER')
  AND pages.now BETWEEN 1 AND ${YOUNG_PAGES} AND (c.reltuples < 0 OR pages.now >= 2 * c.relpages)
ORDER BY 1`;

/** Looks anew at tables that are at least twice as large as when somebody last looked. Returns their names. */
export async function gatherStatistics({ pool }: Pick<Database, 'pool'>): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(GROWN);
  const names = rows.map(({ name }) => name);
  // Another process that is at it, or autovacuum, need not be waited for.
  if (names.length > 0) await pool.query(`ANALYZE (SKIP_LOCKED) ${names.map((name) => `"${name}"`).join(', ')}`);
  return names;
}
