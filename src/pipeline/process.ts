/**
 * Process: what was left pending, in batches. A batch that fails is done again one by one, so that one poisonous event
 * never blocks others: it backs off and ends in a visible list of failures, replayable.
 */
import type { EventRef } from '../core/facts.ts';
import { bareEventId, scopedEventId } from '../core/scope.ts';
import { isDatabaseAway } from '../store/database.ts';
import { claim, setBack, storePending, type PendingEvent } from '../store/inbox.ts';
import { homeOfAccount } from '../store/stripe-accounts.ts';
import { runBatch, type Item } from './batch.ts';
import { mayRoute } from './receive.ts';
import type { Clockwork } from './clockwork.ts';
import { openStored, translateIn, type Translator, type Translators } from './translate.ts';

/** Events taken at once: large enough to spread the cost of a statement, small enough to be decided well inside a lease. */
export const BATCH_SIZE = 500;

/** Seconds until the next try after each failed one; then the event is `failed` and waits for a replay. */
const BACKOFF_SECONDS = [1, 5, 30, 120, 600, 1800, 3600];

/** Takes one batch of due events and brings it to the posted ledger. Returns how many it took; 0: nothing is due. */
export async function processNext(work: Clockwork, translators: Translators, limit = BATCH_SIZE): Promise<number> {
  const claimed = await claim(work.database.across, work.now(), limit);
  if (!claimed) return 0;
  const groups = new Map<string, Item[]>();
  for (const event of claimed.events) {
    const item = await itemOf(work, claimed.workspace, translators, event);
    if (!item) continue;
    const name = `${event.livemode}\n${event.source}`;
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  for (const items of groups.values()) await runItems(work, claimed.workspace, items);
  return claimed.events.length;
}

async function itemOf(
  work: Clockwork,
  workspace: string,
  translators: Translators,
  event: PendingEvent,
): Promise<Item | null> {
  const ref: EventRef = { ...event, rules: event.rules };
  try {
    const { translator, payload } = openStored(translators, event.source, event.body);
    const stray = await strayReason(work, workspace, translator, payload, event);
    const said = stray === null ? translateIn(translator, refOf(ref), event.scope, payload) : { ignored: stray };
    const base = { ref: refOf(ref), scope: event.scope, body: null, attempts: event.attempts, stored: true };
    return 'facts' in said
      ? { ...base, facts: said.facts, ignored: null }
      : { ...base, facts: [], ignored: said.ignored };
  } catch (error) {
    await putBack(work, workspace, event.source, event.id, event.attempts, error);
    return null;
  }
}

/**
 * A stored event of a connected account counts only in that account's workspace and scope, which may have been named
 * since it came in: then it is handed over. A replay must never credit one tenant with the money of another. null: it
 * is at home.
 */
async function strayReason(
  work: Clockwork,
  workspace: string,
  translator: Translator,
  payload: unknown,
  { id, type, livemode, at, received, scope, body }: PendingEvent,
): Promise<string | null> {
  const account = translator.accountOf?.(payload) ?? null;
  if (account === null) return null;
  const home = await homeOfAccount(work.database.across, translator.name, account, workspace);
  if (home === null || !mayRoute(workspace, home.workspace)) return 'unroutable_account';
  if (home.workspace === workspace && home.scope === scope) return null;
  const key = scopedEventId(bareEventId(id), home.scope);
  const handed = { ...home, source: translator.name, id: key, type, livemode, at, received, body: body ?? '' };
  await storePending(work.database.of(handed.workspace), handed, null, work.now());
  return 'handed_to_its_workspace';
}

function refOf({ source, id, type, at, livemode, rules, received }: EventRef): EventRef {
  return { source, id, type, at, livemode, rules, received };
}

async function runItems(work: Clockwork, workspace: string, items: readonly Item[]): Promise<void> {
  const [first] = items;
  if (!first) return;
  const { livemode, source } = first.ref;
  try {
    await runBatch(work, { workspace, livemode, source, items });
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    if (items.length === 1) return putBack(work, workspace, source, first.ref.id, first.attempts, error);
    work.log.warn({ workspace, events: items.length, reason: messageOf(error) }, 'a batch failed; doing it one by one');
    for (const item of items) await runItems(work, workspace, [item]);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function putBack(
  work: Clockwork,
  workspace: string,
  source: string,
  id: string,
  attempts: number,
  error: unknown,
): Promise<void> {
  const seconds = BACKOFF_SECONDS[attempts - 1];
  const reason = messageOf(error).slice(0, 500);
  const runAt = seconds === undefined ? null : work.now() + seconds * 1000;
  await setBack(work.database.of(workspace), { workspace, source, id, reason }, runAt);
  const words =
    runAt === null
      ? 'an event failed for good; it is listed and can be replayed'
      : 'an event failed; it will be tried again';
  work.log.warn({ workspace, event: id, attempts, reason }, words);
}
