/**
 * Receive: a verified webhook event, from its text to its whole effect in one transaction. The caller answers 200 only
 * after this returned, so a 200 always means stored.
 */
import { isDatabaseAway } from '../store/database.ts';
import { storePending } from '../store/inbox.ts';
import { workspaceOfAccount } from '../store/workspaces.ts';
import { runBatch, type Item } from './batch.ts';
import { parkedReason } from './draft.ts';
import type { Clockwork } from './clockwork.ts';
import type { Translator } from './translate.ts';

/** A verified event, as a provider hands it over. Moments in milliseconds UTC. */
export type Incoming = {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly livemode: boolean;
  readonly account: string | null;
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
  const route = await routeOf(work, endpoint, translator.name, incoming.account);
  const ref = { source: translator.name, ...pick(incoming), rules: null, received };
  const base: Omit<Item, 'facts' | 'ignored'> = { ref, body: incoming.body, attempts: 0, stored: false };
  try {
    const said =
      route.ignored === null
        ? translator.translate({ ...ref, rules: 0 }, incoming.payload)
        : { ignored: route.ignored };
    const item: Item =
      'facts' in said ? { ...base, facts: said.facts, ignored: null } : { ...base, facts: [], ignored: said.ignored };
    const batch = { workspace: route.workspace, livemode: incoming.livemode, source: translator.name, items: [item] };
    const settled = await runBatch(work, batch);
    if (settled.known.has(incoming.id)) return { outcome: 'duplicate', reason: null };
    if (item.ignored !== null) return { outcome: 'ignored', reason: item.ignored };
    const parked = parkedReason(settled, item);
    return parked === null ? { outcome: 'posted', reason: null } : { outcome: 'parked', reason: parked };
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    return keepPending(work, route.workspace, translator.name, incoming, received, error);
  }
}

function pick({ id, type, at, livemode }: Incoming): { id: string; type: string; at: number; livemode: boolean } {
  return { id, type, at, livemode };
}

/** What could not be decided now is stored all the same; a worker tries again and ends in a visible failure. */
async function keepPending(
  work: Clockwork,
  workspace: string,
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
  await storePending(
    work.database.pool,
    { ...pick(incoming), workspace, source, received, body: incoming.body },
    reason,
    received,
  );
  return { outcome: 'pending', reason };
}

/**
 * Only the platform's own endpoint speaks for other workspaces. A tenant knows the secret of its own endpoint, and could
 * otherwise sign events into anybody's books by naming their account.
 */
export function mayRoute(endpoint: string, workspace: string | null): workspace is string {
  return workspace !== null && (workspace === endpoint || endpoint === 'default');
}

/** A connected account has its own workspace; one that nobody registered is kept where it came in, and said so. */
async function routeOf(
  work: Clockwork,
  endpoint: string,
  source: string,
  account: string | null,
): Promise<{ workspace: string; ignored: string | null }> {
  if (account === null) return { workspace: endpoint, ignored: null };
  const workspace = await workspaceOfAccount(work.database.pool, source, account);
  return mayRoute(endpoint, workspace)
    ? { workspace, ignored: null }
    : { workspace: endpoint, ignored: 'unroutable_account' };
}
