/** What becomes of a Stripe account beside its money: strangers that keep calling, connections that end. */
import { scopedEventId } from '../core/scope.ts';
import { raiseAlert, resolveAlert } from '../store/alerts.ts';
import { disconnectAccount, hasHeardBefore } from '../store/stripe-accounts.ts';
import type { Clockwork } from './clockwork.ts';

/** Kinds of alerts about accounts. */
const UNROUTABLE = 'unroutable_account';
const DISCONNECTED = 'account_disconnected';

type Stranger = {
  readonly workspace: string;
  readonly scope: string;
  readonly account: string;
  readonly source: string;
  readonly id: string;
};

/** One event of an unknown account may be a mistake of a moment; when it repeats, somebody has to look (cases.md 16). */
export async function noteStranger(
  work: Clockwork,
  { workspace, scope, account, source, id }: Stranger,
): Promise<void> {
  const { of } = work.database;
  if (!(await hasHeardBefore(of(workspace), workspace, { source, scope, except: scopedEventId(id, scope) }))) return;
  const message =
    `Events of account "${account}" keep coming and no workspace that may receive them here has registered it; they are kept ` +
    `without effect. If it is yours: tributary stripe accounts add ${account} --workspace <name>, then replay them ` +
    '(GET /v1/inbox?state=ignored). If not, remove it from the Connect endpoint at Stripe.';
  await raiseAlert(of(workspace), { workspace, kind: UNROUTABLE, subject: account, message, at: work.now() });
}

/** The owner took the connection back: the API key is used no more, and somebody should know. */
export async function endConnection(
  work: Clockwork,
  workspace: string,
  account: string,
  { at, livemode }: { readonly at: number; readonly livemode: boolean },
): Promise<void> {
  const { of } = work.database;
  if (!(await disconnectAccount(of(workspace), workspace, account, { at, livemode }))) return;
  work.log.warn({ workspace, account }, 'a Stripe account took its connection back');
  const message =
    `Account "${account}" took its connection back at Stripe: no further events will come from it, and its API key is used no ` +
    `more. What it earned stands. When it is connected again: tributary stripe accounts add ${account} --workspace ${workspace}`;
  await raiseAlert(of(workspace), { workspace, kind: DISCONNECTED, subject: account, message, at: work.now() });
}

/** An account that is registered is no stranger, and connected. The alert about a stranger stands where it knocked. */
export async function settleAlerts(work: Clockwork, workspace: string, account: string): Promise<void> {
  const { of } = work.database;
  const at = work.now();
  for (const where of new Set([workspace, 'default']))
    await resolveAlert(of(where), { workspace: where, kind: UNROUTABLE, subject: account, at });
  await resolveAlert(of(workspace), { workspace, kind: DISCONNECTED, subject: account, at });
}
