/** Settings at the desk: what holds now, and what shall hold from now on. */
import type { OfficeDesk } from '../../core/desk.ts';
import { settingsAt, type Settings } from '../../core/rules.ts';
import { loadRules } from '../../store/rules.ts';
import { changeSettings } from '../../store/workspaces.ts';
import type { Clockwork } from '../clockwork.ts';

export function settingsDesk(work: Clockwork): Pick<OfficeDesk, 'settings' | 'changeSettings'> {
  const { of } = work.database;
  const now = async (workspace: string): Promise<Settings> => {
    const rules = await loadRules(of(workspace), workspace);
    return settingsAt(rules, rules.version);
  };
  return {
    settings: ({ workspace }) => now(workspace),
    changeSettings: async ({ workspace }, changes) => {
      if (Object.keys(changes).length > 0) await changeSettings(of(workspace), workspace, changes);
      return now(workspace);
    },
  };
}
