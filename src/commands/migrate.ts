import { compose } from '../compose.ts';
import type { Config } from '../config.ts';

export async function migrateNow(config: Config): Promise<number> {
  const parts = await compose(config, { poolSize: 1 });
  for (const name of parts.migrated) console.log(`migrated ${name}`);
  if (parts.migrated.length === 0) console.log('The schema is up to date.');
  await parts.close();
  return 0;
}
