/** Tests of an integration at the desk. */
import type { Caller } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Rehearsal, TrialDesk, TrialView, Verdict } from '../../core/trials.ts';
import { currencyOf, findProgram } from '../../store/programs.ts';
import { loadRules } from '../../store/rules.ts';
import { insertTrial, latestRehearsal, runsSince, sumTrials, type NewTrial } from '../../store/test-events.ts';
import { inTransaction } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { rehearse } from './rehearsal.ts';

const KEPT_DAYS = 30;
const RUNS_AN_HOUR = 10;
const HOUR_MS = 3_600_000;

export function trialDesk(work: Clockwork): TrialDesk {
  return {
    tellTrial: ({ workspace }, { limited, ...trial }) =>
      inTransaction(work.database, workspace, async (tx) => {
        const refusal = limited ? await tooMany(work, tx, workspace, trial.programId) : null;
        return refusal ?? insertTrial(tx, workspace, { ...trial, isRun: limited ?? false, at: work.now() });
      }),
    async trials({ workspace }, programId) {
      const tx = work.database.of(workspace);
      const sums = await sumTrials(tx, workspace, programId, work.now() - KEPT_DAYS * DAY_MS);
      const told = await latestRehearsal(tx, workspace, programId);
      return { ...sums, rehearsed: (told?.['verdict'] as Verdict | undefined) ?? null };
    },
    rehearse: (caller, programId) => run(work, caller, programId),
  };
}

/** null: the program has runs left. Runs of one program count one after the other. */
async function tooMany(work: Clockwork, tx: Tx, workspace: string, program: string): Promise<Refusal | null> {
  const now = work.now();
  const runs = await runsSince(tx, workspace, program, now - HOUR_MS);
  const [oldest] = runs.slice(-RUNS_AN_HOUR);
  if (oldest === undefined || runs.length < RUNS_AN_HOUR) return null;
  const retryAfter = Math.max(1, Math.ceil((oldest + HOUR_MS - now) / 1000));
  return refuse('rate_limited', `A program has ${RUNS_AN_HOUR} test runs an hour. Try again in ${retryAfter} s.`, {
    retryAfter,
  });
}

async function run(work: Clockwork, { workspace }: Caller, programId: string): Promise<Rehearsal | Refusal> {
  const { of } = work.database;
  const program = await findProgram(of(workspace), workspace, programId);
  if (!program) return refuse('not_found', `There is no program "${programId}".`, { field: 'program_id' });
  const at = work.now();
  const code = `afftest${program.number}`;
  const customerKey = `aff_test_ck_${program.number}_${at}_${work.newId('op').slice(-8)}`;
  const verdict = rehearse({
    rules: await loadRules(of(workspace), workspace),
    currency: await currencyOf(of(workspace), workspace),
    programId,
    customerKey,
    at,
  });
  const told = await inTransaction(work.database, workspace, (tx) =>
    tell(
      work,
      tx,
      workspace,
      { programId, at },
      {
        code,
        customerKey,
        verdict,
      },
    ),
  );
  return isRefusal(told) ? told : { code, customerKey, verdict };
}

async function tell(
  work: Clockwork,
  tx: Tx,
  workspace: string,
  when: Pick<NewTrial, 'programId' | 'at'>,
  details: Rehearsal,
): Promise<TrialView | Refusal> {
  const refusal = await tooMany(work, tx, workspace, when.programId);
  if (refusal) return refusal;
  const { code, customerKey } = details;
  await insertTrial(tx, workspace, { ...when, kind: 'click', isRun: false, details: { code } });
  await insertTrial(tx, workspace, { ...when, kind: 'lead', isRun: false, details: { code, customerKey } });
  return insertTrial(tx, workspace, { ...when, kind: 'sale', isRun: true, details });
}
