import type { Config } from '../config.ts';
import { createWorkspace } from '../store/workspaces.ts';
import { fail, opened } from './opened.ts';

/** `workspaces create acme`: a tenant with its default program. */
export async function workspaces(config: Config, args: readonly string[]): Promise<number> {
  const [verb, name = ''] = args;
  if (verb !== 'create' || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    return fail('Say: tributary workspaces create <name>, with lower-case letters, digits and hyphens.');
  }
  return opened(config, 1, async ({ database, work }) => {
    const created = await createWorkspace(database.of(name), name, name, work.newId('prog'));
    console.log(created ? `Workspace "${name}" is there.` : `Workspace "${name}" was there already.`);
    console.log(
      `Its webhook path is /webhooks/stripe/${name}, its secret STRIPE_WEBHOOK_SECRET_${name.toUpperCase().replaceAll('-', '_')}.`,
    );
    return 0;
  });
}
