/** Storing signing secrets and API keys: what looks wrong is refused in words that never repeat it. */
import type { ApiKeyView, SecretView } from '../../core/account-desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { listApiKeys, putApiKey } from '../../store/stripe-keys.ts';
import { insertSecret, shownOf } from '../../store/stripe-secrets.ts';
import type { Clockwork } from '../clockwork.ts';
import { settleRefusal } from '../refused.ts';

const SIGNING_SECRET = /^whsec_\S{1,249}$/u;
const API_KEY = /^[sr]k_(live|test)_\S{1,246}$/u;

function wrong(field: string, message: string): Refusal {
  return refuse('invalid_input', `${field} ${message}`, { field, details: [{ field, message }] });
}

export type GivenSecret = {
  readonly account: string;
  readonly secret: string;
  readonly label: string | null;
  /** Milliseconds UTC; null: never, or not at all. */
  readonly expiresAt: number | null;
  readonly othersExpireAt: number | null;
};

/** Keeps a signing secret for an account that exists. One secret speaks for one account: it says whose an event is. */
export async function keepSecret(
  work: Clockwork,
  workspace: string,
  given: GivenSecret,
): Promise<SecretView | Refusal> {
  const { secret, expiresAt } = given;
  if (!SIGNING_SECRET.test(secret))
    return wrong('secret', 'must be the signing secret of a webhook endpoint; it begins with whsec_');
  const at = work.now();
  if (expiresAt !== null && expiresAt <= at) return wrong('expires_at', 'must lie in the future');
  if (work.vault.environment.secretsOf(workspace).includes(secret))
    return refuse('already_exists', 'The environment holds this secret already, for the primary account.', {
      field: 'secret',
    });
  work.vault.forget(workspace);
  const { secrets } = await work.vault.storedSecrets(workspace, at);
  const same = secrets.find((one) => one.secret === secret);
  if (same)
    return refuse('already_exists', `This secret is stored already, for account "${same.account}".`, {
      field: 'secret',
    });
  const id = work.newId('whs');
  const label = given.label ?? '';
  await insertSecret(work.database.of(workspace), work.vault.seal, workspace, { ...given, id, label, at });
  work.vault.forget(workspace);
  return { id, label, shown: shownOf(secret), expiresAt, createdAt: at };
}

/** Keeps an API key for an account that exists, in place of the one of the same world. */
export async function keepApiKey(
  work: Clockwork,
  workspace: string,
  account: string,
  key: string,
): Promise<ApiKeyView | Refusal> {
  const world = API_KEY.exec(key)?.[1];
  if (world === undefined)
    return wrong('api_key', 'must be a restricted key (rk_live_…, rk_test_…) or a secret key (sk_live_…, sk_test_…)');
  const { of } = work.database;
  const livemode = world === 'live';
  await putApiKey(of(workspace), work.vault.seal, workspace, { account, livemode, key, at: work.now() });
  await settleRefusal(work, { workspace, account, livemode });
  const kept = (await listApiKeys(of(workspace), workspace)).find(
    (one) => one.account === account && one.livemode === livemode,
  );
  if (!kept) throw new Error('the API key was removed in the moment it was stored');
  const { shown, createdAt, refusedAt, refusedReason } = kept;
  return { livemode, shown, createdAt, refusedAt, refusedReason };
}
