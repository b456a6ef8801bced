/** Whose numbers a page of the company's shows: somebody known, or somebody who joins by it. */
import type { Caller } from '../../core/desk.ts';
import type { Joining } from '../../core/portal-desk.ts';
import type { ProgramSetup } from '../../core/program-desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { AffiliateView } from '../../core/views.ts';
import { findAffiliate, findAffiliateByEmail } from '../../store/affiliates.ts';
import { findProgram } from '../../store/program-setup.ts';
import type { Clockwork } from '../clockwork.ts';
import { affiliateDesk, noAffiliate } from './affiliates.ts';

export async function join(work: Clockwork, caller: Caller, joining: Joining): Promise<AffiliateView | Refusal> {
  const program = await findProgram(work.database.of(caller.workspace), caller.workspace, joining.programId);
  if (!program) return refuse('not_found', `There is no program "${joining.programId}".`, { field: 'programId' });
  const found = await known(work, caller, joining, program);
  if (isRefusal(found)) return found;
  return found ? told(work, caller, found, joining) : make(work, caller, joining, program);
}

/** null: nobody has the e-mail yet. */
async function known(
  work: Clockwork,
  { workspace }: Caller,
  { affiliateId, programId, email }: Joining,
  program: ProgramSetup,
): Promise<AffiliateView | Refusal | null> {
  const tx = work.database.of(workspace);
  if (affiliateId === null) return findAffiliateByEmail(tx, workspace, program.id, email ?? '');
  const found = await findAffiliate(tx, workspace, affiliateId);
  if (!found || (programId !== null && found.programId !== programId))
    return { ...noAffiliate(affiliateId), field: 'affiliate_id' };
  if (email === null) return found;
  const named = await findAffiliateByEmail(tx, workspace, found.programId, email);
  if (named?.id === found.id || (named === null && found.email === '')) return found;
  return refuse('invalid_input', `affiliate_id "${affiliateId}" has another e-mail: whose numbers are they?`, {
    field: 'affiliate_id',
  });
}

/** What stands already is not written again: a page may be shown very often. */
async function told(
  work: Clockwork,
  caller: Caller,
  affiliate: AffiliateView,
  { externalUserId, metadata, image }: Joining,
): Promise<AffiliateView | Refusal> {
  const changes = {
    ...(externalUserId === null || externalUserId === affiliate.externalUserId ? {} : { externalUserId }),
    ...(metadata === null || isSame(metadata, affiliate.metadata) ? {} : { metadata }),
    ...(image === null || image === affiliate.details['image'] ? {} : { details: { image } }),
  };
  if (Object.keys(changes).length === 0) return affiliate;
  return affiliateDesk(work).updateAffiliate(caller, affiliate.id, changes);
}

/** The database sorts the names of an object. */
function isSame(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

async function make(
  work: Clockwork,
  caller: Caller,
  { email, name, image, groupId, externalUserId, metadata }: Joining,
  program: ProgramSetup,
): Promise<AffiliateView | Refusal> {
  const address = email ?? '';
  const mode = program.details['program']?.['access_mode'];
  if (mode === 'invite')
    return refuse('affiliate_not_approved', 'The program is for invited people only: make the affiliate first.', {
      field: 'partner',
    });
  return affiliateDesk(work).createAffiliate(caller, {
    programId: program.id,
    email: address,
    name: name ?? address.split('@')[0] ?? address,
    status: mode === 'public' ? 'approved' : 'pending',
    ...(groupId === null ? {} : { groupId }),
    ...(externalUserId === null ? {} : { externalUserId }),
    ...(metadata === null ? {} : { metadata }),
    ...(image === null ? {} : { details: { image } }),
  });
}
