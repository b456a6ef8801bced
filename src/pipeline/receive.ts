/**
 * Receive: a verified webhook event, from its text to its whole effect in one transaction. The caller answers 200 only
 * after this returned, so a 200 always means stored.
 */
import { scopedEventId } from '../core/scope.ts';
import { isDatabaseAway } from '../store/database.ts';
import { storePending } from '../store/inbox.ts';
import { homeOfAccount, type Home } from '../store/stripe-accounts.ts';
import { endConnection, noteStranger } from './accounts.ts';
import { runBatch, type Item } from './batch.ts';
import { parkedReason } from './draft.ts';
import type { Clockwork } from './clockwork.ts';
import { translateIn, type Translator } from './translate.ts';

/** A verified event, as a provider hands it over. Moments in milliseconds UTC. */
export type Incoming = {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly livemode: boolean;
  readonly account: string | null;
  /** Whose stored secret signed it: the account it is of when it names none. null: the environment's, the primary one. */
  readonly signer?: { readonly account: string; readonly scope: string } | null;
  readonly body: string;
  readonly payload: unknown;
};

/** What became of it: `pending` is stored and will be taken by a worker. */
export type Receipt = {
  readonly outcome: 'posted' | 'duplicate' | 'ignored' | 'parked' | 'pending';
  readonly reason: string | null;
};

/** Stores and posts one event. Throws only when the database is away: then nothing is known and the sender tries again. */
export async function receive(
  work: Clockwork,
  endpoint: string,
  translator: Translator,
  incoming: Incoming,
): Promise<Receipt> {
  const received = work.now();
  const route = await routeOf(work, endpoint, translator.name, incoming);
  // Before it is stored: told again it says the same, and an event that is known already would not be looked at.
  if (route.ignored === null && incoming.account !== null && translator.disconnects?.(incoming.type) === true)
    await endConnection(work, route.workspace, incoming.account, incoming);
  const receipt = await take(work, route, translator, incoming, received);
  if (route.ignored !== null && incoming.account !== null && receipt.outcome === 'ignored')
    await noteStranger(work, { ...route, account: incoming.account, source: translator.name, id: incoming.id });
  return receipt;
}

async function take(
  work: Clockwork,
  route: Route,
  translator: Translator,
  incoming: Incoming,
  received: number,
): Promise<Receipt> {
  const { workspace, scope, ignored } = route;
  const id = scopedEventId(incoming.id, scope);
  const ref = { source: translator.name, ...pick(incoming), id, rules: null, received };
  const base: Omit<Item, 'facts' | 'ignored'> = { ref, scope, body: incoming.body, attempts: 0, stored: false };
  try {
    const said =
      ignored === null ? translateIn(translator, { ...ref, rules: 0 }, scope, incoming.payload) : { ignored };
    const item: Item =
      'facts' in said ? { ...base, facts: said.facts, ignored: null } : { ...base, facts: [], ignored: said.ignored };
    const batch = { workspace, livemode: incoming.livemode, source: translator.name, items: [item] };
    const settled = await runBatch(work, batch);
    if (settled.known.has(id)) return { outcome: 'duplicate', reason: null };
    if (item.ignored !== null) return { outcome: 'ignored', reason: item.ignored };
    const parked = parkedReason(settled, item);
    return parked === null ? { outcome: 'posted', reason: null } : { outcome: 'parked', reason: parked };
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    return keepPending(work, route, translator.name, incoming, received, error);
  }
}

function pick({ type, at, livemode }: Incoming): { type: string; at: number; livemode: boolean } {
  return { type, at, livemode };
}

/** What could not be decided now is stored all the same; a worker tries again and ends in a visible failure. */
async function keepPending(
  work: Clockwork,
  { workspace, scope }: Route,
  source: string,
  incoming: Incoming,
  received: number,
  error: unknown,
): Promise<Receipt> {
  const reason = error instanceof Error ? error.message : String(error);
  work.log.warn(
    { event: incoming.id, type: incoming.type, reason },
    'stored, but not decided yet; a worker will try again',
  );
  const id = scopedEventId(incoming.id, scope);
  const kept = { ...pick(incoming), id, scope, workspace, source, received, body: incoming.body };
  await storePending(work.database.of(kept.workspace), kept, reason, received);
  return { outcome: 'pending', reason };
}

/**
 * Only the platform's own endpoint speaks for other workspaces. A tenant knows the secret of its own endpoint, and could
 * otherwise sign events into anybody's books by naming their account.
 */
export function mayRoute(endpoint: string, workspace: string): boolean {
  return workspace === endpoint || endpoint === 'default';
}

type Route = Home & {
  /** Kept with this reason and no effect; null: it counts. */
  readonly ignored: string | null;
};

/**
 * A connected account has its own workspace and scope; one that nobody registered is kept where it came in, in a scope
 * of its own, and said so. An event that names no account is of the account whose secret signed it.
 */
async function routeOf(
  work: Clockwork,
  endpoint: string,
  source: string,
  { account, signer = null }: Incoming,
): Promise<Route> {
  if (account === null || account === signer?.account)
    return { workspace: endpoint, scope: signer?.scope ?? '', ignored: null };
  const home = await homeOfAccount(work.database.across, source, account, endpoint);
  return home !== null && mayRoute(endpoint, home.workspace)
    ? { ...home, ignored: null }
    : { workspace: endpoint, scope: account, ignored: 'unroutable_account' };
}
