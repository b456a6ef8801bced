/** Stripe accounts at the desk: registering them, their signing secrets and API keys, and the alerts. */
import type { AccountDesk, ApiKeyView, SecretView, StripeAccountView } from '../../core/account-desk.ts';
import type { Caller } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { listAlerts, resolveAlertById } from '../../store/alerts.ts';
import { NO_SEAL_KEY } from '../../store/seal.ts';
import {
  findAccount,
  listAccounts,
  registerAccount,
  removeAccount,
  renameAccount,
  type AccountRow,
} from '../../store/stripe-accounts.ts';
import { deleteApiKey, listApiKeys } from '../../store/stripe-keys.ts';
import { deleteSecret, secretsOf } from '../../store/stripe-secrets.ts';
import { settleAlerts } from '../accounts.ts';
import type { Clockwork } from '../clockwork.ts';
import { keepApiKey, keepSecret } from './secrets.ts';

export function accountDesk(work: Clockwork): AccountDesk {
  const { of } = work.database;
  return {
    addAccount: (caller, input) => writing(caller, () => add(work, caller.workspace, input)),
    account: ({ workspace }, id) => show(work, workspace, id),
    async accounts({ workspace }, { limit, offset }) {
      const all = await listAccounts(of(workspace), workspace);
      return { rows: await viewsOf(work, workspace, all.slice(offset, offset + limit)), total: all.length };
    },
    renameAccount: (caller, id, name) =>
      writing(caller, async () =>
        (await renameAccount(of(caller.workspace), caller.workspace, id, name))
          ? show(work, caller.workspace, id)
          : noAccount(id),
      ),
    removeAccount: (caller, id) =>
      writing(caller, async () => {
        const gone = await removeAccount(of(caller.workspace), caller.workspace, id, work.now());
        work.vault.forget(caller.workspace);
        return gone ? { deleted: true } : noAccount(id);
      }),
    addSecret: (caller, id, input) =>
      keeping(work, caller, id, () => keepSecret(work, caller.workspace, { ...input, account: id })),
    removeSecret: (caller, id, secretId) =>
      writing(caller, async () => {
        const gone = await deleteSecret(of(caller.workspace), caller.workspace, id, secretId);
        work.vault.forget(caller.workspace);
        return gone ? { deleted: true } : refuse('not_found', `Account "${id}" has no signing secret "${secretId}".`);
      }),
    putApiKey: (caller, id, key) => keeping(work, caller, id, () => keepApiKey(work, caller.workspace, id, key)),
    removeApiKey: (caller, id, livemode) =>
      writing(caller, async () =>
        (await deleteApiKey(of(caller.workspace), caller.workspace, id, livemode))
          ? { deleted: true }
          : refuse('not_found', `Account "${id}" has no such API key.`),
      ),
    alerts: ({ workspace }, filter) => listAlerts(of(workspace), workspace, filter),
    resolveAlert: async ({ workspace }, id) =>
      (await resolveAlertById(of(workspace), workspace, id, work.now())) ??
      refuse('not_found', `There is no alert "${id}".`),
  };
}

const noAccount = (id: string): Refusal =>
  refuse('not_found', `No Stripe account "${id}" is registered in this workspace.`);

/** Accounts serve both worlds, so a key that may only touch the test world must not change them. */
function writing<T>({ livemode }: Caller, act: () => Promise<T | Refusal>): Promise<T | Refusal> {
  if (livemode) return act();
  return Promise.resolve(
    refuse('missing_scope', 'Stripe accounts serve the live world too: change them with a live key (sk_live_…).'),
  );
}

/** What every storing of a secret asks first. */
function keeping<T>(
  work: Clockwork,
  caller: Caller,
  id: string,
  act: () => Promise<T | Refusal>,
): Promise<T | Refusal> {
  return writing(caller, async () => {
    if (!(await findAccount(work.database.of(caller.workspace), caller.workspace, id))) return noAccount(id);
    return work.vault.seal.keyId === null ? refuse('invalid_input', NO_SEAL_KEY) : act();
  });
}

const ACCOUNT_ID = /^[^\s/]{1,255}$/u;

async function add(
  work: Clockwork,
  workspace: string,
  { id, name, primary, routed }: Parameters<AccountDesk['addAccount']>[1],
): Promise<{ account: StripeAccountView; created: boolean } | Refusal> {
  if (!ACCOUNT_ID.test(id)) {
    const message = 'must be an account id such as acct_1ABC: 1 to 255 characters without spaces and "/"';
    return refuse('invalid_input', `account_id ${message}`, {
      field: 'account_id',
      details: [{ field: 'account_id', message }],
    });
  }
  const served = work.vault.environment.secretsOf(workspace).length > 0;
  const made = await registerAccount(work.database.of(workspace), workspace, id, {
    name,
    primary,
    served,
    routed,
    at: work.now(),
  });
  if (made.is === 'primary_taken')
    return refuse(
      'already_exists',
      'This workspace has a primary account already, and that never changes. Register this one without "primary".',
      { field: 'primary' },
    );
  if (made.is === 'scope_fixed')
    return refuse(
      'already_exists',
      `Account "${id}" was registered before, not as the primary account, and that never changes.`,
      { field: 'primary' },
    );
  await settleAlerts(work, workspace, id);
  const account = await show(work, workspace, id);
  return isRefusal(account) ? account : { account, created: made.is === 'new' };
}

async function show(work: Clockwork, workspace: string, id: string): Promise<StripeAccountView | Refusal> {
  const found = await findAccount(work.database.of(workspace), workspace, id);
  return (found && (await viewsOf(work, workspace, [found]))[0]) ?? noAccount(id);
}

async function viewsOf(
  work: Clockwork,
  workspace: string,
  accounts: readonly AccountRow[],
): Promise<StripeAccountView[]> {
  const { of } = work.database;
  const secrets = await secretsOf(of(workspace), workspace);
  const keys = await listApiKeys(of(workspace), workspace);
  const secretView = ({ id, label, shown, expiresAt, createdAt }: SecretView): SecretView => ({
    id,
    label,
    shown,
    expiresAt,
    createdAt,
  });
  const keyView = ({ livemode, shown, createdAt, refusedAt, refusedReason }: ApiKeyView): ApiKeyView => ({
    livemode,
    shown,
    createdAt,
    refusedAt,
    refusedReason,
  });
  return accounts.map((account) => ({
    ...account,
    secrets: secrets.filter((one) => one.account === account.id).map(secretView),
    apiKeys: keys.filter((one) => one.account === account.id).map(keyView),
  }));
}
