/** Which accounts a command means, of those that can be reached with an API key. */
import type { Parts } from '../compose.ts';
import { workspaceOf, type Options } from './opened.ts';
import { InputError } from './secret-input.ts';

type Account = { readonly workspace: string; readonly account: string | null; readonly livemode: boolean };

/** Those of `--workspace`, `--account` and `--mode`. Throws an `InputError` that says what to do when there is none. */
export async function reachedOf<T extends Account>(parts: Parts, all: readonly T[], options: Options): Promise<T[]> {
  const { account, mode } = options;
  if (mode !== undefined && mode !== 'live' && mode !== 'test') throw new InputError('--mode is live or test.');
  const workspace = await workspaceOf(parts, options);
  const own = all.filter((one) => one.workspace === workspace);
  const meant = own.filter(
    (one) =>
      (account === undefined || one.account === account) && (mode === undefined || one.livemode === (mode === 'live')),
  );
  if (meant.length === 0) throw new InputError(noKey(workspace, account, own));
  return meant;
}

function noKey(workspace: string, account: unknown, own: readonly Account[]): string {
  const name = typeof account === 'string' ? account : 'acct_…';
  const there = own.map((one) => `${one.account ?? 'STRIPE_API_KEY'} (${one.livemode ? 'live' : 'test'})`);
  const others = there.length === 0 ? '' : ` There are keys of: ${there.join(', ')}.`;
  const set = workspace === 'default' ? 'Set STRIPE_API_KEY, or store one: ' : 'Store one: ';
  return `There is no API key${typeof account === 'string' ? ` for account "${account}"` : ''} in workspace "${workspace}".${others} ${set}tributary stripe accounts key set ${name} --workspace ${workspace} --secret-stdin. A restricted key with read access is enough.`;
}
