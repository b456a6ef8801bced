/** Incentives at the desk. Terms arrive checked; here their scope has to exist. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import type { IncentiveView } from '../../core/views.ts';
import type { Terms } from '../../core/incentives.ts';
import { refuse, type FieldProblem, type Refusal } from '../../core/refusals.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import {
  endIncentive,
  findIncentive,
  insertIncentive,
  listIncentives,
  replaceIncentive,
} from '../../store/incentives.ts';
import { programExists } from '../../store/programs.ts';
import { defaultProgram } from '../../store/workspaces.ts';
import type { Clockwork } from '../clockwork.ts';

type Part = Pick<OfficeDesk, 'createIncentive' | 'incentive' | 'incentives' | 'replaceIncentive' | 'endIncentive'>;

export function incentiveDesk(work: Clockwork): Part {
  const { of } = work.database;
  return {
    createIncentive: (caller, programId, terms) => create(work, caller, programId, terms),
    incentive: async ({ workspace }, id) => (await findIncentive(of(workspace), workspace, id)) ?? noIncentive(id),
    incentives: ({ workspace }, filter) => listIncentives(of(workspace), workspace, filter),
    replaceIncentive: (caller, id, terms) => replace(work, caller, id, terms),
    endIncentive: async ({ workspace }, id) =>
      (await endIncentive(of(workspace), workspace, id)) ? { deleted: true } : noIncentive(id),
  };
}

function noIncentive(id: string): Refusal {
  return refuse('not_found', `No incentive "${id}" is in force.`);
}

async function create(
  work: Clockwork,
  { workspace }: Caller,
  programId: string | null,
  terms: Terms,
): Promise<IncentiveView | Refusal> {
  const { of } = work.database;
  const program = programId ?? (await defaultProgram(of(workspace), workspace));
  const known = await programExists(of(workspace), workspace, program);
  const problems = known ? [] : [{ field: 'program_id', message: `there is no program "${program}"` }];
  problems.push(...(await scopeProblems(work, workspace, known ? program : null, terms)));
  if (problems.length > 0) return unknownScope(problems);
  const id = work.newId('inc');
  await insertIncentive(of(workspace), workspace, { id, programId: program, terms, createdAt: work.now() });
  return (await findIncentive(of(workspace), workspace, id)) ?? noIncentive(id);
}

/** An affiliate's own incentive needs that affiliate, in the incentive's program. Groups are names and need nothing. */
async function scopeProblems(
  work: Clockwork,
  workspace: string,
  program: string | null,
  { affiliateId }: Terms,
): Promise<FieldProblem[]> {
  if (affiliateId === null) return [];
  const affiliate = await findAffiliate(work.database.of(workspace), workspace, affiliateId);
  if (!affiliate) return [{ field: 'affiliate_id', message: `there is no affiliate "${affiliateId}"` }];
  if (program === null || affiliate.programId === program) return [];
  return [{ field: 'affiliate_id', message: `affiliate "${affiliateId}" is in another program` }];
}

function unknownScope(problems: readonly FieldProblem[]): Refusal {
  const [first] = problems;
  const message = problems.map((one) => `${one.field}: ${one.message}`).join('; ');
  return refuse('invalid_input', message, {
    details: problems,
    ...(first ? { field: first.field } : {}),
  });
}

const MOST_TRIES = 5;

async function replace(
  work: Clockwork,
  { workspace }: Caller,
  id: string,
  terms: Terms,
): Promise<IncentiveView | Refusal> {
  const { of } = work.database;
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const known = await findIncentive(of(workspace), workspace, id);
    if (!known || known.ended) return noIncentive(id);
    const problems = await scopeProblems(work, workspace, known.programId, terms);
    if (problems.length > 0) return unknownScope(problems);
    // Nothing replaced: another change came between reading and writing; it counts first, then this one.
    if (await replaceIncentive(of(workspace), workspace, id, terms, work.now()))
      return (await findIncentive(of(workspace), workspace, id)) ?? noIncentive(id);
  }
  throw new Error(`incentive ${id} was changed by others ${MOST_TRIES} times in between`);
}
