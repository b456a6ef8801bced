/** Creatives at the desk. */
import type { CreativeDesk, CreativeView } from '../../core/creative-desk.ts';
import type { Caller } from '../../core/desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { deleteCreative, findCreative, listCreatives, putCreative } from '../../store/creatives.ts';
import { inTransaction } from '../../store/transaction.ts';
import { defaultProgram } from '../../store/workspaces.ts';
import type { Clockwork } from '../clockwork.ts';

export function creativeDesk(work: Clockwork): CreativeDesk {
  const { of } = work.database;
  return {
    creatives: async ({ workspace }, { category = null, ...paging }) =>
      listCreatives(of(workspace), workspace, {
        ...paging,
        category,
        program: await defaultProgram(of(workspace), workspace),
      }),
    creative: async ({ workspace }, id) => (await findCreative(of(workspace), workspace, id)) ?? noCreative(id),
    async createCreative({ workspace }, input) {
      const at = work.now();
      const programId = await defaultProgram(of(workspace), workspace);
      const made = { ...input, id: work.newId('creative'), programId, createdAt: at, updatedAt: at };
      await putCreative(of(workspace), workspace, made);
      return made;
    },
    updateCreative: (caller, id, changes) => update(work, caller, id, changes),
    deleteCreative: async ({ workspace }, id) =>
      (await deleteCreative(of(workspace), workspace, id)) ? { deleted: true } : noCreative(id),
  };
}

function noCreative(id: string): Refusal {
  return refuse('not_found', `There is no creative "${id}".`);
}

function update(
  work: Clockwork,
  { workspace }: Caller,
  id: string,
  changes: Parameters<CreativeDesk['updateCreative']>[2],
): Promise<CreativeView | Refusal> {
  return inTransaction(work.database, workspace, async (tx) => {
    const known = await findCreative(tx, workspace, id, 'FOR UPDATE');
    if (!known) return noCreative(id);
    if (Object.keys(changes).length === 0) return known;
    const changed = { ...known, ...changes, updatedAt: work.now() };
    await putCreative(tx, workspace, changed);
    return changed;
  });
}
