import type { Config } from '../config.ts';
import { isRefusal } from '../core/refusals.ts';
import { createDesk } from '../pipeline/desk/index.ts';
import { readSettings, SETTINGS, settingsShape } from '../web/admin/settings-fields.ts';
import { callerIn, opened, workspaceOf, type Options } from './opened.ts';

/** `hold_period_days` → `hold-period-days`, as the command line writes it. */
const optionOf = (name: string): string => name.replaceAll('_', '-');

const camel = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What was typed, as the API would be sent it: `yes` is true, `none` is null (no tiers), a number is one, JSON is read. */
function typed(name: string, said: string): unknown {
  if (said === 'none') return name === 'tiers' ? [] : null;
  if (said === 'yes' || said === 'no') return said === 'yes';
  if (/^-?\d+(\.\d+)?$/.test(said)) return Number(said);
  if (!said.startsWith('[')) return said;
  try {
    return JSON.parse(said) as unknown;
  } catch {
    return said;
  }
}

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Shows the settings of a workspace, or changes those given; payments known before keep what held for them. */
export async function settings(config: Config, options: Options): Promise<number> {
  const given = SETTINGS.flatMap(({ name }) => {
    const said = options[camel(name)];
    return typeof said === 'string' ? [[name, typed(name, said)] as const] : [];
  });
  const changes = readSettings(Object.fromEntries(given));
  if (isRefusal(changes)) {
    for (const { field, message } of changes.details ?? []) console.error(`--${optionOf(field)} ${message}`);
    return 1;
  }
  return opened(config, 1, async (parts) => {
    const workspace = await workspaceOf(parts, options);
    const desk = createDesk(parts.work, parts.translators);
    const now = settingsShape(await desk.changeSettings(callerIn(workspace), changes));
    console.log(`Settings of workspace "${workspace}":`);
    for (const { name, meaning } of SETTINGS)
      console.log(`  --${optionOf(name).padEnd(21)} ${shown(now[name]).padEnd(12)} ${meaning}`);
    return 0;
  });
}
