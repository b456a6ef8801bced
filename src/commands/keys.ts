import { compose } from '../compose.ts';
import type { Config } from '../config.ts';
import { createKey } from '../pipeline/keys.ts';
import { workspaceExists } from '../store/workspaces.ts';

/** `keys create`: prints a new key once; only its hash is kept. */
export async function keys(
  config: Config,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  if (args[0] !== 'create') {
    console.error('Say: tributary keys create [--workspace name] [--name text] [--test]');
    return 1;
  }
  const workspace = String(options['workspace']);
  const parts = await compose(config, { poolSize: 1 });
  try {
    if (!(await workspaceExists(parts.database.pool, workspace))) {
      console.error(`There is no workspace "${workspace}". Make it: tributary workspaces create ${workspace}`);
      return 1;
    }
    const name = String(options['name']);
    const { key } = await createKey(parts.work, { workspace, livemode: options['test'] !== true, name, scopes: ['*'] });
    console.log(key);
    return 0;
  } finally {
    await parts.close();
  }
}
