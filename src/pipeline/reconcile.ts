/**
 * Reconcile: once a day the events of the last days are listed for every account that has a key, and what no webhook
 * brought is taken in. One worker at a time; what is missing in quantity is said to a person.
 */
import { KeyRefused, RateLimited, Unreachable } from '../core/answers.ts';
import { raiseAlert, resolveAlert } from '../store/alerts.ts';
import { claimReconcile, endReconcile, keepReconcile } from '../store/backfills.ts';
import { backfill, type Source } from './backfill.ts';
import type { Clockwork } from './clockwork.ts';
import { noteRefusedKey } from './refused.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** How far it looks back: a webhook is tried again for three days (stripe.md 5). */
const LOOKS_BACK_MS = 3 * DAY_MS;

/** The youngest events may still be on their way. */
const ON_THEIR_WAY_MS = HOUR_MS;

/** Fewer than this may be an hour of trouble; this many are a wrong endpoint. */
const QUANTITY = 5;

const KIND = 'webhooks_missing';

/** Does what is due. Returns how many accounts it looked at. */
export async function reconcile(work: Clockwork, sources: readonly Source[]): Promise<number> {
  let looked = 0;
  for (const source of sources) {
    const now = work.now();
    // Spread out, so that processes that start together do not ask together.
    const due = await claimReconcile(work.database.of(source.workspace), source, now, now + spread(10 * 60_000));
    if (!due) continue;
    looked += 1;
    await reconcileOne(work, source);
  }
  return looked;
}

const spread = (most: number): number => Math.floor(Math.random() * most);

async function reconcileOne(work: Clockwork, source: Source): Promise<void> {
  const tx = work.database.of(source.workspace);
  const begun = work.now();
  const [since, until] = [begun - LOOKS_BACK_MS, begun - ON_THEIR_WAY_MS];
  try {
    const missing: Record<string, number> = {};
    let heard = 0;
    for await (const page of backfill(work, source, { stream: 'events', from: since, to: until })) {
      heard += page.heard;
      for (const [type, count] of Object.entries(page.missing)) missing[type] = (missing[type] ?? 0) + count;
      await keepReconcile(tx, source, work.now());
    }
    const count = Object.values(missing).reduce((sum, one) => sum + one, 0);
    const now = work.now();
    await endReconcile(tx, source, { since, until, missing: count, runAt: now + DAY_MS - spread(HOUR_MS), now });
    const { workspace, account, livemode } = source;
    work.log.info({ workspace, account, livemode, heard, missing: count, types: missing }, 'events were reconciled');
    await tell(work, source, heard, count, missing);
  } catch (error) {
    const now = work.now();
    await endReconcile(tx, source, { since, until, missing: null, runAt: now + HOUR_MS + spread(HOUR_MS), now });
    await notDone(work, source, error);
  }
}

async function notDone(work: Clockwork, source: Source, error: unknown): Promise<void> {
  if (error instanceof KeyRefused) await noteRefusedKey(work, source, error, 'Events');
  else if (!(error instanceof RateLimited) && !(error instanceof Unreachable)) throw error;
  const { workspace, account } = source;
  work.log.warn({ workspace, account, reason: error.message }, 'events were not reconciled; it is tried again');
}

async function tell(
  work: Clockwork,
  { workspace, account, livemode }: Source,
  heard: number,
  count: number,
  missing: Readonly<Record<string, number>>,
): Promise<void> {
  const subject = `${account ?? 'primary'}/${livemode ? 'live' : 'test'}`;
  const about = { workspace, kind: KIND, subject, at: work.now() };
  if (count === 0) await resolveAlert(work.database.of(about.workspace), about);
  if (count < QUANTITY) return;
  const most = Object.entries(missing).toSorted(([, a], [, b]) => b - a);
  const types = most.slice(0, 5).map(([type, number]) => `${number} ${type}`);
  const message =
    `${count} of ${heard} events of the last three days came by no webhook (${types.join(', ')}${most.length > 5 ? ', …' : ''}). They are ` +
    'taken in now. The endpoint does not get all events: see at Stripe whether it is disabled or its deliveries fail, and ' +
    `run: tributary stripe setup --workspace ${workspace}${account === null ? '' : ` --account ${account}`} --url https://…/webhooks/stripe`;
  await raiseAlert(work.database.of(about.workspace), { ...about, message });
}
