import { compose } from '../compose.ts';
import type { Config } from '../config.ts';
import { DEFAULT_SETTINGS, settingsAt } from '../core/rules.ts';
import { loadRules } from '../store/rules.ts';
import { changeSettings, workspaceExists } from '../store/workspaces.ts';

/** A whole number of at least 0; anything else is refused with the option's name. */
function whole(name: string, value: unknown): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 1_000_000)
    throw new Error(`${name} must be a whole number of at least 0, not "${String(value)}"`);
  return number;
}

/** The settings that were given, in the words of the core. */
function given(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { deferMinutes, holdDays, trustOutOfBand } = options;
  return {
    ...(deferMinutes === undefined ? {} : { deferMinutes: whole('--defer-minutes', deferMinutes) }),
    ...(holdDays === undefined ? {} : { holdPeriodDays: holdDays === 'none' ? null : whole('--hold-days', holdDays) }),
    ...(trustOutOfBand === undefined ? {} : { trustOutOfBand: trustOutOfBand === 'yes' }),
  };
}

/** Shows the settings of a workspace, or changes those given; payments known before keep what held for them. */
export async function settings(config: Config, options: Readonly<Record<string, unknown>>): Promise<number> {
  const changes = given(options);
  const workspace = String(options['workspace']);
  const parts = await compose(config, { poolSize: 1 });
  try {
    const { pool } = parts.database;
    if (!(await workspaceExists(pool, workspace))) {
      console.error(`There is no workspace "${workspace}". Make it: tributary workspaces create ${workspace}`);
      return 1;
    }
    if (Object.keys(changes).length > 0) await changeSettings(pool, workspace, changes);
    const rules = await loadRules(pool, workspace);
    const now = { ...DEFAULT_SETTINGS, ...settingsAt(rules, rules.version) };
    console.log(`Settings of workspace "${workspace}":`);
    console.log(
      `  --defer-minutes     ${now.deferMinutes}   how long a payment intent that may belong to an invoice waits`,
    );
    console.log(
      `  --hold-days         ${now.holdPeriodDays ?? 'none'}   hold of incentives that have none of their own`,
    );
    console.log(
      `  --trust-out-of-band ${now.trustOutOfBand ? 'yes' : 'no'}   invoices paid outside Stripe earn without an approval`,
    );
    return 0;
  } finally {
    await parts.close();
  }
}
