/** Visits through links. Their rows are journal enough: they move no money and are never decided. */
import type { Caller } from '../../core/desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import type { KnownBy, Visit, VisitDesk, VisitorSigns, VisitRequest } from '../../core/visits.ts';
import { insertClick } from '../../store/clicks.ts';
import { findLinked, type Linked } from '../../store/links.ts';
import { findVisit, type Sign } from '../../store/visitors.ts';
import type { Clockwork } from '../clockwork.ts';
import { idOf } from '../ids.ts';

export function visitDesk(work: Clockwork): VisitDesk {
  return {
    visit: (caller, request) => visit(work, caller, request),
    recognize: (caller, signs, once) => recognize(work, caller, signs, once),
  };
}

async function visit(work: Clockwork, caller: Caller, request: VisitRequest): Promise<Visit | Refusal> {
  const { workspace } = caller;
  const linked = await linkOf(work, workspace, request.code);
  if (!linked) return refuse('not_found', `No link in use has the code "${request.code}".`, { field: 'code' });
  const clickId = work.newId('ref');
  const { visitorId, knownBy } = await visitorOf(work, caller, request, clickId);
  await insertClick(work.database.of(workspace), workspace, {
    ...placeOf(linked),
    id: clickId,
    at: work.now(),
    details: request.details,
    visitorId,
    fingerprint: request.fingerprint,
    followed: true,
  });
  return { clickId, visitorId, knownBy };
}

/** A link of somebody who may not earn (yet) leads nowhere. */
async function linkOf(work: Clockwork, workspace: string, code: string): Promise<Linked | null> {
  const linked = await findLinked(work.database.of(workspace), workspace, code);
  return linked?.status === 'approved' ? linked : null;
}

function placeOf({ affiliateId, programId, linkId }: Linked): Omit<Linked, 'status'> {
  return { affiliateId, programId, linkId };
}

/** A new visitor gets the click's own id, so that whatever carries it leads to the click. */
async function visitorOf(
  work: Clockwork,
  caller: Caller,
  { visitorId, fingerprint }: VisitRequest,
  clickId: string,
): Promise<{ visitorId: string; knownBy: KnownBy }> {
  if (visitorId !== null) return { visitorId, knownBy: 'cookie' };
  const sign: Sign | null = fingerprint === null ? null : { by: 'fingerprint', value: fingerprint };
  const known = sign && (await findVisit(work.database.of(caller.workspace), caller, sign, null, work.now()));
  return known ? { visitorId: known.visitorId, knownBy: 'fingerprint' } : { visitorId: clickId, knownBy: 'new' };
}

async function recognize(
  work: Clockwork,
  caller: Caller,
  signs: VisitorSigns,
  once: string | null,
): ReturnType<VisitDesk['recognize']> {
  const { workspace } = caller;
  const linked = signs.code === null ? null : await linkOf(work, workspace, signs.code);
  for (const sign of signsIn(signs)) {
    const known = await findVisit(work.database.of(workspace), caller, sign, linked?.programId ?? null, work.now());
    if (known) return { clickId: known.clickId, visitorId: signs.visitorId ?? known.visitorId };
  }
  if (!linked) return { clickId: null, visitorId: signs.visitorId ?? work.newId('vis') };
  const clickId = await named(work, caller, linked, signs, once);
  return { clickId, visitorId: signs.visitorId ?? clickId };
}

function signsIn({ visitorId, fingerprint }: VisitorSigns): Sign[] {
  return [
    ...(visitorId === null ? [] : [{ by: 'visitor', value: visitorId } as const]),
    ...(fingerprint === null ? [] : [{ by: 'fingerprint', value: fingerprint } as const]),
  ];
}

/**
 * Somebody named a link that nobody was seen to follow: one row for the same visitor, else for the same call. What a test
 * names, the live world does not know.
 */
async function named(
  work: Clockwork,
  { workspace, livemode }: Caller,
  linked: Linked,
  { visitorId, fingerprint }: VisitorSigns,
  once: string | null,
): Promise<string> {
  const who = [linked.linkId ?? linked.affiliateId, visitorId, fingerprint, ...(livemode ? [] : ['test'])];
  const nobody = visitorId === null && fingerprint === null;
  const id = nobody && once === null ? work.newId('ref') : idOf('ref', JSON.stringify(nobody ? [...who, once] : who));
  await insertClick(work.database.of(workspace), workspace, {
    ...placeOf(linked),
    id,
    at: work.now(),
    details: {},
    visitorId,
    fingerprint,
    followed: false,
    testOnly: !livemode,
  });
  return id;
}
