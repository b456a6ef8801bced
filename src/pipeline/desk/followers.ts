/**
 * Visits of those whose click id stays theirs (apis.md 4.2, 4.3). The last click wins until something came of one: a
 * click through another affiliate takes the visitor over, one through the same affiliate only when the earlier one has
 * run out. Rows of clicks are journal enough: they move no money.
 */
import type { Arrival, Arrived } from '../../core/buyers.ts';
import type { Caller } from '../../core/desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { DAY_MS } from '../../core/time.ts';
import {
  insertFollower,
  insertLaterClick,
  isArchived,
  lockFollower,
  takeOver,
  type Click,
  type Follower,
} from '../../store/followers.ts';
import { findLinked } from '../../store/links.ts';
import { findProgram } from '../../store/programs.ts';
import { inTransaction } from '../../store/transaction.ts';
import type { Clockwork } from '../clockwork.ts';

type Arrive = (caller: Caller, request: Arrival) => Promise<Arrived | 'inactive' | Refusal>;

export function arrive(work: Clockwork): Arrive {
  const nextMoment = moments(work);
  return async ({ workspace }, { code, existing, details }) => {
    const tx = work.database.of(workspace);
    const linked = await findLinked(tx, workspace, code);
    if (!linked) return (await isArchived(tx, workspace, code)) ? 'inactive' : noLink(code);
    if (linked.status !== 'approved') return 'inactive';
    const program = await findProgram(tx, workspace, linked.programId);
    if (!program) return noLink(code);
    const { affiliateId, programId, linkId } = linked;
    const click: Click = { affiliateId, programId, linkId, at: work.now(), details };
    const { windowDays } = program;
    if (existing !== null && (await followAgain(work, workspace, existing, click)))
      return { clickId: existing, windowDays };
    return { clickId: await followFirst(work, workspace, program.number, click, nextMoment), windowDays };
  };
}

function noLink(code: string): Refusal {
  return refuse('not_found', `No link has the code "${code}".`, { field: 'code' });
}

/** Each moment is given once by this process, so that clicks of the same millisecond have ids of their own. */
function moments(work: Clockwork): () => number {
  let last = 0;
  return () => (last = Math.max(work.now(), last + 1));
}

const MOST_TRIES = 100;

async function followFirst(
  work: Clockwork,
  workspace: string,
  program: bigint,
  click: Click,
  nextMoment: () => number,
): Promise<string> {
  // Another process may have given the same moment.
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const id = `cust_${program}_${nextMoment()}`;
    if (await insertFollower(work.database.of(workspace), workspace, id, click)) return id;
  }
  throw new Error('no click id was free');
}

/** false: the id is nobody's. */
function followAgain(work: Clockwork, workspace: string, visitor: string, click: Click): Promise<boolean> {
  return inTransaction(work.database, workspace, async (tx) => {
    const before = await lockFollower(tx, workspace, visitor);
    if (!before) return false;
    const write = takesOver(before, click) ? takeOver : insertLaterClick;
    await write(tx, workspace, work.newId('ref'), visitor, click);
    return true;
  });
}

function takesOver(before: Follower, { affiliateId, programId, at }: Click): boolean {
  if (before.status !== 'click') return false;
  const same = before.affiliateId === affiliateId && before.programId === programId;
  return !same || before.clickedAt === null || at - before.clickedAt > before.windowDays * DAY_MS;
}
