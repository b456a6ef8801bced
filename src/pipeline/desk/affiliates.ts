/** Affiliates at the desk: create, read, change, delete. */
import type { AffiliateView } from '../../core/views.ts';
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import { mayLook } from '../../core/portal-desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import {
  affiliatesById,
  deleteAffiliate,
  findAffiliate,
  findAffiliateByEmail,
  insertAffiliate,
  listAffiliates,
  updateAffiliate,
} from '../../store/affiliates.ts';
import { defaultGroup } from '../../store/groups.ts';
import { findLinked } from '../../store/links.ts';
import { resolveAlert } from '../../store/alerts.ts';
import { deletePassesOf } from '../../store/passes.ts';
import { referralsById } from '../../store/referrals.ts';
import { takenIndex } from '../../store/taken.ts';
import { currencyOf, programExists } from '../../store/programs.ts';
import { defaultProgram } from '../../store/workspaces.ts';
import { clearHold, lockRecruits, recruitersOf } from '../../store/recruits.ts';
import { inTransaction } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { HELD } from '../watch.ts';

type Part = Pick<
  OfficeDesk,
  | 'createAffiliate'
  | 'affiliate'
  | 'affiliates'
  | 'updateAffiliate'
  | 'deleteAffiliate'
  | 'clearHold'
  | 'named'
  | 'currency'
>;
type NewAffiliate = Parameters<OfficeDesk['createAffiliate']>[1];

export function affiliateDesk(work: Clockwork): Part {
  const { of } = work.database;
  return {
    currency: ({ workspace }) => currencyOf(of(workspace), workspace),
    named: async ({ workspace }, ids) => ({
      affiliates: ids.affiliates.length === 0 ? [] : await affiliatesById(of(workspace), workspace, ids.affiliates),
      referrals: ids.referrals.length === 0 ? [] : await referralsById(of(workspace), workspace, ids.referrals),
    }),
    createAffiliate: (caller, input) => create(work, caller, input),
    affiliate: async ({ workspace }, id) => (await findAffiliate(of(workspace), workspace, id)) ?? noAffiliate(id),
    affiliates: ({ workspace }, filter) => listAffiliates(of(workspace), workspace, filter),
    updateAffiliate: (caller, id, changes) => update(work, caller, id, changes),
    deleteAffiliate: ({ workspace }, id) =>
      inTransaction(work.database, workspace, async (tx) => {
        if (!(await deleteAffiliate(tx, workspace, id, work.now()))) return noAffiliate(id);
        await deletePassesOf(tx, workspace, [id]);
        return { deleted: true };
      }),
    clearHold: (caller, id) => clear(work, caller, id),
  };
}

export function noAffiliate(id: string): Refusal {
  return refuse('not_found', `There is no affiliate "${id}".`);
}

function taken(trackingId: string): Refusal {
  return refuse('already_exists', `tracking_id "${trackingId}" is another affiliate's.`, {
    field: 'tracking_id',
  });
}

/** A code leads to a link before it leads to whose tracking id it is: clicks would be those of the link's affiliate. */
async function leadsToLink(tx: Tx, workspace: string, code: string, ownId: string | null): Promise<boolean> {
  const linked = await findLinked(tx, workspace, code);
  return linked !== null && linked.linkId !== null && linked.affiliateId !== ownId;
}

/** Lifting a hold that is none changes nothing. */
async function clear(work: Clockwork, { workspace }: Caller, id: string): Promise<AffiliateView | Refusal> {
  const at = work.now();
  return inTransaction(work.database, workspace, async (tx) => {
    if (await clearHold(tx, workspace, id, at)) await resolveAlert(tx, { workspace, kind: HELD, subject: id, at });
    return (await findAffiliate(tx, workspace, id)) ?? noAffiliate(id);
  });
}

const MOST_TRIES = 5;

/** An e-mail that the program knows already is answered with its affiliate: linked, not refused (apis.md 2.2). */
async function create(work: Clockwork, { workspace }: Caller, input: NewAffiliate): Promise<AffiliateView | Refusal> {
  const tx = work.database.of(workspace);
  const programId = input.programId ?? (await defaultProgram(tx, workspace));
  if (input.programId !== undefined && !(await programExists(tx, workspace, programId)))
    return refuse('not_found', `There is no program "${programId}".`, { field: 'program_id' });
  const unfit = await parentProblem(tx, workspace, null, input.parentId ?? null, programId);
  if (unfit) return unfit;
  const joining = { ...input, groupId: input.groupId ?? (await defaultGroup(tx, workspace, programId)) };
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const affiliate = affiliateOf(work, joining, programId, attempt);
    const isFree = !(await leadsToLink(tx, workspace, affiliate.trackingId, null));
    const made = isFree ? await insertAffiliate(tx, workspace, affiliate) : null;
    if (made) return made;
    const known = input.email === '' ? null : await findAffiliateByEmail(tx, workspace, programId, input.email);
    if (known) return known;
    if (input.trackingId !== undefined) return taken(input.trackingId);
  }
  throw new Error(`no free tracking id was found in ${MOST_TRIES} tries`);
}

function affiliateOf(work: Clockwork, input: NewAffiliate, programId: string, attempt: number): AffiliateView {
  return {
    id: work.newId('aff'),
    programId,
    groupId: input.groupId ?? null,
    name: input.name,
    email: input.email,
    trackingId: input.trackingId ?? trackingIdOf(input.name, attempt === 0 ? '' : work.newId('x').slice(-4 - attempt)),
    status: input.status ?? 'approved',
    externalUserId: input.externalUserId ?? null,
    metadata: input.metadata ?? {},
    details: input.details ?? {},
    createdAt: work.now(),
    parentId: input.parentId ?? null,
    heldReason: null,
  };
}

/** `Zoë's Shop` → `zoes-shop`; with a suffix when that is taken. */
export function trackingIdOf(name: string, suffix: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036F'’]/g, '');
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 80);
  return [slug === '' ? 'partner' : slug, ...(suffix === '' ? [] : [suffix])].join('-');
}

async function update(
  work: Clockwork,
  { workspace }: Caller,
  id: string,
  changes: Parameters<OfficeDesk['updateAffiliate']>[2],
): Promise<AffiliateView | Refusal> {
  const { trackingId } = changes;
  const { of } = work.database;
  if (trackingId !== undefined && (await leadsToLink(of(workspace), workspace, trackingId, id))) {
    const known = await findAffiliate(of(workspace), workspace, id);
    // Whoever has it already may put their whole object back.
    if (known?.trackingId !== trackingId) return known ? taken(trackingId) : noAffiliate(id);
  }
  const isTurnedAway = changes.status !== undefined && !mayLook(changes.status);
  const change = async (tx: Tx): Promise<AffiliateView | Refusal> => {
    const changed = await updateAffiliate(tx, workspace, id, changes);
    if (changed && isTurnedAway) await deletePassesOf(tx, workspace, [id]);
    return changed ?? noAffiliate(id);
  };
  try {
    if (changes.parentId == null)
      return isTurnedAway
        ? await inTransaction(work.database, workspace, change)
        : await change(work.database.of(workspace));
    return await inTransaction(work.database, workspace, async (tx) => {
      // Two changes at once could close a circle that neither of them sees.
      await lockRecruits(tx, workspace, id);
      const known = await findAffiliate(tx, workspace, id);
      if (!known) return noAffiliate(id);
      const unfit = await parentProblem(tx, workspace, id, changes.parentId ?? null, known.programId);
      return unfit ?? change(tx);
    });
  } catch (error) {
    const index = takenIndex(error);
    if (index === null) throw error;
    if (index === 'affiliates_tracking_id') return taken(changes.trackingId ?? '');
    return refuse('already_exists', `"${changes.email}" is another affiliate of this program.`, {
      field: 'email',
    });
  }
}

/** Who recruited an affiliate exists, is of the same program, and was not recruited by them, also not by way of others. */
async function parentProblem(
  tx: Tx,
  workspace: string,
  id: string | null,
  parentId: string | null,
  programId: string,
): Promise<Refusal | null> {
  if (parentId === null) return null;
  const unfit = (why: string): Refusal => refuse('invalid_input', `parent_id ${why}`, { field: 'parent_id' });
  if (parentId === id) return unfit('is the affiliate itself');
  const parent = await findAffiliate(tx, workspace, parentId);
  if (!parent) return { ...noAffiliate(parentId), field: 'parent_id' };
  if (parent.programId !== programId) return unfit('is in another program');
  if (id === null || !(await recruitersOf(tx, workspace, parentId)).includes(id)) return null;
  return unfit(`was recruited by "${id}", so that nobody would be first`);
}
