/** An API key that Stripe does not take: noted where the key is listed, and said to a person with what to do. */
import type { KeyRefused } from '../core/answers.ts';
import { raiseAlert, resolveAlert } from '../store/alerts.ts';
import { markKeyRefused } from '../store/stripe-keys.ts';
import type { Clockwork } from './clockwork.ts';

const KIND = 'api_key_refused';

/** Whose key it is. `account` null: the environment's. */
export type KeyOwner = { readonly workspace: string; readonly account: string | null; readonly livemode: boolean };

const worldOf = ({ livemode }: KeyOwner): string => (livemode ? 'live' : 'test');

const subjectOf = (owner: KeyOwner): string => `${owner.account ?? 'STRIPE_API_KEY'}/${worldOf(owner)}`;

/** Notes a refusal and raises an alert. `what`: what the key was used for, in words. */
export async function noteRefusedKey(
  work: Pick<Clockwork, 'database' | 'now'>,
  owner: KeyOwner,
  refusal: KeyRefused,
  what: string,
): Promise<void> {
  const { workspace, account, livemode } = owner;
  const { of } = work.database;
  const at = work.now();
  if (account !== null) await markKeyRefused(of(workspace), workspace, account, livemode, refusal.message, at);
  const message = refusalInWords(owner, refusal, what);
  await raiseAlert(of(workspace), { workspace, kind: KIND, subject: subjectOf(owner), message, at });
}

/** What is wrong with a key and what to do, for a person. */
export function refusalInWords(owner: KeyOwner, { message, whole }: KeyRefused, what: string): string {
  const { workspace, account } = owner;
  const whose = account === null ? 'in STRIPE_API_KEY' : `of account "${account}"`;
  const set =
    account === null
      ? 'set another one and restart; then resolve this alert'
      : `tributary stripe accounts key set ${account} --workspace ${workspace} --secret-stdin`;
  return whole
    ? `Stripe does not accept the ${worldOf(owner)} API key ${whose} (${message}). Webhooks still count; details are not asked for. Make a restricted key with read access at Stripe, then: ${set}`
    : `The ${worldOf(owner)} API key ${whose} may not read ${what} (${message}). Give it that permission at Stripe (Developers, API keys, edit the key), or use another key: ${set}`;
}

/** A new key is not refused until Stripe says so again. */
export async function settleRefusal(work: Pick<Clockwork, 'database' | 'now'>, owner: KeyOwner): Promise<void> {
  const about = { workspace: owner.workspace, kind: KIND, subject: subjectOf(owner), at: work.now() };
  await resolveAlert(work.database.of(about.workspace), about);
}
