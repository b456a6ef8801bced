/** `stripe accounts …`: the accounts of a workspace, their signing secrets and API keys. */
import colors from 'picocolors';
import type { Config } from '../config.ts';
import type { AccountDesk, StripeAccountView } from '../core/account-desk.ts';
import type { Caller } from '../core/desk.ts';
import { isRefusal, type Refusal } from '../core/refusals.ts';
import { toIso } from '../core/time.ts';
import { accountDesk } from '../pipeline/desk/accounts.ts';
import { answer, callerIn, opened, workspaceOf, type Options } from './opened.ts';
import { InputError, momentOf, readSecret } from './secret-input.ts';

type Run = (config: Config, args: readonly string[], options: Options) => Promise<number>;

/** Opens the desk of the workspace asked for; prints a refusal, or what the work returns. */
function atDesk(
  work: (desk: AccountDesk, caller: Caller, args: readonly string[], options: Options) => Promise<string | Refusal>,
): Run {
  return (config, args, options) =>
    opened(config, 1, async (parts) => {
      const caller = callerIn(await workspaceOf(parts, options));
      return answer(await work(accountDesk(parts.work), caller, args, options));
    });
}

const MOST_ACCOUNTS = 10_000;

export const listAccounts = atDesk(async (desk, caller) => {
  const { rows } = await desk.accounts(caller, { limit: MOST_ACCOUNTS, offset: 0 });
  if (rows.length === 0)
    return `No Stripe account is registered in workspace "${caller.workspace}". Webhooks signed with STRIPE_WEBHOOK_SECRET need none.`;
  return rows.map(inWords).join('\n');
});

function inWords(account: StripeAccountView): string {
  const state = account.disconnectedAt === null ? '' : colors.red(`  disconnected ${toIso(account.disconnectedAt)}`);
  const head = `${colors.bold(account.id)}${account.scope === '' ? '  primary' : ''}${account.name === '' ? '' : `  ${account.name}`}${state}`;
  const secrets = account.secrets.map(({ id, shown, label, expiresAt }) => {
    const until = expiresAt === null ? '' : `  until ${toIso(expiresAt)}`;
    return `  secret  ${id}  ${shown}${label === '' ? '' : `  ${label}`}${until}`;
  });
  const keys = account.apiKeys.map(({ livemode, shown, refusedAt, refusedReason }) => {
    const refused = refusedAt === null ? '' : colors.red(`  refused by Stripe: ${refusedReason ?? ''}`);
    return `  key     ${livemode ? 'live' : 'test'}  ${shown}${refused}`;
  });
  return [head, ...secrets, ...keys].join('\n');
}

/** Said where the account may be the very one that was heard all along: then every sale would count twice. */
const APART =
  'Its events count apart from those heard so far. If it is the account that STRIPE_WEBHOOK_SECRET serves, remove it and add it with --primary before anything is delivered for it.';

export const addAccount = atDesk(async (desk, caller, [id = ''], options) => {
  const name = options['name'];
  const primary = options['primary'] === true;
  const made = await desk.addAccount(caller, {
    id,
    name: typeof name === 'string' ? name : null,
    primary,
    routed: true,
  });
  if (isRefusal(made)) return made;
  const { account, created } = made;
  const { rows } = await desk.accounts(caller, { limit: MOST_ACCOUNTS, offset: 0 });
  const primaryKnown = rows.some(({ scope }) => scope === '');
  const path = caller.workspace === 'default' ? '/webhooks/stripe' : `/webhooks/stripe/${caller.workspace}`;
  return [
    `Account "${id}" is ${created ? 'registered' : 'connected'} in workspace "${caller.workspace}"${account.scope === '' ? ' as its primary account' : ''}.`,
    ...(account.scope === '' || primaryKnown ? [] : [APART]),
    `Its webhook path is ${path}. Store the signing secret of that endpoint: tributary stripe accounts secrets add ${id} --secret-stdin`,
  ].join('\n');
});

export const removeAccount = atDesk(async (desk, caller, [id = '']) => {
  const gone = await desk.removeAccount(caller, id);
  return isRefusal(gone)
    ? gone
    : `Account "${id}" is removed with its secrets and keys. What its events earned stands.`;
});

export const addSecret = atDesk(async (desk, caller, [id = ''], options) => {
  const expiresAt = momentOf('--expires', options['expires']);
  const othersExpireAt = momentOf('--others-expire', options['othersExpire']);
  const label = typeof options['label'] === 'string' ? options['label'] : null;
  const kept = await desk.addSecret(caller, id, {
    secret: await readSecret(options),
    label,
    expiresAt,
    othersExpireAt,
  });
  return isRefusal(kept) ? kept : `Stored as ${kept.id}: ${kept.shown}. Running processes take it within five seconds.`;
});

export const removeSecret = atDesk(async (desk, caller, [id = '', secretId = '']) => {
  const gone = await desk.removeSecret(caller, id, secretId);
  return isRefusal(gone) ? gone : `The signing secret ${secretId} counts no more.`;
});

export const setKey = atDesk(async (desk, caller, [id = ''], options) => {
  const kept = await desk.putApiKey(caller, id, await readSecret(options));
  return isRefusal(kept) ? kept : `Stored as the ${kept.livemode ? 'live' : 'test'} key of "${id}": ${kept.shown}.`;
});

export const removeKey = atDesk(async (desk, caller, [id = ''], options) => {
  const mode = options['mode'];
  if (mode !== undefined && mode !== 'live' && mode !== 'test') throw new InputError('--mode is live or test.');
  const gone = await desk.removeApiKey(caller, id, mode === undefined ? null : mode === 'live');
  return isRefusal(gone) ? gone : `The API key of "${id}" is removed.`;
});

const STATES = ['open', 'resolved', 'all'];

export const alerts = atDesk(async (desk, caller, _, options) => {
  if (typeof options['resolve'] === 'string') {
    const done = await desk.resolveAlert(caller, options['resolve']);
    return isRefusal(done) ? done : `Resolved: ${done.kind} ${done.subject}.`;
  }
  const state = String(options['state']);
  if (!STATES.includes(state)) throw new InputError('--state is open, resolved or all.');
  const wanted = state === 'all' ? null : (state as 'open' | 'resolved');
  const { rows, total } = await desk.alerts(caller, { state: wanted, limit: 100, offset: 0 });
  if (total === 0) return state === 'open' ? 'Nothing needs attention.' : 'There are no such alerts.';
  const lines = rows.map(
    (one) =>
      `${one.id}  ${colors.bold(one.kind)} ${one.subject}  ${one.times} times, last ${toIso(one.lastAt)}\n  ${one.message}`,
  );
  return [...lines, ...(total > rows.length ? [`and ${total - rows.length} more`] : [])].join('\n');
});
