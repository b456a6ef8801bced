import type { Rules } from '../core/rules.ts';
import type { Database } from '../store/database.ts';
import { loadRules } from '../store/rules.ts';

export type RulesCache = { of(workspace: string, version: number): Promise<Rules> };

/**
 * Rules are read once per version: every load tells the version that holds, so a stale copy cannot be used. Old
 * versions are never asked for again and are dropped.
 */
export function rulesCache(database: Database): RulesCache {
  const known = new Map<string, Rules>();
  return {
    async of(workspace, version) {
      const cached = known.get(workspace);
      if (cached && cached.version >= version) return cached;
      const rules = await loadRules(database.of(workspace), workspace);
      known.set(workspace, rules);
      return rules;
    },
  };
}
