/** Programs at the desk: how they are set up, their groups, what affiliates are given and asked. */
import type { Caller } from '../../core/desk.ts';
import type { GroupInput, GroupView, ProgramDesk } from '../../core/program-desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { settingsAt } from '../../core/rules.ts';
import { countIncentivesOf, deleteGroup, listGroups, putGroup } from '../../store/groups.ts';
import { changeProgram, findProgram } from '../../store/program-setup.ts';
import { loadRules } from '../../store/rules.ts';
import { defaultProgram } from '../../store/workspaces.ts';
import { inTransaction } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { creativeDesk } from './creatives.ts';
import { onboardingDesk } from './onboarding.ts';

export function programDesk(work: Clockwork): ProgramDesk {
  const { of } = work.database;
  return {
    programSetup: async ({ workspace }, id) =>
      (await findProgram(of(workspace), workspace, id)) ?? refuse('not_found', `There is no program "${id}".`),
    changeProgram: ({ workspace }, changes) => changeProgram(of(workspace), workspace, changes, work.now()),
    groups: async ({ workspace }) =>
      listGroups(of(workspace), workspace, await defaultProgram(of(workspace), workspace)),
    group: ({ workspace }, id) => find(of(workspace), workspace, id),
    createGroup: (caller, input) => create(work, caller, input),
    updateGroup: (caller, id, changes) => update(work, caller, id, changes),
    deleteGroup: (caller, id) => remove(work, caller, id),
    ...creativeDesk(work),
    ...onboardingDesk(work),
  };
}

async function find(tx: Tx, workspace: string, id: string): Promise<GroupView | Refusal> {
  const [found] = await listGroups(tx, workspace, await defaultProgram(tx, workspace), id);
  return found ?? refuse('not_found', `There is no group "${id}".`);
}

async function create(work: Clockwork, { workspace }: Caller, input: GroupInput): Promise<GroupView> {
  const id = work.newId('grp');
  const createdAt = work.now();
  const programId = await inTransaction(work.database, workspace, async (tx) => {
    const program = await defaultProgram(tx, workspace);
    await putGroup(tx, workspace, { ...input, id, programId: program, createdAt });
    return program;
  });
  return { ...input, id, programId, affiliates: 0, createdAt };
}

function update(
  work: Clockwork,
  { workspace }: Caller,
  id: string,
  changes: Partial<GroupInput>,
): Promise<GroupView | Refusal> {
  return inTransaction(work.database, workspace, async (tx) => {
    const known = await find(tx, workspace, id);
    if (isRefusal(known)) return known;
    const changed = { ...known, ...changes };
    await putGroup(tx, workspace, changed);
    return changed;
  });
}

function remove(work: Clockwork, { workspace }: Caller, id: string): ReturnType<ProgramDesk['deleteGroup']> {
  return inTransaction(work.database, workspace, async (tx) => {
    const known = await find(tx, workspace, id);
    if (isRefusal(known)) return known;
    const uses = await usesOf(tx, workspace, known);
    if (uses.length > 0)
      return refuse('invalid_input', `Group "${id}" is in use: ${uses.join(', ')}. Move or end them first.`);
    await deleteGroup(tx, workspace, id);
    return { deleted: true };
  });
}

const counted = (count: number, one: string): string[] =>
  count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`];

async function usesOf(tx: Tx, workspace: string, { id, programId, affiliates }: GroupView): Promise<string[]> {
  const rules = await loadRules(tx, workspace);
  const tiers = settingsAt(rules, rules.version).tiers.filter(({ groupId }) => groupId === id).length;
  return [
    ...counted(affiliates, 'affiliate'),
    ...counted(await countIncentivesOf(tx, workspace, programId, id), 'incentive'),
    ...counted(tiers, 'tier'),
  ];
}
