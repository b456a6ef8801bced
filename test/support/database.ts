import { inject } from 'vitest';
import type { DatabaseOptions } from '../../src/store/database.ts';
import { cloneDatabase, type TestDatabase } from './server.ts';

/** A new, migrated, empty database for one test file; call `drop` in `afterAll`. */
export function createDatabase(options: Omit<DatabaseOptions, 'url'> = {}): Promise<TestDatabase> {
  return cloneDatabase(inject('server'), options);
}
