/** The schedule: what the worker does now and then, beside the queue. */
import { DAY_MS } from '../core/time.ts';
import type { Clockwork } from '../pipeline/clockwork.ts';
import { forgetPasses } from '../store/passes.ts';
import { forgetQuestions } from '../store/questions.ts';
import { gatherStatistics } from '../store/statistics.ts';
import { listWorkspaces } from '../store/workspaces.ts';

/** Something done now and then; what it returns above 0 means that there is more to do at once. */
export type Chore = { readonly everyMs: number; readonly run: () => Promise<number> };

/** A step for the loop: does what is due. A chore that fails is tried again when it is due the next time. */
export function createSchedule(work: Pick<Clockwork, 'now' | 'log'>, chores: readonly Chore[]): () => Promise<number> {
  const dueAt = new Map<Chore, number>();
  return async () => {
    let done = 0;
    for (const chore of chores) {
      if (work.now() < (dueAt.get(chore) ?? 0)) continue;
      dueAt.set(chore, work.now() + chore.everyMs);
      const taken = await chore.run();
      if (taken > 0) dueAt.set(chore, 0);
      done += taken;
    }
    return done;
  };
}

/** Has the database look at tables that grow faster than it looks by itself. */
export function gathering({ database }: Clockwork): Chore {
  const run = async (): Promise<number> => {
    await gatherStatistics(database);
    return 0;
  };
  return { everyMs: 1_000, run };
}

/** How long an ended question is kept, to be looked at. */
const QUESTION_KEPT_MS = 30 * DAY_MS;
/** How long somebody who comes with an expired pass is told so. */
const PASS_KEPT_MS = DAY_MS;
const FORGOTTEN_AT_ONCE = 5_000;

/** Deletes questions that were answered, or had no answer, 30 days ago, and passes that expired a day ago. */
export function forgetting(work: Clockwork): Chore {
  const run = async (): Promise<number> => {
    const { of, across } = work.database;
    let most = 0;
    for (const workspace of await listWorkspaces(across)) {
      const tx = of(workspace);
      const forgotten = [
        await forgetQuestions(tx, workspace, work.now() - QUESTION_KEPT_MS, FORGOTTEN_AT_ONCE),
        await forgetPasses(tx, workspace, work.now() - PASS_KEPT_MS, FORGOTTEN_AT_ONCE),
      ];
      most = Math.max(most, ...forgotten);
    }
    return most < FORGOTTEN_AT_ONCE ? 0 : most;
  };
  return { everyMs: 3_600_000, run };
}
