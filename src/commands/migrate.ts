import type { Config } from '../config.ts';
import { opened } from './opened.ts';

export function migrateNow(config: Config): Promise<number> {
  return opened(config, 1, ({ migrated }) => {
    for (const name of migrated) console.log(`migrated ${name}`);
    if (migrated.length === 0) console.log('The schema is up to date.');
    return Promise.resolve(0);
  });
}
