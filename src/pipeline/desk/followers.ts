/**
 * Visits of those whose click id stays theirs (apis.md 4.2, 4.3). The last click wins until something came of one: a
 * click through another affiliate takes the visitor over, one through the same affiliate only when the earlier one has
 * run out. Rows of clicks are journal enough: they move no money.
 */
import { randomInt } from 'node:crypto';
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
  return async ({ workspace, keyless = false }, { code, existing, details }) => {
    const tx = work.database.of(workspace);
    const linked = await findLinked(tx, workspace, code);
    if (!linked) return (await isArchived(tx, workspace, code)) ? 'inactive' : noLink(code);
    if (linked.status !== 'approved') return 'inactive';
    const program = await findProgram(tx, workspace, linked.programId);
    if (!program) return noLink(code);
    const { affiliateId, programId, linkId } = linked;
    const click: Click = { affiliateId, programId, linkId, at: work.now(), details };
    const { windowDays } = program;
    // Click ids of other dialects go through addresses and forms: without a key none of them gets another affiliate.
    const followed = existing !== null && (FOLLOWER_ID.test(existing) || !keyless);
    if (followed && (await followAgain(work, workspace, existing, click))) return { clickId: existing, windowDays };
    return { clickId: await followFirst(work, workspace, program.number, click), windowDays };
  };
}

function noLink(code: string): Refusal {
  return refuse('not_found', `No link has the code "${code}".`, { field: 'code' });
}

const MOST_TRIES = 5;

/** The look of ids that were made here: only they name a visitor whom a click may take over. */
const FOLLOWER_ID = /^cust_\d+_\d+$/;

/** Digits behind the moment, so that nobody finds the id of another visitor by counting. */
const SECRET_DIGITS = 9;

/**
 * Whoever knows a visitor's id can take the visitor over by a click, without a key: it must not be guessed. Told apart by
 * it are also clicks of the same millisecond.
 */
function clickIdOf(program: bigint, now: number): string {
  return `cust_${program}_${now}${String(randomInt(10 ** SECRET_DIGITS)).padStart(SECRET_DIGITS, '0')}`;
}

async function followFirst(work: Clockwork, workspace: string, program: bigint, click: Click): Promise<string> {
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const id = clickIdOf(program, click.at);
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
