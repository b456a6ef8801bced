/**
 * Watch: a periodic look at what affiliates sold and lost. It moves them to the tier their standing sales reach (cases.md
 * 74, 102) and holds those of whose sales too much was taken back (cases.md 113). What it decides is an entry in the
 * affiliate's history with a new rules version: payments that are known already keep what held for them, and whoever
 * proves the ledger takes the history as given.
 */
import { settingsAt, type Settings } from '../core/rules.ts';
import { raiseAlert } from '../store/alerts.ts';
import { isDatabaseAway } from '../store/database.ts';
import { currencyOf } from '../store/programs.ts';
import { loadRules } from '../store/rules.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Tx } from '../store/tx.ts';
import { endTurn, moveAll, standings, takeTurn, workspacesToWatch, type Move, type Standing } from '../store/watch.ts';
import type { Clockwork } from './clockwork.ts';

/** How often a workspace is looked at. */
export const LOOK_EVERY_MS = 60_000;

/** Rows carry the moment they were drafted and are seen when they are committed, a little later. */
const OVERLAP_MS = 120_000;

/** Sales grow too old to count without any news of them, so everybody is looked at once a day. */
const SWEEP_EVERY_MS = 86_400_000;

/** The kind of the alert about an affiliate that is held; its subject is the affiliate's id. */
export const HELD = 'affiliate_held';

/** Looks at every workspace whose turn it is. Returns how many affiliates were moved or held. Safe to run anywhere at once. */
export async function watchAll(work: Clockwork): Promise<number> {
  let moved = 0;
  for (const workspace of await workspacesToWatch(work.database.across, work.now() - LOOK_EVERY_MS))
    moved += await lookAt(work, workspace);
  return moved;
}

/** A workspace that cannot be looked at holds up no other; it is tried again with the next look. */
async function lookAt(work: Clockwork, workspace: string): Promise<number> {
  try {
    return await inTransaction(work.database, workspace, (tx) => look(work, tx, workspace));
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    work.log.error({ workspace, reason }, 'a workspace could not be looked at; tried again in a minute');
    return 0;
  }
}

async function look(work: Clockwork, tx: Tx, workspace: string): Promise<number> {
  const now = work.now();
  const last = await takeTurn(tx, workspace);
  if (!last || last.lookedAt > now - LOOK_EVERY_MS) return 0;
  const rules = await loadRules(tx, workspace);
  const settings = settingsAt(rules, rules.version);
  const sweeps = last.sweptAt <= now - SWEEP_EVERY_MS;
  const seen = await standings(tx, workspace, {
    since: sweeps ? null : last.lookedAt - OVERLAP_MS,
    now,
    currency: settings.currency ?? (await currencyOf(tx, workspace)),
    settings,
  });
  const moves = seen.flatMap((one) => moveOf(one, settings) ?? []);
  const moved = moves.length === 0 ? [] : await moveAll(tx, workspace, moves, now);
  for (const { affiliateId: subject, hold } of moves)
    if (hold !== null && moved.includes(subject))
      await raiseAlert(tx, { workspace, kind: HELD, subject, message: messageOf(subject, hold), at: now });
  await endTurn(tx, workspace, { lookedAt: now, sweptAt: sweeps ? now : last.sweptAt });
  return moved.length;
}

function messageOf(affiliate: string, hold: string): string {
  return `Affiliate ${affiliate} is on hold: ${hold}. What they earn waits for an approval; look at their sales, then POST /v1/affiliates/${affiliate}/clear_hold.`;
}

/** null: everything is as it should be. */
function moveOf(seen: Standing, settings: Settings): Move | null {
  const groupId = groupOf(seen, settings);
  const hold = seen.held ? null : holdOf(seen, settings);
  if (groupId === seen.groupId && hold === null) return null;
  return { affiliateId: seen.affiliateId, seenIn: seen.groupId, groupId, hold };
}

/** The group of the tier that is reached. Who is in a group that is no tier was put there by hand and stays. */
function groupOf({ groupId, tier }: Standing, { tiers }: Settings): string | null {
  const byHand = groupId !== null && !tiers.some((one) => one.groupId === groupId);
  if (byHand || tiers.length === 0) return groupId;
  return tier === null ? null : (tiers[tier]?.groupId ?? null);
}

/** Why they are to be held; null: too little was lost, or too little sold to say. */
function holdOf({ sales, lostSales, amount, lostAmount }: Standing, settings: Settings): string | null {
  const { lossThreshold, lossDays, lossMinimumSales } = settings;
  if (lossThreshold === null || sales < BigInt(lossMinimumSales)) return null;
  const most = BigInt(lossThreshold);
  const reached = (lost: bigint, of: bigint): boolean => of > 0n && lost * 100n >= most * of;
  const within = `of the last ${lossDays} days ${lossDays === 1 ? 'was' : 'were'} refunded or disputed, the threshold is ${lossThreshold} %`;
  if (reached(lostSales, sales)) return `${lostSales} of ${sales} sales ${within}`;
  if (reached(lostAmount, amount)) return `${(lostAmount * 100n) / amount} % of the amount ${within}`;
  return null;
}
